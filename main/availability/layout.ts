/**
 * Where the files of an archive's newest version stand in its log of content. Read from the list, which is here, once, and
 * carried on from version to version.
 */
import type Hyperdrive from 'hyperdrive'
import type { Archive } from '../archives/archive.ts'
import { countHeld } from '../archives/blocks.ts'
import { placesOf } from '../keeping/parts.ts'
import { covered, type Range, type Ranges, rangesOf } from '../lib/ranges.ts'
import { pairsBetween } from '../read/difference.ts'
import { type ArchiveFile, parseEntry, readEntry, textOf, valueOf } from '../read/entries.ts'
import { storedList, Unusual } from '../read/stored-list.ts'
import { type Found, walk } from '../read/walk.ts'
import { type Files, Gathering, type Placed } from './files.ts'

/** Entries that are looked ahead for. */
const AHEAD = 1000

export class Layout {
  /** The version, which is a length of the list. */
  readonly length: number
  readonly fork: number
  readonly files: Files
  /** Of all of them; a hostile list names what the log does not have. */
  readonly ranges: Ranges

  private constructor(length: number, fork: number, files: Files) {
    this.length = length
    this.fork = fork
    this.files = files
    const { starts, ends, scattered } = files.columns
    const plain = covered(starts, ends)
    this.ranges =
      scattered.size === 0 ? plain : rangesOf([...plain, ...[...scattered.values()].flatMap(({ places }) => places)])
  }

  /** `before`: one of an earlier version, if any. null: not all of the list is here. Throws what `Archive.at` throws. */
  static async read(archive: Archive, before: Layout | null, signal: AbortSignal): Promise<Layout | null> {
    const { core } = archive.drive
    const { length, fork } = core
    if (before?.isOf(length, fork)) return before
    if (length === 0 || countHeld(core, [{ start: 0, end: length }]) < length) return null
    return archive.at(
      null,
      async (snapshot, version) => {
        signal.throwIfAborted()
        if (before !== null && before.fork === fork && before.length > 1 && before.length < version && before.#isPlain)
          try {
            return await before.#followed(snapshot, version)
          } catch {
            // A version inside of a batch of another program holds no whole tree to compare with: it is read anew.
          }
        return new Layout(version, fork, await filesOf(archive.drive, snapshot, version, signal))
      },
      signal,
    )
  }

  isOf(length: number, fork: number): boolean {
    return this.length === length && this.fork === fork
  }

  /** What is known of one where only a map says it is not followed to the next version, but read anew. */
  get #isPlain(): boolean {
    return this.files.columns.scattered.size === 0
  }

  async #followed(snapshot: Hyperdrive, version: number): Promise<Layout> {
    const changes = new Map<string, Placed | null>()
    for await (const { path, after, since } of pairsBetween(this.length, snapshot))
      changes.set(path, after?.kind === 'file' ? await placed(snapshot, after, since) : null)
    return new Layout(version, this.fork, this.files.with(changes))
  }
}

/** Its whole list is here. */
async function filesOf(drive: Hyperdrive, snapshot: Hyperdrive, version: number, signal: AbortSignal): Promise<Files> {
  try {
    const files = new Gathering()
    for await (const some of storedList(snapshot, version, signal))
      for (const one of some) await take(drive, one, files)
    return files.done()
  } catch (error) {
    if (!(error instanceof Unusual)) throw error
  }
  const files = new Gathering()
  const all = { lower: Buffer.from('/'), upper: Buffer.from('0'), wanted: AHEAD, passesOver: () => false }
  for await (const one of walk(snapshot, { ...all, wait: false, signal })) await take(drive, one, files)
  return files.done()
}

async function take(drive: Hyperdrive, { key, seq, value }: Found, files: Gathering): Promise<void> {
  const entry = parseEntry({ key: textOf(key), value: valueOf(value) })
  if (entry?.kind === 'file') files.add(placedAt(entry, seq + 1) ?? (await placed(drive, entry, seq + 1)))
}

/** null: only a map says it. */
function placedAt({ path, size, blob }: ArchiveFile, since: number): Placed | null {
  if (blob === null || blob.blockLength === 0) return { path, size, places: [], since }
  if (blob.blockMap === true) return null
  return { path, size, places: [{ start: blob.blockOffset, end: blob.blockOffset + blob.blockLength }], since }
}

/** Asks nobody. `since`: the version from which on the entry is there. A file of which only a map that is not here says where it stands may stand anywhere. */
export async function placed(drive: Hyperdrive, file: ArchiveFile, since: number): Promise<Placed> {
  const { path, size, blob } = file
  const plain = placedAt(file, since)
  if (plain !== null || blob === null) return plain ?? { path, size, places: [], since }
  const own: Range = { start: blob.blockOffset, end: blob.blockOffset + blob.blockLength }
  const core = drive.blobs?.core
  if (countHeld(core, [own]) < blob.blockLength)
    return { path, size, places: [{ start: 0, end: core?.length ?? own.end }], since, isUnknown: true }
  const mapped = await readEntry(drive, { key: path, value: { blob } })
  return {
    path,
    size: mapped?.kind === 'file' ? mapped.size : size,
    places: rangesOf(await placesOf(drive, file)),
    since,
  }
}
