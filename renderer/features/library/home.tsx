/** Where nobody has chosen anything yet: the first steps, or everything in the library at a glance. */
import { FileCheck2 } from 'lucide-react'
import { type ReactElement, useId } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { useSummary } from '../../stores/availability.ts'
import { sayShort } from '../../stores/availability-words.ts'
import { titleOf, useArchives, useMirrorStatus, useSettings } from '../../stores/mirrors.ts'
import { ui } from '../../stores/ui.ts'
import { useSaid } from '../../stores/said.ts'
import { sayNews } from '../../stores/words.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { ago, bytes, count, percent } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { MoodDot } from '../../ui/mood.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ViewHeader } from '../../ui/view.tsx'
import { FirstSteps, Welcome } from './first-steps.tsx'

export function Home(): ReactElement {
  const status = useMirrorStatus()
  const yours = useArchives('yours')
  const friends = useArchives('friends')
  const rows = [...yours, ...friends]
  const fresh = friends.filter(isFresh)
  const others = friends.filter(row => !isFresh(row))
  const settings = useSettings()
  if (status === 'connecting' || settings === undefined) {
    return (
      <>
        <ViewHeader title="Library" />
        <SkeletonRows rows={5} />
      </>
    )
  }
  if (rows.length === 0) return <Welcome settings={settings} also={<CheckReceipt />} />
  return (
    <>
      <ViewHeader
        title="Library"
        under={[
          yours.length > 0 && count(yours.length, 'archive of yours', 'archives of yours'),
          friends.length > 0 &&
            (yours.length > 0
              ? count(friends.length, 'of a friend', 'of friends')
              : count(friends.length, 'archive of a friend', 'archives of friends')),
        ]
          .filter(Boolean)
          .join(', ')}
        actions={<CheckReceipt />}
      />
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-6 narrow:px-5">
        {!settings.welcomed && <FirstSteps />}
        {fresh.length > 0 && <Cards title="New since you looked" rows={fresh} />}
        {yours.length > 0 && <Cards title="Yours" rows={yours} />}
        {others.length > 0 && <Cards title="Friends" rows={others} />}
      </div>
    </>
  )
}

const isFresh = (row: ArchiveRow) => sayNews(row) !== null

function Cards({ title, rows }: { readonly title: string; readonly rows: readonly ArchiveRow[] }): ReactElement {
  const id = useId()
  return (
    <section aria-labelledby={id} className="pt-3">
      <h2 id={id} className="pb-2 text-md font-semibold">
        {title}
      </h2>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(15rem,100%),1fr))] gap-2.5">
        {rows.map(row => (
          <Card key={row.id} row={row} />
        ))}
      </ul>
    </section>
  )
}

function Card({ row }: { readonly row: ArchiveRow }): ReactElement {
  const now = useNow()
  const said = useSaid(row)
  const news = sayNews(row)
  const summary = useSummary(row.id)
  const others = summary === undefined ? '' : sayShort(summary)
  const size = row.files === null || row.bytes === null ? null : `${count(row.files, 'file')}, ${bytes(row.bytes)}`
  const held =
    row.ownership === 'yours' || row.held.ofBlocks === 0
      ? null
      : row.held.blocks >= row.held.ofBlocks
        ? 'all of it here'
        : row.held.blocks === 0
          ? 'nothing of it here'
          : `${percent(row.held.blocks, row.held.ofBlocks)} here`
  return (
    <li className="min-w-0">
      <button
        type="button"
        onClick={() => ui.openArchive(row.id)}
        className="flex h-full w-full flex-col gap-1.5 rounded-lg border border-line bg-raised p-3 text-left shadow-card transition-colors hover:border-line-strong/60"
      >
        <span className="flex w-full items-center gap-2">
          <span className="min-w-0 flex-1 text-md font-semibold">
            <FileName name={titleOf(row)} />
          </span>
          {news !== null && <Badge tone="accent">{news.count === null ? 'New' : `${news.count} new`}</Badge>}
          {row.private && <Badge>Private</Badge>}
        </span>
        <span className="flex items-center gap-1.5 text-sm">
          <MoodDot mood={said.mood} />
          <span className="truncate">{said.short}</span>
        </span>
        <span className="text-sm text-muted">
          {[size, held].filter(Boolean).join(' · ') || 'Its size is not known yet'}
          {others && (
            <>
              <br />
              {others}
            </>
          )}
          <br />
          {row.changedAt === null ? `Added ${ago(row.addedAt, now)}` : `Changed ${ago(row.changedAt, now)}`}
          {news !== null && news.count !== null && `: ${news.words}`}
        </span>
      </button>
    </li>
  )
}

/** For who was given a file, and need not have an archive. */
const CheckReceipt = (): ReactElement => (
  <Button kind="quiet" icon={<FileCheck2 size={14} aria-hidden />} onClick={() => ui.show('receipt')}>
    Check a receipt…
  </Button>
)
