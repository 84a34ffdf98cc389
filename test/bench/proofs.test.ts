/**
 * Pinned links and receipts: made and checked by a stranger who holds nothing, in an archive of 100,000 entries; and a
 * receipt for 1 GiB. Beside them what plain Hyperdrive has to do for the same certainty, and the hashing of the same file.
 */
import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Hyperdrive from 'hyperdrive'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import { parseReceipt, verify } from '../../main/proofs/receipt.ts'
import { isFound, publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)
const ENTRIES = 100_000
const LARGE = 1 << 30
const table = new Table('Pinned links and receipts')
afterAll(() => table.print())

const timed = async <T>(work: () => Promise<T>): Promise<[milliseconds: number, result: T]> => {
  const began = performance.now()
  const result = await work()
  return [performance.now() - began, result]
}

test(`${ENTRIES} entries, read by a stranger`, async () => {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store.namespace('author'))
  await drive.ready()
  const file = randomFillSync(Buffer.alloc(100_000))
  await drive.put('/wanted.bin', file)
  const { value } = (await drive.entry('/wanted.bin'))!
  for (let done = 0; done < ENTRIES; ) {
    const batch = drive.batch()
    for (const end = Math.min(done + 4096, ENTRIES); done < end; done++)
      await batch.putEntry(`/folder ${done % 100}/entry ${done}`, {
        blob: value.blob ?? null,
        metadata: { mtime: done },
      })
    await batch.flush()
  }
  for (let index = 0; index < 200; index++) await drive.put(`/later ${index}`, Buffer.from(`${index}`))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const version = drive.version - 100

  const maker = await startPerson(testnet.bootstrap)
  await maker.client.archives.open({ link: key })
  await maker.archive(key, isFound)
  const [making, { link }] = await timed(() => maker.client.archives.pinnedLink({ key, version, path: '/' }))
  const [again] = await timed(() => maker.client.archives.pinnedLink({ key, version: version - 1, path: '/' }))
  await maker.close()
  const checking: number[] = []
  const receipts: number[] = []
  const sizes: number[] = []
  const verifying: number[] = []
  const plainly: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const bob = await startPerson(testnet.bootstrap)
    await bob.client.archives.open({ link: key })
    await bob.archive(key, isFound)
    const [proving, { text }] = await timed(() => bob.client.read.receipt({ key, version, path: '/wanted.bin' }))
    await bob.close()
    receipts.push(proving)
    sizes.push(text.length)
    let at = 0
    const [checked] = await timed(() =>
      verify(parseReceipt(Buffer.from(text)), size => Promise.resolve(file.subarray(at, (at += size)))),
    )
    verifying.push(checked)

    const eve = await startPerson(testnet.bootstrap)
    await eve.client.archives.open({ link })
    await eve.archive(key, isFound)
    const [shown] = await timed(() => eve.client.read.entry({ key, version, path: '/' }))
    checking.push(shown)
    await eve.close()

    const plain = await plainPeer(testnet.bootstrap)
    const reader = new Hyperdrive(plain.store, decodeKey(key))
    await reader.ready()
    plain.swarm.join(reader.discoveryKey, { client: true, server: false })
    await expect.poll(() => reader.core.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(version)
    const [plainTime] = await timed(async () => {
      await reader.core.treeHash(version)
      await (await reader.getBlobs()).core.treeHash(await reader.getBlobsLength(version))
    })
    plainly.push(plainTime)
    await reader.close()
  }
  table.compare(
    `a pinned link is checked, of ${ENTRIES} entries`,
    checking,
    'getBlobsLength and treeHash',
    plainly,
    'ms',
  )
  table.add({ what: 'a pinned link is made by one who holds nothing', who: 'Cairn', values: [making], unit: 'ms' })
  table.add({ what: 'a pinned link is made by one who holds the list', who: 'Cairn', values: [again], unit: 'ms' })
  table.add({
    what: `a receipt for 100 kB among ${ENTRIES} entries, by one who holds nothing`,
    who: 'Cairn',
    values: receipts,
    unit: 'ms',
    also: { bytes: sizes, 'verify ms': verifying },
  })
}, 600_000)

test('1 GiB', async () => {
  const folder = await temporaryFolder('source')
  const path = join(folder, 'large.bin')
  const writing = await open(path, 'w')
  const part = Buffer.alloc(16 << 20)
  for (let done = 0; done < LARGE; done += part.byteLength) await writing.write(randomFillSync(part))
  await writing.close()
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key } = await publish(ana, [folder], { milliseconds: 300_000 })
  const making: number[] = []
  const verifying: number[] = []
  const hashing: number[] = []
  let size = 0
  for (let run = 0; run < RUNS; run++) {
    const [made, { text }] = await timed(() => ana.client.read.receipt({ key, version: null, path: '/large.bin' }))
    making.push(made)
    size = text.length
    const [hashed] = await timed(() => promisify(execFile)('b2sum', [path]))
    hashing.push(hashed)
    const file = await open(path)
    const buffer = Buffer.alloc(1 << 20)
    const read = async (length: number) => {
      const { bytesRead } = await file.read(buffer, 0, length, null)
      return buffer.subarray(0, bytesRead)
    }
    const [checked] = await timed(() => verify(parseReceipt(Buffer.from(text)), read))
    await file.close()
    verifying.push(checked)
  }
  table.compare('1 GiB is checked with its receipt', verifying, 'b2sum', hashing, 'ms')
  table.add({
    what: 'a receipt for 1 GiB that is here',
    who: 'Cairn',
    values: making,
    unit: 'ms',
    also: { bytes: [size] },
  })
}, 900_000)
