/**
 * The contents of many files, one after another, with the blocks of the next ones already on their way: thousands of
 * small files take as few round trips as one large one. What nobody has is set aside, so that it holds up nothing that
 * somebody has; whoever reads decides when it is tried again.
 */
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Range } from '../lib/ranges.ts'
import { READ, READING, seeking, unlessAborted } from './blob.ts'
import type { ArchiveFile } from './entries.ts'
import { type Fetcher, fetcherOf, type Wanted } from './fetch.ts'
import { NOT_THERE } from './selection.ts'

/** What is on its way or waits to be taken: bytes, as far as sizes tell, and blocks. */
const AHEAD = 6 << 20
const AHEAD_BLOCKS = 256
/** How long a block is waited for that nobody who is connected has, and how long in silence at all, in milliseconds. */
const WITHOUT = 500
const SILENCE = 5000
const LOOK = 250
/** A part's end is looked up in the tree, which may need a peer; without one the file is begun anew, from the store. */
const SEEKING = 2000

/** Where to begin in a file: the block, what of it is there already in bytes, and how many blocks there are from it on. */
export type Place = { readonly index: number; readonly within: number; readonly blocks: number; readonly from: number }

export type Piece<T> = { readonly target: T; readonly file: ArchiveFile; readonly place: Place }
/** Leave its loop, or read to the end, before the next one is taken. */
export type Contents<T> = {
  readonly target: T
  /** The byte that the first chunk begins with. */
  readonly from: number
  readonly chunks: AsyncIterable<Buffer>
}

/** Nobody has the next block now. */
export class SetAside extends Error {}

type Asked = { readonly wanted: Wanted; readonly index: number; readonly since: number; readonly bytes: number }
type Ahead<T> = {
  readonly piece: Piece<T>
  /** Its blocks in the log. Whoever is told that they are being read knows them by this very object. */
  readonly range: Range
  readonly asked: Asked[]
  next: number
  readonly bytesEach: number
}

export const fromTheStart = ({ blob }: ArchiveFile): Place => ({
  index: blob?.blockOffset ?? 0,
  within: 0,
  blocks: blob?.blockMap === true ? 0 : (blob?.blockLength ?? 0),
  from: 0,
})

/** After the first `from` bytes of the file. */
export async function placeAfter(core: Hypercore, file: ArchiveFile, from: number): Promise<Place> {
  const start = fromTheStart(file)
  const { blob } = file
  if (from === 0 || blob === null) return start
  if (blob.blockMap === true) return { ...start, from }
  const end = blob.blockOffset + blob.blockLength
  const found = await core
    .seek(blob.byteOffset + from, { start: blob.blockOffset, end, timeout: SEEKING })
    .catch(() => null)
  if (found === null || found[0] < blob.blockOffset || found[0] >= end) return start
  return { index: found[0], within: found[1], blocks: end - found[0], from }
}

/** `heard` is called with each block that has come. Ends when all have been handed over; throws the signal's reason. */
export async function* contentsOf<T>(
  drive: Hyperdrive,
  pieces: Iterable<Piece<T>>,
  signal: AbortSignal,
): AsyncGenerator<Contents<T>> {
  const { core } = await unlessAborted(drive.getBlobs(), signal)
  const pipeline = new Pipeline(drive, core, pieces[Symbol.iterator](), signal)
  try {
    yield* pipeline.run()
  } finally {
    pipeline.end()
  }
}

class Pipeline<T> {
  readonly #drive: Hyperdrive
  readonly #core: Hypercore
  readonly #fetcher: Fetcher
  readonly #pieces: Iterator<Piece<T>>
  readonly #signal: AbortSignal
  readonly #watchdog: NodeJS.Timeout
  readonly #stop = () => this.#cancelAll()
  /** In order, from the one that is being read. */
  readonly #ahead: Ahead<T>[] = []
  #bytes = 0
  #blocks = 0
  #exhausted = false
  #heardAt = performance.now()
  #waiting = false

  constructor(drive: Hyperdrive, core: Hypercore, pieces: Iterator<Piece<T>>, signal: AbortSignal) {
    this.#drive = drive
    this.#core = core
    this.#fetcher = fetcherOf(core)
    this.#pieces = pieces
    this.#signal = signal
    this.#watchdog = setInterval(() => this.#look(), LOOK)
    signal.addEventListener('abort', this.#stop)
  }

  async *run(): AsyncGenerator<Contents<T>> {
    while (true) {
      this.#signal.throwIfAborted()
      this.#fill()
      const current = this.#ahead[0]
      if (current === undefined) return
      const { target, place } = current.piece
      yield { target, from: place.from, chunks: this.#chunks(current) }
      this.#drop(current)
      this.#ahead.shift()
      this.#core.emit(READ, current.range)
    }
  }

  end(): void {
    clearInterval(this.#watchdog)
    this.#signal.removeEventListener('abort', this.#stop)
    this.#cancelAll()
    for (const one of this.#ahead.splice(0)) this.#core.emit(READ, one.range)
  }

  async *#chunks(current: Ahead<T>): AsyncGenerator<Buffer> {
    const { file, place } = current.piece
    let read = place.from
    const notThere = () => new AppError('NOT_AVAILABLE', NOT_THERE.detail, { key: '', path: file.path })
    const source = file.blob?.blockMap === true ? this.#elsewhere(file, read) : this.#inOrder(current)
    for await (const chunk of source) {
      read += chunk.byteLength
      if (read > file.size) throw notThere()
      yield chunk
    }
    if (read !== file.size) throw notThere()
  }

  async *#inOrder(current: Ahead<T>): AsyncGenerator<Buffer> {
    const { place } = current.piece
    const { length } = this.#core
    for (let taken = 0; taken < place.blocks; taken++) {
      if (place.index + taken >= length)
        throw new AppError('NOT_AVAILABLE', NOT_THERE.detail, { key: '', path: current.piece.file.path })
      this.#fill()
      const first = current.asked[0]!
      let block: Buffer
      this.#waiting = true
      try {
        block = await first.wanted.block
      } catch (error) {
        this.#signal.throwIfAborted()
        throw first.wanted.cancelled() ? new SetAside() : error
      } finally {
        this.#waiting = false
      }
      this.#heardAt = performance.now()
      current.asked.shift()
      this.#bytes -= first.bytes
      this.#blocks--
      yield taken === 0 && place.within > 0 ? block.subarray(place.within) : block
    }
  }

  /** A file that is put together from blocks elsewhere. */
  async *#elsewhere(file: ArchiveFile, start: number): AsyncGenerator<Buffer> {
    const blobs = await this.#drive.getBlobs()
    const range = { start, length: file.size - start }
    if (range.length === 0) return
    try {
      yield* seeking(blobs, file.blob!, range, this.#signal, SILENCE)
    } catch (error) {
      this.#signal.throwIfAborted()
      if ((error as { code?: string }).code === 'REQUEST_TIMEOUT') throw new SetAside()
      throw error
    }
  }

  #fill(): void {
    // Many at a time: they are made ready together.
    if (this.#blocks > AHEAD_BLOCKS / 2 || this.#bytes > AHEAD / 2) return
    while (this.#blocks < AHEAD_BLOCKS && this.#bytes < AHEAD && !this.#signal.aborted) {
      let last = this.#ahead.at(-1)
      if (last === undefined || last.next >= last.piece.place.blocks) {
        const { value, done } = this.#exhausted ? { value: undefined, done: true } : this.#pieces.next()
        if (done === true) {
          this.#exhausted = true
          return
        }
        const { place, file } = value as Piece<T>
        const bytesEach = Math.ceil((file.size - place.from) / Math.max(1, place.blocks))
        const range = { start: place.index, end: place.index + place.blocks }
        last = { piece: value as Piece<T>, range, asked: [], next: 0, bytesEach }
        this.#ahead.push(last)
        this.#core.emit(READING, last.range)
        // What has no blocks of its own counts for one, so that a million empty files are not taken up at once.
        if (place.blocks === 0) {
          if (this.#ahead.length > AHEAD_BLOCKS) return
          continue
        }
      }
      const index = last.piece.place.index + last.next++
      if (index < this.#core.length) {
        last.asked.push({
          wanted: this.#fetcher.want(index, last.bytesEach),
          index,
          since: performance.now(),
          bytes: last.bytesEach,
        })
        this.#bytes += last.bytesEach
        this.#blocks++
      }
    }
  }

  /** Gives up on what is waited for when nobody has it. */
  #look(): void {
    const current = this.#ahead[0]
    const first = current?.asked[0]
    if (!this.#waiting || current === undefined || first === undefined) return
    const now = performance.now()
    const silent = now - Math.max(this.#heardAt, first.since) > SILENCE
    if (silent || (now - first.since > WITHOUT && this.#fetcher.isWithout(first.index))) this.#drop(current)
  }

  #drop(one: Ahead<T>): void {
    for (const { wanted, bytes } of one.asked.splice(0)) {
      wanted.cancel()
      this.#bytes -= bytes
      this.#blocks--
    }
    one.next = one.piece.place.blocks
  }

  #cancelAll(): void {
    for (const one of this.#ahead) this.#drop(one)
  }
}
