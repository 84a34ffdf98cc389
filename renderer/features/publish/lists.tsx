/** The folds and lists that the sheets of publishing are made of. */
import type { ReactElement, ReactNode } from 'react'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { number } from '../../ui/format.ts'

type FoldProps = {
  readonly title: string
  readonly icon?: ReactNode
  readonly open?: boolean
  readonly children: ReactNode
}

export function Fold({ title, icon, open = false, children }: FoldProps): ReactElement {
  return (
    <details open={open} className="group border-t border-line py-1 last:border-b">
      <summary className="flex min-h-7 items-center gap-2 rounded-md font-medium select-none">
        <span aria-hidden className="text-muted transition-transform duration-100 group-open:rotate-90">
          ›
        </span>
        {title}
        {icon && (
          <span aria-hidden className="text-muted">
            {icon}
          </span>
        )}
      </summary>
      <div className="pt-1 pb-2 pl-4">{children}</div>
    </details>
  )
}

type Row = { readonly path: string; readonly note: string }
const ROWS = 200

type RowsProps = {
  readonly label: string
  readonly rows: readonly Row[]
  readonly total: number
  readonly className?: string
}

/** Paths with a remark each. Long lists scroll in a box of their own, which the keyboard reaches. */
export function Rows({ label, rows, total, className }: RowsProps): ReactElement {
  const some = rows.slice(0, ROWS)
  const more = total - some.length
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard
    <div tabIndex={0} role="group" aria-label={label} className={cx('max-h-36 overflow-y-auto rounded-md', className)}>
      <ul>
        {some.map((row, index) => (
          <li key={`${index} ${row.path}`} className="flex min-w-0 flex-wrap items-baseline gap-x-3 py-0.5">
            <FileName name={shown(row.path)} className="flex-1 basis-40" />
            <span className="max-w-full text-sm text-muted [overflow-wrap:anywhere]">{row.note}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="py-1 text-muted">and {number(more)} more</p>}
    </div>
  )
}

export const shown = (path: string): string => path.replace(/^\//, '')
