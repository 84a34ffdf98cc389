/** Long jobs: what is being added, downloaded and kept, with true progress. They go on when the page is closed. */
import {
  ArrowDownToLine,
  ArrowUpFromLine,
  FolderSync,
  HardDrive,
  History,
  type LucideIcon,
  Pause,
  Play,
  X,
} from 'lucide-react'
import type { ReactElement } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { Skipped, SkipReason, TransferRow } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import { explainSerialized } from '../../errors.ts'
import { pauseArchive, pauseEverything, reveal } from '../../stores/commands.ts'
import { transferIsOver, transfers, useArchive, useSettings, useTransfers } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { sayTransfer, shareOf } from '../../stores/words.ts'
import { canReveal } from '../../shell.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { EmptyState } from '../../ui/empty.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, exactly, number, percent, rate } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { ProgressBar } from '../../ui/progress.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Details } from '../../ui/toasts.tsx'
import { ViewHeader } from '../../ui/view.tsx'
import { useStore } from 'zustand'

export function Transfers(): ReactElement {
  const rows = useTransfers()
  const live = useLive()
  const status = useStore(transfers, state => state.status)
  const running = rows.filter(row => !transferIsOver(row))
  const ended = rows.filter(transferIsOver)
  const speed = running.reduce((sum, row) => sum + row.rate, 0)
  return (
    <>
      <ViewHeader
        title="Transfers"
        under={
          running.length === 0
            ? 'Nothing is running'
            : `${count(running.length, 'transfer')}${live && speed > 0 ? `, ${rate(speed)}` : ''}`
        }
        actions={
          ended.length > 0 && (
            <Button onClick={() => attempt(() => backend.transfers.clear())}>Clear {number(ended.length)} ended</Button>
          )
        }
      />
      {status === 'connecting' ? (
        <SkeletonRows rows={3} />
      ) : rows.length === 0 ? (
        <EmptyState icon={<FolderSync size={40} strokeWidth={1.25} />} title="No transfers">
          What you publish, download and keep shows here while it is on its way, and goes on when this page is closed.
        </EmptyState>
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-6 narrow:px-5">
          <ul className="flex flex-col gap-2.5 pt-1">
            {rows.map(row => (
              <Transfer key={row.id} row={row} />
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

function look(kind: TransferRow['kind']): {
  readonly Icon: LucideIcon
  readonly word: string
  /** Before the folder that it writes to or reads from. */
  readonly where: string
} {
  switch (kind) {
    case 'import':
      return { Icon: ArrowUpFromLine, word: 'Adding', where: 'From' }
    case 'download':
      return { Icon: ArrowDownToLine, word: 'Downloading', where: 'To' }
    case 'keep':
      return { Icon: HardDrive, word: 'Keeping', where: 'In' }
    case 'folder':
      return { Icon: FolderSync, word: 'Keeping in a folder', where: 'In' }
    case 'restore':
      return { Icon: History, word: 'Restoring', where: 'To' }
    default:
      return assertNever(kind)
  }
}

function Transfer({ row }: { readonly row: TransferRow }): ReactElement {
  const { Icon, word, where } = look(row.kind)
  const over = transferIsOver(row)
  const live = useLive()
  const archive = useArchive(row.key)
  const share = shareOf(row)
  const title = plainName(row.title)
  const pausedArchive = archive?.paused === true
  const allPaused = useSettings()?.paused === true
  const said = sayTransfer(row, live, allPaused ? 'all' : pausedArchive ? 'archive' : null)
  // Before anything is counted there is nothing to tell.
  const isCounted = over || row.files > 0 || row.bytes > 0 || row.ofFiles !== null || row.ofBytes !== null
  const amounts = [
    row.ofFiles === null ? count(row.files, 'file') : `${number(row.files)} of ${count(row.ofFiles, 'file')}`,
    row.ofBytes === null
      ? bytes(row.bytes)
      : row.bytes >= row.ofBytes
        ? bytes(row.ofBytes)
        : `${bytes(row.bytes)} of ${bytes(row.ofBytes)}`,
    live && row.state.name === 'running' && row.rate > 0 ? rate(row.rate) : '',
  ].filter(Boolean)
  const tone = row.state.name === 'running' ? 'accent' : 'muted'
  return (
    <li aria-label={`${word} ${title}`} className="rounded-lg border border-line bg-raised p-3 shadow-card">
      <div className="flex items-start gap-3">
        <Icon
          size={18}
          strokeWidth={1.75}
          aria-hidden
          className={cx('mt-0.5 shrink-0', over ? 'text-faint' : 'text-accent')}
        />
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-baseline gap-x-2">
            <button
              type="button"
              className="flex max-w-full min-w-0 rounded-sm font-semibold hover:underline"
              onClick={() => ui.openArchive(row.key)}
            >
              <FileName name={row.title} />
            </button>
            <span className="text-muted" title={row.endedAt === null ? undefined : exactly(row.endedAt)}>
              {over ? said : `${word} · ${said}`}
            </span>
          </div>
          {!over && (
            <div className="my-1.5 flex items-center gap-3">
              <ProgressBar
                label={`${word} ${title}`}
                value={row.state.name === 'running' || share !== null ? share : 0}
                tone={tone}
                className="flex-1"
              />
              <span className="tabular w-10 text-right text-sm text-muted">
                {share === null ? '' : percent(share, 1)}
              </span>
            </div>
          )}
          <p className="tabular flex min-h-4 flex-wrap gap-x-3 text-sm text-muted">
            {isCounted && amounts.map(amount => <span key={amount}>{amount}</span>)}
          </p>
          {row.folder !== null && (
            <p className="flex min-w-0 gap-1 text-sm text-muted">
              {where} <FileName name={row.folder} />
            </p>
          )}
          {!over && row.current !== null && (
            <p className="flex min-w-0 gap-1 text-sm text-muted">
              Now: <FileName name={row.current} />
            </p>
          )}
          {row.state.name === 'waiting-for-peers' && allPaused && (
            <Button size="small" className="mt-1.5" onClick={() => pauseEverything(false)}>
              Go on with everything
            </Button>
          )}
          {row.state.name === 'waiting-for-peers' && !allPaused && archive !== undefined && pausedArchive && (
            <Button size="small" className="mt-1.5" onClick={() => pauseArchive(archive, false)}>
              Go on with the archive
            </Button>
          )}
          {row.state.name === 'failed' && <Failure error={row.state.error} />}
          {row.skippedCount > 0 && <SkippedList skipped={row.skipped} total={row.skippedCount} />}
        </div>
        <Controls row={row} title={title} over={over} />
      </div>
    </li>
  )
}

function Controls({
  row,
  title,
  over,
}: {
  readonly row: TransferRow
  readonly title: string
  readonly over: boolean
}): ReactElement {
  const paused = row.state.name === 'paused'
  const failed = row.state.name === 'failed'
  // What is here of it stays, and only what is looked at is fetched from then on.
  const isKept = row.kind === 'keep' || row.kind === 'folder'
  const { folder } = row
  return (
    <div className="flex shrink-0 items-center gap-0.5">
      {canReveal && folder !== null && (
        <Button size="small" onClick={() => reveal(folder)}>
          Show
        </Button>
      )}
      {!over && !paused && (
        <IconButton label={`Pause ${title}`} onClick={() => attempt(() => backend.transfers.pause({ id: row.id }))}>
          <Pause size={16} aria-hidden className="fill-current" strokeWidth={0.5} />
        </IconButton>
      )}
      {(paused || failed) && (
        <IconButton
          label={`${paused ? 'Go on with' : 'Try again:'} ${title}`}
          onClick={() => attempt(() => backend.transfers.resume({ id: row.id }))}
        >
          <Play size={16} aria-hidden className="fill-current" strokeWidth={0.5} />
        </IconButton>
      )}
      {!over && (
        <IconButton
          label={isKept ? `Stop keeping ${title}` : `Cancel ${title}`}
          onClick={() => attempt(() => backend.transfers.cancel({ id: row.id }))}
        >
          <X size={16} aria-hidden />
        </IconButton>
      )}
    </div>
  )
}

function Failure({ error }: { readonly error: Parameters<typeof explainSerialized>[0] }): ReactElement | null {
  const said = explainSerialized(error)
  if (said === null) return null
  return (
    <div className="mt-2 rounded-md bg-bad-soft px-3 py-2">
      <p className="font-medium text-bad">{said.title}</p>
      <p>
        {said.text} {said.next}
      </p>
      <Details text={said.details} />
    </div>
  )
}

function SkippedList({
  skipped,
  total,
}: {
  readonly skipped: readonly Skipped[]
  readonly total: number
}): ReactElement {
  return (
    <details className="mt-2">
      <summary className="w-fit rounded-sm py-0.5 font-medium text-warn select-none hover:underline">
        {count(total, 'entry', 'entries')} left out
      </summary>
      <ul className="mt-1 flex max-h-60 flex-col gap-1 overflow-y-auto rounded-md bg-sunken p-2">
        {skipped.map(item => (
          <li key={`${item.path} ${item.reason}`} className="text-sm">
            <FileName name={item.path} whole />
            <span className="text-muted">
              {' '}
              – {sayReason(item.reason)}
              {item.detail && ` (${plainName(item.detail)})`}
            </span>
          </li>
        ))}
        {total > skipped.length && <li className="text-sm text-muted">and {number(total - skipped.length)} more</li>}
      </ul>
    </details>
  )
}

function sayReason(reason: SkipReason): string {
  switch (reason) {
    case 'unreadable':
      return 'cannot be read'
    case 'changing':
      return 'was changing while it was read'
    case 'not-a-file':
      return 'is neither a file nor a folder'
    case 'name-not-utf8':
      return 'its name is not valid text'
    case 'name-not-allowed':
      return 'its name is not possible on this machine'
    case 'name-collides':
      return 'another entry has the same name here'
    case 'too-deep':
      return 'lies too deep'
    case 'link-outside':
      return 'is a link that points outside'
    case 'link-not-supported':
      return 'is a link, which is not possible here'
    case 'exists':
      return 'a file of yours stands in its place'
    case 'left-out':
      return 'the rules of the archive leave it out, or it looks private'
    case 'under-a-link':
      return 'lies under a link'
    case 'not-available':
      return 'nobody who is connected has it'
    case 'vanished':
      return 'vanished before it was read'
    default:
      return assertNever(reason)
  }
}
