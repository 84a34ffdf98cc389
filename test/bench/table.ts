/** Rows of medians with their spread, and the ratio to a peer measured in the same run. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const shown = (values: readonly number[]) => {
  const digits = median(values) < 10 ? 2 : median(values) < 100 ? 1 : 0
  const numbers = [median(values), Math.min(...values), Math.max(...values)].map(value => value.toFixed(digits))
  return values.length === 1 ? numbers[0]! : `${numbers[0]} [${numbers[1]}–${numbers[2]}]`
}

export class Table {
  readonly #title: string
  readonly #rows: string[][] = []

  constructor(title: string) {
    this.#title = title
  }

  /** `ours` and `theirs` in the same unit, of which less is better. */
  row(
    name: string,
    ours: readonly number[],
    theirs: readonly number[],
    unit: string,
    more: Readonly<Record<string, readonly number[]>> = {},
  ): void {
    this.#rows.push([
      name,
      `${shown(ours)} ${unit}`,
      theirs.length === 0 ? '–' : `${shown(theirs)} ${unit}`,
      theirs.length === 0 ? '–' : `${(median(theirs) / median(ours)).toFixed(2)}×`,
      Object.entries(more)
        .map(([label, values]) => `${label} ${shown(values)}`)
        .join(', '),
    ])
  }

  print(): void {
    const rows = [['what', 'Cairn', 'beside', 'faster', 'also'], ...this.#rows]
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
    console.log(
      `\n${this.#title}\n${rows
        .map(row =>
          row
            .map((cell, column) => cell.padEnd(widths[column]!))
            .join('  ')
            .trimEnd(),
        )
        .join('\n')}\n`,
    )
  }
}
