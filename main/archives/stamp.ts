/**
 * Whether this storage is the one that was left, or an older copy of it that was put in its place. Nothing inside of files
 * can tell: a backup brings all of it back as it was. What it does not bring back is the file itself: each run makes one
 * of a new name, notes in the registry which one that is on its disk, and takes the one before away. A copy has other files
 * under these names, or none.
 *
 * A snapshot of the whole file system that is rolled back is not noticed: there the files are the same.
 */
import { randomBytes } from 'node:crypto'
import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Registry, StampRecord } from './registry.ts'

const NAME = /^stamp-[0-9a-f]{32}$/

export class Stamp {
  readonly #storage: string
  readonly #registry: Registry

  constructor(storage: string, registry: Registry) {
    this.#storage = storage
    this.#registry = registry
  }

  /** Of one that has never been stamped nothing can be said, which is false. */
  async isOther(): Promise<boolean> {
    const { stamps } = this.#registry
    if (stamps.length === 0) return false
    const found = await Promise.all(stamps.map(one => read(join(this.#storage, one.name))))
    return !stamps.some((one, index) => found[index]?.inode === one.inode && found[index]?.born === one.born)
  }

  /** At any moment at least one of the files that the registry names is there. */
  async renew(): Promise<void> {
    const name = `stamp-${randomBytes(16).toString('hex')}`
    const path = join(this.#storage, name)
    const file = await open(path, 'wx', 0o600)
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    const fresh = { name, ...(await read(path))! }
    await this.#registry.setStamps([...this.#registry.stamps.slice(-1), fresh])
    for (const other of await readdir(this.#storage))
      if (NAME.test(other) && other !== name) await rm(join(this.#storage, other), { force: true })
  }
}

/** Where a file system does not know when a file was made, the system says when it was changed last: it never is. */
async function read(path: string): Promise<Omit<StampRecord, 'name'> | null> {
  const stats = await stat(path, { bigint: true }).catch(() => null)
  return stats === null ? null : { inode: String(stats.ino), born: String(stats.birthtimeNs) }
}
