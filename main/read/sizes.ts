/**
 * How much lies below a folder. The list says it of no folder, so that all entries below have to be read: it is done when
 * somebody asks, as far as they ask, and remembered for the version that it was asked of.
 */
import type Hyperdrive from 'hyperdrive'
import type { FolderSize } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import { descendants } from './entries.ts'

const MOST_KNOWN = 20_000
/** Milliseconds between two words about a folder that is still being counted. */
const PACE = 200

export type Measuring = {
  readonly key: string
  readonly version: number | null
  readonly folders: readonly string[]
  /** Entries that are read of a folder, at most. */
  readonly limit: number
  /** What is not on this device is fetched. Otherwise nothing is said of a folder of which some entry is missing. */
  readonly fetch: boolean
}

type Known = Omit<FolderSize, 'path'>
type Lend = <T>(use: (snapshot: Hyperdrive) => Promise<T>) => Promise<T>

export class Sizes {
  readonly #archives: Archives
  readonly #known = new Map<string, Known>()

  constructor(archives: Archives) {
    this.#archives = archives
  }

  /** One folder after another. Throws what `lend` throws. */
  async measure(
    { key, version, folders, limit, fetch }: Measuring,
    lend: Lend,
    emit: (size: FolderSize) => void,
  ): Promise<void> {
    for (const path of folders) {
      const { drive, length } = this.#archives.get(key)
      const id = `${key}+${drive.core.fork}.${version ?? length}${path}`
      const known = this.#known.get(id)
      if (known !== undefined && (known.state === 'whole' || known.files >= limit)) {
        emit({ ...known, path })
        continue
      }
      const counted = await lend(snapshot => count(snapshot, path, limit, fetch, step => emit({ ...step, path })))
      if (counted === null) continue
      this.#known.set(id, counted)
      if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!)
      emit({ ...counted, path })
    }
  }
}

/** null: not all of it is on this device. */
async function count(
  snapshot: Hyperdrive,
  path: string,
  limit: number,
  fetch: boolean,
  onStep: (counted: Known) => void,
): Promise<Known | null> {
  let files = 0
  let bytes = 0
  let said = Date.now()
  try {
    for await (const entry of descendants(snapshot, path, { wait: fetch })) {
      if (files === limit) return { files, bytes, state: 'more' }
      files++
      if (entry.kind === 'file') bytes += entry.size
      if (!fetch || Date.now() - said < PACE) continue
      said = Date.now()
      onStep({ files, bytes, state: 'counting' })
    }
  } catch (error) {
    if (!fetch && (error as { code?: string }).code === 'BLOCK_NOT_AVAILABLE') return null
    throw error
  }
  return { files, bytes, state: 'whole' }
}
