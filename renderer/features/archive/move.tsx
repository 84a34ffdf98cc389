/** Chooses a folder of the archive to move things into, and asks for names. */
import { CornerLeftUp, Folder as FolderIcon } from 'lucide-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { ArchiveRow, Entry } from '../../../preload/contract/models.ts'
import { nameOf, parentOf } from '../../stores/location.ts'
import { titleOf } from '../../stores/mirrors.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { count } from '../../ui/format.ts'
import { MessageField } from '../../ui/message-field.tsx'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { entryOfFolder, problemOfName, useMadeFolders } from './edit.ts'
import { type Folder, openFolder } from './folder.ts'

type MoveProps = {
  readonly row: ArchiveRow
  /** Where it begins. */
  readonly path: string
  readonly entries: readonly Entry[]
  readonly onClose: () => void
  readonly onMove: (folder: string, message: string) => void
}

export function MoveDialog({ row, path, entries, onClose, onMove }: MoveProps): ReactElement {
  const [at, setAt] = useState(path)
  const [message, setMessage] = useState('')
  const here = at === '/' ? titleOf(row) : nameOf(at)
  const what = entries.length === 1 ? plainName(entries[0]?.name ?? '') : count(entries.length, 'item')
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Move ${what}`}
      description={`To ${plainName(titleOf(row))}${at === '/' ? '' : plainName(at)}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={at === path} onClick={() => onMove(at, message)}>
            Move here
          </Button>
        </>
      }
    >
      <div className="flex h-72 max-h-[calc(100dvh-20rem)] flex-col gap-1">
        {at !== '/' && (
          <Button
            kind="quiet"
            className="justify-start!"
            icon={<CornerLeftUp size={16} aria-hidden />}
            onClick={() => setAt(parentOf(at))}
          >
            To the folder above
          </Button>
        )}
        <Folders key={at} row={row} at={at} label={`Folders in ${plainName(here)}`} without={entries} onGo={setAt} />
      </div>
      <MessageField value={message} onValue={setMessage} />
    </Dialog>
  )
}

type FoldersProps = {
  readonly row: ArchiveRow
  readonly at: string
  readonly label: string
  /** What moves cannot move into itself. */
  readonly without: readonly Entry[]
  readonly onGo: (path: string) => void
}

function Folders(props: FoldersProps): ReactElement {
  const { row, at } = props
  const [folder, setFolder] = useState<Folder | null>(null)
  useEffect(() => {
    const opened = openFolder(row.id, null, at)
    setFolder(opened)
    const stop = new AbortController()
    void opened.all(stop.signal)
    return () => {
      stop.abort()
      opened.close()
    }
  }, [row.id, at])
  return folder === null ? <SkeletonRows /> : <FolderList {...props} folder={folder} />
}

function FolderList({
  row,
  at,
  label,
  without,
  onGo,
  folder,
}: FoldersProps & { readonly folder: Folder }): ReactElement {
  const { entries, complete, status } = useStore(folder.store)
  const made = useMadeFolders(row.id)
  const there = entries.filter(entry => entry.kind === 'folder')
  const alone = [...made]
    .filter(path => parentOf(path) === at && there.every(entry => entry.path !== path))
    .map(entryOfFolder)
  const folders = [...there, ...alone].filter(entry => without.every(({ path }) => path !== entry.path))
  if (status === 'loading') return <SkeletonRows />
  return (
    <ul aria-label={label} className="min-h-0 flex-1 overflow-y-auto">
      {folders.map(({ path, name }) => (
        <li key={path}>
          <button
            type="button"
            className="flex h-8 w-full min-w-0 items-center gap-2.5 rounded-md px-2.5 text-left hover:bg-hover active:bg-pressed"
            onClick={() => onGo(path)}
          >
            <FolderIcon size={16} aria-hidden className="shrink-0 text-accent-text" />
            <FileName name={name} />
          </button>
        </li>
      ))}
      {folders.length === 0 && <li className="px-2.5 py-1.5 text-muted">No folders in it</li>}
      {!complete && status === 'ready' && <li className="px-2.5 py-1.5 text-muted">Reading the rest…</li>}
    </ul>
  )
}

type NameProps = {
  readonly title: string
  /** What the button says that does it. */
  readonly yes: string
  readonly hint?: string
  /** To begin with. */
  readonly name: string
  readonly taken: ReadonlySet<string>
  readonly onClose: () => void
  /** It makes a version, of which the person can say something. */
  readonly describable?: boolean
  readonly onName: (name: string, message: string) => void
}

export function NameDialog({
  title,
  yes,
  hint,
  name: before,
  taken,
  describable,
  onClose,
  onName,
}: NameProps): ReactElement {
  const [name, setName] = useState(before)
  const [message, setMessage] = useState('')
  const [tried, setTried] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const problem = problemOfName(name) ?? (taken.has(name) ? 'Something of this name is here already.' : null)
  const save = () => {
    setTried(true)
    if (problem === null) onName(name, message)
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      size="small"
      initialFocus={field}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={save}>
            {yes}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={event => {
          event.preventDefault()
          save()
        }}
      >
        <TextField
          ref={field}
          label="Name"
          value={name}
          onValue={setName}
          error={tried || name !== before ? problem : null}
          hint={hint}
          autoComplete="off"
          spellCheck={false}
        />
        {describable && <MessageField value={message} onValue={setMessage} />}
        {/* Enter in a form of two fields needs it. */}
        <button type="submit" hidden />
      </form>
    </Dialog>
  )
}
