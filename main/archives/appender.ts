/**
 * Appends blocks to a log of ours faster than Hypercore's own `append`, with the same bytes as the result.
 *
 * Hypercore hashes, writes, signs and announces one append after another, and a flush to the disk before each
 * announcement adds a wait in which nothing is done. Here blocks are written behind the end of the log while the next
 * ones are hashed, and a *seal* makes all of them part of the log at once: signed, flushed, then announced. What was
 * not sealed does not exist; after a crash it is written over.
 *
 * It leans on the inside of Hypercore 11: blocks live under their index whether the log is that long or not, and an
 * append takes its tree from `createTreeBatch` and its transaction from `createWriteBatch` while it holds the lock.
 * `test/integration/appender.test.ts` holds the result against plain appends, block by block and root by root.
 */
import { iterator } from 'flat-tree'
import type Hypercore from 'hypercore'
import { data as leafHash } from 'hypercore-crypto'

/** A leaf of the log's Merkle tree: BLAKE2b-256 over a type, the size and the bytes. */
export type Leaf = Buffer

/** Blocks are handed over in slices of about this many bytes, so that hashing does not hold the loop. */
const SLICE = 4 << 20
const SLICE_BLOCKS = 256

/**
 * Peers hear of blocks, and can ask for the new length, only after `flush`: a writer that forgets after a power cut
 * what others have seen would fork its own log. Upstream's `postappend` comes after the length has been set, so that a
 * peer that connects meanwhile would be told too early; inside of the transaction's own flush there is no such moment.
 */
export function flushBeforeAnnouncing(core: Hypercore, flush: () => Promise<void>): void {
  const { state } = core.core!
  const append = state.append
  state.append = (values, options) =>
    append.call(state, values, {
      ...options,
      async preappend(blocks) {
        await (options?.preappend || undefined)?.(blocks)
        // The lock is held, so that the next flush is that of this very append.
        const write = state.flush
        state.flush = async () => {
          state.flush = write
          const written = await write.call(state)
          await flush()
          return written
        }
      },
    })
}

export class Appender {
  readonly #core: Hypercore
  readonly #requireRoom: (() => Promise<void>) | undefined
  #tree: Hypercore.Tree
  /** Leaves that are not sealed yet, from `#sealed` on. */
  #leaves: Leaf[] = []
  #sealed: number
  #bytes: number
  #writing: Promise<unknown> = Promise.resolve()
  #sealing: Promise<void> = Promise.resolve()

  /**
   * `core` is ours, open, and nobody else appends to it as long as this is in use. `requireRoom` is asked before each slice, and
   * rejects where there is none for it.
   */
  constructor(core: Hypercore, requireRoom?: () => Promise<void>) {
    this.#core = core
    this.#requireRoom = requireRoom
    this.#tree = core.core!.state.createTreeBatch()
    this.#sealed = core.length
    this.#bytes = core.byteLength
  }

  /** Where the next block will stand. */
  get length(): number {
    return this.#tree.length
  }

  /** Bytes of content before the next block. */
  get byteLength(): number {
    return this.#bytes
  }

  /**
   * Takes blocks over, which must not be changed afterwards. Resolves when the next ones may come: at most two calls'
   * worth of bytes is held. `leaves`: of the blocks, where they are known already, as they are without encryption.
   */
  async append(blocks: readonly Buffer[], leaves?: readonly (Leaf | undefined)[]): Promise<void> {
    for (let start = 0; start < blocks.length; ) {
      let end = start
      for (let bytes = 0; end < blocks.length && bytes < SLICE && end - start < SLICE_BLOCKS; end++)
        bytes += blocks[end]!.byteLength
      await this.#requireRoom?.()
      await this.#appendSlice(blocks.slice(start, end), leaves?.slice(start, end))
      start = end
    }
  }

  async #appendSlice(blocks: readonly Buffer[], leaves?: readonly (Leaf | undefined)[]): Promise<void> {
    const first = this.length
    for (const block of blocks) this.#bytes += block.byteLength
    const stored = this.#core.encryption ? await this.#encrypt(blocks, first) : blocks
    for (const [index, block] of stored.entries()) {
      const known = stored === blocks ? leaves?.[index] : undefined
      const leaf = known ?? leafHash(block)
      this.#leaves.push(leaf)
      const place = 2 * this.length
      this.#tree.appendRoot({ index: place, size: block.byteLength, hash: leaf }, iterator(place))
    }
    await this.#writing
    this.#writing = this.#write(stored, first)
    // Its failure is met by whoever appends or seals next.
    this.#writing.catch(() => {})
  }

  /** The leaf of a block of this log, sealed or not. null: it is not there. */
  async leaf(index: number): Promise<Leaf | null> {
    if (index >= this.#sealed) return this.#leaves[index - this.#sealed] ?? null
    const reads = this.#core.core!.state.storage.read()
    const node = reads.getTreeNode(2 * index)
    reads.tryFlush()
    return (await node)?.hash ?? null
  }

  /** Whether the block at this place is these bytes. Of an encrypted log only what has been sealed can be compared. */
  async holds(index: number, block: Buffer): Promise<boolean> {
    if (!this.#core.encryption) return (await this.leaf(index))?.equals(leafHash(block)) === true
    return index < this.#sealed && (await this.#core.get(index, { wait: false }))?.equals(block) === true
  }

  /**
   * Makes everything taken over so far part of the log, on the disk, and then known to peers. More can be appended
   * meanwhile.
   */
  seal(): Promise<void> {
    const tree = this.#tree
    if (tree.length === tree.treeLength) return this.#sealing
    this.#tree = follow(this.#core.core!.state, tree)
    const written = this.#writing
    this.#sealing = this.#sealing.then(async () => {
      await written
      await this.#sign(tree)
      this.#leaves.splice(0, tree.length - this.#sealed)
      this.#sealed = tree.length
    })
    this.#sealing.catch(() => {})
    return this.#sealing
  }

  /** Resolves when the blocks that were taken over may be changed again, whatever became of them. */
  async written(): Promise<void> {
    await Promise.allSettled([this.#writing])
  }

  /** Resolves when nothing is being written any more, whatever became of it. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#sealing])
  }

  async #write(blocks: readonly Buffer[], first: number): Promise<void> {
    const transaction = this.#core.core!.state.storage.write()
    for (const [index, block] of blocks.entries()) transaction.putBlock(first + index, block)
    await transaction.flush()
  }

  async #encrypt(blocks: readonly Buffer[], first: number): Promise<readonly Buffer[]> {
    const { encryption, padding } = this.#core
    const { core } = this.#core
    const fork = core!.state.encryptionFork
    const stored: Buffer[] = []
    for (const [index, block] of blocks.entries()) {
      const padded = Buffer.allocUnsafeSlow(padding + block.byteLength)
      padded.set(block, padding)
      await encryption!.encrypt(first + index, padded, fork, core!)
      stored.push(padded)
    }
    return stored
  }

  async #sign(tree: Hypercore.Tree): Promise<void> {
    const { state } = this.#core.core!
    const count = tree.length - tree.treeLength
    await state.append(
      Array.from({ length: count }, () => EMPTY),
      {
        keyPair: this.#core.keyPair,
        preappend: () => {
          // The blocks are there and hashed; what is left is the tree, the head and the bitfield.
          state._activeTx!.putBlock = () => {}
          const { createTreeBatch } = state
          state.createTreeBatch = () => {
            state.createTreeBatch = createTreeBatch
            tree.append = () => {}
            return tree
          }
          return Promise.resolve()
        },
      },
    )
  }
}

const EMPTY = Buffer.alloc(0)

/** A tree that goes on where another one will end once it is sealed. */
function follow(state: Hypercore.State, tree: Hypercore.Tree): Hypercore.Tree {
  const next = new (tree.constructor as new (state: Hypercore.State) => Hypercore.Tree)(state)
  next.roots = [...tree.roots]
  next.length = tree.length
  next.ancestors = tree.length
  next.treeLength = tree.length
  next.byteLength = tree.byteLength
  return next
}
