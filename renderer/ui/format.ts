/** Numbers, sizes and times as people read them, in the locale of their browser. */

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const
const sizeFormats = units.map(
  unit =>
    new Intl.NumberFormat(undefined, {
      style: 'unit',
      unit,
      unitDisplay: unit === 'byte' ? 'long' : 'short',
      maximumFractionDigits: 1,
    }),
)
const wholeFormats = units.map(
  unit => new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 }),
)

/** `1.2 MB`, `340 kB`, `12 bytes`. One digit behind the point below 100, none above. */
export function bytes(amount: number): string {
  let value = Math.max(0, amount)
  let unit = 0
  // 999.95 kB would be written as 1,000 kB: go on to the next unit before that.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const format = unit === 0 || value < 99.95 ? sizeFormats[unit] : wholeFormats[unit]
  return format?.format(unit === 0 ? Math.round(value) : value) ?? String(amount)
}

export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`

const whole = new Intl.NumberFormat()
export const number = (value: number): string => whole.format(value)

/** `1 file`, `1,204 files`. */
export const count = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`

const percentFormat = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 })
/** Never 100% before it is all there, and never 0% once something is. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return percentFormat.format(0)
  const share = Math.min(1, Math.max(0, part / whole))
  if (share > 0 && share < 0.01) return `<${percentFormat.format(0.01)}`
  return percentFormat.format(share < 1 ? Math.floor(share * 100) / 100 : 1)
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'long' })
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `5 minutes ago`. A clock that was turned back never makes an age negative. */
export function ago(time: number, now = Date.now()): string {
  const age = Math.max(0, now - time)
  if (age < 45_000) return 'just now'
  if (age < HOUR) return relative.format(-Math.max(1, Math.round(age / MINUTE)), 'minute')
  if (age < DAY) return relative.format(-Math.round(age / HOUR), 'hour')
  if (age < 14 * DAY) return relative.format(-Math.round(age / DAY), 'day')
  return date(time)
}

/** `2:40`, `1:05:09`: as players write it. */
export function playingTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (part: number) => String(part).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

const durationUnits = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const

/** `2 min`, `1 hr 5 min`: the two largest units at most. */
export function duration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds))
  const parts: string[] = []
  for (const [size, unit] of durationUnits) {
    const amount = Math.floor(rest / size)
    if (amount === 0 && !(size === 1 && parts.length === 0)) {
      if (parts.length > 0) break
      continue
    }
    rest -= amount * size
    parts.push(new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'short' }).format(amount))
    if (parts.length === 2 || (unit === 'minute' && amount >= 2)) break
  }
  return parts.join(' ')
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const yearFormat = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
})

/** Times that no calendar can show are said to be unknown instead of throwing. */
const showable = (time: number) => Number.isFinite(time) && Math.abs(time) <= 8.64e15
export const date = (time: number): string => (showable(time) ? dateFormat.format(time) : 'unknown')
export const clock = (time: number): string => (showable(time) ? timeFormat.format(time) : 'unknown')
export const moment = (time: number): string => (showable(time) ? momentFormat.format(time) : 'unknown')
export const exactly = (time: number): string => (showable(time) ? exactFormat.format(time) : 'unknown')

/** One string per calendar day, for grouping. */
export const dayOf = (time: number): string => {
  const day = new Date(time)
  return `${day.getFullYear()}-${day.getMonth()}-${day.getDate()}`
}

/** `Today`, `Yesterday`, `Monday, 3 March`. */
export function day(time: number, now = Date.now()): string {
  if (!showable(time)) return 'unknown'
  const start = (value: number) => new Date(value).setHours(0, 0, 0, 0)
  const days = Math.round((start(now) - start(time)) / DAY)
  if (days === 0 || days === 1) {
    const word = relative.format(-days, 'day')
    return word.charAt(0).toLocaleUpperCase() + word.slice(1)
  }
  return new Date(time).getFullYear() === new Date(now).getFullYear() ? dayFormat.format(time) : yearFormat.format(time)
}
