/**
 * Copies that were given up although their archive is kept: blocks that are not fetched until somebody opens them, or wants
 * them back. Written down before they go, so that a kill in between leaves blocks that nobody counts on, and none
 * that are fetched again unasked.
 */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'
import { bounded, type Ranges, union } from '../lib/ranges.ts'
import { decodeRanges, encodeRanges, MOST_RUNS } from './gossip.ts'

const Given = z.object({ key: z.string(), fork: z.number().int().min(0), runs: z.base64() })
const File = z.object({ version: z.literal(1), archives: z.array(Given) })

type Record = { readonly fork: number; readonly ranges: Ranges }

export class Freed {
  readonly #records: Map<string, Record>
  readonly #saver: Saver

  private constructor(path: string, records: Map<string, Record>) {
    this.#records = records
    this.#saver = new Saver(() => writeJson(path, { version: 1, archives: [...this.#records].map(written) }))
  }

  /** A file that cannot be read is set aside: what is kept is fetched again then. */
  static async open(storage: string): Promise<Freed> {
    const path = join(storage, 'freed.json')
    const raw = await readJson(path).catch(() => undefined)
    const records = new Map<string, Record>()
    try {
      const { archives } = raw === null ? { archives: [] } : File.parse(raw)
      for (const { key, fork, runs } of archives)
        records.set(key, { fork, ranges: decodeRanges(Buffer.from(runs, 'base64')) })
    } catch {
      records.clear()
      await rename(path, `${path}.unreadable-${Date.now()}`).catch(() => {})
    }
    return new Freed(path, records)
  }

  /** Of the log of content with this fork: in another one other blocks stand at these places. */
  of(key: string, fork: number): Ranges {
    const record = this.#records.get(key)
    return record?.fork === fork ? record.ranges : []
  }

  /** Resolves when it is on the disk, with what may go by it; where it cannot be written, nothing was given up. */
  async add(key: string, fork: number, ranges: Ranges): Promise<Ranges> {
    const before = this.#records.get(key)
    const after: Record = { fork, ranges: bounded(union(this.of(key, fork), ranges), MOST_RUNS) }
    this.#records.set(key, after)
    try {
      await this.#saver.save()
    } catch (error) {
      if (this.#records.get(key) === after) {
        if (before === undefined) this.#records.delete(key)
        else this.#records.set(key, before)
      }
      throw error
    }
    return after.ranges
  }

  async remove(key: string): Promise<void> {
    if (this.#records.delete(key)) await this.#saver.save()
  }
}

const written = ([key, { fork, ranges }]: readonly [string, Record]): z.infer<typeof Given> => ({
  key,
  fork,
  runs: encodeRanges(ranges).toString('base64'),
})
