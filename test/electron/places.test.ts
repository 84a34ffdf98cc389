/** Where things lie, and what the arguments and the environment say. */
import { describe, expect, test } from 'vitest'
import { readArguments } from '../../main/headless-arguments.ts'
import { browserCommand, hasDisplay } from '../../main/lib/open-browser.ts'
import { bootstrapNodes, defaultStorage, loopbackOf } from '../../main/lib/places.ts'

test('each system has a folder for the data of programs', () => {
  expect(defaultStorage({}, 'linux', '/home/ana')).toBe('/home/ana/.local/share/cairn')
  expect(defaultStorage({ XDG_DATA_HOME: '/data' }, 'linux', '/home/ana')).toBe('/data/cairn')
  expect(defaultStorage({ XDG_DATA_HOME: 'relative' }, 'linux', '/home/ana')).toBe('/home/ana/.local/share/cairn')
  expect(defaultStorage({}, 'darwin', '/Users/ana')).toBe('/Users/ana/Library/Application Support/Cairn')
  expect(defaultStorage({ APPDATA: '/roaming' }, 'win32', '/ana')).toBe('/roaming/Cairn')
  expect(defaultStorage({ CAIRN_STORAGE: '/chosen' }, 'darwin', '/Users/ana')).toBe('/chosen')
})

test('nodes that are given replace the public ones, and a mistake is one', () => {
  expect(bootstrapNodes([], {})).toBe(null)
  expect(bootstrapNodes([], { CAIRN_BOOTSTRAP: '' })).toBe(null)
  expect(bootstrapNodes([], { CAIRN_BOOTSTRAP: '127.0.0.1:1, b:2' })).toEqual(['127.0.0.1:1', 'b:2'])
  expect(bootstrapNodes(['a:3'], { CAIRN_BOOTSTRAP: 'b:2' })).toEqual(['a:3'])
  expect(bootstrapNodes([], { CAIRN_BOOTSTRAP: ',' })).toEqual([])
  for (const wrong of ['host', 'host:', ':1', 'host:0', 'host:65536', 'http://host:1', 'a b:1']) {
    expect(() => bootstrapNodes([wrong], {})).toThrow('HOST:PORT')
    expect(() => bootstrapNodes([], { CAIRN_BOOTSTRAP: wrong })).toThrow('HOST:PORT')
  }
})

test('a DHT on this machine alone is joined from an address that there is, whatever somebody has typed', () => {
  const other = process.platform === 'darwin' ? '127.0.0.1' : '127.5.0.1'
  expect(loopbackOf(['127.5.0.1:1', 'localhost:2'])).toBe(other)
  for (const nodes of [['localhost:1'], ['127.0.0.300:1'], ['127.0.0.300:1', '127.0.0.1:2']])
    expect(loopbackOf(nodes)).toBe('127.0.0.1')
  for (const nodes of [null, [], ['127.5.0.1:1', 'example.org:2']]) expect(loopbackOf(nodes)).toBe(null)
})

describe('arguments', () => {
  test('are read', () => {
    const args = [
      '--storage',
      '/s',
      '--bootstrap',
      'a:1',
      '--bootstrap',
      'b:2',
      '--port',
      '80',
      '--allow-host',
      'x:9',
      '--no-join',
      '--open',
    ]
    expect(readArguments(args, {})).toEqual({
      kind: 'run',
      open: true,
      settings: { storage: '/s', bootstrap: ['a:1', 'b:2'], join: false, adopt: false, port: 80, allowHosts: ['x:9'] },
    })
    expect(readArguments([], { CAIRN_STORAGE: '/s', CAIRN_BOOTSTRAP: 'a:1' })).toMatchObject({
      settings: { storage: '/s', bootstrap: ['a:1'], join: true },
    })
    expect(readArguments(['--help'], {})).toEqual({ kind: 'help' })
  })

  test.each([['--port', 'x'], ['--port', '70000'], ['--nonsense'], ['positional'], ['--bootstrap', 'x']])(
    '%s %s is wrong',
    (...args) => {
      expect(readArguments(args, {})).toMatchObject({ kind: 'wrong', message: expect.stringMatching(/./) })
    },
  )
})

test('a browser is opened where one can be seen', () => {
  expect(hasDisplay({}, 'linux')).toBe(false)
  expect(hasDisplay({ DISPLAY: ':0' }, 'linux')).toBe(true)
  expect(hasDisplay({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toBe(true)
  expect(hasDisplay({}, 'darwin')).toBe(true)
  expect(browserCommand('linux', 'u')).toEqual(['xdg-open', 'u'])
})
