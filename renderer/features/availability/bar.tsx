/**
 * An archive from its first block to its last: above, how many others hold each part; below, what is on this device. Which
 * part is which, and which files lie in it, is told under the pointer, and with the arrow keys.
 */
import { type KeyboardEvent, type PointerEvent, type ReactElement, useMemo, useState } from 'react'
import type { Availability, PartFiles } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { useAnswer } from '../../stores/asking.ts'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { count, number, percent } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'

/** In the units of the drawing. */
const HEIGHT = 100
/** What nobody else holds is marked so high. */
const FLOOR = 10
/** Parts that a page key goes on by. */
const PAGE = 16

type Bar = Availability['bar']

export function AvailabilityBar({ row }: { readonly row: Availability }): ReactElement | null {
  const { bar } = row
  const parts = bar.least.length
  const [at, setAt] = useState<number | null>(null)
  const top = useMemo(() => Math.max(2, ...bar.mean.map(Math.ceil)), [bar])
  const shown = at === null || parts === 0 ? null : Math.min(at, parts - 1)
  const files = usePartFiles(row, shown)
  if (parts === 0) return null
  const point = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    setAt(Math.max(0, Math.min(parts - 1, Math.floor(((event.clientX - left) / width) * parts))))
  }
  const key = (event: KeyboardEvent) => {
    const from = shown ?? -1
    const to: Readonly<Record<string, number>> = {
      ArrowRight: from + 1,
      ArrowUp: from + 1,
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      PageUp: from + PAGE,
      PageDown: from - PAGE,
      Home: 0,
      End: parts - 1,
    }
    const next = to[event.key]
    if (next === undefined) return
    event.preventDefault()
    setAt(Math.max(0, Math.min(parts - 1, next)))
  }
  const said = shown === null ? null : sayPart(row, shown)
  return (
    <div className="flex flex-col gap-2">
      <div
        role="slider"
        tabIndex={0}
        aria-label="Parts of this archive"
        aria-valuemin={1}
        aria-valuemax={parts}
        aria-valuenow={(shown ?? 0) + 1}
        aria-valuetext={
          said === null
            ? sayAll(row)
            : `Part ${number((shown ?? 0) + 1)} of ${number(parts)}: ${said}${files === null ? '' : `. ${sayFiles(files)}`}`
        }
        className="relative overflow-hidden rounded-md border border-line bg-sunken"
        onKeyDown={key}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
      >
        <Others bar={bar} top={top} />
        <Here bar={bar} />
        {shown !== null && (
          <span
            aria-hidden
            className="pointer-events-none absolute inset-y-0 min-w-0.5 border-x border-ink/70"
            style={{ left: `${(shown / parts) * 100}%`, width: `${100 / parts}%` }}
          />
        )}
      </div>
      {/* Two lines at any time, so that nothing moves under the pointer. */}
      <div aria-hidden className="min-h-8 text-sm text-muted">
        {said === null ? (
          <p>
            The whole archive, from what was added first on the left to what was added last. Point at a part to see
            which files it belongs to.
          </p>
        ) : (
          <>
            <p className="truncate">
              <span className="tabular text-ink">Part {number((shown ?? 0) + 1)}</span>: {said}
            </p>
            {files !== null && <Files of={files} />}
          </>
        )}
      </div>
      <ul className="flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
        <Legend mark="h-3 bg-accent">{`Held by others: the higher, the more, up to ${number(top)} of them`}</Legend>
        {bar.least.includes(0) && (
          <Legend mark="h-1 self-end bg-bad">
            {row.unheard > 0 ? 'Nobody else, as far as is known' : 'Nobody else now'}
          </Legend>
        )}
        <Legend mark="h-1.5 bg-good forced-colors:bg-faint">On this device</Legend>
      </ul>
    </div>
  )
}

/** null: no part is looked at, or it has just been asked. */
function usePartFiles({ id: key, version }: Availability, part: number | null): PartFiles | null {
  const question = part === null || version === null ? null : `${key}+${version} ${part}`
  const { answer } = useAnswer(question, null, signal =>
    backend.availability.part({ key, version: version ?? 0, part: part ?? 0 }, { signal }),
  )
  return answer?.part ?? null
}

function Files({ of: { files, first, last } }: { readonly of: PartFiles }): ReactElement {
  return (
    <p className="flex min-w-0 gap-1 whitespace-nowrap">
      {files > 1 && <span className="shrink-0">{count(files, 'file')}:</span>}
      <FileName name={first.slice(1)} />
      {files > 1 && (
        <>
          <span className="shrink-0">{files === 2 ? 'and' : 'to'}</span>
          <FileName name={last.slice(1)} />
        </>
      )}
    </p>
  )
}

function sayFiles({ files, first, last }: PartFiles): string {
  const [from, to] = [plainName(first.slice(1)), plainName(last.slice(1))]
  return files === 1 ? `Of ${from}` : `Of ${count(files, 'file')}, ${from} ${files === 2 ? 'and' : 'to'} ${to}`
}

function Legend({ mark, children }: { readonly mark: string; readonly children: string }): ReactElement {
  return (
    <li className="flex items-center gap-1.5">
      <span aria-hidden className="flex h-3 w-3 items-center">
        <span className={cx('block w-3 rounded-xs', mark)} />
      </span>
      {children}
    </li>
  )
}

/** Neighbours that look the same are drawn as one. */
function runsOf(parts: number, same: (a: number, b: number) => boolean): readonly { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (let part = 0; part < parts; part++) {
    const last = runs.at(-1)
    if (last !== undefined && same(last.from, part)) last.to = part + 1
    else runs.push({ from: part, to: part + 1 })
  }
  return runs
}

/** As high as many hold it: full for what all of these hold, faint up to what they hold on average. */
function Others({ bar: { least, mean }, top }: { readonly bar: Bar; readonly top: number }): ReactElement {
  const parts = least.length
  const runs = runsOf(parts, (a, b) => least[a] === least[b] && mean[a] === mean[b])
  const height = (value: number) => (Math.min(value, top) / top) * HEIGHT
  return (
    <svg
      aria-hidden
      viewBox={`0 0 ${parts} ${HEIGHT}`}
      preserveAspectRatio="none"
      shapeRendering="crispEdges"
      className="block h-14 w-full"
    >
      {runs.map(({ from, to }) => {
        const held = height(least[from]!)
        const average = height(mean[from]!)
        const base = { x: from, width: to - from } as const
        return (
          <g key={from}>
            {average > held && (
              <rect {...base} y={HEIGHT - average} height={average} className="fill-accent opacity-30" />
            )}
            {held > 0 ? (
              <rect {...base} y={HEIGHT - held} height={held} className="fill-accent" />
            ) : (
              <rect {...base} y={HEIGHT - FLOOR} height={FLOOR} className="fill-bad" />
            )}
          </g>
        )
      })}
    </svg>
  )
}

function Here({ bar: { here } }: { readonly bar: Bar }): ReactElement {
  const parts = here.length
  const runs = runsOf(parts, (a, b) => here[a] === here[b])
  return (
    <svg
      aria-hidden
      viewBox={`0 0 ${parts} 1`}
      preserveAspectRatio="none"
      shapeRendering="crispEdges"
      className="block h-2 w-full border-t border-line forced-colors:border-t-3 forced-colors:border-surface"
    >
      {runs.map(({ from, to }) =>
        here[from] === 0 ? null : (
          <rect
            key={from}
            x={from}
            width={to - from}
            y={0}
            height={1}
            className="fill-good forced-colors:fill-faint"
            opacity={0.25 + 0.75 * here[from]!}
          />
        ),
      )}
    </svg>
  )
}

function sayPart({ bar: { least, mean, here }, unheard }: Availability, part: number): string {
  const [few, usual, share] = [least[part]!, mean[part]!, here[part]!]
  const others =
    few === 0
      ? usual > 0
        ? `some of it nobody else ${unheard > 0 ? 'is known to hold' : 'holds'} now`
        : `nobody else ${unheard > 0 ? 'is known to hold' : 'holds'} it now`
      : `${few === 1 ? 'one other holds' : `${number(few)} others hold`} all of it`
  const own = share >= 1 ? 'it is on this device' : share <= 0 ? 'it is not here' : `${percent(share, 1)} of it is here`
  return `${others}, ${own}`
}

function sayAll({ bar: { least }, here, blocks, unheard }: Availability): string {
  const held = least.filter(value => value > 0).length
  const others =
    held === least.length
      ? 'All parts are held by others'
      : held === 0
        ? unheard > 0
          ? 'Nobody else is known to hold any part whole'
          : 'Nobody else holds any part whole'
        : `${number(held)} of ${number(least.length)} parts are held by others`
  return `${others}; ${here.blocks >= blocks ? 'all of it is here' : `${percent(here.blocks, blocks)} is here`}`
}
