/** What the person calls other machines, by their public keys: known to this library alone. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { PeerName } from '../../preload/contract/models.ts'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'
import { Collection } from '../lib/collection.ts'

const File = z.object({ version: z.literal(1), names: z.array(z.object({ id: z.string(), name: z.string() })) })

export class PeerNames {
  readonly rows = new Collection<PeerName>()
  readonly #saver: Saver

  private constructor(path: string, names: readonly PeerName[]) {
    for (const name of names) this.rows.put(name)
    this.#saver = new Saver(() => writeJson(path, { version: 1, names: this.rows.values() }))
  }

  /** A file that cannot be read is set aside, not lost. */
  static async open(storage: string): Promise<PeerNames> {
    const path = join(storage, 'names.json')
    const raw = await readJson(path).catch(() => undefined)
    const parsed = File.safeParse(raw)
    if (!parsed.success && raw !== null) await rename(path, `${path}.unreadable-${Date.now()}`).catch(() => {})
    return new PeerNames(path, parsed.success ? parsed.data.names : [])
  }

  /** null: it has none any more. */
  async set(id: string, name: string | null): Promise<void> {
    if (name === null) this.rows.delete(id)
    else this.rows.put({ id, name })
    await this.#saver.save()
  }
}
