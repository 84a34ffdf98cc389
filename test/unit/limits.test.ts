/** Limits as arithmetic: what may pass in any stretch of time, and whose turn it is. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseArguments } from '../../main/cli/arguments.ts'
import { parseTimes, sayTimes } from '../../main/cli/week.ts'
import { limitsAt } from '../../main/network/limits.ts'
import { Bucket, FairQueue, type Waiter } from '../../main/network/bucket.ts'
import type { Limits, ScheduledRates } from '../../preload/contract/models.ts'
import { offeredTimes } from '../../renderer/features/settings/offered-times.ts'

const HOLDS = 0.1

describe('a bucket', () => {
  const rates = fc.integer({ min: 1000, max: 50_000_000 })
  /** Steps of the clock in milliseconds, some of them backwards, and how large the next answer is. */
  const steps = fc.array(
    fc.record({
      step: fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: -5000, max: 60_000 })),
      bytes: fc.integer({ min: 1, max: 1 << 20 }),
    }),
    { minLength: 1, maxLength: 120 },
  )

  test('lets no more pass in any stretch of time than its rate, what it holds, and one answer', () => {
    fc.assert(
      fc.property(rates, steps, (rate, given) => {
        let now = 0
        let latest = 0
        const bucket = new Bucket(rate, now)
        const passed: { at: number; bytes: number }[] = []
        for (const { step, bytes } of given) {
          now += step
          latest = Math.max(latest, now)
          // As much as it gives, in pieces of one size.
          for (let turns = 0; turns < 50 && bucket.open(now); turns++) {
            bucket.pay(bytes, now)
            passed.push({ at: latest, bytes })
          }
        }
        for (let first = 0; first < passed.length; first++) {
          let sum = 0
          let largest = 0
          for (let last = first; last < passed.length; last++) {
            sum += passed[last]!.bytes
            largest = Math.max(largest, passed[last]!.bytes)
            const seconds = (passed[last]!.at - passed[first]!.at) / 1000
            if (sum > rate * (seconds + HOLDS) + largest + 1) expect.fail(`${sum} bytes in ${seconds} s at ${rate}`)
          }
        }
      }),
    )
  })

  test('is open again when it said, and not long before', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 1 << 24 }), fc.boolean(), (rate, bytes, small) => {
        const bucket = new Bucket(rate, 0)
        bucket.pay(bytes, 0, small)
        const wait = bucket.wait(0, small)
        if (wait > 2) expect(bucket.open(wait - 2, small)).toBe(false)
        expect(bucket.open(wait, small)).toBe(true)
      }),
    )
  })

  test('uses its rate up: whoever always wants something gets nearly all of it', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 20_000, max: 1 << 18 }), (rate, bytes) => {
        const bucket = new Bucket(rate, 0)
        let sum = 0
        let now = 0
        while (now < 20_000) {
          const wait = bucket.wait(now)
          if (wait > 0) now += wait
          else {
            bucket.pay(bytes, now)
            sum += bytes
          }
        }
        expect(sum).toBeGreaterThan(rate * 20 * 0.95 - bytes)
        expect(sum).toBeLessThanOrEqual(rate * (20 + HOLDS) + bytes + rate * 0.01)
      }),
      { numRuns: 20 },
    )
  })

  test('lets small things pass while a large one is paid off, and has them paid as well', () => {
    const bucket = new Bucket(50_000, 0)
    bucket.pay(300_000, 0)
    expect(bucket.open(0)).toBe(false)
    let small = 0
    for (let now = 0; now < 10_000; now += 10)
      while (bucket.open(now, true) && !bucket.open(now)) {
        bucket.pay(500, now, true)
        small += 500
      }
    expect(small).toBeGreaterThan(40_000)
    // All together: what it held, ten seconds, and the one large answer.
    expect(small).toBeLessThan(10 * 50_000)
    expect(bucket.wait(5000)).toBe(0)
  })

  test('a limit that is set, changed and taken away holds from then on', () => {
    const bucket = new Bucket(Number.POSITIVE_INFINITY, 0)
    bucket.pay(1e12, 0)
    expect(bucket.open(0)).toBe(true)
    bucket.setRate(1000, 0)
    expect(bucket.open(0)).toBe(true)
    bucket.pay(10_100, 0)
    expect(bucket.open(9000)).toBe(false)
    bucket.setRate(1_000_000, 9000)
    expect(bucket.open(9010)).toBe(true)
    bucket.pay(1e9, 9010)
    bucket.setRate(Number.POSITIVE_INFINITY, 9020)
    expect(bucket.open(9020)).toBe(true)
  })
})

describe('a schedule', () => {
  const at = (day: number, hour: number, minute = 0) => new Date(2026, 1, 1 + day, hour, minute)
  const usual = { down: 5e6, up: 1e6, connections: 64 }
  const weekdays = { days: [1, 2, 3, 4, 5], from: 9 * 60, to: 17 * 60, down: 1e6, up: 1e5 }
  const nights = { days: [5, 6], from: 22 * 60, to: 6 * 60, down: null, up: null }
  const limits = { ...usual, schedule: [weekdays, nights] }

  test('holds at its times, from its first minute to the one before its last', () => {
    const scheduled = { down: 1e6, up: 1e5, scheduled: true }
    expect(limitsAt(limits, at(1, 8, 59))).toEqual({ down: 5e6, up: 1e6, scheduled: false })
    expect(limitsAt(limits, at(1, 9))).toEqual(scheduled)
    expect(limitsAt(limits, at(5, 16, 59))).toEqual(scheduled)
    expect(limitsAt(limits, at(5, 17)).scheduled).toBe(false)
    expect(limitsAt(limits, at(0, 12)).scheduled).toBe(false)
  })

  test('goes on across midnight, and from the end of the week to its beginning', () => {
    const free = { down: null, up: null, scheduled: true }
    expect(limitsAt(limits, at(5, 22))).toEqual(free)
    expect(limitsAt(limits, at(6, 5, 59))).toEqual(free)
    expect(limitsAt(limits, at(7, 5, 59))).toEqual(free)
    expect(limitsAt(limits, at(7, 6)).scheduled).toBe(false)
    expect(limitsAt(limits, at(5, 5)).scheduled).toBe(false)
    const always = { ...usual, schedule: [{ ...nights, days: [0, 1, 2, 3, 4, 5, 6], from: 600, to: 600 }] }
    for (let hour = 0; hour < 24; hour++) expect(limitsAt(always, at(3, hour)).scheduled).toBe(true)
  })
})

describe('times of the week', () => {
  test('are read as people write them, and written so that they can be read', () => {
    expect(parseTimes('weekdays 9:00-17:00')).toEqual({ days: [1, 2, 3, 4, 5], from: 540, to: 1020 })
    expect(parseTimes('Fri,Sat 22:00 - 6:30')).toEqual({ days: [5, 6], from: 1320, to: 390 })
    expect(parseTimes('sat-mon 00:00-24:00')).toEqual({ days: [0, 1, 6], from: 0, to: 0 })
    for (const wrong of [
      '',
      '9:00-17:00',
      'weekdays',
      'weekdays 9-17',
      'weekdays 9:60-10:00',
      'x 1:00-2:00',
      'daily 25:00-1:00',
    ])
      expect(parseTimes(wrong)).toBeNull()
    const days = fc.uniqueArray(fc.nat(6), { minLength: 1 }).map(list => [...list].sort())
    fc.assert(
      fc.property(days, fc.nat(1439), fc.nat(1439), (days, from, to) => {
        expect(parseTimes(sayTimes({ days, from, to }))).toEqual({ days, from, to })
      }),
    )
  })
})

test('the command line takes rates, times and a pause of everything, and says what it does not understand', () => {
  const parse = (...args: readonly string[]) =>
    parseArguments([...args, '--storage', '/s', '--bootstrap', '127.0.0.1:1'], {})
  expect(parse('limits', '--up', '1.5MB', '--down', 'any', '--at', 'weekends 8:00-20:00')).toMatchObject({
    up: 1_500_000,
    down: 'any',
    at: { days: [0, 6], from: 480, to: 1200 },
    link: null,
  })
  expect(parse('pause', '--all')).toMatchObject({ name: 'pause', target: null })
  for (const wrong of [
    ['limits', '--up', '9kB'],
    ['limits', '--up', 'fast'],
    ['limits', '--at', 'someday 9:00-10:00', '--up', '1MB'],
    ['limits', '--at', 'daily 9:00-10:00'],
    ['limits', '--connections', '0'],
    ['pause'],
    ['resume', 'LINK', '--all'],
  ])
    expect(() => parse(...wrong)).toThrow()
})

describe('turns', () => {
  type Member = Waiter & { readonly name: string }
  const member = (name: string, group: object, rank = 0): Member => ({
    name,
    group,
    rank: () => rank,
    ready: () => true,
  })

  test('of peers are fair whatever the sizes, and of one peer its archives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 6,
        }),
        groups => {
          const queue = new FairQueue<Member & { readonly size: number }>('of all')
          const had = new Map<object, number>()
          let largest = 0
          for (const [index, sizes] of groups.entries()) {
            const group = { index }
            had.set(group, 0)
            for (const [place, size] of sizes.entries()) {
              queue.add({ ...member(`${index}/${place}`, group), size })
              largest = Math.max(largest, size)
            }
          }
          const own = new Map<string, number>()
          for (let turn = 0; turn < 400; turn++) {
            const one = queue.next()!
            queue.charge(one, one.size)
            had.set(one.group, had.get(one.group)! + one.size)
            own.set(one.name, (own.get(one.name) ?? 0) + one.size)
          }
          const amounts = [...had.values()]
          expect(Math.max(...amounts) - Math.min(...amounts)).toBeLessThanOrEqual(largest)
          for (const [index, sizes] of groups.entries()) {
            const ofGroup = sizes.map((_, place) => own.get(`${index}/${place}`) ?? 0)
            expect(Math.max(...ofGroup) - Math.min(...ofGroup)).toBeLessThanOrEqual(largest)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('are not saved up by whoever was away', () => {
    const [early, late] = [member('early', { a: 1 }), member('late', { b: 1 })]
    const queue = new FairQueue<Member>('of all')
    queue.add(early)
    for (let turn = 0; turn < 100; turn++) queue.charge(queue.next()!, 10)
    queue.add(late)
    let turns = 0
    for (let turn = 0; turn < 10; turn++) {
      const one = queue.next()!
      queue.charge(one, 10)
      if (one === late) turns++
    }
    expect(turns).toBeGreaterThanOrEqual(4)
    expect(turns).toBeLessThanOrEqual(6)
  })

  test('go by rank first, and pass over whoever is not ready without forgetting them', () => {
    const group = {}
    let ready = false
    const [content, list] = [member('content', group, 2), { ...member('list', group, 0), ready: () => ready }]
    const queue = new FairQueue<Member>('of all')
    queue.add(content)
    queue.add(list)
    expect(queue.next()).toBe(content)
    ready = true
    queue.charge(list, 1e9)
    expect(queue.next()).toBe(list)
    queue.delete(list)
    queue.delete(content)
    expect([queue.next(), queue.size]).toEqual([null, 0])
  })

  test('go by what each has had where members rank themselves, and by rank among those of one', () => {
    const [one, other] = [{ a: 1 }, { b: 1 }]
    const [urgent, background, modest] = [
      member('urgent', one, 0),
      member('background', one, 2),
      member('modest', other, 2),
    ]
    const queue = new FairQueue<Member>('of its group')
    for (const each of [background, urgent, modest]) queue.add(each)
    const had = new Map<Member, number>()
    for (let turn = 0; turn < 100; turn++) {
      const next = queue.next()!
      queue.charge(next, 10)
      had.set(next, (had.get(next) ?? 0) + 1)
    }
    expect([had.get(urgent), had.get(background), had.get(modest)]).toEqual([50, undefined, 50])
  })
})

describe('a schedule where the clock is changed', () => {
  const at = (text: string) => new Date(text)
  const limits = (from: number, to: number) => ({
    down: null,
    up: null,
    schedule: [{ days: [0], from, to, down: 10_000, up: 10_000 }],
    connections: 64,
  })
  beforeEach(() => void vi.stubEnv('TZ', 'Europe/Berlin'))
  afterEach(() => void vi.unstubAllEnvs())

  test('goes by what the clock shows: an hour that is skipped is skipped, and one that comes twice counts twice', () => {
    const holds = (from: number, to: number, instant: string) => limitsAt(limits(from, to), at(instant)).scheduled
    // On Sunday, 29 March 2026, three o'clock comes after one minute to two.
    expect(at('2026-03-29T01:00:00Z').getHours()).toBe(3)
    expect(holds(150, 210, '2026-03-29T00:59:00Z')).toBe(false)
    expect(holds(150, 210, '2026-03-29T01:00:00Z')).toBe(true)
    expect(holds(150, 210, '2026-03-29T01:30:00Z')).toBe(false)
    // One that goes on over midnight ends when the clock shows its end.
    expect(holds(22 * 60, 6 * 60, '2026-03-29T20:00:00Z')).toBe(true)
    expect(holds(22 * 60, 6 * 60, '2026-03-30T03:59:00Z')).toBe(true)
    expect(holds(22 * 60, 6 * 60, '2026-03-30T04:00:00Z')).toBe(false)
    // On Sunday, 25 October, what follows one minute to three is two o'clock.
    for (const [instant, wanted] of [
      ['2026-10-25T00:29:00Z', false],
      ['2026-10-25T00:30:00Z', true],
      ['2026-10-25T01:00:00Z', false],
      ['2026-10-25T01:30:00Z', true],
      ['2026-10-25T02:30:00Z', false],
    ] as const)
      expect(holds(150, 210, instant)).toBe(wanted)
  })
})

test('further limits are offered at hours that have none yet, until the week is full', () => {
  const schedule: ScheduledRates[] = []
  for (let times = offeredTimes(schedule); times !== null; times = offeredTimes(schedule)) {
    // Each minute of the week once: nothing is offered twice.
    schedule.push({ ...times, down: null, up: null })
    expect(schedule.length).toBeLessThan(20)
  }
  const minutes = new Map<number, number>()
  for (const { days, from, to } of schedule)
    for (const day of days)
      for (let minute = from; minute < (to <= from ? to + 1440 : to); minute++) {
        const at = (day * 1440 + minute) % (7 * 1440)
        minutes.set(at, (minutes.get(at) ?? 0) + 1)
      }
  expect([minutes.size, Math.max(...minutes.values())]).toEqual([7 * 1440, 1])
  // A day that was taken out of one set is offered by itself, behind all that is whole.
  const friday = schedule.map((times, index) => (index === 0 ? { ...times, days: [1, 2, 3, 4] } : times))
  expect(offeredTimes(friday)).toEqual({ days: [5], from: 540, to: 1020 })
  // The person's own hours count, whatever they are, and none is offered that would never hold.
  const always = { days: [0, 1, 2, 3, 4, 5, 6], from: 480, to: 480, down: null, up: null }
  expect(offeredTimes([always])).toBe(null)
  const later = schedule.map((times, index) => (index === 0 ? { ...times, from: 600 } : times))
  expect(offeredTimes(later)).toEqual({ days: [1], from: 540, to: 600 })
  const days = fc.uniqueArray(fc.nat(6), { minLength: 1 })
  const some = fc.record({ days, from: fc.nat(1439), to: fc.nat(1439) })
  fc.assert(
    fc.property(fc.array(some, { maxLength: 6 }), own => {
      const offered = offeredTimes(own)
      const rates = (down: number) => ({ down, up: null })
      const limits: Limits = {
        ...rates(0),
        connections: 64,
        schedule: [
          ...own.map(one => ({ ...one, ...rates(1) })),
          ...(offered === null ? [] : [{ ...offered, ...rates(2) }]),
        ],
      }
      const held = new Set<number | null>()
      // January 2023 began on a Sunday, and no clock is changed in it.
      for (let minute = 0; minute < 7 * 1440; minute++) held.add(limitsAt(limits, new Date(2023, 0, 1, 0, minute)).down)
      expect(held.has(2)).toBe(offered !== null)
      if (offered === null) expect(held.has(0)).toBe(false)
    }),
    { numRuns: 20 },
  )
})
