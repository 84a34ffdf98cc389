/** The files of a changeset, and what became of each. */
import { type ReactElement, useCallback, useState } from 'react'
import type { ArchiveRow, ChangedFile, Changeset } from '../../../preload/contract/models.ts'
import { explain } from '../../errors.ts'
import { nameOf, parentOf } from '../../stores/location.ts'
import { Button } from '../../ui/button.tsx'
import { difference, looks } from '../../ui/change.tsx'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { count } from '../../ui/format.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { openComparison } from './comparison-place.ts'
import { useChanges } from './use-changes.ts'

const FEW = 200
const MANY = 5000

export function ChangedFiles({
  row,
  changeset,
}: {
  readonly row: ArchiveRow
  readonly changeset: Changeset
}): ReactElement {
  const [limit, setLimit] = useState(FEW)
  const [state, again] = useChanges(row.id, changeset.from, changeset.length, limit)
  const open = useCallback(
    (file: ChangedFile) => openComparison(row.id, { from: changeset.from, to: changeset.length, path: file.path }),
    [row.id, changeset],
  )
  if (state.name === 'loading') {
    return (
      <div className="flex flex-col gap-3 py-2" aria-hidden>
        {Array.from(
          {
            length: Math.max(
              1,
              Math.min(
                4,
                changeset.added +
                  changeset.changed +
                  changeset.removed +
                  changeset.renamed +
                  changeset.written +
                  changeset.touched,
              ),
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
  if (state.name === 'failed') {
    const said = explain(state.error)
    return (
      <p className="flex flex-wrap items-center gap-2 text-muted">
        {said?.title}. {said?.next}
        <Button size="small" onClick={again}>
          Try again
        </Button>
      </p>
    )
  }
  const { files, more } = state.value
  if (files.length === 0)
    return <p className="text-muted">No files differ: only names of versions or the description of the archive do.</p>
  return (
    <>
      <ul className="flex flex-col">
        {files.map(file => (
          <Changed key={file.path} file={file} onOpen={open} />
        ))}
      </ul>
      {more &&
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
        <span className="tabular ml-auto shrink-0 text-sm text-muted">
          <span aria-hidden className="max-narrow:hidden">
            {word.toLowerCase()}{' '}
          </span>
          <span className="inline-block text-right narrow:min-w-36">{difference(file)}</span>
        </span>
      </button>
    </li>
  )
}
