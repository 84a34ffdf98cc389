/** A word or a number that stands for a state. The words carry the meaning; the colour only repeats it. */
import type { ReactElement, ReactNode } from 'react'
import { cx } from './class-names.ts'

export type Tone = 'plain' | 'accent' | 'good' | 'warn' | 'bad'

export const toneClasses: Record<Tone, string> = {
  plain: 'bg-hover text-muted',
  accent: 'bg-accent-soft text-accent-text',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
}

type BadgeProps = {
  readonly tone?: Tone
  readonly icon?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}

export function Badge({ tone = 'plain', icon, children, className }: BadgeProps): ReactElement {
  return (
    <span
      className={cx(
        'tabular inline-flex h-5 min-w-5 shrink-0 items-center justify-center gap-1 rounded-full px-1.5 text-xs font-medium whitespace-nowrap',
        toneClasses[tone],
        className,
      )}
    >
      {icon}
      {children}
    </span>
  )
}
