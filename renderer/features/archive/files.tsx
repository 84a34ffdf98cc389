/** The files of one folder: list or grid, keys and menus as in a file manager, and the inspector beside them. */
import {
  ArchiveRestore,
  ArrowLeft,
  ArrowRight,
  ArrowUp,
  BadgeCheck,
  ChevronRight,
  Copy,
  Download,
  Eraser,
  Eye,
  FilePlus,
  FolderInput,
  FolderOpen,
  FolderPlus,
  HardDriveDownload,
  ListChecks,
  LayoutGrid,
  List,
  PanelRight,
  Pencil,
  Pin,
  RotateCcw,
  Trash2,
} from 'lucide-react'
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useStore } from 'zustand'
import { AppError } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, Entry } from '../../../preload/contract/models.ts'
import { backend, contentUrl, useConnection, useContent } from '../../backend.ts'
import { explain } from '../../errors.ts'
import {
  canSaveWithBrowser,
  copyLink,
  copyPinnedLink,
  download,
  keepEntries,
  restore,
  saveWithBrowser,
  saveWithReceipt,
  saveZipWithBrowser,
} from '../../stores/commands.ts'
import { join, nameOf, type Place, parentOf } from '../../stores/location.ts'
import { titleOf } from '../../stores/mirrors.ts'
import { prefer, usePreference } from '../../stores/preferences.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { EmptyState } from '../../ui/empty.tsx'
import { Switch, TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { count, number } from '../../ui/format.ts'
import { isMac, isTyping, matches } from '../../ui/keys.tsx'
import { useWide } from '../../ui/media.ts'
import { ContextMenu, Menu, type MenuItem } from '../../ui/menu.tsx'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Details } from '../../ui/toasts.tsx'
import { useDragOut } from './drag-out.ts'
import { entryOfFolder, makeFolder, moveEntries, removeEntries, renameEntry, undoLast, useMadeFolders } from './edit.ts'
import { type Folder, openFolder, PAGE, type Sort, type SortBy, sortEntries } from './folder.ts'
import { downloadEntries, type Gone, type Listed, restorable, useGone, versionOf } from './gone.ts'
import { useHeldBy } from './held-by.ts'
import { Inspector, type RenderPreview } from './inspector.tsx'
import { dropOn, type Editing, type EntriesHandle, EntryGrid, EntryList } from './list.tsx'
import { MoveDialog, NameDialog } from './move.tsx'
import { useSelection } from './selection.ts'
import { useFolderSizes } from './sizes.ts'
import { hasThumbnail } from './thumbnails.tsx'
import { TimeButton, TimeLine } from './time.tsx'

type ArchivePlace = Extract<Place, { view: 'archive' }>
type FilesProps = { readonly row: ArchiveRow; readonly place: ArchivePlace; readonly renderPreview: RenderPreview }

/** A folder as it is shown, and where it is. */
type Opened = { readonly folder: Folder; readonly place: ArchivePlace }

/** Of another version of the same folder, what was shown before stays until it has come, at most so long. Milliseconds. */
const STAYS = 1500

/** A folder that is open for as long as it is on the page. */
function useFolder(row: ArchiveRow, place: ArchivePlace): Opened | null {
  const [opened, setOpened] = useState<Opened | null>(null)
  const latest = useRef(place)
  latest.current = place
  const shown = useRef<{ readonly key: string; readonly folder: Folder } | null>(null)
  const { version, path } = place
  useEffect(() => {
    const folder = openFolder(row.id, version, path)
    const key = `${row.id} ${path}`
    const show = () => {
      if (shown.current?.folder === folder) return
      shown.current?.folder.close()
      shown.current = { key, folder }
      setOpened({ folder, place: latest.current })
    }
    if (shown.current?.key !== key) show()
    const until = folder.store.subscribe(({ status }) => status !== 'loading' && show())
    const timer = setTimeout(show, STAYS)
    return () => {
      clearTimeout(timer)
      until()
      if (shown.current?.folder !== folder) folder.close()
    }
  }, [row.id, version, path])
  useEffect(() => () => shown.current?.folder.close(), [])
  if (opened === null) return null
  // What was chosen in it may change without another folder.
  const isCurrent = opened.place.version === version && opened.place.path === path
  return isCurrent ? { folder: opened.folder, place } : opened
}

export function Files(props: FilesProps): ReactElement {
  const { row, place } = props
  const opened = useFolder(row, place)
  const [gone, setGone] = useState<ShownGone>('no')
  return (
    <>
      <TimeLine row={row} place={place} menu={versionMenu(row, place)} />
      {opened === null ? (
        <SkeletonRows />
      ) : (
        // Another folder is another list: what is chosen, how far it is scrolled, the sorting. Another version of it is not.
        <OpenFolder
          key={opened.place.path}
          {...props}
          place={opened.place}
          folder={opened.folder}
          gone={gone}
          onGone={setGone}
        />
      )}
    </>
  )
}

/** What can be done with the version that is looked at. */
function versionMenu(row: ArchiveRow, place: ArchivePlace): readonly MenuItem[] {
  const { version, path } = place
  const now = () => ui.go({ ...place, version: null })
  return [
    ...(row.ownership === 'yours' && version !== null
      ? [
          {
            label: 'Restore this version…',
            hint: 'All files become what they were then. Nothing is lost: now stays a version, too',
            icon: <RotateCcw size={14} />,
            run: () =>
              restore(
                row,
                { parts: [{ version, paths: ['/'] }], name: `version ${number(version)}`, folders: true },
                now,
              ),
          },
        ]
      : []),
    {
      label: 'Download it…',
      hint: 'All files as they were then, into a folder',
      icon: <Download size={14} />,
      run: () => download(row.id, version, ['/']),
    },
    {
      label: 'Copy link to this version',
      hint: 'Shows it for ever, and nobody can bend it',
      icon: <Pin size={14} />,
      run: () => version !== null && copyPinnedLink(row.id, version, path),
    },
  ]
}

const byName: Sort = { by: 'name', ascending: true }
/** Rows below the last one on the screen that are read before anybody comes to them. */
const AHEAD = 500
/** Sorting more than this says so first. */
const HUGE = 50_000

type OpenFolderProps = FilesProps & {
  readonly folder: Folder
  readonly gone: ShownGone
  readonly onGone: (gone: ShownGone) => void
}

/** What is gone is shown as well: from the folder itself, or also from those in it. */
type ShownGone = 'no' | 'here' | 'below'

function OpenFolder({ row, place, folder, renderPreview, gone, onGone }: OpenFolderProps): ReactElement {
  const { status, entries: read, complete, error } = useStore(folder.store)
  const live = useConnection().name === 'live'
  const layout = usePreference('layout')
  const inspector = usePreference('inspector')
  const wide = useWide()
  const selection = useSelection()
  const [sort, setSort] = useState<Sort | null>(null)
  const [sorting, setSorting] = useState<Reading | null>(null)
  const [large, setLarge] = useState(false)
  const [details, setDetails] = useState(false)
  const [renaming, setRenaming] = useState<string | null>(null)
  const [moving, setMoving] = useState<readonly Entry[] | null>(null)
  const [making, setMaking] = useState(false)
  const list = useRef<EntriesHandle>(null)
  const stage = useRef<HTMLDivElement>(null)
  const { version, path } = place
  const editable = row.ownership === 'yours' && row.source === null && version === null

  // What comes bit by bit stands in the archive's own order, and goes on to do so, so that nothing jumps.
  const atOnce = useRef<boolean | null>(null)
  if (status === 'ready') atOnce.current ??= complete
  const effective = sort ?? (atOnce.current === true && complete && read.length <= PAGE ? byName : null)
  const made = useMadeFolders(row.id)
  const [part, setPart] = useState('')
  const showsGone = gone !== 'no'
  const isFinding = showsGone && part.trim() !== ''
  const lost = useGone({ row, version, folder: path, name: part.trim(), below: gone === 'below' }, showsGone)
  const lostEntries = lost?.entries
  const entries = useMemo((): readonly Listed[] => {
    const alone = !editable
      ? []
      : [...made].filter(one => parentOf(one) === path && read.every(entry => entry.path !== one)).map(entryOfFolder)
    const there = alone.length === 0 ? read : [...alone, ...read]
    const all =
      lostEntries === undefined ? there : isFinding ? lostEntries : [...there, ...withoutThose(lostEntries, there)]
    return effective === null || !complete ? all : sortEntries(all, effective)
  }, [read, complete, effective, made, path, editable, lostEntries, isFinding])
  const order = useMemo(() => entries.map(entry => entry.path), [entries])
  const places = useMemo(() => new Map(order.map((path, index) => [path, index])), [order])
  const chosen = useMemo(() => chosenOf(entries, places, selection.paths), [entries, places, selection.paths])
  const active = selection.active === null ? -1 : (places.get(selection.active) ?? -1)
  const summary = useMemo(() => summaryOf(entries), [entries])

  useRefresh(row, place, folder, live)
  const seen = useRef<readonly [number, number]>([0, 0])
  const { sizes, seen: sizesSeen } = useFolderSizes(row, version)
  const { heldBy, seen: heldBySeen } = useHeldBy(row, version)
  const onSeen = useCallback(
    (from: number, to: number) => {
      seen.current = [from, to]
      const there = entries.slice(from, to + 1).filter(entry => entry.gone === undefined)
      sizesSeen(there)
      heldBySeen(there)
      if (!complete && to >= read.length - AHEAD) void folder.more()
    },
    [complete, read.length, folder, entries, sizesSeen, heldBySeen],
  )
  useHeldMarks(row, folder, seen, version)

  // A path that turns out to be a file is shown in its folder.
  useEffect(() => {
    if (path === '/' || status === 'loading') return
    const missing = error instanceof AppError && (error.code === 'PATH_NOT_FOUND' || error.code === 'NOT_A_FILE')
    if (!missing && read.length > 0) return
    let stopped = false
    backend.read.entry({ key: row.id, version, path }).then(
      entry => {
        if (!stopped && entry !== null && entry.kind !== 'folder')
          ui.replace({ ...place, path: parentOf(path), file: path })
      },
      () => {
        // The folder says already what is wrong.
      },
    )
    return () => {
      stopped = true
    }
  }, [path, status, error, read.length, row.id, version, place])

  // Arriving at a file: choose it as soon as it is there.
  const arrived = useRef<string | null>(null)
  useEffect(() => {
    if (place.file === null || arrived.current === place.file) return
    const index = places.get(place.file)
    if (index !== undefined) {
      arrived.current = place.file
      selection.only(place.file)
      requestAnimationFrame(() => list.current?.reveal(index))
    } else if (!complete && status === 'ready') void folder.more()
  }, [place.file, places, complete, status, folder, selection])

  const startSort = (by: SortBy) => {
    const next: Sort = { by, ascending: effective?.by === by ? !effective.ascending : by === 'name' }
    if (complete) return setSort(next)
    const stop = new AbortController()
    setSorting({ stop, why: 'to sort it' })
    void folder.all(stop.signal).then(() => {
      setSorting(null)
      if (!stop.signal.aborted) setSort(next)
    })
  }
  useEffect(() => () => sorting?.stop.abort(), [sorting])
  /** The last one is known when the rest has been read. */
  const toEnd = (extend: boolean) => {
    const stop = new AbortController()
    setSorting({ stop, why: 'to get to its end' })
    void folder.all(stop.signal).then(() => {
      setSorting(null)
      if (!stop.signal.aborted) setAtEnd({ extend })
    })
  }
  const [atEnd, setAtEnd] = useState<{ readonly extend: boolean } | null>(null)
  useEffect(() => {
    if (atEnd === null) return
    setAtEnd(null)
    const last = order.at(-1)
    if (last === undefined) return
    if (atEnd.extend) selection.extend(last, order)
    else selection.only(last)
    list.current?.reveal(order.length - 1)
  }, [atEnd, order, selection])

  const showDetails = useCallback(() => {
    if (wide) prefer({ inspector: !inspector })
    else setDetails(true)
  }, [wide, inspector])
  useEffect(() => {
    const keyed = (event: globalThis.KeyboardEvent) => {
      if (!matches(event, 'mod+i') || document.querySelector('[role=dialog]') !== null) return
      event.preventDefault()
      showDetails()
    }
    document.addEventListener('keydown', keyed)
    return () => document.removeEventListener('keydown', keyed)
  }, [showDetails])

  const goTo = (to: string, file: string | null = null) => ui.go({ ...place, path: to, file })
  const open = (entry: Entry) => {
    if (entry.kind === 'folder') goTo(entry.path)
    else {
      selection.only(entry.path)
      setLarge(true)
    }
  }
  const chosenOr = (index: number): readonly Listed[] => {
    const entry = entries[index]
    return entry === undefined || selection.paths.has(entry.path) ? chosen : [entry]
  }
  const press = (index: number, event: MouseEvent) => {
    const entry = entries[index]
    if (entry === undefined) return
    list.current?.focus()
    if (event.shiftKey) selection.extend(entry.path, order)
    else if (isMac ? event.metaKey : event.ctrlKey) selection.toggle(entry.path)
    else selection.only(entry.path)
  }
  const move = (to: number, extend: boolean) => {
    const index = Math.max(0, Math.min(entries.length - 1, to))
    const entry = entries[index]
    if (entry === undefined) return
    if (extend) selection.extend(entry.path, order)
    else selection.only(entry.path)
    list.current?.reveal(index)
  }

  const typed = useTypeAhead(entries, folder, index => move(index, false))
  const keyDown = (event: KeyboardEvent) => {
    if (isTyping(event.target) || event.target !== event.currentTarget) return
    const at = active
    const columns = list.current?.columns() ?? 1
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at < 0 ? 0 : at + columns,
      ArrowUp: at < 0 ? 0 : at - columns,
      PageDown: at + (list.current?.page() ?? 10),
      PageUp: at - (list.current?.page() ?? 10),
      Home: 0,
      End: entries.length - 1,
      ...(columns > 1 ? { ArrowRight: at + 1, ArrowLeft: Math.max(0, at - 1) } : {}),
    }
    const step = steps[event.key]
    const entry = at < 0 ? undefined : entries[at]
    if (editable && editKey(event, entry)) return event.preventDefault()
    if (event.key === 'End' && !complete) {
      event.preventDefault()
      return toEnd(event.shiftKey)
    }
    if (step !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) move(step, event.shiftKey)
    else if (matches(event, 'enter') && entry) open(entry)
    else if (matches(event, 'space') && !typed.active()) {
      if (entry && entry.kind !== 'folder') setLarge(true)
    } else if (matches(event, 'mod+a')) selection.all(order)
    else if (matches(event, 'escape')) selection.clear()
    else if (matches(event, 'backspace') || matches(event, 'alt+up') || (isMac && matches(event, 'mod+up'))) {
      if (path === '/') return
      goTo(parentOf(path), path)
    } else if (matches(event, 'mod+d') && chosen.length > 0) downloadEntries(row, version, chosen)
    else if (event.key.length === 1 && event.key !== '?' && !event.ctrlKey && !event.metaKey && !event.altKey)
      typed.type(event.key)
    else return
    event.preventDefault()
  }

  /** Keys that change an archive which is edited here. */
  const editKey = (event: KeyboardEvent, entry: Listed | undefined): boolean => {
    if (chosen.some(one => one.gone !== undefined) && ['F2', 'Delete'].includes(event.key)) return true
    if (event.key === 'F2' && entry) {
      selection.only(entry.path)
      setRenaming(entry.path)
    } else if (event.key === 'Delete' && chosen.length > 0) remove(chosen)
    else if (altKeyed(event, 'KeyN')) setMaking(true)
    else if (altKeyed(event, 'KeyM') && chosen.length > 0 && chosen.every(one => one.gone === undefined))
      setMoving(chosen)
    else if (matches(event, 'mod+z')) undoLast(row.id)
    else return false
    return true
  }

  const [target, setTarget] = useState<readonly Listed[]>([])
  const onContext = (index: number | null) => {
    const entry = index === null ? undefined : entries[index]
    if (entry === undefined) {
      selection.clear()
      setTarget([])
      return
    }
    setTarget(chosenOr(index ?? -1))
    if (!selection.paths.has(entry.path)) selection.only(entry.path)
  }
  const remove = (which: readonly Entry[]) => removeEntries(row.id, which, selection.clear)
  const moveTo = (which: readonly Entry[], folder: string, message = '') =>
    moveEntries({ key: row.id, entries: which, folder, message }, selection.clear)
  const menu = entryMenu({
    row,
    version,
    target,
    path,
    editable,
    open,
    look: () => setLarge(true),
    details: () => setDetails(true),
    rename: entry => setRenaming(entry.path),
    moveTo: setMoving,
    newFolder: () => setMaking(true),
    remove,
  })
  const dragged = useRef<readonly Entry[]>([])
  const dropHere = (to: string) => moveTo(dragged.current, to)
  const editing: Editing | null = useStable(
    editable
      ? {
          renaming,
          onRename: (entry, name, message) => {
            setRenaming(null)
            requestAnimationFrame(() => list.current?.focus())
            if (name === null || name === entry.name) return
            attempt(async () => {
              await renameEntry(row.id, entry, name, message)
              selection.only(join(parentOf(entry.path), name))
            })
          },
          onDrag: index => {
            dragged.current = chosenOr(index)
          },
          onDropOn: dropHere,
        }
      : null,
  )

  const onDragOut = useDragOut(row, version, chosenOr)

  const renamed = renaming === null ? undefined : entries.find(entry => entry.path === renaming)

  const grant = useGrant(row, version, layout === 'grid' || large)
  const thumbnail = (entry: Listed) =>
    grant !== null && entry.gone === undefined && hasThumbnail(entry) ? grant(entry.path) : null

  const side = (
    <Inspector
      row={row}
      version={version}
      entries={chosen}
      folder={{
        name: path === '/' ? titleOf(row) : nameOf(path),
        path,
        ...summary,
        complete,
      }}
      renderPreview={renderPreview}
      onEnlarge={() => setLarge(true)}
      onOpenFolder={goTo}
    />
  )
  const [only] = chosen
  // What is looked at large may vanish with its file or its choice: the next one that is chosen opens by itself only if asked to.
  useEffect(() => {
    if (only === undefined) setLarge(false)
  }, [only])
  const next = large && only !== undefined ? nextOf(entries, only, 1) : undefined
  useNeighbour(next?.gone === undefined ? next : undefined, grant)
  const common = {
    ref: list,
    label: path === '/' ? 'Files' : `Files in ${plainName(nameOf(path))}`,
    entries,
    more: !complete,
    selection,
    active,
    sizes,
    heldBy,
    showHeld: row.ownership === 'friends',
    sort: effective,
    onSort: startSort,
    onPress: press,
    onOpen: (index: number) => {
      const entry = entries[index]
      if (entry) open(entry)
    },
    onContext,
    onKeyDown: keyDown,
    onSeen,
    editing,
    onDragOut,
  }

  // Files that are dropped on the list are added to this folder.
  const drop = editable
    ? { 'data-drop-archive': row.id, 'data-drop-folder': path, 'data-drop-title': titleOf(row) }
    : {}
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col" {...drop}>
        <div className="flex shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-2 py-1.5 narrow:px-4">
          <div className="flex items-center">
            <IconButton label="Back" keys="alt+left" onClick={() => history.back()}>
              <ArrowLeft size={16} aria-hidden />
            </IconButton>
            <IconButton
              label="Forward"
              keys="alt+right"
              className="max-narrow:hidden"
              onClick={() => history.forward()}
            >
              <ArrowRight size={16} aria-hidden />
            </IconButton>
            <IconButton
              label="To the folder above"
              keys="alt+up"
              disabled={path === '/'}
              onClick={() => goTo(parentOf(path), path)}
            >
              <ArrowUp size={16} aria-hidden />
            </IconButton>
          </div>
          <Crumbs title={titleOf(row)} path={path} onGo={goTo} onDropOn={editable ? dropHere : null} />
          <div className="ml-auto flex items-center gap-1">
            {editable && (
              <>
                <Button kind="quiet" icon={<FilePlus size={14} aria-hidden />} onClick={() => ui.addTo(row.id, path)}>
                  Add…
                </Button>
                <IconButton label="New folder" keys="alt+n" onClick={() => setMaking(true)}>
                  <FolderPlus size={16} aria-hidden />
                </IconButton>
              </>
            )}
            <DownloadButton row={row} version={version} chosen={chosen} path={path} />
            <TimeButton place={place} />
            <IconButton
              label="Also show what is gone"
              pressed={showsGone}
              onClick={() => onGone(showsGone ? 'no' : 'below')}
            >
              <ArchiveRestore size={16} aria-hidden />
            </IconButton>
            <IconButton
              label={layout === 'list' ? 'Show as a grid' : 'Show as a list'}
              onClick={() => prefer({ layout: layout === 'list' ? 'grid' : 'list' })}
            >
              {layout === 'list' ? <LayoutGrid size={16} aria-hidden /> : <List size={16} aria-hidden />}
            </IconButton>
            <IconButton label="Details" keys="mod+i" pressed={wide ? inspector : undefined} onClick={showDetails}>
              <PanelRight size={16} aria-hidden />
            </IconButton>
          </div>
        </div>
        {sorting !== null && <ReadingNote why={sorting.why} read={read.length} onStop={() => sorting.stop.abort()} />}
        {status === 'loading' ? (
          <SkeletonRows />
        ) : status === 'failed' && !made.has(path) ? (
          <FolderFailed
            error={error}
            path={path}
            onRetry={() => folder.refresh()}
            onTop={() => goTo('/')}
            onNewest={version === null ? null : () => ui.go({ ...place, version: null, file: null })}
          />
        ) : entries.length === 0 && isFinding ? (
          <EmptyState icon={<ArchiveRestore size={40} strokeWidth={1.25} />} title="Nothing of that name so far">
            What was removed from this folder, and from all folders in it, is looked through by name.
          </EmptyState>
        ) : entries.length === 0 ? (
          <EmptyFolder
            row={row}
            place={place}
            editable={editable}
            onTop={() => goTo('/')}
            onNewest={() => ui.go({ ...place, version: null, file: null })}
            onGone={showsGone ? null : () => onGone('below')}
          />
        ) : (
          <ContextMenu items={menu}>
            <div className="flex min-h-0 flex-1 flex-col">
              {layout === 'list' ? <EntryList {...common} /> : <EntryGrid {...common} thumbnail={thumbnail} />}
            </div>
          </ContextMenu>
        )}
        {lost !== null && (
          <GoneNote
            gone={lost}
            newest={version ?? row.length}
            below={gone === 'below'}
            onBelow={below => onGone(below ? 'below' : 'here')}
            part={part}
            onPart={setPart}
          />
        )}
      </div>
      {wide && inspector && (
        <aside aria-label="Details" className="flex w-80 shrink-0 flex-col border-l border-line">
          {side}
        </aside>
      )}
      <Dialog open={details} onClose={() => setDetails(false)} title="Details" size="small">
        <div className="-mx-5 -mb-5">{side}</div>
      </Dialog>
      {only !== undefined && only.kind !== 'folder' && (
        <Dialog
          open={large}
          onClose={() => {
            setLarge(false)
            requestAnimationFrame(() => list.current?.focus())
          }}
          title={plainName(only.name)}
          size="wide"
          initialFocus={stage}
          actions={
            <>
              <Step label="Previous" onClick={() => step(entries, only, -1, selection.only)} />
              <Step label="Next" onClick={() => step(entries, only, 1, selection.only)} />
              <span className="flex-1" />
              <Button icon={<Download size={14} aria-hidden />} onClick={() => downloadEntries(row, version, [only])}>
                Download…
              </Button>
            </>
          }
        >
          {/* biome-ignore lint/a11y/noStaticElementInteractions: keys for what the buttons below do as well */}
          <div
            ref={stage}
            tabIndex={-1}
            className="-mx-5 -mb-5 flex h-[min(70dvh,44rem)] flex-col bg-sunken outline-none"
            onKeyDown={event => {
              if (isTyping(event.target) || event.target instanceof HTMLMediaElement) return
              if (event.key === ' ') setLarge(false)
              else if (event.key === 'ArrowRight' || event.key === 'ArrowDown') step(entries, only, 1, selection.only)
              else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') step(entries, only, -1, selection.only)
              else return
              event.preventDefault()
            }}
          >
            {renderPreview({ archive: row.id, version: versionOf(only, version), entry: only, large: true })}
          </div>
        </Dialog>
      )}
      {layout === 'grid' && renamed !== undefined && (
        <NameDialog
          key={renamed.path}
          title={`Rename ${plainName(renamed.name)}`}
          yes="Rename"
          name={renamed.name}
          taken={new Set(entries.filter(entry => entry !== renamed).map(entry => entry.name))}
          describable
          onClose={() => editing?.onRename(renamed, null)}
          onName={(name, message) => editing?.onRename(renamed, name, message)}
        />
      )}
      {moving !== null && (
        <MoveDialog
          row={row}
          path={path}
          entries={moving}
          onClose={() => setMoving(null)}
          onMove={(to, message) => {
            setMoving(null)
            moveTo(moving, to, message)
          }}
        />
      )}
      {making && (
        <NameDialog
          title="New folder"
          yes="Make folder"
          hint="An archive holds no empty folders: your friends see it as soon as something is in it. Until then it is on this page only."
          name=""
          taken={new Set(entries.map(entry => entry.name))}
          onClose={() => setMaking(false)}
          onName={name => {
            setMaking(false)
            makeFolder(row.id, join(path, name))
            selection.only(join(path, name))
          }}
        />
      )}
    </div>
  )
}

/** The same object from one drawing to the next, so that rows are not drawn again, whose functions see the newest. */
function useStable(editing: Editing | null): Editing | null {
  const latest = useRef(editing)
  latest.current = editing
  const on = editing !== null
  const renaming = editing?.renaming ?? null
  return useMemo(
    () =>
      on
        ? {
            renaming,
            onRename: (entry, name, message) => latest.current?.onRename(entry, name, message),
            onDrag: index => latest.current?.onDrag(index),
            onDropOn: folder => latest.current?.onDropOn(folder),
          }
        : null,
    [on, renaming],
  )
}

/** By the key itself: with Alt, a Mac writes other letters. */
const altKeyed = (event: KeyboardEvent, code: string) =>
  event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.code === code

/** In the order of the list. Mostly few of many, so that the many are not looked through for them. */
function chosenOf(
  entries: readonly Listed[],
  places: ReadonlyMap<string, number>,
  paths: ReadonlySet<string>,
): readonly Listed[] {
  if (paths.size > entries.length / 10) return entries.filter(entry => paths.has(entry.path))
  return [...paths]
    .flatMap(path => places.get(path) ?? [])
    .sort((a, b) => a - b)
    .map(index => entries[index]!)
}

/** While the folder is being read again, both lists may have one. */
function withoutThose(gone: readonly Listed[], there: readonly Listed[]): readonly Listed[] {
  const paths = new Set(there.map(({ path }) => path))
  return gone.filter(({ path }) => !paths.has(path))
}

function summaryOf(entries: readonly Listed[]) {
  let files = 0
  let folders = 0
  let bytes = 0
  for (const { kind, size, gone } of entries) {
    if (gone !== undefined) continue
    if (kind === 'folder') folders++
    else if (kind === 'file') {
      files++
      bytes += size
    }
  }
  return { files, folders, bytes }
}

function nextOf(entries: readonly Listed[], from: Entry, by: 1 | -1): Listed | undefined {
  const files = entries.filter(entry => entry.kind !== 'folder')
  return files[files.findIndex(entry => entry.path === from.path) + by]
}

function step(entries: readonly Entry[], from: Entry, by: 1 | -1, choose: (path: string) => void): void {
  const next = nextOf(entries, from, by)
  if (next) choose(next.path)
}

/** How long somebody looks at one file before the beginning of the next is fetched. Milliseconds. */
const LOOKING = 400
/** Of a picture; of anything else as much as its preview begins with. Bytes. */
const NEXT_PICTURE = 4_000_000
const NEXT = 256 * 1024

/** What comes next is on this device when it is asked for. */
function useNeighbour(next: Entry | undefined, address: ((path: string) => string) | null): void {
  const from = next?.kind === 'file' && next.held !== 'all' && next.size > 0 ? address?.(next.path) : undefined
  const most = next !== undefined && hasThumbnail(next) && next.size <= NEXT_PICTURE ? next.size : NEXT
  useEffect(() => {
    if (from === undefined) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      const headers = { range: `bytes=0-${most - 1}` }
      fetch(from, { headers, signal: stop.signal, credentials: 'omit' })
        .then(response => response.arrayBuffer())
        .catch(() => {
          // It is asked for again when it is looked at, and says then what is wrong.
        })
    }, LOOKING)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [from, most])
}

function Step({ label, onClick }: { readonly label: 'Previous' | 'Next'; readonly onClick: () => void }): ReactElement {
  return (
    <IconButton label={label} keys={label === 'Next' ? 'right' : 'left'} onClick={onClick}>
      {label === 'Next' ? <ArrowRight size={16} aria-hidden /> : <ArrowLeft size={16} aria-hidden />}
    </IconButton>
  )
}

/** Reads the folder again whenever the archive has a new version, and when the backend is back after a loss. */
function useRefresh(row: ArchiveRow, { version }: ArchivePlace, folder: Folder, live: boolean): void {
  const known = useRef({ length: row.length, live, state: row.state.name })
  useEffect(() => {
    const before = known.current
    known.current = { length: row.length, live, state: row.state.name }
    const changed = version === null && before.length !== row.length
    const failed = folder.store.getState().status === 'failed'
    const mayWork = before.state !== row.state.name || before.length !== row.length
    if (changed || (live && !before.live) || (failed && mayWork)) folder.refresh()
  }, [row.length, row.state.name, live, version, folder])
}

/** While content arrives, the marks of the rows on the screen are kept true; not more than once a second. */
function useHeldMarks(
  row: ArchiveRow,
  folder: Folder,
  seen: { readonly current: readonly [number, number] },
  version: number | null,
): void {
  const held = row.ownership === 'friends' ? row.held.blocks : 0
  const before = useRef(held)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version counts as well
  useEffect(() => {
    if (before.current === held || timer.current !== undefined) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      before.current = held
      folder.touch(seen.current[0], seen.current[1])
    }, 1000)
  }, [held, folder, seen, version])
  useEffect(() => () => clearTimeout(timer.current), [])
}

function useGrant(row: ArchiveRow, version: number | null, wanted: boolean): ((path: string) => string) | null {
  const content = useContent()
  const [grant, setGrant] = useState<string | null>(null)
  useEffect(() => {
    if (!wanted) return
    let stopped = false
    setGrant(null)
    backend.read.grant({ key: row.id, version }).then(
      given => !stopped && setGrant(given.grant),
      () => {
        // Without it the tiles show icons.
      },
    )
    return () => {
      stopped = true
    }
  }, [row.id, version, wanted])
  return grant === null || content === '' ? null : path => contentUrl(content, grant, path)
}

/** Letters typed quickly one after the other lead to the first name that begins with them. */
function useTypeAhead(entries: readonly Entry[], folder: Folder, found: (index: number) => void) {
  const state = useRef({ text: '', time: 0, wanted: false })
  const find = useCallback(
    (text: string) => {
      const wanted = text.toLocaleLowerCase()
      return entries.findIndex(entry => entry.name.toLocaleLowerCase().startsWith(wanted))
    },
    [entries],
  )
  const jump = useRef(found)
  jump.current = found
  useEffect(() => {
    // The name may stand on a page that has not been read when its letters were typed.
    if (!state.current.wanted) return
    const index = find(state.current.text)
    if (index < 0) return
    state.current.wanted = false
    jump.current(index)
  }, [find])
  return {
    /** A space belongs to the name while one is being typed. */
    active: () => state.current.text !== '' && Date.now() - state.current.time < 800,
    type(key: string) {
      const now = Date.now()
      const text = now - state.current.time < 800 ? state.current.text + key : key
      const index = find(text)
      state.current = { text, time: now, wanted: index < 0 }
      if (index >= 0) found(index)
      else if (!folder.store.getState().complete) {
        const stop = new AbortController()
        const until = folder.store.subscribe(() => {
          if (!state.current.wanted || state.current.text !== text) stop.abort()
        })
        void folder.all(stop.signal).finally(until)
      }
    },
  }
}

/** All of a folder is being read, for what needs all of it. */
type Reading = { readonly stop: AbortController; readonly why: string }
type ReadingNoteProps = { readonly why: string; readonly read: number; readonly onStop: () => void }

function ReadingNote({ why, read, onStop }: ReadingNoteProps): ReactElement {
  return (
    <div role="status" className="flex shrink-0 items-center gap-3 border-b border-line bg-sunken px-4 py-1.5">
      <span className="min-w-0 flex-1">
        Reading the rest of this folder {why}: <span className="tabular">{number(read)}</span> so far.
        {read > HUGE && ' It is a very large one.'}
      </span>
      <Button size="small" onClick={onStop}>
        Stop
      </Button>
    </div>
  )
}

/** How far it has been looked for what is gone, below the list so that nothing moves. */
type GoneNoteProps = {
  readonly gone: Gone
  readonly newest: number
  /** What is gone from the folders in it is among it. */
  readonly below: boolean
  readonly onBelow: (below: boolean) => void
  /** Of names that are looked for. */
  readonly part: string
  readonly onPart: (part: string) => void
}

function GoneNote({ gone, newest, below, onBelow, part, onPart }: GoneNoteProps): ReactElement {
  const { entries, at, busy, more, error, onward, stop } = gone
  const found = entries.length === 0 ? 'Nothing' : count(entries.length, 'entry', 'entries')
  const verb = entries.length > 1 ? 'are' : 'is'
  const from = below ? 'this folder and below' : 'this folder itself'
  const lost = part.trim() === '' ? `${found} ${verb} gone from ${from}` : `${found} of that name ${verb} gone`
  const back = at === null ? '' : `, back to version ${number(at)} of ${number(newest)}`
  const said = error === null ? null : explain(error)
  return (
    <div className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line bg-sunken px-4 py-1.5">
      <span role="status" aria-live={busy ? 'off' : 'polite'} className="min-w-48 flex-1">
        {said !== null
          ? `${said.title}. ${said.next}`
          : busy
            ? `Looking for what is gone${back}…`
            : more
              ? `${lost} so far${back}.`
              : `${lost}. The whole history was looked through.`}
      </span>
      {busy ? (
        <Button size="small" onClick={stop}>
          Stop
        </Button>
      ) : (
        more && (
          <Button size="small" onClick={onward}>
            Search earlier
          </Button>
        )
      )}
      {part.trim() === '' && <Switch label="In subfolders, too" checked={below} onChecked={onBelow} />}
      <TextField
        label="Find among what is gone, by name"
        labelHidden
        placeholder="Find by name"
        value={part}
        onValue={onPart}
        maxLength={255}
        autoComplete="off"
        spellCheck={false}
        className="w-44"
      />
    </div>
  )
}

type CrumbsProps = {
  readonly title: string
  readonly path: string
  readonly onGo: (path: string) => void
  /** Entries may be let go over a step. */
  readonly onDropOn: ((path: string) => void) | null
}

function Crumbs({ title, path, onGo, onDropOn }: CrumbsProps): ReactElement {
  const names = path.split('/').filter(Boolean)
  const all = [
    { name: title, to: '/' },
    ...names.map((name, index) => ({ name, to: `/${names.slice(0, index + 1).join('/')}` })),
  ]
  // Where there is no room for all of them the last ones say most.
  const shown = all.length > 4 ? [all[0], null, ...all.slice(-2)] : all
  return (
    <nav aria-label="Path" className="min-w-24 flex-1">
      <ol className="flex min-w-0 items-center">
        {shown.map((crumb, index) => {
          const last = index === shown.length - 1
          return (
            <li key={crumb?.to ?? 'between'} className={cxCrumb(last)}>
              {index > 0 && <ChevronRight size={14} aria-hidden className="shrink-0 text-faint" />}
              {crumb === null || crumb === undefined ? (
                <button
                  type="button"
                  aria-label="Folders between"
                  title={all
                    .slice(1, -2)
                    .map(between => plainName(between.name))
                    .join(' / ')}
                  className="h-6 rounded px-1 text-muted hover:bg-hover hover:text-ink"
                  onClick={() => onGo(all.at(-3)?.to ?? '/')}
                >
                  …
                </button>
              ) : (
                <button
                  type="button"
                  aria-current={last ? 'location' : undefined}
                  className="flex h-6 min-w-0 items-center rounded px-1 text-muted hover:bg-hover hover:text-ink data-over:bg-accent-soft aria-[current]:font-medium aria-[current]:text-ink"
                  onClick={() => onGo(crumb.to)}
                  {...(onDropOn === null || last ? {} : dropOn(crumb.to, onDropOn))}
                >
                  <FileName name={crumb.name} />
                </button>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

const cxCrumb = (last: boolean) => `flex min-w-0 items-center ${last ? 'shrink' : 'shrink-[3]'}`

/** One file as it is, everything else as a zip. */
function withBrowser(row: ArchiveRow, version: number | null, target: readonly Entry[], icon: ReactNode): MenuItem {
  const [entry] = target
  if (target.length === 1 && entry?.kind === 'file')
    return { label: 'Save with the browser', icon, run: () => saveWithBrowser(row.id, version, entry.path) }
  const paths = target.map(({ path }) => path)
  return { label: 'Save as a zip with the browser', icon, run: () => saveZipWithBrowser(row, version, paths) }
}

type DownloadButtonProps = {
  readonly row: ArchiveRow
  readonly version: number | null
  readonly chosen: readonly Listed[]
  /** The folder that is shown. */
  readonly path: string
}

/** What is chosen, or the folder that is shown: to a folder of this machine, and in a browser also by the browser. */
function DownloadButton({ row, version, chosen, path }: DownloadButtonProps): ReactElement {
  const paths = chosen.length > 0 ? chosen.map(entry => entry.path) : [path]
  const toFolder = () => (chosen.length > 0 ? downloadEntries(row, version, chosen) : download(row.id, version, paths))
  const words = (
    <span>
      {chosen.length > 1 ? `Download ${count(chosen.length, 'item')}…` : chosen.length === 1 ? 'Download…' : 'Download'}
      {chosen.length === 0 && <span className="max-sm:sr-only">{path === '/' ? ' all…' : ' folder…'}</span>}
    </span>
  )
  const picture = <Download size={14} aria-hidden />
  if (!canSaveWithBrowser)
    return (
      <Button kind="quiet" icon={picture} onClick={toFolder}>
        {words}
      </Button>
    )
  const browser = <HardDriveDownload size={14} />
  return (
    <Menu
      trigger={
        <Button kind="quiet" icon={picture}>
          {words}
        </Button>
      }
      items={[
        {
          label: 'To a folder…',
          hint: 'Of the machine that Cairn runs on. Goes on when this page is closed.',
          icon: <FolderOpen size={14} />,
          keys: chosen.length > 0 ? 'mod+d' : undefined,
          run: toFolder,
        },
        chosen.length > 0
          ? withBrowser(row, versionOfAll(chosen, version), chosen, browser)
          : {
              label: 'Save as a zip with the browser',
              icon: browser,
              run: () => saveZipWithBrowser(row, version, paths),
            },
      ]}
    />
  )
}

/** What a browser saves is of one version: the last one that has the first of them. */
const versionOfAll = (entries: readonly Listed[], version: number | null) =>
  entries[0] === undefined ? version : versionOf(entries[0], version)

/** Files and folders that are freed at once. */
const MOST_FREED = 10_000

type MenuInput = {
  readonly row: ArchiveRow
  readonly version: number | null
  readonly target: readonly Listed[]
  readonly path: string
  readonly editable: boolean
  readonly open: (entry: Entry) => void
  readonly look: () => void
  readonly details: () => void
  readonly rename: (entry: Entry) => void
  readonly moveTo: (entries: readonly Entry[]) => void
  readonly newFolder: () => void
  readonly remove: (entries: readonly Entry[]) => void
}

function entryMenu({
  row,
  version: shown,
  target,
  path,
  editable,
  open,
  look,
  details,
  rename,
  moveTo,
  newFolder,
  remove,
}: MenuInput): readonly MenuItem[] {
  const icon = (picture: ReactNode) => picture
  const [entry] = target
  const version = versionOfAll(target, shown)
  const pinned = version ?? row.length
  const isGone = target.some(one => one.gone !== undefined)
  if (entry === undefined) {
    return [
      {
        label: path === '/' ? 'Download all…' : 'Download folder…',
        icon: icon(<Download size={14} />),
        run: () => download(row.id, version, [path]),
      },
      ...(canSaveWithBrowser
        ? [
            {
              label: 'Save as a zip with the browser',
              icon: icon(<HardDriveDownload size={14} />),
              run: () => saveZipWithBrowser(row, version, [path]),
            },
          ]
        : []),
      { label: 'Copy link to this folder', icon: icon(<Copy size={14} />), run: () => copyLink(row, path) },
      ...(editable
        ? ([
            'separator',
            { label: 'Add to this folder…', icon: icon(<FilePlus size={14} />), run: () => ui.addTo(row.id, path) },
            { label: 'New folder…', icon: icon(<FolderPlus size={14} />), keys: 'alt+n', run: newFolder },
          ] as const)
        : []),
    ]
  }
  const one = target.length === 1
  return [
    ...(one && entry.kind === 'folder'
      ? [{ label: 'Open', icon: icon(<FolderOpen size={14} />), keys: 'enter', run: () => open(entry) }]
      : []),
    ...(one && entry.kind !== 'folder'
      ? [{ label: 'Look at it', icon: icon(<Eye size={14} />), keys: 'space', run: look }]
      : []),
    {
      label: one ? 'Download…' : `Download ${count(target.length, 'item')}…`,
      icon: icon(<Download size={14} />),
      keys: 'mod+d',
      run: () => downloadEntries(row, shown, target),
    },
    ...(row.ownership === 'yours' && version !== null
      ? [
          {
            label: 'Restore…',
            hint: isGone ? 'As it was last' : 'As it was in this version',
            icon: icon(<RotateCcw size={14} />),
            run: () => restore(row, restorable(shown, target)),
          },
        ]
      : []),
    ...(row.ownership === 'friends' && !isGone && (row.keeping.how === 'look' || row.keeping.how === 'parts')
      ? [
          {
            label: one ? 'Keep it here' : 'Keep them here',
            hint: 'Fetched, now and when it changes, and served on',
            icon: icon(<ListChecks size={14} />),
            run: () => keepEntries(row, target),
          },
        ]
      : []),
    ...(row.ownership === 'friends' && !isGone && shown === null && target.some(({ held }) => held !== 'none')
      ? [
          {
            label: 'Free room…',
            hint: 'It goes where others hold it, and is fetched when you open it',
            icon: icon(<Eraser size={14} />),
            disabled: target.length > MOST_FREED,
            run: () => ui.showKeeping({ name: 'free', key: row.id, paths: target.map(one => one.path) }),
          },
        ]
      : []),
    ...(canSaveWithBrowser ? [withBrowser(row, version, target, icon(<HardDriveDownload size={14} />))] : []),
    ...(one && entry.kind === 'file' && !row.private
      ? [
          {
            label: 'Save with a proof',
            hint: 'With a receipt that this file was here in this version',
            icon: icon(<BadgeCheck size={14} />),
            run: () => saveWithReceipt(row, version, entry.path),
          },
        ]
      : []),
    ...(one
      ? ([
          'separator',
          ...(isGone
            ? []
            : [{ label: 'Copy link', icon: icon(<Copy size={14} />), run: () => copyLink(row, entry.path) }]),
          {
            label: `Copy pinned link (version ${pinned})`,
            icon: icon(<Pin size={14} />),
            run: () => copyPinnedLink(row.id, pinned, entry.path),
          },
          { label: 'Details', icon: icon(<PanelRight size={14} />), run: details },
        ] as const)
      : []),
    ...(editable && !isGone
      ? ([
          'separator',
          ...(one ? [{ label: 'Rename', icon: icon(<Pencil size={14} />), keys: 'F2', run: () => rename(entry) }] : []),
          {
            label: 'Move to…',
            icon: icon(<FolderInput size={14} />),
            keys: 'alt+m',
            run: () => moveTo(target),
          },
          {
            label: 'Remove from archive',
            hint: 'Earlier versions, and the copies of others, keep it',
            icon: icon(<Trash2 size={14} />),
            keys: 'Del',
            dangerous: true,
            run: () => remove(target),
          },
        ] as const)
      : []),
  ]
}

type FolderFailedProps = {
  readonly error: unknown
  readonly path: string
  readonly onRetry: () => void
  readonly onTop: () => void
  /** null: it is the newest version that was not read. */
  readonly onNewest: (() => void) | null
}

function FolderFailed({ error, path, onRetry, onTop, onNewest }: FolderFailedProps): ReactElement {
  const said = explain(error)
  return (
    <EmptyState
      icon={<FolderOpen size={40} strokeWidth={1.25} />}
      title={said?.title ?? 'This folder was not read'}
      actions={
        <>
          <Button onClick={onRetry}>Try again</Button>
          {path !== '/' && <Button onClick={onTop}>Go to the top folder</Button>}
          {onNewest !== null && <Button onClick={onNewest}>Show the newest version</Button>}
        </>
      }
    >
      <p>
        {said?.text} {said?.next}
      </p>
      {said && <Details text={said.details} />}
    </EmptyState>
  )
}

type EmptyFolderProps = {
  readonly row: ArchiveRow
  readonly place: ArchivePlace
  readonly editable: boolean
  readonly onTop: () => void
  readonly onNewest: () => void
  /** null: it is shown already. */
  readonly onGone: (() => void) | null
}

function EmptyFolder({
  row,
  place: { path, version },
  editable,
  onTop,
  onNewest,
  onGone,
}: EmptyFolderProps): ReactElement {
  const importing = row.source?.state.name === 'importing' || row.stillBeingAdded
  const title = importing
    ? 'The first files are on their way'
    : path === '/'
      ? 'This archive is empty'
      : editable
        ? 'This folder is empty'
        : `${plainName(nameOf(path))} is not here`
  const text = importing
    ? 'They show here as soon as they are added.'
    : path !== '/'
      ? editable
        ? 'Archives hold no empty folders: your friends see it as soon as something is in it.'
        : version === null
          ? 'The newest version has nothing of that name. It was moved, renamed or removed since, or the link is mistaken.'
          : `Version ${number(version)} has nothing of that name. Another version may have it, or the link is mistaken.`
      : row.ownership === 'friends'
        ? 'It was found and read, and there is nothing in it. When its author adds something it shows here.'
        : editable
          ? 'Add files to it, and whoever has the link sees them.'
          : 'Put something into its folder, and whoever has the link sees it.'
  return (
    <EmptyState
      icon={<FolderOpen size={40} strokeWidth={1.25} />}
      title={title}
      actions={
        editable ? (
          <Button kind="primary" icon={<FilePlus size={14} aria-hidden />} onClick={() => ui.addTo(row.id, path)}>
            Add files…
          </Button>
        ) : (
          path !== '/' &&
          !importing && (
            <>
              <Button onClick={onTop}>Go to the top folder</Button>
              {version !== null && <Button onClick={onNewest}>Look in the newest version</Button>}
              {onGone !== null && <Button onClick={onGone}>Show what is gone</Button>}
            </>
          )
        )
      }
    >
      {text}
    </EmptyState>
  )
}
