/** Everything that is shown as text: plain text, code, tables, Markdown, and the bytes of what is nothing of these. */
import { lazy, type ReactElement, type Ref, Suspense, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { bytes, number } from '../../ui/format.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { type Part, type Subject, usePart } from '../../stores/content.ts'
import { hexDump } from './hex.ts'
import { encodingOf, type PreviewKind, type TextEncoding } from '../../ui/kinds.ts'
import { ErrorProblem, Guard, Waiting } from './problem.tsx'
import { Scroller } from './scroller.tsx'
import { parseTable } from './table.ts'
import { countLines, decodeEnd, decodeText } from '../../ui/text.ts'

/** Markdown brings its parser along, which most previews never need. */
const Markdown = lazy(async () => ({ default: (await import('./markdown.tsx')).Markdown }))

const TEXT_PART = 256 * 1024
const HEX_PART = 4 * 1024
const TABLE_ROWS = 500
/** More than this is not laid out at once. */
const MOST = 4 * 1024 * 1024

type DocumentProps = {
  readonly subject: Subject
  readonly kind: Extract<PreviewKind, 'markdown' | 'table' | 'code' | 'text' | 'unknown'>
}

export function DocumentPreview({ subject, kind }: DocumentProps): ReactElement {
  const { part, reading, more, retry } = usePart(subject, 'start', kind === 'unknown' ? HEX_PART : TEXT_PART)
  const [atEnd, setAtEnd] = useState(false)
  const encoding = useMemo(
    () => (part.name === 'ready' ? encodingOf(part.value.bytes, part.value.whole) : null),
    [part],
  )
  const text = useMemo(
    () =>
      part.name === 'ready' && encoding !== null ? decodeText(part.value.bytes, encoding, part.value.whole) : null,
    [part, encoding],
  )
  if (part.name === 'failed') return <ErrorProblem error={part.error} onRetry={retry} />
  if (part.name === 'loading') return <TextSkeleton />
  if (atEnd) return <End subject={subject} encoding={encoding} onLeave={() => setAtEnd(false)} />
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Guard fallback={<Bytes part={part.value} />}>
        <Shown part={part.value} text={text} kind={kind} />
      </Guard>
      {!part.value.whole && (
        <More
          said={`${bytes(part.value.bytes.length)} of ${bytes(part.value.size)}`}
          elsewhere="Go to the end"
          onElsewhere={() => setAtEnd(true)}
          more="Show more"
          reading={reading}
          onMore={part.value.bytes.length < MOST ? () => more(text === null ? HEX_PART : TEXT_PART) : null}
        />
      )}
    </div>
  )
}

type EndProps = {
  readonly subject: Subject
  /** null: it is no text. */
  readonly encoding: TextEncoding | null
  readonly onLeave: () => void
}

/** How a long file ends: the last lines of a log, the last bytes of anything. */
function End({ subject, encoding, onLeave }: EndProps): ReactElement {
  const size = encoding === null ? HEX_PART : TEXT_PART
  const { part, reading, more, retry } = usePart(subject, 'end', size)
  const scroller = useRef<HTMLDivElement>(null)
  const first = part.name === 'ready'
  useLayoutEffect(() => {
    if (first) scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  }, [first])
  const text = useMemo(
    () => (part.name === 'ready' && encoding !== null ? decodeEnd(part.value.bytes, encoding, part.value.whole) : null),
    [part, encoding],
  )
  if (part.name === 'failed') return <ErrorProblem error={part.error} onRetry={retry} />
  if (part.name === 'loading') return <TextSkeleton />
  return (
    <div className="flex h-full min-h-0 flex-col">
      {text === null ? (
        <Bytes part={part.value} ref={scroller} />
      ) : (
        <Scroller ref={scroller} className="bg-surface" label="Text">
          <PlainText text={text} />
        </Scroller>
      )}
      <More
        said={`The last ${bytes(part.value.bytes.length)} of ${bytes(part.value.size)}`}
        elsewhere="Back to the start"
        onElsewhere={onLeave}
        more="Show earlier"
        reading={reading}
        onMore={!part.value.whole && part.value.bytes.length < MOST ? () => more(size) : null}
      />
    </div>
  )
}

type ShownProps = { readonly part: Part; readonly text: string | null; readonly kind: DocumentProps['kind'] }

function Shown({ part, text, kind }: ShownProps): ReactElement {
  if (part.size === 0) return <p className="grid flex-1 place-items-center p-4 text-muted">This file is empty.</p>
  if (text === null) return <Bytes part={part} />
  switch (kind) {
    case 'markdown':
      return (
        <Scroller className="bg-surface" label="Text">
          <Suspense fallback={<TextSkeleton />}>
            <Guard fallback={<PlainText text={text} />}>
              <Markdown
                key={text.length}
                text={text}
                whileParsing={<TextSkeleton />}
                otherwise={<PlainText text={text} />}
              />
            </Guard>
          </Suspense>
        </Scroller>
      )
    case 'table':
      return <TableView text={text} whole={part.whole} />
    case 'code':
      return <Code text={text} />
    case 'text':
    case 'unknown':
      return (
        <Scroller className="bg-surface" label="Text">
          <PlainText text={text} />
        </Scroller>
      )
  }
}

function PlainText({ text }: { readonly text: string }): ReactElement {
  return (
    <pre dir="auto" className="p-3 font-mono text-sm whitespace-pre-wrap [overflow-wrap:anywhere] select-text">
      {text}
    </pre>
  )
}

function Code({ text }: { readonly text: string }): ReactElement {
  const numbers = useMemo(() => Array.from({ length: countLines(text) }, (_, index) => index + 1).join('\n'), [text])
  return (
    <Scroller className="bg-surface" label="Code">
      <div className="flex w-max min-w-full font-mono text-sm">
        <pre
          aria-hidden
          className="sticky left-0 border-r border-line bg-sunken py-3 pr-2 pl-3 text-right text-muted select-none"
        >
          {numbers}
        </pre>
        <pre dir="ltr" className="px-3 py-3 select-text [tab-size:4]">
          {text}
        </pre>
      </div>
    </Scroller>
  )
}

function TableView({ text, whole }: { readonly text: string; readonly whole: boolean }): ReactElement {
  const table = useMemo(() => parseTable(text, { maxRows: TABLE_ROWS, whole }), [text, whole])
  const [first = [], ...rest] = table.rows
  const columns = Array.from({ length: table.columns }, (_, index) => index)
  return (
    <>
      <Scroller className="bg-surface" label="Table">
        <table className="text-sm">
          <thead>
            <tr>
              {columns.map(column => (
                <th
                  key={column}
                  scope="col"
                  className="sticky top-0 max-w-88 border-r border-b border-line bg-sunken px-2.5 py-1.5 text-left font-medium whitespace-nowrap last:border-r-0"
                >
                  <Cell text={first[column]} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rest.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file never move
              <tr key={index} className="hover:bg-hover">
                {columns.map(column => (
                  <td
                    key={column}
                    className="max-w-88 border-r border-b border-line px-2.5 py-1 whitespace-nowrap tabular last:border-r-0"
                  >
                    <Cell text={row[column]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
      {table.cut && (
        <p className="shrink-0 border-t border-line bg-surface px-3 py-1.5 text-sm text-muted">
          The first {number(table.rows.length)} rows. Download it to see the others.
        </p>
      )}
    </>
  )
}

function Cell({ text = '' }: { readonly text?: string }): ReactElement {
  return (
    <bdi dir="auto" title={text.length > 40 ? text.slice(0, 2000) : undefined} className="block truncate select-text">
      {text.slice(0, 500)}
    </bdi>
  )
}

type BytesProps = { readonly part: Part; readonly ref?: Ref<HTMLDivElement> }

function Bytes({ part, ref }: BytesProps): ReactElement {
  const dump = useMemo(() => hexDump(part.bytes, part.start), [part])
  return (
    <>
      <p className="shrink-0 border-b border-line bg-surface px-3 py-1.5 text-muted">
        There is no preview for this kind of file. These are its bytes.
      </p>
      <Scroller ref={ref} className="bg-surface" label="Bytes">
        <pre dir="ltr" className="w-max p-3 font-mono text-sm select-text">
          {dump}
        </pre>
      </Scroller>
    </>
  )
}

type MoreProps = {
  /** What is shown of how much. */
  readonly said: string
  readonly elsewhere: string
  readonly onElsewhere: () => void
  readonly more: string
  readonly reading: boolean
  /** null: there is no more, or it is more than can be shown. */
  readonly onMore: (() => void) | null
}

function More({ said, elsewhere, onElsewhere, more, reading, onMore }: MoreProps): ReactElement {
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line bg-surface px-3 py-1.5">
      <span className="text-sm text-muted tabular">{said}</span>
      <span className="ml-auto flex gap-1.5">
        <Button size="small" onClick={onElsewhere}>
          {elsewhere}
        </Button>
        {onMore !== null && (
          <Button size="small" onClick={onMore} disabled={reading}>
            {reading ? 'Reading…' : more}
          </Button>
        )}
      </span>
    </div>
  )
}

function TextSkeleton(): ReactElement {
  return (
    <div className="relative h-full min-h-40 bg-surface">
      <div aria-hidden className="flex flex-col gap-2.5 p-4">
        {['w-3/4', 'w-full', 'w-5/6', 'w-2/3', 'w-11/12'].map(width => (
          <Skeleton key={width} className={width} />
        ))}
      </div>
      <Waiting />
    </div>
  )
}
