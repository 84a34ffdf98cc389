/**
 * The one Corestore of this storage. It has a folder of its own, because Corestore moves foreign files in its
 * directory into `db/`.
 *
 * `flush` is what stands between an acknowledged write and a power cut: RocksDB's log is not synced, and of the three
 * flushes to be found in the storage only the one on `storage.db` writes the memtables to synced files.
 */
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import Corestore from 'corestore'
import type Hypercore from 'hypercore'
import HypercoreStorage from 'hypercore-storage'
import Rache from 'rache'
import { AppError } from '../../preload/contract/errors.ts'
import { Reserve } from '../lib/reserve.ts'
import { requireRoom } from '../lib/room.ts'
import { passOverAbandoned } from './abandoned.ts'
import { refuseEndless } from './endless.ts'
import { refuseLoneNodes } from './lone-nodes.ts'

export type Store = {
  readonly corestore: Corestore
  readonly folder: string
  /** Bytes that it takes on the disk, and bytes that are free there. */
  room(): Promise<{ readonly taken: number; readonly free: number }>
  /** Throws NO_ROOM when its disk is full. */
  requireRoom(): Promise<void>
  /** What is given up on a full disk so that something can be deleted there. */
  readonly reserve: Pick<Reserve, 'want' | 'lend'>
  /** Everything written so far survives a power cut once this resolves. Takes 7 to 20 ms. */
  flush(): Promise<void>
  /**
   * Peers are answered about these cores and no others. Corestore alone answers about every core that was ever here, so
   * that a forgotten archive would still be seen as shared.
   */
  answerOnly(wanted: (discoveryKey: Buffer) => boolean): void
  /** Takes a core up on every connection that stands. Corestore does so by itself only for cores new to the process. */
  offer(core: Hypercore): void
  /**
   * Gives the room of cleared blocks back to the file system. Files in which nothing lives are deleted; `thorough` also
   * rewrites those in which something does, which costs as much as all that is in the store.
   */
  compact(thorough: boolean): Promise<void>
  close(): Promise<void>
}

type Core = NonNullable<Hypercore['core']>
type Inner = {
  _attachMaybe(muxer: unknown, discoveryKey: Buffer): Promise<void>
  _shouldReplicate(core: Core, muxer: unknown): boolean
  readonly streamTracker: { attachAll(core: Core): void }
}

/**
 * `adopt`: the person says that a storage that was copied is to be used; called before anything of it is changed. Throws
 * STORAGE_IN_USE when another process has it, STORAGE_UNUSABLE with the reason otherwise.
 */
export async function openStore(storage: string, adopt: (() => Promise<void>) | null = null): Promise<Store> {
  const folder = join(storage, 'store')
  let corestore: Corestore
  let reserve: Reserve
  try {
    reserve = await Reserve.open(storage)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const device = join(folder, 'CORESTORE')
    // Left so by a power cut while the storage was being made: it says nothing, and would refuse every later start.
    if ((await stat(device).catch(() => null))?.size === 0) await rm(device)
    corestore = await openCorestore(folder).catch(async error => {
      if (adopt === null || !isMoved(error)) throw error
      await adopt()
      await rm(device)
      return openCorestore(folder)
    })
    await sync(device)
  } catch (error) {
    throw explain(error, storage)
  }
  return {
    corestore,
    folder,
    async room() {
      const [taken, { bavail, bsize }] = await Promise.all([sizeOf(folder), statfs(folder)])
      return { taken, free: bavail * bsize }
    },
    requireRoom: () => requireRoom(folder),
    reserve,
    flush: () => corestore.storage.db.flush(),
    answerOnly(wanted) {
      const inner = corestore as unknown as Inner
      const attach = inner._attachMaybe.bind(corestore)
      inner._attachMaybe = async (muxer, discoveryKey) => {
        if (wanted(discoveryKey)) await attach(muxer, discoveryKey)
      }
      // A new connection takes up every open core that wants blocks, and such a core every connection.
      const should = inner._shouldReplicate.bind(corestore)
      inner._shouldReplicate = (core, muxer) => wanted(core.discoveryKey) && should(core, muxer)
      const { streamTracker } = inner
      const attachAll = streamTracker.attachAll.bind(streamTracker)
      streamTracker.attachAll = core => {
        if (wanted(core.discoveryKey)) attachAll(core)
      }
    },
    offer(core) {
      if (core.core !== null) (corestore as unknown as Inner).streamTracker.attachAll(core.core)
    },
    compact: thorough => corestore.storage.compact(thorough ? THOROUGH : {}),
    close: async () => {
      await reserve.close()
      await corestore.close()
    },
  }
}

/** As `du` counts, but for holes on Windows, which tells of no blocks. */
async function sizeOf(path: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(path, { withFileTypes: true })).map(async entry => {
      const inner = join(path, entry.name)
      if (entry.isDirectory()) return sizeOf(inner).catch(() => 0)
      // RocksDB deletes files while they are counted.
      const stats = await stat(inner).catch(() => null)
      return stats === null ? 0 : process.platform === 'win32' ? stats.size : stats.blocks * 512
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function sync(path: string): Promise<void> {
  const file = await open(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Entries of lists that are kept in memory, of all archives and versions together. Without it each of them keeps 65,536. */
const NODES = 8192

/**
 * Rewrites every file of content, with RocksDB's FORCE in the binding's numbers. A merge that RocksDB made by itself leaves
 * nothing above the lowest level, and without the last line nothing would be done then: a file of content in which a single
 * block lives would stay.
 */
const THOROUGH = {
  blobGarbageCollectionPolicy: 1,
  blobGarbageCollectionAgeCutoff: 1,
  bottommostLevelCompaction: 2,
} as const

/**
 * Without a cut-off RocksDB rewrites the oldest quarter of all content whenever it merges tables, of which a large
 * import has many: a third of the time, for room that nobody has freed.
 */
async function openCorestore(folder: string): Promise<Corestore> {
  const corestore = new Corestore(
    new HypercoreStorage(folder, {
      writeBufferSize: 16 << 20,
      blobGarbageCollectionAgeCutOff: 0,
      treeCache: { maxSize: 32_768 },
    }),
    { globalCache: new Rache({ maxSize: NODES }) },
  )
  corestore.watch(core => {
    passOverAbandoned(core.replicator)
    refuseEndless(core)
    refuseLoneNodes(core)
  })
  await corestore.ready()
  return corestore
}

/** Its device file is not the one that was made there. It is locked by nobody then. */
const isMoved = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'DEVICE_FILE' ||
  (error instanceof Error && /device file/i.test(error.message))

function explain(error: unknown, storage: string): AppError {
  const message = error instanceof Error ? error.message : String(error)
  if (/locked|lock file/i.test(message))
    return new AppError(
      'STORAGE_IN_USE',
      `Another Cairn is already running on ${storage}. Use that one, stop it first, or choose another folder with --storage.`,
      { storage },
    )
  const code = (error as NodeJS.ErrnoException).code
  const why = isMoved(error)
    ? 'it was copied, restored from a backup, or moved from another disk. Two copies of one storage that both publish would sign two histories with one key, which breaks these archives for everybody. If no other copy is in use any more, start Cairn once with --adopt: your own archives then catch up from friends before anything is added to them'
    : code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
      ? 'it may not be written to'
      : code === 'ENOSPC'
        ? 'the disk is full'
        : message
  return new AppError('STORAGE_UNUSABLE', `The storage ${storage} cannot be opened: ${why}.`, { storage, why })
}
