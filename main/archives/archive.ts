/**
 * One open archive: its drive, the sessions on it, and what can be said of it without asking anybody. Every snapshot
 * is lent for the time of a function and closed after it: unclosed ones pile up as sessions.
 */
import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import Hyperdrive from 'hyperdrive'
import type Hyperblobs from 'hyperblobs'
import type Hypercore from 'hypercore'
import { AppError } from '../../preload/contract/errors.ts'
import type { Pin } from '../../preload/contract/models.ts'
import { boundContent, replaceContent } from '../lib/content-bound.ts'
import { Mutex } from '../lib/mutex.ts'
import { countOf, includes, type Ranges } from '../lib/ranges.ts'
import {
  ABOUT_PATH,
  type About,
  CHANGESET_PATH,
  EARLIER,
  parseAbout,
  parseChangeset,
  type RecordedChangeset,
  labelAt,
  parseLabel,
  type VersionLabel,
  type Whole,
} from './about.ts'
import { Appender, flushBeforeAnnouncing } from './appender.ts'
import { bytesOf, clearBlocks, heldIn } from './blocks.ts'
import { ContentLength } from './content-length.ts'
import { boundHints } from './hints.ts'
import { decodeKey, encodeKey } from './links.ts'
import { readAhead } from '../lib/read-ahead.ts'
import { digest, Pins } from './pins.ts'
import { provenTreeHash } from '../proofs/signed.ts'
import type { ArchiveRecord } from './registry.ts'
import { renamesOf } from '../lib/renames.ts'
import type { Store } from './store.ts'
import { CircularList, OutOfLog } from '../lib/circular-list.ts'
import { guardTrees } from './tree-guard.ts'

/** How the start of every Hyperbee reads: without it the block is encrypted, or another thing. */
const BEE_HEADER = Buffer.from('hyperbee')

/** Entries that are put into a batch before the loop gets its turn. */
const TURN = 256

/** Blocks of the list that a batch keeps while it is made. With upstream's 128, taking out 10,000 files reads most of them again and again. */
const CACHED = 4096

/** Blocks are counted anew at most this often while they come in, in milliseconds. */
const RECOUNT = 1000

/** How long a block of the list is waited for, in milliseconds. */
const PATIENCE = 20_000

/** Opens also when its secret is missing and its first block is here: what cannot be read is said when it is read. */
class FriendsDrive extends Hyperdrive {
  override async _openBlobsFromHeader(options?: Hypercore.GetOptions): Promise<boolean> {
    try {
      return await super._openBlobsFromHeader(options)
    } catch (error) {
      // `wait: false` is how upstream asks while it opens; whoever asks for the blobs later gets the error.
      if ((error as { code?: string }).code === 'DECODING_ERROR' && options?.wait === false) return false
      throw error
    }
  }
}

/** What a batch does to one path, and what the changeset counts of it. Sizes in bytes. */
export type Pending = {
  readonly path: string
  readonly value: Hyperdrive.EntryValue | null
  readonly before: number | null
  readonly size: number
  readonly bytes: number
  readonly isFile: boolean
  readonly wasFile: boolean
  /** Which content it has after it and had before; null: none. What has the same content is told by it to be renamed. */
  readonly content: string | null
  readonly contentBefore: string | null
  /** Only its time or its mode is another one. */
  readonly touched: boolean
}

/** What is said of a version after it was made. What is left out stays as it is; null takes it back. */
export type Labelling = {
  readonly version: number
  readonly name?: string | null
  readonly message?: string | null
}

type CommitManner = {
  /** More of the same is to come. */
  readonly partial: boolean
  readonly message: string
  /**
   * Of an import that is committed in parts. A further one goes on with what the changeset before it is a part of, and with
   * its message where it has none; where there is none such it begins anew.
   */
  readonly part?: 'first' | 'further' | null
  readonly label?: Labelling | null
}

export class Archive {
  readonly key: string
  readonly drive: Hyperdrive
  /** Held by whoever appends content: its places are computed from the length of the log. */
  readonly #appending = new Mutex()
  /** Held by whoever writes entries. */
  readonly writing = new Mutex()
  readonly #clearing = new Mutex()
  readonly pins: Pins
  readonly #content: ContentLength
  /** Throws where nothing may be written now: also in the middle of what began before. */
  mayWrite: () => void = () => {}
  /** The first block of content here that is not what a version names. See `Rewrites.contentUpTo`. */
  contentUpTo: (version: number, signal?: AbortSignal) => Promise<number> = async () => Number.POSITIVE_INFINITY
  #counted: { held: Ranges; blocks: number; bytes: number; at: number; ready: Promise<void> } | null = null
  readonly #store: Store

  private constructor(drive: Hyperdrive, store: Store) {
    this.drive = drive
    this.key = encodeKey(drive.key)
    this.#store = store
    this.pins = new Pins(drive, this.key)
    this.#content = new ContentLength(drive.core)
    setMaxListeners(0, drive.core, drive)
    guardTrees(drive.db)
    boundHints(drive.db)
  }

  /** A new one of ours, with a key that never was. Nothing is written yet. */
  static async create(store: Store, namespace: string, secret: string | null): Promise<Archive> {
    const drive = new Hyperdrive(
      store.corestore.namespace(namespace),
      secret === null ? {} : { encryptionKey: decodeKey(secret) },
    )
    await drive.ready()
    const archive = new Archive(drive, store)
    await archive.#flushBeforeAnnouncing()
    return archive
  }

  static async open(store: Store, record: Pick<ArchiveRecord, 'key' | 'namespace' | 'secret'>): Promise<Archive> {
    if (record.namespace !== null) return Archive.create(store, record.namespace, record.secret)
    const drive = new FriendsDrive(
      store.corestore.session(),
      decodeKey(record.key),
      record.secret === null ? {} : { encryptionKey: decodeKey(record.secret) },
    )
    await drive.ready()
    return new Archive(drive, store)
  }

  /** The newest version known here; 0: nothing is known, which is not the same as empty. */
  get length(): number {
    return this.drive.core.length
  }

  /**
   * The list can be read here, or asked for where it is not. A length alone is not enough: after forgetting, the length
   * is still known and no block is.
   */
  get known(): boolean {
    const { core } = this.drive
    return core.length > 0 && (this.writable || (core.core?.bitfield.countSet(0, 1) ?? 0) === 1)
  }

  get writable(): boolean {
    return this.drive.writable
  }

  /** null as long as nothing is known of the archive. */
  get blobs(): Hyperblobs | null {
    return this.drive.blobs
  }

  /** false: encrypted, and the secret is missing or wrong. Asks for the first block. */
  async legible(options?: Hypercore.GetOptions): Promise<boolean> {
    try {
      const block = await this.drive.core.get(0, options)
      return block === null || block.includes(BEE_HEADER)
    } catch (error) {
      if ((error as { code?: string }).code === 'DECODING_ERROR') return false
      throw error
    }
  }

  /**
   * Lends a snapshot of one version (null: the newest) for the time of `use`. Throws ARCHIVE_NOT_READY while nothing
   * is known, VERSION_NOT_FOUND beyond the newest, NOT_AVAILABLE when a block of the list does
   * not come in time, ARCHIVE_SECRET_NEEDED when it cannot be deciphered, NOT_THE_PINNED_VERSION when a link that was opened
   * says otherwise of a version that is named. What was asked for in vain is taken back when `signal` says that nobody waits
   * any more: that is what closing the snapshot does.
   */
  async at<T>(
    version: number | null,
    use: (snapshot: Hyperdrive, version: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const newest = this.length
    if (!this.known)
      throw new AppError('ARCHIVE_NOT_READY', 'Nothing of this archive has been found yet.', { key: this.key })
    const wanted = version === null || version === 0 ? newest : version
    if (wanted > newest)
      throw new AppError('VERSION_NOT_FOUND', `There is no version ${wanted} here; the newest known is ${newest}.`, {
        key: this.key,
        version: wanted,
        newest,
      })
    const pinned = version === null || version === 0 ? null : await this.pins.check(wanted)
    const contentUpTo = await this.contentUpTo(wanted, signal)
    pinned?.still()
    const snapshot = this.drive.checkout(wanted)
    replaceContent(snapshot, contentUpTo)
    if (pinned !== null) boundContent(snapshot, pinned.blobsLength)
    const stop = () => void snapshot.close().catch(() => {})
    signal?.addEventListener('abort', stop)
    try {
      signal?.throwIfAborted()
      await snapshot.ready()
      snapshot.core.timeout = PATIENCE
      const result = await use(snapshot, wanted)
      pinned?.still()
      return result
    } catch (error) {
      signal?.throwIfAborted()
      pinned?.still()
      const { code } = error as { code?: string }
      // Between the lengths of two batches the log holds no whole tree, and Hyperbee falls over it.
      const isNoTree = error instanceof TypeError && /getTreeNode|getRoot|hyperbee/.test(error.stack ?? '')
      if ((isNoTree || error instanceof OutOfLog) && wanted < newest)
        throw new AppError('VERSION_NOT_FOUND', `Version ${wanted} is inside of a changeset and cannot be looked at.`, {
          key: this.key,
          version: wanted,
          newest,
        })
      if (isNoTree || error instanceof CircularList)
        throw new AppError('ARCHIVE_DAMAGED', 'The list of this archive is broken, and cannot be read.', {
          key: this.key,
        })
      if (code === 'DECODING_ERROR')
        throw new AppError(
          'ARCHIVE_SECRET_NEEDED',
          'This archive is private, and the link carried no secret or a wrong one.',
          { key: this.key },
        )
      if (code !== 'REQUEST_TIMEOUT') throw error
      throw new AppError('NOT_AVAILABLE', 'Nobody who is connected has this part of the archive.', {
        key: this.key,
        path: '/',
      })
    } finally {
      signal?.removeEventListener('abort', stop)
      await snapshot.close()
    }
  }

  /** What its author says of it; null if it says nothing or is not known yet. */
  async about(options?: Hypercore.GetOptions): Promise<About | null> {
    if (this.length < 2) return null
    const entry = await this.drive.entry(ABOUT_PATH, options)
    return parseAbout(entry?.value?.metadata)
  }

  /** The newest changeset that a Cairn recorded, and where it stands. */
  async lastChangeset(
    snapshot: Hyperdrive = this.drive,
    options?: Hypercore.GetOptions,
  ): Promise<{ readonly seq: number; readonly changeset: RecordedChangeset } | null> {
    if (this.length < 2) return null
    const entry = await snapshot.entry(CHANGESET_PATH, options)
    const changeset = entry === null ? null : parseChangeset(entry.value?.metadata)
    return entry === null || changeset === null || changeset.from > entry.seq ? null : { seq: entry.seq, changeset }
  }

  /**
   * Lends the end of the log of content for the time of `use`; nobody else appends meanwhile. What was appended is
   * sealed when `use` returns, and dropped when it throws.
   */
  async append<T>(use: (appender: Appender) => Promise<T>): Promise<T> {
    const { core } = await this.drive.getBlobs()
    return this.#appending.run(async () => {
      this.mayWrite()
      const appender = new Appender(core, () => this.#store.requireRoom())
      try {
        const result = await use(appender)
        await appender.seal()
        return result
      } finally {
        await appender.settled()
      }
    })
  }

  /**
   * One batch, ended by its changeset, synced before peers hear of it: they see all of it or nothing. `about` gets what
   * the archive says of itself and returns what it says from now on, or null to leave it.
   */
  async commit(
    pending: readonly Pending[],
    about: (before: About | null) => About | null,
    { partial, message, part = null, label = null }: CommitManner,
  ): Promise<{ readonly from: number; readonly to: number }> {
    return this.writing.run(async () => {
      this.mayWrite()
      await this.#store.requireRoom()
      const previous = await this.lastChangeset()
      const totals = { files: previous?.changeset.files ?? 0, total: previous?.changeset.total ?? 0 }
      const counts = { added: 0, changed: 0, removed: 0, touched: 0, bytes: 0 }
      const from = this.length
      const says = about(await this.about())
      const batch = this.drive.batch()
      batch.db.maxBlocksCached = CACHED
      const ended = pending.length > TURN ? readAhead(this.drive.core) : () => {}
      try {
        for (const [index, { path, value, before, size, bytes, isFile, wasFile, touched }] of pending.entries()) {
          if (index % TURN === TURN - 1) await setImmediate()
          if (value === null) await batch.del(path)
          else await batch.putEntry(path, value)
          counts[value === null ? 'removed' : before === null ? 'added' : touched ? 'touched' : 'changed']++
          counts.bytes += bytes
          totals.files += (isFile ? 1 : 0) - (wasFile ? 1 : 0)
          totals.total += size - (before ?? 0)
        }
        if (says !== null) await batch.putEntry(ABOUT_PATH, { metadata: says })
        if (label !== null) await this.#label(batch, label)
        const renamed = renamesOf(
          pending.flatMap(({ path, value, contentBefore }) =>
            value === null ? [{ path, content: contentBefore }] : [],
          ),
          pending.flatMap(({ path, before, content }) => (before === null ? [{ path, content }] : [])),
        ).size
        const done = { ...counts, added: counts.added - renamed, removed: counts.removed - renamed, renamed }
        const before = part === 'further' ? goingOn(previous, from) : null
        const changeset: RecordedChangeset = {
          cairn: 1,
          time: Date.now(),
          from,
          previous: previous?.seq ?? null,
          earlier: previous === null ? [] : earlierOf(previous.changeset),
          ...done,
          whole: part === null ? null : wholeOf(before, { ...done, from, previous: previous?.seq ?? null }),
          files: Math.max(0, totals.files),
          total: Math.max(0, totals.total),
          partial,
          message: message || (before?.message ?? ''),
          naming: label?.name === undefined ? null : { version: label.version, name: label.name },
          describing: label?.message === undefined ? null : { version: label.version, message: label.message },
          blocks: (await this.drive.getBlobs()).core.length,
        }
        await batch.putEntry(CHANGESET_PATH, { metadata: changeset })
        await batch.flush()
        return { from, to: this.length }
      } catch (error) {
        await batch.close().catch(() => {})
        throw error
      } finally {
        ended()
      }
    })
  }

  async #label(batch: Hyperdrive, { version, ...said }: Labelling): Promise<void> {
    const path = labelAt(version)
    const before = parseLabel((await this.drive.entry(path))?.value?.metadata)
    const label: VersionLabel = {
      cairn: 1,
      version,
      name: said.name === undefined ? (before?.name ?? null) : said.name,
      message: said.message === undefined ? (before?.message ?? null) : said.message,
      // Of a name: when it was given.
      time: said.name === undefined && before !== null && before.name !== null ? before.time : Date.now(),
    }
    if (label.name === null && label.message === null) await batch.del(path)
    else await batch.putEntry(path, { metadata: label })
  }

  /** While nobody writes entries or appends content. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    return this.#appending.run(() => this.writing.run(task))
  }

  /** What peers may have seen, to be kept outside the store. */
  async fingerprint(): Promise<{ readonly length: number; readonly fork: number; readonly hash: string }> {
    const { core } = this.drive
    return { length: core.length, fork: core.fork, hash: encodeKey(await core.treeHash(core.length)) }
  }

  /** Where the content ends that the log names up to a length, in blocks. Reads all of its list. */
  async contentOf(version: number, signal?: AbortSignal): Promise<number> {
    const { core } = await this.drive.getBlobs()
    return Math.min(core.length, await this.#content.at(version, core.length, signal))
  }

  /** How long the log of content was, as the changeset says that made this version; null: it does not say. */
  async contentTold(snapshot: Hyperdrive): Promise<number | null> {
    const last = await this.lastChangeset(snapshot)
    return last?.seq === snapshot.version - 1 ? last.changeset.blocks : null
  }

  /** What a pinned link says of a version. Reads all of its list where its author does not say how much content it has. Throws what `at` throws, for a version within a changeset too. */
  async pin(version: number, signal?: AbortSignal): Promise<Pin> {
    const { core } = this.drive
    return this.at(version, async snapshot => {
      // Within a changeset there is no tree to begin with.
      for await (const _ of snapshot.entries({ limit: 1 })) break
      const blobs = (await snapshot.getBlobs()).core
      if (!blobs.writable && blobs.peers.length > 0) await blobs.update({ wait: true })
      const told = await this.contentTold(snapshot)
      // An author who tells of too few pins too little: nothing of the rest is shown by that link.
      const blobsLength =
        told !== null && told <= blobs.length ? told : await this.#content.at(version, blobs.length, signal)
      const trees = [
        await provenTreeHash(core, version, PATIENCE),
        await provenTreeHash(blobs, blobsLength, PATIENCE),
      ] as const
      return { blobsLength, hash: digest({ version, blobsLength, trees, forks: [core.fork, blobs.fork] }) }
    })
  }

  /** Blocks of file content on this device, and how many there are. */
  heldBlocks(): { readonly held: number; readonly of: number } {
    const core = this.blobs?.core
    if (core === undefined || core.core === null) return { held: 0, of: 0 }
    return { held: core.core.bitfield.countSet(0, core.length), of: core.length }
  }

  /**
   * Bytes of file content on this device: exact, but for the last second while blocks are coming in. What comes is added
   * up; everything is counted again only where the number of blocks says that this was not all.
   */
  async heldBytes(): Promise<number> {
    const core = this.blobs?.core
    if (core === undefined) return 0
    if (this.writable) return core.byteLength
    const counted = this.#counted
    if (counted === null || (!this.isCounted && performance.now() - counted.at > RECOUNT)) this.#count(core)
    const { ready } = this.#counted!
    await ready
    return this.#counted!.bytes
  }

  /** Not while blocks are coming in: ask again. */
  get isCounted(): boolean {
    return this.blobs === null || this.writable || this.#counted?.blocks === this.heldBlocks().held
  }

  #count(core: Hypercore): void {
    if (this.#counted === null)
      core.on('download', (index: number, bytes: number) => {
        // A block is here a little before this is said of it.
        if (includes(this.#counted!.held, index)) return
        this.#counted!.blocks++
        this.#counted!.bytes += bytes
      })
    const held = heldIn(core)
    const counted = { held, blocks: countOf(held), bytes: 0, at: performance.now(), ready: Promise.resolve() }
    counted.ready = bytesOf(core, held).then(bytes => {
      counted.bytes += bytes
    })
    this.#counted = counted
  }

  /** Deletes blocks of content from this device. Of an archive of ours they would be gone for good. */
  async clear(places: Ranges): Promise<void> {
    const core = this.blobs?.core
    if (core === undefined || this.writable) return
    await this.#clearing.run(() => clearBlocks(core, places))
    if (this.#counted !== null) this.#counted.at = Number.NEGATIVE_INFINITY
  }

  close(): Promise<void> {
    return this.drive.close()
  }

  /** Tells every connected peer that this archive is not shared here any more. Closing alone leaves the channels open. */
  leavePeers(): void {
    for (const session of [this.drive.core, this.blobs?.core]) {
      const replicator = session?.core?.replicator
      for (const peer of [...(replicator?.peers ?? [])]) {
        replicator?.detachFrom(peer.protomux)
        peer.channel.close()
      }
    }
  }

  async #flushBeforeAnnouncing(): Promise<void> {
    const { core } = this.drive
    const blobs = await this.drive.getBlobs()
    for (const one of [core, blobs.core]) flushBeforeAnnouncing(one, () => this.#store.flush())
    // Hyperbee appends a batch whole: thousands of entries are hashed and written in slices instead.
    const append = core.append.bind(core)
    core.append = async blocks => {
      if (!Array.isArray(blocks) || blocks.length <= TURN) return append(blocks as Buffer | readonly Buffer[])
      const appender = new Appender(core)
      await appender.append(blocks)
      await appender.seal()
      return { length: core.length, byteLength: core.byteLength }
    }
  }
}

/** What stands before a changeset, as the one after it names it. */
const earlierOf = ({ previous, earlier }: RecordedChangeset): readonly number[] =>
  previous === null ? [] : [previous, ...earlier].slice(0, EARLIER)

type Last = { readonly seq: number; readonly changeset: RecordedChangeset } | null

/** What a further part goes on with; null: nothing that was to go on stands right before it. */
function goingOn(previous: Last, from: number): { readonly whole: Whole; readonly message: string } | null {
  if (previous === null || previous.seq !== from - 1) return null
  const { partial, whole, message } = previous.changeset
  return partial && whole !== null ? { whole, message } : null
}

function wholeOf(before: { readonly whole: Whole } | null, now: Omit<Whole, 'parts'>): Whole {
  if (before === null) return { ...now, parts: 1 }
  const { whole } = before
  const sum = (key: 'added' | 'changed' | 'removed' | 'renamed' | 'touched' | 'bytes') => whole[key] + now[key]
  return {
    from: whole.from,
    previous: whole.previous,
    parts: whole.parts + 1,
    added: sum('added'),
    changed: sum('changed'),
    removed: sum('removed'),
    renamed: sum('renamed'),
    touched: sum('touched'),
    bytes: sum('bytes'),
  }
}
