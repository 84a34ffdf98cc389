/**
 * What versions are called: "v1.0", "as sent to the printer". Names of one's own archives stand in the archive, one small
 * entry each, so that readers see them; what a reader calls a version of a friend's is theirs alone.
 */
import type { NamedVersion } from '../../preload/contract/models.ts'
import { NAMES, nameAt, parseName } from '../archives/about.ts'
import type { Archives } from '../archives/archives.ts'
import type { Moments } from './moments.ts'

/** Names of one archive that are listed. */
const MOST = 2000

export class Names {
  readonly #archives: Archives
  readonly #moments: Moments

  constructor(archives: Archives, moments: Moments) {
    this.#archives = archives
    this.#moments = moments
  }

  /** Newest version first. Throws ARCHIVE_NOT_READY. */
  async list(key: string): Promise<readonly NamedVersion[]> {
    const archive = this.#archives.get(key)
    const named = new Map<number, NamedVersion>()
    for (const { version, name, time } of this.#archives.record(key).names)
      named.set(version, { version, name, time, own: true })
    await archive.at(null, async (snapshot, newest) => {
      const range = { gt: `${NAMES}/`, lt: `${NAMES}0`, limit: MOST }
      for await (const { key: path, value } of snapshot.entries(range)) {
        const said = parseName(value?.metadata)
        // One that stands elsewhere, or names what is not there, is no name.
        if (said === null || path !== nameAt(said.version) || said.version > newest || said.version < 2) continue
        const { version, name, time } = said
        if (!named.has(version)) named.set(version, { version, name, time, own: false })
      }
    })
    return [...named.values()].sort((a, b) => b.version - a.version)
  }

  /** null: it has no name any more. Throws VERSION_NOT_FOUND for one that cannot be opened. */
  async set(key: string, version: number, name: string | null): Promise<void> {
    await this.#moments.require(key, version)
    await this.#archives.nameVersion(key, version, name)
  }
}
