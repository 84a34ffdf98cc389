/** What is not on the disk yet is told to nobody: neither to those who are connected, nor to those who come meanwhile. */
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Hypercore from 'hypercore'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import type * as StoreModule from '../../main/archives/store.ts'
import { publish, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { type Follower, follow } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

/** While it is set, each flush waits until it is let through. */
const disk = vi.hoisted(() => {
  const waiting: (() => void)[] = []
  return { slow: false, waiting }
})
vi.mock('../../main/archives/store.ts', async original => {
  const { openStore } = await original<typeof StoreModule>()
  return {
    openStore: async (storage: string): Promise<StoreModule.Store> => {
      const store = await openStore(storage)
      const flush = async () => {
        if (disk.slow) await new Promise<void>(resolve => disk.waiting.push(resolve))
        await store.flush()
      }
      return { ...store, flush }
    },
  }
})

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

/** Waits until the author has said how long both cores are, and says what it said. Followers meet one another as well. */
async function told({ drive }: Follower, author: string): Promise<{ readonly list: number; readonly blobs: number }> {
  const { core } = await drive.getBlobs()
  const lengthOf = ({ peers }: Hypercore) =>
    peers.find(({ remotePublicKey }) => encodeKey(remotePublicKey) === author)?.remoteLength ?? 0
  const said = () => ({ list: lengthOf(drive.core), blobs: lengthOf(core) })
  await expect.poll(() => Math.min(...Object.values(said()))).toBeGreaterThan(0)
  return said()
}

/** How many blocks of content the files that are listed need. */
async function ends({ drive }: Follower): Promise<number> {
  let end = 0
  for await (const { value } of drive.list('/'))
    if (value.blob) end = Math.max(end, value.blob.blockOffset + value.blob.blockLength)
  return end
}

test.each([
  ['a small file', Buffer.from('new')],
  ['a large file', Buffer.alloc(20 << 20, 'large')],
])('%s is told of when it is on the disk, and not before', async (_, content) => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'a.txt': 'a', 'b.bin': Buffer.alloc(600_000, 'b') })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [source])
  const { publicKey: author } = await waitFor(
    signal => ana.client.network.watch(undefined, { signal }),
    null,
    () => true,
  )
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  const early = await follow(testnet.bootstrap, key)
  await early.knows(length)
  const before = { list: length, blobs: await ends(early) }
  await expect.poll(() => told(early, author)).toEqual(before)

  disk.slow = true
  try {
    // As a whole: seen while it is still empty, it would be published as that first.
    const written = join(await temporaryFolder('written'), 'new')
    await writeFile(written, content)
    await rename(written, join(source, 'new'))
    // One flush after another, with a newcomer in each. What one flush was waited for with may be told in the next.
    for (let flushes = 0; ; flushes++) {
      await expect.poll(() => disk.waiting.length > 0 || early.drive.core.length > length).toBe(true)
      if (early.drive.core.length > length) {
        expect(flushes).toBeGreaterThan(0)
        break
      }
      const newcomer = await follow(testnet.bootstrap, key)
      for (const { list, blobs } of [await told(newcomer, author), await told(early, author)]) {
        expect(list).toBe(before.list)
        if (flushes === 0) expect(blobs).toBe(before.blobs)
      }
      disk.waiting.shift()!()
    }
  } finally {
    disk.slow = false
    for (const resume of disk.waiting.splice(0)) resume()
  }
  await expect.poll(async () => (await told(early, author)).blobs).toBe(await ends(early))
  expect(await ends(early)).toBeGreaterThan(before.blobs)
})
