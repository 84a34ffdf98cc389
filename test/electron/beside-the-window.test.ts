/** What the desktop shell decides beside its window, without Electron: places, crashes, login, tray, lists of the system. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  describeCrash,
  type GoneReason,
  onBackendGone,
  onPageGone,
  restartArguments,
  wasRestarted,
} from '../../main/electron/crashes.ts'
import { startOf } from '../../main/electron/command-line.ts'
import { APP_ID, claimsLinks, isLink } from '../../main/electron/addresses.ts'
import {
  archiveFromArguments,
  dockTemplate,
  jumpList,
  noticeBody,
  progressOf,
  sayStatus,
  staysAwake,
  tooltipOf,
  trayLook,
  traySign,
} from '../../main/electron/faces.ts'
import { autostartEntry, autostartItem, HIDDEN, ownCommand, startsHidden } from '../../main/login.ts'
import { trayTemplate } from '../../main/electron/menu-template.ts'
import { drawDot, drawTray } from '../../main/electron/pictures.ts'
import { ShellPreferences } from '../../main/electron/preferences.ts'
import { Preferring } from '../../main/electron/preferring.ts'
import { NOTHING_YET, type ShellStatus, shownTitle } from '../../main/electron/status.ts'
import {
  canBeHeld,
  keptZoom,
  nextZoom,
  placeWindow,
  type Rectangle,
  SMALLEST,
} from '../../main/electron/window-place.ts'
import { DesktopEntry } from '../../main/desktop-entry.ts'
import { configuration } from '../../resources/package/configuration.mjs'
import { temporaryFolder } from '../helpers/files.ts'

const SCREEN = { x: 0, y: 25, width: 1440, height: 875 }
const SECOND = { x: 1440, y: 0, width: 1920, height: 1080 }
const KEY = 'y'.repeat(52)

test('a window comes back where it was, as long as that place is there', () => {
  const bounds = { x: 1600, y: 100, width: 900, height: 700 }
  const kept = { bounds, maximized: true, fullScreen: false }
  expect(placeWindow(kept, [SCREEN, SECOND])).toEqual(kept)
  // The second display is gone: in the middle of the one that is left.
  expect(placeWindow(kept, [SCREEN])).toEqual({
    bounds: { x: 270, y: 112, width: 900, height: 700 },
    maximized: true,
    fullScreen: false,
  })
  // Half of it off the edge is what somebody wanted; its bar above the edge nobody can take hold of.
  const aside = { ...kept, bounds: { ...bounds, x: -700, y: 300 } }
  expect(placeWindow(aside, [SCREEN])).toEqual(aside)
  expect(placeWindow({ ...kept, bounds: { ...bounds, x: 0, y: 0 } }, [SCREEN]).bounds.y).toBeGreaterThanOrEqual(25)
  expect(placeWindow(null, [SCREEN]).bounds).toEqual({ x: 130, y: 72, width: 1180, height: 780 })
  expect(placeWindow(kept, []).bounds).toMatchObject({ x: 0, y: 0 })
})

const side = fc.integer({ min: 1, max: 8000 })
const place = fc.integer({ min: -1_000_000, max: 1_000_000 })
const rectangle = fc.record({ x: place, y: place, width: side, height: side })
const display = fc.record({
  x: fc.integer({ min: -10_000, max: 10_000 }),
  y: fc.integer({ min: -10_000, max: 10_000 }),
  width: fc.integer({ min: 320, max: 8000 }),
  height: fc.integer({ min: 240, max: 5000 }),
})

test('whatever was kept, and whatever displays there are, a window can be taken hold of', () => {
  fc.assert(
    fc.property(
      fc.option(fc.record({ bounds: rectangle, maximized: fc.boolean(), fullScreen: fc.boolean() }), { nil: null }),
      fc.array(display, { minLength: 1, maxLength: 4 }),
      (kept, areas: Rectangle[]) => {
        const placed = placeWindow(kept, areas)
        expect(areas.some(area => canBeHeld(placed.bounds, area))).toBe(true)
        const narrowest = Math.min(...areas.map(({ width }) => width))
        expect(placed.bounds.width).toBeGreaterThanOrEqual(Math.min(SMALLEST.width, narrowest))
        // What is kept of it leads to the same place again.
        expect(placeWindow(placed, areas)).toEqual(placed)
      },
    ),
    { numRuns: 500 },
  )
})

test('zoom is kept within what can be read', () => {
  expect(keptZoom(1.5)).toBe(1.5)
  expect([keptZoom(Number.NaN), keptZoom(99), keptZoom(-99)]).toEqual([0, 5, -4])
  expect([nextZoom(0, 'in'), nextZoom(0.6, 'out'), nextZoom(5, 'in')]).toEqual([1, 0, 5])
})

test('the page is loaded again once in five minutes, and then the person is told', () => {
  const minute = 60_000
  for (const reason of ['crashed', 'oom', 'killed', 'abnormal-exit', 'memory-eviction'] as const) {
    expect(onPageGone(reason, null, 0)).toBe('reload')
    expect(onPageGone(reason, 0, 4 * minute)).toBe('explain')
    expect(onPageGone(reason, 0, 5 * minute)).toBe('reload')
    expect(onPageGone(reason, 10 * minute, 0)).toBe('reload')
  }
  expect(onPageGone('clean-exit', 0, 1)).toBe('ignore')
  for (const reason of ['launch-failed', 'integrity-failure'] satisfies GoneReason[])
    expect(onPageGone(reason, null, 0)).toBe('explain')
})

test('a backend that ends is started again once, and its link is not opened twice', () => {
  const args = ['/src/app', '--hidden', `hyper://${KEY}`]
  expect(wasRestarted(args)).toBe(false)
  expect(onBackendGone(args, 1_000_000)).toBe('restart')
  const next = restartArguments(args, isLink, 1_000_000)
  expect(next).toEqual(['/src/app', '--hidden', '--restarted-at=1000000'])
  expect(wasRestarted(next)).toBe(true)
  expect(onBackendGone(next, 1_000_000 + 60_000)).toBe('explain')
  expect(onBackendGone(next, 1_000_000 + 300_000)).toBe('restart')
  expect(restartArguments(next, isLink, 2).filter(arg => arg.startsWith('--restarted'))).toEqual(['--restarted-at=2'])
  expect(wasRestarted(['--restarted-at=soon'])).toBe(false)
})

test('what is copied after a crash holds nothing of the person’s', () => {
  const known = {
    what: 'page' as const,
    exitCode: 5,
    versions: { cairn: '1.2.3', electron: '45.4.1', chrome: '146', node: '24' },
    platform: 'linux',
    arch: 'x64',
    secondsUp: 12.4,
  }
  expect(describeCrash({ ...known, reason: 'oom' })).toBe(
    'Cairn 1.2.3: the page ended (oom, 5)\nafter 12 seconds\non linux x64, Electron 45.4.1, Chromium 146, Node 24',
  )
  expect(describeCrash({ ...known, reason: '/home/ana/secret is gone' })).toContain('(unknown, 5)')
})

/** Of any code points, half of them those that mean something somewhere. */
const anyText = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x10ffff })), { maxLength })
    .map(points => points.map(point => String.fromCodePoint(point)).join(''))

test('the entry for autostart is read by the rules of its format', async () => {
  const home = await temporaryFolder('cairn-login')
  const item = autostartItem({}, home, ['/opt/Cairn/cairn'])
  const path = join(home, '.config', 'autostart', 'cairn.desktop')
  expect(await item.get()).toBe(false)
  await item.set(true)
  expect(await item.get()).toBe(true)
  expect(await readFile(path, 'utf8')).toContain('\nExec=/opt/Cairn/cairn --hidden\nTryExec=/opt/Cairn/cairn\n')
  expect((await stat(path)).mode & 0o777).toBe(0o644)
  // Desktops switch it off in their own settings by a line in it.
  for (const line of ['Hidden=true', 'X-GNOME-Autostart-enabled = false']) {
    await writeFile(path, `${autostartEntry(['/opt/Cairn/cairn'])}${line}\n`)
    expect(await item.get()).toBe(false)
  }
  await item.set(false)
  await item.set(false)
  await expect(stat(path)).rejects.toThrow()
  const elsewhere = autostartItem({ XDG_CONFIG_HOME: join(home, 'own') }, home, ['/x'])
  await elsewhere.set(true)
  expect(await stat(join(home, 'own', 'autostart', 'cairn.desktop'))).toBeTruthy()
})

test('what is started at login follows an AppImage that was moved or renamed, and nothing else', async () => {
  const home = await temporaryFolder('cairn-login')
  const path = join(home, '.config', 'autostart', 'cairn.desktop')
  const [old, now] = [join(home, 'cairn \\ 1.AppImage'), join(home, 'cairn-2.AppImage')]
  const item = (program: string) => autostartItem({}, home, [program])
  await item(now).follow()
  expect(await item(now).get()).toBe(false)
  await writeFile(old, '')
  await item(old).set(true)
  const before = await readFile(path, 'utf8')
  // The other one is there, and chosen.
  await item(now).follow()
  expect(await readFile(path, 'utf8')).toBe(before)
  await rm(old)
  // Who switched it off in the desktop's own settings does not get it back.
  await writeFile(path, `${before}Hidden=true\n`)
  await item(now).follow()
  expect(await readFile(path, 'utf8')).toBe(`${before}Hidden=true\n`)
  await writeFile(path, before)
  await item(now).follow()
  expect(await readFile(path, 'utf8')).toContain(`\nTryExec=${now}\n`)
})

/** As the specification of desktop entries has it: the string of the file first, then the arguments within it. */
function readExec(entry: string): string[] {
  const line = /^Exec=(.*)$/m.exec(entry)?.[1] ?? ''
  const text = line.replace(
    /\\(.)/g,
    (_, character: string) => ({ s: ' ', n: '\n', t: '\t', r: '\r' })[character] ?? character,
  )
  const found = text.match(/"(\\.|[^"\\])*"|[^\s"]+/g) ?? []
  return found.map(part =>
    (part.startsWith('"') ? part.slice(1, -1).replace(/\\(["`$\\])/g, '$1') : part).replace(
      /%(.?)/gs,
      // Alone it stands for something that the desktop puts in.
      (_, next: string) => (next === '%' ? '%' : ''),
    ),
  )
}

test('any path comes out of the entry for autostart as it went in', () => {
  expect(readExec(autostartEntry(['/home/Ana "A" Lee/50% $HOME `x`\\y.AppImage']))).toEqual([
    '/home/Ana "A" Lee/50% $HOME `x`\\y.AppImage',
    HIDDEN,
  ])
  fc.assert(
    fc.property(anyText(40), text => {
      const path = `/${text}`
      if (/[\n\r\0]/.test(path)) expect(() => autostartEntry([path])).toThrow()
      else expect(readExec(autostartEntry([path]))).toEqual([path, HIDDEN])
    }),
    { numRuns: 40 },
  )
})

test('what is started at login is what the person started', () => {
  const image = { APPIMAGE: '/home/ana/Cairn.AppImage', APPDIR: '/tmp/.mount_x' }
  expect(ownCommand('/tmp/.mount_x/cairn', null, image)).toEqual(['/home/ana/Cairn.AppImage'])
  // Started from a terminal that is an AppImage itself.
  for (const path of ['/opt/Cairn/cairn', '/tmp/.mount_xy/cairn']) expect(ownCommand(path, null, image)).toEqual([path])
  expect(ownCommand('/tmp/.mount_x/cairn', null, { ...image, APPIMAGE: 'relative' })).toEqual(['/tmp/.mount_x/cairn'])
  expect(ownCommand('C:\\Temp\\x.exe', null, { PORTABLE_EXECUTABLE_FILE: 'D:\\Cairn.exe' })).toEqual(['D:\\Cairn.exe'])
  expect(ownCommand('/tmp/.mount_x/electron', '/src', image)).toEqual(['/tmp/.mount_x/electron', '/src'])
  expect(startsHidden(['/cairn', HIDDEN], false, true)).toBe(true)
  expect(startsHidden(['/cairn'], true, true)).toBe(true)
  expect(startsHidden(['/cairn', HIDDEN], true, false)).toBe(false)
  expect(startsHidden(['/cairn'], false, true)).toBe(false)
})

const busy: ShellStatus = { ...NOTHING_YET, mood: 'sharing', archives: 3, transfers: 2, percent: 41, news: 1 }

test('tray, taskbar and tooltip say how things are', () => {
  expect(sayStatus(busy)).toBe('Sharing 3 archives; 2 transfers')
  expect(tooltipOf(busy)).toBe('Cairn\nSharing 3 archives; 2 transfers, 41% done\n1 archive has news')
  expect(sayStatus({ ...busy, mood: 'paused' })).toBe('Everything is paused')
  expect([trayLook(busy), trayLook({ ...busy, mood: 'paused' }), trayLook({ ...busy, mood: 'offline' })]).toEqual([
    'sharing',
    'paused',
    'away',
  ])
  expect([progressOf(busy), progressOf({ ...busy, percent: null }), progressOf({ ...busy, transfers: 0 })]).toEqual([
    0.41, 2, -1,
  ])
  expect(staysAwake(busy, true)).toBe(true)
  for (const [status, wanted] of [
    [busy, false],
    [{ ...busy, transfers: 0 }, true],
    [{ ...busy, mood: 'paused' }, true],
    [{ ...busy, mood: 'offline' }, true],
  ] as const)
    expect(staysAwake(status, wanted)).toBe(false)
})

test('the tray pauses everything, and goes on with it', () => {
  const said: boolean[] = []
  const actions = {
    request() {},
    show() {},
    quit() {},
    checkForUpdates() {},
    pauseAll: (paused: boolean) => void said.push(paused),
  }
  const press = (status: ShellStatus, wanted: string) => {
    const item = trayTemplate(status, actions).find(({ label }) => label === wanted)
    expect(item?.enabled).not.toBe(false)
    ;(item?.click as (() => void) | undefined)?.()
  }
  press(busy, 'Pause all')
  press({ ...busy, mood: 'paused' }, 'Resume all')
  expect(said).toEqual([true, false])
  const waiting = trayTemplate({ ...busy, mood: 'waiting' }, actions)
  expect(waiting.find(({ label }) => label === 'Pause all')?.enabled).toBe(false)
})

test('recent archives are named by key alone, and nothing else is taken for one', () => {
  const recent = [{ key: KEY, title: 'Holiday' }]
  const [category] = jumpList(recent, 'C:\\Cairn.exe', null, [])
  expect(category?.items?.[0]).toMatchObject({ title: 'Holiday', program: 'C:\\Cairn.exe', args: `--archive=${KEY}` })
  expect(jumpList(recent, 'electron.exe', 'C:\\my "src"', [])[0]?.items?.[0]?.args).toBe(
    `"C:\\my src" --archive=${KEY}`,
  )
  expect(jumpList([], 'x', null, [])).toEqual([])
  // With one that the person has taken out, Windows would show none.
  expect(jumpList(recent, 'x', null, [`--archive=${KEY}`])).toEqual([])
  expect(archiveFromArguments(['--hidden', `--archive=${KEY}`])).toBe(KEY)
  for (const arg of [`--archive=${KEY}x`, '--archive=', `--archive=${'l'.repeat(52)}`, KEY])
    expect(archiveFromArguments([arg])).toBe(null)
  const opened: string[] = []
  const [item] = dockTemplate(recent, key => void opened.push(key))
  ;(item?.click as (() => void) | undefined)?.()
  expect(opened).toEqual([KEY])
  expect(dockTemplate([{ key: KEY, title: 'Salt & Pepper' }], () => {})[0]?.label).toBe('Salt && Pepper')
})

test('a title from somebody else is no markup in a notification', () => {
  const body = 'a <a href="http://x">b</a> & <img src="file:///y"/>: 1 added.'
  expect(noticeBody(body, 'linux')).toBe(
    'a &lt;a href="http://x"&gt;b&lt;/a&gt; &amp; &lt;img src="file:///y"/&gt;: 1 added.',
  )
  expect(noticeBody(body, 'darwin')).toBe(body)
})

test('links are claimed where nobody has them, and never for a program that is gone when it ends', () => {
  expect(claimsLinks('', {})).toBe(true)
  for (const handler of ['beaker.desktop', 'Keet', 'cairn.desktop']) expect(claimsLinks(handler, {})).toBe(false)
  expect(claimsLinks('', { PORTABLE_EXECUTABLE_FILE: 'D:\\cairn-portable.exe' })).toBe(false)
})

test('what the system starts Cairn with is taken for a window, and never for a command', () => {
  const environment = { DISPLAY: ':0' }
  for (const arg of [`--archive=${KEY}`, '--restarted-at=1', HIDDEN, `hyper://${KEY}`]) {
    const start = startOf({ argv: ['/opt/cairn', arg], isDefaultApp: false, platform: 'linux', environment })
    expect({ arg, kind: start.kind }).toEqual({ arg, kind: 'window' })
  }
})

test('titles of others are one short line among those of other programs', () => {
  expect(shownTitle('Holi\u202Eday\n\n2026\u0000')).toBe('Holi day 2026')
  expect(shownTitle('\u200B\u2060')).toBe('Unnamed')
  fc.assert(
    fc.property(anyText(300), text => {
      const title = shownTitle(text)
      expect(Array.from(title).length).toBeLessThanOrEqual(60)
      expect(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(title)).toBe(false)
      expect(title).not.toBe('')
    }),
  )
})

test('the sign in the tray is told apart by its shape, and not by its colour alone', () => {
  const whole = { width: 16, height: 16, pixels: new Uint8Array(16 * 16 * 4).fill(255) }
  expect(drawTray(whole, 'sharing')).toBe(whole)
  const away = drawTray(whole, 'away').pixels
  expect(away.every(value => value === 115)).toBe(true)
  const paused = drawTray(whole, 'paused').pixels
  const opacity = (x: number, y: number) => paused[(y * 16 + x) * 4 + 3]
  expect([9, 10, 11, 12, 13, 14, 15].map(x => opacity(x, 12))).toEqual([255, 255, 0, 0, 255, 255, 0])
  expect(opacity(0, 0)).toBe(115)
  expect(opacity(8, 12)).toBe(0)
  for (const size of [16, 22, 32, 44]) {
    const { pixels } = drawTray({ width: size, height: size, pixels: new Uint8Array(size * size * 4) }, 'paused')
    expect(pixels.some((value, at) => at % 4 === 3 && value === 255)).toBe(true)
  }
  const dot = drawDot(16, [36, 119, 217])
  expect([...dot.pixels.slice((8 * 16 + 8) * 4, (8 * 16 + 8) * 4 + 4)]).toEqual([36, 119, 217, 255])
  expect(dot.pixels[3]).toBe(0)
})

test('what the shell remembers survives a restart and a broken file', async () => {
  const folder = await temporaryFolder('cairn-shell')
  const first = await ShellPreferences.open(folder)
  expect(first.current).toMatchObject({ closeToTray: true, keepAwake: false, saidHidden: false, window: null, zoom: 0 })
  const window = { bounds: { x: -5, y: 7, width: 800, height: 600 }, maximized: true, fullScreen: false }
  await first.update({ keepAwake: true, window, zoom: 1.5, closeToTray: undefined })
  expect((await ShellPreferences.open(folder)).current).toEqual({
    ...first.current,
    keepAwake: true,
    window,
    zoom: 1.5,
  })
  await writeFile(join(folder, 'shell.json'), '{"keepAwake":"yes","window":{"bounds":{"x":1e99}},"zoom":2}')
  expect((await ShellPreferences.open(folder)).current).toMatchObject({ keepAwake: false, window: null, zoom: 2 })
  await writeFile(join(folder, 'shell.json'), '{')
  expect((await ShellPreferences.open(folder)).current).toMatchObject({ closeToTray: true, zoom: 0 })
})

test('the page is told what can be set here, and sets it', async () => {
  const folder = await temporaryFolder('cairn-shell')
  const login = autostartItem({}, folder, ['/opt/Cairn/cairn'])
  const mount = join(folder, 'mount')
  const environment = {
    APPIMAGE: join(folder, 'Cairn.AppImage'),
    APPDIR: mount,
    XDG_DATA_HOME: folder,
    XDG_DATA_DIRS: folder,
  }
  const entry = new DesktopEntry(folder, environment, folder, 'linux', join(mount, 'cairn-desktop'))
  const preferring = new Preferring(await ShellPreferences.open(folder), login, entry, true)
  const stop = new AbortController()
  const shown = preferring.watch(stop.signal)
  expect((await shown.next()).value).toEqual({
    startAtLogin: false,
    closeToTray: true,
    keepAwake: false,
    inMenus: true,
  })
  await preferring.update({ startAtLogin: true })
  expect((await shown.next()).value).toEqual({
    startAtLogin: true,
    closeToTray: true,
    keepAwake: false,
    inMenus: true,
  })
  expect(await login.get()).toBe(true)
  await preferring.update({ closeToTray: false, keepAwake: true })
  expect((await shown.next()).value).toMatchObject({ closeToTray: false, keepAwake: true })
  await preferring.update({ inMenus: false })
  expect((await shown.next()).value).toMatchObject({ inMenus: false })
  stop.abort()
  // Without a tray or a list of what is started, neither is offered, and neither is set.
  const packaged = new DesktopEntry(folder, {}, folder, 'linux')
  const bare = new Preferring(await ShellPreferences.open(folder), null, packaged, false)
  await bare.update({ startAtLogin: true, closeToTray: true, inMenus: true })
  const watch = bare.watch(new AbortController().signal)
  expect((await watch.next()).value).toEqual({
    startAtLogin: null,
    closeToTray: null,
    keepAwake: true,
    inMenus: null,
  })
  await watch.return(undefined)
})

test('what the packages promise is what the shell says it is', async () => {
  expect(configuration({}).appId).toBe(APP_ID)
  for (const platform of ['linux', 'win32', 'darwin'] as const)
    for (const dark of [true, false]) {
      const sign = await readFile(join(import.meta.dirname, '../../resources', traySign(platform, dark)))
      expect([sign.readUInt32BE(16), sign.subarray(1, 4).toString()]).toEqual([sign.readUInt32BE(20), 'PNG'])
    }
})
