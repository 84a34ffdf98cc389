/**
 * What comes over the wire of an archive that several peers have, as a multiple of its bytes, and how long it takes: kept, and
 * taken into a folder. Beside it a plain Hyperdrive over a plain Hyperswarm that takes the same from the same peers.
 */
import { afterAll, onTestFinished, test } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess } from './measured.ts'
import { atMost, Rows, type Sample } from './rows.ts'
import { makeSource } from './source.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 5)
const KEEP = 'Cairn, keep'
const GET = 'Cairn, get into a folder'
const PLAIN = 'plain Hyperdrive, download'

const rows = new Rows()
const table = new Table('What several have: bytes over the wire, on loopback', ['s', 'MB/s'])
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

for (const { what, peers, files, size } of [
  { what: '22 MB from 2 peers', peers: 2, files: 1, size: 22_000_000 },
  { what: '22 MB from 4 peers', peers: 4, files: 1, size: 22_000_000 },
  { what: '256 MiB from 2 peers', peers: 2, files: 1, size: 256 << 20 },
]) {
  test.runIf(rows.wants(what, ''))(what, async () => {
    const testnet = await startTestnet()
    onTestFinished(() => testnet.close())
    const bootstrap = testnet.bootstrap[0]!
    const source = await makeSource(await temporaryFolder('bench-source'), files, size)
    const author = await Cairn.start(await temporaryFolder('bench-author'), bootstrap)
    await author.goOnline()
    const { row, key } = await author.publish(source.folder, () => {})
    for (let peer = 1; peer < peers; peer++) await (await reader(bootstrap, row.link)).keep(key)
    const sample = (bytes: number, seconds: number): Sample => ({
      value: bytes / source.bytes,
      also: { s: seconds, 'MB/s': source.bytes / seconds / 1e6 },
    })
    const measured = async (take: (cairn: Cairn) => Promise<number>) => {
      const cairn = await reader(bootstrap, row.link)
      await cairn.meets(key, peers)
      const before = await cairn.received()
      const seconds = await take(cairn)
      const bytes = (await cairn.received()) - before
      await cairn.end('SIGKILL')
      return sample(bytes, seconds)
    }
    for (let index = 0; index < RUNS; index++) {
      await rows.measure(what, KEEP, () => measured(cairn => cairn.keep(key)))
      await rows.measure(what, GET, () =>
        measured(async cairn => cairn.get(key, await temporaryFolder('bench-target'))),
      )
      await rows.measure(what, PLAIN, async () => {
        const plain = await MeasuredProcess.start(new URL('plain-carrier.mjs', import.meta.url).pathname)
        await plain.ask('open', { storage: await temporaryFolder('bench-plain'), bootstrap })
        const before = await plain.ask<{ readonly received: number }>('count')
        const seconds = await plain.ask<number>('takeFrom', { key: Buffer.from(decodeKey(key)).toString('hex'), peers })
        const after = await plain.ask<{ readonly received: number }>('count')
        await plain.end('SIGKILL')
        return sample(after.received - before.received, seconds)
      })
    }
    for (const who of [KEEP, GET])
      rows.show(table, what, who, {
        unit: '× its bytes',
        bars: [atMost('≤ 1.05×', median(rows.values(what, who)), 1.05, '×')],
        note: '',
      })
    rows.show(table, what, PLAIN, { unit: '× its bytes', bars: [], note: '', ratio: rows.ratio(what, KEEP, PLAIN) })
    rows.throwIfFailed(/Cairn/)
  })
}

async function reader(bootstrap: string, link: string): Promise<Cairn> {
  const cairn = await Cairn.start(await temporaryFolder('bench-reader'), bootstrap)
  await cairn.goOnline()
  await cairn.open(link)
  return cairn
}
