/** What became of one file: when it was added and changed, each of them to be looked at and brought back. */
import { ChevronRight, Clock, Columns2, Download, MoreHorizontal, Pin, RotateCcw } from 'lucide-react'
import { type ReactElement, useCallback, useEffect, useRef, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, FileVersion, FileVersions } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { copyPinnedLink, download, restore } from '../../stores/commands.ts'
import { nameOf, parentOf } from '../../stores/location.ts'
import { prefer, usePreference } from '../../stores/preferences.ts'
import { ui } from '../../stores/ui.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { bytes, exactly, moment, number } from '../../ui/format.ts'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'

type VersionsProps = { readonly row: ArchiveRow; readonly version: number | null; readonly path: string }

const PAGE = 8

/** Asked for when somebody wants to see them, and from then on for each file that is chosen. */
export function Versions(props: VersionsProps): ReactElement {
  const open = usePreference('versions')
  const section = useRef<HTMLElement>(null)
  /** Somebody has just asked for them: they stand below what is seen of a low window. */
  const asked = useRef(false)
  const onFound = useCallback(() => {
    if (asked.current) section.current?.scrollIntoView({ block: 'nearest' })
    asked.current = false
  }, [])
  return (
    <section ref={section} aria-label="Versions of this file">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => {
          asked.current = !open
          prefer({ versions: !open })
        }}
        className="-mx-1.5 flex h-7 items-center gap-1.5 rounded-md px-1.5 font-medium hover:bg-hover"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={cx('text-muted transition-transform duration-150', open && 'rotate-90')}
        />
        Versions of this file
      </button>
      {open && <List {...props} onFound={onFound} />}
    </section>
  )
}

/** `isNow`: the first of them is what the newest version has. */
type Found = FileVersions & { readonly isNow: boolean }

function List({ row, version, path, onFound }: VersionsProps & { readonly onFound: () => void }): ReactElement {
  const live = useLive()
  const [found, setFound] = useState<Found | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [turn, setTurn] = useState(0)
  const { id: key, length } = row
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew for every new version, and on demand
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const ask = (until: number | null) =>
      backend.history.file({ key, path, until, limit: PAGE }, { signal: stop.signal })
    ask(null)
      // It is gone from the newest, and is looked at where it still was.
      .then(async page =>
        page.versions.length === 0 && version !== null
          ? { ...(await ask(version)), isNow: false }
          : { ...page, isNow: true },
      )
      .then(
        page => {
          setFound(page)
          setError(null)
        },
        (failure: unknown) => !stop.signal.aborted && setError(failure),
      )
    return () => stop.abort()
  }, [key, path, length, live, turn])
  useEffect(() => {
    if (found !== null) onFound()
  }, [found, onFound])
  const more = (until: number) => {
    setBusy(true)
    backend.history
      .file({ key, path, until, limit: PAGE })
      .then(
        page => setFound(known => known && { ...known, ...page, versions: [...known.versions, ...page.versions] }),
        setError,
      )
      .finally(() => setBusy(false))
  }
  if (error !== null && found === null) {
    const said = explain(error)
    return (
      <p className="flex flex-wrap items-center gap-2 py-1 text-muted">
        {said?.title}. {said?.next}
        <Button size="small" onClick={() => setTurn(turn + 1)}>
          Try again
        </Button>
      </p>
    )
  }
  if (found === null)
    return (
      <div className="flex flex-col gap-3 py-2" aria-hidden>
        <Skeleton className="w-2/3" />
        <Skeleton className="w-1/2" />
      </div>
    )
  const { versions, before, absent, isNow } = found
  const shown = versions.find(one => one.version <= (version ?? length))
  return (
    <>
      <ol className="-mx-2 flex flex-col">
        {versions.map((one, index) => (
          <One
            key={one.version}
            row={row}
            path={path}
            one={one}
            older={versions[index + 1] ?? null}
            isNewest={index === 0 && isNow}
            isShown={one === shown}
          />
        ))}
      </ol>
      {before !== null && !absent && (
        <Button size="small" className="mt-1" disabled={busy} onClick={() => more(before)}>
          {busy ? 'Reading…' : 'Show earlier ones'}
        </Button>
      )}
    </>
  )
}

type OneProps = {
  readonly row: ArchiveRow
  readonly path: string
  readonly one: FileVersion
  /** The one before it, as far as it has been read. */
  readonly older: FileVersion | null
  readonly isNewest: boolean
  readonly isShown: boolean
}

function One({ row, path, one, older, isNewest, isShown }: OneProps): ReactElement {
  const { version, time, entry, change } = one
  const when = time ?? entry.modified
  const show = () =>
    ui.go({
      view: 'archive',
      key: row.id,
      tab: 'files',
      path: parentOf(path),
      version: isNewest ? null : version,
      file: path,
    })
  return (
    <li className={cx('flex items-center rounded-md pr-1', isShown ? 'bg-accent-soft' : 'hover:bg-hover')}>
      <button
        type="button"
        aria-current={isShown ? 'true' : undefined}
        onClick={show}
        className="flex min-h-10 min-w-0 flex-1 flex-col items-start rounded-md px-2 py-1 text-left"
      >
        <span className="max-w-full truncate" title={when === null ? undefined : exactly(when)}>
          {time === null ? `Version ${number(version)}` : moment(time)}
        </span>
        <span className="tabular max-w-full truncate text-sm text-muted">
          {wordOf(change)}, {bytes(entry.size)}
          {isNewest && ', now'}
        </span>
      </button>
      <Menu
        trigger={
          <IconButton label={`Version ${number(version)} of this file`}>
            <MoreHorizontal size={16} aria-hidden />
          </IconButton>
        }
        items={itemsOf({ row, path, version, older, isNewest, show })}
      />
    </li>
  )
}

type ItemsInput = Pick<OneProps, 'row' | 'path' | 'older' | 'isNewest'> & {
  readonly version: number
  readonly show: () => void
}

function itemsOf({ row, path, version, older, isNewest, show }: ItemsInput): readonly MenuItem[] {
  const compare = (from: number, to: number) =>
    ui.go({
      view: 'archive',
      key: row.id,
      tab: 'changes',
      path: '/',
      version: null,
      file: null,
      comparison: { from, to, path },
    })
  return [
    { label: 'Look at it', icon: <Clock size={14} />, run: show },
    ...(older === null
      ? []
      : [
          {
            label: 'Compare with the one before',
            icon: <Columns2 size={14} />,
            run: () => compare(older.version, version),
          },
        ]),
    ...(isNewest
      ? []
      : [{ label: 'Compare with now', icon: <Columns2 size={14} />, run: () => compare(version, row.length) }]),
    ...(row.ownership === 'yours' && !isNewest
      ? [
          {
            label: 'Restore…',
            icon: <RotateCcw size={14} />,
            run: () => restore(row, { parts: [{ version, paths: [path] }], name: nameOf(path), folders: false }),
          },
        ]
      : []),
    { label: 'Download…', icon: <Download size={14} />, run: () => download(row.id, version, [path]) },
    { label: 'Copy link to this version', icon: <Pin size={14} />, run: () => copyPinnedLink(row.id, version, path) },
  ]
}

function wordOf(change: FileVersion['change']): string {
  switch (change) {
    case 'added':
      return 'Added'
    case 'changed':
      return 'Changed'
    case 'touched':
      return 'Time or permissions changed'
    default:
      return assertNever(change)
  }
}
