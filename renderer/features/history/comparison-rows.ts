/** A comparison of two texts as rows of a table, where long stretches without a change are folded. */
import type { Line, Stretch, TextComparison } from './compare-texts.ts'

/** Lines that stay around a change. */
const AROUND = 3
/** What is not longer is not worth folding. */
const LEAST_FOLDED = 3

type Cell = { readonly number: number; readonly line: Line }
export type Row =
  /** `change`: it begins the change of this number, counted from 0. */
  | {
      readonly kind: 'one'
      readonly sign: 'same' | 'removed' | 'added'
      readonly before: number | null
      readonly after: number | null
      readonly line: Line
      readonly change: number | null
    }
  | {
      readonly kind: 'two'
      readonly sign: 'same' | 'changed'
      readonly before: Cell | null
      readonly after: Cell | null
      readonly change: number | null
    }
  /** So many lines that did not change, in this stretch. */
  | { readonly kind: 'fold'; readonly stretch: number; readonly lines: number }

type Compared = Extract<TextComparison, { name: 'compared' }>

/** `opened`: stretches whose folds are open. */
export function rowsOf(
  { stretches }: Compared,
  view: 'unified' | 'split',
  opened: ReadonlySet<number>,
): readonly Row[] {
  let change = 0
  return stretches.flatMap((stretch, index): readonly Row[] => {
    if (stretch.kind === 'changed') return view === 'split' ? beside(stretch, change++) : below(stretch, change++)
    const { before, after, lines } = stretch
    const row = (at: number): Row => {
      const line = lines[at]!
      return view === 'split'
        ? {
            kind: 'two',
            sign: 'same',
            before: { number: before + at, line },
            after: { number: after + at, line },
            change: null,
          }
        : { kind: 'one', sign: 'same', before: before + at, after: after + at, line, change: null }
    }
    const head = index === 0 ? 0 : AROUND
    const tail = index === stretches.length - 1 ? 0 : AROUND
    const folded = lines.length - head - tail
    if (folded < LEAST_FOLDED || opened.has(index)) return lines.map((_, at) => row(at))
    return [
      ...Array.from({ length: head }, (_, at) => row(at)),
      { kind: 'fold', stretch: index, lines: folded },
      ...Array.from({ length: tail }, (_, at) => row(lines.length - tail + at)),
    ]
  })
}

type Changed = Extract<Stretch, { kind: 'changed' }>

const below = ({ before, after, removed, added }: Changed, change: number): readonly Row[] => [
  ...removed.map(
    (line, at): Row => ({
      kind: 'one',
      sign: 'removed',
      before: before + at,
      after: null,
      line,
      change: at === 0 ? change : null,
    }),
  ),
  ...added.map(
    (line, at): Row => ({
      kind: 'one',
      sign: 'added',
      before: null,
      after: after + at,
      line,
      change: at === 0 && removed.length === 0 ? change : null,
    }),
  ),
]

const beside = ({ before, after, removed, added }: Changed, change: number): readonly Row[] =>
  Array.from({ length: Math.max(removed.length, added.length) }, (_, at) => {
    const [was, is] = [removed[at], added[at]]
    return {
      kind: 'two',
      sign: 'changed',
      before: was === undefined ? null : { number: before + at, line: was },
      after: is === undefined ? null : { number: after + at, line: is },
      change: at === 0 ? change : null,
    }
  })
