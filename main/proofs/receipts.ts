/**
 * Makes receipts of files in archives that are here or can be asked for: collects what `receipt.ts` wants to see, and hands
 * out nothing that it does not accept.
 */
import type Hyperblobs from 'hyperblobs'
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { rangesOf } from '../lib/ranges.ts'
import { isReplaced, readBlob } from '../read/blob.ts'
import { type ArchiveFile, heldOf, nameOf, nodeAt, readEntry } from '../read/entries.ts'
import { contentKeyIn, lookUp } from './list.ts'
import {
  contentManifestOf,
  formatReceipt,
  type Manifest,
  manifestOf,
  RECEIPT_SUFFIX,
  type Receipt,
  type SignedLog,
  signatureIn,
  type Signer,
  verifyWith,
} from './receipt.ts'
import { headOf, provenTree, StoredNodes, Unproven } from './signed.ts'
import type { Shape, TreeNode } from './tree.ts'

/** How long a block of the list is waited for, in milliseconds. */
const PATIENCE = 20_000

export class Receipts {
  readonly #archives: Archives

  constructor(archives: Archives) {
    this.#archives = archives
  }

  /** The receipt as a file. `version` null: the newest. Throws what `makeReceipt` throws. */
  async make(
    { key, version, path }: { readonly key: string; readonly version: number | null; readonly path: string },
    caller: AbortSignal,
    progress: (bytes: number, of: number) => void,
  ): Promise<{ readonly name: string; readonly text: string; readonly version: number }> {
    const archive = this.#archives.get(key)
    const pinned = await this.#archives.verifyPin(key, version)
    const signal = AbortSignal.any([caller, this.#archives.life(key), pinned])
    const at = version ?? archive.length
    const receipt = await makeReceipt(archive, at, path, signal, progress)
    return { name: `${nameOf(path)}${RECEIPT_SUFFIX}`, text: formatReceipt(receipt), version: at }
  }
}

/**
 * `path` as it stands in the archive. Fetches what is missing of the file; `progress`: bytes of it that were. Throws
 * RECEIPT_IMPOSSIBLE with the reason, PATH_NOT_FOUND, NOT_A_FILE, NOT_AVAILABLE, and what `Archive.at` throws.
 */
async function makeReceipt(
  archive: Archive,
  version: number,
  path: string,
  signal: AbortSignal,
  progress: (bytes: number, of: number) => void,
): Promise<Receipt> {
  const impossible = (why: string, cause?: unknown) =>
    Object.assign(new AppError('RECEIPT_IMPOSSIBLE', `No receipt can be made for ${path}: ${why}`, { path, why }), {
      cause,
    })
  if (archive.drive.core.encryption !== null)
    throw impossible('The archive is private, and whoever checked the receipt could read all of it.')
  return archive.at(version, async snapshot => {
    const node = await nodeAt(snapshot, path)
    const entry = node === null ? null : await readEntry(snapshot, node)
    if (entry === null)
      throw new AppError('PATH_NOT_FOUND', `There is no ${path} in this version.`, { key: archive.key, path })
    if (entry.kind !== 'file') throw new AppError('NOT_A_FILE', `${path} is a link.`, { path })
    if (entry.replaced === true) throw isReplaced(entry)
    if (entry.blob?.blockMap === true)
      throw impossible('Another program has stored it in pieces that are shared with other files.')
    const { core } = snapshot
    const signer = signerOf(core)
    if (signer === null) throw impossible('The archive is signed in a way that receipts cannot tell yet.')
    const manifest = manifestOf(signer)
    try {
      const blocks = new Map<number, Buffer>()
      const take = async (seq: number) => {
        signal.throwIfAborted()
        const block = await core.get(seq, { timeout: PATIENCE })
        if (block === null) throw notAvailable(path)
        blocks.set(seq, block)
        return block
      }
      if (contentKeyIn(await take(0)) !== null)
        throw impossible('Another program keeps its content under a key of its own.')
      await lookUp(take, version, path)
      const list = await signed(archive.drive.core, manifest, {
        length: version,
        wanted: rangesOf([...blocks.keys()].map(start => ({ start, end: start + 1 }))),
      })
      const held = entry.blob === null || entry.blob.blockLength === 0 ? null : entry.blob
      const content =
        held === null
          ? null
          : await contentOf(snapshot, entry, held, contentManifestOf(signer, core.key), signal, progress)
      const receipt: Receipt = { signer, version, path, list: { ...list, blocks }, content }
      const stored = held === null ? null : new StoredNodes((await snapshot.getBlobs()).core.core!.state)
      await verifyWith(receipt, block => {
        signal.throwIfAborted()
        return stored!.leaf(block)
      })
      return receipt
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Unproven) throw impossible('What is stored here of the archive is not whole.', error)
      if (error instanceof AppError && error.is('RECEIPT_WRONG'))
        throw impossible('The archive contradicts itself about this file.', error)
      throw error
    }
  })
}

const notAvailable = (path: string) =>
  new AppError('NOT_AVAILABLE', 'Nobody who is connected has this part of the archive.', { key: '', path })

/** null: it is not one person who signs, or in another way. */
function signerOf({ manifest, key }: Hypercore): Signer | null {
  const [only, ...others] = manifest?.signers ?? []
  if (!manifest || only === undefined || others.length > 0 || manifest.version < 1 || manifest.version > 3) return null
  if (manifest.quorum !== 1 || manifest.allowPatch || manifest.prologue || manifest.linked || manifest.userData)
    return null
  const { namespace, publicKey } = only
  return Buffer.compare(key, publicKey) === 0 ? null : { version: manifest.version, namespace, publicKey }
}

/** `core`: no snapshot, which knows of no newer signature. */
async function signed(
  core: Hypercore,
  manifest: Manifest,
  shape: Omit<Shape, 'head'>,
  leaf: (node: TreeNode) => void = () => {},
): Promise<SignedLog> {
  const head = headOf(core)
  const end = shape.wanted.at(-1)?.end ?? 0
  const signature = head === null ? null : signatureIn(manifest, head.signature)
  if (head === null || signature === null || head.length < Math.max(shape.length, end))
    throw new Unproven('It is not signed')
  const nodes: TreeNode[] = []
  await provenTree(core, head, shape, { given: node => nodes.push(node), leaf })
  return { length: head.length, fork: head.fork, signature, nodes }
}

async function contentOf(
  snapshot: Hyperdrive,
  file: ArchiveFile,
  { blockOffset, blockLength }: Hyperblobs.Blob,
  manifest: Manifest,
  signal: AbortSignal,
  progress: (bytes: number, of: number) => void,
): Promise<NonNullable<Receipt['content']>> {
  const { core } = await snapshot.getBlobs()
  // The nodes of its tree come with the blocks.
  if (heldOf(snapshot, file) !== 'all') {
    let bytes = 0
    for await (const chunk of readBlob(snapshot, file, { start: 0, length: file.size }, signal))
      progress((bytes += chunk.byteLength), file.size)
  }
  const runs: { count: number; size: number }[] = []
  const shape = { length: blockOffset, wanted: [{ start: blockOffset, end: blockOffset + blockLength }] }
  const log = await signed(core, manifest, shape, ({ size }) => {
    signal.throwIfAborted()
    const last = runs.at(-1)
    if (last?.size === size) last.count++
    else runs.push({ count: 1, size })
  })
  return { ...log, sizes: runs }
}
