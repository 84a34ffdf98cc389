/** Numbers, times and names as the page writes them. */
import { describe, expect, test } from 'vitest'
import { formatLocation, type Place, parentOf, parseLocation, pinOf } from '../../renderer/stores/location.ts'
import { applyChanges } from '../../renderer/stores/mirror.ts'
import { ago, bytes, count, day, duration, moment, percent, rate } from '../../renderer/ui/format.ts'
import { extensionOf, partsOf, plainName, splitName } from '../../renderer/ui/names.ts'
import { keyOf } from './fixtures.ts'

describe('sizes', () => {
  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [1234, '1.2 kB'],
    [99_960, '100 kB'],
    [999_499, '999 kB'],
    [999_999, '1 MB'],
    [1_500_000_000, '1.5 GB'],
    [-5, '0 bytes'],
  ])('%d bytes', (amount, words) => expect(bytes(amount)).toBe(words))

  test('a rate is a size each second', () => expect(rate(3_400_000)).toBe('3.4 MB/s'))
  test('one file, two files', () => expect([count(1, 'file'), count(1204, 'file')]).toEqual(['1 file', '1,204 files']))
})

describe('percent', () => {
  test('is never 100 before it is all there, nor 0 once something is', () => {
    expect(percent(9999, 10_000)).toBe('99%')
    expect(percent(1, 10_000)).toBe('<1%')
    expect(percent(10_000, 10_000)).toBe('100%')
    expect(percent(0, 0)).toBe('0%')
  })
})

describe('times', () => {
  const now = new Date(2026, 10, 21, 12).getTime()
  test('a clock that was turned back makes no negative age', () => expect(ago(now + 90_000, now)).toBe('just now'))
  test('minutes, hours, days, then the date', () => {
    expect(ago(now - 5 * 60_000, now)).toBe('5 minutes ago')
    expect(ago(now - 3 * 3_600_000, now)).toBe('3 hours ago')
    expect(ago(now - 24 * 3_600_000, now)).toBe('yesterday')
    expect(ago(now - 40 * 86_400_000, now)).toMatch(/2026/)
  })
  test('days are those of the calendar', () => {
    expect(day(new Date(2026, 10, 21, 0, 1).getTime(), now)).toBe('Today')
    expect(day(new Date(2026, 10, 20, 23, 59).getTime(), now)).toBe('Yesterday')
    expect(day(new Date(2025, 10, 20).getTime(), now)).toMatch(/2025/)
  })
  test('what no calendar can show is said to be unknown', () => {
    expect(moment(Number.POSITIVE_INFINITY)).toBe('unknown')
    expect(moment(1e300)).toBe('unknown')
  })
  test('durations are as coarse as people speak', () => {
    expect(duration(0.2)).toBe('0 sec')
    expect(duration(75)).toBe('1 min 15 sec')
    expect(duration(245)).toBe('4 min')
    expect(duration(3600)).toBe('1 hr')
    expect(duration(3_700)).toBe('1 hr 1 min')
  })
})

describe('names', () => {
  test('what turns text around or cannot be seen is written out', () => {
    expect(plainName('invoice\u202Efdp.exe')).toBe('invoice[U+202E]fdp.exe')
    expect(plainName('a\u200Bb\u00ADc\u0000d\uFEFF')).toBe('a[U+200B]b[U+00AD]c[U+0000]d[U+FEFF]')
    expect(plainName('\u3164')).toBe('[U+3164]')
    expect(plainName('line\nbreak\u2028')).toBe('line[U+000A]break[U+2028]')
  })
  test('joiners that honest people write stay', () => {
    expect(plainName('👩‍👩‍👧.png')).toBe('👩‍👩‍👧.png')
    expect(plainName('می‌خواهم.txt')).toBe('می‌خواهم.txt')
    expect(plainName('pay\u200Dpal.txt')).toBe('pay[U+200D]pal.txt')
  })
  test('parts put together are the name', () => {
    const name = 'a\u202Eb\u200Bc'
    const said = partsOf(name).map(part =>
      'text' in part ? part.text : String.fromCodePoint(Number.parseInt(part.code.slice(2), 16)),
    )
    expect(said.join('')).toBe(name)
  })
  test('a cut leaves the true extension and whole characters', () => {
    const { head, tail } = splitName(`${'long '.repeat(20)}end.jpeg`)
    expect(tail).toBe('end.jpeg')
    expect(head + tail).toMatch(/^long /)
    const family = splitName(`${'👩‍👩‍👧'.repeat(20)}.png`)
    expect(family.tail).toBe('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧.png')
    expect(splitName('short.txt')).toEqual({ head: 'short.txt', tail: '' })
  })
  test('extensions are the last one, in lower case', () => {
    expect([extensionOf('a.TAR.GZ'), extensionOf('.hidden'), extensionOf('none')]).toEqual(['gz', '', ''])
  })
})

describe('places', () => {
  const key = keyOf(1)
  const places: readonly Place[] = [
    { view: 'home' },
    { view: 'transfers' },
    { view: 'network' },
    { view: 'ask', link: 'hyper://x/y?z#s' },
    { view: 'archive', key, tab: 'files', path: '/', version: null, file: null },
    { view: 'archive', key, tab: 'changes', path: '/a b/c%d/é?#', version: 42, file: '/a b/ü&=.txt' },
    {
      view: 'archive',
      key,
      tab: 'files',
      path: '/a',
      version: 42,
      file: null,
      pin: { version: 42, blobsLength: 7, hash: 'y'.repeat(52) },
    },
  ]
  test('what a link said of one version is not said of another', () => {
    const pinned = places.at(-1) as Extract<Place, { view: 'archive' }>
    expect(pinOf(pinned)).toEqual(pinned.pin)
    for (const version of [null, 41]) {
      expect(pinOf({ ...pinned, version })).toBeNull()
      expect(formatLocation({ ...pinned, version })).not.toContain('pin')
    }
    // A pin that was cut on its way must not become none.
    expect(pinOf(parseLocation(`#/archive/${key}/files?version=42&pin=`) as typeof pinned)).not.toBeNull()
  })
  test.each(places)('%j survives the address', place => expect(parseLocation(formatLocation(place))).toEqual(place))
  test.each(['', '#', '#/archive/short/files', '#token=abc', '#/archive/%%%', '#/nowhere'])('%s is home', hash =>
    expect(parseLocation(hash)).toEqual({ view: 'home' }),
  )
  test('a broken escape stays as it stands', () =>
    expect(parseLocation(`#/archive/${key}/files/%E0%A4%A`)).toMatchObject({ path: '/%E0%A4%A' }))
  test('parents', () => expect(['/', '/a', '/a/b'].map(parentOf)).toEqual(['/', '/', '/a']))
})

describe('mirrors', () => {
  test('reset, put and delete make the collection', () => {
    const first = applyChanges(new Map(), [
      { op: 'reset' },
      { op: 'put', item: { id: 'a', n: 1 } },
      { op: 'put', item: { id: 'b', n: 1 } },
    ])
    const second = applyChanges(first, [
      { op: 'delete', id: 'a' },
      { op: 'put', item: { id: 'b', n: 2 } },
    ])
    expect([...second.values()]).toEqual([{ id: 'b', n: 2 }])
    expect([...first.keys()]).toEqual(['a', 'b'])
    expect([...applyChanges(second, [{ op: 'reset' }]).keys()]).toEqual([])
  })
})
