/**
 * Many files and where they stand in a log, in the order of paths. As columns of numbers: an object for each of hundreds of
 * thousands takes three times the memory, and ten times as long to go through.
 */
import type { Range } from '../lib/ranges.ts'

/** A file of a version and where its content stands. Files that share content stand at the same place. */
export type Placed = {
  readonly path: string
  /** In bytes. */
  readonly size: number
  readonly places: readonly Range[]
  /** The version from which on it stands there as it does now; somebody who holds an earlier one alone does not find it. */
  readonly since: number
  /** Nobody knows yet where it stands: `places` are all that there are. */
  readonly isUnknown?: boolean
}

type Columns = {
  readonly paths: readonly string[]
  readonly sizes: Float64Array
  /** The first run of blocks of each; empty: it has none. */
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly sinces: Float64Array
  /** Those that stand in several runs, and those of which nobody knows where they stand, by their paths. */
  readonly scattered: ReadonlyMap<string, Placed>
}

const NONE: readonly Range[] = []

export class Files {
  readonly columns: Columns

  constructor(columns: Columns) {
    this.columns = columns
  }

  /** `files`: in any order. */
  static of(files: Iterable<Placed>): Files {
    const gathering = new Gathering()
    for (const file of files) gathering.add(file)
    return gathering.done()
  }

  get length(): number {
    return this.columns.paths.length
  }

  at(index: number): Placed {
    const { paths, sizes, starts, ends, sinces } = this.columns
    const [start, end] = [starts[index]!, ends[index]!]
    const places = end > start ? [{ start, end }] : NONE
    return this.scatteredAt(index) ?? { path: paths[index]!, size: sizes[index]!, places, since: sinces[index]! }
  }

  /** Of most there is nothing to be said but their columns. */
  scatteredAt(index: number): Placed | undefined {
    const { paths, scattered } = this.columns
    return scattered.size === 0 ? undefined : scattered.get(paths[index]!)
  }

  /** -1: there is none. */
  indexOf(path: string): number {
    const index = this.firstFrom(path)
    return this.columns.paths[index] === path ? index : -1
  }

  /** The first whose path is not before this. */
  firstFrom(path: string): number {
    let low = 0
    for (let high = this.columns.paths.length; low < high; ) {
      const middle = (low + high) >> 1
      if (this.columns.paths[middle]! < path) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Those that lie below a folder (`/`: all). */
  below(folder: string): Range {
    if (folder === '/') return { start: 0, end: this.length }
    return { start: this.firstFrom(`${folder}/`), end: this.firstFrom(`${folder}0`) }
  }

  /** The same with these differences; null: the file is gone. */
  with(changes: ReadonlyMap<string, Placed | null>): Files {
    const gathering = new Gathering(this.length + changes.size)
    const order = [...changes].sort(([one], [other]) => (one < other ? -1 : 1))
    let next = 0
    for (const [path, file] of order) {
      const index = this.firstFrom(path)
      gathering.copy(this, next, index)
      next = this.columns.paths[index] === path ? index + 1 : index
      if (file !== null) gathering.add(file)
    }
    gathering.copy(this, next, this.length)
    return gathering.done()
  }
}

/** Takes files one after another. */
export class Gathering {
  #paths: string[] = []
  #sizes: Float64Array
  #starts: Float64Array
  #ends: Float64Array
  #sinces: Float64Array
  readonly #scattered = new Map<string, Placed>()
  /** They came in the order of paths, as strings are compared, which is not always as bytes are. */
  #isInOrder = true

  constructor(expected = 1024) {
    const room = Math.max(1, expected)
    this.#sizes = new Float64Array(room)
    this.#starts = new Float64Array(room)
    this.#ends = new Float64Array(room)
    this.#sinces = new Float64Array(room)
  }

  add(file: Placed): void {
    const { path, size, places, since } = file
    const index = this.#paths.length
    this.#makeRoom(index + 1)
    if (index > 0 && this.#paths[index - 1]! >= path) this.#isInOrder = false
    this.#paths.push(path)
    this.#sizes[index] = size
    this.#starts[index] = places[0]?.start ?? 0
    this.#ends[index] = places[0]?.end ?? 0
    this.#sinces[index] = since
    if (places.length > 1 || file.isUnknown === true) this.#scattered.set(path, file)
  }

  copy(from: Files, start: number, end: number): void {
    if (end <= start) return
    const { paths, sizes, starts, ends, sinces, scattered } = from.columns
    const index = this.#paths.length
    this.#makeRoom(index + end - start)
    for (let next = start; next < end; next++) this.#paths.push(paths[next]!)
    this.#sizes.set(sizes.subarray(start, end), index)
    this.#starts.set(starts.subarray(start, end), index)
    this.#ends.set(ends.subarray(start, end), index)
    this.#sinces.set(sinces.subarray(start, end), index)
    if (scattered.size === 0) return
    for (let next = start; next < end; next++) {
      const scattered = from.scatteredAt(next)
      if (scattered !== undefined) this.#scattered.set(scattered.path, scattered)
    }
  }

  done(): Files {
    if (!this.#isInOrder) this.#sort()
    const count = this.#paths.length
    return new Files({
      paths: this.#paths,
      sizes: this.#sizes.slice(0, count),
      starts: this.#starts.slice(0, count),
      ends: this.#ends.slice(0, count),
      sinces: this.#sinces.slice(0, count),
      scattered: this.#scattered,
    })
  }

  #sort(): void {
    const paths = this.#paths
    const order = Array.from(paths, (_, index) => index)
    order.sort((one, other) => (paths[one]! < paths[other]! ? -1 : paths[one]! > paths[other]! ? 1 : 0))
    const sorted = (column: Float64Array) => Float64Array.from(order, index => column[index]!)
    this.#paths = order.map(index => paths[index]!)
    this.#sizes = sorted(this.#sizes)
    this.#starts = sorted(this.#starts)
    this.#ends = sorted(this.#ends)
    this.#sinces = sorted(this.#sinces)
  }

  #makeRoom(count: number): void {
    if (count <= this.#sizes.length) return
    const grown = (column: Float64Array) => {
      const larger = new Float64Array(Math.max(count, 2 * column.length))
      larger.set(column)
      return larger
    }
    this.#sizes = grown(this.#sizes)
    this.#starts = grown(this.#starts)
    this.#ends = grown(this.#ends)
    this.#sinces = grown(this.#sinces)
  }
}

/** Those at a path, and where no file is there, those below it. */
export function filesAt(files: Files, path: string): Range {
  const index = files.indexOf(path)
  return index === -1 ? files.below(path) : { start: index, end: index + 1 }
}
