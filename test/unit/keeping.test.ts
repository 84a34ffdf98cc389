import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { migrate } from '../../main/archives/registry.ts'
import { judge } from '../../main/keeping/updates.ts'
import { wantedBy } from '../../main/keeping/parts.ts'
import { choose, linesOf, Standing, taken } from '../../main/keeping/standing.ts'
import { countOf, cut, includes, type Range, type Ranges, rangesOf, within, without } from '../../main/lib/ranges.ts'

const range = fc.tuple(fc.nat(60), fc.nat(12)).map(([start, length]): Range => ({ start, end: start + length }))
const unordered = fc.array(range, { maxLength: 12 })
const places = (ranges: Iterable<Range>) =>
  new Set([...ranges].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index)))
const sorted = (set: ReadonlySet<number>) => [...set].sort((a, b) => a - b)

const expectCanonical = (ranges: Ranges) => {
  for (const [index, { start, end }] of ranges.entries()) {
    expect(end).toBeGreaterThan(start)
    if (index > 0) expect(start).toBeGreaterThan(ranges[index - 1]!.end)
  }
}

describe('runs of blocks', () => {
  test('are sets: union, difference and common places are those of the places one by one', () => {
    fc.assert(
      fc.property(unordered, unordered, (some, others) => {
        const [one, other] = [rangesOf(some), rangesOf(others)]
        const [inOne, inOther] = [places(some), places(others)]
        for (const ranges of [one, without(one, other), within(one, other)]) expectCanonical(ranges)
        expect(sorted(places(one))).toEqual(sorted(inOne))
        expect(countOf(one)).toBe(inOne.size)
        expect(sorted(places(without(one, other)))).toEqual(sorted(inOne).filter(place => !inOther.has(place)))
        expect(sorted(places(within(one, other)))).toEqual(sorted(inOne).filter(place => inOther.has(place)))
        for (let place = 0; place < 75; place++) expect(includes(one, place)).toBe(inOne.has(place))
      }),
    )
  })

  test('are cut where chunks end, and nothing is lost by it', () => {
    fc.assert(
      fc.property(unordered, fc.integer({ min: 1, max: 9 }), (some, size) => {
        const pieces = [...cut(rangesOf(some), size)]
        for (const { start, end } of pieces) expect(Math.floor(start / size)).toBe(Math.floor((end - 1) / size))
        expect(sorted(places(pieces))).toEqual(sorted(places(some)))
        expect(countOf(pieces)).toBe(places(some).size)
      }),
    )
  })

  test('no block of a kept name is ever among what may go, whatever else shares it', () => {
    const name = fc.constantFrom('a', 'b', 'photos/a', 'photos/b', 'photos/raw/a', 'film.mkv')
    const patterns = fc.array(fc.constantFrom('/a', '/photos/', '!/photos/raw/', '*.mkv', '!b', '# said'), {
      minLength: 1,
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(name, range)), patterns, unordered, (entries, patterns, here) => {
        const wanted = wantedBy({ how: 'parts', patterns })
        const kept = entries.filter(([path]) => wanted(`/${path}`)).map(([, range]) => range)
        const mayGo = without(rangesOf(here), rangesOf(kept))
        const keptPlaces = places(kept)
        for (const place of places(mayGo)) expect(keptPlaces.has(place)).toBe(false)
        // And everything else may.
        for (const place of places(here)) expect(includes(mayGo, place) || keptPlaces.has(place)).toBe(true)
      }),
    )
  })
})

test('of patterns the last one that matches has the word, also below a folder', () => {
  const kept = (patterns: readonly string[], ...paths: readonly string[]) =>
    paths.filter(wantedBy({ how: 'parts', patterns }))
  expect(kept(['/photos/', '!/photos/raw/'], '/photos/a', '/photos/raw/a', '/a/photos/b')).toEqual(['/photos/a'])
  expect(kept(['*.mp3', '!live*'], '/a.mp3', '/x/b.mp3', '/live.mp3')).toEqual(['/a.mp3', '/x/b.mp3'])
  expect(kept(['/a\\*b'], '/a*b', '/axb')).toEqual(['/a*b'])
  expect(kept(['*'], '/.cairn/archive', '/a')).toEqual(['/a'])
})

test('an update is taken unasked, but for large losses, growth beyond the budget, and where the person wants to be asked', () => {
  const update = { changed: 0, removed: 0, entries: 1, of: 100, agreed: 10, bytes: 15 }
  const unasked = { askFirst: false, growth: 5 }
  expect(judge(update, unasked)).toBe(null)
  expect(judge({ ...update, bytes: 16 }, unasked)).toBe('grows')
  expect(judge({ ...update, bytes: 16 }, { askFirst: false, growth: null })).toBe(null)
  expect(judge(update, { ...unasked, askFirst: true })).toBe('ask-first')
  expect(judge({ ...update, entries: 0 }, { ...unasked, askFirst: true })).toBe(null)
  expect(judge({ ...update, changed: 25, removed: 25 }, unasked)).toBe(null)
  expect(judge({ ...update, changed: 25, removed: 26 }, unasked)).toBe('removes')
  expect(judge({ ...update, changed: 4, of: 4 }, unasked)).toBe(null)
  expect(judge({ ...update, removed: 1000, of: 100_000 }, unasked)).toBe(null)
  expect(judge({ ...update, removed: 1001, of: 100_000 }, unasked)).toBe('removes')
})

test('a library that was written before there were parts, questions and pauses is read with what held then', () => {
  const { archives, forgotten, garbage } = migrate(
    {
      version: 1,
      archives: [
        {
          key: 'k',
          namespace: null,
          secret: null,
          title: 'T',
          addedAt: 1,
          seenLength: 2,
          keeping: { how: 'all' },
          published: null,
          source: null,
        },
      ],
      downloads: [],
    },
    '/storage',
  )
  expect(archives[0]).toMatchObject({
    keeping: { how: 'all' },
    paused: false,
    updates: {
      askFirst: false,
      growth: 5_000_000_000,
      taken: null,
      chosen: [],
      stays: false,
      mayRemove: false,
      paused: false,
    },
    notify: true,
  })
  expect([forgotten, garbage]).toEqual([[], 0])
})

describe('a choice among the files of an update', () => {
  type Version = ReadonlyMap<string, number>
  const entry = (path: string, content: number | undefined) =>
    content === undefined
      ? null
      : ({ kind: 'file', path, size: content, modified: null, executable: false, blob: null } as const)
  const rowsBetween = (before: Version, after: Version) =>
    [...new Set([...before.keys(), ...after.keys()])]
      .filter(path => before.get(path) !== after.get(path))
      .map(path => ({ path, from: null, before: entry(path, before.get(path)), after: entry(path, after.get(path)) }))

  const path = fc.constantFrom('/a', '/b', '/p/a', '/p/b', '/p/q/a', '/p/q/b', '/p/q/r/a', '/z/a')
  const edits = fc.array(fc.tuple(path, fc.option(fc.nat(3), { nil: undefined })), { maxLength: 6 })

  test('stands at the version that it was taken from, and the rest where it stood, whatever comes later', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(edits, fc.array(fc.nat(7), { maxLength: 4 })), { maxLength: 6 }), rounds => {
        const versions: Version[] = [
          new Map([
            ['/a', 9],
            ['/p/a', 9],
            ['/p/q/b', 9],
          ]),
        ]
        let kept = new Map(versions[0])
        let standing = new Standing(0, [])
        for (const [changes, ticks] of rounds) {
          const next = new Map(versions.at(-1))
          for (const [path, content] of changes) {
            if (content === undefined) next.delete(path)
            else next.set(path, content)
          }
          const to = versions.push(next) - 1
          const rows = rowsBetween(kept, next)
          const ticked = new Set(rows.filter((_, index) => ticks.includes(index)))
          if (ticked.size === 0 || ticked.size === rows.length) continue
          kept = new Map(kept)
          for (const { path } of ticked) {
            const content = next.get(path)
            if (content === undefined) kept.delete(path)
            else kept.set(path, content)
          }
          standing = new Standing(0, choose(standing, rows, ticked, to))
          for (const path of new Set(versions.flatMap(version => [...version.keys()])))
            expect([path, versions[standing.lengthOf(path)]!.get(path)]).toEqual([path, kept.get(path)])
          const lengths = standing.lengths
          expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b))
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('takes few lines, and what is in the way goes along', () => {
    const paths = ['/a', '/p/a', '/p/q/a', '/p/q/b']
    expect(linesOf(paths, [])).toEqual(['/'])
    expect(linesOf(['/p/q/a', '/p/q/b', '/a'], ['/p/a'])).toEqual(['/p/q/', '/a'])
    const row = (path: string, before: number | undefined, after: number | undefined, from: string | null = null) => ({
      path,
      from,
      before: entry(path, before),
      after: entry(path, after),
    })
    const rows = [
      row('/f', 1, undefined),
      row('/f/a', undefined, 2),
      row('/d/a', 1, undefined),
      row('/d', undefined, 3),
    ]
    const pathsTaken = (...ticked: readonly string[]) => [...taken(rows, ticked)].map(({ path }) => path).sort()
    expect(pathsTaken('/f/a')).toEqual(['/f', '/f/a'])
    expect(pathsTaken('/f')).toEqual(['/f'])
    expect(pathsTaken('/d')).toEqual(['/d', '/d/a'])
    expect(pathsTaken('/f/')).toEqual(['/f', '/f/a'])
    expect(pathsTaken('/')).toHaveLength(4)
    // A file that was renamed away is in the way under its name before.
    expect([...taken([row('/new', 1, 1, '/x'), row('/x/a', undefined, 1)], ['/x/a'])]).toHaveLength(2)
  })
})
