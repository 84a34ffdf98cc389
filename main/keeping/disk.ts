/**
 * What archives take on this device, and the room that is given back: content that was looked at and is not kept is a
 * cache with a budget, of which the blocks go first that were used least recently. What is kept never goes, nor what
 * another kept name shares with what goes, nor lists, nor anything of an archive of ours.
 */
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import type { ArchiveUse, DiskUse, FolderUse } from '../../preload/contract/models.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { bytesOf, countHeld, heldIn } from '../archives/blocks.ts'
import type { Store } from '../archives/store.ts'
import type { Log } from '../lib/log.ts'
import { Mutex } from '../lib/mutex.ts'
import { everySo } from '../lib/pulse.ts'
import { countOf, cut, type Range, type Ranges, rangesOf, within, without } from '../lib/ranges.ts'
import { READ, READING } from '../read/blob.ts'
import { descendants } from '../read/entries.ts'
import type { SettingsService } from '../settings/settings.ts'
import { placesOf } from './parts.ts'
import { CHUNK, type Recency } from './recency.ts'

/** The budget is looked at after this much quiet, in milliseconds, once this share of it has come in, in bytes no more than so many. */
const SOON = 1000
const SHARE = 0.02
const AT_MOST = 64 << 20
/** Beyond its budget the cache is cleared down to this share of it. */
const ENOUGH = 0.9
/** From so many bytes of friends' content on, room is reserved so that some of it can be given up on a full disk. */
const WORTH_RESERVING = 64 << 20
/** Between two looks at whether it is so much, in milliseconds. */
const LOOKING = 5000

export class Disk {
  readonly #store: Store
  readonly #archives: Archives
  readonly #settings: SettingsService
  readonly #recency: Recency
  readonly #log: Log
  readonly #kept: (key: string) => Promise<Ranges>
  readonly #watched = new WeakSet<Archive>()
  /** Runs of blocks that somebody is reading now. */
  readonly #inUse = new Map<string, Set<Range>>()
  readonly #clearing = new Mutex()
  #came = 0
  #stop = () => {}
  #soon: NodeJS.Timeout | null = null
  #closed = false

  /** `kept`: blocks of an archive that must stay; throws when that cannot be told. */
  constructor(
    store: Store,
    archives: Archives,
    settings: SettingsService,
    recency: Recency,
    log: Log,
    kept: (key: string) => Promise<Ranges>,
  ) {
    this.#store = store
    this.#archives = archives
    this.#settings = settings
    this.#recency = recency
    this.#log = log
    this.#kept = kept
  }

  start(): void {
    this.#archives.onChange(key => this.#watch(key))
    for (const { key } of this.#archives.records()) this.#watch(key)
    this.#settings.onCache(() => this.#trimSoon())
    this.#trimSoon()
    this.#stop = everySo(LOOKING, () => this.#reserve())
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#stop()
    await this.#recency.save()
    await this.#clearing.run(async () => {})
  }

  async use(): Promise<DiskUse> {
    const archives: ArchiveUse[] = []
    for (const { key } of this.#archives.records()) {
      if (!this.#archives.has(key)) continue
      const archive = this.#archives.get(key)
      const list = archive.drive.core
      archives.push({
        key,
        content: await this.#bytesOf(archive, heldIn(archive.blobs?.core)),
        cached: await this.#bytesOf(archive, await this.#cached(key)),
        list: await bytesOf(list, heldIn(list)),
      })
    }
    const { taken, free } = await this.#store.room()
    const cached = archives.reduce((sum, one) => sum + one.cached, 0)
    return { store: taken, free, budget: this.#settings.current.cache, cached, archives }
  }

  /** By what lies directly in a folder of the newest version. Throws ARCHIVE_NOT_READY. */
  folder(key: string, folder: string): Promise<FolderUse> {
    const archive = this.#archives.get(key)
    return archive.at(null, async snapshot => {
      const prefix = folder === '/' ? '/' : `${folder}/`
      const entries = new Map<string, Counted>()
      const places: Range[] = []
      const core = archive.blobs?.core
      for await (const entry of descendants(snapshot, folder)) {
        if (entry.kind !== 'file' || !entry.path.startsWith(prefix)) continue
        const stands = await placesHere(archive.drive, entry)
        if (folder === '/') places.push(...stands)
        const [name = '', ...below] = entry.path.slice(prefix.length).split('/')
        const one = entries.get(name) ?? { kind: below.length > 0 ? 'folder' : 'file', held: 0, size: 0 }
        one.held += await heldOf(core, entry.size, stands)
        one.size += entry.size
        entries.set(name, one)
      }
      if (folder !== '/') return { entries: listed(entries, prefix), older: 0 }
      const newest = await this.#bytesOf(archive, heldIn(core, rangesOf(places)))
      return {
        entries: listed(entries, prefix),
        older: Math.max(0, (await this.#bytesOf(archive, heldIn(core))) - newest),
      }
    })
  }

  /** Clears what is only cached, of one archive or of all, and gives its room back. Returns the bytes of content that went. */
  async clear(key: string | null): Promise<number> {
    if (key !== null) this.#archives.record(key)
    return this.makingRoom(async () => {
      const cleared = await this.#clearing.run(async () => {
        let bytes = 0
        for (const one of this.#archives.records())
          if ((key === null || one.key === key) && this.#archives.has(one.key))
            bytes += await this.#clear(one.key, await this.#cached(one.key))
        return bytes
      })
      if (cleared > 0) await this.#archives.compact()
      return cleared
    })
  }

  /** For what gives room back, also on a full disk. Throws NO_ROOM where it is too full even for that. */
  makingRoom<T>(task: () => Promise<T>): Promise<T> {
    return this.#store.reserve.lend(task)
  }

  /** Deletes these blocks, kept or not, and gives their room back. Those that are being read stay. Returns their bytes. */
  async free(key: string, ranges: Ranges): Promise<number> {
    const cleared = await this.#clearing.run(async () => {
      const held = heldIn(this.#archives.get(key).blobs?.core, ranges)
      return this.#clear(key, without(held, rangesOf(this.#inUse.get(key) ?? [])))
    })
    if (cleared > 0) await this.#archives.compact()
    return cleared
  }

  /** Blocks that are here, are not kept, and are not being read. */
  async #cached(key: string): Promise<Ranges> {
    const { blobs } = this.#archives.get(key)
    if (this.#archives.record(key).namespace !== null || blobs === null) return []
    try {
      const kept = await this.#kept(key)
      return without(without(heldIn(blobs.core), kept), rangesOf(this.#inUse.get(key) ?? []))
    } catch {
      // Where it cannot be told what is kept, everything is.
      return []
    }
  }

  async #clear(key: string, places: Ranges): Promise<number> {
    const archive = this.#archives.get(key)
    const bytes = await this.#bytesOf(archive, places)
    if (bytes === 0) return 0
    // Written down first: after a kill in between, the next start gives the room back.
    await this.#archives.cleared(bytes)
    await archive.clear(places)
    this.#archives.touch(key)
    return bytes
  }

  #bytesOf({ blobs }: Archive, held: Ranges): Promise<number> {
    return blobs === null ? Promise.resolve(0) : bytesOf(blobs.core, held)
  }

  #watch(key: string): void {
    if (!this.#archives.has(key)) {
      this.#recency.forget(key)
      this.#inUse.delete(key)
      return
    }
    const archive = this.#archives.get(key)
    if (this.#watched.has(archive) || this.#archives.record(key).namespace !== null) return
    this.#watched.add(archive)
    void archive.drive.getBlobs().then(
      blobs => {
        if (blobs === null) return
        const inUse = new Set<Range>()
        this.#inUse.set(key, inUse)
        blobs.core.on('download', (index: number, bytes: number) => {
          if (!this.#isCache(key)) return
          this.#recency.used(key, { start: index, end: index + 1 })
          this.#came += bytes
          if (this.#came > Math.min(AT_MOST, this.#settings.current.cache * SHARE)) this.#trimSoon()
        })
        blobs.core.on(READING, (range: Range) => {
          if (this.#isCache(key)) this.#recency.used(key, range)
          inUse.add(range)
        })
        blobs.core.on(READ, (range: Range) => inUse.delete(range))
      },
      () => {},
    )
  }

  /** As long as there is something whose room is worth more. */
  #reserve(): void {
    const friends = this.#archives.rows.values().filter(({ ownership }) => ownership === 'friends')
    if (friends.reduce((sum, { held }) => sum + held.bytes, 0) >= WORTH_RESERVING) this.#store.reserve.want()
  }

  /** Some of it may go. Of the others nothing is remembered: what is kept no more is older than everything else. */
  #isCache(key: string): boolean {
    if (!this.#archives.has(key)) return false
    const { how } = this.#archives.record(key).keeping
    return how === 'look' || how === 'parts'
  }

  #trimSoon(): void {
    if (this.#closed) return
    this.#soon ??= setTimeout(() => {
      this.#soon = null
      this.#came = 0
      void this.#clearing.run(() => this.#trim()).catch(error => this.#log.warn({ err: error }, 'trimming failed'))
    }, SOON).unref()
  }

  /** What was used least recently goes until the cache is within its budget. */
  async #trim(): Promise<void> {
    const { cache } = this.#settings.current
    const chunks: { readonly key: string; readonly range: Range; readonly turn: number }[] = []
    let bytes = 0
    for (const { key } of this.#archives.records()) {
      if (this.#closed) return
      if (!this.#archives.has(key)) continue
      const cached = await this.#cached(key)
      bytes += await this.#bytesOf(this.#archives.get(key), cached)
      for (const range of cut(cached, CHUNK)) chunks.push({ key, range, turn: this.#recency.lastUse(key, range.start) })
    }
    if (bytes <= cache) return
    chunks.sort((a, b) => a.turn - b.turn)
    const victims = new Map<string, Range[]>()
    for (const { key, range } of chunks) {
      if (bytes <= cache * ENOUGH) break
      if (!this.#archives.has(key)) continue
      bytes -= await this.#bytesOf(this.#archives.get(key), [range])
      const some = victims.get(key)
      if (some === undefined) victims.set(key, [range])
      else some.push(range)
    }
    for (const [key, ranges] of victims) {
      if (this.#closed) return
      // Asked again: meanwhile some of it may be kept, or read.
      if (this.#archives.has(key)) await this.#clear(key, within(rangesOf(ranges), await this.#cached(key)))
    }
    await this.#archives.compact()
  }
}

type Counted = { readonly kind: 'file' | 'folder'; held: number; size: number }

const listed = (entries: ReadonlyMap<string, Counted>, prefix: string): FolderUse['entries'] =>
  [...entries].map(([name, one]) => ({ name, path: prefix + name, ...one }))

/** Bytes of a file that are here. Of one that is here in part its blocks are added up. */
async function heldOf(core: Hypercore | undefined, size: number, places: readonly Range[]): Promise<number> {
  const ranges = rangesOf(places)
  const held = countHeld(core, ranges)
  if (core === undefined || held === 0) return 0
  return held === countOf(ranges) ? size : Math.min(size, await bytesOf(core, heldIn(core, ranges)))
}

/** Content that would have to be asked for to be counted counts nothing. */
async function placesHere(drive: Hyperdrive, entry: Parameters<typeof placesOf>[1]): Promise<readonly Range[]> {
  if (entry.blob?.blockMap !== true) return placesOf(drive, entry)
  const own = { start: entry.blob.blockOffset, end: entry.blob.blockOffset + entry.blob.blockLength }
  return without([own], heldIn(drive.blobs?.core, [own])).length > 0 ? [] : placesOf(drive, entry)
}
