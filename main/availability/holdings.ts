/**
 * How often what an archive holds exists, counted from who holds which blocks: by block, by file, by folder, and in one
 * sentence. What is said of others leaves this machine out. Pure.
 */
import type { Availability, Verdict } from '../../preload/contract/models.ts'
import type { Files, Placed } from './files.ts'
import { contains, countOf, type Range, type Ranges, rangesOf, union, within, without } from '../lib/ranges.ts'

/**
 * What others have of an archive, or this machine has. `version`: the newest one, up to that which is counted, whose whole list
 * they have, without which nobody finds a file; 0: none.
 */
export type Holding = { readonly version: number; readonly content: Ranges }

/**
 * The newest version, up to `newest`, whose whole list somebody holds who says that it is `length` blocks long there. A place
 * inside of a batch is none: what comes in the midst of one is up to one of `versions`, those that are known. 0: none.
 */
export function versionHeld(
  { length, ranges }: { readonly length: number; readonly ranges: Ranges },
  newest: number,
  versions: Iterable<number>,
): number {
  const [first] = ranges
  if (first === undefined || first.start > 0) return 0
  if (first.end >= newest) return newest
  if (first.end >= length) return length
  let found = 0
  for (const version of versions) if (version <= first.end && version > found) found = version
  return found
}

/** How many find what has been in the list since a version. */
export class Finders {
  /** The version of each, the newest first. */
  readonly #versions: readonly number[]

  constructor(some: readonly Pick<Holding, 'version'>[]) {
    this.#versions = some.map(({ version }) => version).sort((one, other) => other - one)
  }

  since(version: number): number {
    let count = 0
    while (count < this.#versions.length && this.#versions[count]! >= version) count++
    return count
  }
}

/** How many hold each block of a log, in runs of the same number. */
export class Counts {
  readonly #starts: number[] = []
  readonly #counts: number[] = []
  /** The least of each two neighbours, and of each two of these, and so on: a tree whose leaves are the second half. */
  readonly #least: Uint32Array

  constructor(held: readonly Ranges[]) {
    const runs = held.reduce((sum, ranges) => sum + ranges.length, 0)
    // Numbers alone are sorted many times as fast.
    const [starts, ends] = [new Float64Array(runs), new Float64Array(runs)]
    let next = 0
    for (const ranges of held)
      for (const { start, end } of ranges) {
        starts[next] = start
        ends[next++] = end
      }
    starts.sort()
    ends.sort()
    this.#open(0, 0)
    for (let opened = 0, closed = 0; closed < runs; ) {
      const isStart = opened < runs && starts[opened]! <= ends[closed]!
      const at = isStart ? starts[opened++]! : ends[closed++]!
      this.#open(at, opened - closed)
    }
    const size = this.#counts.length
    this.#least = new Uint32Array(2 * size)
    this.#least.set(this.#counts, size)
    for (let index = size - 1; index > 0; index--)
      this.#least[index] = Math.min(this.#least[2 * index]!, this.#least[2 * index + 1]!)
  }

  #open(start: number, count: number): void {
    const last = this.#counts.length - 1
    if (this.#starts[last] === start) this.#counts[last] = count
    else if (this.#counts[last] !== count) {
      this.#starts.push(start)
      this.#counts.push(count)
    }
  }

  /** The least that hold any of these blocks; of no blocks infinitely many do. */
  least({ start, end }: Range): number {
    if (end <= start) return Number.POSITIVE_INFINITY
    const size = this.#counts.length
    let least = Number.POSITIVE_INFINITY
    let low = this.#indexAt(start) + size
    let high = this.#indexAt(end - 1) + size + 1
    for (; low < high; low >>= 1, high >>= 1) {
      if (low & 1) least = Math.min(least, this.#least[low++]!)
      if (high & 1) least = Math.min(least, this.#least[--high]!)
    }
    return least
  }

  /** These places cut into runs of the same number. */
  *runs(places: Iterable<Range>): Generator<Range & { readonly count: number }> {
    for (const { start, end } of places)
      for (let index = this.#indexAt(start), from = start; from < end; index++) {
        const to = Math.min(end, this.#starts[index + 1] ?? end)
        yield { start: from, end: to, count: this.#counts[index]! }
        from = to
      }
  }

  /** Blocks that at least so many hold. */
  atLeast(count: number, places: Iterable<Range>): Ranges {
    return rangesOf([...this.runs(places)].filter(run => run.count >= count))
  }

  #indexAt(place: number): number {
    let low = 0
    for (let high = this.#starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1
      if (this.#starts[middle]! <= place) low = middle
      else high = middle
    }
    return low
  }
}

/** How many others hold a file: as many as hold the block of it that the fewest have, and no more than know where it is. */
export function othersOf(
  { places, since }: Pick<Placed, 'places' | 'since'>,
  counts: Counts,
  finders: Finders,
): number {
  let least = finders.since(since)
  for (const place of places) least = Math.min(least, counts.least(place))
  return least
}

export const holdsAll = ({ version, content }: Holding, { places, since }: Pick<Placed, 'places' | 'since'>): boolean =>
  version >= since && places.every(place => contains(content, place))

export type Tally = { readonly files: number; readonly bytes: number }

/** Adds to `tally` those files from `start` up to `end` that somebody holds whole. */
export function addWhole(tally: Tally, { version, content }: Holding, files: Files, start: number, end: number): Tally {
  const { sizes, starts, ends, sinces } = files.columns
  let { files: count, bytes } = tally
  for (let index = start; index < end; index++) {
    const scattered = files.scatteredAt(index)
    const place = { start: starts[index]!, end: ends[index]! }
    const isWhole =
      scattered !== undefined
        ? scattered.places.every(one => contains(content, one))
        : place.end > place.start
          ? contains(content, place)
          : version >= sinces[index]!
    if (!isWhole) continue
    count++
    bytes += sizes[index]!
  }
  return { files: count, bytes }
}

/** Files told apart by how many others hold them, up to a few, and what is at risk. */
export type Fold = {
  /** Files that nobody else holds, one other, two others … and with the last one, as many or more. */
  readonly byOthers: readonly number[]
  readonly total: Tally
  readonly here: Tally
  readonly onlyHere: Tally
  readonly missing: Tally
  /** The least that hold any file: others, and with this machine. */
  readonly least: number
  readonly leastWithThis: number
}

const MOST_TOLD_APART = 10

/** Counts files one after another, so that a long list can be counted in slices. */
export class Folding {
  readonly #counts: Counts
  readonly #finders: Finders
  readonly #here: Holding
  readonly #byOthers = Array.from({ length: MOST_TOLD_APART + 1 }, () => 0)
  readonly #sums = { total: sum(), here: sum(), onlyHere: sum(), missing: sum() }
  #least = Number.POSITIVE_INFINITY
  #leastWithThis = Number.POSITIVE_INFINITY

  constructor(others: readonly Holding[], here: Holding, counts = new Counts(others.map(({ content }) => content))) {
    this.#counts = counts
    this.#finders = new Finders(others)
    this.#here = here
  }

  /** Those from `start` up to `end`, which counts each of them once. */
  add(files: Files, start = 0, end = files.length): void {
    const { sizes, starts, ends, sinces } = files.columns
    for (let index = start; index < end; index++) {
      const scattered = files.scatteredAt(index)
      if (scattered === undefined) {
        const place = { start: starts[index]!, end: ends[index]! }
        const since = sinces[index]!
        const others = Math.min(this.#finders.since(since), this.#counts.least(place))
        this.#count(sizes[index]!, others, this.#here.version >= since && contains(this.#here.content, place))
      } else {
        const others = othersOf(scattered, this.#counts, this.#finders)
        this.#count(scattered.size, others, holdsAll(this.#here, scattered))
      }
    }
  }

  #count(size: number, others: number, isHere: boolean): void {
    this.#byOthers[Math.min(others, MOST_TOLD_APART)]!++
    this.#least = Math.min(this.#least, others)
    this.#leastWithThis = Math.min(this.#leastWithThis, others + Number(isHere))
    this.#sums.total.add(size)
    if (isHere) this.#sums.here.add(size)
    if (others > 0) return
    if (isHere) this.#sums.onlyHere.add(size)
    else this.#sums.missing.add(size)
  }

  get result(): Fold {
    const { total, here, onlyHere, missing } = this.#sums
    return {
      byOthers: this.#byOthers,
      total: total.tally,
      here: here.tally,
      onlyHere: onlyHere.tally,
      missing: missing.tally,
      least: this.#least,
      leastWithThis: this.#leastWithThis,
    }
  }
}

class Sum {
  #files = 0
  #bytes = 0

  add(size: number): void {
    this.#files++
    this.#bytes += size
  }

  get tally(): Tally {
    return { files: this.#files, bytes: this.#bytes }
  }
}
const sum = () => new Sum()

/**
 * Whether it will be there. `whole`: how many others hold all of the newest version, each by itself; `some`: how many have
 * anything of it.
 */
export function judge(fold: Fold, others: { readonly whole: number; readonly some: number }): Verdict {
  const { whole, some } = others
  if (whole > 0) return { name: 'safe', others: whole }
  if (fold.missing.files > 0) return { name: 'missing', others: some, ...fold.missing, onlyHere: fold.onlyHere }
  if (fold.onlyHere.files > 0) return { name: 'only-here', others: some, ...fold.onlyHere }
  // Nothing is in it, so that whoever has the list has all of it.
  if (fold.total.files === 0) return { name: 'only-here', others: some, files: 0, bytes: 0 }
  return { name: 'spread', others: some, times: fold.least, withThis: fold.leastWithThis }
}

/** Of what is not of the newest version: how many blocks there are, only here, and neither here nor there. */
export function older(length: number, newest: Ranges, others: Ranges, here: Ranges): Availability['older'] {
  const rest = without([{ start: 0, end: length }], newest)
  return {
    blocks: countOf(rest),
    onlyHere: countOf(without(within(rest, here), others)),
    missing: countOf(without(without(rest, here), others)),
  }
}

/** The blocks of these places, one after another, in at most so many parts: how many others hold a part, and how much of it is here. */
export function barOf(places: Ranges, counts: Counts, here: Ranges, most: number): Availability['bar'] {
  const total = countOf(places)
  const size = Math.min(most, total)
  const filled = (value: number) => Array.from({ length: size }, () => value)
  const least = filled(Number.POSITIVE_INFINITY)
  const sums = filled(0)
  const held = filled(0)
  const edge = (index: number) => edgeOf(index, size, total)
  /** Calls back with the part of each bucket that so many blocks from `from` on fill. */
  const spread = (from: number, length: number, use: (bucket: number, blocks: number) => void) => {
    for (let at = from; at < from + length; ) {
      let bucket = Math.floor((at * size) / total)
      while (edge(bucket + 1) <= at) bucket++
      const to = Math.min(from + length, edge(bucket + 1))
      use(bucket, to - at)
      at = to
    }
  }
  let at = 0
  for (const { start, end, count } of counts.runs(places)) {
    spread(at, end - start, (bucket, blocks) => {
      least[bucket] = Math.min(least[bucket]!, count)
      sums[bucket]! += count * blocks
    })
    at += end - start
  }
  let before = 0
  let index = 0
  for (const { start, end } of within(places, here)) {
    for (; places[index]!.end <= start; index++) before += places[index]!.end - places[index]!.start
    spread(before + start - places[index]!.start, end - start, (bucket, blocks) => {
      held[bucket]! += blocks
    })
  }
  const share = (sums: readonly number[]) =>
    sums.map((sum, bucket) => round(sum / Math.max(1, edge(bucket + 1) - edge(bucket))))
  return { least, mean: share(sums), here: share(held) }
}

/** From the first block of one of these parts to its last; what lies between them and not in `places` belongs to no part. null: there is no such part. */
export function partOf(places: Ranges, part: number, most: number): Range | null {
  const total = countOf(places)
  const size = Math.min(most, total)
  if (part >= size) return null
  /** The place of the block that so many of `places` come before. */
  const placeOf = (block: number): number => {
    let before = 0
    for (const { start, end } of places) {
      if (block < before + end - start) return start + block - before
      before += end - start
    }
    throw new RangeError('There are not so many blocks')
  }
  return { start: placeOf(edgeOf(part, size, total)), end: placeOf(edgeOf(part + 1, size, total) - 1) + 1 }
}

/** Blocks that come before one of so many equal parts. */
const edgeOf = (part: number, parts: number, blocks: number): number => Math.floor((part * blocks) / parts)

const round = (value: number): number => Math.round(value * 100) / 100

export const unionOf = (all: readonly Ranges[]): Ranges => all.reduce<Ranges>((sum, one) => union(sum, one), [])
