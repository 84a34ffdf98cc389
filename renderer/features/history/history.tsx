/** What changed, newest first, by day. Every version can be opened, looked around in, and linked to. */
import { ArrowRight, ChevronRight, Clock, History as HistoryIcon, Minus, Pencil, Pin, Plus } from 'lucide-react'
import { type ReactElement, useCallback, useEffect, useRef, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, ChangedFile, Changeset } from '../../../preload/contract/models.ts'
import { backend, useConnection } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { copyPinnedLink } from '../../stores/commands.ts'
import { nameOf, parentOf } from '../../stores/location.ts'
import { ui } from '../../stores/ui.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { EmptyState } from '../../ui/empty.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, clock, count, day, dayOf, exactly, number } from '../../ui/format.ts'
import { Skeleton, SkeletonRows } from '../../ui/skeleton.tsx'
import { Details } from '../../ui/toasts.tsx'

type HistoryProps = { readonly row: ArchiveRow; readonly seenBefore: number }

const PAGE = 50

type State = {
  readonly changesets: readonly Changeset[]
  /** Where the next page ends; null: that was all. */
  readonly before: number | null
  readonly status: 'loading' | 'ready' | 'failed'
  readonly error: unknown
}

const start: State = { changesets: [], before: null, status: 'loading', error: null }

/** The list as far as it was read, with what is new on top as it comes. */
function useHistory(
  row: ArchiveRow,
): State & { readonly busy: boolean; readonly more: () => void; readonly again: () => void } {
  const live = useConnection().name === 'live'
  const [state, setState] = useState<State>(start)
  const [busy, setBusy] = useState(false)
  const [turn, setTurn] = useState(0)
  const wanted = useRef(PAGE)
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again for every new version, after a loss, and on demand
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const read = async () => {
      const changesets: Changeset[] = []
      let before: number | null = null
      do {
        const page = await backend.history.list({ key: row.id, before, limit: PAGE }, { signal: stop.signal })
        changesets.push(...page.changesets)
        before = page.before
      } while (before !== null && changesets.length < wanted.current)
      setState({ changesets, before, status: 'ready', error: null })
    }
    read().catch((error: unknown) => {
      if (!stop.signal.aborted)
        setState(known => (known.status === 'ready' ? known : { ...start, status: 'failed', error }))
    })
    return () => stop.abort()
  }, [row.id, row.length, live, turn])
  const more = () => {
    if (state.before === null || busy) return
    setBusy(true)
    wanted.current += PAGE
    backend.history
      .list({ key: row.id, before: state.before, limit: PAGE })
      .then(
        page =>
          setState(known => ({ ...known, changesets: [...known.changesets, ...page.changesets], before: page.before })),
        (error: unknown) => setState(known => ({ ...known, error })),
      )
      .finally(() => setBusy(false))
  }
  return { ...state, busy, more, again: () => setTurn(turn + 1) }
}

export function History({ row, seenBefore }: HistoryProps): ReactElement {
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
  const isNew = (changeset: Changeset) => row.ownership === 'friends' && seenBefore > 0 && changeset.length > seenBefore
  const fresh = changesets.filter(isNew)
  const rest = changesets.filter(changeset => !isNew(changeset))
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex max-w-200 flex-col gap-6 px-3 py-4 narrow:px-6">
        {fresh.length > 0 && (
          <section
            aria-label="New since you looked"
            className="rounded-xl border border-accent/40 bg-accent-soft/50 p-1"
          >
            <div className="flex flex-wrap items-center gap-2 px-3 pt-2 pb-1">
              <h2 className="flex-1 text-md font-semibold whitespace-nowrap text-accent-text">New since you looked</h2>
              <span className="text-sm text-muted">{sum(fresh)}</span>
            </div>
            <Changesets row={row} changesets={fresh} withDay />
          </section>
        )}
        {byDay(rest).map(group => (
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
        day: `${name} ${changeset.length}`,
        title: changeset.time === null ? 'At a time that was not recorded' : day(changeset.time),
        changesets: [changeset],
      })
  }
  return groups
}

function sum(changesets: readonly Changeset[]): string {
  const total = (of: 'added' | 'changed' | 'renamed' | 'removed' | 'bytes') =>
    changesets.reduce((all, one) => all + one[of], 0)
  return [
    ...counts({
      added: total('added'),
      changed: total('changed'),
      renamed: total('renamed'),
      removed: total('removed'),
    }),
    total('bytes') > 0 ? `+${bytes(total('bytes'))}` : '',
  ]
    .filter(Boolean)
    .join(', ')
}

type Counts = Pick<Changeset, 'added' | 'changed' | 'renamed' | 'removed'>

const counts = ({ added, changed, renamed, removed }: Counts): readonly string[] =>
  [
    added > 0 ? `${number(added)} added` : '',
    changed > 0 ? `${number(changed)} changed` : '',
    renamed > 0 ? `${number(renamed)} renamed` : '',
    removed > 0 ? `${number(removed)} removed` : '',
  ].filter(Boolean)

type ChangesetsProps = {
  readonly row: ArchiveRow
  readonly changesets: readonly Changeset[]
  readonly withDay?: boolean
}

function Changesets({ row, changesets, withDay = false }: ChangesetsProps): ReactElement {
  return (
    <ol className="flex flex-col">
      {changesets.map(changeset => (
        <One key={changeset.length} row={row} changeset={changeset} withDay={withDay} />
      ))}
    </ol>
  )
}

function One({
  row,
  changeset,
  withDay,
}: {
  readonly row: ArchiveRow
  readonly changeset: Changeset
  readonly withDay: boolean
}): ReactElement {
  const [open, setOpen] = useState(false)
  const { time } = changeset
  const said = counts(changeset)
  const text =
    said.length > 0 ? said.join(', ') : changeset.bytes > 0 ? 'Content only' : 'Details of the archive changed'
  const panel = `changeset-${changeset.length}`
  return (
    <li className={cx('rounded-lg', open && 'my-1 border border-line bg-surface shadow-card')}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? panel : undefined}
        onClick={() => setOpen(!open)}
        className="flex min-h-10 w-full items-center gap-3 rounded-lg px-3 py-1.5 text-left hover:bg-hover"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={cx('shrink-0 text-muted transition-transform duration-150', open && 'rotate-90')}
        />
        <span
          className={cx('tabular shrink-0 text-muted', withDay ? 'min-w-24' : 'min-w-14')}
          title={time === null ? undefined : exactly(time)}
        >
          {time === null ? 'no time' : withDay ? `${day(time).split(',')[0]} ${clock(time)}` : clock(time)}
        </span>
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
            {changeset.message && (
              <span className="max-w-full font-medium">
                <FileName name={changeset.message} />
              </span>
            )}
            <span className={changeset.message ? 'text-muted' : ''}>{text}</span>
            {changeset.bytes > 0 && <span className="tabular text-muted">+{bytes(changeset.bytes)}</span>}
            {changeset.partial && <Badge>part of the first import</Badge>}
          </span>
        </span>
        <span className="tabular shrink-0 text-sm text-muted max-narrow:hidden">
          version {number(changeset.length)}
        </span>
      </button>
      {open && (
        <div id={panel} className="border-t border-line px-3 pt-2 pb-3">
          <div className="mb-2 flex flex-wrap gap-1.5">
            <Button
              size="small"
              icon={<Clock size={12} aria-hidden />}
              onClick={() => ui.openArchive(row.id, '/', changeset.length)}
            >
              Browse as of then
            </Button>
            <Button
              size="small"
              icon={<Pin size={12} aria-hidden />}
              onClick={() => copyPinnedLink(row.id, changeset.length)}
            >
              Copy link to this version
            </Button>
            {changeset.source === 'inferred' && (
              <span className="self-center text-sm text-muted">
                Read from the log; its author’s program did not describe it.
              </span>
            )}
          </div>
          <ChangedFiles row={row} changeset={changeset} />
        </div>
      )}
    </li>
  )
}

const FEW = 200
const MANY = 5000

function ChangedFiles({ row, changeset }: { readonly row: ArchiveRow; readonly changeset: Changeset }): ReactElement {
  const [state, setState] = useState<{ files: readonly ChangedFile[]; more: boolean } | { error: unknown } | null>(null)
  const [limit, setLimit] = useState(FEW)
  const [turn, setTurn] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    const stop = new AbortController()
    backend.history
      .changes({ key: row.id, from: changeset.from, to: changeset.length, limit }, { signal: stop.signal })
      .then(setState, (error: unknown) => {
        if (!stop.signal.aborted) setState({ error })
      })
    return () => stop.abort()
  }, [row.id, changeset.from, changeset.length, limit, turn])
  const openFile = useCallback(
    (file: ChangedFile) => {
      const version = file.change === 'removed' ? changeset.from : changeset.length
      ui.go({ view: 'archive', key: row.id, tab: 'files', path: parentOf(file.path), version, file: file.path })
    },
    [row.id, changeset],
  )
  if (state === null) {
    return (
      <div className="flex flex-col gap-3 py-2" aria-hidden>
        {Array.from(
          {
            length: Math.max(
              1,
              Math.min(4, changeset.added + changeset.changed + changeset.removed + changeset.renamed),
            ),
          },
          (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
            <Skeleton key={index} className="w-1/2" />
          ),
        )}
      </div>
    )
  }
  if ('error' in state) {
    const said = explain(state.error)
    return (
      <p className="flex flex-wrap items-center gap-2 text-muted">
        {said?.title}. {said?.next}
        <Button size="small" onClick={() => setTurn(turn + 1)}>
          Try again
        </Button>
      </p>
    )
  }
  if (state.files.length === 0)
    return <p className="text-muted">No files differ: only the description of the archive changed.</p>
  return (
    <>
      <ul className="flex flex-col">
        {state.files.map(file => (
          <Changed key={file.path} file={file} onOpen={openFile} />
        ))}
      </ul>
      {state.more &&
        (limit < MANY ? (
          <Button size="small" className="mt-2" onClick={() => setLimit(MANY)}>
            Show more
          </Button>
        ) : (
          <p className="mt-2 text-sm text-muted">And more: these are the first {count(MANY, 'file')}.</p>
        ))}
    </>
  )
}

function Changed({
  file,
  onOpen,
}: {
  readonly file: ChangedFile
  readonly onOpen: (file: ChangedFile) => void
}): ReactElement {
  const { Icon, colour, word } = looks(file.change)
  const folder = parentOf(file.path)
  return (
    <li>
      <button
        type="button"
        onClick={() => onOpen(file)}
        className="flex min-h-7 w-full items-center gap-2.5 rounded-md px-2 text-left [contain-intrinsic-height:1.75rem] [content-visibility:auto] hover:bg-hover"
      >
        <Icon size={14} aria-hidden className={cx('shrink-0', colour)} />
        <span className="sr-only">{word}: </span>
        <span className={cx('min-w-0', file.change === 'removed' && 'text-muted line-through')}>
          <FileName name={nameOf(file.path)} />
        </span>
        {folder !== '/' && (
          <span className="min-w-0 shrink-[4] text-sm text-muted">
            <FileName name={folder.slice(1)} />
          </span>
        )}
        {file.from !== null && (
          <span className="flex min-w-0 shrink-[4] gap-1 text-sm text-muted">
            was <FileName name={parentOf(file.from) === folder ? nameOf(file.from) : file.from.slice(1)} />
          </span>
        )}
        <span className="tabular ml-auto shrink-0 text-sm text-muted">{difference(file)}</span>
        {file.change === 'removed' && <span className="sr-only">, show it as it was</span>}
      </button>
    </li>
  )
}

function looks(change: ChangedFile['change']) {
  switch (change) {
    case 'added':
      return { Icon: Plus, colour: 'text-good', word: 'Added' }
    case 'changed':
      return { Icon: Pencil, colour: 'text-accent', word: 'Changed' }
    case 'touched':
      return { Icon: Clock, colour: 'text-muted', word: 'Only its time or permissions changed' }
    case 'renamed':
      return { Icon: ArrowRight, colour: 'text-accent', word: 'Renamed' }
    case 'removed':
      return { Icon: Minus, colour: 'text-bad', word: 'Removed' }
    default:
      return assertNever(change)
  }
}

function difference({ before, after }: ChangedFile): string {
  if (before === null) return after === null ? '' : bytes(after)
  if (after === null) return bytes(before)
  return before === after ? bytes(after) : `${bytes(before)} → ${bytes(after)}`
}
