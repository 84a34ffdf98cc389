/**
 * Whether a place in a log that another program wrote lies inside of a batch, for whoever comes with a number. The block there
 * often carries a part of the tree alone, which looks like a whole list that has lost most of its files. What gives it away
 * are the entries before it: the newest that were put have to be in the list.
 */
import type { Block, Level, Log } from './tree-log.ts'
import { endsBatch, nodeAt, rootOf } from './tree-log.ts'

/** Entries before it that are looked up, and blocks that are looked through for them. More hang below a part of a tree seldom. */
const ENTRIES = 100
const BLOCKS = 256

/** true: it surely is. Throws CircularList and OutOfLog for what is no list. */
export async function isInside(log: Log, version: number): Promise<boolean> {
  const seq = version - 1
  const [last] = await log.blocks([seq])
  const root = rootOf(last!)
  const ends = endsBatch(last!, null)
  if (ends !== 'unknown' || root === undefined) return ends === 'no'
  const newest = new Set<string>()
  for await (const block of log.each(Math.max(1, version - BLOCKS), version, true)) {
    const name = block.key.toString('latin1')
    if (newest.has(name)) continue
    newest.add(name)
    if (!block.isDeletion() && !(await holds(log, root, block))) return true
    if (newest.size === ENTRIES) return false
  }
  return false
}

/** Whether this entry is in the tree below a node. */
async function holds(log: Log, root: Level, { seq, key }: Block): Promise<boolean> {
  for (let node = root; ; ) {
    if (node.keys.some(one => one.seq === seq)) return true
    if (node.children.length === 0) return false
    const keys = await log.blocks(node.keys.map(one => one.seq))
    const after = keys.findIndex(one => Buffer.compare(key, one.key) < 0)
    const child = node.children[after === -1 ? node.children.length - 1 : after]!
    const [block] = await log.blocks([child.seq])
    node = nodeAt(block!, child.offset)
  }
}
