/** The mark of Cairn: three stones. */
import type { ReactElement } from 'react'

export function Logo({ size = 20 }: { readonly size?: number }): ReactElement {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden className="shrink-0">
      <rect x="2.5" y="21.5" width="27" height="8.5" rx="4.25" className="fill-muted" />
      <rect x="6" y="12" width="19.5" height="8" rx="4" className="fill-accent" />
      <rect x="11" y="3.5" width="10.5" height="7" rx="3.5" className="fill-faint" />
    </svg>
  )
}
