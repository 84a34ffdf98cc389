/**
 * Who else holds what is on the screen: asked for the rows that are seen, again when something else is known of who has
 * what, and never more often than an eye follows. What was known of a row stays until something else is.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ArchiveRow, Entry, FileHolder, Held } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import { type Asker, createAsker, useAnswer } from '../../stores/asking.ts'
import { useAvailability } from '../../stores/availability.ts'

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
  const asker = useRef<Asker | null>(null)
  useEffect(() => {
    if (!live || !isCounted) return
    const own = createAsker(async signal => {
      const paths = shown.current
      if (paths.length === 0) return
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
    })
    asker.current = own
    own.soon()
    return () => {
      own.close()
      asker.current = null
    }
  }, [row.id, version, of, live, isCounted])
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when something else is known
  useEffect(() => asker.current?.again(), [known])

  const seen = useCallback((entries: readonly Entry[]) => {
    const paths = entries.filter(entry => entry.kind !== 'link').map(entry => entry.path)
    const before = shown.current
    shown.current = paths.slice(0, MOST)
    if (paths.length === before.length && paths.every((path, index) => path === before[index])) return
    asker.current?.soon()
  }, [])
  return { heldBy: isCounted && held.of === of ? held.byPath : nothing.byPath, seen }
}

/** Those who hold some of one file or folder; null: it has just been asked, or cannot be told. */
export function useFileHolders(row: ArchiveRow, version: number | null, path: string): readonly FileHolder[] | null {
  const known = useAvailability(row.id)
  const { answer } = useAnswer(`${row.id}+${version ?? ''}${path}`, known, signal =>
    backend.availability.who({ key: row.id, version, path }, { signal }),
  )
  return answer?.holders ?? null
}
