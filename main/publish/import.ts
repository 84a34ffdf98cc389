/**
 * The last two parts of scan → plan → import → commit: stores content in bulk, writes entries in batches, and lets peers
 * hear of each batch once it is on the disk.
 *
 * Small files are read by threads, several groups ahead, and appended together; large ones go through 4 MiB at a time,
 * contiguous in the log of content. Content that the archive has already is named again and not stored again. What is
 * stored and not yet named by an entry is seen by nobody; the index remembers it, so that an import that was ended goes
 * on from there.
 */
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type Hyperblobs from 'hyperblobs'
import { data as leafHash } from 'hypercore-crypto'
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { About } from '../archives/about.ts'
import type { Appender, Leaf } from '../archives/appender.ts'
import type { Archive, Pending } from '../archives/archive.ts'
import { DiskError, type Identity, openFound, type ReadFile, readFiles, type Stats, statsOf } from './disk.ts'
import { isSame, type Known, linkTo, pendingOf } from './known.ts'
import type { Change } from './plan.ts'
import { reasonOf, type ScannedFile } from './scan.ts'
import type { SourceIndex } from './source-index.ts'

export const BLOCK = 256 * 1024
/** Files up to this size are read whole and appended together. */
const SMALL = 1 << 20
const GROUP_FILES = 1024
/** Files of a group that are looked at before the loop gets its turn. */
const TURN = 128
const GROUP_BYTES = 4 << 20
const GROUPS_AHEAD = 3
const CHUNK = 16 * BLOCK
/** What is appended becomes part of the log, and safe from a crash, after so many bytes. */
const SEAL_BYTES = 32 << 20
const COMMIT_BYTES = 64 << 20
const COMMIT_ENTRIES = 4096
const COMMIT_MILLISECONDS = 3000
const TRIES = 3

export type ImportProgress = { readonly files: number; readonly bytes: number; readonly current: string | null }

type CommitOptions = {
  /** Commit every few seconds, so that friends can look around at once; otherwise all or nothing. */
  readonly progressive: boolean
  readonly message: string
  /** After peers may have heard of a new length. */
  readonly onCommitted: () => Promise<void>
}

export type ImportOptions = CommitOptions & {
  readonly signal: AbortSignal
  /** What the archive says of itself; written with the first commit, and again without `importing` at the end. */
  readonly about: About | null
  readonly onProgress: (progress: ImportProgress) => void
  readonly onSkipped: (skipped: Skipped) => void
}

type FileChange = Extract<Change, { kind: 'file' }>

/**
 * Applies the changes, and takes them over: the list is empty in the end, because what has been dealt with need not be
 * held. Returns whether anything was committed. Throws the signal's reason when cancelled: what was
 * committed by then stays, and is consistent. Throws NO_ROOM when the disk is full.
 */
export async function importChanges(
  archive: Archive,
  changes: Change[],
  index: SourceIndex,
  options: ImportOptions,
): Promise<boolean> {
  const { signal, progressive } = options
  const committer = new Committer(archive, options, index)
  const progress = { files: 0, bytes: 0 }
  const tell = (current: string | null) => options.onProgress({ ...progress, current })
  try {
    const begun = index.begun((await archive.drive.getBlobs()).core.length)?.path
    const first = changes.findIndex(change => change.kind === 'file' && change.path === begun)
    if (first > 0) changes.unshift(...changes.splice(first, 1))
    await index.settle(path => first >= 0 && path === begun)
    if (options.about !== null) await committer.commitAbout(options.about)
    /** The commit that is being written while more is stored. */
    let committing: Promise<void> = Promise.resolve()
    try {
      await archive.append(async appender => {
        const content = new Content(appender, index)
        try {
          for (const group of ahead(groups(changes, index), GROUPS_AHEAD)) {
            signal.throwIfAborted()
            // A large file may take long, and what came before it can be looked at meanwhile.
            if (progressive && committer.hasAny && (group.kind === 'large' || committer.due())) {
              await committing
              committing = committer.commit(false, await content.sealMeanwhile())
              committing.catch(() => {})
            }
            if (group.kind === 'large') {
              const { change } = group
              const base = progress.bytes
              const stored = await content.storeLarge(change.file, options, bytes => {
                progress.bytes = base + bytes
                tell(change.path)
              })
              if (stored !== null) committer.addFile(change, stored)
              progress.bytes = base + change.file.size
              progress.files++
              tell(change.path)
            } else {
              for (const read of await content.storeSmall(group.changes, await group.reads, options))
                committer.addChange(read)
              for (const { change } of group.changes) {
                if (change.kind === 'remove') continue
                progress.files++
                progress.bytes += change.kind === 'file' ? change.file.size : 0
              }
              tell(group.changes.at(-1)?.change.path ?? null)
            }
          }
        } finally {
          // Also when it was paused: what is stored need not be read again.
          await content.seal()
        }
      })
      await committing
    } finally {
      await committing.catch(() => {})
    }
    await committer.commit(true)
    tell(null)
    return committer.committed
  } catch (error) {
    throw explain(error, archive.key)
  }
}

/** What a file is in the archive from now on. */
type Stored = { readonly known: Known; readonly bytes: number }

/** Finds content that the archive has, and appends what it has not. */
class Content {
  readonly #appender: Appender
  readonly #index: SourceIndex
  readonly #chunks = new Ring()
  #unsealed = 0

  constructor(appender: Appender, index: SourceIndex) {
    this.#appender = appender
    this.#index = index
  }

  /** In the order of the changes, without those that could not be read, which are told. */
  async storeSmall(
    changes: readonly Grouped[],
    reads: readonly ReadFile[],
    { onSkipped }: ImportOptions,
  ): Promise<readonly Addition[]> {
    const additions: Addition[] = []
    const queue = new Queue(this.#appender, this.#index)
    let next = 0
    for (const [place, { change, known }] of changes.entries()) {
      if (place % TURN === TURN - 1) await setImmediate()
      if (change.kind !== 'file') {
        additions.push({ change, stored: null })
        continue
      }
      if (known !== null) {
        additions.push({ change, stored: this.#name(change.file, change.file.identity, known.blob, known.begins, 0) })
        continue
      }
      const read = reads[next++]!
      if (read.content === null) {
        onSkipped(skippedFor(change.path, read.error))
        continue
      }
      const { content, stats } = read
      const { blob, begins, bytes } = await queue.store(content)
      this.#unsealed += bytes
      additions.push({
        change,
        stored: this.#name({ ...change.file, ...asFile(stats) }, identityOf(stats), blob, begins, bytes),
      })
    }
    await queue.flush()
    if (this.#unsealed >= SEAL_BYTES) await this.sealMeanwhile()
    return additions
  }

  /** Streams one large file. null: it could not be read, which has been told. */
  async storeLarge(
    file: ScannedFile,
    { signal, onSkipped }: ImportOptions,
    onBytes: (bytes: number) => void,
  ): Promise<Stored | null> {
    /** Blocks at the end of the log that this file has been found to begin with, as far as it was read. */
    let run: Run | null = null
    try {
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const handle = await openFound(file)
        try {
          const before = statsOf(await handle.stat({ bigint: true }))
          if ((before.mode & constants.S_IFMT) !== constants.S_IFREG) throw notAFile()
          const outcome = await this.#storeOpened({ ...file, ...asFile(before) }, before, handle, run, signal, onBytes)
          const after = statsOf(await handle.stat({ bigint: true }))
          if (outcome.whole && same(before, after)) {
            const { run, tail, begins } = outcome
            if (tail !== null) await this.#finish(tail)
            const { blockOffset, byteOffset } = run
            const { size } = after
            return this.#name(
              { ...file, ...asFile(after) },
              identityOf(after),
              { blockOffset, blockLength: Math.ceil(size / BLOCK), byteOffset, byteLength: size },
              begins,
              outcome.appended + (tail?.byteLength ?? 0),
            )
          }
          run = outcome.run
        } finally {
          await handle.close()
        }
      }
      onSkipped({ path: file.path, reason: 'changing', detail: 'it kept changing while it was read' })
    } catch (error) {
      if (signal.aborted || !isFileError(error)) throw error
      onSkipped(skippedFor(file.path, error))
    }
    this.#index.leave()
    return null
  }

  /**
   * Reads the file once, and appends it from where it differs from `run`, or from what the archive has that begins so.
   * The last block is held back (`tail`) until the file is known not to have changed meanwhile, so that one that merely
   * grows goes on where it was.
   */
  async #storeOpened(
    file: ScannedFile,
    stats: Stats,
    handle: FileHandle,
    earlier: Run | null,
    signal: AbortSignal,
    onBytes: (bytes: number) => void,
  ): Promise<{
    readonly whole: boolean
    readonly run: Run
    readonly tail: Buffer | null
    readonly begins: string
    readonly appended: number
  }> {
    const appender = this.#appender
    const { size } = stats
    const full = Math.floor(size / BLOCK)
    const firstBlock = await readChunk(handle, 0, Buffer.allocUnsafe(Math.min(BLOCK, size)))
    if (firstBlock === null)
      return { whole: false, run: earlier ?? this.#newRun(), tail: null, begins: '', appended: 0 }
    const begins = leafHash(firstBlock).toString('base64')
    const begun = earlier === null ? this.#begun(file, stats) : null
    const twin = earlier === null && begun === null ? this.#index.withContent(size, begins) : null
    let run: Run = earlier ?? begun ?? (twin === null ? this.#newRun() : runOf(twin))
    /** Blocks that are known to be the same, and up to which they are to be compared. */
    let position = begun === null ? 0 : begun.blocks
    let compared = run.blocks
    let appended = 0
    let tail: Buffer | null = null
    if (begun === null && twin === null && earlier === null) this.#begin(file, stats, run)
    onBytes(position * BLOCK)
    const read = (block: number) => {
      const length = Math.max(0, Math.min(CHUNK, size - block * BLOCK))
      const buffer = length === 0 ? NOTHING : this.#chunks.next().subarray(0, length)
      const reading = readChunk(handle, block * BLOCK, buffer)
      // Its failure is met when its turn comes.
      reading.catch(() => {})
      return reading
    }
    // What is compared only waits for nothing that was appended before, which may stand in these very buffers.
    if (compared > position) await appender.written()
    let next = read(position)
    try {
      while (position * BLOCK < size) {
        signal.throwIfAborted()
        const chunk = await next
        if (chunk === null) return { whole: false, run, tail: null, begins, appended }
        const blocks = cut(chunk)
        next = read(position + blocks.length)
        let fresh = 0
        while (fresh < blocks.length && position + fresh < compared) {
          if (await appender.holds(run.blockOffset + position + fresh, blocks[fresh]!)) fresh++
          else break
        }
        const differs = fresh < blocks.length && position + fresh < compared
        const goesOn = run.blockOffset + run.blocks === appender.length
        if (differs || (fresh < blocks.length && !goesOn)) {
          // It is another file after all, or was changed before where it was read to: from the beginning, on its own.
          run = this.#newRun()
          this.#begin(file, stats, run)
          position = 0
          compared = 0
          await next
          next = read(0)
          continue
        }
        const rest = blocks.slice(fresh)
        position += blocks.length
        if (rest.length > 0) {
          if (position > full) tail = rest.pop()!
          await appender.append(rest)
          const bytes = rest.reduce((sum, block) => sum + block.byteLength, 0)
          appended += bytes
          this.#unsealed += bytes
          run = { ...run, blocks: run.blocks + rest.length }
          if (this.#unsealed >= SEAL_BYTES) await this.sealMeanwhile()
        }
        onBytes(Math.min(size, position * BLOCK))
      }
      return { whole: true, run, tail, begins, appended }
    } finally {
      // Nobody reads into a buffer that has been handed on.
      await next.catch(() => {})
    }
  }

  async #finish(tail: Buffer): Promise<void> {
    await this.#appender.append([tail])
    this.#unsealed += tail.byteLength
  }

  #newRun(): Run {
    return { blockOffset: this.#appender.length, byteOffset: this.#appender.byteLength, blocks: 0 }
  }

  #begin({ path }: ScannedFile, { size, modified, changed }: Stats, { blockOffset, byteOffset }: Run): void {
    this.#index.begin({ path, size, modified, changed, blockOffset, byteOffset })
  }

  /** Where an import that was ended in the middle of this very file had come to. */
  #begun({ path }: ScannedFile, { size, modified, changed }: Stats): Run | null {
    const begun = this.#index.begun(this.#appender.length)
    if (begun === null || begun.path !== path || begun.size !== size) return null
    if (begun.modified !== modified || begun.changed !== changed) return null
    const { blockOffset, byteOffset } = begun
    const blocks = Math.min(this.#appender.length - blockOffset, Math.floor(size / BLOCK))
    return blockOffset + blocks === this.#appender.length ? { blockOffset, byteOffset, blocks } : null
  }

  #name(
    { path, size, modified, executable }: ScannedFile,
    identity: Identity,
    blob: Hyperblobs.Blob | null,
    begins: string | null,
    bytes: number,
  ): Stored {
    const known: Known = { size, modified, executable, target: null, blob, identity, begins }
    this.#index.set(path, known)
    return { known, bytes }
  }

  async seal(): Promise<void> {
    await this.#index.willSeal(this.#appender.length)
    await this.#appender.seal()
  }

  /** More is hashed and written while this is signed and flushed; its failure is met by what comes next. */
  async sealMeanwhile(): Promise<Sealing> {
    this.#unsealed = 0
    await this.#index.willSeal(this.#appender.length)
    return { sealed: this.#appender.seal() }
  }
}

type Run = { readonly blockOffset: number; readonly byteOffset: number; readonly blocks: number }
const runOf = ({ blockOffset, byteOffset, blockLength }: Hyperblobs.Blob): Run => ({
  blockOffset,
  byteOffset,
  blocks: blockLength,
})

/** Small files, appended together. */
export class Queue {
  readonly #appender: Appender
  readonly #index: SourceIndex
  #blocks: Buffer[] = []
  #leaves: (Leaf | undefined)[] = []
  #bytes = 0

  constructor(appender: Appender, index: SourceIndex) {
    this.#appender = appender
    this.#index = index
  }

  /** Where the content is, or will be after `flush`. `bytes`: that are stored anew. */
  async store(
    content: Buffer,
  ): Promise<{ readonly blob: Hyperblobs.Blob; readonly begins: string | null; readonly bytes: number }> {
    const parts = cut(content)
    if (parts[0] === undefined) return { blob: NO_CONTENT, begins: null, bytes: 0 }
    const first = leafHash(parts[0])
    const begins = first.toString('base64')
    const known = this.#index.withContent(content.byteLength, begins)
    if (known !== null && (await this.#isAt(known, parts))) return { blob: known, begins, bytes: 0 }
    return { blob: this.#add(parts, first, content.byteLength), begins, bytes: content.byteLength }
  }

  /** That the first block is the same is known already. */
  async #isAt({ blockOffset }: Hyperblobs.Blob, parts: readonly Buffer[]): Promise<boolean> {
    if (parts.length > 1) await this.flush()
    for (let part = 1; part < parts.length; part++)
      if (!(await this.#appender.holds(blockOffset + part, parts[part]!))) return false
    return true
  }

  #add(parts: readonly Buffer[], first: Leaf, byteLength: number): Hyperblobs.Blob {
    const blob = {
      blockOffset: this.#appender.length + this.#blocks.length,
      blockLength: parts.length,
      byteOffset: this.#appender.byteLength + this.#bytes,
      byteLength,
    }
    for (const [place, part] of parts.entries()) {
      this.#blocks.push(part)
      this.#leaves.push(place === 0 ? first : undefined)
    }
    this.#bytes += byteLength
    return blob
  }

  async flush(): Promise<void> {
    const [blocks, leaves] = [this.#blocks, this.#leaves]
    this.#blocks = []
    this.#leaves = []
    this.#bytes = 0
    await this.#appender.append(blocks, leaves)
  }
}

const NOTHING = Buffer.alloc(0)
const NO_CONTENT: Hyperblobs.Blob = { blockOffset: 0, blockLength: 0, byteOffset: 0, byteLength: 0 }

/** One change as it goes into the next commit; `stored`: of files. */
type Addition = { readonly change: Change; readonly stored: Stored | null }

/** Content that is on its way to become part of the log; wrapped, so that waiting for the start is not waiting for the end. */
type Sealing = { readonly sealed: Promise<void> }
const SEALED: Sealing = { sealed: Promise.resolve() }

/** Collects entries and writes them in batches, each ended by its changeset. */
export class Committer {
  readonly #archive: Archive
  readonly #options: CommitOptions
  readonly #index: SourceIndex | null
  #pending: Pending[] = []
  /** What is the same in the archive, and another file of the disk. */
  #same: string[] = []
  #bytes = 0
  #last = performance.now()
  #about: About | null = null
  /** So many parts have been written, of what is committed in parts. */
  #parts = 0
  committed = false

  constructor(archive: Archive, options: CommitOptions, index: SourceIndex | null = null) {
    this.#archive = archive
    this.#options = options
    this.#index = index
  }

  addChange({ change, stored }: Addition): void {
    const { path, before } = change
    switch (change.kind) {
      case 'file':
        return this.addFile(change, stored!)
      case 'remove':
        return this.#set(path, before, null)
      case 'link':
        return this.#set(path, before, linkTo(change.link.target, change.link.modified))
      case 'mode':
        return this.#set(path, before, {
          ...change.before,
          executable: change.file.executable,
          identity: change.file.identity,
        })
      default:
        return assertNever(change)
    }
  }

  addFile({ path, before }: Pick<FileChange, 'path' | 'before'>, { known, bytes }: Stored): void {
    if (isSame(before, known)) this.#same.push(path)
    else this.add(pendingOf(path, before, known, bytes))
  }

  #set(path: string, before: Known | null, now: Known | null): void {
    this.#index?.set(path, now)
    this.add(pendingOf(path, before, now))
  }

  add(pending: Pending): void {
    this.#pending.push(pending)
    this.#bytes += pending.bytes
  }

  get hasAny(): boolean {
    return this.#pending.length > 0
  }

  due(): boolean {
    return (
      this.hasAny &&
      (this.#bytes >= COMMIT_BYTES ||
        this.#pending.length >= COMMIT_ENTRIES ||
        performance.now() - this.#last >= COMMIT_MILLISECONDS)
    )
  }

  async commitAbout(about: About): Promise<void> {
    this.#about = { ...about, importing: this.#options.progressive }
    await this.#write([], this.#about, this.#options.progressive)
    this.committed = true
  }

  /**
   * Writes what has been added so far, once `after` has resolved; what is added meanwhile is for the next one. `last`:
   * nothing follows. Before that only a progressive import commits: other changesets stay whole.
   */
  async commit(last: boolean, after: Sealing = SEALED): Promise<void> {
    if (!last && !this.#options.progressive) return
    const ends = last && this.#about?.importing === true
    const pending = this.#pending
    const same = this.#same
    this.#pending = []
    this.#same = []
    this.#bytes = 0
    this.#last = performance.now()
    await after.sealed
    // Whoever looks back is told that this was all.
    if (pending.length > 0 || ends || (last && this.#parts > 0)) {
      await this.#write(pending, ends ? 'ends' : null, !last)
      this.committed = true
    }
    if (same.length === 0) return
    const { length } = this.#archive
    await this.#index?.committed(length, length, same)
  }

  /** `ends`: says of the archive that nothing more is coming, and leaves the rest as it was described meanwhile. */
  async #write(pending: readonly Pending[], says: About | 'ends' | null, partial: boolean): Promise<void> {
    const { message, onCommitted, progressive } = this.#options
    // A first import that was ended goes on where it was.
    const part = !progressive ? null : this.#parts > 0 || this.#about !== null ? 'further' : 'first'
    this.#parts++
    const about = (before: About | null) => (says === 'ends' ? ends(before ?? this.#about) : says)
    const { from, to } = await this.#archive.commit(pending, about, { partial, message, part })
    await onCommitted()
    await this.#index?.committed(
      from,
      to,
      pending.map(({ path }) => path),
    )
  }
}

const ends = (about: About | null): About | null => (about === null ? null : { ...about, importing: false })
/** `known`: of a file, where its content is already. Those that have none were read, in this order. */
type Grouped = { readonly change: Change; readonly known: Known | null }
type Group =
  | { readonly kind: 'small'; readonly changes: readonly Grouped[]; readonly reads: Promise<readonly ReadFile[]> }
  | { readonly kind: 'large'; readonly change: FileChange }

/** Reads small files together and passes large ones on unread. What needs no reading goes with the small ones. */
function* groups(changes: Change[], index: SourceIndex): Generator<Group> {
  let waiting: Grouped[] = []
  let toRead: ScannedFile[] = []
  let bytes = 0
  const read = (): Group => {
    const reads = toRead.length === 0 ? Promise.resolve([]) : readFiles(toRead)
    // Its failure is met by whoever takes the group.
    reads.catch(() => {})
    const group = { kind: 'small', changes: waiting, reads } as const
    waiting = []
    toRead = []
    bytes = 0
    return group
  }
  // From the end, where an array gives things up without being moved.
  changes.reverse()
  for (let change = changes.pop(); change !== undefined; change = changes.pop()) {
    const known = change.kind === 'file' ? (change.moved ?? storedBefore(index, change)) : null
    const unread = change.kind === 'file' && known === null ? change : null
    const size = unread?.file.size ?? 0
    if (unread !== null && size > SMALL) {
      if (waiting.length > 0) yield read()
      yield { kind: 'large', change: unread }
      continue
    }
    if (waiting.length > 0 && bytes + size > GROUP_BYTES) yield read()
    waiting.push({ change, known })
    if (unread !== null) toRead.push(unread.file)
    bytes += size
    if (waiting.length >= GROUP_FILES) yield read()
  }
  if (waiting.length > 0) yield read()
}

/** What an import that was ended had stored of this very file; null: nothing. */
function storedBefore(index: SourceIndex, { path, file }: FileChange): Known | null {
  const stored = index.stored(path)
  if (stored?.identity == null || stored.size !== file.size || stored.modified !== file.modified) return null
  const { inode, changed } = file.identity
  return stored.identity.inode === inode && stored.identity.changed === changed ? stored : null
}

/**
 * Buffers that large files are read through, one after another: fresh ones would be as many bytes for the system to
 * clear and to collect. While one is read into, the next one is being appended and the one before it written.
 */
class Ring {
  readonly #buffers: Buffer[] = []
  #turn = 0

  next(): Buffer {
    const place = this.#turn++ % 4
    this.#buffers[place] ??= Buffer.allocUnsafeSlow(CHUNK)
    return this.#buffers[place]
  }
}

/** Fills the buffer. null: the file has become shorter. */
async function readChunk(handle: FileHandle, position: number, buffer: Buffer): Promise<Buffer | null> {
  let filled = 0
  while (filled < buffer.byteLength) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.byteLength - filled, position + filled)
    if (bytesRead === 0) return null
    filled += bytesRead
  }
  return buffer
}

const same = (before: Stats, after: Stats) =>
  before.size === after.size && before.modified === after.modified && before.changed === after.changed

const identityOf = ({ inode, born, changed }: Stats): Identity => ({ inode, born, changed })
const asFile = ({ size, modified, mode }: Stats) => ({ size, modified, executable: (mode & 0o111) !== 0 })

export function cut(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let start = 0; start < bytes.byteLength; start += BLOCK) blocks.push(bytes.subarray(start, start + BLOCK))
  return blocks
}

const notAFile = () => new DiskError({ code: 'NO_FILE', message: 'it is no file any more' })
const isFileError = (error: unknown) => typeof (error as NodeJS.ErrnoException).syscall === 'string'

function skippedFor(path: string, error: unknown): Skipped {
  const { code } = error as NodeJS.ErrnoException
  const reason = code === 'ENOENT' ? 'vanished' : code === 'CHANGING' ? 'changing' : 'unreadable'
  return { path, reason, detail: reasonOf(error) }
}

/** The storage's own words for a full disk, in ours. `then`: what to do once there is room. */
export function explain(
  error: unknown,
  key: string,
  then = 'Make room; the import goes on from where it stopped.',
): unknown {
  if (error instanceof AppError && !error.is('NO_ROOM')) return error
  const text = `${(error as Error).message} ${String((error as Error).cause ?? '')}`
  return error instanceof AppError || /ENOSPC|no space|EDQUOT|quota exceeded/i.test(text)
    ? new AppError('NO_ROOM', `The disk is full. ${then}`, { path: key, needed: 0, free: 0 })
    : error
}

/** Takes the next ones from the source while the caller is busy with this one. */
function* ahead<T>(source: Iterable<T>, depth: number): Generator<T, undefined> {
  const coming: T[] = []
  for (const one of source) {
    coming.push(one)
    if (coming.length > depth) yield coming.shift()!
  }
  yield* coming
  return undefined
}
