/** The files that the fewest others hold, asked for when somebody wants to see them. */
import { ChevronRight } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import type { ArchiveRow, RareFile } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { useAnswer } from '../../stores/asking.ts'
import { sayHeldBy } from '../../stores/availability-words.ts'
import { nameOf, parentOf } from '../../stores/location.ts'
import { ui } from '../../stores/ui.ts'
import { FileName } from '../../ui/file-name.tsx'
import { bytes } from '../../ui/format.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

const SHOWN = 50

/** `turn`: something else is known when it is another one. */
export function Rarest({ row, turn }: { readonly row: ArchiveRow; readonly turn: unknown }): ReactElement {
  const [open, setOpen] = useState(false)
  const files = useRarest(row.id, open, turn)
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
        (files === null ? (
          <SkeletonRows rows={3} />
        ) : files.length === 0 ? (
          <p className="py-1.5 text-muted">There are no files in it.</p>
        ) : (
          <ul className="mt-1.5 flex flex-col rounded-lg border border-line">
            {files.map(file => (
              <Rare key={file.path} row={row} file={file} />
            ))}
          </ul>
        ))}
    </section>
  )
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
    backend.availability.rarest({ key, limit: SHOWN }, { signal }),
  )
  return answer?.files ?? (error === null ? null : [])
}
