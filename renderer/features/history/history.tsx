/** What changed, newest first, by day. Every version can be opened, looked around in, and linked to. */
import { History as HistoryIcon } from 'lucide-react'
import { type ReactElement, useEffect, useLayoutEffect, useRef } from 'react'
import type { ArchiveRow, Changeset } from '../../../preload/contract/models.ts'
import { explain } from '../../errors.ts'
import { usePlace } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty.tsx'
import { day, dayOf } from '../../ui/format.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Details } from '../../ui/toasts.tsx'
import { Changesets } from './changeset.tsx'
import { ComparisonView } from './comparison.tsx'
import { closeComparison, turnTo } from './comparison-place.ts'
import { News } from './news.tsx'
import { useHistory } from './use-history.ts'

type HistoryProps = { readonly row: ArchiveRow; readonly seenBefore: number }

export function History({ row, seenBefore }: HistoryProps): ReactElement {
  const place = usePlace()
  const archive = place.view === 'archive' ? place : null
  const comparison = archive?.comparison ?? null
  const isOpen = comparison !== null
  const opener = useRef<HTMLElement | null>(null)
  useLayoutEffect(() => {
    if (!isOpen) return
    opener.current = document.activeElement instanceof HTMLElement ? document.activeElement : null
  }, [isOpen])
  useEffect(() => {
    if (!isOpen) opener.current?.focus()
  }, [isOpen])
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {/* It stays as it is below, with what was opened in it and where it was scrolled to. */}
      <div className="flex min-h-0 flex-1 flex-col" inert={isOpen}>
        <Timeline row={row} seenBefore={seenBefore} />
      </div>
      {archive !== null && comparison !== null && (
        <ComparisonView
          row={row}
          comparison={comparison}
          onTurn={path => turnTo(archive, { ...comparison, path })}
          onClose={() => closeComparison(archive)}
        />
      )}
    </div>
  )
}

function Timeline({ row, seenBefore }: HistoryProps): ReactElement {
  const { changesets, before, status, error, busy, more, again } = useHistory(row)
  if (status === 'loading') return <SkeletonRows rows={6} />
  if (status === 'failed') {
    const said = explain(error)
    return (
      <EmptyState
        icon={<HistoryIcon size={40} strokeWidth={1.25} />}
        title={said?.title ?? 'The changes were not read'}
        actions={<Button onClick={again}>Try again</Button>}
      >
        <p>
          {said?.text} {said?.next}
        </p>
        {said && <Details text={said.details} />}
      </EmptyState>
    )
  }
  if (changesets.length === 0) {
    return (
      <EmptyState icon={<HistoryIcon size={40} strokeWidth={1.25} />} title="Nothing has changed yet">
        Everything that is added, changed or removed stands here, and can be looked at as it was.
      </EmptyState>
    )
  }
  const isNew = row.ownership === 'friends' && seenBefore > 0 && row.length > seenBefore
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex max-w-200 flex-col gap-6 px-3 py-4 narrow:px-6">
        {isNew && <News row={row} seenBefore={seenBefore} />}
        {byDay(changesets).map(group => (
          <section key={group.day} aria-label={group.title}>
            <h2 className="sticky top-0 z-10 -mx-1 bg-surface px-4 py-1.5 text-sm font-medium text-muted">
              {group.title}
            </h2>
            <Changesets row={row} changesets={group.changesets} />
          </section>
        ))}
        {before !== null && (
          <Button className="self-center" disabled={busy} onClick={more}>
            {busy ? 'Reading…' : 'Show earlier changes'}
          </Button>
        )}
      </div>
    </div>
  )
}

function byDay(
  changesets: readonly Changeset[],
): readonly { readonly day: string; readonly title: string; readonly changesets: readonly Changeset[] }[] {
  const groups: { day: string; title: string; changesets: Changeset[] }[] = []
  for (const changeset of changesets) {
    // A clock that jumped may bring the same day twice: the order of versions wins, and each stretch is a group of its own.
    const name = changeset.time === null ? 'unknown' : dayOf(changeset.time)
    const last = groups.at(-1)
    if (last?.day.startsWith(`${name} `)) last.changesets.push(changeset)
    else
      groups.push({
        // The same when more comes on top: what is open in it stays so.
        day: `${name} ${groups.filter(group => group.day.startsWith(`${name} `)).length}`,
        title: changeset.time === null ? 'At a time that was not recorded' : day(changeset.time),
        changesets: [changeset],
      })
  }
  return groups
}
