/**
 * Compares what was scanned with what the archive holds. A file of the same size and time is taken for unchanged; one
 * whose mode alone differs costs an entry and no bytes; what was not read is never taken for deleted.
 */
import type { Skipped } from '../../preload/contract/models.ts'
import type { Known } from './known.ts'
import { createExclusions } from './rules.ts'
import { isBelow, type Scanned, type ScannedFile, type ScannedLink } from './scan.ts'

export type Change =
  | {
      readonly kind: 'file'
      readonly path: string
      readonly file: ScannedFile
      readonly before: Known | null
      /** The file of the archive that it was before it was moved: its content needs no reading. */
      readonly moved: Known | null
    }
  | { readonly kind: 'link'; readonly path: string; readonly link: ScannedLink; readonly before: Known | null }
  /** The same bytes with another mode. */
  | { readonly kind: 'mode'; readonly path: string; readonly file: ScannedFile; readonly before: Known }
  | { readonly kind: 'remove'; readonly path: string; readonly before: Known }

export type Choices = {
  /** Archive paths that the person took out, with what lies below, and patterns as in gitignore. */
  readonly exclude: readonly string[]
  readonly includeSuspicious: boolean
}

/** What the disk tells of files beside their names: see `SourceIndex`. */
export type Recognition = {
  /** The file of the archive that this was before it was moved, if the disk makes it plain. */
  moved(file: ScannedFile): Known | null
  /** An unchanged file of which it was not recorded which one of the disk it is. */
  recognised(file: ScannedFile): void
}
const NONE: Recognition = { moved: () => null, recognised: () => {} }

/** Changes in the order of the scan, removals last. Takes what it recognises out of `known`. */
export async function* plan(
  scanned: AsyncIterable<Scanned> | Iterable<Scanned>,
  known: Map<string, Known>,
  choices: Choices,
  onSkipped: (skipped: Skipped) => void,
  recognition: Recognition = NONE,
): AsyncGenerator<Change> {
  const unread = new Set<string>()
  const isExcluded = createExclusions(choices.exclude)
  for await (const one of scanned) {
    if (one.kind === 'ignored') continue
    if (one.kind === 'skipped') {
      if (one.skipped.reason !== 'vanished') unread.add(one.path)
      onSkipped(one.skipped)
      continue
    }
    if (one.kind === 'private' && !choices.includeSuspicious) continue
    const item = one.kind === 'private' ? one.item : one
    if (isExcluded(item.path)) continue
    const before = known.get(item.path) ?? null
    known.delete(item.path)
    const change = compare(item, before, recognition)
    if (change !== null) yield change
  }
  for (const [path, before] of known) if (!isBelow(unread, path)) yield { kind: 'remove', path, before }
}

function compare(item: ScannedFile | ScannedLink, before: Known | null, recognition: Recognition): Change | null {
  const { path } = item
  if (item.kind === 'link') return before?.target === item.target ? null : { kind: 'link', path, link: item, before }
  if (before === null || before.target !== null || before.size !== item.size || before.modified !== item.modified)
    return { kind: 'file', path, file: item, before, moved: recognition.moved(item) }
  // Size and time can be set by anybody, and the time of the last change by nobody: it says that somebody was here.
  if (before.identity !== null && before.identity.changed !== item.identity.changed) {
    const other = recognition.moved(item)
    return { kind: 'file', path, file: item, before, moved: other === before ? null : other }
  }
  // In a folder that was moved nothing was changed, and each file is another one than the one that was there.
  if (before.identity !== null && before.identity.inode !== item.identity.inode) {
    const other = recognition.moved(item)
    if (other !== null && other !== before) return { kind: 'file', path, file: item, before, moved: other }
  }
  if (before.executable !== item.executable) return { kind: 'mode', path, file: item, before }
  if (before.identity === null) recognition.recognised(item)
  return null
}

/** Removals whose content is not found again under another name. */
export function lost(changes: readonly Change[]): number {
  const kept = new Set(changes.map(change => (change.kind === 'file' ? change.moved : null)))
  return changes.filter(change => change.kind === 'remove' && !kept.has(change.before)).length
}
