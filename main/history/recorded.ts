/** Changesets as Cairn has recorded them in a log, each of which names those before it. */
import type Hyperdrive from 'hyperdrive'
import { CHANGESET_PATH, parseChangeset, type RecordedChangeset } from '../archives/about.ts'
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
export async function previousTo(log: Log, { seq, changeset }: Recorded): Promise<Recorded | null> {
  const at = changeset.previous
  if (at === null || at >= seq || at < 1 || at >= changeset.from) return null
  return recordedAt(log, at)
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
