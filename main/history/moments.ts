/**
 * Which versions of an archive can be opened, and when each was made. A version inside of a changeset holds no whole tree,
 * so that every place in the log stands for the end of the changeset that wrote it. That is found by looking at the blocks
 * that follow, up to the changeset's own, and nothing is read of the others: any place among 100,000 versions costs
 * the rest of one changeset.
 *
 * The same leads from a file to its earlier versions: its entry says where it was written, and the version before that
 * place is asked next. One lookup each, however many versions lie between.
 */
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { FileVersion, FileVersions, Moment } from '../../preload/contract/models.ts'
import type { RecordedChangeset } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { isTouched } from '../read/difference.ts'
import { rememberTree } from '../lib/tree-nodes.ts'
import { type ArchiveEntry, nodeAt, readEntry, shown } from '../read/entries.ts'
import { isInside } from './inside.ts'
import { beginning, newestRecorded, recordedBefore, type Recorded, recordedIn, wholeOf } from './recorded.ts'
import { batches } from './runs.ts'
import { type Block, Log, surelyEndsBatch } from './tree-log.ts'

/** Blocks that are looked at for the end of a changeset, at most: none of Cairn's is as long. */
const LONGEST = 1 << 17
/** Changesets of an archive that are remembered. */
const REMEMBERED = 2000

/** What wrote a block: from the version before it to the version after it. */
type Extent = { readonly from: number; readonly length: number; readonly changeset: RecordedChangeset | null }

/** A part of the log in which no changeset was recorded. */
type Stretch = Pick<Extent, 'from' | 'length'>
type Around = { readonly extent: Extent; readonly stretch: null } | { readonly extent: null; readonly stretch: Stretch }

/** `extents` by their ends. `openable`: versions of which it was asked before, and that no changeset denies. */
type Known = {
  readonly fork: number
  readonly extents: Map<number, Extent>
  readonly unrecorded: Stretch[]
  readonly openable: Set<number>
}

export class Moments {
  readonly #archives: Archives
  readonly #known = new WeakMap<Archive, Known>()

  constructor(archives: Archives) {
    this.#archives = archives
  }

  /** Newest first, from `until` (null: the newest) on. Throws ARCHIVE_NOT_READY. */
  async list(
    key: string,
    until: number | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ readonly moments: readonly Moment[]; readonly before: number | null }> {
    const archive = this.#ready(key)
    if (archive.length < 2) return { moments: [], before: null }
    const end = await this.#openable(archive, until ?? archive.length, signal)
    const read = async (log: Log, snapshot: Hyperdrive) => {
      const moments: Moment[] = []
      let length = end
      const add = (extent: Extent) => {
        moments.push(momentOf(extent))
        length = extent.from
      }
      let recorded = await newestRecorded(archive, log, snapshot, end)
      while (length > 1 && moments.length < limit) {
        const lower = recorded === null ? 1 : recorded.seq + 1
        if (length > lower)
          for await (const batch of batches(log, lower, length)) {
            add(plain(batch))
            if (moments.length === limit) break
          }
        if (recorded === null || moments.length === limit) break
        const extent = extentOf(recorded)
        this.#remember(archive, extent)
        // What was committed in parts is one thing to whoever looks back, as in the list of changesets.
        const whole = wholeOf(recorded)
        add({ ...extent, from: beginning(whole.from) })
        if (whole.parts === 1) log.expect(recorded.changeset.earlier)
        recorded = await recordedBefore(log, whole)
      }
      return { moments, before: length > 1 ? length : null }
    }
    return reading(archive, end, read, signal)
  }

  /** What became of one file, newest first. Throws ARCHIVE_NOT_READY, VERSION_NOT_FOUND. */
  async ofFile(
    key: string,
    path: string,
    until: number | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<FileVersions> {
    await this.#archives.verifyPin(key, until)
    const archive = this.#ready(key)
    const found: Written[] = []
    let version = await this.#openable(archive, until ?? archive.length, signal)
    let absent = false
    // One more than is told: whether it was added or changed is known by what it was before.
    while (version > 1 && found.length <= limit) {
      const written = await this.#written(archive, version, path, signal)
      absent = written === null
      if (written === null) break
      found.push(written)
      version = written.extent.from
    }
    const told = found.slice(0, limit)
    return {
      versions: told.map((one, index) => versionOf(one, found[index + 1] ?? null)),
      before: found.length > limit ? told.at(-1)!.extent.from : absent ? version : null,
      absent: found.length <= limit && absent,
    }
  }

  /** When and in which changeset the file was written that this version has. */
  #written(archive: Archive, version: number, path: string, signal: AbortSignal | undefined): Promise<Written | null> {
    const read = async (snapshot: Hyperdrive) => {
      const node = await nodeAt(snapshot, path)
      const entry = node === null ? null : await readEntry(snapshot, node)
      if (node === null || entry === null) return null
      const extent = await this.extent(archive, node.seq, signal)
      // A list that says of an entry that it was written later than it stands would lead round in circles.
      if (extent.from >= version) return null
      return { extent, entry, shown: shown(snapshot, entry) }
    }
    return archive.at(version, read, signal)
  }

  /** The newest version up to this length, which the log has, that can be opened. Throws what `extent` throws. */
  async upTo(archive: Archive, length: number): Promise<number> {
    if (length < 2) return 1
    const { from, length: end } = await this.extent(archive, length - 1)
    return end === length ? length : Math.max(1, from)
  }

  /** What wrote this block. Throws VERSION_NOT_FOUND if that is not to be found. */
  async extent(archive: Archive, seq: number, signal?: AbortSignal): Promise<Extent> {
    for (const extent of this.#of(archive).extents.values())
      if (extent.from <= seq && seq < extent.length) return extent
    const newest = archive.length
    const read = async (log: Log, snapshot: Hyperdrive) => {
      const { extent, stretch } = await this.#around(archive, log, snapshot, seq)
      if (extent !== null) return extent
      const { from: lower, length: end } = stretch
      // Mostly it was put alone.
      const [before, block, next] = seq > 1 ? await log.range(seq - 1, Math.min(seq + 2, end)) : []
      if (
        block !== undefined &&
        surelyEndsBatch(before!, block) &&
        (next === undefined || surelyEndsBatch(block, next))
      )
        return plain({ from: seq, length: seq + 1 })
      for await (const batch of batches(log, lower, await versionAfter(log, seq, end)))
        if (batch.from <= seq) return plain(batch)
      throw new Error('The beginning of a log was passed')
    }
    return reading(archive, newest, read, signal)
  }

  /** The changeset that wrote this block, or between which two of them another program did. */
  async #around(archive: Archive, log: Log, snapshot: Hyperdrive, seq: number): Promise<Around> {
    const { unrecorded } = this.#of(archive)
    const known = unrecorded.find(({ from, length }) => from <= seq && seq < length)
    if (known !== undefined) return { extent: null, stretch: known }
    const newest = snapshot.version
    const last = await newestRecorded(archive, log, snapshot, newest)
    if (last === null || seq > last.seq)
      return { extent: null, stretch: { from: last === null ? 1 : last.seq + 1, length: newest } }
    const recorded = await recordedAfter(log, seq, Math.min(last.seq + 1, seq + LONGEST))
    if (recorded === null)
      throw new AppError('VERSION_NOT_FOUND', `Version ${seq + 1} cannot be looked at.`, {
        key: archive.key,
        version: seq + 1,
        newest,
      })
    if (recorded.changeset.from <= seq) {
      const extent = extentOf(recorded)
      this.#remember(archive, extent)
      return { extent, stretch: null }
    }
    const before = await recordedBefore(log, recorded.changeset)
    const stretch = { from: before === null ? 1 : before.seq + 1, length: recorded.changeset.from }
    unrecorded.push(stretch)
    if (unrecorded.length > REMEMBERED) unrecorded.shift()
    return { extent: null, stretch }
  }

  /** Throws VERSION_NOT_FOUND for one that is not there, or is inside of a changeset. 0 and 1 are the beginning. */
  async require(key: string, version: number): Promise<void> {
    const archive = this.#ready(key)
    const newest = archive.length
    if (version < 2 || version === newest) return
    if (version > newest || (await this.extent(archive, version - 1)).length !== version)
      throw new AppError('VERSION_NOT_FOUND', `There is no version ${version} that could be opened.`, {
        key,
        version,
        newest,
      })
  }

  /**
   * For whoever comes with a number, as from a link or an address: a version inside of a changeset often looks like a whole one that
   * has lost most of its files. Throws VERSION_NOT_FOUND where a recorded changeset says that it is none, or the log of another
   * program surely does. What is beyond the newest is left to those who open it.
   */
  async deny(key: string, version: number | null): Promise<void> {
    if (version === null || version < 2 || !this.#archives.has(key)) return
    const archive = this.#archives.get(key)
    const newest = archive.length
    if (!archive.known || version >= newest) return
    const { openable } = this.#of(archive)
    if (openable.has(version)) return
    if (!(await endsRecorded(archive, version))) {
      const isRecorded = (await lastRecorded(archive)) >= version
      const extent = isRecorded ? await this.extent(archive, version - 1) : null
      const recorded = extent?.changeset == null ? null : extent.length
      if (recorded === null ? await reading(archive, version, log => isInside(log, version)) : recorded !== version) {
        const next = recorded === null ? '' : `; the next one that can is version ${recorded}`
        const why = `Version ${version} is in the middle of a change, and cannot be opened${next}.`
        throw new AppError('VERSION_NOT_FOUND', why, { key, version, newest })
      }
    }
    openable.add(version)
    if (openable.size > REMEMBERED) openable.delete(openable.values().next().value!)
  }

  /** What its changeset says of a version that can be opened. */
  async messageOf(key: string, version: number): Promise<string> {
    if (version < 2) return ''
    return (await this.extent(this.#ready(key), version - 1)).changeset?.message ?? ''
  }

  async #openable(archive: Archive, version: number, signal?: AbortSignal): Promise<number> {
    const newest = archive.length
    return version >= newest ? newest : (await this.extent(archive, Math.max(1, version - 1), signal)).length
  }

  #ready(key: string): Archive {
    const archive = this.#archives.get(key)
    if (!archive.known) throw new AppError('ARCHIVE_NOT_READY', 'Nothing of this archive has been found yet.', { key })
    return archive
  }

  #of(archive: Archive): Known {
    const { fork } = archive.drive.core
    const before = this.#known.get(archive)
    if (before?.fork === fork) return before
    const known: Known = { fork, extents: new Map(), unrecorded: [], openable: new Set() }
    this.#known.set(archive, known)
    return known
  }

  #remember(archive: Archive, extent: Extent): void {
    const { extents } = this.#of(archive)
    extents.set(extent.length, extent)
    if (extents.size > REMEMBERED) extents.delete(extents.keys().next().value!)
  }
}

/** Its own block ends a changeset. */
const endsRecorded = (archive: Archive, version: number): Promise<boolean> =>
  reading(archive, version, async log => recordedIn((await log.blocks([version - 1]))[0]!) !== null)

/** Where the newest changeset stands; 0: none was recorded. */
const lastRecorded = (archive: Archive): Promise<number> =>
  archive.at(null, async snapshot => (await archive.lastChangeset(snapshot))?.seq ?? 0)

type Written = { readonly extent: Extent; readonly entry: ArchiveEntry; readonly shown: FileVersion['entry'] }

function versionOf({ extent, entry, shown }: Written, before: Written | null): FileVersion {
  const change = before === null ? 'added' : isTouched(before.entry, entry) ? 'touched' : 'changed'
  return { version: extent.length, from: extent.from, time: extent.changeset?.time ?? null, change, entry: shown }
}

const extentOf = ({ seq, changeset }: Recorded): Extent => ({
  from: beginning(changeset.from),
  length: seq + 1,
  changeset,
})
const plain = ({ from, length }: Stretch): Extent => ({
  from: beginning(from),
  length,
  changeset: null,
})

/** The first changeset whose own block is at this place or behind it. */
async function recordedAfter(log: Log, seq: number, end: number): Promise<Recorded | null> {
  for await (const block of log.each(seq, end)) {
    const recorded = recordedIn(block)
    if (recorded !== null) return recorded
  }
  return null
}

/** The first version behind this block, as far as that can be told; `end`: one that is. */
async function versionAfter(log: Log, seq: number, end: number): Promise<number> {
  let last: Block | null = null
  for await (const block of log.each(seq, Math.min(end, seq + LONGEST))) {
    if (last !== null && surelyEndsBatch(last, block)) return block.seq
    last = block
  }
  return end
}

/** Throws what `Archive.at` throws; what was asked for is taken back when `signal` says so. */
export function reading<T>(
  archive: Archive,
  version: number | null,
  use: (log: Log, snapshot: Hyperdrive) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { core } = archive.drive
  if (!core.writable) rememberTree(core)
  return archive.at(version, snapshot => Log.reading(snapshot, log => use(log, snapshot)), signal)
}

const momentOf = ({ from, length, changeset }: Extent): Moment => ({
  version: length,
  from,
  time: changeset?.time ?? null,
  message: changeset?.message ?? '',
  naming: changeset !== null && changeset.naming !== null,
})
