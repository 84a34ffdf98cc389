/** What passes is within the limits, as the socket of the other side counts it. */
import { randomBytes } from 'node:crypto'
import type Net from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Hyperdrive from 'hyperdrive'
import type Hyperswarm from 'hyperswarm'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import type { TrafficRow } from '../../preload/contract/models.ts'
import { isFound, type Person, publish, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

/** What was accepted at any port of this process. */
const accepted = vi.hoisted((): Socket[] => [])
vi.mock('node:net', async original => {
  const net = await original<typeof Net>()
  const createServer = (...args: Parameters<typeof net.createServer>) => {
    const server = net.createServer(...args)
    server.on('connection', socket => accepted.push(socket))
    return server
  }
  return { ...net, default: net, createServer }
})

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const KB = 1000
const MB = 1000 * KB

const limit = (person: Person, change: { readonly down?: number | null; readonly up?: number | null }) =>
  person.client.settings.update({
    limits: { down: null, up: null, schedule: [], connections: 64, ...change },
  })

async function folderOf(bytes: number): Promise<string> {
  const folder = await temporaryFolder('cairn-limits')
  await writeTree(folder, { 'large.bin': randomBytes(bytes) })
  return folder
}

/** Bytes a second over some seconds, by a counter of the other side. */
async function measured(count: () => number, seconds: number): Promise<number> {
  const [before, at] = [count(), performance.now()]
  await sleep(seconds * 1000)
  return ((count() - before) / (performance.now() - at)) * 1000
}

/** A plain reader who downloads everything of an archive. `received` counts at its socket, `brought` in its streams: each byte once. */
async function plainReader(key: string) {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const connections: Hyperswarm.Connection[] = []
  swarm.on('connection', (connection: Hyperswarm.Connection) => connections.push(connection))
  const drive = new Hyperdrive(store, decodeKey(key))
  await drive.ready()
  // Readers who find each other would give each other what they have.
  swarm.join(drive.discoveryKey, { client: true, server: false })
  await drive.core.update({ wait: true })
  const blobs = await drive.getBlobs()
  blobs.core.download({ start: 0, end: -1 })
  const { udx } = swarm.dht
  const brought = () => connections.reduce((sum, { rawBytesRead }) => sum + rawBytesRead, 0)
  return { drive, blobs, swarm, received: () => udx.bytesReceived, brought }
}

/** Plain holders of a new archive, who serve it; `sent` counts at their sockets. */
async function plainHolders(bytes: number, howMany: number) {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/large.bin', randomBytes(bytes))
  await drive.put('/small.txt', Buffer.from('small'))
  await swarm.join(drive.discoveryKey).flushed()
  const key = encodeKey(drive.key)
  const sockets = [swarm.dht.udx]
  for (let other = 1; other < howMany; other++) {
    const copy = await plainReader(key)
    await copy.swarm.join(drive.discoveryKey).flushed()
    await expect.poll(() => copy.blobs.core.contiguousLength).toBe((await drive.getBlobs()).core.length)
    sockets.push(copy.swarm.dht.udx)
  }
  return { key, sent: sockets.map(udx => () => udx.bytesTransmitted) }
}

const total = (counts: readonly (() => number)[]) => () => counts.reduce((sum, count) => sum + count(), 0)

/** Blocks of content, as the appender makes them. */
const BLOCK = 256 << 10

/** Within five of a hundred, beside one block at each end; a machine that is busy with something else may be slower. */
function expectLimit(rate: number, limit: number, seconds: number): void {
  expect(rate).toBeLessThan(limit * 1.05 + BLOCK / seconds)
  expect(rate).toBeGreaterThan(limit * 0.6 - (2 * BLOCK) / seconds)
}

/** What may come at once after a pause, in seconds of the limit. */
const HELD_BACK = 0.1

/** What may have come at most since a limit began to hold, however late it comes. */
class Allowance {
  #bytes: number
  #rate: number
  #since = performance.now()

  constructor(rate: number) {
    this.#rate = rate
    this.#bytes = rate * HELD_BACK + 2 * BLOCK
  }

  /** Another limit holds: to be called before a higher one does, and after a lower one. */
  change(rate: number): void {
    this.#bytes = this.bytes
    this.#rate = rate
    this.#since = performance.now()
  }

  get bytes(): number {
    return this.#bytes + ((performance.now() - this.#since) / 1000) * this.#rate * 1.05
  }
}

test('what is sent stays within the limit, is shared fairly, and another limit or a pause holds at once', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [await folderOf(40 * MB)])
  await limit(ana, { up: MB })
  const allowance = new Allowance(MB)
  const readers = await Promise.all([plainReader(key), plainReader(key)])
  const received = readers.map(reader => reader.received)
  const brought = total(readers.map(reader => reader.brought))
  for (const count of received) await expect.poll(count).toBeGreaterThan(300 * KB)
  const before = received.map(count => count())
  expectLimit(await measured(total(received), 2), MB, 2)
  const [one, other] = received.map((count, index) => count() - before[index]!)
  expect(Math.abs(one! - other!)).toBeLessThan(2 * BLOCK)
  expect(brought()).toBeLessThan(allowance.bytes)
  allowance.change(4 * MB)
  await limit(ana, { up: 4 * MB })
  expectLimit(await measured(total(received), 1), 4 * MB, 1)
  expect(brought()).toBeLessThan(allowance.bytes)
  await ana.client.archives.setLimits({ key, down: null, up: 500 * KB })
  // What was being sent by then.
  await measured(total(received), 0.2)
  expectLimit(await measured(total(received), 1.5), 500 * KB, 1.5)
  await ana.client.settings.update({ paused: true })
  await waitFor(
    signal => ana.client.network.watch(undefined, { signal }),
    'network',
    ({ state }) => state.name === 'paused',
  )
  // The readers look for others meanwhile.
  expect(await measured(total(received), 0.3)).toBeLessThan(5 * KB)
})

test('what comes stays within the limit, from all who have it', async () => {
  const { key, sent } = await plainHolders(16 * MB, 2)
  const ben = await startPerson(testnet.bootstrap)
  await limit(ben, { down: MB })
  await ben.client.archives.open({ link: `hyper://${key}` })
  await ben.archive(key, isFound)
  await ben.client.archives.keep({ key, keep: true })
  const before = sent.map(count => count())
  await expect.poll(total(sent)).toBeGreaterThan(before.reduce((sum, count) => sum + count, 300 * KB))
  expectLimit(await measured(total(sent), 2), MB, 2)
  // A list and what is in it do not wait for all that.
  const { entries } = await ben.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 })
  expect(entries.map(({ name }) => name)).toEqual(['large.bin', 'small.txt'])
  await limit(ben, { down: null })
  await ben.archive(key, ({ held }) => held.ofBlocks > 0 && held.blocks === held.ofBlocks)
  for (const [index, count] of sent.entries()) expect(count() - before[index]!).toBeGreaterThan(BLOCK)
})

test('the same holds over TCP; a pause outlasts a restart, and everything goes on after it', async () => {
  const ana = await startPerson(testnet.bootstrap)
  let ben = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [await folderOf(10 * MB)])
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound)
  await ben.client.archives.setLimits({ key, down: MB, up: null })
  const start = accepted.length
  const passed = () => accepted.reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0)
  expect(start).toBeGreaterThan(0)
  const before = passed()
  await ben.client.archives.keep({ key, keep: true })
  await expect.poll(passed).toBeGreaterThan(before + 300 * KB)
  expectLimit(await measured(passed, 1.5), MB, 1.5)

  await ben.client.settings.update({ paused: true })
  await ana.archive(key, ({ peers }) => peers === 0)
  await ben.close()
  ben = await startPerson(testnet.bootstrap, { storage: ben.storage })
  const status = await waitFor(
    signal => ben.client.network.watch(undefined, { signal }),
    'network',
    () => true,
  )
  expect([status.state.name, status.peers]).toEqual(['paused', 0])
  const row = await ben.archive(key, () => true)
  expect([row.limits, row.peers]).toEqual([{ down: MB, up: null }, 0])
  await ben.client.archives.setLimits({ key, down: null, up: null })
  await ben.client.settings.update({ paused: false })
  await ben.archive(key, ({ held }) => held.blocks === held.ofBlocks)
})

test('a schedule takes over at its hour in the middle of a transfer, and gives back; a day ends at midnight', async () => {
  let now = new Date(2026, 10, 20, 21, 59, 30)
  const ana = await startPerson(testnet.bootstrap, { clock: () => now })
  const { key } = await publish(ana, [await folderOf(40 * MB)])
  const nights = { days: [5], from: 22 * 60, to: 6 * 60, down: null, up: 500 * KB }
  await ana.client.settings.update({ limits: { down: null, up: 4 * MB, schedule: [nights], connections: 64 } })
  const { received } = await plainReader(key)
  await expect.poll(received).toBeGreaterThan(MB)
  expectLimit(await measured(received, 1), 4 * MB, 1)
  const inForce = (scheduled: boolean) =>
    waitFor(
      signal => ana.client.network.watch(undefined, { signal }),
      'network',
      ({ limits }) => limits.scheduled === scheduled,
    )
  now = new Date(2026, 10, 20, 22, 0)
  expect((await inForce(true)).limits).toEqual({ down: null, up: 500 * KB, scheduled: true })
  // What was being sent by then.
  await measured(received, 0.3)
  expectLimit(await measured(received, 2), 500 * KB, 2)

  const traffic = (wanted: (row: TrafficRow) => boolean) =>
    waitFor(signal => ana.client.peers.watchTraffic(undefined, { signal }), key, wanted)
  const evening = await traffic(({ today }) => today.bytesUp > 0)
  expect(evening.today).toEqual(evening.ever)
  now = new Date(2026, 10, 21, 0, 0)
  const day = await traffic(({ today, ever }) => today.bytesUp < ever.bytesUp && today.bytesUp > 0)
  // All of it passed on one of the two days, none on both, and no block in between is missing.
  const before = day.ever.bytesUp - day.today.bytesUp
  expect(before).toBeGreaterThanOrEqual(evening.ever.bytesUp)
  const later = await traffic(({ ever }) => ever.bytesUp > day.ever.bytesUp)
  expect(later.ever.bytesUp - later.today.bytesUp).toBe(before)

  now = new Date(2026, 10, 21, 5, 59, 59)
  expect((await inForce(true)).limits.up).toBe(500 * KB)
  now = new Date(2026, 10, 21, 6, 0)
  expect((await inForce(false)).limits).toEqual({ down: null, up: 4 * MB, scheduled: false })
  await measured(received, 0.3)
  expectLimit(await measured(received, 1), 4 * MB, 1)
})

test('of ten who come at once as many are let in as the person wants, and each who leaves makes room for another', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [await folderOf(2 * BLOCK)])
  await ana.client.settings.update({ limits: { down: null, up: null, schedule: [], connections: 4 } })
  let most = 0
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const watching = (async () => {
    for await (const changes of ana.client.network.watch(undefined, { signal: stop.signal }))
      for (const change of changes) if (change.op === 'put') most = Math.max(most, change.item.peers)
  })().catch(() => {})
  const readers = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const { store, swarm } = await plainPeer(testnet.bootstrap)
      const drive = new Hyperdrive(store, decodeKey(key))
      await drive.ready()
      await swarm.dht.fullyBootstrapped()
      return { drive, swarm, gone: false }
    }),
  )
  for (const { drive } of readers) drive.core.download({ start: 0, end: -1 })
  const sessions = readers.map(({ swarm, drive }) => swarm.join(drive.discoveryKey, { client: true, server: false }))
  const has = readers.map(
    ({ drive }) =>
      () =>
        drive.core.length > 0 && drive.core.contiguousLength === drive.core.length,
  )
  const served = () => readers.filter((_, index) => has[index]!())
  await expect.poll(() => served().length).toBe(4)
  // Those who were let in stay, however often the others knock.
  for (const session of sessions) void session.refresh({ client: true, server: false })
  await waitFor(
    signal => ana.client.network.watch(undefined, { signal }),
    'network',
    ({ peers }) => peers === 4,
  )
  expect(served().length).toBe(4)
  // One, all who are there at once, and those who came last: whoever is turned away asks again some seconds later.
  for (const [leavers, done] of [
    [1, 5],
    [4, 9],
    [4, 10],
  ] as const) {
    const leaving = served()
      .filter(({ gone }) => !gone)
      .slice(0, leavers)
    expect(leaving.length).toBe(leavers)
    for (const reader of leaving) {
      reader.gone = true
      await reader.swarm.destroy({ force: true })
    }
    await expect
      .poll(
        async () => {
          for (const [index, session] of sessions.entries())
            if (!has[index]!()) await session.refresh({ client: true, server: false }).catch(() => {})
          return served().length
        },
        { interval: 500 },
      )
      .toBe(done)
  }
  expect(most).toBe(4)
  stop.abort()
  await watching
})

test('what is looked at does not wait behind what is kept, and so many machines are connected as the person wants', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const ben = await startPerson(testnet.bootstrap)
  const large = await publish(ana, [await folderOf(4 * MB)])
  const small = await temporaryFolder('cairn-limits')
  await writeTree(small, Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.txt`, String(index)])))
  const texts = await publish(ana, [small])
  await limit(ben, { down: 60 * KB })
  await ben.client.archives.open({ link: large.link })
  await ben.archive(large.key, isFound)
  await ben.client.archives.keep({ key: large.key, keep: true })
  const before = await ben.archive(large.key, ({ held }) => held.blocks > 0)
  await ben.client.archives.open({ link: texts.link })
  await ben.archive(texts.key, isFound)
  const page = { version: null, folder: '/', cursor: null, limit: 500 }
  const { entries } = await ben.client.read.list({ key: texts.key, ...page })
  expect(entries.length).toBe(40)
  // A block of the large one takes more than four seconds.
  const after = await ben.archive(large.key, () => true)
  expect(after.held.blocks - before.held.blocks).toBeLessThanOrEqual(1)

  await Promise.all([plainReader(large.key), plainReader(large.key)])
  const connected = (wanted: number) =>
    waitFor(
      signal => ana.client.network.watch(undefined, { signal }),
      'network',
      ({ peers }) => peers === wanted,
    )
  await connected(3)
  await ana.client.settings.update({ limits: { down: null, up: null, schedule: [], connections: 1 } })
  await connected(1)
})

test('who asks for more at once than anybody asks for is let go, taken back or not', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [await folderOf(MB)])
  await limit(ana, { up: 50 * KB })
  for (const takesBack of [false, true]) {
    const { blobs } = await plainReader(key)
    await expect.poll(() => blobs.core.peers.length).toBe(1)
    const peer = blobs.core.peers[0] as unknown as Hoarder
    const none = { fork: 0, hash: null, seek: null, upgrade: null, manifest: false, priority: 0 }
    peer.protomux.cork()
    for (let id = 1000; id < 12_000; id++) {
      peer.wireRequest.send({ ...none, id, block: { index: id % 4, nodes: 0 } })
      if (takesBack && id % 100 > 0) peer.wireCancel.send({ request: id })
    }
    peer.protomux.uncork()
    await expect.poll(() => peer.stream.destroyed).toBe(true)
  }
})

/** The inside of a plain reader's peer. */
type Hoarder = {
  readonly protomux: { cork(): void; uncork(): void }
  readonly wireRequest: { send(request: object): void }
  readonly wireCancel: { send(cancel: object): void }
  readonly stream: { readonly destroyed: boolean }
}
