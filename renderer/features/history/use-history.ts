/** The timeline as far as it was read, with what is new on top as it comes. */
import { useEffect, useRef, useState } from 'react'
import type { ArchiveRow, Changeset } from '../../../preload/contract/models.ts'
import { backend, useConnection } from '../../backend.ts'

const PAGE = 50

type State = {
  readonly changesets: readonly Changeset[]
  /** Where the next page ends; null: that was all. */
  readonly before: number | null
  readonly status: 'loading' | 'ready' | 'failed'
  readonly error: unknown
}

const start: State = { changesets: [], before: null, status: 'loading', error: null }

export function useHistory(
  row: ArchiveRow,
): State & { readonly busy: boolean; readonly more: () => void; readonly again: () => void } {
  const live = useConnection().name === 'live'
  const [state, setState] = useState<State>(start)
  const [busy, setBusy] = useState(false)
  const [turn, setTurn] = useState(0)
  const wanted = useRef(PAGE)
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again for every new version, after a loss, and on demand
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const read = async () => {
      const changesets: Changeset[] = []
      let before: number | null = null
      do {
        const page = await backend.history.list({ key: row.id, before, limit: PAGE }, { signal: stop.signal })
        changesets.push(...page.changesets)
        before = page.before
      } while (before !== null && changesets.length < wanted.current)
      setState({ changesets, before, status: 'ready', error: null })
    }
    read().catch((error: unknown) => {
      if (!stop.signal.aborted)
        setState(known => (known.status === 'ready' ? known : { ...start, status: 'failed', error }))
    })
    return () => stop.abort()
  }, [row.id, row.length, live, turn])
  const more = () => {
    if (state.before === null || busy) return
    setBusy(true)
    wanted.current += PAGE
    backend.history
      .list({ key: row.id, before: state.before, limit: PAGE })
      .then(
        page =>
          setState(known => ({ ...known, changesets: [...known.changesets, ...page.changesets], before: page.before })),
        (error: unknown) => setState(known => ({ ...known, error })),
      )
      .finally(() => setBusy(false))
  }
  return { ...state, busy, more, again: () => setTurn(turn + 1) }
}
