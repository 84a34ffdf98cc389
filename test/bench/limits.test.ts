/**
 * How well limits hold: bytes a second at the sockets of plain Hyperdrives, which are processes of their own on loopback, while
 * Cairn sends to them or takes from them. Beside it what passes without a limit in the same run. `BENCH_ONLY='^send'`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import type { Rates } from '../../preload/contract/models.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess } from './measured.ts'
import { atLeast, atMost, figuresOf, most, Rows } from './rows.ts'
import { makeSource } from './source.ts'
import { Table } from './table.ts'

const SIZE = 512 << 20
const BLOCK = 256 << 10
const LIMITS = [100_000, 1_000_000, 5_000_000, 20_000_000] as const
/** Milliseconds until what was on its way has come, and over which is measured. */
const AFTER = 1500
const OVER = 6000

const rows = new Rows()
const table = new Table('Limits: Cairn between plain Hyperdrives, on loopback', ['off %', 'loop p99 ms', 'RSS MB'])
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

type Count = { readonly received: number; readonly sent: number; readonly at: number }

async function carrier(bootstrap: string): Promise<MeasuredProcess> {
  const plain = await MeasuredProcess.start(new URL('plain-carrier.mjs', import.meta.url).pathname)
  await plain.ask('open', { storage: await temporaryFolder('bench-plain'), bootstrap })
  return plain
}

const limit = (cairn: Cairn, rates: Partial<Rates>) =>
  cairn.client.settings.update({ limits: { down: null, up: null, schedule: [], connections: 64, ...rates } })

const hexOf = (key: string) => Buffer.from(decodeKey(key)).toString('hex')

const said = (limit: number | null) =>
  limit === null ? 'no limit' : limit < 1e6 ? `${limit / 1e3} kB/s` : `${limit / 1e6} MB/s`

/** Of all of them together, in bytes a second. */
async function measured(plains: readonly MeasuredProcess[], which: 'received' | 'sent'): Promise<number> {
  const count = () => Promise.all(plains.map(plain => plain.ask<Count>('count', {})))
  const before = await count()
  await sleep(OVER)
  const after = await count()
  return after.reduce(
    (sum, end, index) => sum + ((end[which] - before[index]![which]) / (end.at - before[index]!.at)) * 1000,
    0,
  )
}

async function measureAll(
  what: string,
  cairn: Cairn,
  plains: readonly MeasuredProcess[],
  direction: 'up' | 'down',
): Promise<void> {
  for (const rate of [...LIMITS, null]) {
    const who = said(rate)
    await limit(cairn, { [direction]: rate })
    await sleep(AFTER)
    await cairn.figures()
    await rows.measure(what, who, async () => {
      const passed = await measured(plains, direction === 'up' ? 'received' : 'sent')
      const off = rate === null ? 0 : (passed / rate - 1) * 100
      return {
        value: passed / 1e6,
        also: { ...(rate === null ? {} : { 'off %': off }), ...figuresOf(await cairn.figures()) },
      }
    })
    // Within five of a hundred from 1 MB/s on, and one block otherwise, beside one at each end of what was measured.
    const allowed = (rate ?? 0) * (rate !== null && rate >= 1e6 ? 1.05 : 1) + (2 * BLOCK * 1000) / OVER
    const bars =
      rate === null
        ? []
        : [
            atMost(`≤ ${(allowed / 1e6).toFixed(2)} MB/s`, most(rows.values(what, who)), allowed / 1e6, ' MB/s'),
            atLeast('≥ 80%', (most(rows.values(what, who)) / rate) * 1e8, 80, '%'),
          ]
    rows.show(table, what, who, { unit: 'MB/s', bars, note: '' })
  }
}

for (const howMany of [1, 3]) {
  const sending = `send to ${howMany}`
  test.runIf(rows.wants(sending, ''))(sending, async () => {
    const testnet = await startTestnet()
    const bootstrap = testnet.bootstrap[0]!
    const author = await Cairn.start(await temporaryFolder('bench-author'), bootstrap)
    await author.goOnline()
    const source = await makeSource(await temporaryFolder('bench-source'), 1, SIZE)
    const { key } = await author.publish(source.folder, () => {})
    await limit(author, { up: LIMITS[0] })
    const plains = await Promise.all(Array.from({ length: howMany }, () => carrier(bootstrap)))
    for (const plain of plains) await plain.ask('take', { key: hexOf(key) })
    await measureAll(sending, author, plains, 'up')
  })

  const taking = `take from ${howMany}`
  test.runIf(rows.wants(taking, ''))(taking, async () => {
    const testnet = await startTestnet()
    const bootstrap = testnet.bootstrap[0]!
    const plains = await Promise.all(Array.from({ length: howMany }, () => carrier(bootstrap)))
    const key = await plains[0]!.ask<string>('give', { bytes: SIZE })
    for (const plain of plains.slice(1)) await plain.ask('copy', { key })
    const reader = await Cairn.start(await temporaryFolder('bench-reader'), bootstrap)
    await limit(reader, { down: LIMITS[0] })
    await reader.goOnline()
    const opened = await reader.open(`hyper://${encodeKey(Buffer.from(key, 'hex'))}`)
    await reader.client.archives.keep({ key: opened, keep: true })
    await measureAll(taking, reader, plains, 'down')
  })
}

const flood = 'memory while 512 blocks are asked for at once'
test.runIf(rows.wants(flood, ''))(flood, async () => {
  const testnet = await startTestnet()
  const bootstrap = testnet.bootstrap[0]!
  const author = await Cairn.start(await temporaryFolder('bench-author'), bootstrap)
  await author.goOnline()
  const source = await makeSource(await temporaryFolder('bench-source'), 1, SIZE)
  const { key } = await author.publish(source.folder, () => {})
  await limit(author, { up: 50_000 })
  await author.figures()
  await sleep(3000)
  const { rss: before } = await author.figures()
  await rows.measure(flood, 'send at most 50 kB/s', async () => {
    const plain = await carrier(bootstrap)
    await plain.ask('take', { key: hexOf(key), most: 512 })
    await sleep(10_000)
    const { rss } = await author.figures()
    return { value: (rss - before) / 1e6, also: {} }
  })
  const grown = most(rows.values(flood, 'send at most 50 kB/s'))
  rows.show(table, flood, 'send at most 50 kB/s', {
    unit: 'MB more',
    bars: [atMost('≤ 32 MB more', grown, 32, ' MB')],
    note: '512 blocks are 134 MB',
  })
})
