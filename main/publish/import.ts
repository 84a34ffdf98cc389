/**
 * The last two parts of scan → plan → import → commit: reads files, appends their bytes in bulk, writes entries in
 * batches, and lets peers hear of each batch once it is on the disk.
 *
 * Small files are read ahead and appended in groups; a large one goes through 16 MiB at a time, contiguous in the blobs
 * core, with a journal so that a killed import goes on inside of it. What is appended and not yet named by an entry is
 * seen by nobody.
 */
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type Hyperblobs from 'hyperblobs'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { About } from '../archives/about.ts'
import type { Archive, Pending } from '../archives/archive.ts'
import type { Journal } from './journal.ts'
import type { Change } from './plan.ts'
import { modifiedOf, reasonOf, type ScannedFile } from './scan.ts'

export const BLOCK = 256 * 1024
/** Files up to this size are read whole and appended together. */
const SMALL = 1 << 20
const GROUP_FILES = 256
const GROUP_BYTES = 16 << 20
const CHUNK_BLOCKS = 64
const READERS = 16
const COMMIT_BYTES = 64 << 20
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

type Read = { readonly change: Change; readonly content: Buffer | null; readonly stats: BigIntStats | null }

/**
 * Applies the changes. Returns whether anything was committed. Throws the signal's reason when cancelled: what was
 * committed by then stays, and is consistent. Throws NO_ROOM when the disk is full.
 */
export async function importChanges(
  archive: Archive,
  changes: AsyncIterable<Change>,
  journal: Journal,
  options: ImportOptions,
): Promise<boolean> {
  const { signal } = options
  const committer = new Committer(archive, options)
  const progress = { files: 0, bytes: 0 }
  const tell = (current: string | null) => options.onProgress({ ...progress, current })
  try {
    if (options.about !== null) await committer.commitAbout(options.about)
    for await (const group of ahead(groups(changes, options))) {
      signal.throwIfAborted()
      if (group.kind === 'large') {
        await committer.commit(false, options.progressive)
        const { path, file, before } = group.change
        const base = progress.bytes
        const stored = await storeLarge(archive, file, journal, options, bytes => {
          progress.bytes = base + bytes
          tell(path)
        })
        if (stored !== null)
          committer.add({
            path,
            value: statEntry(stored.blob, stored.stats),
            before: before === null ? null : before.size,
            size: stored.blob.byteLength,
            bytes: stored.blob.byteLength,
            isFile: true,
            wasFile: before !== null && before.target === null,
          })
        progress.bytes = base + file.size
        progress.files++
      } else {
        for (const pending of await storeSmall(archive, group.reads, journal)) committer.add(pending)
        for (const { change } of group.reads) {
          if (change.kind === 'remove') continue
          progress.files++
          progress.bytes += change.kind === 'file' ? change.file.size : 0
        }
      }
      tell(group.kind === 'large' ? group.change.path : (group.reads.at(-1)?.change.path ?? null))
      if (options.progressive && committer.due()) await committer.commit(false, true)
    }
    signal.throwIfAborted()
    await committer.commit(true, false)
    await journal.clear()
    tell(null)
    return committer.committed
  } catch (error) {
    throw explain(error, archive.key)
  }
}

/** Collects entries and writes them in batches, each ended by its changeset. */
export class Committer {
  readonly #archive: Archive
  readonly #options: CommitOptions
  #pending: Pending[] = []
  #bytes = 0
  #last = performance.now()
  #about: About | null = null
  committed = false

  constructor(archive: Archive, options: CommitOptions) {
    this.#archive = archive
    this.#options = options
  }

  add(pending: Pending): void {
    this.#pending.push(pending)
    this.#bytes += pending.bytes
  }

  due(): boolean {
    return (
      this.#pending.length > 0 && (this.#bytes >= COMMIT_BYTES || performance.now() - this.#last >= COMMIT_MILLISECONDS)
    )
  }

  async commitAbout(about: About): Promise<void> {
    this.#about = { ...about, importing: this.#options.progressive }
    await this.#write([], this.#about, this.#options.progressive)
    this.committed = true
  }

  /** `last`: nothing follows. Before that only a progressive import commits: other changesets stay whole. */
  async commit(last: boolean, partial: boolean): Promise<void> {
    if (!last && !this.#options.progressive) return
    const ends = last && this.#about?.importing === true
    if (this.#pending.length === 0 && !ends) return
    const pending = this.#pending
    this.#pending = []
    this.#bytes = 0
    await this.#write(pending, ends ? 'ends' : null, partial)
    this.#last = performance.now()
    this.committed = true
  }

  /** `ends`: says of the archive that nothing more is coming, and leaves the rest as it was described meanwhile. */
  async #write(pending: readonly Pending[], says: About | 'ends' | null, partial: boolean): Promise<void> {
    const { message } = this.#options
    const about = (before: About | null) => (says === 'ends' ? ends(before ?? this.#about) : says)
    await this.#archive.commit(pending, about, { partial, message })
    await this.#options.onCommitted()
  }
}

const ends = (about: About | null): About | null => (about === null ? null : { ...about, importing: false })

type Group =
  | { readonly kind: 'small'; readonly reads: readonly Read[] }
  | { readonly kind: 'large'; readonly change: Extract<Change, { kind: 'file' }> }

/** Reads small files together, several at a time, and passes large ones on unread. */
async function* groups(changes: AsyncIterable<Change>, { signal, onSkipped }: ImportOptions): AsyncGenerator<Group> {
  let waiting: Change[] = []
  let bytes = 0
  const read = async (): Promise<Group> => {
    const taken = waiting
    waiting = []
    bytes = 0
    const reads: Read[] = []
    for (let start = 0; start < taken.length; start += READERS) {
      signal.throwIfAborted()
      for (const one of await Promise.all(
        taken.slice(start, start + READERS).map(change => readSmall(change, onSkipped)),
      ))
        if (one !== null) reads.push(one)
    }
    return { kind: 'small', reads }
  }
  for await (const change of changes) {
    const size = change.kind === 'file' ? change.file.size : 0
    if (size > SMALL) {
      if (waiting.length > 0) yield await read()
      yield { kind: 'large', change: change as Extract<Change, { kind: 'file' }> }
      continue
    }
    if (waiting.length > 0 && bytes + size > GROUP_BYTES) yield await read()
    waiting.push(change)
    bytes += size
    if (waiting.length >= GROUP_FILES) yield await read()
  }
  if (waiting.length > 0) yield await read()
}

async function readSmall(change: Change, onSkipped: (skipped: Skipped) => void): Promise<Read | null> {
  if (change.kind !== 'file') return { change, content: null, stats: null }
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = await openPlain(change.file.local)
      try {
        const before = await handle.stat({ bigint: true })
        if (!before.isFile()) throw new Error('it is no file any more')
        const content = await readWhole(handle, Number(before.size))
        const after = await handle.stat({ bigint: true })
        if (content !== null && same(before, after)) return { change, content, stats: after }
      } finally {
        await handle.close()
      }
    } catch (error) {
      onSkipped({
        path: change.path,
        reason: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'vanished' : 'unreadable',
        detail: reasonOf(error),
      })
      return null
    }
    if (attempt === TRIES) {
      onSkipped({ path: change.path, reason: 'changing', detail: 'it kept changing while it was read' })
      return null
    }
  }
}

async function storeSmall(archive: Archive, reads: readonly Read[], journal: Journal): Promise<readonly Pending[]> {
  return archive.append(async appender => {
    await journal.clear()
    let blockOffset = appender.length
    let byteOffset = appender.byteLength
    const blocks: Buffer[] = []
    const pending: Pending[] = reads.map(({ change, content, stats }) => {
      const { path } = change
      const before = change.before === null ? null : change.before.size
      const wasFile = change.before !== null && change.before.target === null
      switch (change.kind) {
        case 'remove':
          return { path, value: null, before, size: 0, bytes: 0, isFile: false, wasFile }
        case 'link':
          return {
            path,
            value: { linkname: change.link.target, metadata: { mtime: change.link.modified } },
            before,
            size: 0,
            bytes: 0,
            isFile: false,
            wasFile,
          }
        case 'mode':
          return {
            path,
            value: {
              blob: change.before.blob,
              executable: change.file.executable,
              metadata: { mtime: change.file.modified },
            },
            before,
            size: change.before.size,
            bytes: 0,
            isFile: true,
            wasFile,
          }
        case 'file': {
          const bytes = content!
          const parts = cut(bytes)
          const blob: Hyperblobs.Blob = {
            blockOffset,
            blockLength: parts.length,
            byteOffset,
            byteLength: bytes.byteLength,
          }
          blocks.push(...parts)
          blockOffset += parts.length
          byteOffset += bytes.byteLength
          return {
            path,
            value: statEntry(blob, stats!),
            before,
            size: bytes.byteLength,
            bytes: bytes.byteLength,
            isFile: true,
            wasFile,
          }
        }
      }
    })
    await appender.append(blocks)
    return pending
  })
}

/** Streams one large file. null: it could not be read, which has been told. */
async function storeLarge(
  archive: Archive,
  file: ScannedFile,
  journal: Journal,
  { signal, onSkipped }: ImportOptions,
  onBytes: (bytes: number) => void,
): Promise<{ readonly blob: Hyperblobs.Blob; readonly stats: BigIntStats } | null> {
  const { core } = await archive.drive.getBlobs()
  return archive.append(async appender => {
    for (let attempt = 1; ; attempt++) {
      try {
        const handle = await openPlain(file.local)
        try {
          const before = await handle.stat({ bigint: true })
          if (!before.isFile()) throw new Error('it is no file any more')
          const size = Number(before.size)
          const identity = { path: file.path, size, modified: modifiedOf(before), changed: String(before.ctimeNs) }
          const begun = await journal.resume(identity, core)
          const { blockOffset, byteOffset } = begun
          let position = Math.min(size, (appender.length - blockOffset) * BLOCK)
          onBytes(position)
          let next = readChunk(handle, position, size)
          while (position < size) {
            signal.throwIfAborted()
            const chunk = await next
            if (chunk === null) break
            next = readChunk(handle, position + chunk.byteLength, size)
            next.catch(() => {})
            await appender.append(cut(chunk))
            position += chunk.byteLength
            onBytes(position)
          }
          await next
          const after = await handle.stat({ bigint: true })
          if (position === size && same(before, after)) {
            return {
              blob: { blockOffset, blockLength: appender.length - blockOffset, byteOffset, byteLength: size },
              stats: after,
            }
          }
        } finally {
          await handle.close()
        }
      } catch (error) {
        if (signal.aborted || !isFileError(error)) throw error
        onSkipped({
          path: file.path,
          reason: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'vanished' : 'unreadable',
          detail: reasonOf(error),
        })
        return null
      }
      await journal.clear()
      if (attempt === TRIES) {
        onSkipped({ path: file.path, reason: 'changing', detail: 'it kept changing while it was read' })
        return null
      }
    }
  })
}

/** A whole number of blocks, but for the end of the file. null: the file has become shorter. */
async function readChunk(handle: FileHandle, position: number, size: number): Promise<Buffer | null> {
  const length = Math.min(CHUNK_BLOCKS * BLOCK, size - position)
  if (length <= 0) return null
  const buffer = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) return null
    filled += bytesRead
  }
  return buffer
}

async function readWhole(handle: FileHandle, size: number): Promise<Buffer | null> {
  const buffer = Buffer.allocUnsafeSlow(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await handle.read(buffer, filled, size - filled, filled)
    if (bytesRead === 0) return null
    filled += bytesRead
  }
  return buffer
}

/** Without following a link, or waiting for the other end of a pipe, that stands there since the scan. */
const openPlain = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))

const same = (before: BigIntStats, after: BigIntStats) =>
  before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs

export function cut(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let start = 0; start < bytes.byteLength; start += BLOCK) blocks.push(bytes.subarray(start, start + BLOCK))
  return blocks
}

const statEntry = (blob: Hyperblobs.Blob, stats: BigIntStats): Hyperdrive.EntryValue => ({
  blob,
  executable: (Number(stats.mode) & 0o111) !== 0,
  metadata: { mtime: modifiedOf(stats) },
})

const isFileError = (error: unknown) =>
  typeof (error as NodeJS.ErrnoException).syscall === 'string' || (error as Error).message === 'it is no file any more'

/** The storage's own words for a full disk, in ours. */
function explain(error: unknown, key: string): unknown {
  const text = `${(error as Error).message} ${String((error as Error).cause ?? '')}`
  return /ENOSPC|no space/i.test(text)
    ? new AppError('NO_ROOM', 'The disk is full. Make room; the import goes on from where it stopped.', {
        path: key,
        needed: 0,
        free: 0,
      })
    : error
}

/** Begins with the next one while the caller is busy with this one. */
async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next()
  next.catch(() => {})
  try {
    while (true) {
      const { done, value } = await next
      if (done === true) return
      next = source.next()
      next.catch(() => {})
      yield value
    }
  } finally {
    await next.catch(() => {})
    await source.return(undefined)
  }
}
