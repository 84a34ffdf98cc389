/** The shape of what is on its way. */
import type { ReactElement } from 'react'
import { cx } from './class-names.ts'

export function Skeleton({ className }: { readonly className?: string }): ReactElement {
  return <span aria-hidden data-skeleton className={cx('breathe block h-3 rounded bg-pressed', className)} />
}

export function SkeletonRows({ rows = 8 }: { readonly rows?: number }): ReactElement {
  const widths = ['w-2/5', 'w-1/3', 'w-1/2', 'w-1/4', 'w-3/8']
  return (
    <div aria-hidden className="flex flex-col gap-0.5 p-2">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={row} className="flex h-8 items-center gap-3 px-2">
          <Skeleton className="size-4" />
          <Skeleton className={widths[row % widths.length]} />
          <Skeleton className="ml-auto w-12" />
        </div>
      ))}
    </div>
  )
}
