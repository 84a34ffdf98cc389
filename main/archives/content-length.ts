/**
 * How much content there was in a version: the end of what its entries, and those before them, name in the log of content. It
 * follows from the list alone, so that everybody who asks comes to the same number. The log is read in its order,
 * many blocks at once, which is quicker than through its tree, and only once for all versions.
 */
import { setImmediate } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import { contentEndIn } from '../proofs/list.ts'

/** Blocks that are read at once; what was found is remembered after each so many. */
const STEP = 512
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
        for (const block of await blocksOf(session, start, end)) {
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

/** One trip to the store for all that is here and lies there as it is. */
async function blocksOf(session: Hypercore, start: number, end: number): Promise<readonly (Buffer | null)[]> {
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
