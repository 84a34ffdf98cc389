/** What a start of the installed program is, by its arguments. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../main/cli/commands.ts'
import { parseArguments } from '../../main/cli/arguments.ts'
import { type Given, startOf } from '../../main/electron/command-line.ts'

const screen = { DISPLAY: ':0' }
const start = (args: readonly string[], given: Partial<Given> = {}) =>
  startOf({
    argv: ['/opt/Cairn/cairn-desktop', ...args],
    isDefaultApp: false,
    platform: 'linux',
    environment: screen,
    ...given,
  })

const window = { kind: 'window', hidden: false, link: null }
const command = (...args: readonly string[]) => ({ kind: 'command', args })

test('nothing, what is meant for Chromium or for the window: the window', () => {
  for (const args of [
    [],
    ['--no-sandbox'],
    ['--ozone-platform=x11', '--enable-logging'],
    ['/home/ana/Pictures'],
    ['lsx'],
  ])
    expect(start(args)).toEqual(window)
  expect(start(['--hidden'])).toEqual({ ...window, hidden: true })
  expect(start(['-psn_0_12345'], { platform: 'darwin', environment: {} })).toEqual(window)
  expect(start([], { argv: ['electron', '.'], isDefaultApp: true })).toEqual(window)
})

test('a link opens it in the window, and nothing behind it is a command', () => {
  const link = 'hyper://abc/x'
  expect(start([link])).toEqual({ ...window, link })
  expect(start(['--no-sandbox', 'CAIRN:abc'])).toEqual({ ...window, link: 'CAIRN:abc' })
  expect(start([link, '--', 'publish', '/'])).toEqual({ ...window, link })
  expect(start([link], { argv: ['electron', '--flag', '.', link], isDefaultApp: true })).toEqual({ ...window, link })
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom('--no-sandbox', '--hidden', '-psn_1'),
          fc.string().map(text => `--x${text}`),
        ),
      ),
      fc.string(),
      fc.array(fc.oneof(fc.constantFrom('--', '--help', ...Object.keys(COMMANDS)), fc.string())),
      (before, rest, behind) => {
        expect(start([...before, `hyper:${rest}`, ...behind]).kind).toBe('window')
      },
    ),
  )
})

test('every command, with what stands before it and is not for Chromium', () => {
  for (const name of [...Object.keys(COMMANDS), 'help'])
    expect(start([name, 'a', '-r'])).toEqual(command(name, 'a', '-r'))
  expect(start(['--ozone-platform=headless', '--no-sandbox', 'ls', 'hyper://x'])).toEqual(command('ls', 'hyper://x'))
  expect(start(['--json', '--storage', '/data', 'ls', '-'])).toEqual(command('--json', '--storage', '/data', 'ls', '-'))
  expect(start(['--storage=/data', 'status'])).toEqual(command('--storage=/data', 'status'))
  // A folder of that name is no command.
  expect(start(['--storage', 'ls', 'status'])).toEqual(command('--storage', 'ls', 'status'))
  for (const asked of ['--help', '-h', '--version', '-v'])
    expect(start(['--no-sandbox', asked])).toEqual(command(asked))
  expect(start([], { argv: ['electron', '.', 'status'], isDefaultApp: true })).toEqual(command('status'))
})

test('behind -- stands a command line, whatever it is', () => {
  for (const args of [[], ['ls', 'hyper://x'], ['hyper://x'], ['nonsense'], ['--version'], ['--hidden']])
    expect(start(['--ozone-platform=headless', '--', ...args], { environment: {} })).toEqual(command(...args))
})

test('a command needs no screen, and a window that cannot be shown is not tried', () => {
  expect(start(['status'], { environment: {} })).toEqual(command('status'))
  expect(start([], { environment: {} })).toEqual({ kind: 'no-screen' })
  expect(start(['hyper://x'], { environment: {} })).toEqual({ kind: 'no-screen' })
  expect(start([], { environment: { XDG_SESSION_TYPE: 'wayland' } })).toEqual(window)
  expect(start(['--ozone-platform=wayland'], { environment: {} })).toEqual(window)
  expect(start([], { environment: {}, platform: 'win32' })).toEqual(window)
})

test('options that stand alone are a command line without a command, and are told so', () => {
  expect(start(['--json'])).toEqual(command('--json'))
  expect(start(['--storage'])).toEqual(command('--storage'))
  expect(() => parseArguments(['--json'], {})).toThrow('Which command?')
})
