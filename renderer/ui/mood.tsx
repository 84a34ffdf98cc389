/** A mark for a state. Its shape differs as much as its colour; the words beside it or its label say the rest. */
import { TriangleAlert } from 'lucide-react'
import type { ReactElement } from 'react'
import { cx } from './class-names.ts'

type MoodDotProps = { readonly mood: 'good' | 'quiet' | 'busy' | 'warn' | 'bad'; readonly label?: string }

export function MoodDot({ mood, label }: MoodDotProps): ReactElement {
  const named = label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label }
  if (mood === 'warn' || mood === 'bad') {
    return (
      <span
        {...named}
        className={cx('grid size-3 shrink-0 place-items-center', mood === 'warn' ? 'text-warn' : 'text-bad')}
      >
        <TriangleAlert size={12} strokeWidth={2.5} />
      </span>
    )
  }
  return (
    <span {...named} className="grid size-3 shrink-0 place-items-center">
      <span
        className={cx(
          'size-2 rounded-full',
          mood === 'good' && 'bg-good',
          mood === 'quiet' && 'border-[1.5px] border-faint',
          mood === 'busy' && 'breathe bg-accent',
        )}
      />
    </span>
  )
}
