/**
 * What the blocks of a list may weigh in memory. Hyperbee and its caches count blocks, and whoever writes a list decides how large
 * each of them is: 150 entries with 4 MiB of metadata each held two gigabytes of whoever looked at their history. So an
 * entry that is larger than any real one loses what it holds as soon as it is read, by which it is none that could be
 * shown; its name is cut, which leaves it at its place among all names that are shorter; and what is held is bounded in bytes.
 * The block itself lies on the disk and is served as it is, with its tree.
 *
 * The nodes of the tree that a block carries are those on the way to its entry: some hundred bytes. A block that carries very many,
 * or more than there are entries before it, is no block of a list.
 *
 * Blocks that are read together are all in memory for a moment, and so are those that peers were asked for: where blocks turn
 * out to be large, fewer of them are.
 *
 * Leans on the inside of Hyperbee 2.27: every block of a list is read in one place, and cached in two.
 */
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import { CircularList } from './circular-list.ts'

/** In bytes. What an archive says of itself has at most 64 KiB, a path of 64 names 16 KiB. */
const LARGEST_VALUE = 64 << 10
/** Longer names are cut, by which some may become the same. */
export const LONGEST_KEY = 16 << 10
/** Stands for what was too large: no entry, and as JSON something that can be read. */
const NO_ENTRY = Buffer.from('0')

/** Bytes that one reader of a list holds, beyond which all are let go and read again; and that are kept for all further readers together. */
const HELD = 16 << 20
const CACHED = 16 << 20
/** What weighs less is bounded by its number. */
const SMALL = 2048
/** So many times its length a tree takes that is taken apart. */
const TAKEN_APART = 16
/** Of the tree, in bytes: what each block before may add to it, and what is around it. */
const TREE = { most: 256 << 10, each: 32, around: 64 } as const

/** Bytes that are read at once, or are on their way, of one list. */
const AT_ONCE = 8 << 20
/** Blocks that are read at once, of those that are here. */
const MOST_READ = 32
/** And at least: otherwise each would wait for the way there and back of the one before. */
const LEAST = 2
/** Upstream's number of requests to a near peer. */
const LEAST_INFLIGHT = 16
/** What is left, with each further block, of how large one was. */
const FADING = 0.95
/** On average: no list of real entries has larger blocks. */
const USUAL = 32 << 10

type Batch = ReturnType<Hyperdrive['db']['batch']>
type Node = Awaited<ReturnType<Batch['_getNode']>>
type Cache = NonNullable<Batch['tree']['_nodeCache']>

const held = new WeakMap<Batch, number>()
const weights = new WeakMap<Node, number>()
/** Oldest first. */
const cached = new Map<Node, { readonly cache: Cache; readonly seq: number; readonly weight: number }>()
let cachedWeight = 0

/** From now on, for all that read lists in this process. */
export function boundBlocks(batches: Batch): void {
  const { _getNode, _getBlock } = batches
  batches._getNode = async function (this: Batch, seq) {
    const inner = this.core.core
    const known = this.tree._nodeCache?.get(seq)
    if (inner === null || (known != null && weights.has(known))) return _getNode.call(this, seq)
    let turns = turnsOf.get(inner)
    if (turns === undefined) {
      turns = new Turns(inner)
      turnsOf.set(inner, turns)
    }
    return turns.take(seq, async () => {
      const node = await _getNode.call(this, seq)
      if (!weights.has(node)) turns.saw(admit(node, this.tree._nodeCache, seq))
      return node
    })
  }
  batches._getBlock = async function (this: Batch, seq) {
    const known = this.blocks?.has(seq) === true
    const block = await _getBlock.call(this, seq)
    // Nothing of what is being written is let go.
    if (known || this.blocks === null || this.length > 0) return block
    const weight = (held.get(this) ?? 0) + (weights.get(block.entry) ?? 0)
    held.set(this, weight > HELD ? 0 : weight)
    if (weight > HELD) this.blocks.clear()
    return block
  }
}

/** Who may read a block of one list now. */
class Turns {
  readonly #core: Hypercore.Inner
  /** What peers do not give must not hold up what is here. */
  readonly #here: Turn = { running: 0, waiting: [] }
  readonly #afar: Turn = { running: 0, waiting: [] }
  /** About how large blocks were that were read lately. */
  #lately = 0

  constructor(core: Hypercore.Inner) {
    this.#core = core
    this.#askFor()
  }

  async take<T>(seq: number, use: () => Promise<T>): Promise<T> {
    const isHere = this.#core.bitfield.get(seq)
    const turn = isHere ? this.#here : this.#afar
    while (turn.running >= this.#most(isHere)) await new Promise<void>(resolve => turn.waiting.push(resolve))
    turn.running++
    try {
      return await use()
    } finally {
      turn.running--
      for (let free = this.#most(isHere) - turn.running; free > 0 && turn.waiting.length > 0; free--)
        turn.waiting.shift()!()
    }
  }

  saw(bytes: number): void {
    this.#lately = Math.max(bytes, this.#lately * FADING)
    this.#askFor()
  }

  /** What else is fetched of this list, as all of it is in the end, is on its way in the same memory. */
  #askFor(): void {
    const expected = this.#expected
    if (expected <= USUAL) return
    const inflight = Math.max(LEAST, Math.floor(AT_ONCE / expected))
    this.#core.replicator.setInflightRange(Math.min(LEAST_INFLIGHT, inflight), inflight)
  }

  get #expected(): number {
    const { byteLength, length } = this.#core.state
    return Math.max(this.#lately, length === 0 ? 0 : byteLength / length)
  }

  #most(isHere: boolean): number {
    const expected = this.#expected
    if (expected > USUAL) return Math.max(LEAST, Math.floor(AT_ONCE / expected))
    return isHere ? MOST_READ : Number.POSITIVE_INFINITY
  }
}

type Turn = { running: number; readonly waiting: (() => void)[] }

const turnsOf = new WeakMap<Hypercore.Inner, Turns>()

/** Returns how many bytes it had. */
function admit(node: Node, cache: Cache | null, seq: number): number {
  if ((node.index?.byteLength ?? 0) > Math.min(TREE.most, TREE.each * (seq + 1) + TREE.around)) {
    cache?.keys.delete(seq)
    throw new CircularList('A block of this list carries more nodes than any list needs')
  }
  const bytes = node.key.byteLength + (node.value?.byteLength ?? 0) + (node.index?.byteLength ?? 0)
  const isLarge = node.key.byteLength > LONGEST_KEY || (node.value?.byteLength ?? 0) > LARGEST_VALUE
  if (isLarge) {
    // A part of the block would hold on to all of it.
    node.key = Buffer.from(node.key.subarray(0, LONGEST_KEY))
    if (node.index !== null) node.index = Buffer.from(node.index)
    if (node.value !== null) node.value = NO_ENTRY
  }
  const weight = node.key.byteLength + (node.value?.byteLength ?? 0) + TAKEN_APART * (node.index?.byteLength ?? 0)
  weights.set(node, weight)
  if (weight <= SMALL || cache === null) return bytes
  cached.set(node, { cache, seq, weight })
  cachedWeight += weight
  for (const [oldest, { cache, seq, weight }] of cached) {
    if (cachedWeight <= CACHED || oldest === node) break
    cached.delete(oldest)
    cachedWeight -= weight
    if (cache.get(seq) === oldest) cache.keys.delete(seq)
  }
  return bytes
}
