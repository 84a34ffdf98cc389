/**
 * The log of a list, read backwards, many blocks at a time. Each block is one entry that was put or deleted, and carries
 * those nodes of the tree that were written with it. That alone tells, with nothing else read, where a batch ended: the
 * last block of a batch carries the way from the root down, the others only what was not written anew after them. Versions are
 * nowhere else, and what lies inside of a batch is no list that could be looked at.
 *
 * Leans on the inside of Hyperbee 2.27 (`_put`, `toBlocks`).
 */
import type Hyperdrive from 'hyperdrive'
import { CircularList, OutOfLog } from '../lib/circular-list.ts'

/** Blocks that are held of one log while it is read. */
const HELD = 2048
/** Blocks that are asked for together, at first and at most. */
const FEW = 16
const MANY = 1024

/** Nodes that blocks carry which are read together: a hundred each, where upstream writes as many as its tree is deep. */
const MOST_NODES = 100 * MANY
const tooMany = () => new CircularList('The blocks of this list carry more nodes than any list has')

type Batch = ReturnType<Hyperdrive['db']['batch']>
export type Block = Awaited<ReturnType<Batch['getBlock']>>
export type Level = NonNullable<Block['index']>['levels'][number]

export class Log {
  readonly #batch: Batch
  readonly #snapshot: Hyperdrive

  private constructor(snapshot: Hyperdrive) {
    this.#snapshot = snapshot
    this.#batch = snapshot.db.batch({ maxBlocksCached: HELD })
  }

  static async reading<T>(snapshot: Hyperdrive, use: (log: Log) => Promise<T>): Promise<T> {
    const log = new Log(snapshot)
    try {
      return await use(log)
    } finally {
      await log.#batch.close()
    }
  }

  /**
   * From peers if need be, all of them together. Throws CircularList when one of them is no block of a list, or all of them
   * carry more nodes than any list has.
   */
  async blocks(places: readonly number[]): Promise<readonly Block[]> {
    let nodes = 0
    const read = async (place: number) => {
      // What was asked for before it may have been too much by now.
      if (nodes > MOST_NODES) throw tooMany()
      const block = await this.#read(place)
      nodes += block.index?.levels.length ?? 0
      if (nodes > MOST_NODES) throw tooMany()
      return block
    }
    return Promise.all(places.map(read))
  }

  /** From `start` up to `end` and without it. */
  range(start: number, end: number): Promise<readonly Block[]> {
    return this.blocks(Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index))
  }

  /** The same one after another, few of them together at first, since few may be wanted. */
  async *each(start: number, end: number, backwards = false): AsyncGenerator<Block> {
    for (let done = 0, size = FEW; start + done < end; size = Math.min(size * 2, MANY)) {
      const count = Math.min(size, end - start - done)
      const from = backwards ? end - done - count : start + done
      const blocks = await this.range(from, from + count)
      yield* backwards ? blocks.toReversed() : blocks
      done += count
    }
  }

  /** They will be asked for, and are fetched from now on. */
  expect(places: readonly number[]): void {
    this.blocks(places.filter(place => place > 0 && place < this.#snapshot.core.length)).catch(() => {})
  }

  isHere(place: number): boolean {
    return this.#snapshot.core.core?.bitfield.get(place) === true
  }

  async #read(place: number): Promise<Block> {
    // It would be waited for.
    if (place < 1 || place >= this.#snapshot.core.length) throw new OutOfLog('This list names what it does not have')
    try {
      const block = await this.#batch.getBlock(place)
      block.inflate()
      return block
    } catch (error) {
      // What upstream refuses on purpose says why.
      if (typeof (error as { code?: unknown }).code === 'string') throw error
      throw new CircularList('A block of this list cannot be read', { cause: error })
    }
  }
}

/** The tree as it was when this block was the last one of its log; undefined: inside of a batch. */
export const rootOf = (block: Block): Level | undefined => block.index?.levels[0]

/** Throws CircularList where the block does not have it. */
export function nodeAt(block: Block, offset: number): Level {
  const node = block.index?.levels[offset]
  if (node === undefined) throw new CircularList('A node of this list is missing')
  return node
}

/**
 * `yes`: a batch ends with this block (a single put is one as well), so that the log up to it is a version. Of a block that carries
 * one node alone that cannot always be said. `next`: the block with which the batch after it, or of it, ends.
 *
 * What is said to be a version must be one; that one is taken for none makes a changeset larger. So a node is not trusted that was
 * left behind when a batch made the tree lower: upstream writes it as it was when the batch ended.
 */
export function endsBatch({ seq, index }: Block, next: Block | null): 'yes' | 'no' | 'unknown' {
  const levels = index?.levels ?? []
  const [root] = levels
  if (root === undefined || levels.some(level => isLaterThan(seq, level))) return 'no'
  // The root stands first, and all others hang below it. Inside of a batch there is no root, and what is left stands in another order.
  if (levels.length > 1) return hangBelowTheFirst(seq, levels) ? 'yes' : 'no'
  const after = next === null ? undefined : rootOf(next)
  if (next === null || after === undefined) return 'unknown'
  if (root.children.length === 0) {
    if (after.children.length === 0) return haveSameKeys(root, after) ? 'no' : 'yes'
    // One put has split it.
    return next.seq === seq + 1 && after.children.every(child => child.seq === next.seq) ? 'yes' : 'unknown'
  }
  if (!root.keys.some(key => key.seq === seq)) return 'no'
  // A node hangs below one other alone: what hangs below the next root is not inside of that tree a second time.
  const shared = new Set(after.children.map(nameOf))
  return root.children.some(child => shared.has(nameOf(child))) ? 'yes' : 'unknown'
}

/** Hyperbee's nodes have no fewer keys than this, but for the root. */
const LEAST_KEYS = 4

/**
 * The same from this block and the one behind it alone, for those who come from before it. false: it does not, or that cannot be
 * said. Of a list of one node: in a batch each node stands once, so that with the next writing of it another one has begun.
 */
export function surelyEndsBatch(block: Block, next: Block | undefined): boolean {
  const answer = endsBatch(block, null)
  const root = rootOf(block)
  if (answer !== 'unknown' || root === undefined || root.children.length > 0) return answer === 'yes'
  if (root.keys.length < LEAST_KEYS) return true
  const keys = new Set(root.keys.map(({ seq }) => seq))
  // The very same one is what upstream leaves behind where a batch makes the list lower.
  return (next?.index?.levels ?? []).some(
    level => level.children.length === 0 && level.keys.some(({ seq }) => keys.has(seq)) && !haveSameKeys(root, level),
  )
}

const isLaterThan = (seq: number, { keys, children }: Level): boolean =>
  keys.some(key => key.seq > seq) || children.some(child => child.seq > seq)

const haveSameKeys = (one: Level, other: Level): boolean =>
  one.keys.length === other.keys.length && one.keys.every(({ seq }, index) => seq === other.keys[index]!.seq)

const nameOf = ({ seq, offset }: Level['children'][number]): string => `${seq} ${offset}`

function hangBelowTheFirst(seq: number, levels: readonly Level[]): boolean {
  const found = new Set([0])
  for (const at of found) {
    for (const child of levels[at]?.children ?? []) {
      if (child.seq !== seq) continue
      if (child.offset === 0) return false
      found.add(child.offset)
    }
  }
  return found.size === levels.length
}
