/**
 * What an archive had and has no more, newest first. A list of files says nothing of what was taken out of it; the log does.
 * It is read backwards, a bounded part of it with each call, and where changesets were recorded, what took nothing out is
 * passed over unread.
 */
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { GoneEntry, GoneProgress } from '../../preload/contract/models.ts'
import { isReserved } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { children, folderEntry, isPath, nodeOf, readEntry, shown } from '../read/entries.ts'
import { type Moments, reading } from './moments.ts'
import { recordedIn } from './recorded.ts'
import type { Log } from './tree-log.ts'

/** Blocks of the log that one call reads, at most. */
const READ = 10_000
/** So long a changeset is passed over; shorter ones are on their way when it is known what they did. */
const WORTH_PASSING = 64
/** Found ones that are looked up together. */
const TOGETHER = 16
/** Blocks between two words on how far it is. */
const TOLD = 1000

export type Searching = {
  readonly key: string
  /** Gone from this version; null: from the newest. */
  readonly version: number | null
  readonly folder: string
  /** Everything below the folder whose name holds this; null: what lay in the folder itself, and as `below` says. */
  readonly name: string | null
  /** Without a name, also what is gone from folders that are still there; of a folder that is gone, that folder alone. */
  readonly below?: boolean | undefined
  readonly until: number | null
  readonly limit: number
}

/** One path that was taken out by the block at `seq`. */
type Candidate = { readonly path: string; readonly kind: 'file' | 'folder'; readonly seq: number }

export class Gone {
  readonly #archives: Archives
  readonly #moments: Moments

  constructor(archives: Archives, moments: Moments) {
    this.#archives = archives
    this.#moments = moments
  }

  /** Emits what it finds as it comes. `before`: where to go on; null: that was all. Throws ARCHIVE_NOT_READY. */
  async find(
    searching: Searching,
    signal: AbortSignal,
    emit: (progress: GoneProgress) => void,
  ): Promise<{ readonly before: number | null }> {
    const { key, version, limit } = searching
    await this.#archives.verifyPin(key, version)
    const archive = this.#archives.get(key)
    if (!archive.known) throw new AppError('ARCHIVE_NOT_READY', 'Nothing of this archive has been found yet.', { key })
    const search = async (log: Log, snapshot: Hyperdrive) => {
      const newest = snapshot.version
      const wanted = matching(searching, topmostGone(snapshot, searching.folder))
      /** Found, or still there: what was done to them before is of no interest. */
      const settled = new Set<string>()
      let waiting: Candidate[] = []
      let at = Math.min(searching.until ?? newest, newest)
      let found = 0
      let read = 0
      const settle = async () => {
        const looked = waiting
        waiting = []
        const lookUp = (one: Candidate) => this.#lookUp(archive, snapshot, one, signal)
        // What is found out about the first mostly holds for the others as well.
        const first = await Promise.all(looked.slice(0, 1).map(lookUp))
        const outcomes = [...first, ...(await Promise.all(looked.slice(1).map(lookUp)))]
        const gone = outcomes.filter(outcome => typeof outcome === 'object')
        for (const [index, { path }] of looked.entries()) if (outcomes[index] !== 'came-and-went') settled.add(path)
        found += gone.length
        emit({ entries: gone, at })
      }
      while (at > 1 && found < limit && read < READ) {
        let passed = false
        for await (const block of log.each(1, at, true)) {
          signal.throwIfAborted()
          at = block.seq
          read++
          const recorded = recordedIn(block)
          if (recorded !== null) {
            const { from, removed, renamed } = recorded.changeset
            passed = removed + renamed === 0 && from < at && at - from > WORTH_PASSING
            if (passed) {
              at = Math.max(1, from)
              break
            }
          }
          const candidate = block.isDeletion() ? await wanted(nodeOf(block)?.key ?? null, at) : null
          if (candidate !== null && waiting.some(({ path }) => path === candidate.path)) await settle()
          if (candidate !== null && !settled.has(candidate.path)) waiting.push(candidate)
          if (waiting.length >= TOGETHER || read % TOLD === 0) await settle()
          if (found >= limit || read >= READ) break
        }
        if (!passed) break
      }
      await settle()
      return { before: at > 1 ? at : null }
    }
    return reading(archive, version, search, signal)
  }

  /** As it was in the last version that had it. `came-and-went`: within one batch, so that no version had it. */
  async #lookUp(
    archive: Archive,
    snapshot: Hyperdrive,
    { path, kind, seq }: Candidate,
    signal: AbortSignal,
  ): Promise<GoneEntry | 'there' | 'came-and-went'> {
    if (kind === 'folder' ? await hasAny(snapshot, path) : (await snapshot.entry(path)) !== null) return 'there'
    const { from, changeset } = await this.#moments.extent(archive, seq, signal)
    if (from < 2) return 'came-and-went'
    const gone = { version: from, time: changeset?.time ?? null }
    const read = async (before: Hyperdrive) => {
      if (kind === 'folder') return (await hasAny(before, path)) ? { ...folderEntry(path), gone } : 'came-and-went'
      const node = await before.entry(path)
      const entry = node === null ? null : await readEntry(before, node)
      return entry === null ? 'came-and-went' : { ...shown(before, entry), gone }
    }
    return archive.at(from, read, signal)
  }
}

async function hasAny(snapshot: Hyperdrive, folder: string): Promise<boolean> {
  for await (const _ of children(snapshot, folder, null, { wanted: 1 })) return true
  return false
}

/**
 * The uppermost folder of a path, below the one that is searched, that is not there any more; null: all of them are. Each is
 * looked up once.
 */
function topmostGone(snapshot: Hyperdrive, folder: string): (path: string) => Promise<string | null> {
  const there = new Map<string, Promise<boolean>>()
  return async path => {
    for (let slash = path.indexOf('/', prefixOf(folder).length); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const above = path.slice(0, slash)
      const known = there.get(above) ?? hasAny(snapshot, above)
      there.set(above, known)
      if (!(await known)) return above
    }
    return null
  }
}

const prefixOf = (folder: string): string => (folder === '/' ? '/' : `${folder.replace(/\/+$/, '')}/`)

/** What a removed path is to the one who searches; null: nothing. */
function matching(
  { folder, name, below }: Pick<Searching, 'folder' | 'name' | 'below'>,
  goneFolder: (path: string) => Promise<string | null>,
): (path: unknown, seq: number) => Promise<Candidate | null> {
  const prefix = prefixOf(folder)
  const part = name?.toLowerCase() ?? null
  return async (path, seq) => {
    if (typeof path !== 'string' || !path.startsWith(prefix) || !isPath(path) || isReserved(path)) return null
    if (part !== null)
      return path
        .slice(path.lastIndexOf('/') + 1)
        .toLowerCase()
        .includes(part)
        ? { path, kind: 'file', seq }
        : null
    const slash = path.indexOf('/', prefix.length)
    const above = slash === -1 ? null : below ? await goneFolder(path) : path.slice(0, slash)
    return above === null ? { path, kind: 'file', seq } : { path: above, kind: 'folder', seq }
  }
}
