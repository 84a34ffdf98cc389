/**
 * What an archive is known to hold at a path, in the form in which it is compared with the disk: entries become it when
 * they are read, and it becomes entries when they are written.
 */
import type Hyperblobs from 'hyperblobs'
import type Hyperdrive from 'hyperdrive'
import { isReserved, modifiedOf } from '../archives/about.ts'
import type { Pending } from '../archives/archive.ts'
import { contentId } from '../lib/renames.ts'
import { nodeAt } from '../read/entries.ts'
import type { Identity } from './disk.ts'
import { isBelow } from './scan.ts'

/** A file or a link. Size in bytes, `modified` in milliseconds since 1970. */
export type Known = {
  readonly size: number
  readonly modified: number | null
  readonly executable: boolean
  /** Of a link: where it leads. */
  readonly target: string | null
  readonly blob: Hyperblobs.Blob | null
  /** null: not recorded on this machine, or for another folder. */
  readonly identity: Identity | null
  /** BLAKE2b-256 of the first block's leaf, in base64; null: not recorded. */
  readonly begins: string | null
}

const NOTHING = { size: 0, modified: null, executable: false, target: null, blob: null, identity: null, begins: null }

export const linkTo = (target: string, modified: number | null): Known => ({ ...NOTHING, target, modified })

export function entryOf(value: Hyperdrive.EntryValue): Known {
  return {
    ...NOTHING,
    size: value.blob?.byteLength ?? 0,
    modified: modifiedOf(value.metadata),
    executable: value.executable === true,
    target: value.linkname ?? null,
    blob: value.blob ?? null,
  }
}

/** What a commit does to make one path what it is now. `bytes`: of content that was stored for it. */
export const pendingOf = (path: string, before: Known | null, now: Known | null, bytes = 0): Pending => ({
  path,
  value: now === null ? null : valueOf(now),
  before: before?.size ?? null,
  size: now?.size ?? 0,
  bytes,
  isFile: now !== null && now.target === null,
  wasFile: before !== null && before.target === null,
  content: contentOf(now),
  contentBefore: contentOf(before),
  touched: before !== null && now !== null && hasSameContent(before, now),
})

function hasSameContent(before: Known, now: Known): boolean {
  if (before.target !== null || now.target !== null) return before.target === now.target
  return (before.size === 0 && now.size === 0) || (now.size > 0 && contentOf(before) === contentOf(now))
}

const contentOf = (known: Known | null): string | null =>
  known === null || known.blob === null || known.size === 0 ? null : contentId(known.blob)

/** Both would be written as the same entry. */
export const isSame = (a: Known | null, b: Known | null): boolean =>
  a === null || b === null
    ? a === b
    : a.size === b.size &&
      a.modified === b.modified &&
      a.executable === b.executable &&
      a.target === b.target &&
      a.blob?.blockOffset === b.blob?.blockOffset &&
      a.blob?.blockLength === b.blob?.blockLength

/** The archive's entries at or below one of the paths (null: all), without Cairn's own. */
export async function knownEntries(drive: Hyperdrive, only: readonly string[] | null): Promise<Map<string, Known>> {
  const known = new Map<string, Known>()
  const add = ({ key, value }: Hyperdrive.Node) => {
    if (!isReserved(key)) known.set(key, entryOf(value))
  }
  if (drive.core.length < 2) return known
  for (const path of only ?? ['']) {
    if (path !== '') {
      const entry = await nodeAt(drive, path)
      if (entry !== null) add(entry)
    }
    for await (const entry of drive.entries({ gt: `${path}/`, lt: `${path}0` })) add(entry)
  }
  return known
}

/** Those of the index at or below one of the paths (null: all). A path of the archive and `''` is its root. */
export function knownBelow(index: ReadonlyMap<string, Known>, only: readonly string[] | null): Map<string, Known> {
  if (only === null || only.includes('')) return new Map(index)
  const wanted = new Set(only)
  const below = new Map<string, Known>()
  for (const [path, known] of index) if (isBelow(wanted, path)) below.set(path, known)
  return below
}

const valueOf = ({ blob, target, executable, modified }: Known): Hyperdrive.EntryValue => ({
  blob,
  linkname: target,
  executable,
  metadata: modified === null ? null : { mtime: modified },
})
