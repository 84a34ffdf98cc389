/** What was measured, by what was done and who did it; what could not be; and how it is shown. */
import { type Bar, median, type Table } from './table.ts'
import type { Figures } from './measured.ts'

/** The value of one run, and what else was seen in it. */
export type Sample = { readonly value: number; readonly also: Readonly<Record<string, number>> }

const ONLY = new RegExp(process.env['BENCH_ONLY'] ?? '')

export class Rows {
  readonly #samples = new Map<string, Sample[]>()
  readonly #failures = new Map<string, Error>()

  wants(what: string, who: string): boolean {
    return ONLY.test(nameOf(what, who))
  }

  /** What fails leaves a row that says so, and is not tried again; what was not asked for leaves none. */
  async measure(what: string, who: string, run: () => Promise<Sample>): Promise<void> {
    const name = nameOf(what, who)
    if (this.#failures.has(name)) return
    try {
      const sample = await run()
      if (this.wants(what, who)) this.add(what, who, sample)
    } catch (error) {
      this.#failures.set(name, error as Error)
      say(`${name}: ${(error as Error).message}`)
    }
  }

  add(what: string, who: string, sample: Sample): void {
    const name = nameOf(what, who)
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), sample])
    const rss = sample.also?.['RSS MB']
    say(`${name}: ${sample.value.toFixed(2)}${typeof rss === 'number' ? `, ${Math.round(rss)} MB` : ''}`)
  }

  values(what: string, who: string): readonly number[] {
    return (this.#samples.get(nameOf(what, who)) ?? []).map(({ value }) => value)
  }

  also(what: string, who: string): Readonly<Record<string, readonly number[]>> {
    const found: Record<string, readonly number[]> = {}
    for (const { also } of this.#samples.get(nameOf(what, who)) ?? [])
      for (const [label, value] of Object.entries(also)) found[label] = [...(found[label] ?? []), value]
    return found
  }

  /** How many times as long the second takes; NaN if one of them was not measured. */
  ratio(what: string, who: string, other: string): number {
    return median(this.values(what, other)) / median(this.values(what, who))
  }

  show(
    table: Table,
    what: string,
    who: string,
    { unit, bars, note, ratio }: { unit: string; bars: readonly Bar[]; note: string; ratio?: number },
  ): void {
    const failure = this.#failures.get(nameOf(what, who))
    const values = this.values(what, who)
    if (values.length === 0 && failure === undefined) return
    table.add({
      what,
      who,
      values,
      unit,
      ratio,
      bars: bars.filter(({ figure }) => figure !== ''),
      also: this.also(what, who),
      notes: [note, ...(failure === undefined ? [] : [`FAILED: ${failure.message.split('\n')[0]}`])],
    })
  }

  /** A peer that is missing or fails is no failure of ours. */
  throwIfFailed(ours: RegExp): void {
    const failed = [...this.#failures].filter(([name]) => ours.test(name))
    const [first] = failed
    if (first === undefined) return
    throw new Error(failed.map(([name, { message }]) => `${name}: ${message}`).join('\n'), { cause: first[1] })
  }
}

const nameOf = (what: string, who: string): string => `${what}: ${who}`

const say = (text: string): void => console.log(`${new Date().toTimeString().slice(0, 8)} ${text}`)

/** What a figure is wanted to be. One that is NaN was not measured: such a bar is left out. */
export const atMost = (wanted: string, is: number, limit: number, unit: string): Bar => ({
  wanted,
  met: is <= limit,
  figure: Number.isNaN(is) ? '' : `${Number(is.toPrecision(3))}${unit}`,
})
export const atLeast = (wanted: string, is: number, limit: number, unit: string): Bar => ({
  ...atMost(wanted, is, limit, unit),
  met: is >= limit,
})

export const most = (values: readonly number[] = []): number => (values.length === 0 ? Number.NaN : Math.max(...values))

/** What is wanted of all that Cairn does. */
export function always(rows: Rows, what: string, who: string): readonly Bar[] {
  const { 'loop p99 ms': delays = [], 'RSS MB': peaks, 'progress/s': progress = [] } = rows.also(what, who)
  return [
    atMost('p99 ≤ 50 ms', median(delays), 50, ' ms'),
    atMost('RSS ≤ 400 MB', most(peaks), 400, ' MB'),
    atLeast('progress ≥ 4/s', median(progress), 4, '/s'),
  ]
}

export const figuresOf = ({ p99, max, rss }: Figures): Sample['also'] => ({
  'loop p99 ms': p99,
  'loop max ms': max,
  'RSS MB': rss / 1e6,
})

export const throughput = (files: number, bytes: number, seconds: number): Sample['also'] => ({
  'MB/s': bytes / seconds / 1e6,
  ...(files >= 1000 ? { 'files/s': files / seconds } : {}),
})
