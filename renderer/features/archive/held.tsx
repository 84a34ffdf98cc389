/** Whether an entry is on this device. A picture whose shape differs, with words for those who do not see it. */
import { CircleCheck, CircleDashed, CircleDot } from 'lucide-react'
import type { ReactElement } from 'react'
import type { Entry } from '../../../preload/contract/models.ts'

export const heldWords = {
  all: { short: 'here', long: 'On this device', fact: 'All of it' },
  some: { short: 'partly here', long: 'Partly on this device', fact: 'A part of it' },
  none: {
    short: 'with peers',
    long: 'Not on this device: fetched when you open it',
    fact: 'Not yet: it is fetched when you open it',
  },
} as const

export function HeldMark({
  held,
  words = false,
}: {
  readonly held: Entry['held']
  readonly words?: boolean
}): ReactElement | null {
  if (held === null) return null
  const Icon = held === 'all' ? CircleCheck : held === 'some' ? CircleDot : CircleDashed
  const { short, long } = heldWords[held]
  return (
    <span title={long} className="flex items-center gap-1.5 text-muted">
      <Icon
        size={14}
        aria-hidden
        className={held === 'all' ? 'text-good' : held === 'some' ? 'text-accent' : 'text-faint'}
      />
      {words ? <span className="text-sm">{short}</span> : <span className="sr-only">{long}</span>}
    </span>
  )
}
