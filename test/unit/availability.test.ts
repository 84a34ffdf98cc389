/** Who has what, as a model: against counts that are made in the simplest way. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Wish } from '../../main/availability/agreement.ts'
import {
  type Claim,
  decodeRanges,
  decodeWish,
  decodeWord,
  encodeRanges,
  encodeWish,
  encodeWord,
  hear,
  type Heard,
  MOST_CLAIMED,
  SILENCE,
  type Word,
  wordFrom,
} from '../../main/availability/gossip.ts'
import { Files, type Placed } from '../../main/availability/files.ts'
import {
  addWhole,
  barOf,
  Counts,
  Finders,
  Folding,
  holdsAll,
  judge,
  older,
  othersOf,
  partOf,
  versionHeld,
} from '../../main/availability/holdings.ts'
import {
  areSame,
  bounded,
  contains,
  countOf,
  covered,
  type Ranges,
  rangesOf,
  union,
  upTo,
  within,
} from '../../main/lib/ranges.ts'

const BLOCKS = 60
const runs = fc
  .array(fc.tuple(fc.nat(BLOCKS - 1), fc.integer({ min: 1, max: 12 })), { maxLength: 8 })
  .map(pairs => rangesOf(pairs.map(([start, length]) => ({ start, end: Math.min(BLOCKS, start + length) }))))
const setOf = (ranges: Ranges) =>
  new Set(ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index)))
const VERSIONS = 5
const holding = fc.record({ version: fc.nat(VERSIONS), content: runs })
const placed: fc.Arbitrary<Placed> = fc.record({
  path: fc.string().map(name => `/${name}`),
  size: fc.nat(1000),
  since: fc.integer({ min: 1, max: VERSIONS }),
  // Of most it is one run; of those that say it with a map it may be several.
  places: fc
    .array(fc.tuple(fc.nat(BLOCKS - 1), fc.integer({ min: 1, max: 9 })), { maxLength: 2 })
    .map(pairs => rangesOf(pairs.map(([start, length]) => ({ start, end: Math.min(BLOCKS, start + length) })))),
})
const manyPlaced = fc.uniqueArray(placed, { maxLength: 12, selector: ({ path }) => path })

test('sets of runs are sets', () => {
  fc.assert(
    fc.property(runs, runs, (one, other) => {
      expect(setOf(union(one, other))).toEqual(new Set([...setOf(one), ...setOf(other)]))
      expect(areSame(union(one, other), rangesOf([...one, ...other]))).toBe(true)
      const few = bounded(one, 2)
      expect(few.length).toBeLessThanOrEqual(2)
      expect(within(few, one)).toEqual(few)
      const largest = one.map(({ start, end }) => end - start).sort((a, b) => b - a)
      expect(countOf(few)).toBe(largest.slice(0, 2).reduce((sum, size) => sum + size, 0))
      expect(setOf(upTo(one, 20))).toEqual(new Set([...setOf(one)].filter(block => block < 20)))
      for (const run of other) expect(contains(one, run)).toBe([...setOf([run])].every(block => setOf(one).has(block)))
    }),
  )
})

test('counts by block, by file and of all agree with naive ones', () => {
  fc.assert(
    fc.property(fc.array(holding, { maxLength: 5 }), holding, manyPlaced, (others, here, files) => {
      const sets = others.map(({ content }) => setOf(content))
      const mine = setOf(here.content)
      const countAt = (block: number) => sets.filter(set => set.has(block)).length
      const finders = new Finders(others)
      const counts = new Counts(others.map(({ content }) => content))
      const folding = new Folding(others, here)
      const naive = { onlyHere: 0, missing: 0, here: 0, bytes: 0, byOthers: new Map<number, number>() }
      let [least, leastWithThis] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      for (const file of files) {
        const blocks = [...setOf(file.places)]
        // Whoever has an earlier list does not find what came later, and finds everything else.
        const finding = others.filter(({ version }) => version >= file.since).length
        const count = Math.min(finding, ...blocks.map(countAt))
        const isHere = here.version >= file.since && blocks.every(block => mine.has(block))
        expect(othersOf(file, counts, finders)).toBe(count)
        expect(holdsAll(here, file)).toBe(isHere)
        naive.byOthers.set(count, (naive.byOthers.get(count) ?? 0) + 1)
        if (isHere) naive.here++
        if (count === 0) naive[isHere ? 'onlyHere' : 'missing']++
        if (count === 0 && isHere) naive.bytes += file.size
        least = Math.min(least, count)
        leastWithThis = Math.min(leastWithThis, count + Number(isHere))
      }
      const columns = Files.of(files)
      folding.add(columns)
      const fold = folding.result
      others.forEach((other, which) => {
        const whole = files.filter(({ places, since }) =>
          places.length === 0
            ? other.version >= since
            : [...setOf(rangesOf(places))].every(block => sets[which]!.has(block)),
        )
        const tally = { files: whole.length, bytes: whole.reduce((sum, { size }) => sum + size, 0) }
        expect(addWhole({ files: 0, bytes: 0 }, other, columns, 0, columns.length)).toEqual(tally)
      })
      expect([fold.total.files, fold.here.files]).toEqual([files.length, naive.here])
      expect([fold.onlyHere.files, fold.missing.files]).toEqual([naive.onlyHere, naive.missing])
      expect(fold.onlyHere.bytes).toBe(naive.bytes)
      expect([fold.least, fold.leastWithThis]).toEqual([least, leastWithThis])
      fold.byOthers.forEach((number, count) => expect(number).toBe(naive.byOthers.get(count) ?? 0))
      const all = [{ start: 0, end: BLOCKS }]
      for (const { start, end, count } of counts.runs(all))
        for (let block = start; block < end; block++) expect(countAt(block)).toBe(count)
      const twice = Array.from({ length: BLOCKS }, (_, block) => block).filter(block => countAt(block) >= 2)
      expect([...setOf(counts.atLeast(2, all))]).toEqual(twice)
      const newest = rangesOf(files.flatMap(({ places }) => places))
      const rest = older(BLOCKS, newest, rangesOf(others.flatMap(({ content }) => content)), here.content)
      expect(rest.blocks).toBe(BLOCKS - countOf(newest))
      const lonely = Array.from({ length: BLOCKS }, (_, block) => block).filter(
        block => !setOf(newest).has(block) && countAt(block) === 0,
      )
      expect(rest.onlyHere).toBe(lonely.filter(block => mine.has(block)).length)
      expect(rest.missing).toBe(lonely.filter(block => !mine.has(block)).length)
    }),
  )
})

test('files in columns are the files, as they come and as they are changed', () => {
  const byPath = (files: Iterable<Placed>) => new Map([...files].map(file => [file.path, file]))
  const inOrder = (files: ReadonlyMap<string, Placed>) =>
    [...files.values()].sort((one, other) => (one.path < other.path ? -1 : 1))
  const rowsOf = (files: Files) => Array.from({ length: files.length }, (_, index) => files.at(index))
  fc.assert(
    fc.property(manyPlaced, manyPlaced, fc.infiniteStream(fc.boolean()), (before, news, coins) => {
      const columns = Files.of(before)
      const rows = inOrder(byPath(before))
      expect(rowsOf(columns)).toEqual(rows)
      rows.forEach(({ path }, index) => expect(columns.indexOf(path)).toBe(index))
      const { starts, ends } = columns.columns
      const single = before.filter(({ places }) => places.length === 1).flatMap(({ places }) => places)
      if (columns.columns.scattered.size === 0) expect(covered(starts, ends)).toEqual(rangesOf(single))
      // Some are put, some of them in the place of others, and some go.
      const changes = new Map<string, Placed | null>(news.map(file => [file.path, file]))
      for (const { path } of before) if (coins.next().value === true) changes.set(path, null)
      const after = byPath(before)
      for (const [path, file] of changes)
        if (file === null) after.delete(path)
        else after.set(path, file)
      expect(rowsOf(columns.with(changes))).toEqual(inOrder(after))
    }),
  )
})

test('a bar says of each part what is true of its blocks', () => {
  fc.assert(
    fc.property(
      runs,
      fc.array(runs, { maxLength: 4 }),
      runs,
      fc.integer({ min: 1, max: 70 }),
      (places, others, here, most) => {
        const bar = barOf(places, new Counts(others), here, most)
        const blocks = [...setOf(places)]
        const size = Math.min(most, blocks.length)
        expect([bar.least.length, bar.mean.length, bar.here.length]).toEqual([size, size, size])
        for (let bucket = 0; bucket < size; bucket++) {
          const edge = (index: number) => Math.floor((index * blocks.length) / size)
          const part = blocks.slice(edge(bucket), edge(bucket + 1))
          expect(partOf(places, bucket, most)).toEqual({ start: part[0], end: part.at(-1)! + 1 })
          const counts = part.map(block => others.filter(one => setOf(one).has(block)).length)
          expect(bar.least[bucket]).toBe(Math.min(...counts))
          expect(bar.mean[bucket]).toBeCloseTo(counts.reduce((sum, count) => sum + count, 0) / part.length, 1)
          expect(bar.here[bucket]).toBeCloseTo(part.filter(block => setOf(here).has(block)).length / part.length, 1)
        }
        expect(partOf(places, size, most)).toBeNull()
      },
    ),
  )
})

test('the sentence', () => {
  const all = { version: 3, content: [{ start: 0, end: 4 }] }
  const half = (start: number) => ({ version: 3, content: [{ start, end: start + 2 }] })
  const none = { version: 0, content: [] }
  const files: readonly Placed[] = [
    { path: '/a', size: 10, places: [{ start: 0, end: 2 }], since: 2 },
    { path: '/b', size: 20, places: [{ start: 2, end: 4 }], since: 3 },
  ]
  const say = (others: readonly (typeof all)[], here: typeof all) => {
    const folding = new Folding(others, here)
    folding.add(Files.of(files))
    const whole = others.filter(({ content }) => countOf(content) === 4).length
    return judge(folding.result, { whole, some: others.filter(({ content }) => content.length > 0).length })
  }
  expect(say([all, half(0)], none)).toEqual({ name: 'safe', others: 1 })
  expect(say([half(0), half(2), half(2)], half(0))).toEqual({ name: 'spread', others: 3, times: 1, withThis: 2 })
  expect(say([half(0)], all)).toEqual({ name: 'only-here', others: 1, files: 1, bytes: 20 })
  expect(say([], all)).toEqual({ name: 'only-here', others: 0, files: 2, bytes: 30 })
  const missing = { name: 'missing', others: 0, files: 1, bytes: 20, onlyHere: { files: 1, bytes: 10 } }
  expect(say([none], half(0))).toEqual(missing)
  // Content without a list, of which nobody would know what it is.
  expect(say([{ ...all, version: 0 }], all).name).not.toBe('spread')
  // Who has the list as it was before the last file came holds what was there already.
  expect(say([{ version: 2, content: [{ start: 0, end: 2 }] }], all)).toEqual({
    name: 'only-here',
    others: 1,
    files: 1,
    bytes: 20,
  })
})

test('which version somebody holds whose list is not the newest', () => {
  const held = (end: number, length: number, versions: readonly number[] = []) =>
    versionHeld({ length, ranges: end === 0 ? [] : [{ start: 0, end }] }, 20, versions)
  expect([held(20, 20), held(25, 25), held(0, 20)]).toEqual([20, 20, 0])
  // It has heard of no later one.
  expect([held(12, 12), held(12, 12, [5])]).toEqual([12, 12])
  // It is fetching the newest: what has come of it may lie in the midst of a batch.
  expect([held(15, 20), held(15, 20, [5, 12, 18]), held(12, 20, [5, 12, 18])]).toEqual([0, 12, 12])
  expect(versionHeld({ length: 20, ranges: [{ start: 1, end: 20 }] }, 20, [12])).toBe(0)
})

const word: fc.Arbitrary<Word> = fc.record({
  log: fc.constantFrom('list' as const, 'content' as const),
  number: fc.nat(),
  whole: fc.boolean(),
  fork: fc.nat(),
  length: fc.nat(2 ** 28),
  gained: runs,
  lost: runs,
})

test('what is said is understood, and nothing else', () => {
  fc.assert(fc.property(word, one => void expect(decodeWord(encodeWord(one))).toEqual(one)))
  const wish: fc.Arbitrary<Wish> = fc.oneof(
    fc.record({
      kind: fc.constant('asks' as const),
      round: fc.nat(),
      fork: fc.nat(),
      ranges: runs,
      question: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => Buffer.from(bytes)),
    }),
    fc.record({
      kind: fc.constant('promises' as const),
      round: fc.nat(),
      busy: fc.boolean(),
      ranges: runs,
      answer: fc.uint8Array({ maxLength: 32 }).map(bytes => Buffer.from(bytes)),
    }),
  )
  fc.assert(fc.property(wish, one => void expect(decodeWish(encodeWish(one))).toEqual(one)))
  fc.assert(fc.property(runs, ranges => void expect(decodeRanges(encodeRanges(ranges))).toEqual(ranges)))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      let said: Word
      try {
        said = decodeWord(bytes)
      } catch {
        return
      }
      for (const ranges of [said.gained, said.lost]) expect(areSame(rangesOf(ranges), ranges)).toBe(true)
      expect(said.length).toBeLessThanOrEqual(2 ** 28)
    }),
  )
})

test('what somebody says who means no good is bounded: what is believed, and what waits', () => {
  const gained = Array.from({ length: MOST_CLAIMED + 10 }, (_, index) => ({ start: 2 * index, end: 2 * index + 1 }))
  const said: Word = { log: 'content', number: 0, whole: true, fork: 0, length: 2 ** 28, gained, lost: gained }
  expect(hear(SILENCE, said).claim?.ranges.length).toBe(MOST_CLAIMED)
  let heard = SILENCE
  for (let number = 1; number < 1000; number++)
    heard = hear(heard, { ...said, number, whole: false, gained: gained.slice(0, 500), lost: [] })
  const waiting = [...heard.waiting.values()].reduce((sum, { gained }) => sum + gained.length, 0)
  expect(waiting).toBeGreaterThan(0)
  expect(waiting).toBeLessThanOrEqual(MOST_CLAIMED)
})

test('what several machines say in several sessions comes to the same in whatever order it is heard, and twice', () => {
  const states = fc.array(fc.record({ fork: fc.nat(1), length: fc.integer({ min: 1, max: BLOCKS }), ranges: runs }), {
    minLength: 1,
    maxLength: 8,
  })
  const sessions = fc.array(fc.tuple(fc.nat(2), states), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(sessions, fc.infiniteStream(fc.nat()), (all, numbers) => {
      const said = all.flatMap(([machine, claims], session) => {
        let before: Claim | null = null
        let number = 0
        return claims.flatMap(claim => {
          const now = { ...claim, ranges: within(claim.ranges, [{ start: 0, end: claim.length }]) }
          const next = wordFrom('content', before, now, number)
          before = now
          if (next === null) return []
          number++
          return [{ id: `${machine} ${session}`, word: decodeWord(encodeWord(next)) }]
        })
      })
      const heardIn = (order: typeof said) => {
        const heard = new Map<string, Heard>()
        for (const { id, word } of order) heard.set(id, hear(heard.get(id) ?? SILENCE, word))
        return new Map([...heard].map(([id, { claim }]) => [id, claim] as const).sort())
      }
      const inOrder = heardIn(said)
      all.forEach(([machine, claims], session) => {
        const last = claims.at(-1)!
        const ranges = within(last.ranges, [{ start: 0, end: last.length }])
        expect(inOrder.get(`${machine} ${session}`)).toEqual({ ...last, ranges })
      })
      const mixed = [...said, ...said]
        .map(one => ({ one, turn: numbers.next().value as number }))
        .sort((a, b) => a.turn - b.turn)
        .map(({ one }) => one)
      expect(heardIn(mixed)).toEqual(inOrder)
    }),
  )
})
