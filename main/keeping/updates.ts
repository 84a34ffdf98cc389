/** Whether an update of what is kept is taken unasked. Pure. */
import type { PendingUpdate } from '../../preload/contract/models.ts'

/** More files than these are not taken away or overwritten unasked, and neither is more than half of them. */
const MANY = 1000
/** Of a handful of files, more than half is an everyday change. */
const FEW = 5

export type Update = {
  readonly changed: number
  readonly removed: number
  /** All that differ, renamed ones and those of which only the time or the mode changed among them. */
  readonly entries: number
  /** Files that were kept so far. */
  readonly of: number
  /** Bytes that the person has agreed to, and bytes that are kept after the update. */
  readonly agreed: number
  readonly bytes: number
}

/** null: it is taken. */
export function judge(
  { changed, removed, entries, of, agreed, bytes }: Update,
  { askFirst, growth }: { readonly askFirst: boolean; readonly growth: number | null },
): PendingUpdate['why'] | null {
  const lost = changed + removed
  if (lost > MANY || (lost >= FEW && lost * 2 > of)) return 'removes'
  if (growth !== null && bytes - agreed > growth) return 'grows'
  return askFirst && entries > 0 ? 'ask-first' : null
}
