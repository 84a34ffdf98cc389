/** Whether an archive will be there, in words. */
import { expect, test } from 'vitest'
import type { Availability, AvailabilitySummary, Verdict } from '../../preload/contract/models.ts'
import { isOnlyHere, sayHeldBy, sayShort, sayStanding } from '../../renderer/stores/availability-words.ts'

const now = Date.UTC(2026, 4, 1, 12)
const HOUR = 3_600_000
const row = { ownership: 'yours', files: 300, paused: false } as const
const safe: Verdict = { name: 'safe', others: 3 }
const alone: Verdict = { name: 'only-here', others: 0, files: 300, bytes: 2e9 }
type Known = AvailabilitySummary & Pick<Availability, 'asOf' | 'unheard'>
const summary = (change: Partial<Known>): Known => ({
  id: 'key',
  now: safe,
  remembered: safe,
  connected: 3,
  away: 0,
  lastContact: null,
  asOf: now - 4000,
  unheard: 0,
  ...change,
})
const title = (change: Partial<Known>) => sayStanding(summary(change), row, now).title

test('what is so now', () => {
  expect(title({})).toBe('Safe to close: 3 others hold all of it')
  expect(title({ now: { name: 'safe', others: 1 } })).toBe('Safe to close: one other holds all of it')
  expect(title({ now: { name: 'spread', others: 2, times: 1, withThis: 2 } })).toBe(
    'Safe to close: 2 others hold parts, and between them everything at least once',
  )
  expect(title({ now: { name: 'only-here', others: 2, files: 212, bytes: 1.4e9 } })).toBe(
    'Only you hold 212 files (1.4 GB); 2 others hold the rest',
  )
  expect(title({ now: alone, connected: 0 })).toBe('Only you hold this archive: 300 files (2 GB)')
  const onlyHere = { files: 2, bytes: 1000 }
  expect(title({ now: { name: 'missing', others: 1, files: 3, bytes: 5e6, onlyHere } })).toBe(
    'Nobody who is here now has 3 files (5 MB), and only you hold 2 files (1 kB)',
  )
  expect(title({ now: { name: 'unknown' } })).toBe('Who holds what is not known yet')
})

test('nobody is connected: what was seen last is said as that, with its time, and is no reason to close', () => {
  const said = sayStanding(summary({ now: alone, connected: 0, away: 3, lastContact: now - 3 * HOUR }), row, now)
  expect(said.title).toBe('Nobody is connected. When they were seen last, 3 others held all of it')
  expect(said.asOf).toBe('The last contact was 3 hours ago.')
  expect(said.title + said.next).not.toMatch(/safe/i)
  const mixed = sayStanding(summary({ now: alone, connected: 1, away: 1, lastContact: now - HOUR }), row, now)
  expect(mixed.title).toMatch(/^Only you hold/)
  expect(mixed.asOf).toMatch(/Counting those who are away, 3 others held all of it; one was seen 1 hour ago\.$/)
})

test('what is not known yet is not claimed, and what was counted has its time', () => {
  const said = (change: Partial<Known>) => sayStanding(summary(change), row, now)
  const some: Verdict = { name: 'only-here', others: 1, files: 2, bytes: 1000 }
  expect(said({ now: some, unheard: 1 })).toMatchObject({
    title: 'As far as is known, only you hold 2 files (1 kB); one other holds the rest',
    asOf: 'As of now. What others hold is what they say of themselves. 1 of the 3 who are connected has not said yet what it holds, and counts as holding nothing.',
  })
  expect(said({ now: alone, connected: 1, unheard: 1 }).asOf).toMatch(/The one who is connected has not said yet/)
  expect(said({ now: alone, connected: 2, unheard: 2 }).asOf).toMatch(/The 2 who are connected have not said yet/)
  // More than is known cannot be less safe.
  expect(said({ unheard: 1 }).title).toBe('Safe to close: 3 others hold all of it')
  expect(said({ asOf: now - 180_000 }).asOf).toMatch(/^As of 3 minutes ago: what has changed since is being counted\./)
})

test('the next step fits who can do something', () => {
  const next = (change: Partial<Known>, ownership: 'yours' | 'friends') =>
    sayStanding(summary(change), { ...row, ownership }, now).next
  expect(next({ now: alone, connected: 0 }, 'yours')).toMatch(/send the link, or ask a friend/)
  expect(next({ now: alone }, 'friends')).toMatch(/ask its author or a friend/)
  expect(next({}, 'yours')).toBe('')
})

test('the library marks what is yours and nobody else ever held', () => {
  const own = { ownership: 'yours' } as const
  expect(isOnlyHere(summary({ now: alone, remembered: alone, connected: 0 }), own)).toBe(true)
  expect(isOnlyHere(summary({ now: alone, remembered: safe, connected: 0, away: 1 }), own)).toBe(false)
  expect(isOnlyHere(summary({ now: alone, remembered: alone }), { ownership: 'friends' })).toBe(false)
  expect(isOnlyHere(undefined, own)).toBe(false)
  expect(sayShort(summary({}))).toBe('3 others hold all of it')
  expect(sayShort(summary({ connected: 0, away: 1 }))).toBe('3 others held all of it')
})

test('who holds a file, in a column', () => {
  const held = (others: number, here: boolean) =>
    sayHeldBy({ path: '/a', others, here, files: 1, alone: others === 0 ? 1 : 0 })
  expect([held(0, true), held(2, true), held(1, false), held(0, false)].map(({ short }) => short)).toEqual([
    'only you',
    'you + 2',
    '1 other',
    'nobody now',
  ])
  const folder = sayHeldBy({ path: '/f', others: 0, here: true, files: 20, alone: 3 })
  expect(folder.long).toMatch(/3 of 20 files/)
})
