/**
 * What is new since the reader last looked, on top of the timeline, as one changeset: what came and went again in between is
 * nothing, and what changed five times has changed once.
 */
import { type ReactElement, useEffect, useState } from 'react'
import type { ArchiveRow, News as NewsCounts } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { sayCounts } from '../../stores/words.ts'
import { Button } from '../../ui/button.tsx'
import { bytes, number } from '../../ui/format.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { ChangedFiles } from './changed-files.tsx'

type NewsProps = { readonly row: ArchiveRow; readonly seenBefore: number }

type State =
  | { readonly counts: NewsCounts; readonly missing: number; readonly to: number }
  | { readonly error: unknown }
  | null

export function News({ row, seenBefore }: NewsProps): ReactElement | null {
  const [state, setState] = useState<State>(null)
  const [turn, setTurn] = useState(0)
  // As far as the library had counted, until all of it is known.
  const [counted] = useState(row.news)
  const to = row.length
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    const stop = new AbortController()
    backend.history.news({ key: row.id, from: seenBefore, to, limit: 1 }, { signal: stop.signal }).then(
      ({ counts, missing }) => setState({ counts, missing, to }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState({ error })
      },
    )
    return () => stop.abort()
  }, [row.id, seenBefore, to, turn])
  const said = state !== null && 'error' in state ? explain(state.error) : null
  const known = state === null || 'error' in state ? null : state
  const words = known === null ? [] : sayCounts(known.counts)
  return (
    <section aria-label="New since you looked" className="rounded-xl border border-accent/40 bg-accent-soft/50 p-1">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-3 pt-2 pb-1">
        <h2 className="text-md font-semibold whitespace-nowrap text-accent-text">New since you looked</h2>
        <p role="status" className="tabular w-full min-w-0 text-sm text-muted narrow:w-auto narrow:flex-1">
          {known !== null
            ? sayAll(words, known.counts.more, known.missing)
            : counted !== null && sayWords(sayCounts(counted), counted.more)}
        </p>
        <span className="tabular text-sm text-muted max-narrow:hidden">
          version {number(seenBefore)} → {number(to)}
        </span>
      </div>
      <div className="px-2 pb-1">
        {said !== null ? (
          <p className="flex flex-wrap items-center gap-2 px-1 pb-1 text-muted">
            {said.title}. {said.next}
            <Button size="small" onClick={() => setTurn(turn + 1)}>
              Try again
            </Button>
          </p>
        ) : known === null ? (
          <span className="block px-1 py-2">
            <Skeleton className="w-1/2" />
          </span>
        ) : (
          <ChangedFiles
            row={row}
            changeset={{
              ...known.counts,
              length: known.to,
              from: seenBefore,
              time: null,
              source: 'inferred',
              written: 0,
              touched: 0,
              bytes: 0,
              message: '',
              naming: null,
              describing: null,
              parts: 1,
              partial: false,
            }}
          />
        )}
      </div>
    </section>
  )
}

const sayWords = (words: readonly string[], more: boolean): string => `${more ? 'more than ' : ''}${words.join(', ')}`

function sayAll(words: readonly string[], more: boolean, missing: number): string {
  if (words.length === 0) return 'no content has changed'
  const all = sayWords(words, more)
  return missing === 0
    ? `${all}, all of it on this device`
    : `${all}; ${more ? 'more than ' : ''}${bytes(missing)} not on this device`
}
