/**
 * Gives up copies that enough others hold, to have the room. A file goes whole or not at all, and only after so many others,
 * who are connected now, have said that they keep it; what opens it later fetches it again. Of an archive of ours
 * nothing goes.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../preload/contract/errors.ts'
import type { Freeing as Plan } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import { bytesOf, heldIn } from '../archives/blocks.ts'
import { Mutex } from '../lib/mutex.ts'
import { bounded, contains, type Range, type Ranges, rangesOf, union, within, without } from '../lib/ranges.ts'
import type { Availability, Circle } from './availability.ts'
import { type Files, filesAt, type Placed } from './files.ts'
import type { Freed } from './freed.ts'
import { MOST_RUNS } from './gossip.ts'
import { Counts } from './holdings.ts'

/** As often it is tried to agree with others who free at the same time, after a pause of up to so many milliseconds. */
const TRIES = 8
const PAUSE = 600
/** Files that are looked at before the loop gets its turn. */
const SLICE = 4096

type Wanted = {
  readonly plan: Plan
  /** What goes of each, as far as others let it. */
  readonly files: readonly { readonly file: Placed; readonly here: readonly Range[] }[]
  /** Of older versions alone. */
  readonly older: Ranges
}

export type FreeingParts = {
  readonly archives: Archives
  readonly availability: Availability
  readonly freed: Freed
  /** Deletes blocks and gives their room back; returns their bytes. What is being read stays. */
  readonly clear: (key: string, ranges: Ranges) => Promise<number>
  /** For what gives room back, also on a full disk. Throws NO_ROOM where it is too full even for that. */
  readonly makingRoom: <T>(task: () => Promise<T>) => Promise<T>
  /** What is kept has become another thing. */
  readonly follow: (key: string) => void
}

export class Freeing {
  readonly #parts: FreeingParts
  readonly #turns = new Mutex()

  constructor(parts: FreeingParts) {
    this.#parts = parts
  }

  /** What `free` would do now, as far as it is known before the others have been asked. Changes nothing. */
  async plan(key: string, paths: readonly string[] | null, others: number): Promise<Plan> {
    this.#requireFriends(key)
    return (await this.#wanted(await this.#parts.availability.circle(key), paths, others)).plan
  }

  /** Throws ARCHIVE_READ_ONLY for an archive of ours, PATH_NOT_FOUND, and NOT_AVAILABLE while the list is not here. */
  async free(key: string, paths: readonly string[] | null, others: number, signal: AbortSignal): Promise<Plan> {
    this.#requireFriends(key)
    return this.#turns.run(async () => {
      const { archives, availability } = this.#parts
      let files = 0
      let bytes = 0
      for (let left = TRIES; ; left--) {
        signal.throwIfAborted()
        const circle = await availability.circle(key)
        const wanted = await this.#wanted(circle, paths, others)
        const all = rangesOf([...wanted.files.flatMap(({ here }) => here), ...wanted.older])
        const granted = await circle.agreement.propose(bounded(all, MOST_RUNS), others, circle.beside)
        try {
          const going = wanted.files.filter(({ here }) => here.every(place => contains(granted.ranges, place)))
          const ranges = rangesOf([...going.flatMap(({ here }) => here), ...within(wanted.older, granted.ranges)])
          bytes += await this.#clear(key, ranges)
          files += going.length
        } finally {
          granted.done()
        }
        if (!granted.again || left === 0 || !archives.has(key)) {
          const after = await this.#wanted(await availability.circle(key), paths, others)
          // What is left although enough hold it was refused by some of them.
          const { tooFew } = after.plan
          return {
            ...after.plan,
            files,
            bytes,
            tooFew: { files: tooFew.files + after.plan.files, bytes: tooFew.bytes + after.plan.bytes },
          }
        }
        await sleep(PAUSE * Math.random(), undefined, { signal })
      }
    })
  }

  /** What was freed is kept as the rest again. */
  async recall(key: string): Promise<void> {
    this.#requireFriends(key)
    await this.#parts.freed.remove(key)
    this.#parts.follow(key)
  }

  async #clear(key: string, ranges: Ranges): Promise<number> {
    const { archives, freed, clear, makingRoom } = this.#parts
    const core = archives.get(key).blobs?.core
    if (core === undefined || ranges.length === 0) return 0
    return makingRoom(async () => {
      // Of what is only looked at nothing would be fetched again by itself.
      if (archives.record(key).keeping.how === 'look') return clear(key, ranges)
      return clear(key, within(ranges, await freed.add(key, core.fork, ranges)))
    })
  }

  async #wanted(circle: Circle, paths: readonly string[] | null, others: number): Promise<Wanted> {
    const { archive, layout, keepers } = circle
    const core = archive.blobs?.core
    const here = heldIn(core)
    const chosen = chosenOf(circle, paths)
    // What another name shares stays as long as that does.
    const stays = await staying(layout.files, chosen)
    const counts = new Counts(keepers)
    const tallies = { goes: none(), tooFew: none(), shared: none(), notHere: none() }
    const files: Wanted['files'][number][] = []
    for (let index = 0; index < layout.files.length; index++) {
      if (index % SLICE === SLICE - 1) await setImmediate()
      if (chosen !== null && chosen[index] === 0) continue
      const file = layout.files.at(index)
      const own = rangesOf(file.places)
      const some = within(own, here)
      const isShared = within(own, stays).length > 0
      const isHeld = some.every(place => counts.least(place) >= others)
      const why =
        some.length === 0 || file.isUnknown === true ? 'notHere' : isShared ? 'shared' : isHeld ? 'goes' : 'tooFew'
      tallies[why].files++
      if (why === 'goes') files.push({ file, here: some })
      else tallies[why].bytes += file.size
    }
    const held = counts.atLeast(others, [{ start: 0, end: core?.length ?? 0 }])
    const older = paths === null ? within(without(here, layout.ranges), held) : []
    const going = union(rangesOf(files.flatMap(file => file.here)), older)
    const bytes = core === undefined ? 0 : await bytesOf(core, going)
    const { goes, ...rest } = tallies
    return { plan: { ...rest, files: goes.files, bytes }, files, older }
  }

  #requireFriends(key: string): void {
    if (this.#parts.archives.record(key).namespace !== null)
      throw new AppError(
        'ARCHIVE_READ_ONLY',
        'This archive is yours: all of it stays on this machine, since nobody else can answer for it.',
        { key },
      )
  }
}

const none = () => ({ files: 0, bytes: 0 })

/** 1 for each file that is to go. null: all are. Throws PATH_NOT_FOUND. */
function chosenOf({ archive, layout }: Circle, paths: readonly string[] | null): Uint8Array | null {
  if (paths === null) return null
  const chosen = new Uint8Array(layout.files.length)
  for (const path of paths) {
    const { start, end } = filesAt(layout.files, path)
    if (start === end)
      throw new AppError('PATH_NOT_FOUND', `There is no ${path} in this archive.`, { key: archive.key, path })
    chosen.fill(1, start, end)
  }
  return chosen
}

/** Where the others stand. */
async function staying(files: Files, chosen: Uint8Array | null): Promise<Ranges> {
  const places: Range[] = []
  if (chosen !== null)
    for (let index = 0; index < files.length; index++) {
      if (index % SLICE === SLICE - 1) await setImmediate()
      if (chosen[index] === 0) places.push(...files.at(index).places)
    }
  return rangesOf(places)
}
