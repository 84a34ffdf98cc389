/** At which hours a further set of limits is offered to begin with. Pure. */
import type { ScheduledRates } from '../../../preload/contract/models.ts'

type Times = Pick<ScheduledRates, 'days' | 'from' | 'to'>

/** In minutes, from the beginning of Sunday on. */
const DAY = 24 * 60
const WEEK = 7 * DAY

const WORK = [1, 2, 3, 4, 5] as const
const WEEKEND = [0, 6] as const

/** The hours that people are at work, the evenings, the nights, the days without work, and what is left of the week. */
const PARTS: readonly Times[] = [
  { days: WORK, from: 9 * 60, to: 17 * 60 },
  { days: WORK, from: 17 * 60, to: 22 * 60 },
  { days: [0, 1, 2, 3, 4, 5, 6], from: 22 * 60, to: 6 * 60 },
  { days: WEEKEND, from: 9 * 60, to: 17 * 60 },
  { days: WEEKEND, from: 17 * 60, to: 22 * 60 },
  { days: WORK, from: 6 * 60, to: 9 * 60 },
  { days: WEEKEND, from: 6 * 60, to: 9 * 60 },
]

/**
 * The first part of the week at which nobody has limits yet, or the days that are left of one, or else the first hours of which
 * a part is left. null: every minute has limits, and a further set would never hold, since the first that covers a moment does.
 */
export function offeredTimes(schedule: readonly Times[]): Times | null {
  const taken = new Set(schedule.flatMap(times => times.days.flatMap(day => minutesOf(times, day))))
  const left = PARTS.map(part => ({
    ...part,
    days: part.days.filter(day => minutesOf(part, day).every(minute => !taken.has(minute))),
  }))
  const whole = left.find(({ days }, index) => days.length === PARTS[index]?.days.length)
  return whole ?? left.find(({ days }) => days.length > 0) ?? firstLeft(taken)
}

/** As `limitsAt` of the backend has it: one that ends at or before the minute in which it begins goes on until the next day. */
const minutesOf = ({ from, to }: Times, day: number): readonly number[] =>
  Array.from({ length: to > from ? to - from : to + DAY - from }, (_, minute) => (day * DAY + from + minute) % WEEK)

/** The first minutes in a row, of one day, that are not among these. */
function firstLeft(taken: ReadonlySet<number>): Times | null {
  const minutes = Array.from({ length: WEEK }, (_, minute) => minute)
  const first = minutes.find(minute => !taken.has(minute))
  if (first === undefined) return null
  const midnight = first - (first % DAY) + DAY
  const end = minutes.find(minute => minute > first && minute < midnight && taken.has(minute)) ?? midnight
  return { days: [Math.floor(first / DAY)], from: first % DAY, to: end % DAY }
}
