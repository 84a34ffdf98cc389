/** What the desktop shell decides, without Electron. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  allowedExternal,
  allowedPermission,
  allowedRequest,
  isOwnPage,
  allowedDownload,
  linkFromArguments,
  pathBelow,
} from '../../main/electron/addresses.ts'
import { onClose, onQuit, sayHidden, sourceChoices } from '../../main/electron/closing.ts'
import { menuTemplate, trayTemplate } from '../../main/electron/menu-template.ts'
import { Requests } from '../../main/electron/requests.ts'
import { NOTHING_YET } from '../../main/electron/status.ts'
import type { ShellRequest } from '../../preload/contract/index.ts'

test.each(['app://cairn/', 'app://cairn/#/archive/x', 'app://cairn/index.html', 'app://cairn/?x'])(
  '%s is our page',
  address => {
    expect(isOwnPage(address)).toBe(true)
  },
)

test.each([
  'app://cairn/assets/x.js',
  'app://cairn.evil/',
  'app://evil/',
  'app://user@cairn/',
  'app://cairn:80/',
  'http://cairn/',
  'cairn-content://archive/grant/index.html',
  'data:text/html,app://cairn/',
  'about:blank',
  'javascript:app://cairn/',
  '',
])('%s is not our page', address => {
  expect(isOwnPage(address)).toBe(false)
})

test('no path of an address leaves its origin', () => {
  expect(pathBelow('cairn-content://archive', 'cairn-content://archive/grant/a%2Fb')).toBe('/grant/a%2Fb')
  expect(pathBelow('cairn-content://archive', 'cairn-content://archive/grant/../../x')).toBe('/x')
  fc.assert(
    fc.property(fc.string(), text => {
      const path = pathBelow('app://cairn', `app://cairn/${text}`)
      expect(path === null || (path.startsWith('/') && !path.split('/').includes('..'))).toBe(true)
    }),
  )
})

test('only https and mailto leave for the system', () => {
  for (const address of ['https://example.org/a?b#c', 'mailto:ana@example.org'])
    expect(allowedExternal(address)).toBe(true)
  for (const address of [
    'http://example.org',
    'file:///etc/passwd',
    'smb://server/share',
    'ms-msdt:/id',
    'javascript:alert(1)',
    'https://user:word@example.org',
    'hyper://x',
    'example.org',
    '',
  ]) {
    expect(allowedExternal(address)).toBe(false)
  }
})

test('a link is found among the arguments of a first and of a second instance', () => {
  expect(linkFromArguments(['--flag', 'hyper://abc/x', '/home'])).toBe('hyper://abc/x')
  expect(linkFromArguments(['--allow-file-access', 'CAIRN:abc'])).toBe('CAIRN:abc')
  // Who wrote the registration by hand left the quotes in; Chromium adds switches of its own.
  expect(linkFromArguments(['--original-process-start-time=1', '"hyper://abc"'])).toBe('hyper://abc')
  expect(linkFromArguments(['/opt/Cairn/cairn', " 'cairn://abc' "])).toBe('cairn://abc')
  expect(linkFromArguments(['-psn_0_1', 'hyper:abc'])).toBe('hyper:abc')
  expect(linkFromArguments(['--x=hyper://abc', '/hyper:', 'http://x', '', '"', 'hyper://a\n--inspect'])).toBe(null)
  expect(linkFromArguments([`hyper://${'x'.repeat(9000)}`])).toBe(null)
})

test('our page gets two permissions, everybody else none', () => {
  expect(allowedPermission('clipboard-sanitized-write', 'app://cairn/')).toBe(true)
  expect(allowedPermission('fullscreen', 'app://cairn/')).toBe(true)
  expect(allowedPermission('clipboard-sanitized-write', 'cairn-content://archive/')).toBe(false)
  expect(allowedPermission('fullscreen', 'app://cairn.evil/')).toBe(false)
  for (const name of ['clipboard-read', 'media', 'geolocation', 'notifications', 'openExternal', 'usb']) {
    expect(allowedPermission(name, 'app://cairn/')).toBe(false)
  }
})

test('nothing is asked of a network', () => {
  for (const address of ['app://cairn/assets/x.js', 'cairn-content://archive/g/x', 'blob:app://cairn/1']) {
    expect(allowedRequest(address)).toBe(true)
  }
  for (const address of ['http://127.0.0.1/', 'https://example.org', 'ws://x', 'file:///etc/passwd', 'app://other/']) {
    expect(allowedRequest(address)).toBe(false)
  }
})

test('only what the page made, and bytes of archives, are saved', () => {
  for (const address of ['blob:app://cairn/1-2', 'cairn-content://archive/g/x.zip'])
    expect(allowedDownload(address)).toBe(true)
  for (const address of ['https://example.org/x', 'data:text/html,x', 'blob:app://cairn.evil/1', 'file:///etc/passwd'])
    expect(allowedDownload(address)).toBe(false)
})

test('closing the window hides it where there is a way back', () => {
  const table = [
    ['darwin', false, false, true, 'hide'],
    ['darwin', false, true, false, 'hide'],
    ['darwin', true, true, true, 'close'],
    ['linux', false, true, true, 'hide'],
    ['linux', false, true, false, 'close'],
    ['linux', false, false, true, 'close'],
    ['win32', false, true, true, 'hide'],
    ['win32', true, true, true, 'close'],
  ] as const
  for (const [platform, quitting, hasTray, closeToTray, expected] of table) {
    expect(onClose({ platform, quitting, hasTray, closeToTray })).toBe(expected)
  }
  expect(sayHidden('linux', false)?.body).toContain('tray')
  expect(sayHidden('win32', true)).toBe(null)
  expect(sayHidden('darwin', false)).toBe(null)
  expect(sourceChoices('darwin')).toContain('openFile')
  expect(sourceChoices('win32')).not.toContain('openFile')
})

test('before it ends Cairn says what others would miss, and offers to stay', () => {
  const missed = (number: number) =>
    Array.from({ length: number }, (_, at) => ({
      key: `k${at}`,
      title: at === 0 ? 'Holi\u202Eday' : `Archive ${at}`,
      peers: 1,
      files: at + 1,
      bytes: 1_200_000_000,
    }))
  const tray = { platform: 'linux', hasTray: true } as const
  expect(onQuit([], tray)).toBe(null)
  expect(onQuit(missed(1), tray)).toEqual({
    message: 'Somebody still needs what only you hold.',
    detail: '1 file (1.2 GB) of Holi\\u{202e}day: whoever fetches it waits until Cairn runs here again.',
    buttons: ['Stay in the tray', 'Quit'],
  })
  expect(onQuit(missed(5), tray)?.detail).toContain('3 files (1.2 GB) of Archive 2, files of 2 other archives:')
  expect(onQuit(missed(1), { platform: 'win32', hasTray: false })?.buttons[0]).toBe('Stay open')
  expect(onQuit(missed(1), { platform: 'darwin', hasTray: false })?.buttons[0]).toBe('Stay Open')
})

test('menus say what they do, once, with shortcuts that do not clash', () => {
  for (const platform of ['darwin', 'linux', 'win32'] as const) {
    const asked: ShellRequest[] = []
    const actions = {
      request: (request: ShellRequest) => void asked.push(request),
      show() {},
      quit() {},
      pauseAll() {},
      checkForUpdates() {},
    }
    const menus = [...menuTemplate(platform, actions), { submenu: trayTemplate(NOTHING_YET, actions) }]
    const items = menus.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
    const shortcuts = items.flatMap(({ accelerator }) => (typeof accelerator === 'string' ? [accelerator] : []))
    expect(new Set(shortcuts).size).toBe(shortcuts.length)
    for (const { click } of items) (click as (() => void) | undefined)?.()
    expect(new Set(asked.map(({ kind }) => kind))).toEqual(new Set(['publish', 'paste-link', 'show']))
    expect(items.filter(({ role }) => role === 'quit')).toHaveLength(1)
    const roles = menus.map(({ role }) => role)
    expect(roles).toContain('editMenu')
    for (const role of ['resetZoom', 'zoomIn', 'zoomOut', 'minimize', 'togglefullscreen'])
      expect(items.filter(item => item.role === role)).toHaveLength(1)
    expect(items.filter(({ label }) => label === 'About Cairn')).toHaveLength(1)
  }
})

test('a request waits for a page, is taken once, and a page that left does not take it', async () => {
  const requests = new Requests()
  requests.push({ kind: 'open-link', link: 'hyper://early' })
  const first = new AbortController()
  const watch = requests.watch(first.signal)
  expect((await watch.next()).value).toEqual({ kind: 'open-link', link: 'hyper://early' })
  const waiting = watch.next()
  const second = requests.watch(new AbortController().signal)
  first.abort()
  expect(await waiting).toEqual({ value: undefined, done: true })
  const taken = second.next()
  requests.push({ kind: 'publish' })
  expect((await taken).value).toEqual({ kind: 'publish' })
  for (let i = 0; i < 100; i++) requests.push({ kind: 'open-link', link: `hyper://${i}` })
  expect((await second.next()).value).toEqual({ kind: 'open-link', link: 'hyper://80' })
})
