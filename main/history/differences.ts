/** What differs between two versions, in the order of paths, where what went under one name and came under another is one. */
import type { ChangedFile } from '../../preload/contract/models.ts'
import { contentId, type Named, renamesOf } from '../lib/renames.ts'
import type { ArchiveEntry } from '../read/entries.ts'

export class Differences {
  readonly #rows = new Map<string, ChangedFile>()
  readonly #gone: Named[] = []
  readonly #come: Named[] = []

  /** In order. At least one of both is there. */
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
  entry?.kind === 'file' && entry.blob !== null && entry.blob.byteLength > 0 ? contentId(entry.blob) : null

export const sizeOf = (entry: { readonly kind: string; readonly size?: number }): number => entry.size ?? 0
