/**
 * Gives a folder that an archive follows files of an earlier version back: what the folder had is changed on the disk, as
 * its person would change it, and the archive follows. Nothing is overwritten or removed that the archive does not hold
 * as it lies there. What is written is told to the index, by which the archive names the content that it has already.
 */
import { lstat } from 'node:fs/promises'
import { basename, dirname, posix } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { Archive } from '../archives/archive.ts'
import type { download, Ledger } from '../read/download.ts'
import type { Control } from '../transfers/transfers.ts'
import { statsOf } from './disk.ts'
import { isSame, type Known, knownBelow, knownEntries } from './known.ts'
import { covers, outermost, type SourceItem } from './scan.ts'
import type { SourceIndex } from './source-index.ts'

/** `before`: the version that undoes it. `transfer`: it takes longer, goes on as that, and `skipped` stands there. */
export type Restored = {
  readonly before: number
  readonly files: number
  /** Left as it was. */
  readonly skipped: readonly Skipped[]
  readonly transfer: string | null
}

export type Restoration = {
  /** Below these paths; `''` is the root. */
  readonly paths: readonly string[]
  readonly version: number
  /** What is to be written, and what is to be taken away. */
  readonly wanted: ReadonlyMap<string, Known>
  readonly gone: readonly string[]
  /** What was in that version, and would not be published: it is not written. */
  readonly left: readonly Skipped[]
  /** Of content that is to be written. */
  readonly bytes: number
}

/** What the changeset of a restoration says of itself, to everybody. */
export const messageOf = (version: number): string => `Restored from version ${version}`

/**
 * `equal`: the folder is what the index knows, so that only what differs from it need be looked at. `publishable`: why a
 * path stays out of the archive, or null. Throws PATH_NOT_FOUND where there was nothing then, and nothing is now.
 */
export async function planRestoration(
  archive: Archive,
  index: SourceIndex,
  publishable: (path: string) => string | null,
  { version, paths, equal }: { readonly version: number; readonly paths: readonly string[]; readonly equal: boolean },
): Promise<Restoration> {
  const below = outermost(paths.map(path => (path === '/' ? '' : path)))
  const now = knownBelow(index.known, below)
  const then = version < 2 ? new Map<string, Known>() : await archive.at(version, old => knownEntries(old, below))
  if (now.size + then.size === 0) requireRoot(archive, version, paths)
  const wanted = new Map<string, Known>()
  const left: Skipped[] = []
  for (const [path, known] of then) {
    if (equal && isSame(now.get(path) ?? null, known)) continue
    const why = publishable(path)
    if (why === null) wanted.set(path, known)
    else left.push({ path, reason: 'left-out', detail: why })
  }
  const gone = [...now.keys()].filter(path => !then.has(path))
  const bytes = [...wanted.values()].reduce((sum, { size }) => sum + size, 0)
  return { paths: below, version, wanted, gone, left, bytes }
}

/** An archive may be empty; anything else that is named is meant to be there. Throws PATH_NOT_FOUND. */
export function requireRoot({ key }: Archive, version: number, paths: readonly string[]): void {
  if (paths.includes('/')) return
  const path = paths[0]!
  throw new AppError('PATH_NOT_FOUND', `There was nothing called ${path} in version ${version}.`, { key, path })
}

/** Writes files of a version into a folder. */
export type Download = typeof download

/** Throws as `download` does; the signal's reason when ended. What was written by then stays. */
export async function writeRestoration(
  archive: Archive,
  index: SourceIndex,
  items: readonly SourceItem[],
  { paths, version, wanted, gone }: Restoration,
  download: Download,
  control: Control,
): Promise<void> {
  for (const item of items) {
    const base = item.kind === 'folder' ? item.at : posix.dirname(item.at) === '/' ? '' : posix.dirname(item.at)
    const isOf = (path: string) => (item.kind === 'folder' ? covers(item.at, path) : path === item.at)
    // A single file that has another name on this machine is not written under the archive's.
    if (item.kind === 'file' && basename(item.path) !== posix.basename(item.at)) continue
    const mine = [...wanted.keys()].filter(isOf)
    const leaving = gone.filter(isOf)
    if (mine.length + leaving.length === 0) continue
    const relative = (path: string) => path.slice(base.length)
    const ledger: Ledger = {
      get: path => {
        // What was written before a kill is ours as well.
        const known = index.stored(`${base}${path}`) ?? index.known.get(`${base}${path}`)
        if (known === undefined) return []
        const isLink = known.target !== null
        const content = isLink ? `link ${known.target}` : contentOf(archive, known)
        return [{ size: known.size, modified: isLink ? null : known.modified, content }]
      },
      paths: () => leaving.map(relative),
      announce: () => Promise.resolve(),
      settle: async path => {
        const archivePath = `${base}${path}`
        const known = wanted.get(archivePath)
        if (known === undefined || known.target !== null) return
        const local = localOf(item, base, archivePath)
        const { inode, born, changed, modified } = statsOf(await lstat(local, { bigint: true }))
        index.set(archivePath, { ...known, modified, identity: { inode, born, changed } })
        await index.write()
      },
      withdraw: () => Promise.resolve(),
      delete: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
    const from = outermost(
      paths
        .map(path => (covers(path, item.at) ? item.at : path))
        .filter(path => covers(item.at, path) && mine.some(one => covers(path, one))),
    )
    await archive.at(version, snapshot =>
      download(
        archive.drive,
        snapshot,
        {
          paths: from.map(path => path || '/'),
          folder: item.kind === 'folder' ? item.path : dirname(item.path),
          base,
          only: path => wanted.has(path),
          inTheWay: 'leave',
          follow: leaving.length > 0,
          mayRemove: true,
          manifest: ledger,
        },
        control,
      ),
    )
  }
}

const localOf = (item: SourceItem, base: string, path: string) =>
  item.kind === 'file' ? item.path : posix.join(item.path, path.slice(base.length))

/** As `download` names it. */
const contentOf = ({ drive }: Archive, { blob, size }: Known): string =>
  size === 0 || blob === null ? 'empty' : `${drive.blobs?.core.fork ?? 0}.${blob.blockOffset}.${blob.byteOffset}`
