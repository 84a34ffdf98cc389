/** Where nobody has chosen anything yet: the first steps, or everything in the library at a glance. */
import { FileCheck2, FolderUp, Link2, Plus } from 'lucide-react'
import { type ReactElement, useId } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { useSummary } from '../../stores/availability.ts'
import { sayShort } from '../../stores/availability-words.ts'
import { titleOf, useArchives, useMirrorStatus } from '../../stores/mirrors.ts'
import { ui } from '../../stores/ui.ts'
import { useSaid } from '../../stores/said.ts'
import { sayNews } from '../../stores/words.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { ago, bytes, count, percent } from '../../ui/format.ts'
import { Logo } from '../../ui/logo.tsx'
import { useNow } from '../../ui/media.ts'
import { MoodDot } from '../../ui/mood.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ViewHeader } from '../../ui/view.tsx'

export function Home(): ReactElement {
  const status = useMirrorStatus()
  const yours = useArchives('yours')
  const friends = useArchives('friends')
  const rows = [...yours, ...friends]
  const fresh = friends.filter(isFresh)
  const others = friends.filter(row => !isFresh(row))
  if (status === 'connecting') {
    return (
      <>
        <ViewHeader title="Library" />
        <SkeletonRows rows={5} />
      </>
    )
  }
  if (rows.length === 0) return <Welcome />
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

function Welcome(): ReactElement {
  return (
    <>
      <ViewHeader title={<span className="sr-only">Welcome to Cairn</span>} />
      <div className="grid min-h-0 flex-1 place-items-center overflow-y-auto p-6">
        <div className="flex w-full max-w-150 flex-col items-center gap-6 pb-10 text-center">
          <div className="flex flex-col items-center gap-3">
            <Logo size={56} />
            <p className="text-xl font-semibold text-balance">Share a folder with the people you know</p>
            <p className="max-w-110 text-md text-pretty text-muted">
              Your files go straight from your machine to theirs. There is no server in between: an archive stays up as
              long as somebody holds it.
            </p>
          </div>
          <div className="grid w-full gap-3 narrow:grid-cols-2">
            <Step
              icon={<FolderUp size={20} />}
              title="Publish a folder"
              text="Drop it anywhere on this window. You see what becomes public before anything does."
            >
              <Button kind="primary" icon={<Plus size={16} aria-hidden />} onClick={() => ui.publish()}>
                Publish…
              </Button>
            </Step>
            <Step
              icon={<Link2 size={20} />}
              title="Open a friend’s link"
              text="Paste it anywhere on this window. You look around at once, and take what you want."
            >
              <Button
                onClick={() => {
                  ui.toggleLibrary(true)
                  requestAnimationFrame(() => document.getElementById('open-link')?.focus())
                }}
              >
                Open a link
              </Button>
            </Step>
          </div>
          <CheckReceipt />
        </div>
      </div>
    </>
  )
}

/** For who was given a file, and need not have an archive. */
const CheckReceipt = (): ReactElement => (
  <Button kind="quiet" icon={<FileCheck2 size={14} aria-hidden />} onClick={() => ui.show('receipt')}>
    Check a receipt…
  </Button>
)

type StepProps = {
  readonly icon: ReactElement
  readonly title: string
  readonly text: string
  readonly children: ReactElement
}

function Step({ icon, title, text, children }: StepProps): ReactElement {
  return (
    <section className="flex flex-col items-center gap-1.5 rounded-xl border border-line bg-raised px-5 py-6 shadow-card">
      <span className="mb-1 text-accent-text" aria-hidden>
        {icon}
      </span>
      <h2 className="text-md font-semibold">{title}</h2>
      <p className="mb-3 flex-1 text-pretty text-muted">{text}</p>
      {children}
    </section>
  )
}
