/**
 * What differs between two versions of a list. Both are B-trees in one log, and what did not change between them is one
 * node in both: it is passed over with all that lies below it. The trees are gone down level by level, and the nodes of a level
 * are asked for all together, so that it costs as many round trips as the tree is deep, however much differs: ten
 * changed among 100,000 entries are found with about 150 blocks and eight round trips. Upstream asks for one after another.
 */
import { CircularList } from '../lib/circular-list.ts'
import { type Block, endsBatch, type Log, nodeAt, rootOf } from './tree-log.ts'

/** No tree of real entries is deeper, and upstream writes no larger nodes. */
const DEEPEST = 40
const MOST_KEYS = 64
/** Blocks that are asked for at once. */
const AT_ONCE = 512

/** An entry of one side that the other has not, or has otherwise. The one of both is null that has none of this key. */
export type Pair = { readonly key: Buffer; readonly before: Block | null; readonly after: Block | null }

export type Compared = {
  /** In the order of the list. */
  readonly pairs: readonly Pair[]
  /** There may be more behind the last of them. */
  readonly more: boolean
}

/** `upper`: the block of the key that follows on it; null: none does. */
type Pointer = { readonly seq: number; readonly offset: number; readonly upper: number | null }
/** In the order of the list. */
type Item = { readonly at: Pointer } | { readonly key: number }
type Side = { items: readonly Item[]; height: number; bound: number | null }

/** A version that nobody can look at: it ends inside of a batch. */
export class NotAVersion extends Error {
  readonly version: number
  constructor(version: number) {
    super(`Version ${version} is inside of a batch`)
    this.version = version
  }
}

/**
 * `most`: entries that differ, of which the first are wanted. `here`: what is not on this device is not asked for, and
 * null is returned instead. Throws NotAVersion, and CircularList for what is no tree.
 */
export async function compare(
  log: Log,
  from: number,
  to: number,
  { most, here = false }: { readonly most: number; readonly here?: boolean },
): Promise<Compared | null> {
  const read = async (places: readonly number[]): Promise<ReadonlyMap<number, Block> | null> => {
    const wanted = [...new Set(places)]
    if (here && !wanted.every(place => log.isHere(place))) return null
    const blocks = new Map<number, Block>()
    for (let at = 0; at < wanted.length; at += AT_ONCE)
      for (const block of await log.blocks(wanted.slice(at, at + AT_ONCE))) blocks.set(block.seq, block)
    return blocks
  }
  const [left, right] = await Promise.all([begin(to, read), begin(from, read)])
  if (left === null || right === null) return null
  while (left.height > 0 || right.height > 0) {
    const height = Math.max(left.height, right.height)
    const sides = [left, right].filter(side => side.height === height)
    const nodes = await read(sides.flatMap(({ items }) => items.flatMap(item => ('at' in item ? [item.at.seq] : []))))
    if (nodes === null) return null
    for (const side of sides) {
      side.items = side.items.flatMap(item => ('at' in item ? opened(item.at, nodes, height) : [item]))
      side.height--
    }
    dropShared(left, right)
    for (const side of [left, right]) cut(side, most)
  }
  return paired(left, right, most, read)
}

type Read = (places: readonly number[]) => Promise<ReadonlyMap<number, Block> | null>

/** A tree from its root, and how high it is, which is mostly told by the way that its last block has in it. */
async function begin(version: number, read: Read): Promise<Side | null> {
  if (version <= 1) return { items: [], height: 0, bound: null }
  const seq = version - 1
  let block = (await read([seq]))?.get(seq)
  if (block === undefined) return null
  let node = rootOf(block)
  if (node === undefined || endsBatch(block, null) === 'no') throw new NotAVersion(version)
  let height = 1
  while (node.children.length > 0) {
    if (++height > DEEPEST) throw new CircularList('The list of this archive leads round in circles')
    const own: number = block.seq
    const child: { readonly seq: number; readonly offset: number } =
      node.children.find(child => child.seq === own) ?? node.children[0]!
    if (child.seq !== own) block = (await read([child.seq]))?.get(child.seq)
    if (block === undefined) return null
    node = nodeAt(block, child.offset)
  }
  return { items: [{ at: { seq, offset: 0, upper: null } }], height, bound: null }
}

function opened({ seq, offset, upper }: Pointer, nodes: ReadonlyMap<number, Block>, height: number): readonly Item[] {
  const { keys, children } = nodeAt(nodes.get(seq)!, offset)
  const isWhole = keys.length > 0 && keys.length <= MOST_KEYS
  // An emptied list has a root without keys.
  const isEmpty = keys.length === 0 && children.length === 0
  const isRight = height === 1 ? children.length === 0 : children.length === keys.length + 1
  if (!(isWhole || isEmpty) || !isRight) throw new CircularList('A node of this list is none')
  const items: Item[] = []
  for (let index = 0; index <= keys.length; index++) {
    const child = children[index]
    const key = keys[index]
    if (child !== undefined) items.push({ at: { seq: child.seq, offset: child.offset, upper: key?.seq ?? upper } })
    if (key !== undefined) items.push({ key: key.seq })
  }
  return items
}

const nameOf = (item: Item): string => ('at' in item ? `${item.at.seq} ${item.at.offset}` : `${item.key}`)

function dropShared(left: Side, right: Side): void {
  const names = new Set(left.items.map(nameOf))
  const shared = new Set(right.items.map(nameOf).filter(name => names.has(name)))
  for (const side of [left, right]) side.items = side.items.filter(item => !shared.has(nameOf(item)))
}

/** What lies behind so many nodes, each of which holds something that differs, is more than is wanted. */
function cut(side: Side, most: number): void {
  let nodes = 0
  const end = side.items.findIndex(item => 'at' in item && ++nodes > most)
  if (end === -1) return
  const last = side.items.slice(0, end).findLast(item => 'at' in item)
  if (last === undefined || !('at' in last)) return
  side.items = side.items.slice(0, side.items.indexOf(last) + 1)
  side.bound = last.at.upper
}

/** From here on nothing is said of either side: it was not looked at on one of them. */
async function paired(left: Side, right: Side, most: number, read: Read): Promise<Compared | null> {
  const bounds: number[] = []
  const seqs = [left, right].map(({ items, bound }) => {
    const keys = items.flatMap(item => ('key' in item ? [item.key] : []))
    const end = keys[most] ?? bound
    if (end !== null) bounds.push(end)
    return keys.slice(0, most)
  })
  const blocks = await read([...seqs.flat(), ...bounds])
  if (blocks === null) return null
  const bound = bounds.map(seq => blocks.get(seq)!.key).sort(Buffer.compare)[0]
  const found = new Map<string, { key: Buffer; before: Block | null; after: Block | null }>()
  const [after = [], before = []] = seqs
  for (const [side, places] of [
    ['after', after],
    ['before', before],
  ] as const) {
    for (const seq of places) {
      const block = blocks.get(seq)!
      if (bound !== undefined && Buffer.compare(block.key, bound) >= 0) continue
      const name = block.key.toString('latin1')
      const pair = found.get(name) ?? { key: block.key, before: null, after: null }
      pair[side] = block
      found.set(name, pair)
    }
  }
  const pairs = [...found.values()].sort((one, other) => Buffer.compare(one.key, other.key))
  return { pairs: pairs.slice(0, most), more: bound !== undefined || pairs.length > most }
}
