/**
 * Files that a page streams in, since a browser reveals no paths: appended as they come, small ones together, and
 * committed every few seconds like any first import. One upload is one transfer; leaving it leaves a whole archive.
 */
import { posix } from 'node:path'
import type Hyperblobs from 'hyperblobs'
import { AppError } from '../../preload/contract/errors.ts'
import type { About } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import type { ReceivedFile } from '../backend-options.ts'
import type { Control } from '../transfers/transfers.ts'
import { BLOCK, Committer, cut, Queue } from './import.ts'
import type { Known } from './known.ts'
import { SourceIndex } from './source-index.ts'

const SMALL = 1 << 20
const GROUP_FILES = 256
const GROUP_BYTES = 16 << 20
const CHUNK = 64 * BLOCK

type Waiting = { readonly path: string; readonly content: Buffer; readonly modified: number | null }

export type UploadOptions = {
  readonly archive: Archive
  /** The folder in the archive that receives the files: '' for its root. */
  readonly folder: string
  readonly about: About | null
  /** What its changesets say of themselves. */
  readonly message: string
  readonly onCommitted: () => Promise<void>
}

export class Upload {
  readonly #options: UploadOptions
  readonly #control: Control
  readonly #committer: Committer
  /** What the archive has: content that comes a second time is not stored again. */
  readonly #index: SourceIndex
  /** What has been received, by path, size and time. */
  readonly #taken = new Set<string>()
  #lastSign = performance.now()
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #files = 0
  #bytes = 0
  /** Stores and commits one after another; what is received meanwhile waits, and so does its sender. */
  #turn: Promise<void> = Promise.resolve()
  /** Files that had been taken could not be stored or named: nothing more is taken, since those would be missing. */
  #failure: { readonly error: unknown } | null = null

  private constructor(options: UploadOptions, control: Control, index: SourceIndex) {
    this.#options = options
    this.#control = control
    this.#index = index
    this.#committer = new Committer(options.archive, {
      progressive: true,
      message: options.message,
      onCommitted: options.onCommitted,
    })
  }

  static async begin(options: UploadOptions, control: Control): Promise<Upload> {
    const upload = new Upload(options, control, await SourceIndex.inMemory(options.archive))
    if (options.about !== null) await upload.#committer.commitAbout(options.about)
    return upload
  }

  /** Resolves when the file has been taken; it is in the archive after the next commit. */
  async receive(file: ReceivedFile, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const path = receivedPath(this.#options.folder, file.path)
    const identity = `${path}\0${file.size}\0${file.modified}`
    if (this.#taken.has(identity)) {
      // Sent once more with others of its request, one of which could not be taken.
      for await (const _ of bytes) this.#lastSign = performance.now()
      return
    }
    if (file.size <= SMALL) {
      const content = await collect(file, bytes, count => this.#tell(path, count))
      await this.#exclusively(async () => {
        this.#waiting.push({ path, content, modified: file.modified })
        this.#waitingBytes += content.byteLength
        if (this.#waiting.length >= GROUP_FILES || this.#waitingBytes >= GROUP_BYTES) await this.#storeWaiting()
      })
    } else await this.#exclusively(() => this.#storeLarge(path, file, bytes))
    this.#taken.add(identity)
    this.#files++
    this.#tell(path, 0)
    await this.#exclusively(async () => {
      await this.#commitIfDue()
    })
  }

  async finish(): Promise<void> {
    await this.#exclusively(async () => {
      await this.#storeWaiting()
      await this.#lasting(() => this.#committer.commit(true))
    })
  }

  /** Milliseconds since the page was last heard of. */
  get silence(): number {
    return performance.now() - this.#lastSign
  }

  #tell(path: string, more: number): void {
    this.#lastSign = performance.now()
    this.#bytes += more
    this.#control.progress(this.#files, this.#bytes, path)
  }

  async #exclusively(task: () => Promise<void>): Promise<void> {
    this.#control.signal.throwIfAborted()
    const turn = this.#turn.then(() => {
      this.#control.signal.throwIfAborted()
      if (this.#failure !== null) throw this.#failure.error
      return task()
    })
    this.#turn = turn.catch(() => {})
    await turn
  }

  async #lasting(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  async #commitIfDue(): Promise<void> {
    if (this.#committer.due()) await this.#lasting(() => this.#committer.commit(false))
  }

  async #storeWaiting(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    if (waiting.length === 0) return
    await this.#lasting(() =>
      this.#options.archive.append(async appender => {
        const queue = new Queue(appender, this.#index)
        for (const { path, content, modified } of waiting) {
          const { blob, begins, bytes } = await queue.store(content)
          this.#add(path, blob, begins, bytes, modified)
        }
        await queue.flush()
      }),
    )
    await this.#commitIfDue()
  }

  async #storeLarge(path: string, file: ReceivedFile, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#storeWaiting()
    const { signal } = this.#control
    const blob = await this.#options.archive.append(async appender => {
      const blob = { blockOffset: appender.length, byteOffset: appender.byteLength }
      let parts: Uint8Array[] = []
      let waiting = 0
      let received = 0
      const store = async (whole: boolean) => {
        const buffer = Buffer.concat(parts)
        const keep = whole ? 0 : buffer.byteLength % BLOCK
        parts = keep === 0 ? [] : [buffer.subarray(buffer.byteLength - keep)]
        waiting = keep
        if (buffer.byteLength > keep) await appender.append(cut(buffer.subarray(0, buffer.byteLength - keep)))
      }
      for await (const part of bytes) {
        signal.throwIfAborted()
        parts.push(part)
        waiting += part.byteLength
        received += part.byteLength
        this.#tell(path, part.byteLength)
        if (waiting >= CHUNK) await store(false)
      }
      if (received !== file.size) throw cutShort(file, received)
      await store(true)
      return { ...blob, blockLength: appender.length - blob.blockOffset, byteLength: file.size }
    })
    // Once it is part of the log: a large file that failed is no other's.
    this.#add(path, blob, null, file.size, file.modified)
  }

  #add(path: string, blob: Hyperblobs.Blob, begins: string | null, bytes: number, modified: number | null): void {
    const before = this.#index.stored(path) ?? this.#index.known.get(path) ?? null
    const executable = before?.executable ?? false
    const known: Known = { size: blob.byteLength, modified, executable, target: null, blob, identity: null, begins }
    this.#index.set(path, known)
    this.#committer.addFile({ path, before }, { known, bytes })
  }
}

/** Whether a name that came from a disk can be one in an archive. */
export function canStand(path: string): boolean {
  const segments = segmentsOf(path)
  return (
    segments.length > 0 &&
    segments[0] !== '.cairn' &&
    segments.every(segment => segment !== '.' && segment !== '..' && !/[\0\\]/.test(segment))
  )
}

/** Throws INVALID_INPUT for what cannot. */
export function receivedPath(folder: string, path: string): string {
  if (!canStand(path))
    throw new AppError('INVALID_INPUT', 'This name cannot stand in an archive.', {
      issues: [{ path, message: 'not a name for a file in an archive' }],
    })
  return posix.join('/', folder, ...segmentsOf(path))
}

const segmentsOf = (path: string) => path.split('/').filter(segment => segment !== '')

async function collect(
  file: ReceivedFile,
  bytes: AsyncIterable<Uint8Array>,
  tell: (count: number) => void,
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let received = 0
  for await (const part of bytes) {
    parts.push(part)
    received += part.byteLength
    tell(part.byteLength)
  }
  if (received !== file.size) throw cutShort(file, received)
  return Buffer.concat(parts)
}

const cutShort = (file: ReceivedFile, received: number) =>
  new AppError('INVALID_INPUT', 'The file ended before its size.', {
    issues: [{ path: file.path, message: `${received} of ${file.size} bytes came` }],
  })
