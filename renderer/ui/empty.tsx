/** What stands where nothing is yet: one sentence that says why, and the next step. */
import type { ReactElement, ReactNode } from 'react'

type EmptyStateProps = {
  readonly icon: ReactNode
  readonly title: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

export function EmptyState({ icon, title, children, actions }: EmptyStateProps): ReactElement {
  return (
    <div className="grid min-h-0 flex-1 place-items-center overflow-y-auto p-6">
      <div className="flex max-w-110 flex-col items-center gap-2 text-center">
        <div className="mb-2 text-faint" aria-hidden>
          {icon}
        </div>
        <h2 className="text-lg font-semibold text-balance">{title}</h2>
        {children && <div className="text-md text-muted text-pretty">{children}</div>}
        {actions && <div className="mt-3 flex flex-wrap justify-center gap-2">{actions}</div>}
      </div>
    </div>
  )
}
