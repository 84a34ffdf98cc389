/**
 * A part of a file as players and viewers ask for it: "from here on", of which they take as much as they like and then
 * leave. So the block that holds the first byte is asked for at once, more only as they are taken, and those that were
 * asked for in vain are taken back.
 *
 * The block is found by arithmetic where all blocks of a file have one size, as every program writes them; the log's own
 * tree, which comes along with the block, says whether that was right. A search through the tree of a peer would be
 * a round trip or more before the first byte.
 */
import { once } from 'node:events'
import type Hyperblobs from 'hyperblobs'
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import { isMissing, isReplaced, READ, readBlob, READING, unlessAborted, whyNotRead } from './blob.ts'
import type { Range as Blocks } from '../lib/ranges.ts'
import { type ArchiveFile, PATIENCE } from './entries.ts'

/** Bytes that are on their way before the first of them has been taken, and when they are taken as quickly as they come. */
const FIRST = 256 << 10
const MOST = 2 << 20
/** Blocks on their way, at most. */
const MOST_BLOCKS = 64

/** Bytes of a file. */
type Range = { readonly start: number; readonly length: number }

/** `range` in bytes within the file. Throws NOT_AVAILABLE and CONTENT_REPLACED as `readBlob` does. */
export async function* readAsTaken(
  drive: Hyperdrive,
  file: ArchiveFile,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { blob } = file
  if (blob === null || range.length === 0) return
  if (file.replaced === true) throw isReplaced(file)
  if (blob.blockMap === true) return yield* readBlob(drive, file, range, signal)
  const blobs = await drive.getBlobs()
  const end = blob.blockOffset + blob.blockLength
  signal.throwIfAborted()
  if (end > blobs.core.length) await heardOf(blobs.core, end, signal)
  if (blob.blockLength === 0 || end > blobs.core.length) throw isMissing(file)
  // What ends the waiting, and takes back what was asked for, is the end of the session.
  const session = blobs.core.session()
  const stop = () => void session.close().catch(() => {})
  signal.addEventListener('abort', stop)
  let left = range.length
  let used: Blocks | null = null
  // Nobody clears what is being read.
  const use = (next: Blocks | null) => {
    if (next !== null) blobs.core.emit(READING, next)
    if (used !== null) blobs.core.emit(READ, used)
    used = next
  }
  try {
    for await (const bytes of blocksFrom(session, blob, range, use)) {
      const part = bytes.byteLength > left ? bytes.subarray(0, left) : bytes
      left -= part.byteLength
      yield part
      if (left === 0) return
    }
  } catch (error) {
    signal.throwIfAborted()
    throw whyNotRead(error, file)
  } finally {
    use(null)
    signal.removeEventListener('abort', stop)
    await session.close()
  }
  signal.throwIfAborted()
  throw isMissing(file)
}

/**
 * The list may be here before anything is known of the log of content; and a peer may just have more of it. An entry that
 * names more than there is waits no longer than for an answer.
 */
async function heardOf(core: Hypercore, length: number, signal: AbortSignal): Promise<void> {
  const long = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
  if (core.length === 0) await once(core, 'append', { signal: long }).catch(() => {})
  if (core.length < length) await unlessAborted(core.update({ wait: true }), long).catch(() => {})
  signal.throwIfAborted()
}

/** Blocks from the first byte of the range to the end of the file, asked for a little ahead; the first one begins at that byte. */
async function* blocksFrom(
  session: Hypercore,
  { blockOffset, blockLength, byteOffset, byteLength }: Hyperblobs.Blob,
  { start, length }: Range,
  use: (blocks: Blocks) => void,
): AsyncGenerator<Buffer> {
  const end = blockOffset + blockLength
  const waiting: Promise<Buffer | null>[] = []
  const size = Math.max(1, byteLength / blockLength)
  let next: number
  let taken = 0
  let window = FIRST
  const ask = () => {
    const most = Math.min(MOST_BLOCKS, Math.max(1, Math.ceil(window / size)))
    // No more than the range is likely to need.
    while (next < end && waiting.length < most && (waiting.length === 0 || taken + waiting.length * size < length)) {
      const block = session.get(next++, { timeout: PATIENCE })
      block.catch(() => {})
      waiting.push(block)
    }
    use({ start: next - waiting.length, end: next })
  }

  const guess = guessed(start, byteLength, blockLength)
  let offset: number
  if (guess === null) {
    ;[next, offset] = await placeOf(session, byteOffset + start)
    if (next < blockOffset || next >= end) throw notThere()
  } else {
    next = blockOffset + guess.index
    offset = guess.offset
    ask()
    await waiting[0]
    const found = await placeOf(session, byteOffset + start)
    if (found[0] < blockOffset || found[0] >= end) throw notThere()
    if (found[0] !== blockOffset + guess.index || found[1] !== offset) {
      waiting.length = 0
      ;[next, offset] = found
    }
  }
  while (true) {
    ask()
    const block = await waiting.shift()
    if (block === undefined) return
    if (block === null) throw notThere()
    taken += block.byteLength - offset
    yield block.subarray(offset)
    offset = 0
    window = Math.min(window * 2, MOST)
  }
}

/** Where a byte of the log is. Known here, once the block is here that holds it. */
async function placeOf(session: Hypercore, byte: number): Promise<[index: number, offset: number]> {
  const place = await session.seek(byte, { timeout: PATIENCE })
  if (place === null) throw notThere()
  return [...place]
}

/** If all blocks but the last have one size and it is a power of two, only one size is possible. null: they have not. */
function guessed(start: number, bytes: number, blocks: number): { index: number; offset: number } | null {
  if (blocks === 1) return { index: 0, offset: start }
  const size = 2 ** Math.ceil(Math.log2(bytes / blocks))
  if (Math.ceil(bytes / size) !== blocks) return null
  return { index: Math.floor(start / size), offset: start % size }
}

const notThere = () => Object.assign(new Error('A block is missing'), { code: 'BLOCK_NOT_AVAILABLE' })
