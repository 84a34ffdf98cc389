/**
 * Where the files of an archive's newest version stand in its log of content. Read from the list, which is here, once, and
 * carried on from version to version.
 */
import type Hyperdrive from 'hyperdrive'
import type { Archive } from '../archives/archive.ts'
import { countHeld } from '../archives/blocks.ts'
import { placesOf } from '../keeping/parts.ts'
import { EVERYTHING, type Range, type Ranges, rangesOf } from '../lib/ranges.ts'
import { pairsBetween } from '../read/difference.ts'
import { type ArchiveFile, parseEntry, readEntry, textOf, valueOf } from '../read/entries.ts'
import { walk } from '../read/walk.ts'
import { Counts, type Placed } from './holdings.ts'

/** Entries that are looked ahead for. */
const AHEAD = 1000

export class Layout {
  readonly version: number
  readonly fork: number
  /** In the order of paths. */
  readonly files: readonly Placed[]
  /** Of all of them; a hostile list names what the log does not have. */
  readonly ranges: Ranges
  /** What is known of one where only a map says it is not followed to the next version, but read anew. */
  readonly #isPlain: boolean

  private constructor(version: number, fork: number, files: readonly Placed[], isPlain: boolean) {
    this.version = version
    this.fork = fork
    this.files = files
    this.#isPlain = isPlain
    this.ranges = new Counts(files.map(({ places }) => places)).atLeast(1, EVERYTHING)
  }

  /** `before`: one of an earlier version, if any. null: not all of the list is here. Throws what `Archive.at` throws. */
  static async read(archive: Archive, before: Layout | null, signal: AbortSignal): Promise<Layout | null> {
    const { core } = archive.drive
    const { length, fork } = core
    if (before?.version === length && before.fork === fork) return before
    if (length === 0 || countHeld(core, [{ start: 0, end: length }]) < length) return null
    return archive.at(
      null,
      async (snapshot, version) => {
        signal.throwIfAborted()
        if (
          before !== null &&
          before.fork === fork &&
          before.#isPlain &&
          before.version > 1 &&
          before.version < version
        )
          try {
            return await before.#followed(snapshot, version)
          } catch {
            // A version inside of a batch of another program holds no whole tree to compare with: it is read anew.
          }
        const files: Placed[] = []
        let isPlain = true
        const all = { lower: Buffer.from('/'), upper: Buffer.from('0'), wanted: AHEAD, passesOver: () => false }
        for await (const { key, value } of walk(snapshot, { ...all, wait: false, signal })) {
          const entry = parseEntry({ key: textOf(key), value: valueOf(value) })
          if (entry?.kind !== 'file') continue
          isPlain &&= entry.blob?.blockMap !== true
          files.push(await placed(archive.drive, entry))
        }
        return new Layout(version, fork, inOrder(files), isPlain)
      },
      signal,
    )
  }

  async #followed(snapshot: Hyperdrive, version: number): Promise<Layout> {
    const changes = new Map<string, Placed | null>()
    let isPlain = true
    for await (const { path, after } of pairsBetween(this.version, snapshot)) {
      if (after?.kind !== 'file') changes.set(path, null)
      else {
        isPlain &&= after.blob?.blockMap !== true
        changes.set(path, await placed(snapshot, after))
      }
    }
    const stay = this.files.filter(({ path }) => !changes.has(path))
    const come = inOrder([...changes.values()].filter(file => file !== null))
    // Both are in order, and mostly few come among many.
    const files: Placed[] = []
    let next = 0
    for (const file of come) {
      for (; next < stay.length && stay[next]!.path < file.path; next++) files.push(stay[next]!)
      files.push(file)
    }
    for (; next < stay.length; next++) files.push(stay[next]!)
    return new Layout(version, this.fork, files, isPlain)
  }

  get(path: string): Placed | null {
    const file = this.files[this.#indexOf(path)]
    return file?.path === path ? file : null
  }

  /** What lies below a folder (`/`: everything). */
  below(folder: string): readonly Placed[] {
    if (folder === '/') return this.files
    return this.files.slice(this.#indexOf(`${folder}/`), this.#indexOf(`${folder}0`))
  }

  #indexOf(path: string): number {
    let low = 0
    for (let high = this.files.length; low < high; ) {
      const middle = (low + high) >> 1
      if (this.files[middle]!.path < path) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** As strings are compared, which is not always as bytes are. */
function inOrder(files: Placed[]): readonly Placed[] {
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Asks nobody. A file of which only a map that is not here says where it stands may stand anywhere. */
export async function placed(drive: Hyperdrive, file: ArchiveFile): Promise<Placed> {
  const { path, size, blob } = file
  if (blob === null || blob.blockLength === 0) return { path, size, places: [] }
  const own: Range = { start: blob.blockOffset, end: blob.blockOffset + blob.blockLength }
  if (blob.blockMap !== true) return { path, size, places: [own] }
  const core = drive.blobs?.core
  if (countHeld(core, [own]) < blob.blockLength)
    return { path, size, places: [{ start: 0, end: core?.length ?? own.end }], isUnknown: true }
  const mapped = await readEntry(drive, { key: path, value: { blob } })
  return {
    path,
    size: mapped?.kind === 'file' ? mapped.size : size,
    places: rangesOf(await placesOf(drive, file)),
  }
}
