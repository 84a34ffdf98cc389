/** Whether an entry is on this device, and with whom else. A picture whose shape differs, with words for those who do not see it. */
import { CircleCheck, CircleDashed, CircleDot } from 'lucide-react'
import type { ReactElement } from 'react'
import type { Entry, Held } from '../../../preload/contract/models.ts'
import { sayHeldBy } from '../../stores/availability-words.ts'
import { cx } from '../../ui/class-names.ts'

export const heldWords = {
  all: { short: 'here', long: 'On this device', fact: 'All of it' },
  some: { short: 'partly here', long: 'Partly on this device', fact: 'A part of it' },
  none: {
    short: 'with peers',
    long: 'Not on this device: fetched when you open it',
    fact: 'Not yet: it is fetched when you open it',
  },
} as const

const icons = { all: CircleCheck, some: CircleDot, none: CircleDashed } as const
const colours = { all: 'text-good', some: 'text-accent', none: 'text-faint' } as const

export function HeldMark({ held }: { readonly held: Entry['held'] }): ReactElement | null {
  if (held === null) return null
  const Icon = icons[held]
  const { long } = heldWords[held]
  return (
    <span title={long} className="flex items-center text-muted">
      <Icon size={14} aria-hidden className={colours[held]} />
      <span className="sr-only">{long}</span>
    </span>
  )
}

type HeldByProps = {
  /** null: no mark. */
  readonly held: Entry['held']
  /** Nothing is known of others without it. */
  readonly by: Held | undefined
}

/** In a list: the mark, and in words who has it. Narrow windows have room for the mark alone. */
export function HeldBy({ held, by }: HeldByProps): ReactElement | null {
  if (held === null && by === undefined) return null
  const Icon = held === null ? null : icons[held]
  const { short, long } = by === undefined ? heldWords[held ?? 'none'] : sayHeldBy(by, held === 'some')
  return (
    <span title={long} className="flex min-w-0 items-center gap-1.5 text-muted">
      {Icon !== null && held !== null && <Icon size={14} aria-hidden className={cx('shrink-0', colours[held])} />}
      <span className="truncate text-sm max-narrow:sr-only">{short}</span>
    </span>
  )
}
