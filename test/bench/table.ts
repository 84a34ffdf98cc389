/** Rows of medians with their spread, the ratio to what was measured in the same run, and what is wanted of them. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** `median [least–most]`, or the one value. */
const shown = (values: readonly number[]): string => {
  const digits = digitsOf(values)
  const numbers = [median(values), Math.min(...values), Math.max(...values)].map(value => value.toFixed(digits))
  return numbers[1] === numbers[2] ? numbers[0]! : `${numbers[0]} [${numbers[1]}–${numbers[2]}]`
}

const digitsOf = (values: readonly number[]): number => {
  const size = Math.abs(median(values))
  return values.every(Number.isInteger) || size >= 100 ? 0 : size < 10 ? 2 : 1
}

/** What is wanted of a row, and whether it is so. `figure`: by how much it is or is not. */
export type Bar = { readonly wanted: string; readonly met: boolean; readonly figure: string }

export type Row = {
  readonly what: string
  readonly who: string
  /** Of each run; less is better. */
  readonly values: readonly number[]
  readonly unit: string
  /** Its time to that of Cairn. */
  readonly ratio?: number
  readonly bars?: readonly Bar[]
  readonly also?: Readonly<Record<string, readonly number[]>>
  /** What was on, and whatever else is to be said. */
  readonly notes?: readonly string[]
}

export class Table {
  readonly #title: string
  readonly #columns: readonly string[]
  readonly #groups = new Map<string, string[][]>()
  readonly #bars: (Bar & { readonly of: string })[] = []

  /** `columns`: what of `also` has a column of its own, with the median alone. */
  constructor(title: string, columns: readonly string[] = []) {
    this.#title = title
    this.#columns = columns
  }

  add({ what, who, values, unit, ratio, bars = [], also = {}, notes = [] }: Row): void {
    const columns = this.#columns.map(name => also[name])
    const rest = Object.entries(also).filter(([name]) => !this.#columns.includes(name))
    const row = [
      `  ${who}`,
      values.length === 0 ? 'not measured' : `${shown(values)} ${unit}`,
      values.length === 0 ? '' : `×${values.length}`,
      ratio === undefined || Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)}×`,
      ...columns.map(found => (found === undefined ? '' : median(found).toFixed(digitsOf(found)))),
      bars.map(({ wanted, met }) => `${met ? '✓' : '✗'} ${wanted}`).join('  '),
      [...notes, ...rest.map(([label, numbers]) => `${label} ${shown(numbers)}`)].filter(Boolean).join(', '),
    ]
    this.#groups.set(what, [...(this.#groups.get(what) ?? []), row])
    this.#bars.push(...bars.map(bar => ({ ...bar, of: `${what}: ${who}` })))
  }

  /** Cairn, and another who did the same work in the same run. */
  compare(
    what: string,
    ours: readonly number[],
    who: string,
    theirs: readonly number[],
    unit: string,
    also: Readonly<Record<string, readonly number[]>> = {},
  ): void {
    this.add({ what, who: 'Cairn', values: ours, unit, also })
    this.add({ what, who, values: theirs, unit, ratio: median(theirs) / median(ours) })
  }

  print(): void {
    if (this.#groups.size === 0) return
    const head = ['', 'median [least–most]', 'runs', 'to Cairn', ...this.#columns, 'wanted', 'also']
    const rows = [head, ...[...this.#groups.values()].flat()]
    const widths = head.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
    const line = (row: readonly string[]) =>
      row
        .map((cell, column) =>
          column > 1 && column < head.length - 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd()
    const groups = [...this.#groups].flatMap(([what, its]) => ['', what, ...its.map(line)])
    console.log(['', this.#title, '', line(head), ...groups, '', ...this.#summary(), ''].join('\n'))
  }

  #summary(): readonly string[] {
    if (this.#bars.length === 0) return []
    const missed = this.#bars.filter(({ met }) => !met)
    return [
      `${this.#bars.length - missed.length} of ${this.#bars.length} of what is wanted is so.`,
      ...missed.map(({ of, wanted, figure }) => `  ✗ ${of}: wanted ${wanted}, is ${figure}`),
    ]
  }
}
