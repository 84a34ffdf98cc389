/**
 * The list of an archive as it lies in its log: a B-tree whose keys and nodes are blocks of their own. Upstream reads it
 * one block after another, and over a network each of them is a round trip. Here all blocks are asked for together that
 * are known to be wanted next, so that the first page of any folder costs about as many round trips as the tree is deep;
 * and a peer that runs a Hyperbee is first asked which blocks these are, which saves most of those as well.
 *
 * Leans on the inside of Hyperbee 2.27: `getRoot`, `getKeyNode`, `getChildNode`, and what its extension sends.
 */
import type Hyperdrive from 'hyperdrive'
import { LONGEST_KEY } from '../lib/list-weight.ts'

/** Hyperdrive keeps its entries under this, beside what it may keep there one day. */
export const FILES = Buffer.from('files\0')

/** Entries that are looked ahead for at first; twice as many each time that some were given out. */
const FIRST = 16
/** Upstream writes nine. */
const MOST_KEYS = 64
/** Nodes that are taken apart at once, at most. */
const MOST_AT_ONCE = 256
/** What a node of the lowest level holds, at least. */
const LEAST_KEYS = 4
/** Blocks that are held while they are read: one block may hold all nodes that a batch has written, and is read anew for each without. */
const CACHED = 8192
/**
 * Entries whose blocks a peer is asked to name, at first and at most: it names those of all that follow one another, of which
 * a folder of folders needs few.
 */
const HINTED = { first: 16, most: 256 } as const

type TreeNode = NonNullable<Awaited<ReturnType<ReturnType<Hyperdrive['db']['batch']>['getRoot']>>>

export type Found = { readonly key: Buffer; readonly seq: number; readonly value: Buffer | null }

/** An entry, or all that lies between two entries and has not been looked at. null: there is none on this side. */
type Part =
  | { readonly entry: Found }
  | {
      readonly of: TreeNode
      readonly at: number
      readonly depth: number
      readonly left: Buffer | null
      readonly right: Buffer | null
    }

export type Walk = {
  /** From this key on, up to that one and without it, as bytes of paths. */
  readonly lower: Buffer
  readonly upper: Buffer
  /** How many entries are wanted: so far is looked ahead. */
  readonly wanted: number
  /** Nothing of interest lies between these two keys: it is passed over unread. */
  readonly passesOver: (left: Buffer, right: Buffer) => boolean
  /** false: what is not on this device fails with BLOCK_NOT_AVAILABLE instead of being waited for. */
  readonly wait?: boolean
  /** Ends it between two steps. */
  readonly signal?: AbortSignal | undefined
}

/** In the order of the list. What is passed over is left out; its neighbours are not. */
export async function* walk(
  drive: Hyperdrive,
  { lower, upper, wanted, passesOver, wait = true, signal }: Walk,
): AsyncGenerator<Found> {
  const low = Buffer.concat([FILES, lower])
  const high = Buffer.concat([FILES, upper])
  const { db } = drive
  let asked = false
  let hinted: number = HINTED.first
  let from = low
  let passed = false
  const ask = () => {
    if (asked) return
    asked = true
    db.extension?.iterator({
      version: db.version,
      gte: from,
      gt: null,
      lte: null,
      lt: high,
      limit: Math.min(wanted, hinted),
      reverse: false,
      ended: false,
      checkpoint: [],
    })
  }
  const batch = db.batch({ onwait: ask, maxBlocksCached: CACHED, ...(wait ? {} : { wait }) })
  try {
    const root = await batch.getRoot(false)
    if (root === null) return
    let leaves: number | null = null

    const within = (left: Buffer | null, right: Buffer | null) =>
      (right === null || Buffer.compare(right, low) > 0) && (left === null || Buffer.compare(left, high) < 0)
    const isPassedOver = (left: Buffer | null, right: Buffer | null) => {
      if (left !== null && right?.equals(left) === true) return true
      if (left === null || right === null || Buffer.compare(left, low) <= 0 || Buffer.compare(right, high) >= 0)
        return false
      const passes = passesOver(left.subarray(FILES.length), right.subarray(FILES.length))
      passed ||= passes
      return passes
    }

    const takeApart = async (
      node: TreeNode,
      depth: number,
      left: Buffer | null,
      right: Buffer | null,
    ): Promise<readonly Part[]> => {
      if (!isNode(node)) return []
      const keys = await Promise.all(node.keys.map((_, index) => node.getKeyNode(index)))
      if (!areInOrder([left, ...keys.map(({ key }) => key), right])) return []
      const parts: Part[] = []
      if (node.children.length === 0) leaves = depth
      for (let index = 0; index <= keys.length; index++) {
        const before = index === 0 ? left : keys[index - 1]!.key
        const key = keys[index]
        const after = key?.key ?? right
        if (index < node.children.length && within(before, after) && !isPassedOver(before, after))
          parts.push({ of: node, at: index, depth: depth + 1, left: before, right: after })
        if (key !== undefined && Buffer.compare(key.key, low) >= 0 && Buffer.compare(key.key, high) < 0)
          parts.push({ entry: { key: key.key.subarray(FILES.length), seq: key.seq, value: key.value } })
      }
      return parts
    }
    const open = async (part: Exclude<Part, { entry: Found }>): Promise<readonly Part[]> => {
      const node = await part.of.getChildNode(part.at)
      // The tree would be held as a whole otherwise.
      part.of.children[part.at]!.value = null
      return takeApart(node, part.depth, part.left, part.right)
    }
    /** How many entries a part holds at least, as far as that can be said. */
    const leastOf = (part: Part): number => {
      if ('entry' in part || leaves === null) return 1
      const { left, right, depth } = part
      if (left === null || right === null || !isDense(left, right)) return 1
      return (LEAST_KEYS + 1) ** (leaves - depth + 1) - 1
    }
    const isDense = (left: Buffer, right: Buffer) =>
      Buffer.compare(left, low) > 0 &&
      !passesOver(left.subarray(FILES.length), left.subarray(FILES.length)) &&
      Buffer.compare(right, high) < 0 &&
      !passesOver(right.subarray(FILES.length), right.subarray(FILES.length))

    let parts = await takeApart(root, 0, null, null)
    let ahead = Math.min(FIRST, wanted)
    while (parts.length > 0) {
      signal?.throwIfAborted()
      const first = parts.findIndex(part => !('entry' in part))
      const ready = first === -1 ? parts.length : first
      for (let index = 0; index < ready; index++) {
        const part = parts[index]!
        if (!('entry' in part)) continue
        yield part.entry
        from = Buffer.concat([FILES, part.entry.key])
      }
      if (asked && ready > 0 && !passed && hinted < HINTED.most) {
        asked = false
        hinted = HINTED.most
      }
      const rest = parts.slice(ready)
      // Down to the lowest level by the first of them alone: only then can it be said how much the others hold.
      // Then few at first, since what stands in front waits for all that are opened with it.
      let some = leaves === null ? 0 : ahead
      if (leaves !== null && ready > 0) ahead = Math.min(ahead * 2, wanted)
      let opened = 0
      const next = await Promise.all(
        rest.map(async (part, index) => {
          if ('entry' in part) {
            some--
            return [part]
          }
          if ((some <= 0 && index > 0) || opened >= MOST_AT_ONCE) return [part]
          some -= leastOf(part)
          opened++
          return open(part)
        }),
      )
      parts = next.flat()
    }
  } finally {
    await batch.close()
  }
}

/**
 * What is none could lead round in circles for ever, and so could one whose keys are not between those around it. Between two
 * that became the same when they were cut, nothing is looked for.
 */
const isNode = ({ keys, children }: TreeNode): boolean =>
  keys.length > 0 && keys.length <= MOST_KEYS && (children.length === 0 || children.length === keys.length + 1)

function areInOrder(keys: readonly (Buffer | null)[]): boolean {
  return keys.every((key, index) => {
    const before = index === 0 ? null : (keys[index - 1] ?? null)
    if (key === null || before === null) return true
    const order = Buffer.compare(before, key)
    return order < 0 || (order === 0 && key.byteLength >= LONGEST_KEY)
  })
}
