/** The timeline as far as it was read, with what is new on top as it comes. */
import { useEffect, useRef, useState } from 'react'
import type { ArchiveRow, Changeset } from '../../../preload/contract/models.ts'
import { backend, useConnection } from '../../backend.ts'

/** More than a screen holds: so many are read unasked, and as many again each time that more are wanted. */
const PAGE = 30

type Timeline = {
  /** Newest first, without gaps. */
  readonly changesets: readonly Changeset[]
  /** Where the next page ends; null: that was all. */
  readonly before: number | null
}

type State = Timeline & { readonly status: 'loading' | 'ready' | 'failed'; readonly error: unknown }

const nothing: Timeline = { changesets: [], before: null }
const start: State = { ...nothing, status: 'loading', error: null }

export function useHistory(
  row: ArchiveRow,
): State & { readonly busy: boolean; readonly more: () => void; readonly again: () => void } {
  const live = useConnection().name === 'live'
  const [state, setState] = useState<State>(start)
  const [wanted, setWanted] = useState(PAGE)
  const [busy, setBusy] = useState(false)
  const [turn, setTurn] = useState(0)
  const known = useRef<Timeline & { readonly key: string }>({ ...nothing, key: row.id })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const show = (timeline: Timeline) => {
      known.current = { ...timeline, key: row.id }
      setState({ ...timeline, status: 'ready', error: null })
    }
    setBusy(true)
    read(row, known.current.key === row.id ? known.current : nothing, wanted, stop.signal, show)
      .catch((error: unknown) => {
        if (!stop.signal.aborted)
          setState(before => (before.status === 'ready' ? { ...before, error } : { ...start, status: 'failed', error }))
      })
      .finally(() => {
        if (!stop.signal.aborted) setBusy(false)
      })
    return () => stop.abort()
  }, [row.id, row.length, live, wanted, turn])
  return { ...state, busy, more: () => setWanted(wanted + PAGE), again: () => setTurn(turn + 1) }
}

/** First what is newer than what is known, then what is older, until so many are there; each page is shown as it comes. */
async function read(
  row: ArchiveRow,
  known: Timeline,
  wanted: number,
  signal: AbortSignal,
  show: (timeline: Timeline) => void,
): Promise<void> {
  const page = (before: number | null) =>
    backend.history.list({ key: row.id, before, limit: PAGE, soon: true }, { signal })
  const newest = known.changesets[0]?.length ?? 0
  // One that is shorter now is another one.
  let timeline = newest > row.length ? nothing : known
  if (newest !== row.length) {
    let fresh = await page(null)
    while (fresh.before !== null && fresh.before > newest && fresh.changesets.length < wanted) {
      if (newest === 0) show(fresh)
      const next = await page(fresh.before)
      fresh = { changesets: [...fresh.changesets, ...next.changesets], before: next.before }
    }
    timeline = joined(fresh, timeline)
    show(timeline)
  }
  while (timeline.before !== null && timeline.changesets.length < wanted) {
    const next = await page(timeline.before)
    timeline = { changesets: [...timeline.changesets, ...next.changesets], before: next.before }
    show(timeline)
  }
}

/** The newest of what is known may have grown: it is taken from what is fresh. */
function joined(fresh: Timeline, known: Timeline): Timeline {
  const { before } = fresh
  if (before === null) return fresh
  const rest = known.changesets.filter(({ length }) => length <= before)
  const meets = rest[0]?.length === before
  return meets ? { changesets: [...fresh.changesets, ...rest], before: known.before } : fresh
}
