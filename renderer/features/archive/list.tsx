/** The rows of a folder, or its tiles. Only what is on the screen exists, so 100,000 entries scroll like ten. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import {
  type DragEvent,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactElement,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import type { Entry, FolderSize, Held } from '../../../preload/contract/models.ts'
import { cx } from '../../ui/class-names.ts'
import { EntryIcon } from '../../ui/entry-icon.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { ago, bytes, count, exactly, moment, number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { problemOfName } from './edit.ts'
import type { Sort, SortBy } from './folder.ts'
import type { Listed } from './gone.ts'
import { HeldBy, HeldMark } from './held.tsx'
import type { Selection } from './selection.ts'
import { Thumbnail } from './thumbnails.tsx'

export type EntriesHandle = { reveal(index: number): void; focus(): void; columns(): number; page(): number }

export type EntriesProps = {
  readonly ref: RefObject<EntriesHandle | null>
  readonly label: string
  readonly entries: readonly Listed[]
  /** More are to come after the last. */
  readonly more: boolean
  readonly selection: Selection
  /** Where the keyboard is; -1: nowhere. */
  readonly active: number
  /** What is known of how much lies below folders, by path. */
  readonly sizes: ReadonlyMap<string, FolderSize>
  /** Who else holds them, by path, as far as it is known. */
  readonly heldBy: ReadonlyMap<string, Held>
  /** What is on this device is marked: it may not be all of it. */
  readonly showHeld: boolean
  readonly sort: Sort | null
  readonly onSort: (by: SortBy) => void
  readonly onPress: (index: number, event: MouseEvent) => void
  readonly onOpen: (index: number) => void
  /** The right button, before its menu opens; null: beside all entries. */
  readonly onContext: (index: number | null) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  /** The first and the last row on the screen. */
  readonly onSeen: (from: number, to: number) => void
  /** What can be done to the entries of an archive that is edited here; null: nothing. */
  readonly editing: Editing | null
  /** A file is dragged out of the window; null: that is not possible here. Always the same one. */
  readonly onDragOut: ((index: number) => void) | null
}

export type Editing = {
  /** The entry of a list that gets another name in its place. Tiles hold no fields: a dialog asks there. */
  readonly renaming: string | null
  readonly onRename: (entry: Entry, name: string | null, message?: string) => void
  /** Entries are taken up by the pointer. */
  readonly onDrag: (index: number) => void
  /** They are let go over a folder. */
  readonly onDropOn: (folder: string) => void
}

/** What a drag of entries within the page carries: nothing that another program could read. */
const DRAG_TYPE = 'application/x-cairn-entries'
const dragsEntries = (event: DragEvent) => event.dataTransfer.types.includes(DRAG_TYPE)

/** What makes an element a place where entries can be let go. */
export function dropOn(folder: string, onDropOn: (folder: string) => void) {
  const mark = (event: DragEvent<HTMLElement>, on: boolean) => {
    if (on) event.currentTarget.dataset['over'] = ''
    else delete event.currentTarget.dataset['over']
  }
  return {
    onDragOver: (event: DragEvent<HTMLElement>) => {
      if (!dragsEntries(event)) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'move'
      mark(event, true)
    },
    onDragLeave: (event: DragEvent<HTMLElement>) => mark(event, false),
    onDrop: (event: DragEvent<HTMLElement>) => {
      mark(event, false)
      if (!dragsEntries(event)) return
      event.preventDefault()
      onDropOn(folder)
    },
  } as const
}

const noPlace = {}
const placeOf = (entry: Listed, editing: Editing | null) =>
  editing !== null && entry.kind === 'folder' && entry.gone === undefined
    ? dropOn(entry.path, editing.onDropOn)
    : noPlace

type Dragging = { readonly editing: Editing | null; readonly onDragOut: ((index: number) => void) | null }

/** Within the page entries are moved; with Alt, or where nothing can be moved, files leave the window, if they can. */
function dragOf(index: number, entry: Listed, { editing, onDragOut }: Dragging) {
  if (entry.gone !== undefined || (editing !== null && editing.renaming !== null)) return noPlace
  const leaves = onDragOut !== null && entry.kind === 'file' ? onDragOut : null
  if (editing === null && leaves === null) return noPlace
  return {
    draggable: true,
    onDragStart: (event: DragEvent<HTMLElement>) => {
      if (editing !== null && (leaves === null || !event.altKey)) {
        event.dataTransfer.setData(DRAG_TYPE, '')
        event.dataTransfer.effectAllowed = 'move'
        editing.onDrag(index)
        return
      }
      // The system's own drag takes its place.
      event.preventDefault()
      leaves?.(index)
    },
  }
}

type NameFieldProps = { readonly entry: Entry; readonly onRename: Editing['onRename'] }

/** In the place of the name: Enter and leaving it rename, Escape does not. */
function NameField({ entry, onRename }: NameFieldProps): ReactElement {
  const [name, setName] = useState(entry.name)
  const field = useRef<HTMLInputElement>(null)
  const ended = useRef(false)
  const problem = problemOfName(name)
  useEffect(() => {
    const { current } = field
    current?.focus()
    const dot = entry.kind === 'folder' ? -1 : entry.name.lastIndexOf('.')
    current?.setSelectionRange(0, dot > 0 ? dot : entry.name.length)
  }, [entry])
  const end = (wanted: string | null) => {
    if (ended.current) return
    ended.current = true
    onRename(entry, wanted)
  }
  return (
    <input
      ref={field}
      value={name}
      aria-label={`New name of ${plainName(entry.name)}`}
      aria-invalid={problem !== null}
      title={problem ?? undefined}
      autoComplete="off"
      spellCheck={false}
      className="h-6 w-full min-w-0 rounded border border-accent bg-surface px-1.5 text-ink select-text aria-invalid:border-bad"
      onChange={event => setName(event.target.value)}
      onBlur={() => end(problem === null ? name : null)}
      onClick={event => event.stopPropagation()}
      onDoubleClick={event => event.stopPropagation()}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Escape') end(null)
        else if (event.key === 'Enter' && problem === null) end(name)
      }}
    />
  )
}

const ROW = 32
const HEAD = 28
const columnsOf = (showHeld: boolean) =>
  showHeld
    ? 'grid-cols-[minmax(0,1fr)_5rem_1.25rem] narrow:grid-cols-[minmax(0,1fr)_5.5rem_10.5rem_7rem]'
    : 'grid-cols-[minmax(0,1fr)_5rem] narrow:grid-cols-[minmax(0,1fr)_5.5rem_10.5rem_5rem]'

const indexAt = (target: EventTarget): number | null => {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-index]') : null
  return row === null ? null : Number(row.dataset.index)
}

const idOf = (index: number) => `entry-${index}`

export function EntryList(props: EntriesProps): ReactElement {
  const {
    ref,
    label,
    entries,
    more,
    selection,
    active,
    sizes,
    heldBy,
    showHeld,
    sort,
    onSort,
    onPress,
    onOpen,
    onContext,
    onKeyDown,
    onSeen,
    editing,
    onDragOut,
  } = props
  const scroller = useRef<HTMLDivElement>(null)
  const rows = entries.length + (more ? 1 : 0)
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    paddingEnd: 12,
    // The head of the list stands above the rows: without this the last one would be revealed as far below the edge.
    scrollPaddingEnd: HEAD,
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  useEffect(() => onSeen(first, last), [first, last, rows, onSeen])
  useImperativeHandle(ref, () => ({
    reveal: index => virtual.scrollToIndex(index, { align: 'auto' }),
    focus: () => scroller.current?.focus({ preventScroll: true }),
    columns: () => 1,
    page: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1),
  }))
  const columns = columnsOf(showHeld)

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        ref={scroller}
        // biome-ignore lint/a11y/useSemanticElements: a table cannot be virtual and chosen from
        role="grid"
        aria-label={label}
        aria-multiselectable
        aria-rowcount={more ? -1 : entries.length + 1}
        aria-colcount={4}
        aria-activedescendant={active < first || active > last ? undefined : idOf(active)}
        tabIndex={0}
        className="group relative min-h-0 flex-1 overflow-y-auto overflow-x-hidden outline-none"
        onKeyDown={onKeyDown}
        onClick={event => {
          const index = indexAt(event.target)
          if (index !== null && index < entries.length) onPress(index, event)
          else if (!(event.target instanceof Element && event.target.closest('[role=columnheader]'))) onContext(null)
        }}
        onDoubleClick={event => {
          const index = indexAt(event.target)
          if (index !== null && index < entries.length) onOpen(index)
        }}
        onContextMenu={event => onContext(indexAt(event.target) ?? (event.button === 2 || active < 0 ? null : active))}
      >
        <div
          role="row"
          aria-rowindex={1}
          tabIndex={-1}
          className={cx(
            'sticky top-0 z-10 grid h-7 items-center gap-3 border-b border-line bg-surface px-3 narrow:px-5',
            columns,
          )}
        >
          <Column by="name" sort={sort} onSort={onSort}>
            Name
          </Column>
          <Column by="size" sort={sort} onSort={onSort} end>
            Size
          </Column>
          <Column by="modified" sort={sort} onSort={onSort} className="max-narrow:hidden">
            Changed
          </Column>
          <div role="columnheader" className={cx('truncate text-sm text-muted', !showHeld && 'max-narrow:hidden')}>
            <span className="max-narrow:sr-only">Held by</span>
          </div>
        </div>
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map(item => {
            const entry = entries[item.index]
            if (entry === undefined) {
              return (
                <div
                  key="more"
                  className="absolute inset-x-0 top-0 flex items-center gap-3 px-3 narrow:px-5"
                  style={{ height: ROW, transform: `translateY(${item.start}px)` }}
                >
                  <Skeleton className="size-4" />
                  <Skeleton className="w-1/3" />
                </div>
              )
            }
            return (
              <Row
                key={entry.path}
                entry={entry}
                index={item.index}
                top={item.start}
                selected={selection.paths.has(entry.path)}
                active={selection.active === entry.path}
                size={sizes.get(entry.path)}
                by={entry.gone === undefined ? heldBy.get(entry.path) : undefined}
                showHeld={showHeld}
                columns={columns}
                editing={editing}
                onDragOut={onDragOut}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

type RowProps = {
  readonly entry: Listed
  readonly index: number
  readonly top: number
  readonly selected: boolean
  readonly active: boolean
  /** Of a folder, as far as it is known. */
  readonly size: FolderSize | undefined
  readonly by: Held | undefined
  readonly showHeld: boolean
  readonly columns: string
  readonly editing: Editing | null
  readonly onDragOut: ((index: number) => void) | null
}

const Row = memo(function Row({
  entry,
  index,
  top,
  selected,
  active,
  size,
  by,
  showHeld,
  columns,
  editing,
  onDragOut,
}: RowProps): ReactElement {
  return (
    <div
      id={idOf(index)}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-index={index}
      className={cx(
        'absolute inset-x-1 narrow:inset-x-3 top-0 grid items-center gap-3 rounded-md px-2 select-none data-over:bg-accent-soft data-over:outline-2 data-over:-outline-offset-2 data-over:outline-accent',
        columns,
        selected ? 'bg-accent-soft' : 'hover:bg-hover',
        active &&
          'group-focus-visible:outline-2 group-focus-visible:-outline-offset-2 group-focus-visible:outline-accent',
      )}
      style={{ height: ROW, transform: `translateY(${top}px)` }}
      {...dragOf(index, entry, { editing, onDragOut })}
      {...placeOf(entry, editing)}
    >
      <div role="gridcell" className="flex min-w-0 items-center gap-2.5">
        <EntryIcon entry={entry} />
        {editing?.renaming === entry.path ? (
          <NameField entry={entry} onRename={editing.onRename} />
        ) : (
          <Name entry={entry} />
        )}
        {entry.target !== null && (
          <span className="flex min-w-0 shrink-[4] gap-1 text-muted">
            <span aria-hidden>→</span>
            <span className="sr-only">points to</span>
            <FileName name={entry.target} />
          </span>
        )}
      </div>
      <div role="gridcell" className="tabular truncate text-right text-muted">
        <SizeOf entry={entry} size={size} />
      </div>
      <div
        role="gridcell"
        className="tabular truncate text-muted max-narrow:hidden"
        title={timeOf(entry) === null ? undefined : exactly(timeOf(entry)!)}
      >
        {entry.gone !== undefined ? (
          goneWords(entry.gone)
        ) : entry.modified === null ? (
          <span aria-hidden className="text-faint">
            –
          </span>
        ) : (
          moment(entry.modified)
        )}
      </div>
      <div role="gridcell" className={cx('tabular min-w-0', !showHeld && 'max-narrow:hidden')}>
        <HeldBy held={showHeld ? entry.held : null} by={by} />
      </div>
    </div>
  )
})

/** What is gone is struck through, and said to be gone to those who do not see that. */
function Name({ entry }: { readonly entry: Listed }): ReactElement {
  if (entry.gone === undefined) return <FileName name={entry.name} />
  return (
    <>
      <span className="flex min-w-0 text-muted line-through">
        <FileName name={entry.name} />
      </span>
      <span className="shrink-0 text-sm text-muted narrow:sr-only">gone</span>
    </>
  )
}

const timeOf = ({ gone, modified }: Listed): number | null => (gone === undefined ? modified : gone.time)
const goneWords = ({ time, version }: NonNullable<Listed['gone']>): string =>
  time === null ? `gone since version ${number(version)}` : `gone ${ago(time)}`

/** How much there is of an entry; of a folder as soon as that is known. */
function SizeOf({ entry, size }: { readonly entry: Entry; readonly size: FolderSize | undefined }): ReactElement {
  if (entry.kind === 'file') return <>{bytes(entry.size)}</>
  if (entry.kind === 'folder' && size !== undefined)
    return (
      <span key="size" title={`${size.state === 'whole' ? '' : 'At least '}${count(size.files, 'file')}`}>
        {size.state === 'whole' ? bytes(size.bytes) : `${bytes(size.bytes)} +`}
      </span>
    )
  // Another element than the size: what fades from faint to readable is neither for a moment.
  return (
    <span key="none" aria-hidden className="text-faint">
      –
    </span>
  )
}

type ColumnProps = {
  readonly by: SortBy
  readonly sort: Sort | null
  readonly onSort: (by: SortBy) => void
  readonly end?: boolean
  readonly className?: string
  readonly children: string
}

function Column({ by, sort, onSort, end = false, className, children }: ColumnProps): ReactElement {
  const on = sort?.by === by
  return (
    <div
      role="columnheader"
      aria-sort={on ? (sort.ascending ? 'ascending' : 'descending') : 'none'}
      className={cx('flex min-w-0', end && 'justify-end', className)}
    >
      <button
        type="button"
        onClick={() => onSort(by)}
        className={cx(
          '-mx-1.5 flex h-6 min-w-0 items-center gap-1 rounded px-1.5 text-sm hover:bg-hover hover:text-ink',
          on ? 'font-medium text-ink' : 'text-muted',
        )}
      >
        {children}
        {on && (sort.ascending ? <ArrowUp size={12} aria-hidden /> : <ArrowDown size={12} aria-hidden />)}
      </button>
    </div>
  )
}

const TILE_WIDTH = 124
const TILE_HEIGHT = 128

/** `thumbnail`: where the bytes of a picture are; null: it gets an icon. */
type GridProps = EntriesProps & { readonly thumbnail: (entry: Entry) => string | null }

export function EntryGrid(props: GridProps): ReactElement {
  const { ref, label, entries, more, selection, active, sizes, showHeld, thumbnail, editing, onDragOut } = props
  const { onPress, onOpen, onContext, onKeyDown, onSeen } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [columns, setColumns] = useState(4)
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const measure = () => setColumns(Math.max(2, Math.floor((element.clientWidth - 24) / TILE_WIDTH)))
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [])
  const rows = Math.ceil(entries.length / columns) + (more ? 1 : 0)
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => TILE_HEIGHT,
    overscan: 3,
  })
  const items = virtual.getVirtualItems()
  const first = (items[0]?.index ?? 0) * columns
  const last = ((items.at(-1)?.index ?? 0) + 1) * columns - 1
  useEffect(() => onSeen(first, last), [first, last, entries.length, onSeen])
  useImperativeHandle(ref, () => ({
    reveal: index => virtual.scrollToIndex(Math.floor(index / columns), { align: 'auto' }),
    focus: () => scroller.current?.focus({ preventScroll: true }),
    columns: () => columns,
    page: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? TILE_HEIGHT) / TILE_HEIGHT)) * columns,
  }))
  return (
    <div
      ref={scroller}
      role="listbox"
      aria-label={label}
      aria-multiselectable
      aria-activedescendant={active < first || active > last ? undefined : idOf(active)}
      tabIndex={0}
      className="group relative min-h-0 flex-1 overflow-y-auto overflow-x-hidden outline-none"
      onKeyDown={onKeyDown}
      onClick={event => {
        const index = indexAt(event.target)
        if (index !== null) onPress(index, event)
        else onContext(null)
      }}
      onDoubleClick={event => {
        const index = indexAt(event.target)
        if (index !== null) onOpen(index)
      }}
      onContextMenu={event => onContext(indexAt(event.target) ?? (event.button === 2 || active < 0 ? null : active))}
    >
      <div role="presentation" className="relative mx-3 mt-2" style={{ height: virtual.getTotalSize() }}>
        {items.map(item => (
          <div
            key={item.key}
            role="presentation"
            className="absolute inset-x-0 top-0 grid"
            style={{
              height: TILE_HEIGHT,
              transform: `translateY(${item.start}px)`,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            }}
          >
            {entries.slice(item.index * columns, (item.index + 1) * columns).map((entry, offset) => {
              const index = item.index * columns + offset
              const picture = thumbnail(entry)
              return (
                <div
                  key={entry.path}
                  id={idOf(index)}
                  role="option"
                  tabIndex={-1}
                  aria-selected={selection.paths.has(entry.path)}
                  aria-setsize={more ? -1 : entries.length}
                  aria-posinset={index + 1}
                  data-index={index}
                  className={cx(
                    'm-0.5 flex min-w-0 flex-col items-center gap-1 rounded-lg p-2 select-none data-over:bg-accent-soft data-over:outline-2 data-over:-outline-offset-2 data-over:outline-accent',
                    selection.paths.has(entry.path) ? 'bg-accent-soft' : 'hover:bg-hover',
                    selection.active === entry.path &&
                      'group-focus-visible:outline-2 group-focus-visible:-outline-offset-2 group-focus-visible:outline-accent',
                  )}
                  {...dragOf(index, entry, { editing, onDragOut })}
                  {...placeOf(entry, editing)}
                >
                  <span className="relative grid h-17 w-full place-items-center">
                    {picture === null ? (
                      <EntryIcon entry={entry} size={44} />
                    ) : (
                      <Thumbnail entry={entry} address={picture}>
                        <EntryIcon entry={entry} size={44} />
                      </Thumbnail>
                    )}
                    {showHeld && entry.held !== null && (
                      <span className="absolute right-0 bottom-0 rounded-full bg-surface">
                        <HeldMark held={entry.held} />
                      </span>
                    )}
                  </span>
                  <span className="flex w-full min-w-0 justify-center">
                    <Name entry={entry} />
                  </span>
                  <span className="tabular text-sm text-muted">
                    <SizeOf entry={entry} size={sizes.get(entry.path)} />
                  </span>
                </div>
              )
            })}
          </div>
        ))}
      </div>
    </div>
  )
}
