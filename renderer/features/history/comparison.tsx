/** One file as it was and as it is, over the timeline, with the other files of the changeset one step away. */
import { ArrowLeft, ChevronDown, ChevronUp } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import type { ArchiveRow, ChangedFile } from '../../../preload/contract/models.ts'
import { backend, useConnection } from '../../backend.ts'
import type { Loaded, Subject } from '../../stores/content.ts'
import { type Comparison, nameOf, parentOf } from '../../stores/location.ts'
import { ui } from '../../stores/ui.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { difference, looks } from '../../ui/change.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, number } from '../../ui/format.ts'
import { kindOf } from '../../ui/kinds.ts'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { details } from './change-words.tsx'
import { MOST_BYTES } from './compare-texts.ts'
import { Failed } from './failed.tsx'
import { ImageComparison } from './image-comparison.tsx'
import type { Incomparable, TwoSides } from './sides.ts'
import { TextComparisonView } from './text-comparison.tsx'
import { useChanges } from './use-changes.ts'
import { useKeys } from './use-keys.ts'

/** Files that are read first, and at most: one can step through these. */
const FEW = 200
const MOST = 5000

type ComparisonProps = {
  readonly row: ArchiveRow
  readonly comparison: Comparison
  readonly onTurn: (path: string) => void
  readonly onClose: () => void
}

export function ComparisonView({ row, comparison, onTurn, onClose }: ComparisonProps): ReactElement {
  const { from, to, path } = comparison
  const [limit, setLimit] = useState(FEW)
  const [changes, again] = useChanges(row.id, from, to, limit)
  const files = changes.name === 'ready' ? changes.value.files : []
  const at = files.findIndex(file => file.path === path)
  const isFurther = changes.name === 'ready' && at === -1 && changes.value.more && limit < MOST
  useEffect(() => {
    if (isFurther) setLimit(MOST)
  }, [isFurther])
  const file = files[at] ?? null
  const region = useRef<HTMLElement>(null)
  useEffect(() => region.current?.focus(), [])
  const turn = (by: 1 | -1) => {
    const next = files[at + by]
    if (next !== undefined) onTurn(next.path)
  }
  useKeys(key => {
    if (key === 'Escape') onClose()
    else if (key === ']') turn(1)
    else if (key === '[') turn(-1)
    else return false
    return true
  })
  const name = nameOf(path)
  return (
    <section
      ref={region}
      tabIndex={-1}
      aria-label={`${plainName(name)}, before and after`}
      className="absolute inset-0 z-20 flex flex-col bg-surface outline-none"
    >
      <header className="flex shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-3 py-2">
        <IconButton label="Back to the changes" keys="Esc" onClick={onClose}>
          <ArrowLeft size={16} aria-hidden />
        </IconButton>
        <div className="min-w-0 flex-1 basis-40">
          <h2 className="flex min-w-0 items-center gap-2 font-semibold">
            <FileName name={name} />
            {file !== null && <Badge>{looks(file.change).word}</Badge>}
          </h2>
          <p className="flex min-w-0 flex-wrap gap-x-2 text-sm text-muted">
            {parentOf(path) !== '/' && <FileName name={parentOf(path).slice(1)} />}
            {file?.from != null && (
              <span className="flex min-w-0 gap-1">
                was <FileName name={file.from.slice(1)} />
              </span>
            )}
            <span className="tabular">
              {from <= 1 ? 'from the beginning' : `version ${number(from)}`} → version {number(to)}
            </span>
            {file !== null && <span className="tabular">{difference(file)}</span>}
          </p>
        </div>
        {files.length > 1 && at >= 0 && (
          <div className="flex items-center gap-0.5">
            <span className="tabular text-sm text-muted">
              File {number(at + 1)} of {number(files.length)}
            </span>
            <IconButton label="Previous file" keys="[" disabled={at === 0} onClick={() => turn(-1)}>
              <ChevronUp size={16} aria-hidden />
            </IconButton>
            <IconButton label="Next file" keys="]" disabled={at === files.length - 1} onClick={() => turn(1)}>
              <ChevronDown size={16} aria-hidden />
            </IconButton>
          </div>
        )}
      </header>
      {changes.name === 'failed' ? (
        <Failed error={changes.error} onAgain={again} />
      ) : changes.name === 'loading' || isFurther ? (
        <SkeletonRows rows={6} />
      ) : (
        <Sides key={`${from} ${to} ${path}`} row={row} comparison={comparison} file={file} />
      )}
    </section>
  )
}

type SidesProps = { readonly row: ArchiveRow; readonly comparison: Comparison; readonly file: ChangedFile | null }

/** What stood there in each of both versions; null: nothing. */
function useSides({ row, comparison, file }: SidesProps): readonly [Loaded<TwoSides>, again: () => void] {
  const { from, to, path } = comparison
  const live = useConnection().name === 'live'
  const [state, setState] = useState<Loaded<TwoSides>>({ name: 'loading' })
  const [turn, setTurn] = useState(0)
  const was = file?.from ?? path
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const side = async (version: number, path: string): Promise<Subject | null> => {
      // 0 would be the newest one.
      if (version <= 1) return null
      const entry = await backend.read.entry({ key: row.id, version, path }, { signal: stop.signal })
      return entry === null || entry.kind === 'folder' ? null : { archive: row.id, version, entry }
    }
    Promise.all([side(from, was), side(to, path)]).then(
      ([before, after]) => setState({ name: 'ready', value: { before, after } }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState({ name: 'failed', error })
      },
    )
    return () => stop.abort()
  }, [row.id, from, to, path, was, live, turn])
  return [state, () => setTurn(turn + 1)]
}

function Sides(props: SidesProps): ReactElement {
  const [state, again] = useSides(props)
  if (state.name === 'loading') return <SkeletonRows rows={6} />
  if (state.name === 'failed') return <Failed error={state.error} onAgain={again} />
  return (
    <>
      <Beside sides={state.value} change={props.file?.change ?? null} />
      <Body sides={state.value} file={props.file} />
    </>
  )
}

type BesideProps = { readonly sides: TwoSides; readonly change: ChangedFile['change'] | null }

/** What differs beside the content, in a line of its own. */
function Beside({ sides: { before, after }, change }: BesideProps): ReactNode {
  const said = before === null || after === null ? [] : details(before.entry, after.entry, change)
  if (said.length === 0) return null
  return <p className="shrink-0 border-b border-line px-4 py-1.5 text-sm text-muted">{said.join(' ')}</p>
}

const UNREADABLE: ReadonlySet<string> = new Set(['video', 'audio', 'pdf'])

function Body({ sides, file }: { readonly sides: TwoSides; readonly file: ChangedFile | null }): ReactElement {
  const { before, after } = sides
  const both = [before, after].filter(side => side !== null)
  if (both.length === 0) return <Said title="This file stands in neither of both versions" sides={sides} />
  if (both.some(({ entry }) => entry.kind === 'link')) return <Links sides={sides} />
  if (file?.change === 'touched') return <Said title="The content is the same" sides={sides} />
  const kinds = both.map(({ entry }) => kindOf(entry.name))
  if (file?.change === 'renamed' && before?.entry.size === after?.entry.size)
    return <Said title="It has another name, and the content is the same" sides={sides} />
  if (kinds.every(kind => kind === 'image')) return <ImageComparison sides={sides} />
  if (kinds.some(kind => UNREADABLE.has(kind))) return <NoText sides={sides} />
  if (both.some(({ entry }) => entry.size > MOST_BYTES))
    return (
      <Said title="This file is too large to be compared here" sides={sides}>
        Texts of up to {bytes(MOST_BYTES)} are compared.
      </Said>
    )
  return <TextComparisonView sides={sides} otherwise={why => <Otherwise why={why} sides={sides} />} />
}

function Otherwise({ why, sides }: { readonly why: Incomparable; readonly sides: TwoSides }): ReactElement {
  switch (why) {
    case 'no-text':
      return <NoText sides={sides} />
    case 'too-many-lines':
      return (
        <Said title="This text is too long to be compared here" sides={sides}>
          Texts of up to 20,000 lines are compared.
        </Said>
      )
    case 'too-long':
      return (
        <Said title="Comparing these texts takes too long" sides={sides}>
          They have too little in common.
        </Said>
      )
    case 'alike':
      return (
        <Said title="The words are the same" sides={sides}>
          Only the ends of lines or the way in which letters are stored differ.
        </Said>
      )
  }
}

const NoText = ({ sides }: { readonly sides: TwoSides }): ReactElement => (
  <Said title="This is no text, and cannot be compared word by word" sides={sides} />
)

function Links({ sides: { before, after } }: { readonly sides: TwoSides }): ReactElement {
  const said = ({ entry }: Subject) =>
    entry.kind === 'link' ? (
      <>
        a link to <FileName name={entry.target ?? '?'} whole className="font-medium text-ink" />
      </>
    ) : (
      `a file of ${bytes(entry.size)}`
    )
  return (
    <div className="grid flex-1 content-center justify-items-center gap-1 p-6 text-center text-muted">
      <p>Before: {before === null ? 'nothing' : said(before)}</p>
      <p>After: {after === null ? 'nothing' : said(after)}</p>
    </div>
  )
}

type SaidProps = { readonly title: string; readonly sides: TwoSides; readonly children?: ReactNode }

/** In words, with the way to either version. */
function Said({ title, sides: { before, after }, children }: SaidProps): ReactElement {
  const open = ({ archive, version, entry }: Subject) =>
    ui.go({ view: 'archive', key: archive, tab: 'files', path: parentOf(entry.path), version, file: entry.path })
  const size = (side: Subject | null) => (side === null ? 'not there' : bytes(side.entry.size))
  return (
    <div className="grid min-h-0 flex-1 place-items-center overflow-y-auto p-6">
      <div className="flex max-w-100 flex-col items-center gap-1 text-center">
        <p className="font-medium text-balance">{title}</p>
        {children && <p className="text-muted text-pretty">{children}</p>}
        <p className="tabular text-muted">
          Before: {size(before)}. After: {size(after)}.
        </p>
        <div className="mt-2 flex flex-wrap justify-center gap-1.5">
          {before !== null && <Button onClick={() => open(before)}>Open it as it was before</Button>}
          {after !== null && <Button onClick={() => open(after)}>Open it as it was after</Button>}
        </div>
      </div>
    </div>
  )
}
