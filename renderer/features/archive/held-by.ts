/**
 * Who else holds what is on the screen: asked for the rows that are seen, again when something else is known of who has
 * what, and never more often than an eye follows. What was known of a row stays until something else is.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ArchiveRow, Entry, FileHolder, Held } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import { useAvailability } from '../../stores/availability.ts'

/** Milliseconds of standing still, and between two questions. */
const STILL = 120
const PAUSE = 1000
/** Rows that are asked about at once. */
const MOST = 500

type Known = { readonly of: string; readonly byPath: ReadonlyMap<string, Held> }
const nothing: Known = { of: '', byPath: new Map() }

/** `seen`: call it with the entries on the screen whenever they change. */
export function useHeldBy(
  row: ArchiveRow,
  version: number | null,
): { readonly heldBy: ReadonlyMap<string, Held>; readonly seen: (entries: readonly Entry[]) => void } {
  const of = `${row.id}+${version ?? ''}`
  const live = useLive()
  const known = useAvailability(row.id)
  const isCounted = known !== undefined && known.version !== null
  const [held, setHeld] = useState(nothing)
  const shown = useRef<readonly string[]>([])
  const asked = useRef(Number.NEGATIVE_INFINITY)
  const stop = useRef<AbortController | null>(null)

  const ask = useCallback(
    (pause: number) => {
      stop.current?.abort()
      const own = new AbortController()
      stop.current = own
      const { signal } = own
      if (!live || !isCounted) return
      const run = async () => {
        await new Promise(resolve => setTimeout(resolve, pause))
        const paths = shown.current
        if (signal.aborted || paths.length === 0) return
        asked.current = performance.now()
        const { held } = await backend.availability.files({ key: row.id, version, paths }, { signal })
        if (signal.aborted) return
        setHeld(before => {
          const byPath = new Map(before.of === of ? before.byPath : [])
          for (const [index, path] of paths.entries()) {
            const one = held[index]
            if (one) byPath.set(path, one)
            else byPath.delete(path)
          }
          return { of, byPath }
        })
      }
      run().catch(() => {
        // What is not known is not shown.
      })
    },
    [row.id, version, of, live, isCounted],
  )

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when something else is known
  useEffect(() => {
    ask(Math.max(STILL, asked.current + PAUSE - performance.now()))
  }, [ask, known])
  useEffect(() => () => stop.current?.abort(), [])

  const seen = useCallback(
    (entries: readonly Entry[]) => {
      const paths = entries.filter(entry => entry.kind !== 'link').map(entry => entry.path)
      const before = shown.current
      shown.current = paths.slice(0, MOST)
      if (paths.length === before.length && paths.every((path, index) => path === before[index])) return
      ask(STILL)
    },
    [ask],
  )
  return { heldBy: isCounted && held.of === of ? held.byPath : nothing.byPath, seen }
}

/** Those who hold some of one file or folder; null: it has just been asked, or cannot be told. */
export function useFileHolders(row: ArchiveRow, version: number | null, path: string): readonly FileHolder[] | null {
  const live = useLive()
  const known = useAvailability(row.id)
  const of = `${row.id}+${version ?? ''}${path}`
  const [answer, setAnswer] = useState<{ readonly of: string; readonly holders: readonly FileHolder[] } | null>(null)
  const asked = useRef({ of: '', at: 0 })
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when something else is known
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const since = performance.now() - asked.current.at
    const timer = setTimeout(
      () => {
        asked.current = { of, at: performance.now() }
        backend.availability.who({ key: row.id, version, path }, { signal: stop.signal }).then(
          ({ holders }) => !stop.signal.aborted && setAnswer({ of, holders }),
          () => !stop.signal.aborted && setAnswer(before => (before?.of === of ? before : null)),
        )
      },
      asked.current.of === of ? Math.max(STILL, PAUSE - since) : STILL,
    )
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [row.id, version, path, of, live, known])
  return answer?.of === of ? answer.holders : null
}
