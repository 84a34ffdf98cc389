/** Which limits hold now: those of the schedule that begins first in the list and covers this moment, or else the usual ones. */
import type { Limits, LimitsInForce } from '../../preload/contract/models.ts'

const DAY = 24 * 60

/** `at`: by this machine's clock, as the person reads it. */
export function limitsAt({ down, up, schedule }: Limits, at: Date): LimitsInForce {
  const [day, minute] = [at.getDay(), at.getHours() * 60 + at.getMinutes()]
  for (const times of schedule)
    if (covers(times, day, minute)) return { down: times.down, up: times.up, scheduled: true }
  return { down, up, scheduled: false }
}

/** One that ends at or before the minute in which it begins goes on until the next day. */
function covers({ days, from, to }: Limits['schedule'][number], day: number, minute: number): boolean {
  const end = to > from ? to : to + DAY
  const began = (since: number) => days.includes((day - since + 7) % 7)
  return (began(0) && minute >= from && minute < end) || (began(1) && minute + DAY < end)
}
