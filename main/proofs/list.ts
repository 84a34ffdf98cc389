/**
 * The list of an archive, looked up in single blocks of its log: what stands at a path in one version, and which blocks say
 * so. It answers as Hyperbee 2.27 does, and needs none: who checks a receipt has nothing but these blocks. They are an author's,
 * who may be hostile: a list that leads round in circles, or that upstream would never write, is refused.
 */
import { z } from 'zod'

/** Hyperdrive keeps its entries under this. */
const FILES = Buffer.from('files\0')
/** Each level holds at least five times as many entries as the one above. */
const DEEPEST = 40

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const Value = z.object({
  executable: z.boolean().nullish(),
  linkname: z.string().nullish(),
  blob: z
    .object({
      blockOffset: count,
      blockLength: count,
      byteOffset: count,
      byteLength: count,
      blockMap: z.boolean().optional(),
    })
    .nullish(),
  metadata: z.unknown().optional(),
})
export type EntryValue = z.infer<typeof Value>

/** The blocks are no list. */
export class NoList extends Error {}

type Level = { readonly keys: readonly number[]; readonly children: readonly number[] }
type Block = {
  readonly seq: number
  readonly key: Buffer
  readonly value: Buffer | null
  readonly levels: readonly Level[]
}

/** null: there is nothing at this path. Throws NoList, and what `read` throws. */
export async function lookUp(
  read: (seq: number) => Promise<Buffer>,
  version: number,
  path: string,
): Promise<EntryValue | null> {
  const wanted = Buffer.concat([FILES, Buffer.from(path)])
  const known = new Map<number, Block>()
  const blockAt = async (seq: number): Promise<Block> => {
    // The first block of a log is its header, and what is not written yet cannot be pointed at.
    if (seq < 1 || seq >= version) throw new NoList('It points out of the list')
    const block = known.get(seq) ?? decodeBlock(seq, await read(seq))
    known.set(seq, block)
    return block
  }
  if (version < 2) return null
  let block = await blockAt(version - 1)
  let offset = 0
  for (let depth = 0; depth < DEEPEST; depth++) {
    const level = block.levels[offset]
    if (level === undefined) throw new NoList('It points to a node that is not there')
    if (block.key.equals(wanted)) return isDeletion(block) ? null : valueOf(block)
    let low = 0
    for (let high = level.keys.length; low < high; ) {
      const middle = (low + high) >> 1
      const other = await blockAt(level.keys[middle]!)
      const order = Buffer.compare(wanted, other.key)
      if (order === 0) return valueOf(other)
      if (order < 0) high = middle
      else low = middle + 1
    }
    if (level.children.length === 0) return null
    const seq = level.children[2 * low]
    const next = level.children[2 * low + 1]
    if (seq === undefined || next === undefined) throw new NoList('It points to a node that is not there')
    block = seq === block.seq ? block : await blockAt(seq)
    offset = next
  }
  throw new NoList('It is deeper than any list')
}

const isDeletion = ({ seq, value, levels }: Block): boolean =>
  value === null && !levels.some(({ keys }) => keys.includes(seq))

function valueOf({ value }: Block): EntryValue {
  try {
    return Value.parse(JSON.parse(value?.toString() ?? ''))
  } catch (error) {
    throw new NoList('What stands there is no entry', { cause: error })
  }
}

/** A key, what stands there, and the nodes that were written with it: pairs of numbers, in the encoding of protocol buffers. */
function decodeBlock(seq: number, bytes: Buffer): Block {
  const fields = new Map<number, Buffer>()
  for (const [field, content] of fieldsOf(bytes)) {
    if (fields.has(field) || field > 3) throw new NoList('It is no block of a list')
    fields.set(field, content)
  }
  const [index, key, value] = [fields.get(1), fields.get(2), fields.get(3)]
  if (index === undefined || key === undefined) throw new NoList('It is no block of a list')
  const levels: Level[] = []
  for (const [field, content] of fieldsOf(index)) {
    if (field !== 1) throw new NoList('It is no block of a list')
    const level = new Map<number, Buffer>()
    for (const [part, numbers] of fieldsOf(content)) {
      if (level.has(part) || part > 2) throw new NoList('It is no block of a list')
      level.set(part, numbers)
    }
    levels.push({ keys: numbersOf(level.get(1)), children: numbersOf(level.get(2)) })
  }
  return { seq, key, value: value ?? null, levels }
}

function* fieldsOf(bytes: Buffer): Generator<readonly [field: number, content: Buffer]> {
  const reader = new Varints(bytes)
  while (!reader.atEnd) {
    const prefix = reader.next()
    // Everything in a list is a run of bytes.
    if ((prefix & 7) !== 2) throw new NoList('It is no block of a list')
    yield [prefix >> 3, reader.take(reader.next())]
  }
}

function numbersOf(bytes: Buffer | undefined): readonly number[] {
  if (bytes === undefined) return []
  const reader = new Varints(bytes)
  const numbers: number[] = []
  while (!reader.atEnd) numbers.push(reader.next())
  return numbers
}

class Varints {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.byteLength
  }

  next(): number {
    let value = 0
    for (let power = 0; power <= 49; power += 7) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) break
      value += (byte & 0x7f) * 2 ** power
      if (byte < 0x80 && Number.isSafeInteger(value)) return value
    }
    throw new NoList('It is no block of a list')
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.byteLength) throw new NoList('It is no block of a list')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

/** Where the content ends that a block of a list names; 0: it names none, or is no block of a list. */
export function contentEndIn(block: Buffer): number {
  try {
    for (const [field, content] of fieldsOf(block)) {
      if (field !== 3) continue
      const { blob } = Value.parse(JSON.parse(content.toString()))
      const end = blob ? blob.blockOffset + blob.blockLength : 0
      return Number.isSafeInteger(end) ? end : 0
    }
  } catch {
    // Whoever reads the list takes it for no entry either.
  }
  return 0
}

/** Where a list says that the content lies. null: where it always does. Throws NoList for what is no head of a list. */
export function contentKeyIn(head: Buffer): Buffer | null {
  let protocol: string | null = null
  let content: Buffer | null = null
  for (const [field, bytes] of fieldsOf(head)) {
    if (field === 1) protocol = bytes.toString()
    else if (field === 2) for (const [part, key] of fieldsOf(bytes)) if (part === 1) content = key
  }
  if (protocol !== 'hyperbee') throw new NoList('It is no head of a list')
  return content
}
