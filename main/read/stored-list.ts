/**
 * A whole list that is on this device, read straight from the store: its tree level by level, and then its entries in their
 * order, hundreds of blocks a trip. Hyperbee makes several objects and promises of each block on the way to it, which for
 * 100,000 entries takes ten times as long, and holds up everything else meanwhile.
 *
 * What is not as Hyperbee writes it is refused here, and left to whoever reads it slowly and knows how to show what of it can
 * be shown. Leans on the format of Hyperbee 2.27: protocol buffers with nothing in them but runs of bytes.
 */
import { setImmediate } from 'node:timers/promises'
import type Hyperdrive from 'hyperdrive'
import { LONGEST_KEY } from '../lib/list-weight.ts'
import { FILES, type Found } from './walk.ts'

/** Blocks that are read together, and about how many bytes where they are large. */
const TOGETHER = 512
/** Nodes that are gone through before the loop gets its turn. */
const TURN = 16_384
const AT_ONCE = 4 << 20
/** On average; lists of larger blocks are hostile, and some of theirs may be as large as memory. */
const LARGEST_BLOCK = 2048
/** What is larger is none that could be shown, and what weighs more no node. See `lib/list-weight.ts`. */
const LARGEST_VALUE = 64 << 10
const LARGEST_NODES = 256 << 10
/** Each level holds at least five times as many entries as the one above. */
const DEEPEST = 40
const LARGEST_NODE = 64

/** It has to be read in the other way. */
export class Unusual extends Error {}

/** Nodes of one level from left to right: `keys` are places of entries, `children` those of blocks and nodes in them, in turn. */
type TreeNode = { readonly keys: readonly number[]; readonly children: readonly number[] }

/** All files and links, some at a time, in the order of their keys. The loop gets its turn in between. Throws Unusual. */
export async function* storedList(
  snapshot: Hyperdrive,
  version: number,
  signal?: AbortSignal,
): AsyncGenerator<readonly Found[]> {
  const blocks = new Blocks(snapshot, version)
  const seqs = await entriesOf(blocks, version, signal)
  let last: Buffer | null = null
  for await (const some of blocks.each(seqs, signal)) {
    const found: Found[] = []
    for (const { seq, bytes } of some) {
      const { key, value } = entryIn(bytes)
      if (last !== null && Buffer.compare(last, key) >= 0) throw new Unusual('Its entries are in another order')
      last = key
      if (isFile(key)) found.push({ key: key.subarray(FILES.length), seq, value })
    }
    yield found
  }
}

/** The place of each entry, in the order of keys. */
async function entriesOf(blocks: Blocks, version: number, signal?: AbortSignal): Promise<Float64Array> {
  if (version < 2) return new Float64Array(0)
  const levels: (readonly TreeNode[])[] = []
  let wanted: readonly number[] = [version - 1, 0]
  let entries = 0
  while (wanted.length > 0) {
    if (levels.length === DEEPEST) throw new Unusual('It is deeper than any list')
    const nodes = await nodesAt(blocks, wanted, signal)
    const isLowest = nodes.every(({ children }) => children.length === 0)
    if (!isLowest && nodes.some(({ children }) => children.length === 0))
      throw new Unusual('Some of its branches are longer')
    levels.push(nodes)
    for (const { keys } of nodes) entries += keys.length
    // Each entry and each node stands in the log, and no list has more nodes than entries. Seen before they are put together.
    if (entries > version) throw new Unusual('It leads round in circles')
    wanted = nodes.flatMap(({ children }) => children)
    if (wanted.length > 2 * version) throw new Unusual('It leads round in circles')
  }
  await setImmediate()
  return inOrder(levels, entries)
}

/** `wanted`: a block and the number of a node in it, in turn. */
async function nodesAt(blocks: Blocks, wanted: readonly number[], signal?: AbortSignal): Promise<readonly TreeNode[]> {
  const inBlock = new Map<number, number[]>()
  for (let index = 0; index < wanted.length; index += 2) {
    if (index % TURN === TURN - 2) await setImmediate()
    const some = inBlock.get(wanted[index]!)
    if (some === undefined) inBlock.set(wanted[index]!, [index])
    else some.push(index)
  }
  const nodes: TreeNode[] = Array.from({ length: wanted.length / 2 })
  // As they lie on the disk.
  const seqs = Float64Array.from(inBlock.keys()).sort()
  for await (const some of blocks.each(seqs, signal))
    for (const { seq, bytes } of some) {
      const found = nodesIn(bytes)
      for (const index of inBlock.get(seq)!) {
        const node = found[wanted[index + 1]!]
        const isRoot = wanted.length === 2
        if (node === undefined || !isNode(node, isRoot)) throw new Unusual('A node of it is none')
        nodes[index / 2] = node
      }
    }
  return nodes
}

const isNode = ({ keys, children }: TreeNode, isRoot: boolean): boolean =>
  (keys.length > 0 || isRoot) &&
  keys.length <= LARGEST_NODE &&
  (children.length === 0 || children.length === 2 * (keys.length + 1))

/** Between two keys of a node stands all that hangs below the child between them. */
function inOrder(levels: readonly (readonly TreeNode[])[], entries: number): Float64Array {
  const seqs = new Float64Array(entries)
  // The next node of each level, since all of one level are met from left to right.
  const next = levels.map(() => 0)
  let count = 0
  const visit = (depth: number) => {
    const { keys, children } = levels[depth]![next[depth]!++]!
    for (let index = 0; index <= keys.length; index++) {
      if (children.length > 0) visit(depth + 1)
      if (index < keys.length) seqs[count++] = keys[index]!
    }
  }
  visit(0)
  return seqs
}

const isFile = (key: Buffer): boolean =>
  key.byteLength > FILES.length && key[FILES.length] === SLASH && key.subarray(0, FILES.length).equals(FILES)

const SLASH = '/'.charCodeAt(0)

type Block = { readonly seq: number; readonly bytes: Buffer }

/** The blocks of a list, as they were before they were enciphered. */
class Blocks {
  readonly #core: Hyperdrive['core']
  readonly #fork: number
  readonly #version: number
  /** About how many bytes one has. */
  #size: number

  constructor({ core }: Hyperdrive, version: number) {
    this.#core = core
    this.#version = version
    this.#fork = core.fork
    this.#size = core.byteLength / Math.max(1, core.length)
    if (this.#size > LARGEST_BLOCK) throw new Unusual('Its blocks are large')
  }

  /** Those that come next are read while these are looked at. */
  async *each(seqs: Float64Array, signal?: AbortSignal): AsyncGenerator<readonly Block[]> {
    const take = (start: number) => {
      const most = Math.max(1, Math.min(TOGETHER, Math.floor(AT_ONCE / Math.max(1, this.#size))))
      const some = seqs.subarray(start, start + most)
      const read = this.#read(some)
      // Its failure is met when it is waited for, if it still is.
      read.catch(() => {})
      return { end: start + some.length, read }
    }
    let next = take(0)
    for (let start = 0; start < seqs.length; ) {
      signal?.throwIfAborted()
      const { end, read } = next
      const some = await read
      const bytes = some.reduce((sum, block) => sum + block.bytes.byteLength, 0)
      this.#size = Math.max(bytes / some.length, this.#size / 2)
      start = end
      if (start < seqs.length) next = take(start)
      yield some
      await setImmediate()
    }
  }

  async #read(seqs: Float64Array): Promise<readonly Block[]> {
    const core = this.#core
    const reads = core.core!.state.storage.read()
    const asked: Promise<Buffer | null>[] = []
    for (const seq of seqs) {
      // The first block of a log is its header.
      if (seq < 1 || seq >= this.#version) {
        reads.destroy()
        throw new Unusual('It points out of the log')
      }
      asked.push(reads.getBlock(seq))
    }
    reads.tryFlush()
    const stored = await Promise.all(asked)
    if (core.core!.state.fork !== this.#fork) throw new Unusual('It became another one')
    const blocks: Block[] = []
    for (const [index, bytes] of stored.entries()) {
      const seq = seqs[index]!
      if (bytes === null) throw new Unusual('It is not all here')
      blocks.push({ seq, bytes: core.encryption === null ? bytes : await this.#deciphered(seq, bytes) })
    }
    return blocks
  }

  async #deciphered(seq: number, stored: Buffer): Promise<Buffer> {
    // It may be shared with others.
    const bytes = Buffer.from(stored)
    await this.#core.encryption!.decrypt(seq, bytes, this.#core.core!)
    return this.#core._decode(null, bytes, seq)
  }
}

function entryIn(block: Buffer): { readonly key: Buffer; readonly value: Buffer | null } {
  const fields = new Fields(block)
  let key: Buffer | null = null
  let value: Buffer | null = null
  while (fields.next())
    if (fields.name === 2) key = fields.content
    else if (fields.name === 3) value = fields.content
  if (key === null || key.byteLength > LONGEST_KEY || (value?.byteLength ?? 0) > LARGEST_VALUE)
    throw new Unusual('A block of it is larger than any, or none')
  return { key, value }
}

function nodesIn(block: Buffer): readonly TreeNode[] {
  const fields = new Fields(block)
  const nodes: TreeNode[] = []
  while (fields.next()) {
    if (fields.name !== 1) continue
    if (fields.content.byteLength > LARGEST_NODES) throw new Unusual('A block of it carries too many nodes')
    const levels = new Fields(fields.content)
    while (levels.next()) {
      const level = new Fields(levels.content)
      let [keys, children]: (readonly number[])[] = [NONE, NONE]
      while (level.next())
        if (level.name === 1) keys = numbersIn(level.content)
        else if (level.name === 2) children = numbersIn(level.content)
      nodes.push({ keys: keys!, children: children! })
    }
  }
  return nodes
}

const NONE: readonly number[] = []

function numbersIn(bytes: Buffer): readonly number[] {
  const numbers: number[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 42) throw new Unusual('A block of it is none')
      value += (byte & 127) * scale
      if (byte < 128) break
    }
    numbers.push(value)
  }
  return numbers
}

/** Runs of bytes, each after the number of its field and its length. */
class Fields {
  name = 0
  content: Buffer
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.content = bytes
  }

  next(): boolean {
    if (this.#at >= this.#bytes.byteLength) return false
    const prefix = this.#number()
    if ((prefix & 7) !== 2) throw new Unusual('A block of it is none')
    const length = this.#number()
    const end = this.#at + length
    if (end > this.#bytes.byteLength) throw new Unusual('A block of it is none')
    this.name = prefix >> 3
    this.content = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return true
  }

  #number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || scale > 2 ** 28) throw new Unusual('A block of it is none')
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
}
