/** Two versions of a text: what went and what came, marked by signs and words as well as by colour. */
import { ArrowDown, ArrowUp, Columns2, Rows2, UnfoldVertical } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useConnection } from '../../backend.ts'
import { type Loaded, readWhole, type Subject } from '../../stores/content.ts'
import { prefer, usePreference } from '../../stores/preferences.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { count, number } from '../../ui/format.ts'
import { useMedia } from '../../ui/media.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import type { Line, TextComparison } from './compare-texts.ts'
import type { CompareAnswer, CompareQuestion } from './compare-worker.ts'
import { type Row, rowsOf } from './comparison-rows.ts'
import { Failed } from './failed.tsx'
import type { Incomparable, TwoSides } from './sides.ts'
import { useKeys } from './use-keys.ts'

/** Longer than the worker gives itself. Milliseconds. */
const PATIENCE = 8000
/** Rows that are laid out at first, and as many again each time. */
const ROWS = 2000

/** Read whole, and compared away from the page. */
function useComparison({ before, after }: TwoSides): readonly [Loaded<TextComparison>, again: () => void] {
  const live = useConnection().name === 'live'
  const [state, setState] = useState<Loaded<TextComparison>>({ name: 'loading' })
  const [turn, setTurn] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const read = (side: Subject | null) => (side === null ? null : readWhole(side, stop.signal))
    const compare = async () => {
      const [had, has] = await Promise.all([read(before), read(after)])
      setState({ name: 'ready', value: await compared({ before: had, after: has }, stop.signal) })
    }
    compare().catch((error: unknown) => {
      if (!stop.signal.aborted) setState({ name: 'failed', error })
    })
    return () => stop.abort()
  }, [before, after, live, turn])
  return [state, () => setTurn(turn + 1)]
}

function compared(question: CompareQuestion, signal: AbortSignal): Promise<TextComparison> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./compare-worker.ts', import.meta.url), { type: 'module' })
    const end = (then: () => void) => {
      worker.terminate()
      clearTimeout(timer)
      then()
    }
    const tooLong = () => end(() => resolve({ name: 'too-long' }))
    const timer = setTimeout(tooLong, PATIENCE)
    signal.addEventListener('abort', () => end(() => reject(signal.reason as Error)))
    worker.addEventListener('message', ({ data }: MessageEvent<CompareAnswer>) => end(() => resolve(data)))
    worker.addEventListener('error', tooLong)
    worker.postMessage(question)
  })
}

type TextComparisonProps = { readonly sides: TwoSides; readonly otherwise: (why: Incomparable) => ReactElement }

export function TextComparisonView({ sides, otherwise }: TextComparisonProps): ReactElement {
  const [state, again] = useComparison(sides)
  if (state.name === 'loading') return <SkeletonRows rows={8} />
  if (state.name === 'failed') return <Failed error={state.error} onAgain={again} />
  if (state.value.name !== 'compared') return otherwise(state.value.name)
  return <Compared comparison={state.value} />
}

function Compared({
  comparison,
}: {
  readonly comparison: Extract<TextComparison, { name: 'compared' }>
}): ReactElement {
  const preferred = usePreference('comparison')
  const hasRoom = useMedia('(width >= 1000px)')
  const view = hasRoom ? preferred : 'unified'
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set())
  const [limit, setLimit] = useState(ROWS)
  const rows = useMemo(() => rowsOf(comparison, view, opened), [comparison, view, opened])
  const places = useMemo(
    () => rows.flatMap((row, at) => (row.kind !== 'fold' && row.change !== null ? [at] : [])),
    [rows],
  )
  const [change, setChange] = useState<number | null>(null)
  const lines = useRef<HTMLDivElement>(null)
  // Laid out first, then gone to.
  useEffect(() => {
    if (change === null) return
    const row = lines.current?.querySelector<HTMLElement>(`[data-change="${change}"]`)
    row?.scrollIntoView({ block: 'center' })
    row?.focus({ preventScroll: true })
  }, [change])
  const step = (by: 1 | -1) => {
    const next = change === null ? (by === 1 ? 0 : places.length - 1) : change + by
    const place = places[next]
    if (place === undefined) return
    if (place >= limit) setLimit(Math.ceil((place + 1) / ROWS) * ROWS)
    setChange(next)
  }
  useKeys(key => {
    if (key === 'n') step(1)
    else if (key === 'p') step(-1)
    else return false
    return true
  })
  const open = (stretch: number) => {
    setOpened(new Set(opened).add(stretch))
    // The button is gone then: the focus stays where it was.
    lines.current?.focus({ preventScroll: true })
  }
  return (
    <>
      <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-1.5">
        <span className="text-sm text-muted">
          {count(comparison.added, 'line')} added, {number(comparison.removed)} removed
        </span>
        <span className="ml-auto flex items-center gap-0.5">
          <span className="tabular text-sm text-muted" aria-live="polite">
            {change === null
              ? count(places.length, 'change')
              : `Change ${number(change + 1)} of ${number(places.length)}`}
          </span>
          <IconButton label="Previous change" keys="p" disabled={change === 0} onClick={() => step(-1)}>
            <ArrowUp size={16} aria-hidden />
          </IconButton>
          <IconButton label="Next change" keys="n" disabled={change === places.length - 1} onClick={() => step(1)}>
            <ArrowDown size={16} aria-hidden />
          </IconButton>
          {hasRoom && (
            <span className="ml-2 flex" role="group" aria-label="Arranged">
              <IconButton
                label="One below the other"
                pressed={view === 'unified'}
                onClick={() => prefer({ comparison: 'unified' })}
              >
                <Rows2 size={16} aria-hidden />
              </IconButton>
              <IconButton
                label="Side by side"
                pressed={view === 'split'}
                onClick={() => prefer({ comparison: 'split' })}
              >
                <Columns2 size={16} aria-hidden />
              </IconButton>
            </span>
          )}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard */}
      <div
        ref={lines}
        tabIndex={0}
        role="group"
        aria-label="Lines"
        className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]"
      >
        <div role="table" aria-label="Lines before and after" className="min-w-0 py-1 font-mono text-sm">
          <div role="rowgroup">
            {rows.slice(0, limit).map((row, at) => (
              <RowView
                // biome-ignore lint/suspicious/noArrayIndexKey: rows of a comparison never move
                key={at}
                row={row}
                isCurrent={row.kind !== 'fold' && row.change !== null && row.change === change}
                onOpen={open}
              />
            ))}
          </div>
        </div>
        {rows.length > limit && (
          <Button className="m-3" onClick={() => setLimit(limit + ROWS)}>
            Show {number(Math.min(ROWS, rows.length - limit))} more of {count(rows.length - limit, 'line')}
          </Button>
        )}
      </div>
    </>
  )
}

const NEAR = '[contain-intrinsic-height:auto_1.125rem] [content-visibility:auto]'
const tints = { same: '', removed: 'bg-bad-soft', added: 'bg-good-soft' } as const
const signs = { same: null, removed: '−', added: '+' } as const

type RowProps = { readonly row: Row; readonly isCurrent: boolean; readonly onOpen: (stretch: number) => void }

function RowView({ row, isCurrent, onOpen }: RowProps): ReactElement {
  if (row.kind === 'fold') {
    return (
      <div role="row" className="my-0.5 bg-sunken">
        <div role="cell" className="font-sans">
          <button
            type="button"
            onClick={() => onOpen(row.stretch)}
            className="flex min-h-6 w-full items-center gap-2 px-3 text-left text-muted hover:bg-hover hover:text-ink"
          >
            <UnfoldVertical size={13} aria-hidden />
            Show {count(row.lines, 'unchanged line')}
          </button>
        </div>
      </div>
    )
  }
  const change = row.change === null ? {} : { 'data-change': row.change, tabIndex: -1 }
  const outline = isCurrent ? 'outline-2 -outline-offset-2 outline-accent' : 'outline-none'
  if (row.kind === 'one') {
    return (
      <div
        role="row"
        {...change}
        className={cx('grid grid-cols-[2.75rem_2.75rem_1.25rem_minmax(0,1fr)]', NEAR, tints[row.sign], outline)}
      >
        <Numbered number={row.before} label="before" />
        <Numbered number={row.after} label="after" />
        <Sign sign={row.sign} />
        <Text line={row.line} sign={row.sign} />
      </div>
    )
  }
  const sign = (side: 'removed' | 'added') => (row.sign === 'same' ? 'same' : side)
  return (
    <div
      role="row"
      {...change}
      className={cx('grid grid-cols-[2.75rem_1.25rem_minmax(0,1fr)_2.75rem_1.25rem_minmax(0,1fr)]', NEAR, outline)}
    >
      {(['removed', 'added'] as const).map(side => {
        const cell = side === 'removed' ? row.before : row.after
        const tint = cell === null ? 'bg-sunken' : tints[sign(side)]
        return (
          <div key={side} role="presentation" className={cx('col-span-3 grid grid-cols-subgrid', tint)}>
            <Numbered number={cell?.number ?? null} label={side === 'removed' ? 'before' : 'after'} />
            <Sign sign={cell === null ? 'same' : sign(side)} />
            {cell === null ? <div role="cell" /> : <Text line={cell.line} sign={sign(side)} />}
          </div>
        )
      })}
    </div>
  )
}

function Numbered({ number: at, label }: { readonly number: number | null; readonly label: string }): ReactElement {
  return (
    <div role="cell" className="tabular px-1.5 text-right text-muted select-none">
      {at !== null && (
        <>
          <span className="sr-only">{label} </span>
          {at}
        </>
      )}
    </div>
  )
}

function Sign({ sign }: { readonly sign: keyof typeof signs }): ReactElement {
  return (
    <div role="cell" className={cx('select-none', sign === 'removed' ? 'text-bad' : 'text-good')}>
      {sign !== 'same' && (
        <>
          <span aria-hidden>{signs[sign]}</span>
          <span className="sr-only">{sign}</span>
        </>
      )}
    </div>
  )
}

/** Hostile: letters that would reorder or hide others were spelled out when it was decoded. */
function Text({ line, sign }: { readonly line: Line; readonly sign: keyof typeof signs }): ReactElement {
  const parts: ReactNode[] = []
  const Mark = sign === 'removed' ? 'del' : 'ins'
  let at = 0
  for (const [from, to] of line.marks) {
    parts.push(line.text.slice(at, from))
    parts.push(
      <Mark
        key={from}
        className={cx(
          'rounded-xs underline decoration-2 underline-offset-2',
          sign === 'removed' ? 'bg-bad/20 decoration-bad' : 'bg-good/20 decoration-good',
        )}
      >
        {line.text.slice(from, to)}
      </Mark>,
    )
    at = to
  }
  parts.push(line.text.slice(at))
  return (
    <div role="cell" className="min-w-0 pr-3 select-text">
      <bdi className="whitespace-pre-wrap [overflow-wrap:anywhere] [tab-size:4]">{parts}</bdi>
      {line.more > 0 && <span className="font-sans text-muted"> and {count(line.more, 'more letter')}</span>}
    </div>
  )
}
