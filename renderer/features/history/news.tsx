/** What is new since the reader last looked, on top of the timeline. */
import type { ReactElement } from 'react'
import type { ArchiveRow, Changeset } from '../../../preload/contract/models.ts'
import { Changesets } from './changeset.tsx'
import { sum } from './counts.ts'

type NewsProps = { readonly row: ArchiveRow; readonly changesets: readonly Changeset[] }

export function News({ row, changesets }: NewsProps): ReactElement {
  return (
    <section aria-label="New since you looked" className="rounded-xl border border-accent/40 bg-accent-soft/50 p-1">
      <div className="flex flex-wrap items-center gap-2 px-3 pt-2 pb-1">
        <h2 className="flex-1 text-md font-semibold whitespace-nowrap text-accent-text">New since you looked</h2>
        <span className="text-sm text-muted">{sum(changesets)}</span>
      </div>
      <Changesets row={row} changesets={changesets} withDay />
    </section>
  )
}
