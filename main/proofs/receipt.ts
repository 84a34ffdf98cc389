/**
 * A receipt: proof that a file was in an archive, at a path, in a version. It needs no peer, no storage and no trust in whoever
 * hands it over, for it carries all that leads from the archive's key to the bytes of the file:
 *
 *   key ← who may sign → signature on the list → the version's part of it → the blocks in which the path is looked up →
 *   the entry, with its place in the log of content → signature on that log → the file's blocks, hashed anew
 *
 * It says nothing of when that was, nor of who the author is beside the key; and whoever has the key can sign two histories.
 *
 * Pure: bytes in, verdict out. One receipt has one spelling: whatever is changed in it is no receipt any more, or another one
 * that nobody signed.
 */
import { data, hash, namespace, tree as hashOf } from 'hypercore-crypto'
import { treeSignable } from 'hypercore/lib/caps.js'
import Verifier from 'hypercore/lib/verifier.js'
import { AppError } from '../../preload/contract/errors.ts'
import { encodeKey, formatLink } from '../archives/links.ts'
import { rangesOf } from '../lib/ranges.ts'
import { Reader, Writer } from './encoding.ts'
import { contentKeyIn, type EntryValue, lookUp, NoList } from './list.ts'
import { rebuild, type TreeNode } from './tree.ts'

/** The one who signs, in the only form that Hyperdrives have which one person writes. */
export type Signer = {
  /** Of the form. */
  readonly version: number
  readonly namespace: Buffer
  readonly publicKey: Buffer
}

/** A log at the length at which it was signed, as far as it is needed. */
export type SignedLog = {
  readonly length: number
  readonly fork: number
  readonly signature: Buffer
  /** Nodes that stand for blocks which are not needed, in their order. */
  readonly nodes: readonly Pick<TreeNode, 'size' | 'hash'>[]
}

export type Receipt = {
  readonly signer: Signer
  readonly version: number
  readonly path: string
  readonly list: SignedLog & {
    /** Those that are needed to look the path up, and the first one of the log, by their places. */
    readonly blocks: ReadonlyMap<number, Buffer>
  }
  /** null: the file is empty. */
  readonly content: (SignedLog & { readonly sizes: readonly BlockSizes[] }) | null
}

/** So many blocks of so many bytes, one after another. */
export type BlockSizes = { readonly count: number; readonly size: number }

/** What a receipt proves. */
export type Statement = {
  readonly key: string
  readonly version: number
  readonly path: string
  /** In bytes. */
  readonly size: number
}

/** Its file, front to back: `size` bytes at a time. Returns fewer when it ends. */
export type FileReader = (size: number) => Promise<Uint8Array>

/** The largest block that Hypercore takes. */
export const LARGEST_BLOCK = 15 << 20
/** Receipts are small: what is larger was not made by Cairn. In bytes. */
export const LARGEST_RECEIPT = 64 << 20
export const RECEIPT_SUFFIX = '.cairn-receipt'

/** No log is as long, and places in a longer one could not be told apart. */
const MOST_BLOCKS = 2 ** 48

const [BLOBS] = namespace('hyperdrive', 1)
const FIRST_LINE = 'Cairn receipt, format 1'
const FORMAT = 1
const HASH = 32
const SIGNATURE = 64

/** Throws RECEIPT_WRONG unless the file is the one, down to the last bit. Reads it once, a block at a time. */
export async function verify(receipt: Receipt, read: FileReader): Promise<Statement> {
  const statement = await verifyWith(receipt, async (block, size) => {
    const bytes = await read(size)
    if (bytes.byteLength !== size) throw wrong('file')
    return { index: 2 * block, size, hash: data(bytes) }
  })
  if ((await read(1)).byteLength !== 0) throw wrong('file')
  return statement
}

/** `leafOf`: the leaf of a block of the content. */
export async function verifyWith(
  { signer, version, path, list, content }: Receipt,
  leafOf: (block: number, size: number) => TreeNode | Promise<TreeNode>,
): Promise<Statement> {
  const manifest = manifestOf(signer)
  const key = Verifier.manifestHash(manifest)
  const entry = await entryIn(version, path, list)
  await requireSigned(manifest, list, {
    blame: 'receipt',
    wanted: rangesOf([...list.blocks.keys()].map(start => ({ start, end: start + 1 }))),
    length: version,
    leafOf: block => {
      const bytes = list.blocks.get(block)!
      return { index: 2 * block, size: bytes.byteLength, hash: data(bytes) }
    },
  })
  const statement = { key: encodeKey(key), version, path, size: entry.blob?.byteLength ?? 0 }
  const { blob } = entry
  if (!hasContent(blob)) {
    if (content !== null) throw wrong('receipt')
    return statement
  }
  if (content === null) throw wrong('receipt')
  const { blockOffset, blockLength, byteOffset, byteLength } = blob
  const sizes = sizesOf(content.sizes)
  const end = blockOffset + blockLength
  if (total(content.sizes, () => 1) !== blockLength || total(content.sizes, size => size) !== byteLength)
    throw wrong('receipt')
  let before = 0
  await requireSigned(contentManifestOf(signer, key), content, {
    // All the rest of the receipt is in order by now.
    blame: 'file',
    wanted: [{ start: blockOffset, end }],
    length: blockOffset,
    // What lies before the file is as much as its entry says, so that it is read from the same place everywhere.
    shorter: nodes => {
      before = nodes.reduce((sum, { size }) => sum + size, 0)
    },
    leafOf: block => leafOf(block, sizes.next().value!),
  })
  if (before !== byteOffset) throw wrong('receipt')
  return statement
}

type Content = NonNullable<EntryValue['blob']>
const hasContent = (blob: EntryValue['blob']): blob is Content => !!blob && blob.blockLength > 0

async function entryIn(version: number, path: string, { blocks }: Receipt['list']): Promise<EntryValue> {
  const left = new Set(blocks.keys())
  const take = (seq: number) => {
    const block = blocks.get(seq)
    if (block === undefined) throw wrong('receipt')
    left.delete(seq)
    return block
  }
  let entry: EntryValue | null
  try {
    // Where the content lies follows from the key, unless the head of the list says otherwise.
    if (contentKeyIn(take(0)) !== null) throw wrong('receipt')
    entry = await lookUp(async seq => take(seq), version, path)
  } catch (error) {
    throw error instanceof NoList ? wrong('receipt') : error
  }
  if (entry === null || left.size > 0 || entry.linkname || entry.blob?.blockMap === true) throw wrong('receipt')
  if (entry.blob?.blockLength === 0 && entry.blob.byteLength > 0) throw wrong('receipt')
  return entry
}

async function requireSigned(
  manifest: Manifest,
  { length: head, fork, signature, nodes }: SignedLog,
  {
    blame,
    wanted,
    length,
    shorter = () => {},
    leafOf,
  }: {
    readonly blame: 'receipt' | 'file'
    readonly wanted: readonly { readonly start: number; readonly end: number }[]
    readonly length: number
    readonly shorter?: (nodes: readonly TreeNode[]) => void
    readonly leafOf: (block: number) => TreeNode | Promise<TreeNode>
  },
): Promise<void> {
  if (head > MOST_BLOCKS || length > head || (wanted.at(-1)?.end ?? 0) > head) throw wrong('receipt')
  let next = 0
  const rebuilt = await rebuild(
    { head, length, wanted },
    index => {
      const node = nodes[next++]
      if (node === undefined) throw wrong('receipt')
      return { ...node, index }
    },
    leafOf,
  )
  if (next !== nodes.length) throw wrong('receipt')
  shorter(rebuilt.shorter)
  const treeHash = hashOf(rebuilt.roots)
  const signed = {
    length: head,
    fork,
    hash: () => treeHash,
    signable: (key: Buffer) => treeSignable(key, treeHash, head, fork),
  }
  const verifier = Verifier.fromManifest(manifest)
  if (!verifier.verify(signed, assembled(verifier, signature))) throw wrong(blame)
}

export type Manifest = ReturnType<typeof manifestOf>

export const manifestOf = ({ version, namespace, publicKey }: Signer) => ({
  version,
  hash: 'blake2b' as const,
  allowPatch: false,
  quorum: 1,
  signers: [{ signature: 'ed25519' as const, namespace, publicKey }],
  prologue: null,
  linked: null,
  userData: null,
})

/** As Hyperdrive derives it: the same person signs, under another name. */
export const contentManifestOf = (signer: Signer, key: Buffer): Manifest =>
  manifestOf({ ...signer, namespace: hash([BLOBS!, key, signer.namespace]) })

/** A signature as logs carry it, around the bytes that one person wrote. */
export const assembled = (verifier: Verifier, signature: Buffer): Buffer =>
  verifier.assemble([{ signer: 0, signature, patch: 0, nodes: null }])

/** The bytes that one person wrote, in a signature as logs carry it; null: it has another form. */
export function signatureIn(manifest: Manifest, carried: Buffer): Buffer | null {
  const signature = carried.subarray(2, 2 + SIGNATURE)
  if (signature.byteLength !== SIGNATURE) return null
  return assembled(Verifier.fromManifest(manifest), signature).equals(carried) ? signature : null
}

function* sizesOf(sizes: readonly BlockSizes[]): Generator<number> {
  for (const { count, size } of sizes) for (let index = 0; index < count; index++) yield size
}

const total = (sizes: readonly BlockSizes[], of: (size: number) => number) =>
  sizes.reduce((sum, { count, size }) => sum + count * of(size), 0)

export const linkOf = ({ key, version, path }: Pick<Statement, 'key' | 'version' | 'path'>): string =>
  formatLink({ key, version, blobsLength: null, hash: null, path, secret: null })

/** As it stands in a file: two lines for people, and the rest in base64. */
export function formatReceipt(receipt: Receipt): string {
  const key = encodeKey(Verifier.manifestHash(manifestOf(receipt.signer)))
  const size = receipt.content === null ? 0 : total(receipt.content.sizes, size => size)
  const said = `A file of ${size} bytes was in ${linkOf({ ...receipt, key })}`
  const rest = encodeReceipt(receipt)
    .toString('base64')
    .replace(/.{1,76}/g, '$&\n')
  return `${FIRST_LINE}\n${said}\n\n${rest}`
}

/** Throws RECEIPT_WRONG for everything that `formatReceipt` does not write. */
export function parseReceipt(text: Uint8Array): Receipt {
  if (text.byteLength > LARGEST_RECEIPT) throw wrong('receipt')
  const written = Buffer.from(text).toString('latin1')
  const [first, , , ...rest] = written.split('\n')
  if (first !== FIRST_LINE) throw wrong('receipt')
  const receipt = decodeReceipt(Buffer.from(rest.join(''), 'base64'))
  if (formatReceipt(receipt) !== written) throw wrong('receipt')
  return receipt
}

function encodeReceipt({ signer, version, path, list, content }: Receipt): Buffer {
  const writer = new Writer()
  writer.number(FORMAT)
  writer.number(signer.version)
  writer.raw(signer.namespace)
  writer.raw(signer.publicKey)
  writer.number(version)
  writer.bytes(Buffer.from(path))
  writeLog(writer, list)
  writer.number(list.blocks.size)
  let last = -1
  for (const [seq, block] of [...list.blocks].sort(([a], [b]) => a - b)) {
    writer.number(seq - last - 1)
    writer.bytes(block)
    last = seq
  }
  writer.number(content === null ? 0 : 1)
  if (content !== null) {
    writeLog(writer, content)
    writer.number(content.sizes.length)
    for (const { count, size } of content.sizes) {
      writer.number(count)
      writer.number(size)
    }
  }
  return writer.end()
}

function writeLog(writer: Writer, { length, fork, signature, nodes }: SignedLog): void {
  writer.number(length)
  writer.number(fork)
  writer.raw(signature)
  writer.number(nodes.length)
  for (const { size, hash } of nodes) {
    writer.number(size)
    writer.raw(hash)
  }
}

function decodeReceipt(bytes: Buffer): Receipt {
  const reader = new Reader(bytes, () => wrong('receipt'))
  if (reader.number() !== FORMAT) throw wrong('receipt')
  const signer = { version: reader.number(), namespace: reader.raw(HASH), publicKey: reader.raw(HASH) }
  // Older ones name nobody, newer ones are not known.
  if (signer.version < 1 || signer.version > 3) throw wrong('receipt')
  const version = reader.number()
  const path = reader.bytes().toString()
  if (!path.startsWith('/')) throw wrong('receipt')
  const list = readLog(reader)
  const blocks = new Map<number, Buffer>()
  let last = -1
  for (let left = reader.count(1); left > 0; left--) {
    last += reader.number() + 1
    if (!Number.isSafeInteger(last)) throw wrong('receipt')
    blocks.set(last, reader.bytes())
  }
  const form = reader.number()
  if (form > 1) throw wrong('receipt')
  const content = form === 0 ? null : { ...readLog(reader), sizes: readSizes(reader) }
  reader.end()
  return { signer, version, path, list: { ...list, blocks }, content }
}

function readLog(reader: Reader): SignedLog {
  const length = reader.number()
  const fork = reader.number()
  const signature = reader.raw(SIGNATURE)
  const nodes: { size: number; hash: Buffer }[] = []
  for (let left = reader.count(1 + HASH); left > 0; left--)
    nodes.push({ size: reader.number(), hash: reader.raw(HASH) })
  return { length, fork, signature, nodes }
}

function readSizes(reader: Reader): readonly BlockSizes[] {
  const sizes: BlockSizes[] = []
  for (let left = reader.count(2); left > 0; left--) {
    const run = { count: reader.number(), size: reader.number() }
    if (run.count === 0 || run.size === 0 || run.size > LARGEST_BLOCK || run.size === sizes.at(-1)?.size)
      throw wrong('receipt')
    sizes.push(run)
  }
  if (!Number.isSafeInteger(total(sizes, size => size))) throw wrong('receipt')
  return sizes
}

const wrong = (what: 'receipt' | 'file') =>
  new AppError(
    'RECEIPT_WRONG',
    what === 'receipt'
      ? 'This is no receipt, or it was changed since it was made.'
      : 'This receipt is not for this file: one of the two was changed, or they do not belong together.',
    { what },
  )
