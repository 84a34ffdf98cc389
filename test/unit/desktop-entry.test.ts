/** The entry that an AppImage writes for menus and links: what it says, when it is written, and that it goes away again. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { DesktopEntry, desktopEntry, withoutOurHandlers } from '../../main/desktop-entry.ts'
import { configuration, LINK_SCHEMES } from '../../resources/package/configuration.mjs'

const valueOf = (entry: string, key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(entry)?.[1]

/** As the specification reads them: first a text of the format, then an argument between quotes. */
const unescaped = (text: string) => text.replaceAll('\\\\', '\\')
function executableOf(entry: string): string {
  const [, bare, quoted] = /^(?:([\w./:=@+,-]+)|"((?:\\.|[^\\"])*)") %U$/.exec(unescaped(valueOf(entry, 'Exec')!)) ?? []
  return bare ?? quoted!.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%')
}

test('whatever the path, it starts that file and nothing else', () => {
  const awkward = fc
    .array(fc.constantFrom(...`ab/ \\"'$\`%;&|<>()*?#~ü⛰`), { minLength: 1 })
    .map(all => `/${all.join('')}`)
  fc.assert(
    fc.property(awkward, path => {
      const entry = desktopEntry(path)!
      expect(executableOf(entry)).toBe(path)
      expect(unescaped(valueOf(entry, 'TryExec')!)).toBe(path)
      expect(entry.split('\n')).toHaveLength(16)
    }),
  )
  for (const path of ['', 'Cairn.AppImage', '/a\nExec=evil', '/a\r', '/a\0b']) expect(desktopEntry(path)).toBeNull()
})

test('it says what the packages say', () => {
  const entry = desktopEntry('/opt/Cairn.AppImage')!
  const { linux, protocols, productName } = configuration({})
  expect(valueOf(entry, 'Name')).toBe(productName)
  expect(valueOf(entry, 'Categories')).toBe(`${linux!.category};`)
  for (const [key, value] of Object.entries(linux!.desktop!.entry!)) expect(valueOf(entry, key)).toBe(value)
  expect(protocols).toMatchObject([{ schemes: LINK_SCHEMES }])
  expect(valueOf(entry, 'MimeType')).toBe(LINK_SCHEMES.map(scheme => `x-scheme-handler/${scheme};`).join(''))
})

test('our links are given back, and every other line stays', () => {
  const list = [
    '[Default Applications]',
    'text/html=firefox.desktop',
    'x-scheme-handler/hyper=cairn.desktop',
    'x-scheme-handler/cairn=other.desktop;cairn.desktop;',
    'x-scheme-handler/https=cairn.desktop',
    '',
  ]
  expect(withoutOurHandlers(list.join('\n')).split('\n')).toEqual([
    '[Default Applications]',
    'text/html=firefox.desktop',
    'x-scheme-handler/cairn=other.desktop;',
    'x-scheme-handler/https=cairn.desktop',
    '',
  ])
  expect(withoutOurHandlers('x-scheme-handler/hyper=beaker.desktop;;')).toBe('x-scheme-handler/hyper=beaker.desktop;;')
})

async function machine(appImage: string | null) {
  const home = await mkdtemp(join(tmpdir(), 'cairn-home-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const shared = join(home, 'usr/share')
  const environment = {
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_DIRS: shared,
    APPDIR: join(home, 'mount'),
    ...(appImage === null ? {} : { APPIMAGE: appImage }),
  }
  const entry = join(home, 'data/applications/cairn.desktop')
  return {
    home,
    entry,
    shared,
    started: (with_: Record<string, string> = {}) => {
      const given: typeof environment = { ...environment, ...with_ }
      return new DesktopEntry(join(home, 'storage'), given, home, 'linux', join(given.APPDIR, 'cairn-desktop'))
    },
    async written() {
      const all = await readdir(join(home, 'data'), { recursive: true, withFileTypes: true }).catch(() => [])
      return all.filter(one => one.isFile() && one.name !== 'mimeinfo.cache').map(one => join(one.parentPath, one.name))
    },
  }
}

test('it is there after the first start, follows the file, goes away for good, and comes back when it is wanted', async () => {
  const { home, entry, started, written } = await machine('/home/ana/My Apps/Cairn.AppImage')
  expect(await started().start()).toBe('on')
  expect(executableOf(await readFile(entry, 'utf8'))).toBe('/home/ana/My Apps/Cairn.AppImage')
  const icons = (await written()).filter(path => path !== entry)
  expect(icons.map(path => path.slice(join(home, 'data/icons/hicolor/').length)).sort()).toContain(
    '16x16/apps/cairn.png',
  )
  expect(icons).toHaveLength(8)
  if (existsSync('/usr/bin/desktop-file-validate'))
    expect(execFileSync('desktop-file-validate', [entry], { encoding: 'utf8' })).toBe('')

  await started({ APPIMAGE: '/home/ana/Cairn.AppImage' }).start()
  expect(executableOf(await readFile(entry, 'utf8'))).toBe('/home/ana/Cairn.AppImage')

  const handlers = join(home, 'config/mimeapps.list')
  await mkdir(dirname(handlers))
  await writeFile(handlers, '[Default Applications]\nx-scheme-handler/hyper=cairn.desktop\ntext/html=firefox.desktop\n')
  expect(await started().set(false)).toBe('off')
  expect(await written()).toEqual([])
  expect(await readFile(handlers, 'utf8')).toBe('[Default Applications]\ntext/html=firefox.desktop\n')
  expect(await started().start()).toBe('off')
  expect(await written()).toEqual([])
  expect(await started().set(true)).toBe('on')
  expect(existsSync(entry)).toBe(true)
})

test('nothing is written for a package, for sources, beside a package, or over what somebody else wrote', async () => {
  const sources = await machine(null)
  expect(await sources.started().start()).toBe('not-needed')
  expect(await sources.written()).toEqual([])

  const beside = await machine('/home/ana/Cairn.AppImage')
  await mkdir(join(beside.shared, 'applications'), { recursive: true })
  await writeFile(join(beside.shared, 'applications/cairn.desktop'), '[Desktop Entry]\n')
  expect(await beside.started().start()).toBe('not-needed')
  expect(await beside.written()).toEqual([])
  // What an AppImage carries in itself is no package.
  expect(await beside.started({ APPDIR: join(beside.home, 'usr') }).state()).toBe('on')

  const own = await machine('/home/ana/Cairn.AppImage')
  await mkdir(dirname(own.entry), { recursive: true })
  await writeFile(own.entry, '[Desktop Entry]\nName=Mine\n')
  expect(await own.started().start()).toBe('not-needed')
  expect(await own.started().set(false)).toBe('not-needed')
  expect(await readFile(own.entry, 'utf8')).toBe('[Desktop Entry]\nName=Mine\n')
})

test('it can be taken away when the file is gone, from a Cairn that is none', async () => {
  const { entry, started, written } = await machine('/home/ana/Cairn.AppImage')
  await started().start()
  expect(existsSync(entry)).toBe(true)
  expect(await started({ APPIMAGE: '' }).set(false)).toBe('not-needed')
  expect(await written()).toEqual([])
})
