/**
 * What changed, as a stranger asks for it who has just found an archive and holds nothing of it: 100,000 versions that a plain
 * Hyperdrive has written, read on loopback by processes of their own. Beside Cairn a plain Hyperdrive over a plain Hyperswarm with
 * what upstream has for it.
 */
import { afterAll, onTestFinished, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess, now } from './measured.ts'
import { atLeast, atMost, figuresOf, Rows } from './rows.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 5)
const FILES = Number(process.env['BENCH_VERSIONS'] ?? 100_000)
const CHANGED = 10
/** As many changesets as the page asks for. */
const PAGE = 30

const rows = new Rows()
const table = new Table('History: Cairn beside plain Hyperdrive over Hyperswarm, on loopback')
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

const named = `of ${FILES.toLocaleString('en')}`
const first = `first page ${named} versions, from found`
const compared = `two versions with ${CHANGED} changed ${named} entries`
const CAIRN = 'Cairn'
const STREAMED = 'plain Hyperdrive, createHistoryStream and entry()'
const DIFFED = 'plain Hyperdrive, diff()'

test.runIf(rows.wants(first, '') || rows.wants(compared, ''))('a log of single puts', async () => {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const bootstrap = testnet.bootstrap[0]!
  const author = await MeasuredProcess.start(new URL('plain-historian.mjs', import.meta.url).pathname)
  const { key, before, after } = await author.ask<{ key: string; before: number; after: number }>('write', {
    storage: await temporaryFolder('bench-historian'),
    bootstrap,
    files: FILES,
    changed: CHANGED,
  })
  /** Each of them holds nothing. */
  const cairn = async (
    use: (reader: Cairn, key: string) => Promise<{ value: number; also?: Record<string, number> }>,
  ) => {
    const reader = await Cairn.start(await temporaryFolder('bench-reader'), bootstrap)
    await reader.goOnline()
    const found = await reader.open(`hyper://${encodeKey(Buffer.from(key, 'hex'))}`)
    await reader.figures()
    const { value, also } = await use(reader, found)
    const { 'loop p99 ms': p99 = 0 } = figuresOf(await reader.figures())
    await reader.end()
    return { value, also: { ...also, 'loop p99 ms': p99 } }
  }
  const plain = async <T>(what: string, input: object): Promise<T> => {
    const reader = await MeasuredProcess.start(new URL('plain-history-reader.mjs', import.meta.url).pathname)
    await reader.ask('open', { storage: await temporaryFolder('bench-plain'), bootstrap, key })
    const answer = await reader.ask<T>(what, input)
    await reader.end('SIGKILL')
    return answer
  }
  for (let run = 0; run < RUNS; run++) {
    let versions = 0
    await rows.measure(first, CAIRN, () =>
      cairn(async (reader, key) => {
        const began = now()
        const page = await reader.client.history.list({ key, before: null, limit: PAGE, soon: true })
        const value = now() - began
        versions = after - (page.before ?? 0)
        if (page.changesets.length === 0) throw new Error('nothing was told')
        return { value, also: { versions } }
      }),
    )
    await rows.measure(first, STREAMED, async () => {
      const { took } = await plain<{ took: number }>('newest', { limit: versions })
      return { value: took, also: {} }
    })
    await rows.measure(compared, CAIRN, () =>
      cairn(async (reader, key) => {
        const began = now()
        const { files } = await reader.client.history.changes({ key, from: before, to: after, limit: 200 })
        const value = now() - began
        if (files.length !== CHANGED) throw new Error(`${files.length} differ`)
        return { value }
      }),
    )
    await rows.measure(compared, DIFFED, async () => {
      const { took, differences } = await plain<{ took: number; differences: number }>('diff', { before })
      if (differences !== CHANGED) throw new Error(`${differences} differ`)
      return { value: took, also: {} }
    })
  }
  rows.show(table, first, CAIRN, {
    unit: 'ms',
    note: '',
    bars: [atMost('p50 under 200 ms', median(rows.values(first, CAIRN)), 200, ' ms')],
  })
  rows.show(table, first, STREAMED, {
    unit: 'ms',
    note: 'as many versions',
    bars: [],
    ratio: rows.ratio(first, CAIRN, STREAMED),
  })
  rows.show(table, compared, CAIRN, {
    unit: 'ms',
    note: '',
    bars: [atLeast('3× sooner than diff()', rows.ratio(compared, CAIRN, DIFFED), 3, '×')],
  })
  rows.show(table, compared, DIFFED, {
    unit: 'ms',
    note: '',
    bars: [],
    ratio: rows.ratio(compared, CAIRN, DIFFED),
  })
  rows.throwIfFailed(/Cairn/)
})
