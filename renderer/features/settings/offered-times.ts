/** At which hours a further set of limits is offered to begin with. Pure. */
import type { ScheduledRates } from '../../../preload/contract/models.ts'

type Times = Pick<ScheduledRates, 'days' | 'from' | 'to'>

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
 * The first part of the week that nobody has limits for, or the days that are left of one. null: all of them have, and a further
 * set would never hold, since the first that covers a moment does.
 */
export function offeredTimes(schedule: readonly Times[]): Times | null {
  const left = PARTS.map(part => ({
    ...part,
    days: part.days.filter(
      day => !schedule.some(({ days, from, to }) => from === part.from && to === part.to && days.includes(day)),
    ),
  }))
  const whole = left.find(({ days }, index) => days.length === PARTS[index]?.days.length)
  return whole ?? left.find(({ days }) => days.length > 0) ?? null
}
