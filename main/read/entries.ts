/**
 * Entries as an archive's author wrote them, turned into what the page may see. Everything in them is hostile: what is
 * not an entry is left out, and no number is believed that the lengths of the cores do not bear out.
 */
import { isUtf8 } from 'node:buffer'
import type Hyperblobs from 'hyperblobs'
import type Hyperdrive from 'hyperdrive'
import { z } from 'zod'
import type { Entry } from '../../preload/contract/models.ts'
import { isReserved, modifiedOf } from '../archives/about.ts'
import { contentBound, replacedFrom } from '../lib/content-bound.ts'
import { FILES, walk } from './walk.ts'

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const Blob = z.object({
  blockOffset: count,
  blockLength: count,
  byteOffset: count,
  byteLength: count,
  blockMap: z.boolean().optional(),
})
const Value = z.object({
  executable: z.boolean().nullish(),
  linkname: z.string().max(4096).nullish(),
  blob: Blob.nullish(),
  metadata: z.unknown().optional(),
})

export type ArchiveFile = {
  readonly kind: 'file'
  readonly path: string
  readonly size: number
  readonly modified: number | null
  readonly executable: boolean
  readonly blob: Hyperblobs.Blob | null
  /** Its author has replaced what stands here in its place, so that it cannot be read. */
  readonly replaced?: true
}
export type ArchiveLink = {
  readonly kind: 'link'
  readonly path: string
  readonly target: string
  readonly modified: number | null
}
export type ArchiveEntry = ArchiveFile | ArchiveLink

/** Reads wait for peers this long before they say that nobody has it, in milliseconds. */
export const PATIENCE = 20_000

type Node = { readonly key: unknown; readonly value: unknown }

/** null: not an entry that can be shown. `size` of a deduplicated blob is read from its block map. */
export async function readEntry(drive: Hyperdrive, node: Node): Promise<ArchiveEntry | null> {
  const entry = parseEntry(node)
  if (entry?.kind !== 'file' || entry.blob === null) return entry
  if (entry.blob.blockOffset + entry.blob.blockLength > contentBound(drive)) return null
  if (entry.blob.blockOffset + entry.blob.blockLength > replacedFrom(drive)) return { ...entry, replaced: true }
  if (entry.blob.blockMap !== true) return entry
  const size = await mappedSize(drive, entry.blob)
  return size === null ? null : { ...entry, size }
}

/** The same with nothing read: `size` of a deduplicated blob is 0, since only its block map says it. */
export function parseEntry({ key, value }: Node): ArchiveEntry | null {
  if (typeof key !== 'string' || !isPath(key) || isReserved(key)) return null
  const parsed = Value.safeParse(value)
  if (!parsed.success) return null
  const { executable, linkname, blob, metadata } = parsed.data
  const modified = modifiedOf(metadata)
  if (typeof linkname === 'string') return { kind: 'link', path: key, target: linkname, modified }
  const size = blob?.blockMap === true ? 0 : (blob?.byteLength ?? 0)
  return { kind: 'file', path: key, size, modified, executable: executable === true, blob: blob ?? null }
}

/** What upstream writes: at most 8,192 places of blocks in a block of the map. */
const MOST_MAP_BLOCKS = 64
const LARGEST_MAP_BLOCK = 1 << 20

/** null: no map that could be read. Throws REQUEST_TIMEOUT when nobody has it. */
async function mappedSize(drive: Hyperdrive, blob: Hyperblobs.Blob): Promise<number | null> {
  const blobs = await drive.getBlobs()
  const { blockOffset, blockLength } = blob
  if (blockLength > MOST_MAP_BLOCKS || blockOffset + blockLength > blobs.core.length) return null
  for (let index = blockOffset; index < blockOffset + blockLength; index++) {
    const block = await blobs.core.get(index, { timeout: PATIENCE })
    if (block === null || block.byteLength > LARGEST_MAP_BLOCK) return null
  }
  try {
    const size = count.safeParse(await blobs.getByteLength(blob))
    return size.success ? size.data : null
  } catch {
    return null
  }
}

export const isPath = (key: string): boolean =>
  key.startsWith('/') &&
  key.length > 1 &&
  key
    .slice(1)
    .split('/')
    .every(segment => segment !== '' && segment !== '.' && segment !== '..')

/** What stands at a path; null: nothing, and nothing can where the path is none. Hyperdrive follows `..`, and throws where it leads out. */
export async function nodeAt(
  drive: Hyperdrive,
  path: string,
  options: { readonly wait?: boolean; readonly timeout?: number } = {},
): Promise<Hyperdrive.Node | null> {
  return isPath(path) ? drive.entry(path, options) : null
}

export type Child =
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'entry'; readonly entry: ArchiveEntry }

const SLASH = '/'.charCodeAt(0)

export type Look = {
  /** How many are wanted: so far is looked ahead. */
  readonly wanted: number
  readonly signal?: AbortSignal | undefined
}

/**
 * What lies directly in a folder (`/` or a path), in the order of names. What lies below a subfolder is passed over, so
 * that the cost is that of the children. `after`: an earlier page's cursor.
 */
export async function* children(
  drive: Hyperdrive,
  folder: string,
  after: string | null,
  { wanted, signal }: Look,
): AsyncGenerator<Child & { readonly cursor: string }> {
  const prefix = folder === '/' ? '' : folder
  const begins = Buffer.byteLength(prefix) + 1
  const found = walk(drive, {
    lower: Buffer.from(after ?? `${prefix}/`),
    upper: Buffer.from(`${prefix}0`),
    wanted,
    passesOver: (left, right) => {
      const end = left.indexOf(SLASH, begins)
      return end !== -1 && right.subarray(0, end + 1).equals(left.subarray(0, end + 1))
    },
    signal,
  })
  let last: Buffer | null = null
  for await (const { key, value } of found) {
    const slash = key.indexOf(SLASH, begins)
    if (slash === -1) {
      const path = textOf(key)
      const entry = path === null ? null : await readEntry(drive, { key: path, value: valueOf(value) })
      if (entry !== null) yield { kind: 'entry', entry, cursor: `${entry.path}\0` }
      continue
    }
    const own = key.subarray(0, slash)
    if (last !== null && own.equals(last)) continue
    last = own
    const path = textOf(own)
    if (path !== null && isPath(path) && !isReserved(path))
      yield { kind: 'folder', name: path.slice(prefix.length + 1), cursor: `${path}0` }
  }
}

/** An entry as it stands in the log, where its key has Hyperdrive's prefix. null: not of its files, or not in UTF-8. */
export function nodeOf(block: { readonly key: Buffer; readonly value: Buffer | null }): Node | null {
  if (!block.key.subarray(0, FILES.length).equals(FILES)) return null
  const key = textOf(block.key.subarray(FILES.length))
  return key === null ? null : { key, value: valueOf(block.value) }
}

/** null: no UTF-8. It would read as another name, and could not be asked for. */
export function textOf(key: Buffer): string | null {
  return isUtf8(key) ? key.toString() : null
}

/** null: nothing that an entry could hold. */
export function valueOf(value: Buffer | null): unknown {
  try {
    return value === null ? null : (JSON.parse(value.toString()) as unknown)
  } catch {
    return null
  }
}

/** Entries that are looked ahead for where all of them are wanted. */
const AHEAD = 1000

type Reach = { readonly wait?: boolean; readonly signal?: AbortSignal }

/** Every entry at or below a path (`/`: all). */
export async function* descendants(drive: Hyperdrive, path: string, reach: Reach = {}): AsyncGenerator<ArchiveEntry> {
  for await (const entry of everything(drive, path, reach)) if (entry.kind !== 'none') yield entry
}

/** What is no entry that can be shown, and why. */
export type NoEntry = { readonly kind: 'none'; readonly path: string; readonly detail: string }

/** The same, and what stands there without being one. */
export async function* everything(
  drive: Hyperdrive,
  path: string,
  { wait = true, signal }: Reach = {},
): AsyncGenerator<ArchiveEntry | NoEntry> {
  const prefix = path === '/' ? '' : path
  if (prefix !== '') {
    const node = await nodeAt(drive, prefix, wait ? {} : { wait })
    if (node !== null) yield* entryOrNone(drive, prefix, node.value)
  }
  const below = (lower: Buffer, upper: Buffer) =>
    walk(drive, { lower, upper, wanted: AHEAD, passesOver: () => false, wait, signal })
  for await (const { key, value } of below(Buffer.from(`${prefix}/`), Buffer.from(`${prefix}0`))) {
    const text = textOf(key)
    if (text === null) yield { kind: 'none', path: key.toString(), detail: 'The name is not valid Unicode.' }
    else yield* entryOrNone(drive, text, valueOf(value))
  }
  if (prefix !== '') return
  const outside = 'It is no path: it does not begin with /.'
  for (const range of [{ lt: '/' }, { gte: '0' }])
    for await (const { key } of drive.entries(range)) yield { kind: 'none', path: String(key), detail: outside }
}

async function* entryOrNone(drive: Hyperdrive, key: string, value: unknown): AsyncGenerator<ArchiveEntry | NoEntry> {
  if (isReserved(key)) return
  const entry = await readEntry(drive, { key, value })
  if (entry !== null) yield entry
  else if (isPath(key)) yield { kind: 'none', path: key, detail: 'What the archive says of it cannot be read.' }
  else yield { kind: 'none', path: key, detail: 'A part of its path is empty, or is . or ..' }
}

/** How much of its blocks is on this device. */
export function heldOf(drive: Hyperdrive, entry: ArchiveEntry): Entry['held'] {
  if (entry.kind === 'link' || entry.blob === null || entry.blob.blockLength === 0) return 'all'
  if (entry.replaced === true) return 'none'
  const core = drive.blobs?.core
  const { blockOffset, blockLength } = entry.blob
  if (core === undefined || core.core === null) return 'none'
  const held = core.core.bitfield.countSet(blockOffset, blockLength)
  return held === blockLength ? 'all' : held === 0 ? 'none' : 'some'
}

export const folderEntry = (path: string): Entry => ({
  kind: 'folder',
  name: nameOf(path),
  path,
  size: 0,
  modified: null,
  executable: false,
  target: null,
  held: null,
})

/** As the page sees it. */
export function shown(snapshot: Hyperdrive, entry: ArchiveEntry): Entry {
  const { kind, path, modified } = entry
  const held = heldOf(snapshot, entry)
  if (entry.kind === 'link')
    return { kind, name: nameOf(path), path, size: 0, modified, executable: false, target: entry.target, held }
  return {
    kind,
    name: nameOf(path),
    path,
    size: entry.size,
    modified,
    executable: entry.executable,
    target: null,
    held,
  }
}

/** The largest block that hypercore takes, in bytes. */
const LARGEST_BLOCK = 15 << 20

/** false: the entry names content that the archive cannot have, so that nobody needs to look for it. */
export function isPossible(drive: Hyperdrive, { blob }: ArchiveFile): boolean {
  const core = drive.blobs?.core
  if (blob === null || core === undefined) return true
  const { blockOffset, blockLength, byteLength } = blob
  return (
    blockOffset + blockLength <= core.length &&
    byteLength <= blockLength * LARGEST_BLOCK &&
    byteLength <= core.byteLength
  )
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
