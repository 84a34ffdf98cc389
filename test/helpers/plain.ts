/** Nothing of ours: plain Hyperdrives over a plain Hyperswarm, as any other program of the network has them. */
import { join } from 'node:path'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { onTestFinished } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import { digestOf, temporaryFolder } from './files.ts'
import { nodeBeside } from './testnet.ts'

/** A store and a swarm that replicates all of it; both end with the test. */
export async function plainPeer(
  bootstrap: readonly string[],
): Promise<{ readonly store: Corestore; readonly swarm: Hyperswarm }> {
  if (bootstrap.length === 0) throw new Error('Tests never use the public DHT')
  const store = new Corestore(join(await temporaryFolder('plain'), 'store'))
  onTestFinished(() => store.close())
  return { store, swarm: replicating(store, bootstrap) }
}

/** One more swarm for a store, as after a restart. */
export function replicating(store: Corestore, bootstrap: readonly string[]): Hyperswarm {
  const swarm = new Hyperswarm({ dht: nodeBeside(bootstrap) })
  swarm.on('connection', connection => {
    // An author that is killed takes its connection along.
    connection.on('error', () => {})
    store.replicate(connection)
  })
  onTestFinished(() => swarm.destroy({ force: true }))
  return swarm
}

/** The blocks of content that lie in a store that nobody uses any more. */
export async function blocksIn(folder: string, key: string): Promise<readonly number[]> {
  const store = new Corestore(folder, { allowBackup: true })
  try {
    const drive = new Hyperdrive(store.session(), decodeKey(key))
    await drive.ready()
    const { core } = await drive.getBlobs()
    const blocks: number[] = []
    for (let index = 0; index < core.length; index++) if (await core.has(index)) blocks.push(index)
    await drive.close()
    return blocks
  } finally {
    await store.close()
  }
}

/** Somebody who follows an archive, and remembers every version that was ever announced here. */
export type Follower = {
  readonly drive: Hyperdrive
  /** Lengths of the metadata core, in the order in which they were heard of. */
  readonly heard: readonly number[]
  /** Waits until at least this version is known here. */
  knows(length: number, milliseconds?: number): Promise<void>
  /** Waits until a version after this one is known here, and says which is the newest. */
  after(length: number, milliseconds?: number): Promise<number>
  /** Waits until the author connects (anew). */
  connected(milliseconds?: number): Promise<void>
  /** What one version holds, as `readTree` tells of a folder. Bytes are fetched and compared by their digest. */
  tree(version: number): Promise<Record<string, string>>
}

export async function follow(bootstrap: readonly string[], key: string): Promise<Follower> {
  const { store, swarm } = await plainPeer(bootstrap)
  const drive = new Hyperdrive(store, decodeKey(key))
  await drive.ready()
  const heard: number[] = []
  drive.core.on('append', () => heard.push(drive.core.length))
  swarm.join(drive.discoveryKey, { client: true, server: true })
  const digests = new Map<string, string>()
  /** `wanted` null: the next event will do. */
  const until = async (
    wanted: (() => boolean) | null,
    events: readonly string[],
    milliseconds: number,
    what: string,
  ) => {
    if (wanted?.() === true) return
    await new Promise<void>((resolve, reject) => {
      const stop = (then: () => void) => {
        clearTimeout(timer)
        for (const event of events) drive.core.off(event, look)
        then()
      }
      const look = () => wanted?.() !== false && stop(resolve)
      const timer = setTimeout(
        () => stop(() => reject(new Error(`Not in time: ${what}; the newest version known is ${drive.core.length}`))),
        milliseconds,
      )
      for (const event of events) drive.core.on(event, look)
    })
  }
  return {
    drive,
    heard,
    knows: (length, milliseconds = 45_000) =>
      until(() => drive.core.length >= length, ['append'], milliseconds, `version ${length}`),
    after: async (length, milliseconds = 45_000) => {
      await until(() => drive.core.length > length, ['append'], milliseconds, `a version after ${length}`)
      return drive.core.length
    },
    connected: (milliseconds = 45_000) => until(null, ['peer-add'], milliseconds, 'nobody came'),
    tree: version => treeOf(drive, version, digests),
  }
}

/** `digests`: what blobs were found to hold; they never change. */
export async function treeOf(
  drive: Hyperdrive,
  version: number,
  digests = new Map<string, string>(),
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const snapshot = drive.checkout(version)
  try {
    await snapshot.ready()
    const files: Promise<void>[] = []
    for await (const { key, value } of snapshot.entries({ gt: '/', lt: '0' })) {
      if (key.startsWith('/.cairn/')) continue
      const path = key.slice(1)
      if (typeof value.linkname === 'string') {
        found[path] = `link ${value.linkname}`
        continue
      }
      const mtime = (value.metadata as { readonly mtime?: number } | null)?.mtime
      const suffix = `${value.executable === true ? 'x' : '-'} ${mtime === undefined ? '' : Math.round(mtime * 1000)}`
      const place = JSON.stringify(value.blob ?? null)
      const read = async () => {
        const known = digests.get(place) ?? digestOf(await contentOf(drive, value))
        digests.set(place, known)
        found[path] = `${known} ${suffix}`
      }
      files.push(read())
    }
    await Promise.all(files)
  } finally {
    await snapshot.close()
  }
  return found
}

async function contentOf(drive: Hyperdrive, { blob }: Hyperdrive.EntryValue): Promise<Buffer> {
  if (blob === null || blob === undefined) return Buffer.alloc(0)
  return (await (await drive.getBlobs()).get(blob, { timeout: 60_000 })) ?? Buffer.alloc(0)
}
