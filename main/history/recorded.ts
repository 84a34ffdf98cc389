/** Changesets as Cairn has recorded them in a log, each of which names those before it. */
import type Hyperdrive from 'hyperdrive'
import { CHANGESET_PATH, parseChangeset, type RecordedChangeset, type Whole } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import { nodeOf } from '../read/entries.ts'
import { newestPlaces } from './runs.ts'
import type { Block, Log } from './tree-log.ts'

export type Recorded = { readonly seq: number; readonly changeset: RecordedChangeset }

/** What Cairn wrote ends with one. It is looked up only where something else was written last. */
export async function newestRecorded(
  archive: Archive,
  log: Log,
  snapshot: Hyperdrive,
  end: number,
): Promise<Recorded | null> {
  const newest = await recordedAt(log, end - 1)
  if (newest !== null) return newest
  log.expect(newestPlaces(end))
  // Of the newest version the way to it is here already, and what stands before a place is mostly the same.
  const last = await archive.at(null, snapshot => archive.lastChangeset(snapshot))
  return last === null || last.seq < end ? last : archive.lastChangeset(snapshot)
}

/** Never goes forward: a hostile author could make a circle otherwise. */
export async function recordedBefore(
  log: Log,
  { from, previous }: Pick<RecordedChangeset, 'from' | 'previous'>,
): Promise<Recorded | null> {
  return previous === null || previous >= from || previous < 1 ? null : recordedAt(log, previous)
}

/**
 * What it is a part of, as far as that had come with it, or itself. A first import is committed every few seconds, so that
 * friends can look around, and is one thing to those who look back. Each part has the sum, so that none but the last is read.
 */
export function wholeOf({ changeset }: Recorded): Whole {
  const { whole } = changeset
  if (whole === null || whole.from > changeset.from) return { ...changeset, parts: 1 }
  if (whole.parts === 1 || beginning(whole.from) > 0) return whole
  // There was nothing before: what came and changed, or went, on the way was added, or is nothing.
  return { ...whole, added: Math.max(0, whole.added - whole.removed), changed: 0, removed: 0, renamed: 0, touched: 0 }
}

/** null: no changeset stands there. */
async function recordedAt(log: Log, seq: number): Promise<Recorded | null> {
  const [block] = await log.blocks([seq])
  return recordedIn(block!)
}

/** null: it is another entry. */
export function recordedIn(block: Block): Recorded | null {
  const node = nodeOf(block)
  if (node?.key !== CHANGESET_PATH) return null
  const changeset = parseChangeset((node.value as { readonly metadata?: unknown } | null)?.metadata)
  return changeset === null || changeset.from > block.seq ? null : { seq: block.seq, changeset }
}

/** The first block is the log's header, and no version. */
export const beginning = (from: number): number => (from <= 1 ? 0 : from)
