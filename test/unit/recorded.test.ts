/** What Cairn writes into an archive of itself, as it comes from others. */
import { expect, test } from 'vitest'
import { parseChangeset, parseLabel, type RecordedChangeset } from '../../main/archives/about.ts'
import { wholeOf } from '../../main/history/recorded.ts'

const counts = { added: 2, changed: 0, removed: 0, renamed: 0, bytes: 20 }
const changeset = {
  cairn: 1,
  time: 1,
  from: 10,
  previous: 9,
  ...counts,
  files: 5,
  total: 50,
  partial: false,
  message: '',
}
const sum = { from: 4, previous: 3, parts: 3, added: 6, changed: 1, removed: 2, renamed: 1, touched: 1, bytes: 60 }
const recorded = (whole: object | null) => ({
  seq: 12,
  changeset: parseChangeset({ ...changeset, ...(whole === null ? {} : { whole }) }) as RecordedChangeset,
})

test('a changeset that is part of nothing, or is said to be part of what comes after it, is itself', () => {
  for (const whole of [null, { ...sum, from: 11 }])
    expect(wholeOf(recorded(whole))).toMatchObject({ ...counts, from: 10, previous: 9, parts: 1 })
  expect(parseChangeset({ ...changeset, whole: { ...sum, parts: 0 } })).toBe(null)
})

test('parts are summed up, and where there was nothing before, all that is there was added', () => {
  expect(wholeOf(recorded(sum))).toEqual(sum)
  const first = { ...sum, from: 0, previous: null }
  expect(wholeOf(recorded(first))).toEqual({ ...first, added: 4, changed: 0, removed: 0, renamed: 0, touched: 0 })
})

test('a name from before there were descriptions is one, and what says neither says nothing', () => {
  const named = { cairn: 1, version: 7, name: 'v1.0', time: 1 }
  expect(parseLabel(named)).toEqual({ ...named, message: null })
  expect(parseLabel({ cairn: 1, version: 7, message: 'described', time: 1 })).toMatchObject({ name: null })
  expect(parseLabel({ ...named, message: 'x'.repeat(1001) })).toBe(null)
  expect(parseLabel({ ...named, more: 'x'.repeat(70_000) })).toBe(null)
})
