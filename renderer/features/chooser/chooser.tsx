/**
 * Chooses a folder where the shell has no dialog of its own: places, steps, a list, a path to type, a new folder.
 * Arrow keys move in the list, Enter goes in, Backspace goes up; what is chosen is always the folder that is shown.
 */
import { CornerLeftUp, Folder, FolderPlus, HardDrive } from 'lucide-react'
import { type KeyboardEvent, type ReactElement, useCallback, useEffect, useId, useRef, useState } from 'react'
import { AppError } from '../../../preload/contract/errors.ts'
import type { FolderListing } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { crumbsOf } from './crumbs.ts'
import { type Question, useQuestion } from './store.ts'

/** Mounted once. */
export function FolderChooser(): ReactElement | null {
  const question = useQuestion()
  return question === null ? null : <Chooser question={question} />
}

type Browsing = {
  readonly listing: FolderListing | null
  readonly problem: string | null
  readonly loading: boolean
  /** What is there now; null: it could not be shown, which is said. */
  readonly go: (path: string | null) => Promise<FolderListing | null>
}

/** Where it was left: the next question begins there. */
let lastFolder: string | null = null

function useFolders(): Browsing {
  const [listing, setListing] = useState<FolderListing | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [loading, setLoading] = useState(true)
  const latest = useRef<AbortController | null>(null)

  const load = useCallback(async (wanted: string | null): Promise<FolderListing | null> => {
    let shown: FolderListing | null = null
    latest.current?.abort()
    const here = new AbortController()
    latest.current = here
    for (let path = wanted, isOver = false; !isOver; ) {
      isOver = true
      try {
        const next = await backend.machine.folders({ path }, { signal: here.signal })
        if (here.signal.aborted) return null
        setListing(next)
        shown = next
        setProblem(null)
        lastFolder = next.path
      } catch (error) {
        if (here.signal.aborted) return null
        if (path !== null && path === lastFolder) {
          // Where it was left is gone since: begins with what is above it.
          path = lastFolder = /^(.+)[\\/][^\\/]+$/.exec(path)?.[1] ?? null
          isOver = false
          continue
        }
        const said = explain(error)
        const isMissing = error instanceof AppError && error.is('SOURCE_NOT_FOUND')
        setProblem(
          said === null
            ? null
            : isMissing
              ? `${said.title}. New folders are made with the button above the list.`
              : [said.title, said.text].filter(Boolean).join('. '),
        )
      }
    }
    setLoading(false)
    return shown
  }, [])

  useEffect(() => {
    void load(lastFolder)
    return () => latest.current?.abort()
  }, [load])

  const go = (path: string | null) => {
    setLoading(true)
    return load(path)
  }
  return { listing, problem, loading, go }
}

function Chooser({ question }: { readonly question: Question }): ReactElement {
  const { listing, problem, loading, go } = useFolders()
  const [typed, setTyped] = useState<string | null>(null)
  const [naming, setNaming] = useState(false)
  const list = useRef<HTMLDivElement>(null)
  const form = useId()
  const path = listing?.path ?? ''

  /** The list has the focus, except on the person who types or walks the steps. */
  const enter = async (folder: string | null) => {
    setNaming(false)
    const shown = await go(folder)
    // What was typed and is not there can be mended.
    if (shown !== null) setTyped(null)
    return shown
  }

  /** What the field says, also when nobody has pressed Enter. */
  const choose = async () => {
    const wanted = typed?.trim() ?? ''
    if (wanted === '' || wanted === path) return question.answer(path)
    const shown = await enter(wanted)
    if (shown !== null) question.answer(shown.path)
  }

  return (
    <Dialog
      open
      onClose={() => question.answer(null)}
      title={question.title}
      size="wide"
      initialFocus={list}
      actions={
        <>
          <Button onClick={() => question.answer(null)}>Cancel</Button>
          <Button kind="primary" disabled={listing === null || loading} onClick={() => void choose()}>
            Choose this folder
          </Button>
        </>
      }
    >
      <div className="flex h-104 max-h-[calc(100dvh-14rem)] min-h-56 flex-col gap-3">
        <form
          id={form}
          className="flex items-end gap-2"
          onSubmit={event => {
            event.preventDefault()
            if (typed?.trim()) void enter(typed.trim())
          }}
        >
          <div className="min-w-0 flex-1">
            <TextField
              label="Path"
              labelHidden
              value={typed ?? path}
              onValue={setTyped}
              spellCheck={false}
              autoComplete="off"
              className="font-mono text-sm"
              error={problem}
            />
          </div>
          {typed !== null && typed !== path && (
            <Button type="submit" className="h-8 self-start">
              Go there
            </Button>
          )}
        </form>
        <div className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-lg border border-line narrow:flex-row">
          <Places listing={listing} onGo={folder => void enter(folder)} />
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            <div className="flex shrink-0 items-center gap-1 border-b border-line px-2 py-1">
              <IconButton
                label="One folder up"
                keys="Backspace"
                disabled={listing?.parent == null}
                onClick={() => void enter(listing?.parent ?? null)}
              >
                <CornerLeftUp size={16} aria-hidden />
              </IconButton>
              <Steps path={path} onGo={folder => void enter(folder)} />
              <IconButton label="New folder" disabled={listing === null} onClick={() => setNaming(true)}>
                <FolderPlus size={16} aria-hidden />
              </IconButton>
            </div>
            {naming && listing !== null && (
              <NewFolder
                parent={listing.path}
                onDone={created => {
                  list.current?.focus()
                  if (created === null) setNaming(false)
                  else void enter(created)
                }}
              />
            )}
            <FolderList ref={list} listing={listing} loading={loading} onGo={folder => void enter(folder)} />
          </div>
        </div>
      </div>
    </Dialog>
  )
}

type GoProps = { readonly onGo: (folder: string) => void }

function Places({ listing, onGo }: GoProps & { readonly listing: FolderListing | null }): ReactElement {
  return (
    <nav
      aria-label="Places"
      className="flex shrink-0 gap-0.5 overflow-x-auto border-b border-line bg-sunken p-1.5 narrow:w-40 narrow:flex-col narrow:overflow-x-hidden narrow:overflow-y-auto narrow:border-r narrow:border-b-0"
    >
      {listing?.places.map(place => {
        const Icon = place.path.length <= 3 ? HardDrive : Folder
        return (
          <button
            key={place.path}
            type="button"
            aria-current={place.path === listing.path ? 'location' : undefined}
            onClick={() => onGo(place.path)}
            className={cx(
              'flex h-7 shrink-0 items-center gap-2 rounded-md px-2 text-left hover:bg-hover',
              place.path === listing.path && 'bg-pressed font-medium',
            )}
          >
            <Icon size={14} aria-hidden className="shrink-0 text-muted" />
            <FileName name={place.name} />
          </button>
        )
      })}
    </nav>
  )
}

/** The last steps matter most: the row is scrolled to its end. */
function Steps({ path, onGo }: GoProps & { readonly path: string }): ReactElement {
  const end = useRef<HTMLOListElement>(null)
  useEffect(() => {
    if (path !== '' && end.current !== null) end.current.scrollLeft = end.current.scrollWidth
  }, [path])
  const crumbs = path === '' ? [] : crumbsOf(path)
  return (
    <nav aria-label="Where you are" className="min-w-0 flex-1">
      <ol ref={end} className="base-ui-disable-scrollbar flex items-center overflow-x-auto">
        {crumbs.map((crumb, index) => (
          <li key={crumb.path} className="flex shrink-0 items-center">
            {index > 0 && (
              <span aria-hidden className="text-faint">
                ›
              </span>
            )}
            <button
              type="button"
              onClick={() => onGo(crumb.path)}
              aria-current={index === crumbs.length - 1 ? 'location' : undefined}
              className="h-6 max-w-48 rounded-md px-1.5 hover:bg-hover aria-[current]:font-medium"
            >
              <FileName name={crumb.name} />
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}

type FolderListProps = GoProps & {
  readonly ref: React.RefObject<HTMLDivElement | null>
  readonly listing: FolderListing | null
  readonly loading: boolean
}

function FolderList({ ref, listing, loading, onGo }: FolderListProps): ReactElement {
  const [at, setAt] = useState({ path: '', index: 0 })
  const id = useId()
  const folders = listing?.folders ?? []
  // Every folder begins at its first; the list stays the same, so that it keeps the focus.
  const active = at.path === listing?.path ? Math.min(at.index, folders.length - 1) : folders.length === 0 ? -1 : 0
  const typing = useRef({ text: '', time: 0 })

  const move = (to: number) => {
    const index = Math.max(0, Math.min(folders.length - 1, to))
    setAt({ path: listing?.path ?? '', index })
    document.getElementById(`${id}-${index}`)?.scrollIntoView({ block: 'nearest' })
  }

  /** Letters jump to the next folder whose name begins with them. */
  const jump = (letter: string) => {
    const now = Date.now()
    typing.current = { text: now - typing.current.time > 800 ? letter : typing.current.text + letter, time: now }
    const wanted = typing.current.text.toLowerCase()
    const found = folders.findIndex(folder => folder.name.toLowerCase().startsWith(wanted))
    if (found >= 0) move(found)
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const folder = folders[active]
    const actions: { readonly [key: string]: (() => void) | undefined } = {
      ArrowDown: () => move(active + 1),
      ArrowUp: () => move(active - 1),
      Home: () => move(0),
      End: () => move(folders.length - 1),
      PageDown: () => move(active + 10),
      PageUp: () => move(active - 10),
      Enter: folder && (() => onGo(folder.path)),
      ArrowRight: folder && (() => onGo(folder.path)),
      Backspace: () => listing?.parent != null && onGo(listing.parent),
      ArrowLeft: () => listing?.parent != null && onGo(listing.parent),
    }
    const action =
      actions[event.key] ?? (event.key.length === 1 && event.key !== ' ' ? () => jump(event.key) : undefined)
    if (action === undefined) return
    event.preventDefault()
    action()
  }

  const empty = listing !== null && folders.length === 0
  return (
    <div
      ref={ref}
      role={empty ? 'group' : 'listbox'}
      aria-label="Folders"
      aria-busy={loading}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="group min-h-0 flex-1 overflow-y-auto p-1 outline-offset-[-2px]"
    >
      {empty && <p className="p-3 text-center text-muted">There are no folders in here.</p>}
      {listing === null ? (
        <SkeletonRows rows={7} />
      ) : (
        folders.map((folder, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
          <div
            key={folder.path}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            onClick={() => onGo(folder.path)}
            className="flex h-8 items-center gap-2 rounded-md px-2 hover:bg-hover group-focus-visible:aria-selected:bg-accent-soft"
          >
            <Folder size={16} aria-hidden className="shrink-0 text-muted" />
            <FileName name={folder.name} />
          </div>
        ))
      )}
    </div>
  )
}

type NewFolderProps = { readonly parent: string; readonly onDone: (created: string | null) => void }

function NewFolder({ parent, onDone }: NewFolderProps): ReactElement {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const create = async () => {
    try {
      onDone((await backend.machine.createFolder({ parent, name: name.trim() })).path)
    } catch (error) {
      setProblem(explain(error)?.text ?? null)
    }
  }
  return (
    <form
      className="flex items-start gap-2 border-b border-line p-2"
      onSubmit={event => {
        event.preventDefault()
        if (name.trim() !== '') void create()
      }}
    >
      <div className="min-w-0 flex-1">
        <TextField
          label="Name of the new folder"
          labelHidden
          placeholder="Name of the new folder"
          value={name}
          onValue={setName}
          maxLength={255}
          autoFocus
          error={problem}
          onKeyDown={event => {
            if (event.key !== 'Escape') return
            event.stopPropagation()
            event.nativeEvent.stopImmediatePropagation()
            onDone(null)
          }}
        />
      </div>
      <Button type="submit" className="h-8" disabled={name.trim() === ''}>
        Create
      </Button>
      <Button className="h-8" onClick={() => onDone(null)}>
        Cancel
      </Button>
    </form>
  )
}
