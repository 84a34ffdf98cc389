/**
 * What a log tells by itself of those versions that nobody described, newest first. Where its author's program wrote a
 * batch, that is a changeset; puts that came one by one are put together, at places that stay the same when more come.
 */
import { type Block, endsBatch, type Log, surelyEndsBatch } from './tree-log.ts'

/** Versions that came one by one of which one changeset is made, at most. */
const RUN = 50
/** Blocks of a batch that are read. Of a longer one the end alone is, and where it begins is looked for. */
const READ = 1000
/** Blocks that are looked at together on that search. */
const WINDOW = 16
/** Blocks that are asked for together at first, with which the first changeset is told; then twice as many each time. */
const AHEAD = { first: RUN + 14, further: 256, most: 512 } as const

/** What is read first of those that end with this version. */
export const newestPlaces = (length: number): readonly number[] =>
  Array.from({ length: Math.min(AHEAD.first, length - 1) }, (_, index) => length - 1 - index)

/** Versions are lengths of the log: block `from` is the first one of it, and `length - 1` the last. */
export type Run = {
  readonly from: number
  readonly length: number
  /** Newest first. */
  readonly blocks: readonly Block[]
  /** false: there are more blocks than these, before them. */
  readonly whole: boolean
}

/**
 * `pace`: whether somebody waits for the first changesets, or has some and wants more. `goesOn` is asked before more blocks
 * are read; it ends there with what is whole by then.
 */
export type Manner = { readonly pace?: 'first' | 'further'; readonly goesOn?: () => boolean }

/** From `length` down to `lower`, which both are versions (1: the beginning). */
export async function* runs(log: Log, lower: number, length: number, manner: Manner): AsyncGenerator<Run> {
  let open: Block[] = []
  const joined = (): Run => ({ from: open.at(-1)!.seq, length: open[0]!.seq + 1, blocks: open, whole: true })
  for await (const batch of batches(log, lower, length, manner)) {
    const isAlone = batch.length - batch.from === 1
    if (isAlone) open.push(...batch.blocks)
    if (open.length > 0 && (!isAlone || batch.from % RUN === 0)) {
      yield joined()
      open = []
    }
    if (!isAlone) yield batch
  }
  // What was not read to where it begins is left for the next time.
  if (open.at(-1)?.seq === lower) yield joined()
}

/** The same, each batch for itself; a put that came alone is one. */
export async function* batches(log: Log, lower: number, length: number, manner: Manner = {}): AsyncGenerator<Run> {
  const ahead = new Backwards(log, lower, length, manner)
  let end = length
  while (end > lower) {
    const last = await ahead.at(end - 1)
    if (last === null) return
    const blocks = [last]
    let from = end - 1
    let whole = true
    while (from > lower) {
      const before = await ahead.at(from - 1)
      if (before === null) return
      if (endsBatch(before, last) === 'yes' || surelyEndsBatch(before, blocks.at(-1))) break
      if (blocks.length >= READ) {
        whole = false
        from = await versionBefore(log, lower, from)
        break
      }
      blocks.push(before)
      from--
    }
    yield { from, length: end, blocks, whole }
    end = from
  }
}

/** A version that is not too far before this place, found without reading what lies between. */
async function versionBefore(log: Log, lower: number, place: number): Promise<number> {
  for (let distance = 4 * WINDOW; place - distance > lower; distance *= 2) {
    const end = place - distance
    const blocks = await log.range(Math.max(lower, end - WINDOW), end)
    const found = blocks.findLast(block => endsBatch(block, null) === 'yes')
    if (found !== undefined) return found.seq + 1
  }
  return lower
}

/** Blocks one after another, read many at a time. Those that were passed are let go. */
class Backwards {
  readonly #log: Log
  readonly #lower: number
  readonly #goesOn: () => boolean
  readonly #held = new Map<number, Block>()
  #start: number
  #ahead: number

  constructor(log: Log, lower: number, end: number, { goesOn = () => true, pace = 'first' }: Manner) {
    this.#ahead = AHEAD[pace]
    this.#log = log
    this.#lower = lower
    this.#start = end
    this.#goesOn = goesOn
  }

  /** null: it would have to be read, and that does not go on. */
  async at(place: number): Promise<Block | null> {
    if (place < this.#start) {
      if (!this.#goesOn()) return null
      const end = place + 1 < this.#start - AHEAD.most ? place + 1 : this.#start
      const start = Math.max(this.#lower, Math.min(place, end - this.#ahead))
      for (const held of this.#held.keys()) if (held > place + 1) this.#held.delete(held)
      for (const block of await this.#log.range(start, end)) this.#held.set(block.seq, block)
      this.#start = start
      this.#ahead = Math.min(this.#ahead * 2, AHEAD.most)
    }
    return this.#held.get(place) ?? null
  }
}
