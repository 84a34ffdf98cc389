/** An author signs any length for a log without having what it names: whoever opens the link goes on as before. */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import Hypercore from 'hypercore'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { isFound, startPerson } from '../helpers/backend.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const LENGTH = 2 ** 40

/** The inside that it takes to sign what is not there. */
type Signing = {
  readonly verifier: { sign(tree: object, keyPair: Hypercore.KeyPair | null): Buffer }
  readonly state: Hypercore.State
}

async function claim(core: Hypercore, length: number): Promise<void> {
  const { state, verifier } = core.core as unknown as Signing
  const root = { index: length - 1, size: length, hash: randomBytes(32) }
  const claimed = { fork: 0, length, byteLength: length, roots: [root] }
  const tree = Object.assign(state.createTreeBatch(), claimed) as unknown as { hash(): Buffer }
  const signature = verifier.sign(tree, core.keyPair)
  const transaction = state.createWriteBatch() as Hypercore.Transaction & { setHead(head: object): void }
  transaction.putTreeNode(root)
  transaction.setHead({ fork: 0, length, rootHash: tree.hash(), signature, timestamp: Date.now() })
  await state.flush()
  Object.assign(state, { ...claimed, signature })
}

test('a log without an end is not counted', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/a.txt', Buffer.from('a'))
  const { value } = (await drive.entry('/a.txt'))!
  const blob = { blockOffset: 0, blockLength: LENGTH, byteOffset: 0, byteLength: LENGTH }
  await drive.putEntry('/endless.bin', { ...value, blob })
  await claim((await drive.getBlobs()).core, LENGTH)
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  const { core } = await drive.getBlobs()
  const sent = () => (core.peers[0] as unknown as Hypercore.ReplicatorPeer | undefined)?.stats.wireData.tx ?? 0
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  await expect.poll(sent).toBeGreaterThan(0)
  // What comes after it over the same connection has come: so has the claim.
  const { length } = await bob.archive(key, isFound)
  await drive.del('/a.txt')
  const row = await bob.archive(key, row => row.length > length)
  expect(row.held.ofBlocks).toBe(0)
  const { entries } = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 })
  expect(entries.map(({ name }) => name)).toEqual(['endless.bin'])
})

type Saying = {
  readonly wireRange: { send(range: { drop: boolean; start: number; length: number }): boolean }
  readonly wireBitfield: { send(said: { start: number; bitfield: Uint32Array }): boolean }
}

test('no room is kept for blocks that a peer says it has', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/a.txt', Buffer.from('a'))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  const { length } = await bob.archive(key, isFound)
  const { arrayBuffers } = process.memoryUsage()
  for (const peer of drive.core.core!.replicator.peers as unknown as Saying[]) {
    peer.wireRange.send({ drop: false, start: 1, length: 2 ** 31 })
    peer.wireRange.send({ drop: false, start: 2 ** 50, length: 1 })
    peer.wireBitfield.send({ start: 2 ** 50, bitfield: new Uint32Array(32).fill(-1) })
  }
  await drive.put('/b.txt', Buffer.from('b'))
  await bob.archive(key, row => row.length > length)
  expect((process.memoryUsage().arrayBuffers - arrayBuffers) >> 20).toBeLessThan(100)
})

/** Hyperbee's own words: which blocks of a list will be read. */
const { Extension } = createRequire(import.meta.url)('hyperbee/lib/messages') as {
  readonly Extension: { encode(message: object): Buffer }
}
type Telling = { readonly extension: { readonly outgoing: { broadcast(message: Buffer): void } } }

test('what a peer names of a list is fetched where it can be wanted, and little at a time', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/a.txt', Buffer.from('a'))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  const { length } = await bob.archive(key, isFound)
  const download = vi.spyOn(Hypercore.prototype, 'download')
  onTestFinished(() => void download.mockRestore())
  const blocks = Array.from({ length: 1000 }, (_, index) => 2 ** 30 + index)
  const { outgoing } = (drive.db as unknown as Telling).extension
  for (let times = 0; times < 200; times++)
    outgoing.broadcast(Extension.encode({ cache: { blocks, start: blocks[0]!, end: blocks.at(-1)! + 1 } }))
  await drive.put('/b.txt', Buffer.from('b'))
  await bob.archive(key, row => row.length > length)
  const named = download.mock.calls.flatMap(([range]) => [...(range.blocks ?? [])])
  expect(named.filter(block => block >= blocks[0]!)).toEqual([])
})
