/** Times of the week as people write them: `weekdays 9:00-17:00`, `fri,sat 22:00-6:00`, `daily 1:00-7:00`. Pure. */
import type { ScheduledRates } from '../../preload/contract/models.ts'

type Times = Pick<ScheduledRates, 'days' | 'from' | 'to'>

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const GROUPS: Readonly<Record<string, readonly number[]>> = {
  daily: [0, 1, 2, 3, 4, 5, 6],
  weekdays: [1, 2, 3, 4, 5],
  weekends: [0, 6],
}

/** null: it is not understood. */
export function parseTimes(text: string): Times | null {
  const match = /^\s*([a-z,-]+)\s+(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*$/i.exec(text)
  if (match === null) return null
  const [, words = '', ...numbers] = match
  const days = daysOf(words.toLowerCase())
  const [hour, minute, toHour, toMinute] = numbers.map(Number) as [number, number, number, number]
  // 24:00 is the midnight at the end of the day.
  const [from, to] = [hour * 60 + minute, toHour === 24 && toMinute === 0 ? 0 : toHour * 60 + toMinute]
  if (days === null || minute > 59 || toMinute > 59 || from > 1439 || to > 1439) return null
  return { days, from, to }
}

export const sayTimes = ({ days, from, to }: Times): string => `${sayDays(days)} ${clock(from)}-${clock(to)}`

function daysOf(words: string): readonly number[] | null {
  const group = GROUPS[words]
  if (group !== undefined) return group
  const days = new Set<number>()
  for (const part of words.split(',')) {
    const [first, last = first] = part.split('-').map(day => DAYS.indexOf(day.slice(0, 3) as (typeof DAYS)[number]))
    if (first === undefined || last === undefined || first < 0 || last < 0) return null
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === last) break
    }
  }
  return [...days].sort()
}

function sayDays(days: readonly number[]): string {
  const same = (group: readonly number[]) => group.length === days.length && group.every(day => days.includes(day))
  const name = Object.entries(GROUPS).find(([, group]) => same(group))?.[0]
  return name ?? days.map(day => DAYS[day] ?? '').join(',')
}

const clock = (minute: number) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`
