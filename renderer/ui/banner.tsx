/** A sentence across the top of a view that says what is special about it, with what can be done. */
import { AlertTriangle, CircleAlert, Info } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { cx } from './class-names.ts'

type BannerProps = {
  readonly tone: 'plain' | 'accent' | 'warn' | 'bad'
  readonly icon?: ReactNode
  readonly title: ReactNode
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

const tones = {
  plain: 'bg-sunken text-ink',
  accent: 'bg-accent-soft text-accent-text',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
}

export function Banner({ tone, icon, title, children, actions }: BannerProps): ReactElement {
  const standard =
    tone === 'bad' ? <CircleAlert size={16} /> : tone === 'warn' ? <AlertTriangle size={16} /> : <Info size={16} />
  return (
    <div
      className={cx('flex shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-2', tones[tone])}
    >
      <span className="shrink-0 self-start pt-0.5" aria-hidden>
        {icon ?? standard}
      </span>
      <div className="min-w-48 flex-1">
        <div className="font-medium">{title}</div>
        {children && <div className="text-ink/85">{children}</div>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2 text-ink">{actions}</div>}
    </div>
  )
}
