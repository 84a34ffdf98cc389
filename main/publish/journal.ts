/**
 * Remembers which large file is being appended and where it began, so that a killed import goes on inside of it
 * instead of leaving its first part behind as blocks that nobody names. It holds as long as nothing else is appended:
 * whoever appends clears it first, while holding the archive's `appending`.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type Hypercore from 'hypercore'
import { z } from 'zod'
import { readJson, writeJson } from '../lib/atomic-file.ts'

type Place = { readonly blockOffset: number; readonly byteOffset: number }
type Identity = {
  readonly path: string
  readonly size: number
  readonly modified: number
  /** The time that nobody can set: another file may have been given the size and the time of this one. */
  readonly changed: string
}

const Entry = z.object({
  path: z.string(),
  size: z.number(),
  modified: z.number(),
  changed: z.string(),
  blockOffset: z.number(),
  byteOffset: z.number(),
})

export class Journal {
  readonly #path: string

  constructor(storage: string, key: string) {
    this.#path = join(storage, 'journal', `${key}.json`)
  }

  /** Where the file began if it was being appended when we were killed; otherwise it begins now, at the end. */
  async resume(file: Identity, core: Hypercore): Promise<Place> {
    const parsed = Entry.safeParse(await readJson(this.#path).catch(() => null))
    if (parsed.success) {
      const { path, size, modified, changed, blockOffset, byteOffset } = parsed.data
      const isSame = path === file.path && size === file.size && modified === file.modified && changed === file.changed
      if (isSame && blockOffset <= core.length) return { blockOffset, byteOffset }
    }
    const place = { blockOffset: core.length, byteOffset: core.byteLength }
    await mkdir(join(this.#path, '..'), { recursive: true })
    await writeJson(this.#path, { ...file, ...place })
    return place
  }

  async clear(): Promise<void> {
    await rm(this.#path, { force: true })
  }
}
