/** Everything that is shown as text: plain text, code, tables, Markdown, and the bytes of what is nothing of these. */
import { lazy, type ReactElement, Suspense, useMemo } from 'react'
import { Button } from '../../ui/button.tsx'
import { bytes, number } from '../../ui/format.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { type Head, type Subject, useHead } from './content.ts'
import { hexDump } from './hex.ts'
import { encodingOf, type PreviewKind } from './kinds.ts'
import { ErrorProblem, Guard } from './problem.tsx'
import { Scroller } from './scroller.tsx'
import { parseTable } from './table.ts'
import { countLines, decodeText } from './text.ts'

/** Markdown brings its parser along, which most previews never need. */
const Markdown = lazy(async () => ({ default: (await import('./markdown.tsx')).Markdown }))

const TEXT_PART = 256 * 1024
const HEX_PART = 4 * 1024
const TABLE_ROWS = 500

type DocumentProps = {
  readonly subject: Subject
  readonly kind: Extract<PreviewKind, 'markdown' | 'table' | 'code' | 'text' | 'unknown'>
}

export function DocumentPreview({ subject, kind }: DocumentProps): ReactElement {
  const { head, reading, more, retry } = useHead(subject, kind === 'unknown' ? HEX_PART : TEXT_PART)
  const text = useMemo(() => (head.name === 'ready' ? textOf(head.value) : null), [head])
  if (head.name === 'failed') return <ErrorProblem error={head.error} onRetry={retry} />
  if (head.name === 'loading') return <TextSkeleton />
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Guard fallback={<Bytes head={head.value} />}>
        <Shown head={head.value} text={text} kind={kind} />
      </Guard>
      <More head={head.value} reading={reading} onMore={() => more(text === null ? HEX_PART : TEXT_PART)} />
    </div>
  )
}

/** null: these bytes are no text. */
function textOf(head: Head): string | null {
  const encoding = encodingOf(head.bytes, head.whole)
  return encoding === null ? null : decodeText(head.bytes, encoding, head.whole)
}

type ShownProps = { readonly head: Head; readonly text: string | null; readonly kind: DocumentProps['kind'] }

function Shown({ head, text, kind }: ShownProps): ReactElement {
  if (head.size === 0) return <p className="p-4 text-center text-muted">This file is empty.</p>
  if (text === null) return <Bytes head={head} />
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
      return <TableView text={text} whole={head.whole} />
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
          The first {number(table.rows.length)} rows.
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

function Bytes({ head }: { readonly head: Head }): ReactElement {
  const dump = useMemo(() => hexDump(head.bytes), [head])
  return (
    <>
      <p className="shrink-0 border-b border-line bg-surface px-3 py-1.5 text-muted">
        There is no preview for this kind of file. These are its bytes.
      </p>
      <Scroller className="bg-surface" label="Bytes">
        <pre dir="ltr" className="w-max p-3 font-mono text-sm select-text">
          {dump}
        </pre>
      </Scroller>
    </>
  )
}

function More({
  head,
  reading,
  onMore,
}: {
  readonly head: Head
  readonly reading: boolean
  readonly onMore: () => void
}): ReactElement | null {
  if (head.whole) return null
  return (
    <div className="flex shrink-0 items-center gap-3 border-t border-line bg-surface px-3 py-1.5">
      <span className="text-sm text-muted tabular">
        {bytes(head.bytes.length)} of {bytes(head.size)}
      </span>
      <Button size="small" className="ml-auto" onClick={onMore} disabled={reading}>
        {reading ? 'Reading…' : 'Show more'}
      </Button>
    </div>
  )
}

function TextSkeleton(): ReactElement {
  return (
    <div aria-hidden className="flex h-full min-h-40 flex-col gap-2.5 bg-surface p-4">
      {['w-3/4', 'w-full', 'w-5/6', 'w-2/3', 'w-11/12'].map(width => (
        <Skeleton key={width} className={width} />
      ))}
    </div>
  )
}
