/**
 * Whoever writes an archive writes the tree of its list, and may let it lead round in circles. Hyperbee follows it for
 * ever, and without a pause once the blocks are here, so that nothing else in this process gets its turn again. No tree of
 * real entries is as deep as what is refused here: each level holds at least five times as many as the one above.
 *
 * Or it may name what lies behind the end of the log, and would be waited for.
 *
 * Leans on the inside of Hyperbee 2.27, which exports neither its nodes nor its batches: they are met when they are first
 * used.
 */
import type Hyperdrive from 'hyperdrive'
import { CircularList, OutOfLog } from '../lib/circular-list.ts'
import { boundBlocks } from '../lib/list-weight.ts'

const DEEPEST = 40

type Batch = ReturnType<Hyperdrive['db']['batch']>
type TreeNode = NonNullable<Awaited<ReturnType<Batch['getRoot']>>>

const guarded = new WeakSet<object>()
const depths = new WeakMap<TreeNode, number>()

/** From now on, for every list of this process. */
export function guardTrees(db: Hyperdrive['db']): void {
  const batch = db.batch()
  const batches = Object.getPrototypeOf(batch) as Batch
  void batch.close()
  if (guarded.has(batches)) return
  guarded.add(batches)
  boundBlocks(batches)
  const { getRoot, _getNode } = batches
  // It would be waited for.
  batches._getNode = async function (this: Batch, seq) {
    if (seq < 1 || seq >= this.core.length) throw new OutOfLog('This list names what it does not have')
    return _getNode.call(this, seq)
  }
  batches.getRoot = async function (this: Batch, ensureHeader) {
    const root = await getRoot.call(this, ensureHeader)
    if (root !== null) guardNodes(Object.getPrototypeOf(root) as TreeNode)
    return root
  }
}

function guardNodes(nodes: TreeNode): void {
  if (guarded.has(nodes)) return
  guarded.add(nodes)
  const { getChildNode } = nodes
  nodes.getChildNode = async function (this: TreeNode, index) {
    const depth = (depths.get(this) ?? 0) + 1
    if (depth > DEEPEST) throw new CircularList('The list of this archive leads round in circles')
    const child = await getChildNode.call(this, index)
    depths.set(child, depth)
    return child
  }
}
