/**
 * Compares what was scanned with what the archive holds. A file of the same size and time is taken for unchanged; one
 * whose mode alone differs costs an entry and no bytes; what was not read is never taken for deleted.
 */
import type { Skipped } from '../../preload/contract/models.ts'
import type Hyperdrive from 'hyperdrive'
import type Hyperblobs from 'hyperblobs'
import { isReserved, modifiedOf } from '../archives/about.ts'
import { createExclusions } from './rules.ts'
import { covers, type Scanned, type ScannedFile, type ScannedLink } from './scan.ts'

export type Known = {
  readonly size: number
  readonly modified: number | null
  readonly executable: boolean
  readonly target: string | null
  readonly blob: Hyperblobs.Blob | null
}

export type Change =
  | { readonly kind: 'file'; readonly path: string; readonly file: ScannedFile; readonly before: Known | null }
  | { readonly kind: 'link'; readonly path: string; readonly link: ScannedLink; readonly before: Known | null }
  /** The same bytes with another mode. */
  | { readonly kind: 'mode'; readonly path: string; readonly file: ScannedFile; readonly before: Known }
  | { readonly kind: 'remove'; readonly path: string; readonly before: Known }

/** The archive's entries at or below one of the paths (null: all), without Cairn's own. */
export async function knownEntries(drive: Hyperdrive, only: readonly string[] | null): Promise<Map<string, Known>> {
  const known = new Map<string, Known>()
  const add = ({ key, value }: Hyperdrive.Node) => {
    if (isReserved(key)) return
    known.set(key, {
      size: value.blob?.byteLength ?? 0,
      modified: modifiedOf(value.metadata),
      executable: value.executable === true,
      target: value.linkname ?? null,
      blob: value.blob ?? null,
    })
  }
  if (drive.core.length < 2) return known
  for (const path of only ?? ['']) {
    if (path !== '') {
      const entry = await drive.entry(path)
      if (entry !== null) add(entry)
    }
    for await (const entry of drive.entries({ gt: `${path}/`, lt: `${path}0` })) add(entry)
  }
  return known
}

export type Choices = {
  /** Archive paths that the person took out, with what lies below, and patterns as in gitignore. */
  readonly exclude: readonly string[]
  readonly includeSuspicious: boolean
}

/** Changes in the order of the scan, removals last. Takes what it recognises out of `known`. */
export async function* plan(
  scanned: AsyncIterable<Scanned>,
  known: Map<string, Known>,
  choices: Choices,
  onSkipped: (skipped: Skipped) => void,
): AsyncGenerator<Change> {
  const unread: string[] = []
  const isExcluded = createExclusions(choices.exclude)
  for await (const one of scanned) {
    if (one.kind === 'ignored') continue
    if (one.kind === 'skipped') {
      if (one.skipped.reason !== 'vanished') unread.push(one.path)
      onSkipped(one.skipped)
      continue
    }
    if (one.kind === 'private' && !choices.includeSuspicious) continue
    const item = one.kind === 'private' ? one.item : one
    if (isExcluded(item.path)) continue
    const before = known.get(item.path) ?? null
    known.delete(item.path)
    const change = compare(item, before)
    if (change !== null) yield change
  }
  for (const [path, before] of known)
    if (!unread.some(above => covers(above, path))) yield { kind: 'remove', path, before }
}

function compare(item: ScannedFile | ScannedLink, before: Known | null): Change | null {
  if (item.kind === 'link')
    return before?.target === item.target ? null : { kind: 'link', path: item.path, link: item, before }
  if (before === null || before.target !== null || before.size !== item.size || before.modified !== item.modified)
    return { kind: 'file', path: item.path, file: item, before }
  return before.executable === item.executable ? null : { kind: 'mode', path: item.path, file: item, before }
}
