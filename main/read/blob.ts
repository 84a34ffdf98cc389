/** The bytes of one file, in order, fetched as they are read. Leaving the loop, or the signal, stops the fetching. */
import type Hyperblobs from 'hyperblobs'
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Range } from '../lib/ranges.ts'
import { type ArchiveFile, PATIENCE } from './entries.ts'
import { knowLength } from './known-length.ts'

/**
 * `start` and `length` in bytes within the file. `patience`: milliseconds to wait for a block before NOT_AVAILABLE is
 * thrown; null waits for ever. Throws NOT_AVAILABLE as well if the file does not have as many bytes as its entry says, and
 * CONTENT_REPLACED where its author has replaced what is here of it.
 */
export async function* readBlob(
  drive: Hyperdrive,
  file: ArchiveFile,
  range: { readonly start: number; readonly length: number },
  signal: AbortSignal,
  patience: number | null = PATIENCE,
): AsyncGenerator<Buffer> {
  if (file.blob === null || range.length === 0) return
  if (file.replaced === true) throw isReplaced(file)
  const blobs = await drive.getBlobs()
  const missing = () => isMissing(file)
  const { blockOffset, blockLength } = file.blob
  if (blockOffset + blockLength > blobs.core.length) {
    // The list is told first, and of a file that has just been saved it is read at once.
    const limit = patience === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(patience)])
    await knowLength(drive, drive.version, blockOffset + blockLength, limit).catch(() => {})
    signal.throwIfAborted()
  }
  if (blockOffset + blockLength > blobs.core.length) throw missing()
  const whole = range.start === 0 && range.length === file.size && file.blob.blockMap !== true
  const chunks = whole
    ? inOrder(blobs.core, blockOffset, blockOffset + blockLength, signal, patience)
    : seeking(blobs, file.blob, range, signal, patience)
  let read = 0
  const used = blocksOf(file.blob, file.size, range)
  blobs.core.emit(READING, used)
  try {
    for await (const chunk of chunks) {
      read += chunk.byteLength
      // An entry may name more blocks than its bytes fill.
      if (read > range.length) throw missing()
      yield chunk
    }
  } catch (error) {
    signal.throwIfAborted()
    throw whyNotRead(error, file)
  } finally {
    blobs.core.emit(READ, used)
  }
  signal.throwIfAborted()
  if (read !== range.length) throw missing()
}

export const isReplaced = ({ path }: ArchiveFile): AppError =>
  new AppError('CONTENT_REPLACED', 'What is here in the place of this file is older: its author has replaced it.', {
    key: '',
    path,
  })

export const isMissing = ({ path }: ArchiveFile): AppError =>
  new AppError('NOT_AVAILABLE', 'Nobody who is connected has this part of the file.', { key: '', path })

/** What it means that the blocks of a file could not be read: NOT_AVAILABLE, or something else. */
export function whyNotRead(error: unknown, file: ArchiveFile): unknown {
  const { code } = error as { code?: string }
  return code === 'REQUEST_TIMEOUT' || code === 'BLOCK_NOT_AVAILABLE' ? isMissing(file) : error
}

/** What the log of content says of itself while blocks are read, with their range: they are in use, and were used. */
export const READING = 'cairn-reading'
export const READ = 'cairn-read'

/** Blocks differ little in size within one file: near enough to tell what was used last. */
function blocksOf(
  { blockOffset, blockLength }: Hyperblobs.Blob,
  size: number,
  { start, length }: { readonly start: number; readonly length: number },
): Range {
  const place = (byte: number) => (Math.min(byte, size) / Math.max(1, size)) * blockLength
  return { start: blockOffset + Math.floor(place(start)), end: blockOffset + Math.ceil(place(start + length)) }
}

/** Blocks that are asked for before the first of them has been taken. */
const WINDOW = 8

/**
 * Block after block, several on their way. A small file needs no session of its own, which costs more than its bytes. The
 * session is what ends the waiting for a large one: a promise that every block was raced against would keep them all.
 */
async function* inOrder(
  core: Hypercore,
  start: number,
  end: number,
  signal: AbortSignal,
  patience: number | null,
): AsyncGenerator<Buffer> {
  if (end - start <= 1) {
    if (end > start) yield present(await unlessAborted(core.get(start, waitingFor(patience)), signal))
    return
  }
  const session = core.session()
  const waiting: Promise<Buffer | null>[] = []
  const stop = () => void session.close().catch(() => {})
  signal.addEventListener('abort', stop)
  try {
    for (let next = start; next < end || waiting.length > 0; ) {
      for (; next < end && waiting.length < WINDOW; next++) {
        const block = session.get(next, waitingFor(patience))
        block.catch(() => {})
        waiting.push(block)
      }
      yield present(await waiting.shift()!)
    }
  } finally {
    signal.removeEventListener('abort', stop)
    await session.close()
  }
}

const waitingFor = (patience: number | null) => (patience === null ? {} : { timeout: patience })

function present(block: Buffer | null): Buffer {
  if (block === null) throw Object.assign(new Error('A block is missing'), { code: 'BLOCK_NOT_AVAILABLE' })
  return block
}

/** The work itself may go on for a while; whoever waits for it does not. */
export async function unlessAborted<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
  })
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([wanted, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** By place in bytes, for what does not begin at the beginning, and for files whose blocks stand elsewhere. */
export async function* seeking(
  blobs: Hyperblobs,
  blob: Hyperblobs.Blob,
  range: { readonly start: number; readonly length: number },
  signal: AbortSignal,
  patience: number | null,
): AsyncGenerator<Buffer> {
  const stream = blobs.createReadStream(blob, { ...range, ...(patience === null ? {} : { timeout: patience }) })
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop)
  try {
    yield* stream as AsyncIterable<Buffer>
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}
