/**
 * What was said of versions after they were made: what they are called ("v1.0", "as sent to the printer"), and what they
 * are, in place of what their changesets say. Of one's own archives it stands in the archive, one small entry for both, so
 * that readers see it; what a reader calls a version of a friend's is theirs alone.
 */
import type Hyperdrive from 'hyperdrive'
import type { DescribedVersion, NamedVersion } from '../../preload/contract/models.ts'
import { LABELS, labelAt, parseLabel } from '../archives/about.ts'
import type { Archives } from '../archives/archives.ts'
import type { Moments } from './moments.ts'

/** Versions of one archive of which something is told. */
const MOST = 2000

export class Names {
  readonly #archives: Archives
  readonly #moments: Moments

  constructor(archives: Archives, moments: Moments) {
    this.#archives = archives
    this.#moments = moments
  }

  /** Newest version first. Throws ARCHIVE_NOT_READY. */
  async list(
    key: string,
    signal?: AbortSignal,
  ): Promise<{ readonly names: readonly NamedVersion[]; readonly descriptions: readonly DescribedVersion[] }> {
    const archive = this.#archives.get(key)
    const named = new Map<number, NamedVersion>()
    for (const { version, name, time } of this.#archives.record(key).names)
      named.set(version, { version, name, time, own: true })
    const described: DescribedVersion[] = []
    const read = async (snapshot: Hyperdrive, newest: number) => {
      const range = { gt: `${LABELS}/`, lt: `${LABELS}0`, limit: MOST }
      for await (const { key: path, value } of snapshot.entries(range)) {
        const said = parseLabel(value?.metadata)
        // One that stands elsewhere, or is of what is not there, says nothing.
        if (said === null || path !== labelAt(said.version) || said.version > newest || said.version < 2) continue
        const { version, name, message, time } = said
        if (message !== null) described.push({ version, message })
        if (name !== null && !named.has(version)) named.set(version, { version, name, time, own: false })
      }
    }
    await archive.at(null, read, signal)
    return {
      names: [...named.values()].sort((a, b) => b.version - a.version),
      descriptions: described.sort((a, b) => b.version - a.version),
    }
  }

  /** null: it has no name any more. Throws VERSION_NOT_FOUND for one that cannot be opened. */
  async set(key: string, version: number, name: string | null): Promise<void> {
    await this.#moments.require(key, version)
    await this.#archives.nameVersion(key, version, name)
  }

  /** null: nothing is said of it any more. Throws VERSION_NOT_FOUND for one that cannot be opened, ARCHIVE_READ_ONLY. */
  async describe(key: string, version: number, message: string | null): Promise<void> {
    this.#archives.writable(key)
    await this.#moments.require(key, version)
    const recorded = await this.#moments.messageOf(key, version)
    // What its changeset says is no more to be seen, where it says something.
    const said = message ?? (recorded === '' ? null : '')
    await this.#archives.describeVersion(key, version, said === recorded ? null : said)
  }
}
