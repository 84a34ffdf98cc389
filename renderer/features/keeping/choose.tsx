/** A part of an update: the files that it would change, of which the person ticks those to take now. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { Check, ChevronRight, Folder, Minus, Search } from 'lucide-react'
import { type KeyboardEvent, type ReactElement, useEffect, useId, useMemo, useRef, useState } from 'react'
import type { ArchiveRow, NewFile } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { attempt, toast } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { difference, looks } from '../../ui/change.tsx'
import { cx } from '../../ui/class-names.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Node, pathsOf, shownOf, type Ticks, ticksOf, toggled, treeOf } from './update-tree.ts'

const ROW = 28
/** Of an update of fewer files all folders stand open. */
const FEW = 200
/** As many lines as a choice may have. */
const MOST = 10_000

export function ChooseDialog(): ReactElement | null {
  const shown = useUi(state => (state.keeping?.name === 'choose' ? state.keeping.key : null))
  const row = useArchive(shown ?? '')
  return row === undefined ? null : <Choose key={row.id} row={row} />
}

const close = () => ui.showKeeping(null)

/** `total`: how many files there are, of which these are the first. */
type Update = {
  readonly to: number
  readonly total: number
  readonly missing: number
  readonly files: readonly NewFile[]
}

/** The update as it is when the dialog opens: what is ticked does not move below the hand. */
function useUpdate(key: string): {
  readonly update: Update | null
  readonly error: unknown
  readonly again: () => void
} {
  const [state, setState] = useState<{ update: Update | null; error: unknown }>({ update: null, error: null })
  const [turn, setTurn] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    const stop = new AbortController()
    const read = async () => {
      let update: Update = { to: 0, total: 0, missing: 0, files: [] }
      const files: NewFile[] = []
      for await (const part of backend.archives.watchUpdate({ key }, { signal: stop.signal }))
        if (part.kind === 'summary') update = { to: part.to, total: part.files, missing: part.missing, files }
        else files.push(...part.files)
      if (!stop.signal.aborted) setState({ update, error: null })
    }
    read().catch((error: unknown) => {
      if (!stop.signal.aborted) setState({ update: null, error })
    })
    return () => stop.abort()
  }, [key, turn])
  const again = () => {
    setState({ update: null, error: null })
    setTurn(turn + 1)
  }
  return { ...state, again }
}

function Choose({ row }: { readonly row: ArchiveRow }): ReactElement {
  const { update, error, again } = useUpdate(row.id)
  const title = plainName(titleOf(row))
  if (update !== null && update.files.length > 0) return <Files row={row} update={update} />
  const said = error === null ? null : explain(error)
  return (
    <Dialog
      open
      onClose={close}
      size="wide"
      title={`Choose from the update of ${title}`}
      actions={
        <>
          {said && <Button onClick={again}>Try again</Button>}
          <Button onClick={close}>Close</Button>
        </>
      }
    >
      {said !== null ? (
        <p role="alert" className="text-bad">
          {said.title}. {said.text} {said.next}
        </p>
      ) : update === null ? (
        <SkeletonRows rows={6} />
      ) : (
        <p className="text-muted">Nothing waits any more: what you keep is as its author has it.</p>
      )}
    </Dialog>
  )
}

function Files({ row, update }: { readonly row: ArchiveRow; readonly update: Update }): ReactElement {
  const { root, files } = useMemo(() => treeOf(update.files), [update])
  const [ticked, setTicked] = useState<readonly boolean[]>(() => files.map(() => false))
  const ticks = useMemo(() => ticksOf(files, ticked), [files, ticked])
  const [filter, setFilter] = useState('')
  const [busy, setBusy] = useState(false)
  const paths = useMemo(() => pathsOf(root, ticks), [root, ticks])
  const removed = files.filter(({ change }) => change === 'removed').length
  const all = ticks.files === files.length
  const take = () => {
    setBusy(true)
    attempt(async () => {
      try {
        const done = await backend.archives.chooseUpdate({ key: row.id, to: update.to, paths })
        close()
        toast.done({
          title: `${count(done.files, 'file')} of version ${number(update.to)} taken`,
          text:
            done.left === 0
              ? 'That was all of it.'
              : `${number(done.left)} ${done.left === 1 ? 'stays' : 'stay'} as you have ${done.left === 1 ? 'it' : 'them'}, until you take the rest.`,
        })
      } finally {
        setBusy(false)
      }
    })
  }
  return (
    <Dialog
      open
      onClose={close}
      size="wide"
      title={`Choose from the update of ${plainName(titleOf(row))}`}
      description="What you tick is taken now. Everything else stays as you have it, until you take the rest."
      actions={
        <>
          <span role="status" className="tabular w-full text-sm text-muted narrow:w-auto narrow:flex-1">
            {paths.length > MOST
              ? 'These are too many single files. Tick whole folders, or take all of it.'
              : `${number(ticks.files)} of ${count(files.length, 'file')}, ${bytes(all ? update.missing : Math.min(ticks.missing, update.missing))} to fetch`}
          </span>
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" disabled={busy || ticks.files === 0 || paths.length > MOST} onClick={take}>
            {all ? 'Take all' : 'Take these'}
          </Button>
        </>
      }
    >
      {files.length < update.total && (
        <p className="pb-2 text-warn">
          These are the first {number(files.length)} of {count(update.total, 'file')}. What is not listed is taken with
          the folder that it lies in.
        </p>
      )}
      <div className="flex flex-wrap items-end gap-2 pb-2">
        <div className="w-full flex-1 max-narrow:basis-full">
          <TextField
            label="Find in the update"
            labelHidden
            placeholder="Find"
            type="search"
            icon={<Search size={14} aria-hidden />}
            value={filter}
            onValue={setFilter}
          />
        </div>
        <Button onClick={() => setTicked(files.map(() => true))}>All</Button>
        {removed > 0 && removed < files.length && (
          <Button onClick={() => setTicked(files.map(({ change }) => change !== 'removed'))}>All but removals</Button>
        )}
        <Button onClick={() => setTicked(files.map(() => false))}>None</Button>
      </div>
      <Tree root={root} files={files} filter={filter} ticks={ticks} onTick={node => setTicked(toggled(node, ticked))} />
    </Dialog>
  )
}

type TreeProps = {
  readonly root: Node
  readonly files: readonly NewFile[]
  readonly filter: string
  readonly ticks: Ticks
  readonly onTick: (node: Node) => void
}

function Tree({ root, files, filter, ticks, onTick }: TreeProps): ReactElement {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const folders = useMemo(() => foldersOf(root), [root])
  const lines = Math.max(4, files.length + folders.length - 1)
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(files.length > FEW ? [] : folders))
  const shown = useMemo(() => shownOf(root, files, open, filter), [root, files, open, filter])
  const [activePath, setActivePath] = useState('')
  const found = shown.findIndex(({ path }) => path === activePath)
  const active = Math.max(0, found)
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  const isOpen = (node: Node) => filter.trim() !== '' || open.has(node.path)
  const setFolder = (node: Node, yes: boolean) => {
    const next = new Set(open)
    if (yes) next.add(node.path)
    else next.delete(node.path)
    setOpen(next)
  }
  const activate = (index: number) => {
    const node = shown[Math.max(0, Math.min(shown.length - 1, index))]
    if (node === undefined) return
    setActivePath(node.path)
    virtual.scrollToIndex(shown.indexOf(node), { align: 'auto' })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const node = shown[active]
    if (node === undefined) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1)
    const steps: Readonly<Record<string, () => void>> = {
      ArrowDown: () => activate(active + 1),
      ArrowUp: () => activate(active - 1),
      PageDown: () => activate(active + page),
      PageUp: () => activate(active - page),
      Home: () => activate(0),
      End: () => activate(shown.length - 1),
      ' ': () => onTick(node),
      Enter: () => onTick(node),
      ArrowRight: () => {
        if (node.file !== null) return
        if (isOpen(node)) activate(active + 1)
        else setFolder(node, true)
      },
      ArrowLeft: () => {
        if (node.file === null && isOpen(node) && filter.trim() === '') return setFolder(node, false)
        const above = shown.slice(0, active).findLastIndex(({ level }) => level < node.level)
        if (above >= 0) activate(above)
      },
    }
    const step = steps[event.key]
    if (step === undefined || event.metaKey || event.ctrlKey || event.altKey) return
    event.preventDefault()
    step()
  }
  const idOf = (index: number) => `${id}-${index}`
  const isMounted = items.some(({ index }) => index === active)
  return (
    <div
      ref={scroller}
      role="tree"
      aria-label="Files of the update"
      aria-multiselectable
      aria-activedescendant={shown.length > 0 && isMounted ? idOf(active) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="group overflow-y-auto overflow-x-hidden rounded-lg border border-line outline-none focus-visible:border-accent"
      // As high as all of it needs, so that nothing jumps when folders are opened or something is looked for.
      style={{ height: `min(${lines * ROW + 2}px, max(9rem, 40dvh))` }}
    >
      {shown.length === 0 && <p className="p-3 text-muted">No file of the update is called that.</p>}
      <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => (
          <Line
            key={shown[index]!.path}
            id={idOf(index)}
            node={shown[index]!}
            top={start}
            isActive={index === active}
            isOpen={isOpen(shown[index]!)}
            state={ticks.of(shown[index]!)}
            onTick={() => {
              setActivePath(shown[index]!.path)
              onTick(shown[index]!)
            }}
            onOpen={() => setFolder(shown[index]!, !isOpen(shown[index]!))}
          />
        ))}
      </div>
    </div>
  )
}

function foldersOf(node: Node): readonly string[] {
  return node.file === null ? [node.path, ...node.children.flatMap(foldersOf)] : []
}

type LineProps = {
  readonly id: string
  readonly node: Node
  readonly top: number
  readonly isActive: boolean
  readonly isOpen: boolean
  readonly state: ReturnType<Ticks['of']>
  readonly onTick: () => void
  readonly onOpen: () => void
}

function Line({ id, node, top, isActive, isOpen, state, onTick, onOpen }: LineProps): ReactElement {
  const { file, name, level, position, of } = node
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    <div
      id={id}
      role="treeitem"
      tabIndex={-1}
      aria-level={level}
      aria-posinset={position}
      aria-setsize={of}
      aria-checked={state === 'some' ? 'mixed' : state === 'all'}
      aria-expanded={file === null ? isOpen : undefined}
      onClick={onTick}
      className={cx(
        'absolute inset-x-0 flex items-center gap-2 pr-3 select-none hover:bg-hover',
        isActive && 'group-focus-visible:bg-accent-soft',
      )}
      style={{ height: ROW, transform: `translateY(${top}px)`, paddingLeft: 4 + (Math.min(level, 12) - 1) * 16 }}
    >
      {file === null ? (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
        <span
          aria-hidden
          className="grid size-6 shrink-0 place-items-center rounded hover:bg-pressed"
          onClick={event => {
            event.stopPropagation()
            onOpen()
          }}
        >
          <ChevronRight size={14} className={cx('text-muted', isOpen && 'rotate-90')} />
        </span>
      ) : (
        <span aria-hidden className="w-6 shrink-0" />
      )}
      <span
        aria-hidden
        className={cx(
          'grid size-4 shrink-0 place-items-center rounded border',
          state === 'none' ? 'border-line-strong bg-surface' : 'border-accent bg-accent text-on-accent',
        )}
      >
        {state === 'all' && <Check size={12} strokeWidth={3} />}
        {state === 'some' && <Minus size={12} strokeWidth={3} />}
      </span>
      {file === null ? <Folder size={14} aria-hidden className="shrink-0 text-accent" /> : <Mark file={file} />}
      <span className="flex min-w-0 flex-1 items-baseline gap-2">
        <span className={cx('flex min-w-0', file?.change === 'removed' && 'text-muted line-through')}>
          <FileName name={name} />
        </span>
        {file !== null && <span className="sr-only">, {looks(file.change).word.toLowerCase()}, </span>}
        {file?.from != null && (
          <span className="flex min-w-0 shrink-[4] gap-1 text-sm text-muted">
            was <FileName name={file.from.slice(1)} />
          </span>
        )}
      </span>
      <span className="tabular shrink-0 text-sm text-muted">
        {file === null ? count(node.end - node.first, 'file') : difference(file)}
      </span>
    </div>
  )
}

function Mark({ file }: { readonly file: NewFile }): ReactElement {
  const { Icon, colour } = looks(file.change)
  return <Icon size={14} aria-hidden className={cx('shrink-0', colour)} />
}
