/**
 * The blocks of a log that are on this device: which, how many bytes, and how they leave.
 *
 * It leans on the inside of Hypercore 11. The bitfield tells what is here, and the Merkle tree how long each block is, so
 * that sizes are exact without reading a block.
 */
import { setImmediate } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import { countOf, cut, EVERYTHING, type Ranges, within } from '../lib/ranges.ts'

/** Blocks that are cleared before the loop gets its turn. */
const SLICE = 4096
/** Sizes that are looked up at once. */
const AT_ONCE = 256

/** What is here of these places; nothing as long as the core is not open. */
export function heldIn(core: Hypercore | undefined, places: Ranges = EVERYTHING): Ranges {
  const bitfield = core?.core?.bitfield
  if (core === undefined || bitfield === undefined) return []
  const held: { start: number; end: number }[] = []
  for (const range of places) {
    const limit = Math.min(range.end, core.length)
    for (let position = range.start; position < limit; ) {
      const start = bitfield.firstSet(position)
      if (start === -1 || start >= limit) break
      const unset = bitfield.firstUnset(start)
      const end = unset === -1 ? limit : Math.min(unset, limit)
      held.push({ start, end })
      position = end
    }
  }
  return held
}

/** How many of these places are here. Quicker than `heldIn`. */
export function countHeld(core: Hypercore | undefined, places: Ranges): number {
  const bitfield = core?.core?.bitfield
  if (core === undefined || bitfield === undefined) return 0
  return places.reduce((sum, { start, end }) => {
    const limit = Math.min(end, core.length)
    return limit <= start ? sum : sum + bitfield.countSet(start, limit - start)
  }, 0)
}

/**
 * Bytes of content in blocks that are here, all of them: exact, and near where the tree has gaps, as an older Cairn left
 * them when it cleared.
 */
export async function bytesOf(core: Hypercore, held: Ranges): Promise<number> {
  if (held.length === 0) return 0
  const [first] = held
  if (held.length === 1 && first!.start === 0 && first!.end === core.length) return core.byteLength
  const { state } = core.core!
  const { roots } = state.createTreeBatch()
  let bytes = 0
  for (let next = 0; next < held.length; next += AT_ONCE) {
    const reads = state.storage.read()
    const sizeAt = async (index: number) => {
      const node = await reads.getTreeNode(index)
      return node?.size ?? Number.NaN
    }
    const sizes = held.slice(next, next + AT_ONCE).map(async ({ start, end }) => {
      const before = nodesBefore(roots, start)
      const upToLast = nodesBefore(roots, end - 1)
      const [less, more] = await Promise.all([
        Promise.all(before.nodes.map(sizeAt)),
        Promise.all([...upToLast.nodes, 2 * (end - 1)].map(sizeAt)),
      ])
      const size = upToLast.bytes + sum(more) - before.bytes - sum(less)
      return Number.isNaN(size) ? Math.round((core.byteLength / core.length + core.padding) * (end - start)) : size
    })
    reads.tryFlush()
    bytes += sum(await Promise.all(sizes))
  }
  return bytes - core.padding * countOf(held)
}

const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0)

/**
 * Everything before a block: bytes of whole roots, and nodes whose sizes are to be added. Hypercore's own `byteOffset` counts
 * the roots before the one that holds the block as NaN.
 */
function nodesBefore(
  roots: readonly { readonly index: number; readonly size: number }[],
  block: number,
): { readonly bytes: number; readonly nodes: readonly number[] } {
  const nodes: number[] = []
  let bytes = 0
  let first = 0
  for (const root of roots) {
    let count = root.index - 2 * first + 1
    if (block >= first + count) {
      bytes += root.size
      first += count
      continue
    }
    for (; count > 1; count /= 2) {
      if (block < first + count / 2) continue
      nodes.push(2 * first + count / 2 - 1)
      first += count / 2
    }
    break
  }
  return { bytes, nodes }
}

/**
 * Deletes blocks from this device. Their room is given back by the store's next compaction.
 *
 * Hypercore's own `clear` also deletes the tree's nodes beside and above the first block, and takes what lies to the
 * left of it for cleared as well: after it, blocks that stay could be read and no longer proven to anybody. So the nodes
 * stay, some hundred bytes a block.
 */
export async function clearBlocks(core: Hypercore, places: Ranges): Promise<void> {
  const { state } = core.core!
  const { createWriteBatch } = state
  state.createWriteBatch = () => {
    const transaction = createWriteBatch.call(state)
    transaction.deleteTreeNode = () => {}
    return transaction
  }
  try {
    for (const { start, end } of cut(within(places, [{ start: 0, end: core.length }]), SLICE)) {
      await core.clear(start, end)
      await setImmediate()
    }
  } finally {
    state.createWriteBatch = createWriteBatch
  }
}
