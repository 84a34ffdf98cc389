/** Which files of an archive are kept, and where their content stands in its log. */
import type Hyperdrive from 'hyperdrive'
import ignore from 'ignore'
import type { Keeping } from '../../preload/contract/models.ts'
import { isReserved } from '../archives/about.ts'
import { includes, type Range, type Ranges, rangesOf, within } from '../lib/ranges.ts'
import { countsOf, type Differing, sizeOf } from '../read/difference.ts'
import { type ArchiveEntry, type ArchiveFile, isPossible, PATIENCE } from '../read/entries.ts'

/** Whether a path of the archive is kept. */
export type Wanted = (path: string) => boolean

const ALL: Wanted = () => true

export function wantedBy(keeping: Keeping): Wanted {
  if (keeping.how === 'look') return () => false
  if (keeping.how !== 'parts') return ALL
  const groups = groupsOf(keeping.patterns)
  return path => {
    if (isReserved(path) || path.length < 2) return false
    return groups.find(({ rules }) => rules.ignores(path.slice(1)))?.keeps ?? false
  }
}

/**
 * The last pattern that matches has the word. In gitignore nothing below a folder that is left out can be taken in again,
 * since git does not look there; here both are read alike, and `!/photos/raw/` takes that folder out of `/photos/`.
 */
function groupsOf(patterns: readonly string[]) {
  const groups: { readonly keeps: boolean; readonly rules: ReturnType<typeof ignore> }[] = []
  for (const pattern of patterns) {
    if (/^\s*(#|$)/.test(pattern)) continue
    const keeps = !pattern.startsWith('!')
    if (groups[0]?.keeps !== keeps)
      groups.unshift({ keeps, rules: ignore({ ignorecase: false, allowRelativePaths: true }) })
    groups[0]!.rules.add(keeps ? pattern : pattern.slice(1))
  }
  return groups
}

/** Files that are kept of one version, and where their content stands. What several names share is there once, and counted. */
export class Selection {
  readonly #drive: Hyperdrive
  /** By the first block: how many names have it. */
  readonly #contents = new Map<number, { readonly places: readonly Range[]; readonly bytes: number; names: number }>()
  #files = 0
  #bytes = 0
  #impossible = 0
  #ranges: Ranges | null = null

  private constructor(drive: Hyperdrive) {
    this.#drive = drive
  }

  /** Of these entries. Throws where they are read from a list that is not here and does not come. */
  static async of(
    drive: Hyperdrive,
    entries: Iterable<ArchiveEntry> | AsyncIterable<ArchiveEntry>,
    wanted: Wanted,
  ): Promise<Selection> {
    const selection = new Selection(drive)
    for await (const entry of entries) if (entry.kind === 'file' && wanted(entry.path)) await selection.#add(entry)
    return selection
  }

  get files(): number {
    return this.#files
  }

  /** Of content. */
  get bytes(): number {
    return this.#bytes
  }

  /** Some name more content than the log was known to have when they were looked at. */
  get isProvisional(): boolean {
    return this.#impossible > 0
  }

  get ranges(): Ranges {
    this.#ranges ??= within(rangesOf([...this.#contents.values()].flatMap(({ places }) => places)), [
      { start: 0, end: this.#drive.blobs?.core.length ?? 0 },
    ])
    return this.#ranges
  }

  /** The same without what is in these places already. */
  bytesWithout(here: Ranges): number {
    let bytes = 0
    for (const [place, content] of this.#contents) if (!includes(here, place)) bytes += content.bytes
    return bytes
  }

  /** The length of the log of content with which they are complete. */
  get blocks(): number {
    return this.ranges.at(-1)?.end ?? 0
  }

  /** Becomes what it is with these differences. */
  async follow({ rows }: Difference): Promise<void> {
    for (const { after } of rows) if (after?.kind === 'file') await this.#add(after)
    for (const { before } of rows) if (before?.kind === 'file') this.#remove(before)
  }

  async #add(file: ArchiveFile): Promise<void> {
    this.#files++
    const { blob } = file
    if (blob === null || file.size === 0) return
    if (file.replaced === true || !isPossible(this.#drive, file)) {
      this.#impossible++
      return
    }
    const known = this.#contents.get(blob.blockOffset)
    if (known !== undefined) known.names++
    else {
      this.#contents.set(blob.blockOffset, { places: await placesOf(this.#drive, file), bytes: file.size, names: 1 })
      this.#bytes += file.size
      this.#ranges = null
    }
  }

  #remove({ blob, size }: ArchiveFile): void {
    this.#files--
    const known = blob === null || size === 0 ? undefined : this.#contents.get(blob.blockOffset)
    if (blob === null || known === undefined || --known.names > 0) return
    this.#contents.delete(blob.blockOffset)
    this.#bytes -= known.bytes
    this.#ranges = null
  }
}

/** Where the content of a file stands; of a deduplicated one also the blocks that its map names. */
export async function placesOf(drive: Hyperdrive, { blob }: ArchiveFile): Promise<readonly Range[]> {
  if (blob === null || blob.blockLength === 0) return []
  const own = { start: blob.blockOffset, end: blob.blockOffset + blob.blockLength }
  if (blob.blockMap !== true) return [own]
  const blobs = await drive.getBlobs()
  for (let index = own.start; index < own.end; index++) await blobs.core.get(index, { timeout: PATIENCE })
  const map = await blobs.getBlockMap(blob)
  return [own, ...(map?.blocks ?? []).map(({ index }) => ({ start: index, end: index + 1 }))]
}

/** How what is kept differs from a version. A file that got another name is neither removed nor added. */
export type Difference = {
  readonly rows: readonly Differing[]
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly renamed: number
  /** Sizes of files: by how much the kept ones grow. */
  readonly grows: number
  /** As in `Selection`, of what is new. */
  readonly blocks: number
}

export const NO_DIFFERENCE: Difference = { rows: [], added: 0, changed: 0, removed: 0, renamed: 0, grows: 0, blocks: 0 }

export function differenceOf(rows: readonly Differing[]): Difference {
  let grows = 0
  let blocks = 0
  for (const { before, after } of rows) {
    grows += sizeOf(after) - sizeOf(before)
    if (after?.kind === 'file' && after.blob !== null)
      blocks = Math.max(blocks, after.blob.blockOffset + after.blob.blockLength)
  }
  return { rows, ...countsOf(rows), grows, blocks }
}
