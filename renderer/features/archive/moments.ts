/**
 * The versions of an archive as places on a line. Where all of them are few, each gets as much room as any other. Of more,
 * the newest ones are known and the line is that of their numbers: what stands at a place is asked for when somebody stays
 * there, and so are those around it.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { ArchiveRow, Moment } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'

/** So many stand on the line, each at a place of its own. */
const FEW = 100
/** Read around a place where somebody has stopped. */
const AROUND = 20
/** Moments that are remembered. */
const MOST = 5000

export type Moments = {
  /** All that differ in their files, the oldest first; null: they are not known yet, or too many. */
  readonly few: readonly Moment[] | null
  /** What is known of a version; null: nothing yet. */
  readonly known: (version: number) => Moment | null
  /** The one that is shown for this place, and some before it. */
  readonly at: (version: number, signal?: AbortSignal) => Promise<Moment | null>
  /** The one after this version; null: that is the newest. */
  readonly after: (version: number) => Promise<Moment | null>
}

type Known = { readonly length: number; readonly few: readonly Moment[] | null }

export function useMoments(row: ArchiveRow): Moments {
  const { id: key, length } = row
  const live = useLive()
  const byVersion = useRef(new Map<number, Moment>())
  const [state, setState] = useState<Known>({ length: 0, few: null })
  const [, setTurn] = useState(0)

  const read = useCallback(
    async (until: number | null, limit: number, signal?: AbortSignal) => {
      const page = await backend.history.moments({ key, until, limit }, signal === undefined ? {} : { signal })
      if (byVersion.current.size > MOST) byVersion.current.clear()
      for (const moment of page.moments) byVersion.current.set(moment.version, moment)
      return page
    },
    [key],
  )
  useEffect(() => {
    if (!live || length < 2) return
    const stop = new AbortController()
    read(null, FEW, stop.signal).then(
      ({ moments, before }) =>
        !stop.signal.aborted &&
        setState({ length, few: before === null ? moments.filter(({ naming }) => !naming).toReversed() : null }),
      () => {
        // Without it the line is that of the numbers.
      },
    )
    return () => stop.abort()
  }, [read, length, live])

  return useMemo(
    () => ({
      few: state.few,
      known: version => byVersion.current.get(version) ?? null,
      async at(version, signal) {
        const known = byVersion.current.get(version)
        if (known !== undefined && (known.from < 2 || byVersion.current.has(known.from))) return known
        const { moments } = await read(version, AROUND, signal)
        setTurn(turn => turn + 1)
        return moments[0] ?? null
      },
      async after(version) {
        for (const moment of byVersion.current.values()) if (moment.from === version) return moment
        return version >= length ? null : ((await read(version + 1, 1)).moments[0] ?? null)
      },
    }),
    [state, read, length],
  )
}
