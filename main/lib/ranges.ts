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

/** What is in `all` and not in `taken`. */
export function without(all: Ranges, taken: Ranges): Ranges {
  const left: Range[] = []
  let next = 0
  for (const { start, end } of all) {
    let from = start
    while (next < taken.length && taken[next]!.end <= from) next++
    for (let index = next; index < taken.length && taken[index]!.start < end; index++) {
      if (taken[index]!.start > from) left.push({ start: from, end: taken[index]!.start })
      from = Math.max(from, taken[index]!.end)
    }
    if (from < end) left.push({ start: from, end })
  }
  return left
}

export const within = (one: Ranges, other: Ranges): Ranges => without(one, without(one, other))

export const countOf = (ranges: Ranges): number => ranges.reduce((sum, { start, end }) => sum + end - start, 0)

export function includes(ranges: Ranges, place: number): boolean {
  let low = 0
  for (let high = ranges.length; low < high; ) {
    const middle = (low + high) >> 1
    if (ranges[middle]!.end <= place) low = middle + 1
    else high = middle
  }
  return low < ranges.length && ranges[low]!.start <= place
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
