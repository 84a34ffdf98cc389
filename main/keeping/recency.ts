/**
 * What was used last, for telling which cached blocks go first. Places are counted in chunks of blocks and not in time but
 * in turns, so that a clock that was set back changes nothing. Written down now and then: what a kill loses is the
 * order of the last minute.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { readJson, writeJson } from '../lib/atomic-file.ts'
import type { Range } from '../lib/ranges.ts'

/** Blocks that come and go together. */
export const CHUNK = 8
const SAVE_AFTER = 30_000

/** Chunk and turn, one after another. */
const File = z.record(z.string(), z.array(z.number()))

export class Recency {
  readonly #path: string
  readonly #turns: Map<string, Map<number, number>>
  #turn: number
  #saving: NodeJS.Timeout | null = null

  private constructor(path: string, turns: Map<string, Map<number, number>>) {
    this.#path = path
    this.#turns = turns
    this.#turn = latest(turns)
  }

  /** One that cannot be read is begun anew: everything cached is then as old. */
  static async open(storage: string): Promise<Recency> {
    const path = join(storage, 'cache.json')
    const parsed = File.safeParse(await readJson(path).catch(() => null))
    const turns = new Map<string, Map<number, number>>()
    for (const [key, pairs] of Object.entries(parsed.success ? parsed.data : {})) {
      const chunks = new Map<number, number>()
      for (let index = 0; index + 1 < pairs.length; index += 2) chunks.set(pairs[index]!, pairs[index + 1]!)
      turns.set(key, chunks)
    }
    return new Recency(path, turns)
  }

  used(key: string, { start, end }: Range): void {
    let chunks = this.#turns.get(key)
    if (chunks === undefined) {
      chunks = new Map()
      this.#turns.set(key, chunks)
    }
    const turn = ++this.#turn
    for (let chunk = Math.floor(start / CHUNK); chunk * CHUNK < end; chunk++) chunks.set(chunk, turn)
    this.#saving ??= setTimeout(() => void this.save(), SAVE_AFTER).unref()
  }

  /** 0: not that anybody knows. */
  lastUse(key: string, block: number): number {
    return this.#turns.get(key)?.get(Math.floor(block / CHUNK)) ?? 0
  }

  forget(key: string): void {
    this.#turns.delete(key)
  }

  /** Never throws: what is lost is an order. */
  async save(): Promise<void> {
    if (this.#saving !== null) clearTimeout(this.#saving)
    this.#saving = null
    const file = Object.fromEntries([...this.#turns].map(([key, chunks]) => [key, [...chunks].flat()]))
    await writeJson(this.#path, file).catch(() => {})
  }
}

function latest(turns: ReadonlyMap<string, ReadonlyMap<number, number>>): number {
  let last = 0
  for (const chunks of turns.values()) for (const turn of chunks.values()) last = Math.max(last, turn)
  return last
}
