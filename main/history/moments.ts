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
import { CHANGESET_PATH, parseChangeset, type RecordedChangeset } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { contentId } from '../lib/renames.ts'
import { type ArchiveEntry, readEntry, shown } from '../read/entries.ts'
import { blocksOf, type LogBlock } from './log.ts'

/** Blocks that are looked at for the end of a changeset, at most: none of Cairn's is as long. */
const LONGEST = 1 << 17
/** Changesets of an archive that are remembered. */
const REMEMBERED = 2000

/** What wrote a block: from the version before it to the version after it. */
type Extent = { readonly from: number; readonly length: number; readonly changeset: RecordedChangeset | null }

export class Moments {
  readonly #archives: Archives
  readonly #known = new WeakMap<Archive, { readonly fork: number; readonly extents: Map<number, Extent> }>()

  constructor(archives: Archives) {
    this.#archives = archives
  }

  /** Newest first, from `until` (null: the newest) on. Throws ARCHIVE_NOT_READY. */
  async list(
    key: string,
    until: number | null,
    limit: number,
  ): Promise<{ readonly moments: readonly Moment[]; readonly before: number | null }> {
    const archive = this.#ready(key)
    if (archive.length < 2) return { moments: [], before: null }
    const end = await this.#openable(archive, until ?? archive.length)
    return archive.at(end, async snapshot => {
      const moments: Moment[] = []
      let length = end
      let recorded = await archive.lastChangeset(snapshot)
      while (length > 1 && moments.length < limit) {
        const isRecorded = recorded !== null && recorded.seq === length - 1
        const extent = isRecorded ? extentOf(recorded!) : plain(length - 1)
        if (isRecorded) {
          this.#remember(archive, extent)
          recorded = await previous(snapshot, recorded!)
        }
        moments.push(momentOf(extent))
        length = extent.from
      }
      return { moments, before: length > 1 ? length : null }
    })
  }

  /** What became of one file, newest first. Throws ARCHIVE_NOT_READY, VERSION_NOT_FOUND. */
  async ofFile(key: string, path: string, until: number | null, limit: number): Promise<FileVersions> {
    await this.#archives.verifyPin(key, until)
    const archive = this.#ready(key)
    const found: Written[] = []
    let version = await this.#openable(archive, until ?? archive.length)
    let absent = false
    // One more than is told: whether it was added or changed is known by what it was before.
    while (version > 1 && found.length <= limit) {
      const written = await this.#written(archive, version, path)
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
  #written(archive: Archive, version: number, path: string): Promise<Written | null> {
    return archive.at(version, async snapshot => {
      const node = await snapshot.entry(path)
      const entry = node === null ? null : await readEntry(snapshot, node)
      if (node === null || entry === null) return null
      const extent = await this.extent(archive, node.seq)
      // A list that says of an entry that it was written later than it stands would lead round in circles.
      if (extent.from >= version) return null
      return { extent, entry, shown: shown(snapshot, entry) }
    })
  }

  /** What wrote this block. Throws VERSION_NOT_FOUND if that is not to be found. */
  async extent(archive: Archive, seq: number): Promise<Extent> {
    for (const extent of this.#of(archive).values()) if (extent.from <= seq && seq < extent.length) return extent
    const newest = archive.length
    return archive.at(newest, async snapshot => {
      const last = await archive.lastChangeset(snapshot)
      if (last === null || seq > last.seq) return plain(seq)
      const end = Math.min(last.seq + 1, seq + LONGEST)
      for await (const block of blocksOf(snapshot, { from: seq, to: end })) {
        const changeset = changesetIn(block)
        if (changeset === null || changeset.from > block.seq) continue
        // Written by another program, between two changesets.
        if (changeset.from > seq) return plain(seq)
        const extent = extentOf({ seq: block.seq, changeset })
        this.#remember(archive, extent)
        return extent
      }
      throw new AppError('VERSION_NOT_FOUND', `Version ${seq + 1} cannot be looked at.`, {
        key: archive.key,
        version: seq + 1,
        newest,
      })
    })
  }

  async #openable(archive: Archive, version: number): Promise<number> {
    const newest = archive.length
    return version >= newest ? newest : (await this.extent(archive, Math.max(1, version - 1))).length
  }

  #ready(key: string): Archive {
    const archive = this.#archives.get(key)
    if (!archive.known) throw new AppError('ARCHIVE_NOT_READY', 'Nothing of this archive has been found yet.', { key })
    return archive
  }

  /** By their ends. */
  #of(archive: Archive): Map<number, Extent> {
    const { fork } = archive.drive.core
    const known = this.#known.get(archive)
    if (known?.fork === fork) return known.extents
    const extents = new Map<number, Extent>()
    this.#known.set(archive, { fork, extents })
    return extents
  }

  #remember(archive: Archive, extent: Extent): void {
    const extents = this.#of(archive)
    extents.set(extent.length, extent)
    if (extents.size > REMEMBERED) extents.delete(extents.keys().next().value!)
  }
}

type Written = { readonly extent: Extent; readonly entry: ArchiveEntry; readonly shown: FileVersion['entry'] }

function versionOf({ extent, entry, shown }: Written, before: Written | null): FileVersion {
  const content = contentOf(entry)
  const change =
    before === null
      ? 'added'
      : content !== null && content === contentOf(before.entry) && entry.kind === before.entry.kind
        ? 'touched'
        : 'changed'
  return { version: extent.length, from: extent.from, time: extent.changeset?.time ?? null, change, entry: shown }
}

const contentOf = (entry: ArchiveEntry): string | null =>
  entry.kind === 'file' && entry.blob !== null && entry.size > 0 ? contentId(entry.blob) : null

type Recorded = { readonly seq: number; readonly changeset: RecordedChangeset }

const extentOf = ({ seq, changeset }: Recorded): Extent => ({
  from: beginning(changeset.from),
  length: seq + 1,
  changeset,
})
const plain = (seq: number): Extent => ({ from: beginning(seq), length: seq + 1, changeset: null })
/** The first block is the log's header, and no version. */
const beginning = (length: number) => (length <= 1 ? 0 : length)

const momentOf = ({ from, length, changeset }: Extent): Moment => ({
  version: length,
  from,
  time: changeset?.time ?? null,
  message: changeset?.message ?? '',
})

/** Never goes forward: a hostile author could make a circle otherwise. */
async function previous(snapshot: Hyperdrive, { seq, changeset }: Recorded): Promise<Recorded | null> {
  const at = changeset.previous
  if (at === null || at >= seq || at < 1 || at >= changeset.from) return null
  for await (const block of blocksOf(snapshot, { from: at, to: at + 1 })) {
    const found = changesetIn(block)
    return found === null || found.from > at ? null : { seq: at, changeset: found }
  }
  return null
}

/** A block of the log that is a changeset's. */
export const changesetIn = ({ path, value }: LogBlock): RecordedChangeset | null =>
  path === CHANGESET_PATH ? parseChangeset((value() as { readonly metadata?: unknown } | null)?.metadata) : null
