/**
 * How much content there was in a version: the end of what its entries, and those before them, name in the log of content. It
 * follows from the list alone, so that everybody who asks comes to the same number. The log is read in its order,
 * many blocks at once, which is quicker than through its tree, and only once for all versions.
 */
import { setImmediate } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import { contentEndIn } from '../proofs/list.ts'

/** What was found is remembered after each so many blocks. */
const STEP = 512
/** Blocks that are read together at first, and about how many bytes then. */
const FEW = 64
const AT_ONCE = 8 << 20
/** How long one block is waited for, in milliseconds. */
const PATIENCE = 20_000

export class ContentLength {
  readonly #core: Hypercore
  /** Where the content ended before every `STEP`th block, as long as the fork is this one. */
  #marks: number[] = [0]
  #fork = -1

  /** Of the list. */
  constructor(core: Hypercore) {
    this.#core = core
  }

  /** In blocks. Asks peers for what is missing of the list. `most`: what is said to lie behind this is not counted. */
  async at(version: number, most: number, signal?: AbortSignal): Promise<number> {
    const { fork } = this.#core
    if (fork !== this.#fork) this.#marks = [0]
    this.#fork = fork
    const marks = this.#marks
    const begin = Math.min(Math.floor(version / STEP), marks.length - 1)
    let length = marks[begin]!
    // What is not counted now may be there the next time.
    let counted = true
    const session = this.#core.session()
    const stop = () => void session.close().catch(() => {})
    signal?.addEventListener('abort', stop)
    await session.ready()
    const download = session.download({ start: begin * STEP, end: version })
    try {
      for (let start = begin * STEP; start < version; start += STEP) {
        const end = Math.min(start + STEP, version)
        signal?.throwIfAborted()
        for await (const block of blocksOf(session, start, end)) {
          const ends = block === null ? 0 : contentEndIn(block)
          if (ends > most) counted = false
          else if (ends > length) length = ends
        }
        if (counted && end === start + STEP && this.#fork === this.#core.fork) marks[end / STEP] = length
        await setImmediate()
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
      download.destroy()
      await session.close()
    }
    return length
  }
}

/** Each block, few at a time where they are large: whoever writes a list decides how large they are. */
async function* blocksOf(session: Hypercore, start: number, end: number): AsyncGenerator<Buffer | null> {
  let most = Math.max(1, Math.min(FEW, Math.floor((AT_ONCE * session.length) / Math.max(1, session.byteLength))))
  for (let next = start; next < end; ) {
    const blocks = await together(session, next, Math.min(end, next + most))
    next += blocks.length
    const bytes = blocks.reduce((sum, block) => sum + (block?.byteLength ?? 0), 0)
    most = Math.max(1, Math.min(2 * most, Math.floor((AT_ONCE * blocks.length) / Math.max(1, bytes))))
    yield* blocks
  }
}

/** One trip to the store for all that is here and lies there as it is. */
async function together(session: Hypercore, start: number, end: number): Promise<readonly (Buffer | null)[]> {
  const { state, bitfield } = session.core!
  const reads = state.storage.read()
  const blocks: Promise<Buffer | null>[] = []
  for (let seq = start; seq < end; seq++)
    blocks.push(
      session.encryption === null && bitfield.get(seq) ? reads.getBlock(seq) : session.get(seq, { timeout: PATIENCE }),
    )
  reads.tryFlush()
  return Promise.all(blocks)
}
