/**
 * What may be sent to somebody who helps: whatever is planted in the state of a Cairn and in its log, in every place that text
 * can be in, none of it is in the file. What is planted has a mark in it wherever letters can stand, so that parts of it are found as well.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLine } from '../../main/diagnostics/log-lines.ts'
import { Redaction } from '../../main/diagnostics/redaction.ts'
import { report, type Standing } from '../../main/diagnostics/report.ts'
import { encodeZ32 } from '../../main/lib/z32.ts'
import { pageEngine } from '../../renderer/features/about/page-engine.ts'
import type { ArchiveRow, TransferRow } from '../../preload/contract/models.ts'
import * as fixtures from '../renderer/fixtures.ts'

const MARK = 'zqx'
const letters = (least: number, most: number) =>
  fc
    .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwyz'), { minLength: least, maxLength: most })
    .map(all => all.join(''))
/** A word that nobody would take for anything but a word. */
const marked = letters(2, 8).map(rest => `${MARK}${rest}`)
const segment = fc.oneof(
  marked,
  marked.map(word => word[0]!.toUpperCase() + word.slice(1)),
  fc.tuple(marked, marked).map(([a, b]) => `${a} ${b}`),
  fc.tuple(marked, marked, marked).map(([a, b, c]) => `${a} – ${b} (${c})`),
  marked.map(word => `Übung ${word} 写真`),
  marked.map(word => `it's ${word}`),
  marked.map(word => `${word}.tar.gz`),
  marked.map(word => `"${word}"\n${word}`),
)
const segments = fc.array(segment, { minLength: 1, maxLength: 4 })

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
const notations: readonly ((key: Uint8Array) => string)[] = [
  encodeZ32,
  key => Buffer.from(key).toString('hex'),
  key => Buffer.from(key).toString('hex').toUpperCase(),
  key => `hyper://${encodeZ32(key)}`,
  key => `hyper://${Buffer.from(key).toString('hex')}/photos/a.jpg`,
  key => `cairn://${encodeZ32(key)}+12/${MARK}words ${MARK}more#${encodeZ32(key)}`,
  key => `pear:${encodeZ32(key)}`,
  key => `hyper://${encodeZ32(key)}+12.34.${encodeZ32(key)}`,
  key => encodeURIComponent(`hyper://${encodeZ32(key)}/${MARK}a b`),
  key => `HYPER://${encodeZ32(key).toUpperCase()}`,
]
const key = fc.tuple(bytes, fc.constantFrom(...notations)).map(([all, write]) => write(all))

const path = segments.chain(names =>
  fc.constantFrom(
    `/home/${names.join('/')}`,
    `/Users/${names.join('/')}/`,
    `~/${names.join('/')}`,
    `./${names.join('/')}`,
    `C:\\Users\\${names.join('\\')}`,
    `\\\\server\\${names.join('\\')}`,
    `c:/Users/${names.join('/')}`,
    `D:${names.join(' ')}`,
    `file:///home/${names.map(encodeURIComponent).join('/')}`,
    `file:///C:/Users/${names.join('/')}`,
    encodeURIComponent(`/home/${names.join('/')}`),
    encodeURIComponent(`/home/${names.join('/')}`).toLowerCase(),
    encodeURI(`/home/${names.join('/')}`),
  ),
)
const octet = fc.integer({ min: 0, max: 255 })
const ipv4 = fc.tuple(octet, octet, octet, octet, fc.integer({ min: 1, max: 65_535 })).map(parts => {
  const [a, b, c, d, port] = parts
  return port % 2 === 0 ? `${a}.${b}.${c}.${d}` : `${a}.${b}.${c}.${d}:${port}`
})
const ipv6 = fc.ipV6().chain(address => fc.constantFrom(address, `[${address}]:49737`, `${address}%eth0`))
const email = fc.tuple(marked, marked).map(([who, where]) => `${who}@${where}.example`)
const quotes: readonly (readonly [string, string])[] = [
  ['', ''],
  ["'", "'"],
  ['"', '"'],
  ['“', '”'],
  ['‘', '’'],
  ['`', '`'],
  ['(', ')'],
  ['=', ','],
  ['<', '>'],
  ["can't open '", "'"],
]
const words = fc.constantFrom(
  '',
  'could not open',
  'the file',
  'it is gone:',
  'after 12 blocks,',
  'ENOENT: no such file',
)
/** What is planted, and a text with it in it. */
const planted = fc
  .tuple(fc.oneof(key, path, ipv4, ipv6, email), fc.constantFrom(...quotes), words, words)
  .map(([secret, [open, close], before, after]) => ({ secret, text: `${before} ${open}${secret}${close} ${after}` }))

const KEYS = /[ybndrfg8ejkmcpqxot1uwisza345h769]{26}|[0-9a-f]{32}/i
/** What is left of it in a file; null: nothing. */
function left(file: string, secret: string): string | null {
  const said = file.toLowerCase()
  if (said.includes(MARK)) return said.slice(Math.max(0, said.indexOf(MARK) - 60), said.indexOf(MARK) + 40)
  const found = KEYS.exec(said)?.[0]
  if (found !== undefined) return found
  // "::" alone is an address, and nothing that anybody could be found by.
  return secret.length > 4 && said.includes(secret.toLowerCase()) ? secret : null
}

const procedures = new Set(['archives.open'])
const packages = new Set(['hypercore', '@hyperswarm/secret-stream'])
const known = { procedures, packages }

test('of the browser it tells which it is, and the first number of its version', () => {
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
  const [mac, linux] = ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0)']
  for (const [agent, name, version] of [
    [`${linux} Gecko/20100101 Firefox/144.0`, 'Firefox', 144],
    [`${linux} ${webkit} Chrome/146.0.7632.10 Safari/537.36`, 'Chromium', 146],
    [`${linux} ${webkit} HeadlessChrome/146.0.7632.10 Safari/537.36`, 'Chromium', 146],
    [`${mac} ${webkit} Chrome/146.0.0.0 Safari/537.36 Edg/146.0.3.1`, 'Edge', 146],
    [`${mac} ${webkit} Chrome/145.0.0.0 Safari/537.36 OPR/130.0.0.0`, 'Opera', 130],
    [`${mac} ${webkit} Cairn/0.1.0 Chrome/146.0.1.2 Electron/45.4.1 Safari/537.36`, 'Electron', 45],
    [`${mac} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15`, 'Safari', 26],
    ['Anas-own-browser/3', 'another', null],
  ] as const)
    expect([agent, pageEngine(agent)]).toEqual([agent, { name, version }])
  expect(JSON.parse(report(standing({ page: { name: 'Firefox', version: 144 } })))).toMatchObject({
    program: { page: { name: 'Firefox', version: 144 } },
  })
})

const standing = (given: Partial<Standing>): Standing => ({
  at: fixtures.now,
  about: fixtures.about,
  page: null,
  protocol: 1,
  process: {
    running: 12,
    memory: { resident: 1, heap: 1, outside: 1 },
    loopDelay: { median: 0, p99: 1, most: 2 },
  },
  machine: { processors: 2, memory: 1, freeMemory: 1 },
  settings: fixtures.settings,
  archives: fixtures.archives,
  transfers: fixtures.transfers,
  network: fixtures.network,
  traffic: undefined,
  disk: null,
  lines: [],
  names: [],
  procedures,
  packages,
  ...given,
})

/** The same with another text in every place that has one, but where only a few are possible. */
function textsReplaced(value: unknown, text: string, name = ''): unknown {
  if (typeof value === 'string') return ONE_OF_A_FEW.has(name) ? value : text
  if (Array.isArray(value)) return value.map(one => textsReplaced(one, text, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, textsReplaced(one, text, key)]))
}
const ONE_OF_A_FEW = new Set([
  'name',
  'ownership',
  'how',
  'answer',
  'kind',
  'what',
  'why',
  'reason',
  'theme',
  'chosen',
  'verdict',
  'state',
])

describe('none of what is planted survives', () => {
  test('in a text', () => {
    fc.assert(
      fc.property(planted, ({ secret, text }) => {
        expect(left(new Redaction([]).text(text), secret)).toBe(null)
      }),
      { numRuns: 3000 },
    )
  })

  test('in any place of a line of the log', () => {
    const fields = fc.constantFrom('msg', 'path', 'key', 'peer', 'incident', 'name', 'time')
    const ofError = fc.constantFrom('type', 'code', 'message', 'stack', 'syscall', 'dest', 'aggregateErrors')
    const frame = (text: string) => `Error: ${text}\n    at ${text} (${text}:1:2)\n    at ${text}/x.js:3:4`
    fc.assert(
      fc.property(planted, fields, ofError, fc.boolean(), ({ secret, text }, field, inError, whole) => {
        const said = whole ? secret : text
        const err = { type: 'Error', message: 'm', stack: '', [inError]: inError === 'stack' ? frame(said) : said }
        const line = JSON.stringify({
          level: 50,
          time: '2026-01-02T03:04:05.678Z',
          msg: 'a call failed',
          err,
          [field]: said,
        })
        expect(left(JSON.stringify(readLine(line, new Redaction([]), known)), secret)).toBe(null)
      }),
      { numRuns: 3000 },
    )
  })

  test('in any place of the state', () => {
    fc.assert(
      fc.property(planted, ({ secret, text }) => {
        const { archives, transfers, network, settings } = textsReplaced(
          {
            archives: fixtures.archives,
            transfers: fixtures.transfers,
            network: fixtures.network,
            settings: fixtures.settings,
          },
          text,
        ) as Pick<Standing, 'archives' | 'transfers' | 'network' | 'settings'>
        const about = { ...fixtures.about, storage: text, release: text, log: { ...fixtures.about.log, path: text } }
        const line = JSON.stringify({ level: 50, msg: text, err: { message: text } })
        const file = report(
          standing({ archives, transfers, network, settings, about, lines: [line, text], names: [text] }),
        )
        expect(left(file, secret)).toBe(null)
      }),
      { numRuns: 150 },
    )
  })

  test('what is spelt as a code and is none', () => {
    const capitals = fc.tuple(marked, marked, fc.nat(2030)).map(parts => parts.join('_').toUpperCase())
    fc.assert(
      fc.property(
        fc.oneof(
          capitals,
          marked.map(word => word.toUpperCase()),
        ),
        words,
        (name, before) => {
          for (const text of [`${before} ${name}: not readable`, `${name} (${name}) ${name}.`, `no entry ${name}`])
            expect(left(new Redaction([]).text(text), name)).toBe(null)
        },
      ),
    )
  })

  test('what people, machines and archives are called, also as a plain word of a sentence', () => {
    const sentence = (name: string) => `no room for ${name} on the disk of ${name.toUpperCase()}, says ${name}'s backup`
    fc.assert(
      fc.property(segment, fc.integer({ min: 0, max: 3 }), (name, place) => {
        const [archive, transfer] = [fixtures.archives[0]!, fixtures.transfers[0]!]
        const lines = [
          JSON.stringify({ level: 40, msg: sentence(name), err: { message: sentence(name), type: `${name}Error` } }),
        ]
        const named: Partial<Standing>[] = [
          { names: [name] },
          { archives: [{ ...archive, title: name } satisfies ArchiveRow] },
          { archives: [{ ...archive, author: name }] },
          { transfers: [{ ...transfer, title: name } satisfies TransferRow] },
        ]
        expect(left(report(standing({ lines, ...named[place] })), name)).toBe(null)
      }),
      { numRuns: 100 },
    )
  })
})

describe('what helps stays', () => {
  const redaction = new Redaction(['Ana'])
  test.each([
    ['the storage could not be stamped', 'the storage could not be stamped'],
    ["ENOENT: no such file or directory, open '/home/x/My Files/a'", 'ENOENT: no such file or directory, open […]'],
    ['Batch was not applied', 'Batch was not applied'],
    ["Cannot read properties of undefined (reading 'length')", 'Cannot read properties of undefined (reading […])'],
    ['freed.json was not written', 'freed.json was not written'],
    ['3 of 8 nodes see this machine at 10.1.2.3:4711.', '3 of 8 nodes see this machine at […]'],
    ['connection from Ana timed out after 12.5 s', 'connection from […] timed out after 12.5 s'],
    ['INVALID_OPERATION: Corestore is closed', 'INVALID_OPERATION: Corestore is closed'],
    [
      'no route over UDP (EHOSTUNREACH, ERR_SOCKET_DGRAM_NOT_RUNNING)',
      'no route over UDP (EHOSTUNREACH, ERR_SOCKET_DGRAM_NOT_RUNNING)',
    ],
  ])('%s', (text, expected) => expect(redaction.text(text)).toBe(expected))

  test('where it happened, in the program', () => {
    const stack = [
      'TypeError: x is not a function',
      '    at Archives.open (file:///home/ana/Apps/Cairn.app/out/main/backend-Ab12_xyz.js:10:5)',
      '    at async Core._update (/home/ana/cairn/node_modules/hypercore/lib/core.js:7:3)',
      '    at C:\\Users\\ana\\cairn\\node_modules\\@hyperswarm\\secret-stream\\index.js:1:2',
      '    at /home/ana/node_modules/holiday/index.js:1:2',
      '    at node:internal/fs/promises:600:15',
    ].join('\n')
    const line = JSON.stringify({
      level: 50,
      path: 'archives.open',
      msg: 'a call failed',
      err: { type: 'TypeError', stack },
    })
    expect(readLine(line, redaction, known)).toMatchObject({
      level: 'error',
      call: 'archives.open',
      error: {
        type: 'TypeError',
        at: [
          'Archives.open (backend-Ab12_xyz.js:10:5)',
          'async Core._update (hypercore/core.js:7:3)',
          '… (@hyperswarm/secret-stream/index.js:1:2)',
          '… (…:1:2)',
          '… (node:internal/fs/promises:600:15)',
        ],
      },
    })
  })

  test('one archive is the same one throughout, in whichever notation it is written', () => {
    const of = (row: number) => fixtures.archives[row]!.id
    const hex = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
    const other = { ...fixtures.archives[0]!, id: encodeZ32(hex) }
    const lines = [
      { level: 50, key: other.id, msg: 'a', err: { message: `no block of ${hex.toString('hex')} came from ${of(1)}` } },
      { level: 40, peer: of(3), msg: 'a peer sends wrong blocks and is let go' },
      { level: 30, msg: 'not worth telling' },
    ].map(line => JSON.stringify(line))
    const file = JSON.parse(report(standing({ archives: [other, fixtures.archives[1]!], transfers: [], lines })))
    expect(file.archives.map(({ archive }: { archive: string }) => archive)).toEqual(['archive-1', 'archive-2'])
    expect(file.errors).toMatchObject([
      { archive: 'archive-1', error: { message: 'no block of archive-1 came from archive-2' } },
      { peer: 'peer-1', said: 'a peer sends wrong blocks and is let go' },
    ])
    expect(file.counts).toMatchObject({ peers: fixtures.network.peers })
  })
})
