/**
 * The Merkle tree of a log, rebuilt from the few nodes that are needed for it: those that stand for blocks nobody asks about, and
 * the blocks themselves where somebody does. The same walk tells which nodes these are and, with them in that order,
 * what the tree's roots must be. So a proof is a list of nodes without places: there is one list that fits, and no other.
 *
 * A log that is signed at one length (`head`) holds all shorter ones: their roots are nodes of its tree.
 */
import { parent } from 'hypercore-crypto'
import type Hypercore from 'hypercore'
import type { Ranges } from '../lib/ranges.ts'

export type TreeNode = Hypercore.TreeNode

export type Shape = {
  /** The length that is signed, in blocks. */
  readonly head: number
  /** A length up to that one, whose roots are told as well. */
  readonly length: number
  /** Blocks that are looked at themselves. */
  readonly wanted: Ranges
}

export type Rebuilt = {
  readonly roots: readonly TreeNode[]
  /** Those of `length`. */
  readonly shorter: readonly TreeNode[]
}

/**
 * `given` is asked for each node that stands for blocks which are not wanted, `leaf` for each block that is, both in the order of
 * the blocks. Throws what they throw.
 */
export async function rebuild(
  { head, length, wanted }: Shape,
  given: (index: number) => TreeNode | Promise<TreeNode>,
  leaf: (block: number) => TreeNode | Promise<TreeNode>,
): Promise<Rebuilt> {
  const shorter: TreeNode[] = []
  const rebuildNode = async (start: number, count: number, isWithin: boolean): Promise<TreeNode> => {
    const end = start + count
    const withinNow = end <= length
    const straddles = start < length && !withinNow
    const isWanted = overlaps(wanted, start, end)
    let node: TreeNode
    if (!straddles && !isWanted) node = await given(indexOf(start, count))
    else if (count === 1) node = await leaf(start)
    else {
      const half = count / 2
      const left = await rebuildNode(start, half, isWithin || withinNow)
      const right = await rebuildNode(start + half, half, isWithin || withinNow)
      const size = left.size + right.size
      if (!Number.isSafeInteger(size)) throw new RangeError('A tree of impossible size')
      node = { index: indexOf(start, count), size, hash: parent(left, right) }
    }
    if (withinNow && !isWithin) shorter.push(node)
    return node
  }
  const roots: TreeNode[] = []
  for (const [start, count] of rootsOf(head)) roots.push(await rebuildNode(start, count, false))
  return { roots, shorter }
}

/** Places of whole subtrees of a log of this length, largest first: where each begins and how many blocks it holds. */
function* rootsOf(length: number): Generator<readonly [start: number, count: number]> {
  for (let start = 0; start < length; ) {
    const count = 2 ** Math.floor(Math.log2(length - start))
    // The logarithm of a large number may be rounded up.
    const fits = count > length - start ? count / 2 : count
    yield [start, fits]
    start += fits
  }
}

/** Where upstream numbers it: leaves are even, a parent stands between its children. */
const indexOf = (start: number, count: number): number => 2 * start + count - 1

function overlaps(ranges: Ranges, start: number, end: number): boolean {
  let low = 0
  for (let high = ranges.length; low < high; ) {
    const middle = (low + high) >> 1
    if (ranges[middle]!.end <= start) low = middle + 1
    else high = middle
  }
  return low < ranges.length && ranges[low]!.start < end
}
