/** The files of a changeset, and what became of each. */
import { ArrowRight, Clock, Minus, Pencil, Plus } from 'lucide-react'
import { type ReactElement, useCallback, useEffect, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, ChangedFile, Changeset } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { nameOf, parentOf } from '../../stores/location.ts'
import { ui } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count } from '../../ui/format.ts'
import { Skeleton } from '../../ui/skeleton.tsx'

const FEW = 200
const MANY = 5000

export function ChangedFiles({
  row,
  changeset,
}: {
  readonly row: ArchiveRow
  readonly changeset: Changeset
}): ReactElement {
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
