/**
 * When others who share an archive were seen last, and what they held then. One JSON file, checked when it is read, with
 * room for so many and no more; written now and then, since what a kill loses is half a minute.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'
import { areSame, bounded } from '../lib/ranges.ts'
import { type Claim, decodeRanges, encodeRanges } from './gossip.ts'

const SAVE_AFTER = 30_000
const STILL_THERE = 300_000
/** Machines of one archive, of all together, and runs of blocks of one machine. Of more the smallest runs are forgotten. */
const MOST = 64
const MOST_IN_ALL = 4000
const MOST_RUNS = 1000

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const Said = z.object({ fork: count, length: count, runs: z.base64() })
const Machine = z.object({
  id: z.string().max(100),
  seenAt: z.number(),
  cairn: z.boolean(),
  keeps: z.enum(['look', 'parts', 'all']).nullable(),
  list: Said,
  content: Said,
})
const File = z.object({ version: z.literal(1), archives: z.record(z.string(), z.array(z.unknown())) })

/** Another machine, as it was when it was seen last. */
export type Remembered = {
  /** Its public key in z-base-32. */
  readonly id: string
  readonly seenAt: number
  readonly cairn: boolean
  readonly keeps: 'look' | 'parts' | 'all' | null
  readonly list: Claim
  readonly content: Claim
}

export class Memory {
  readonly #machines: Map<string, Map<string, Remembered>>
  readonly #saver: Saver
  #saving: NodeJS.Timeout | null = null
  #saved = performance.now()

  private constructor(path: string, machines: Map<string, Map<string, Remembered>>) {
    this.#machines = machines
    this.#saver = new Saver(() => writeJson(path, { version: 1, archives: this.#written() }))
  }

  /** What cannot be read is forgotten: it is what others said once, and they say it again. */
  static async open(storage: string): Promise<Memory> {
    const path = join(storage, 'peers.json')
    const parsed = File.safeParse(await readJson(path).catch(() => null))
    const machines = new Map<string, Map<string, Remembered>>()
    for (const [key, some] of Object.entries(parsed.success ? parsed.data.archives : {})) {
      const read = some.flatMap(one => readMachine(one) ?? [])
      machines.set(key, new Map(read.map(one => [one.id, one])))
    }
    return new Memory(path, machines)
  }

  of(key: string): readonly Remembered[] {
    return [...(this.#machines.get(key)?.values() ?? [])]
  }

  /** Was seen just now. */
  note(key: string, seen: Remembered): void {
    const some = this.#machines.get(key) ?? new Map<string, Remembered>()
    this.#machines.set(key, some)
    const before = some.get(seen.id)
    const list = briefly(seen.list)
    const content = briefly(seen.content)
    some.delete(seen.id)
    some.set(seen.id, { ...seen, list, content })
    const isSame = before !== undefined && isSameClaim(before.list, list) && isSameClaim(before.content, content)
    // Those who were seen last stand last.
    for (const id of some.keys()) {
      if (some.size <= MOST) break
      some.delete(id)
    }
    // That somebody is still there alone is written now and then.
    if (!isSame || performance.now() - this.#saved > STILL_THERE) this.#saveSoon()
  }

  forget(key: string): void {
    if (this.#machines.delete(key)) this.#saveSoon()
  }

  /** Never throws: it is written again next time. */
  async save(): Promise<void> {
    if (this.#saving !== null) clearTimeout(this.#saving)
    this.#saving = null
    this.#saved = performance.now()
    await this.#saver.save().catch(() => {})
  }

  #saveSoon(): void {
    this.#saving ??= setTimeout(() => void this.save(), SAVE_AFTER).unref()
  }

  #written(): Record<string, readonly z.infer<typeof Machine>[]> {
    const newest = [...this.#machines].flatMap(([key, some]) => [...some.values()].map(one => ({ key, one })))
    newest.sort((a, b) => b.one.seenAt - a.one.seenAt)
    const written: Record<string, z.infer<typeof Machine>[]> = {}
    for (const { key, one } of newest.slice(0, MOST_IN_ALL).reverse())
      (written[key] ??= []).push({ ...one, list: saidOf(one.list), content: saidOf(one.content) })
    return written
  }
}

const briefly = (claim: Claim): Claim => ({ ...claim, ranges: bounded(claim.ranges, MOST_RUNS) })

const isSameClaim = (one: Claim, other: Claim): boolean =>
  one.fork === other.fork && one.length === other.length && areSame(one.ranges, other.ranges)

const saidOf = ({ fork, length, ranges }: Claim): z.infer<typeof Said> => ({
  fork,
  length,
  runs: encodeRanges(ranges).toString('base64'),
})

function readMachine(raw: unknown): Remembered | null {
  const parsed = Machine.safeParse(raw)
  if (!parsed.success) return null
  const claimOf = ({ runs, ...said }: z.infer<typeof Said>): Claim => ({
    ...said,
    ranges: decodeRanges(Buffer.from(runs, 'base64')),
  })
  try {
    return { ...parsed.data, list: claimOf(parsed.data.list), content: claimOf(parsed.data.content) }
  } catch {
    return null
  }
}
