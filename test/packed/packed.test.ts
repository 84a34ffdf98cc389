/** What packages hold, proven without Electron: nothing is missing, nothing is there that does not belong, and it runs. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { getRawHeader } from '@electron/asar'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { desktopEntry } from '../../main/desktop-entry.ts'
import { runtimes } from '../../main/lib/licences.ts'
import { BUDGET } from '../../resources/package/configuration.mjs'
import { temporaryFolder } from '../helpers/files.ts'
import { cairn, linkOf } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const { folder, bytes, parts, fuses, installers } = inject('packed')
const app = inject('program')
const run = promisify(execFile)

/** With `/`, as they stand in the archive. */
let files: readonly string[]
let testnet: Testnet
beforeAll(async () => {
  const entries = await readdir(app, { recursive: true, withFileTypes: true })
  files = entries
    .filter(entry => entry.isFile())
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(app.length + 1)
        .replaceAll('\\', '/'),
    )
  testnet = await startTestnet()
})
afterAll(() => testnet?.close())

test('it stands alone: no folder above it has modules', () => {
  for (let above = dirname(app); dirname(above) !== above; above = dirname(above))
    expect(files.length > 0 && existsBelow(above)).toBe(false)
  function existsBelow(path: string): boolean {
    try {
      readFileSync(join(path, 'node_modules/corestore/package.json'))
      return true
    } catch {
      return false
    }
  }
})

test('everything that it asks for is in it', async () => {
  const entries = ['entry', 'index', 'headless', 'cli', 'start', 'backend-process'].map(name => `out/main/${name}.js`)
  const walk = resolve(import.meta.dirname, 'walk.mjs')
  const { stdout } = await run(
    process.execPath,
    ['--experimental-import-meta-resolve', walk, app, ...entries, 'out/preload/index.cjs'],
    { maxBuffer: 1e8 },
  )
  const walked = JSON.parse(stdout) as { readonly files: readonly string[]; readonly missing: readonly string[] }
  const accepted = [
    // Electron itself.
    /^out\/(main|preload)\/.*: electron$/,
    /^node_modules\/electron-updater\/.*: (electron|original-fs)$/,
    // Asked for within a `try`: ways to make it faster or more colourful, and what is tried after the package that is there.
    /^node_modules\/ws\/lib\/.*: (bufferutil|utf-8-validate)$/,
    /^node_modules\/@parcel\/watcher\/index\.js: \.\/build\/(Release|Debug)\/watcher\.node$/,
    /^node_modules\/debug\/src\/node\.js: supports-color$/,
  ]
  expect(walked.missing.filter(one => !accepted.some(pattern => pattern.test(one)))).toEqual([])
  expect(walked.files.length).toBeGreaterThan(300)

  // Every module that `dependencies` names is reached, and would be missed.
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
    dependencies: Record<string, string>
  }
  const reached = (name: string) => walked.files.some(file => file.startsWith(`node_modules/${name}/`))
  const loadedByOthers = ['b4a']
  expect(Object.keys(dependencies).filter(name => !reached(name) && !loadedByOthers.includes(name))).toEqual([])
})

test('nothing is in it that does not belong there', async () => {
  expect([...new Set(files.map(file => file.split('/')[0]))].sort()).toEqual([
    'LICENSE',
    'node_modules',
    'out',
    'package.json',
    'resources',
  ])
  const strays = files.filter(
    file =>
      /\.(bare|map|tsx?|mts|cts|c|cc|cpp|h|o|a|gyp|pdb)$/.test(file) ||
      /(^|\/)(test|tests|\.git|\.github|\.env.*|\.npmrc)(\/|$)/.test(file),
  )
  expect(strays).toEqual([])
  const native = files.filter(file => file.endsWith('.node'))
  expect(native.length).toBeGreaterThanOrEqual(7)
  const own = `${process.platform}-${process.arch}`
  expect(native.filter(file => !file.includes(own))).toEqual([])
  const packageFile = JSON.parse(await readFile(join(app, 'package.json'), 'utf8')) as Record<string, unknown>
  expect(packageFile).not.toHaveProperty('devDependencies')
  expect(packageFile).not.toHaveProperty('scripts')
  expect(packageFile).toMatchObject({ name: 'cairn', desktopName: 'cairn.desktop' })
  // Nothing of this machine.
  for (const file of files.filter(file => /^out\/main\/.*\.js$/.test(file)))
    expect(await readFile(join(app, file), 'utf8')).not.toContain(process.cwd())
})

type Header = { files?: Record<string, Header>; unpacked?: boolean; integrity?: { algorithm: string; hash: string } }

test('all but native code is in the archive, which Electron checks', () => {
  const { header } = getRawHeader(join(folder, 'packed/resources/app.asar')) as { header: Header }
  const unpacked: string[] = []
  const unchecked: string[] = []
  const look = (at: Header, path: string): void => {
    for (const [name, entry] of Object.entries(at.files ?? {})) {
      if (entry.files !== undefined) look(entry, `${path}${name}/`)
      else {
        if (entry.unpacked === true) unpacked.push(`${path}${name}`)
        if (entry.integrity?.algorithm !== 'SHA256') unchecked.push(`${path}${name}`)
      }
    }
  }
  look(header, '')
  expect(unpacked.sort()).toEqual(files.filter(file => file.endsWith('.node')).sort())
  expect(unchecked).toEqual([])
  expect(fuses).toEqual({
    runAsNode: false,
    enableCookieEncryption: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  })
})

test('the licences of Electron and Chromium are where the program looks for them', async () => {
  if (process.platform !== 'linux') return
  const found = await runtimes({ electron: '45.4.1', chrome: '146.0' }, join(folder, 'packed/cairn-desktop'))
  expect(await Promise.all(found.map(({ path }) => readFile(path ?? '', 'utf8')))).toEqual([
    'LICENSE',
    'LICENSES.chromium.html',
  ])
})

test('it is no larger than it may be', () => {
  const largest = parts.slice(0, 5).map(({ name, bytes }) => `${name} ${(bytes / 1e6).toFixed(1)}`)
  expect(bytes, `largest: ${largest.join(', ')}`).toBeLessThan(BUDGET)
  // Far from nothing, or it was not measured.
  expect(bytes).toBeGreaterThan(10_000_000)
})

test('on Linux, packages are made up to the tool that writes them: with files that are there, and scripts that are shell', () => {
  if (process.platform !== 'linux') return
  expect(installers.map(({ kind }) => kind).sort()).toEqual(['AppImage', 'deb', 'rpm'])
  const keysOf = (entry: string) => Object.fromEntries(entry.split('\n').flatMap(line => entriesOf(line)))
  const entriesOf = (line: string) => {
    const [, key, value] = /^([\w-]+)=(.*)$/.exec(line) ?? []
    return key === undefined ? [] : [[key, value] as const]
  }
  // What an AppImage writes for itself says the same, but for where the program and its pictures are.
  const { Exec: _, TryExec: _1, Icon: _2, 'X-Cairn-Written': _3, ...ours } = keysOf(desktopEntry('/x/Cairn.AppImage')!)
  for (const { kind, desktop, args, scripts } of installers) {
    expect(keysOf(desktop)).toMatchObject(ours)
    expect(desktop).not.toContain('--no-sandbox')
    if (kind === 'AppImage') continue
    expect(keysOf(desktop)).toMatchObject({ Exec: '/opt/Cairn/cairn-desktop %U', Icon: 'cairn-desktop' })
    const installed = args.filter(arg => !arg.startsWith('-') && /=\/(usr|opt)\//.test(arg))
    expect(installed.map(arg => arg.split('=')[1])).toEqual(
      expect.arrayContaining([
        '/opt/Cairn',
        '/usr/bin/cairn',
        '/usr/share/applications/cairn.desktop',
        '/usr/share/icons/hicolor/16x16/apps/cairn-desktop.png',
        '/usr/share/man/man1/cairn.1',
      ]),
    )
    // What electron-builder had for the moment is gone; what is named by its place in the project is there.
    for (const source of installed.map(arg => arg.split('=')[0]!).filter(path => !path.startsWith('/')))
      expect(existsSync(source), source).toBe(true)
    for (const script of scripts) expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' }).stderr).toBe('')
  }
})

/**
 * A root of its own, and what the scripts of a package leave in it. `alternatives`: whether this system registers programs
 * that share a name.
 */
async function systemFor(alternatives: boolean) {
  const root = await temporaryFolder('cairn-root')
  const at = (path: string) => join(root, path)
  for (const folder of ['usr/bin', 'etc/alternatives', 'etc/apparmor.d', 'opt/Cairn/resources', 'tools'])
    await mkdir(at(folder), { recursive: true })
  for (const file of ['resources/apparmor-profile', 'chrome-sandbox']) await writeFile(at(`opt/Cairn/${file}`), file)
  const tools: Record<string, string> = {
    apparmor_status: 'exit 0',
    unshare: 'exit 0',
    apparmor_parser: `echo "apparmor_parser $*" >> '${at('log')}'`,
    ...(alternatives && {
      'update-alternatives': `echo "update-alternatives $*" >> '${at('log')}'
if [ "$1" = --install ]; then ln -sf "$4" '${at('etc/alternatives')}'/"$3" && ln -sf '${at('etc/alternatives')}'/"$3" "$2"; fi
if [ "$1" = --remove ] && [ "$(readlink '${at('etc/alternatives')}'/"$2")" = "$3" ]; then
  rm -f '${at('etc/alternatives')}'/"$2" '${at('usr/bin')}'/"$2"
fi
exit 0`,
    }),
  }
  for (const [name, text] of Object.entries(tools))
    await writeFile(at(`tools/${name}`), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  for (const name of ['bash', 'cp', 'chmod', 'ln', 'readlink', 'rm', 'sh'])
    await symlink(`/bin/${name}`, at(`tools/${name}`))
  const link = at('usr/bin/cairn-desktop')
  return {
    link,
    run(script: string, ...args: readonly string[]) {
      const here = script.replaceAll(/(?<=['"= ])\/(usr|opt|etc)(?=\/)/g, `${root}/$1`)
      const { status, stderr } = spawnSync('bash', ['-s', '--', ...args], {
        input: here,
        encoding: 'utf8',
        env: { PATH: at('tools') },
      })
      expect([args, status, stderr]).toEqual([args, 0, ''])
    },
    isInstalled: async () => {
      const program = await readlink(link).catch(() => null)
      const has = [program !== null, existsSync(at('etc/apparmor.d/cairn-desktop'))]
      expect(has[0]).toBe(has[1])
      return has[0]
    },
    log: () => readFile(at('log'), 'utf8'),
  }
}

test.each([true, false])(
  'an upgrade leaves the program where it is called, and its removal nothing (alternatives: %s)',
  async alternatives => {
    if (process.platform !== 'linux') return
    const scriptsOf = (wanted: string) => installers.find(({ kind }) => kind === wanted)!.scripts as [string, string]

    // What dpkg hands to them: deb-postinst(5), deb-postrm(5).
    const [configured, removed] = scriptsOf('deb')
    const debian = await systemFor(alternatives)
    debian.run(configured, 'configure', '')
    expect(await debian.isInstalled()).toBe(true)
    for (const upgrading of [
      ['upgrade', '2'],
      ['failed-upgrade', '1'],
      ['abort-upgrade', '1'],
    ]) {
      debian.run(removed, ...upgrading)
      expect(await debian.isInstalled()).toBe(true)
    }
    debian.run(configured, 'configure', '1')
    expect(await debian.isInstalled()).toBe(true)
    expect(await debian.log()).not.toContain('--remove')
    debian.run(removed, 'remove')
    expect(await debian.isInstalled()).toBe(false)
    expect(await debian.log()).toContain('apparmor_parser --remove')
    debian.run(removed, 'purge')
    expect(await debian.isInstalled()).toBe(false)

    // What rpm does: how many of it there are afterwards, and what is old goes last.
    const [post, postun] = scriptsOf('rpm')
    const fedora = await systemFor(alternatives)
    fedora.run(post, '1')
    fedora.run(post, '2')
    fedora.run(postun, '1')
    expect(await fedora.isInstalled()).toBe(true)
    fedora.run(postun, '0')
    expect(await fedora.isInstalled()).toBe(false)

    // Rpm gives them to sh, and reads percent signs as macros.
    for (const script of [removed, postun]) {
      expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' }).stderr).toBe('')
      expect(script).not.toMatch(/%|\[\[/)
    }
    // What somebody else put there stays.
    await symlink('/somewhere/else', fedora.link)
    fedora.run(postun, '0')
    expect(await readlink(fedora.link)).toBe('/somewhere/else')
  },
)

test('its command line publishes a folder that another one takes', async () => {
  const network = testnet.bootstrap.flatMap(node => ['--bootstrap', node])
  const place = await temporaryFolder('cairn-packed-cli')
  const at = (name: string) => join(place, name)
  await mkdir(at('Holiday/photos'), { recursive: true })
  await writeFile(at('Holiday/notes.txt'), 'Pack the tent.\n')
  await writeFile(at('Holiday/photos/large.bin'), Buffer.alloc(3_000_000, 7))
  const publishing = cairn('publish', at('Holiday'), '--storage', at('ana'), ...network)
  const link = await publishing.line(linkOf)
  const taking = await cairn('get', link, at('taken'), '--storage', at('bob'), ...network).exited
  expect(taking).toMatchObject({ code: 0 })
  expect(await readFile(at('taken/notes.txt'), 'utf8')).toBe('Pack the tent.\n')
  expect(await readFile(at('taken/photos/large.bin'))).toEqual(Buffer.alloc(3_000_000, 7))
  await publishing.kill('SIGTERM')
})
