/**
 * What changed, newest first. Archives written by Cairn say it themselves, one small block a changeset, each naming the
 * ones before it; of others the log is read backwards (`runs.ts`), and no more is said than it tells.
 */
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { ChangedFile, Changeset } from '../../preload/contract/models.ts'
import type { Whole } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { differing, type Pair as EntryPair, sizeOf } from '../read/difference.ts'
import { type ArchiveEntry, descendants, nodeOf, parseEntry, readEntry } from '../read/entries.ts'
import { rememberTree } from '../lib/tree-nodes.ts'
import { compare, NotAVersion, type Pair } from './compare.ts'
import { type Block, Log } from './tree-log.ts'
import { beginning, newestRecorded, type Recorded, recordedBefore, wholeOf } from './recorded.ts'
import { type Manner, type Run, runs } from './runs.ts'

/** Differences between two versions among which renamed files are looked for; all of them are read first, from peers if need be. */
const PAIRED = 5000
/** Entries that are turned into what is shown together: of some the size is asked for. */
const AT_ONCE = 64
/** After so many milliseconds no more is asked for, and a page is given out as far as it is there. */
const SOON = 50

export type Page = {
  /** The length after which nothing is told; null for the newest. */
  readonly before: number | null
  readonly limit: number
  readonly soon?: boolean | undefined
}

export class History {
  readonly #archives: Archives

  constructor(archives: Archives) {
    this.#archives = archives
  }

  async list(
    key: string,
    { before, limit, soon = false }: Page,
    signal: AbortSignal,
  ): Promise<{ readonly changesets: readonly Changeset[]; readonly before: number | null }> {
    const archive = this.#archives.get(key)
    const end = before === null ? archive.length : Math.min(before, archive.length)
    if (!archive.known) throw new AppError('ARCHIVE_NOT_READY', 'Nothing of this archive has been found yet.', { key })
    // The first block of a log is its header, and no version.
    if (end <= 1) return { changesets: [], before: null }
    const until = soon ? performance.now() + SOON : Number.POSITIVE_INFINITY
    return this.#reading(archive, end, signal, async (log, snapshot) => {
      const changesets: Changeset[] = []
      let length = end
      const goesOn = () => changesets.length === 0 || performance.now() < until
      for await (const changeset of newestFirst(archive, log, snapshot, end, {
        goesOn,
        pace: before === null ? 'first' : 'further',
      })) {
        changesets.push(changeset)
        length = Math.max(1, changeset.from)
        if (changesets.length === limit) break
      }
      return { changesets, before: length > 1 ? length : null }
    })
  }

  /** What differs between two versions. Throws VERSION_NOT_FOUND for one that is inside of a changeset. */
  async changes(
    key: string,
    from: number,
    to: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly files: readonly ChangedFile[]; readonly more: boolean }> {
    if (from > to)
      throw new AppError('INVALID_INPUT', 'The earlier version comes first.', {
        issues: [{ path: 'from', message: 'is after `to`' }],
      })
    for (const version of [from, to]) await this.#archives.verifyPin(key, version)
    const archive = this.#archives.get(key)
    return this.#reading(archive, to, signal, async (log, snapshot) => {
      if (from <= 1) return addedAll(snapshot, limit, signal)
      const compared = (await compare(log, from, snapshot.version, { most: Math.max(limit, PAIRED) }))!
      const all = filesOf(await entriesOf(compared.pairs, block => entryOf(snapshot, block)))
      return { files: all.slice(0, limit), more: compared.more || all.length > limit }
    })
  }

  /** The first `most` entries that differ between two versions, as they were and as they are. Throws what `changes` throws. */
  async pairs(
    key: string,
    from: number,
    to: number,
    most: number,
    signal: AbortSignal,
  ): Promise<{ readonly pairs: readonly EntryPair[]; readonly more: boolean }> {
    await this.#archives.verifyPin(key, to)
    return this.#reading(this.#archives.get(key), to, signal, async (log, snapshot) => {
      const compared = (await compare(log, from, snapshot.version, { most }))!
      const pairs = await entriesOf(compared.pairs, block => entryOf(snapshot, block))
      return { pairs, more: compared.more }
    })
  }

  async #reading<T>(
    archive: Archive,
    version: number,
    signal: AbortSignal,
    use: (log: Log, snapshot: Hyperdrive) => Promise<T>,
  ): Promise<T> {
    const { core } = archive.drive
    if (!core.writable) rememberTree(core)
    try {
      return await archive.at(version, snapshot => Log.reading(snapshot, log => use(log, snapshot)), signal)
    } catch (error) {
      if (!(error instanceof NotAVersion)) throw error
      const { version } = error
      throw new AppError('VERSION_NOT_FOUND', `Version ${version} is inside of a changeset and cannot be looked at.`, {
        key: archive.key,
        version,
        newest: archive.length,
      })
    }
  }
}

async function* newestFirst(
  archive: Archive,
  log: Log,
  snapshot: Hyperdrive,
  end: number,
  manner: Required<Manner>,
): AsyncGenerator<Changeset> {
  let length = end
  let recorded = await newestRecorded(archive, log, snapshot, end)
  while (length > 1) {
    const lower = recorded === null ? 1 : recorded.seq + 1
    for await (const run of runs(log, lower, length, manner)) {
      yield described(log, run)
      length = run.from
    }
    if (recorded === null || length > lower || !manner.goesOn()) return
    const whole = wholeOf(recorded)
    yield shown(recorded, whole)
    length = Math.max(1, whole.from)
    // Of others they are parts of the same, which are not read.
    if (whole.parts === 1) log.expect(recorded.changeset.earlier)
    recorded = await recordedBefore(log, whole)
  }
}

const shown = ({ seq, changeset }: Recorded, whole: Whole): Changeset => ({
  length: seq + 1,
  from: beginning(whole.from),
  time: changeset.time,
  source: 'recorded',
  added: whole.added,
  changed: whole.changed,
  removed: whole.removed,
  renamed: whole.renamed,
  touched: whole.touched,
  written: 0,
  more: false,
  bytes: whole.bytes,
  message: changeset.message,
  naming: changeset.naming,
  describing: changeset.describing && { ...changeset.describing, message: changeset.describing.message || null },
  parts: whole.parts,
  partial: changeset.partial,
})

type Counts = Pick<Changeset, 'added' | 'changed' | 'removed' | 'renamed' | 'touched' | 'written' | 'bytes'>

/** Whether a file was there before is said where that costs nothing: at the beginning, and where all of the list is here. */
async function described(log: Log, run: Run): Promise<Changeset> {
  const counts = (await exactly(log, run)) ?? told(run)
  return {
    ...counts,
    length: run.length,
    from: beginning(run.from),
    time: null,
    source: 'inferred',
    more: !run.whole,
    message: '',
    naming: null,
    describing: null,
    parts: 1,
    partial: false,
  }
}

/** null: not all of what it takes is here, or it is no version that it begins with. */
async function exactly(log: Log, { from, length, whole, blocks }: Run): Promise<Counts | null> {
  if (!whole || from <= 1) return null
  const compared = await compare(log, from, length, { most: blocks.length, here: true }).catch((error: unknown) => {
    if (error instanceof NotAVersion) return null
    throw error
  })
  if (compared === null || compared.more) return null
  const files = filesOf(await entriesOf(compared.pairs, block => Promise.resolve(parsed(block))))
  const count = (...kinds: ChangedFile['change'][]) => files.filter(({ change }) => kinds.includes(change)).length
  return {
    added: count('added'),
    changed: count('changed'),
    removed: count('removed'),
    renamed: count('renamed'),
    touched: count('touched'),
    written: 0,
    bytes: files.reduce(
      (sum, { change, after }) => sum + (change === 'added' || change === 'changed' ? (after ?? 0) : 0),
      0,
    ),
  }
}

/** From the blocks alone. What came and went within is nothing, as far as it is known that it came. */
function told({ from, blocks }: Run): Counts {
  const files = new Map<string, { readonly size: number | null; wasThere: boolean }>()
  for (const block of blocks) {
    const path = pathOf(block)
    if (path === null) continue
    const isGone = block.isDeletion()
    const known = files.get(path)
    if (known !== undefined) known.wasThere = isGone
    else {
      const entry = isGone ? null : parsed(block)
      if (isGone || entry !== null) files.set(path, { size: entry === null ? null : sizeOf(entry), wasThere: isGone })
    }
  }
  const counts = { added: 0, changed: 0, removed: 0, renamed: 0, touched: 0, written: 0, bytes: 0 }
  for (const { size, wasThere } of files.values()) {
    if (size === null) counts.removed += from > 1 || wasThere ? 1 : 0
    else if (wasThere) counts.changed++
    else if (from <= 1) counts.added++
    else counts.written++
    counts.bytes += size ?? 0
  }
  return counts
}

/** null: no file's, or none that could be shown. */
function pathOf(block: Block): string | null {
  const node = nodeOf(block)
  return node !== null && parseEntry({ key: node.key, value: {} }) !== null ? (node.key as string) : null
}

function parsed(block: Block): ArchiveEntry | null {
  const node = nodeOf(block)
  return node === null ? null : parseEntry(node)
}

async function entryOf(snapshot: Hyperdrive, block: Block): Promise<ArchiveEntry | null> {
  const node = nodeOf(block)
  return node === null ? null : readEntry(snapshot, node)
}

function filesOf(pairs: readonly EntryPair[]): readonly ChangedFile[] {
  const size = (entry: ArchiveEntry | null) => entry && sizeOf(entry)
  return differing(pairs).map(({ path, change, from, before, after }) => ({
    path,
    change,
    from,
    before: size(before),
    after: size(after),
  }))
}

async function entriesOf(
  pairs: readonly Pair[],
  read: (block: Block) => Promise<ArchiveEntry | null>,
): Promise<readonly EntryPair[]> {
  const found: EntryPair[] = []
  for (let at = 0; at < pairs.length; at += AT_ONCE) {
    const some = pairs
      .slice(at, at + AT_ONCE)
      .map(({ before, after }) => Promise.all([before && read(before), after && read(after)]))
    for (const [before, after] of await Promise.all(some)) {
      const path = after?.path ?? before?.path
      if (path !== undefined) found.push({ path, before, after })
    }
  }
  return found
}

/** From nothing to a version: its list. */
async function addedAll(
  snapshot: Hyperdrive,
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly files: readonly ChangedFile[]; readonly more: boolean }> {
  const files: ChangedFile[] = []
  for await (const after of descendants(snapshot, '/', { signal })) {
    if (files.length === limit) return { files, more: true }
    files.push({ path: after.path, change: 'added', from: null, before: null, after: sizeOf(after) })
  }
  return { files, more: false }
}
