/** Sets of places in a log as runs: what is here, what is kept, what may go. Pure. */

/** From `start` up to and without `end`. */
export type Range = { readonly start: number; readonly end: number }

/** In order; none is empty, and no two touch. */
export type Ranges = readonly Range[]

export const EVERYTHING: Ranges = [{ start: 0, end: Number.POSITIVE_INFINITY }]

/** In any order, overlapping or empty as they come. */
export function rangesOf(unordered: Iterable<Range>): Ranges {
  const sorted = [...unordered].filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start)
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/** The same of many runs, of which the n-th of `starts` and of `ends` are one: sorted as numbers, with no object made of each. */
export function covered(starts: Float64Array, ends: Float64Array): Ranges {
  const isEmpty = (_: number, index: number) => starts[index]! >= ends[index]!
  const isFull = (_: number, index: number) => !isEmpty(_, index)
  const hasEmpty = starts.some(isEmpty)
  const from = inOrder(hasEmpty ? starts.filter(isFull) : starts)
  const to = inOrder(hasEmpty ? ends.filter(isFull) : ends)
  const merged: Range[] = []
  let open = 0
  let start = 0
  for (let next = 0, closed = 0; closed < to.length; )
    if (next < from.length && from[next]! <= to[closed]!) {
      if (open++ === 0) start = from[next]!
      next++
    } else {
      if (--open === 0) merged.push({ start, end: to[closed]! })
      closed++
    }
  return merged
}

/** What is written one after another is mostly in order. */
function inOrder(numbers: Float64Array): Float64Array {
  for (let index = 1; index < numbers.length; index++)
    if (numbers[index - 1]! > numbers[index]!) return numbers.slice().sort()
  return numbers
}

/** What is in `all` and not in `taken`. */
export function without(all: Ranges, taken: Ranges): Ranges {
  if (taken.length === 0) return all
  const left: Range[] = []
  // Of many runs mostly few are asked about.
  let next = indexAt(taken, all[0]?.start ?? 0)
  for (const run of all) {
    const { start, end } = run
    let from = start
    while (next < taken.length && taken[next]!.end <= from) next++
    for (let index = next; index < taken.length && taken[index]!.start < end; index++) {
      if (taken[index]!.start > from) left.push({ start: from, end: taken[index]!.start })
      from = Math.max(from, taken[index]!.end)
    }
    // Sets of many thousands change by a few at a time: what stays as it is is not made anew.
    if (from < end) left.push(from === start ? run : { start: from, end })
  }
  return left
}

/** What is in either. */
export function union(one: Ranges, other: Ranges): Ranges {
  if (one.length === 0) return other
  if (other.length === 0) return one
  const merged: Range[] = []
  for (let left = 0, right = 0; left < one.length || right < other.length; ) {
    const takesLeft = right === other.length || (left < one.length && one[left]!.start <= other[right]!.start)
    const run = takesLeft ? one[left++]! : other[right++]!
    const last = merged[merged.length - 1]
    if (last === undefined || run.start > last.end) merged.push(run)
    else if (run.end > last.end) merged[merged.length - 1] = { start: last.start, end: run.end }
  }
  return merged
}

export const areSame = (one: Ranges, other: Ranges): boolean =>
  one === other ||
  (one.length === other.length &&
    one.every(({ start, end }, index) => start === other[index]!.start && end === other[index]!.end))

/** All of `part` is in `all`. */
export const contains = (all: Ranges, part: Range): boolean => {
  if (part.end <= part.start) return true
  const run = all[indexAt(all, part.start)]
  return run !== undefined && run.start <= part.start && part.end <= run.end
}

/** The largest runs alone, and of those of one size the first, where there are more than so many: what is left is all true. */
export function bounded(ranges: Ranges, most: number): Ranges {
  if (ranges.length <= most) return ranges
  // Numbers alone are sorted many times as fast.
  const sizes = Float64Array.from(ranges, ({ start, end }) => end - start).sort()
  const least = sizes[ranges.length - most]!
  let room = most - (ranges.length - sizes.findLastIndex(size => size === least) - 1)
  return ranges.filter(({ start, end }) => end - start > least || (end - start === least && room-- > 0))
}

/** What of it lies before a place. */
export function upTo(ranges: Ranges, place: number): Ranges {
  if ((ranges.at(-1)?.end ?? 0) <= place) return ranges
  const whole = ranges.slice(0, indexAt(ranges, place))
  const last = ranges[whole.length]
  return last === undefined || last.start >= place ? whole : [...whole, { start: last.start, end: place }]
}

export const within = (one: Ranges, other: Ranges): Ranges => without(one, without(one, other))

export const countOf = (ranges: Ranges): number => ranges.reduce((sum, { start, end }) => sum + end - start, 0)

export function includes(ranges: Ranges, place: number): boolean {
  const run = ranges[indexAt(ranges, place)]
  return run !== undefined && run.start <= place
}

/** Of the first run that ends behind a place. */
function indexAt(ranges: Ranges, place: number): number {
  let low = 0
  for (let high = ranges.length; low < high; ) {
    const middle = (low + high) >> 1
    if (ranges[middle]!.end <= place) low = middle + 1
    else high = middle
  }
  return low
}

/** The same places, cut wherever a multiple of `size` lies. */
export function* cut(ranges: Ranges, size: number): Generator<Range> {
  for (const { start, end } of ranges)
    for (let from = start; from < end; ) {
      const to = Math.min(end, (Math.floor(from / size) + 1) * size)
      yield { start: from, end: to }
      from = to
    }
}
