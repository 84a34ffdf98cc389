/** The files that the fewest others hold, asked for when somebody wants to see them. */
import { ChevronRight } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import type { ArchiveRow, Availability, RareFile } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { useAnswer } from '../../stores/asking.ts'
import { sayHeldBy } from '../../stores/availability-words.ts'
import { nameOf, parentOf } from '../../stores/location.ts'
import { ui } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, number } from '../../ui/format.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

/** Asked for, and shown of them before somebody wants more. */
const ASKED = 50
const SHOWN = 8

/** `turn`: something else is known when it is another one. */
export function Rarest({ row, turn }: { readonly row: ArchiveRow; readonly turn: Availability }): ReactElement {
  const [open, setOpen] = useState(false)
  const [all, setAll] = useState(false)
  const files = useRarest(row.id, open, turn)
  // One more than fit take no more room than the button for them.
  const shown = files === null || all || files.length <= SHOWN + 1 ? files : files.slice(0, SHOWN)
  return (
    <section aria-label="Rarest files">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="-mx-1 flex h-7 items-center gap-1 rounded px-1 text-md font-semibold hover:bg-hover"
      >
        <ChevronRight size={16} aria-hidden className={open ? 'rotate-90 text-muted' : 'text-muted'} />
        Rarest files
      </button>
      {open &&
        (files === null || shown === null ? (
          <SkeletonRows rows={3} />
        ) : files.length === 0 ? (
          <p className="py-1.5 text-muted">There are no files in it.</p>
        ) : (
          <>
            <ul className="mt-1.5 flex flex-col rounded-lg border border-line">
              {shown.map(file => (
                <Rare key={file.path} row={row} file={file} />
              ))}
            </ul>
            <p className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-muted empty:hidden">
              {sayRest(files, shown.length, turn.files)}
              {shown.length < files.length && (
                <Button size="small" onClick={() => setAll(true)}>
                  Show {count(files.length - shown.length, 'more', 'more')}
                </Button>
              )}
            </p>
          </>
        ))}
    </section>
  )
}

/** `files` are those that the fewest hold, of `total`. Empty: all of them are shown. */
function sayRest(files: readonly RareFile[], shown: number, total: number): string {
  const rest = Math.max(files.length, total) - shown
  const last = files[shown - 1]
  if (rest <= 0 || last === undefined) return ''
  const isAlike = total <= files.length && files.every(({ others }) => others === last.others)
  return `And ${number(rest)} more, held by ${isAlike ? 'as many' : 'as many or more'}.`
}

function Rare({ row, file }: { readonly row: ArchiveRow; readonly file: RareFile }): ReactElement {
  const { path, size, others, here } = file
  const said = sayHeldBy({ path, others, here, files: 1, alone: others === 0 ? 1 : 0 })
  const folder = parentOf(path)
  return (
    <li className="border-b border-line last:border-b-0">
      <button
        type="button"
        className="flex min-h-9 w-full items-center gap-3 px-3 py-1 text-left hover:bg-hover"
        onClick={() => ui.go({ view: 'archive', key: row.id, tab: 'files', path: folder, version: null, file: path })}
      >
        <span className="min-w-0 flex-1">
          <FileName name={nameOf(path)} />
          {folder !== '/' && (
            <span className="block text-sm text-muted">
              <FileName name={folder} />
            </span>
          )}
        </span>
        <span className="tabular shrink-0 text-muted">{bytes(size)}</span>
        <span className="w-20 shrink-0 text-right text-sm" title={said.long}>
          {said.short}
        </span>
      </button>
    </li>
  )
}

function useRarest(key: string, open: boolean, turn: unknown): readonly RareFile[] | null {
  const { answer, error } = useAnswer(open ? key : null, turn, signal =>
    backend.availability.rarest({ key, limit: ASKED }, { signal }),
  )
  return answer?.files ?? (error === null ? null : [])
}
