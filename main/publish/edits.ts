/**
 * Edits of an archive that follows no folder, as the entries that they write: removing, moving, and making things what
 * they were. Nothing that an archive held is ever lost, so no edit moves bytes, and each can be undone by another.
 */
import { posix } from 'node:path'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Clash } from '../../preload/contract/models.ts'
import type { Archive, Pending } from '../archives/archive.ts'
import { isSame, type Known, knownEntries, pendingOf } from './known.ts'
import { requireRoot } from './restore.ts'
import { covers, outermost } from './scan.ts'
import { receivedPath } from './upload.ts'

export type Move = { readonly from: string; readonly to: string }

/** Throws PATH_NOT_FOUND if there is nothing at any of the paths. */
export async function removing(archive: Archive, paths: readonly string[]): Promise<readonly Pending[]> {
  const known = await entriesAt(archive.drive, paths)
  if (known.size === 0) throw notFound(archive, paths[0]!)
  return [...known].map(([path, before]) => pendingOf(path, before, null))
}

/** Files, or folders with all that is in them. Throws PATH_NOT_FOUND and PATH_TAKEN. */
export async function moving(archive: Archive, moves: readonly Move[]): Promise<readonly Pending[]> {
  const pending: Pending[] = []
  const targets = new Set<string>()
  for (const { from, to: wanted } of moves) {
    const to = receivedPath('', wanted)
    if (from === to) continue
    if (covers(from, to))
      throw new AppError('INVALID_INPUT', 'A folder cannot be moved into itself.', {
        issues: [{ path: 'to', message: 'A folder cannot be moved into itself' }],
      })
    const known = await entriesAt(archive.drive, [from])
    if (known.size === 0) throw notFound(archive, from)
    if (targets.has(to) || (await isTaken(archive.drive, to)))
      throw new AppError('PATH_TAKEN', `Something called ${posix.basename(to)} is there already.`, {
        key: archive.key,
        path: to,
      })
    targets.add(to)
    for (const [path, before] of known)
      pending.push(pendingOf(path, before, null), pendingOf(`${to}${path.slice(from.length)}`, null, before))
  }
  return pending
}

/** What makes the paths, and all below them, what they were in that version. Throws PATH_NOT_FOUND for what never was. */
export async function restoring(
  archive: Archive,
  version: number,
  paths: readonly string[],
): Promise<readonly Pending[]> {
  const now = await entriesAt(archive.drive, paths)
  const then = version < 2 ? new Map<string, Known>() : await archive.at(version, old => entriesAt(old, paths))
  if (now.size + then.size === 0) requireRoot(archive, version, paths)
  const pending: Pending[] = []
  for (const [path, before] of now) if (!then.has(path)) pending.push(pendingOf(path, before, null))
  for (const [path, known] of then) {
    const before = now.get(path) ?? null
    if (!isSame(before, known)) pending.push(pendingOf(path, before, known))
  }
  return pending
}

/** Which of these files stand in the archive already, each with a name beside it that is free. */
export async function clashesWith(
  drive: Hyperdrive,
  folder: string,
  paths: readonly string[],
): Promise<readonly Clash[]> {
  const known = await entriesAt(drive, [folder])
  const taken = new Set([...known.keys(), ...paths])
  return paths
    .filter(path => known.has(path))
    .map(path => {
      const free = freeName(path, taken)
      taken.add(free)
      return { path, free }
    })
}

/** `/a/photo.jpg` becomes `/a/photo (2).jpg`, or the first number that is free. */
function freeName(path: string, taken: ReadonlySet<string>): string {
  const { dir, name, ext } = posix.parse(path)
  for (let number = 2; ; number++) {
    const free = posix.join(dir, `${name} (${number})${ext}`)
    if (!taken.has(free)) return free
  }
}

const entriesAt = (drive: Hyperdrive, paths: readonly string[]) =>
  knownEntries(drive, outermost(paths.map(path => (path === '/' ? '' : path))))

async function isTaken(drive: Hyperdrive, path: string): Promise<boolean> {
  return (await entriesAt(drive, [path])).size > 0
}

const notFound = (archive: Archive, path: string) =>
  new AppError('PATH_NOT_FOUND', 'There is nothing of this name in the archive any more.', { key: archive.key, path })
