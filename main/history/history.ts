/**
 * What changed, newest first. Archives written by Cairn say it themselves, one small block a changeset, each naming the
 * one before it; of others the log is read backwards and cut into runs.
 */
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { ChangedFile, Changeset } from '../../preload/contract/models.ts'
import { parseChangeset, pathOf, type RecordedChangeset } from '../archives/about.ts'
import type { Archives } from '../archives/archives.ts'
import { contentId, type Named, renamesOf } from '../lib/renames.ts'
import { type ArchiveEntry, readEntry } from '../read/entries.ts'

/** Versions of another program that are shown as one changeset. */
const RUN = 100
/** Differences between two versions among which renamed files are looked for; all of them are read first, from peers if need be. */
const PAIRED = 5000

export class History {
  readonly #archives: Archives

  constructor(archives: Archives) {
    this.#archives = archives
  }

  /** `before`: the length after which nothing is told; null for the newest. */
  async list(
    key: string,
    before: number | null,
    limit: number,
  ): Promise<{ readonly changesets: readonly Changeset[]; readonly before: number | null }> {
    const archive = this.#archives.get(key)
    const end = before === null ? archive.length : Math.min(before, archive.length)
    if (!archive.known) throw new AppError('ARCHIVE_NOT_READY', 'Nothing of this archive has been found yet.', { key })
    // The first block of a log is its header, and no version.
    if (end <= 1) return { changesets: [], before: null }
    return archive.at(end, async snapshot => {
      const changesets: Changeset[] = []
      let length = end
      let recorded = await archive.lastChangeset(snapshot)
      while (length > 1 && changesets.length < limit) {
        if (recorded !== null && recorded.seq === length - 1) {
          changesets.push(shown(recorded.changeset, length))
          length = Math.max(1, recorded.changeset.from)
          recorded = await previous(snapshot, recorded)
          continue
        }
        const from = Math.max(recorded === null ? 1 : recorded.seq + 1, length - RUN, 1)
        changesets.push(await infer(snapshot, from, length))
        length = from
      }
      return { changesets, before: length > 1 ? length : null }
    })
  }

  /** What differs between two versions. */
  async changes(
    key: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ readonly files: readonly ChangedFile[]; readonly more: boolean }> {
    if (from > to)
      throw new AppError('INVALID_INPUT', 'The earlier version comes first.', {
        issues: [{ path: 'from', message: 'is after `to`' }],
      })
    await this.#archives.verifyPin(key, to)
    return this.#archives.get(key).at(to, async snapshot => {
      const files: ChangedFile[] = []
      if (from <= 1) {
        for await (const node of snapshot.entries({ gt: '/', lt: '0' })) {
          const after = await readEntry(snapshot, node)
          if (after === null) continue
          if (files.length === limit) return { files, more: true }
          files.push({ path: after.path, change: 'added', from: null, before: null, after: sizeOf(after) })
        }
        return { files, more: false }
      }
      const differences = new Differences()
      for await (const { left, right } of snapshot.diff(from)) {
        const after = left === null ? null : await readEntry(snapshot, left)
        const before = right === null ? null : await readEntry(snapshot, right)
        if (after === null && before === null) continue
        if (differences.size === Math.max(limit, PAIRED))
          return { files: differences.files().slice(0, limit), more: true }
        differences.add(before, after)
      }
      const all = differences.files()
      return { files: all.slice(0, limit), more: all.length > limit }
    })
  }
}

/** What differs, in the order of paths, of which a file that went and one that came with its content become one. */
class Differences {
  readonly #rows = new Map<string, ChangedFile>()
  readonly #gone: Named[] = []
  readonly #come: Named[] = []

  get size(): number {
    return this.#rows.size
  }

  add(before: ArchiveEntry | null, after: ArchiveEntry | null): void {
    const { path } = (after ?? before)!
    const [had, has] = [contentOf(before), contentOf(after)]
    const change =
      before === null
        ? 'added'
        : after === null
          ? 'removed'
          : had !== null && had === has && before.kind === after.kind
            ? 'touched'
            : 'changed'
    this.#rows.set(path, { path, change, from: null, before: before && sizeOf(before), after: after && sizeOf(after) })
    if (change === 'removed') this.#gone.push({ path, content: had })
    else if (change === 'added') this.#come.push({ path, content: has })
  }

  files(): readonly ChangedFile[] {
    for (const [path, from] of renamesOf(this.#gone, this.#come)) {
      this.#rows.delete(from)
      const row = this.#rows.get(path)!
      this.#rows.set(path, { ...row, change: 'renamed', from, before: row.after })
    }
    return [...this.#rows.values()]
  }
}

/** null: none by which another file could be known again. */
const contentOf = (entry: ArchiveEntry | null): string | null =>
  entry?.kind === 'file' && entry.blob !== null && entry.size > 0 ? contentId(entry.blob) : null

type Recorded = { readonly seq: number; readonly changeset: RecordedChangeset }

/** Never goes forward: a hostile author could make a circle otherwise. */
async function previous(snapshot: Hyperdrive, { seq, changeset }: Recorded): Promise<Recorded | null> {
  const at = changeset.previous
  if (at === null || at >= seq || at < 1 || at >= changeset.from) return null
  const block = await snapshot.db.getBySeq(at).catch(() => null)
  const value = block?.value as { readonly metadata?: unknown } | null | undefined
  const parsed = parseChangeset(value?.metadata)
  return parsed === null || parsed.from > at ? null : { seq: at, changeset: parsed }
}

const shown = (recorded: RecordedChangeset, length: number): Changeset => ({
  length,
  from: recorded.from,
  time: recorded.time,
  source: 'recorded',
  added: recorded.added,
  changed: recorded.changed,
  removed: recorded.removed,
  renamed: recorded.renamed,
  bytes: recorded.bytes,
  message: recorded.message,
  partial: recorded.partial,
})

/** A run of versions that nobody described. Whether a put added or changed is told by looking at the version before. */
async function infer(snapshot: Hyperdrive, from: number, length: number): Promise<Changeset> {
  let added = 0
  let changed = 0
  let removed = 0
  let bytes = 0
  const seen = new Set<string>()
  const before = from > 1 ? snapshot.checkout(from) : null
  try {
    for await (const { type, key, value } of snapshot.db.createHistoryStream({
      gte: Math.max(1, from),
      lt: length,
      reverse: true,
    })) {
      const path = pathOf(key)
      if (path === null || seen.has(path)) continue
      seen.add(path)
      if (type === 'del') {
        removed++
        continue
      }
      const entry = await readEntry(snapshot, { key: path, value })
      if (entry === null) continue
      const existed = before === null ? null : await before.entry(path)
      if (existed === null) added++
      else changed++
      bytes += sizeOf(entry)
    }
  } finally {
    await before?.close()
  }
  return {
    length,
    from: from <= 1 ? 0 : from,
    time: null,
    source: 'inferred',
    added,
    changed,
    removed,
    renamed: 0,
    bytes,
    message: '',
    partial: false,
  }
}

/** In the raw log a key stands with the prefix of its sub-encoding: `files`, NUL, path. */
const sizeOf = (entry: { readonly kind: string; readonly size?: number }): number => entry.size ?? 0
