/** How two states of an archive differ, file by file. Nothing is added up over what lay between them. */
import type Hyperdrive from 'hyperdrive'
import type { ChangedFile, News } from '../../preload/contract/models.ts'
import { contentId, renamesOf } from '../lib/renames.ts'
import { type ArchiveEntry, readEntry } from './entries.ts'

/** One path that differs, as it was and as it is; not both are null. */
export type Pair = {
  readonly path: string
  readonly before: ArchiveEntry | null
  readonly after: ArchiveEntry | null
}

/** The same, of which a file that went and one that came with its content have become one. `from`: its path before. */
export type Differing = Pair & { readonly change: ChangedFile['change']; readonly from: string | null }

/**
 * What differs between an earlier version (up to 1: the beginning, when nothing was) and that of `snapshot`. `since`: the version
 * from which on a path is what it is; 0: it is gone.
 */
export async function* pairsBetween(
  from: number,
  snapshot: Hyperdrive,
): AsyncGenerator<Pair & { readonly since: number }> {
  for await (const { left, right } of nodesBetween(from, snapshot)) {
    const after = left === null ? null : await readEntry(snapshot, left)
    const before = right === null ? null : await readEntry(snapshot, right)
    const path = after?.path ?? before?.path
    if (path !== undefined) yield { path, before, after, since: left === null ? 0 : left.seq + 1 }
  }
}

/** The first version is that of an archive in which nothing is, with which nothing can be compared. */
async function* nodesBetween(
  from: number,
  snapshot: Hyperdrive,
): AsyncGenerator<{ readonly left: Hyperdrive.Node | null; readonly right: Hyperdrive.Node | null }> {
  if (from === snapshot.version) return
  if (from > 1) return yield* snapshot.diff(from, '/')
  for await (const left of snapshot.entries({ gt: '/', lt: '0' })) yield { left, right: null }
}

/** In the order of paths. */
export function differing(pairs: Iterable<Pair>): readonly Differing[] {
  const rows = new Map<string, Differing>()
  for (const pair of pairs) rows.set(pair.path, { ...pair, change: changeOf(pair), from: null })
  const named = (change: ChangedFile['change'], of: (pair: Pair) => ArchiveEntry | null) =>
    [...rows.values()]
      .filter(row => row.change === change)
      .map(row => ({ path: row.path, content: contentOf(of(row)) }))
  const renames = renamesOf(
    named('removed', ({ before }) => before),
    named('added', ({ after }) => after),
  )
  for (const [path, from] of renames) {
    const { before } = rows.get(from)!
    rows.delete(from)
    rows.set(path, { path, from, change: 'renamed', before, after: rows.get(path)!.after })
  }
  return [...rows.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function changeOf({ before, after }: Pair): ChangedFile['change'] {
  if (before === null) return 'added'
  if (after === null) return 'removed'
  return isTouched(before, after) ? 'touched' : 'changed'
}

/** Its content is what it was; its time or mode alone may differ. */
export function isTouched(before: ArchiveEntry, after: ArchiveEntry): boolean {
  if (before.kind === 'file' && after.kind === 'file' && before.size === 0 && after.size === 0) return true
  const content = contentOf(before)
  return content !== null && content === contentOf(after)
}

/** null: none by which another file could be known again. */
function contentOf(entry: ArchiveEntry | null): string | null {
  if (entry === null) return null
  if (entry.kind === 'link') return `link ${entry.target}`
  return entry.blob !== null && entry.size > 0 ? contentId(entry.blob) : null
}

export const sizeOf = (entry: ArchiveEntry | null): number => (entry?.kind === 'file' ? entry.size : 0)

/** What is worth counting: a time or a mode alone is not. */
export function countsOf(rows: readonly Differing[]): Omit<News, 'more'> {
  const counts = { added: 0, changed: 0, removed: 0, renamed: 0, touched: 0 }
  for (const { change } of rows) counts[change]++
  const { touched: _, ...worth } = counts
  return worth
}
