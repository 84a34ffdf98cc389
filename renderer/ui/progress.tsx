/** How far something is. Where that is not known it says so by moving, and says nothing false. */
import { Progress } from '@base-ui/react/progress'
import type { ReactElement } from 'react'
import { cx } from './class-names.ts'

type ProgressProps = {
  readonly label: string
  /** 0 to 1; null: not known. */
  readonly value: number | null
  readonly tone?: 'accent' | 'muted' | 'good' | 'bad'
  readonly className?: string
}

const tones = { accent: 'bg-accent', muted: 'bg-faint', good: 'bg-good', bad: 'bg-bad' }

export function ProgressBar({ label, value, tone = 'accent', className }: ProgressProps): ReactElement {
  const share = value === null ? null : Math.min(1, Math.max(0, value))
  return (
    <Progress.Root
      aria-label={label}
      value={share === null ? null : Math.floor(share * 100)}
      className={cx('min-w-0', className)}
    >
      <Progress.Track className="relative block h-1.5 overflow-hidden rounded-full bg-pressed">
        {share === null ? (
          <span className={cx('sway absolute inset-y-0 left-0 w-1/4 rounded-full', tones[tone])} />
        ) : (
          <span
            className={cx('absolute inset-y-0 left-0 rounded-full transition-[width] duration-200', tones[tone])}
            style={{ width: `${share * 100}%`, minWidth: share > 0 ? 3 : 0 }}
          />
        )}
      </Progress.Track>
    </Progress.Root>
  )
}

/** The same as a ring, where there is no room for a bar. The words beside it say the same. */
export function ProgressRing({ value }: { readonly value: number }): ReactElement {
  const round = 2 * Math.PI * 6
  return (
    <svg width={14} height={14} viewBox="0 0 16 16" aria-hidden className="shrink-0 -rotate-90">
      <circle cx="8" cy="8" r="6" fill="none" strokeWidth="2.5" className="stroke-pressed" />
      <circle
        cx="8"
        cy="8"
        r="6"
        fill="none"
        strokeWidth="2.5"
        strokeLinecap="round"
        className="stroke-accent"
        strokeDasharray={`${Math.max(0.04, Math.min(1, value)) * round} ${round}`}
      />
    </svg>
  )
}
