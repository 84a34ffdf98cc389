/** Two versions of a text compared: nothing is lost on either side, and what was made to be too much is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareTexts, type Line, type Stretch } from '../../renderer/features/history/compare-texts.ts'
import { type Row, rowsOf } from '../../renderer/features/history/comparison-rows.ts'
import { workOf } from '../helpers/order.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const compare = (before: string | null, after: string | null) =>
  compareTexts(before === null ? null : bytes(before), after === null ? null : bytes(after))

function compared(before: string | null, after: string | null) {
  const found = compare(before, after)
  if (found.name !== 'compared') throw new Error(found.name)
  return found
}

const texts = (lines: readonly Line[]) => lines.map(({ text }) => text)
const side = (stretches: readonly Stretch[], which: 'removed' | 'added') =>
  stretches.flatMap(stretch => texts(stretch.kind === 'same' ? stretch.lines : stretch[which]))

const line = fc.constantFrom('', 'a', 'b', 'the quick fox', 'the slow fox', '\tindented', 'ends with a space ')
const text = fc.array(line, { maxLength: 30 }).map(lines => lines.map(one => `${one}\n`).join(''))

describe('lines', () => {
  test('both versions can be put together again from what is shown, folded or not, below or beside each other', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const found = compare(before, after)
        if (before === after) expect(found).toEqual({ name: 'alike' })
        if (found.name === 'alike' && before === after) return
        if (found.name !== 'compared') throw new Error(found.name)
        const lines = (one: string) => one.split('\n').slice(0, -1)
        expect(side(found.stretches, 'removed')).toEqual(lines(before))
        expect(side(found.stretches, 'added')).toEqual(lines(after))
        for (const view of ['unified', 'split'] as const) {
          const all = new Set(found.stretches.keys())
          const open = rowsOf(found, view, all)
          expect(open.filter(row => row.kind === 'fold')).toEqual([])
          const numbers = (which: 'before' | 'after') =>
            open.flatMap(row => (row.kind === 'fold' ? [] : [numberOf(row, which)])).filter(at => at !== null)
          expect(numbers('before')).toEqual(lines(before).map((_, index) => index + 1))
          expect(numbers('after')).toEqual(lines(after).map((_, index) => index + 1))
          const folded = rowsOf(found, view, new Set())
          const hidden = folded.reduce((sum, row) => sum + (row.kind === 'fold' ? row.lines : 0), 0)
          expect(folded.filter(row => row.kind !== 'fold').length + hidden).toBe(open.length)
          const changes = folded.flatMap(row => (row.kind === 'fold' || row.change === null ? [] : [row.change]))
          expect(changes).toEqual(found.stretches.filter(({ kind }) => kind === 'changed').map((_, index) => index))
        }
      }),
    )
  })

  test('what was added or removed has one side alone', () => {
    expect(compared(null, 'a\nb\n')).toMatchObject({ added: 2, removed: 0 })
    expect(compared('a\nb\n', null)).toMatchObject({ added: 0, removed: 2 })
  })

  test('ends of lines alone are no difference', () => {
    expect(compare('a\nb\n', 'a\r\nb')).toEqual({ name: 'alike' })
  })
})

const numberOf = (row: Exclude<Row, { kind: 'fold' }>, which: 'before' | 'after'): number | null =>
  row.kind === 'one' ? row[which] : (row[which]?.number ?? null)

describe('words', () => {
  const marked = ({ text, marks }: Line) => marks.map(([from, to]) => text.slice(from, to))

  test('those that differ are marked, unless nearly all do', () => {
    const [stretch] = compared('the quick brown fox\n', 'the slow brown fox\n').stretches
    if (stretch?.kind !== 'changed') throw new Error('It changed')
    expect(marked(stretch.removed[0]!)).toEqual(['quick'])
    expect(marked(stretch.added[0]!)).toEqual(['slow'])
    const [other] = compared('alpha beta gamma\n', 'one two three\n').stretches
    if (other?.kind !== 'changed') throw new Error('It changed')
    expect(marked(other.removed[0]!)).toEqual([])
  })

  test('what would turn letters around is spelled out', () => {
    const [stretch] = compared('safe\n', 'sa\u202Efe\n').stretches
    expect(stretch).toMatchObject({ added: [{ text: 'sa⟦U+202E⟧fe' }] })
  })
})

describe('too much', () => {
  test('a line without an end is cut', () => {
    const [stretch] = compared('x\n', `${'y'.repeat(500_000)}\n`).stretches
    expect(stretch).toMatchObject({ added: [{ more: 498_000 }] })
  })

  test('more lines than can be laid out, what is no text, and what has nothing in common are told apart', async () => {
    expect(compare('x\n'.repeat(20_001), 'x\n')).toEqual({ name: 'too-many-lines' })
    expect(compareTexts(new Uint8Array([0, 1, 2]), bytes('text'))).toEqual({ name: 'no-text' })
    const random = (seed: number) =>
      Array.from({ length: 20_000 }, (_, index) => `${(index * seed) % 19_997} ${seed % 7}`).join('\n')
    const work = await workOf(() =>
      expect(['too-long', 'compared']).toContain(compare(random(7919), random(104_729)).name),
    )
    expect(work).toBeLessThan(10_000)
  })
})
