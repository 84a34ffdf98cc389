/**
 * How much lies below folders. Names never wait for it: it is asked for when the person has stopped scrolling, for what is on
 * the screen and as far as the list is on this device, and dropped when they go on. Of the one folder that is chosen all is
 * counted, from peers if need be.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ArchiveRow, Entry, FolderSize } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'

/** Milliseconds of standing still. */
const STILL = 250
/** A list that is on its way is looked at again after this long, then twice as long, and so on. Milliseconds. */
const AGAIN = 2000
const LONGEST = 60_000
/** Entries of a folder in a list, at most. */
const MOST = 20_000

type Known = { readonly length: number; readonly sizes: ReadonlyMap<string, FolderSize> }
const nothing: Known = { length: 0, sizes: new Map() }

/** `seen`: call it with the entries on the screen whenever they change. */
export function useFolderSizes(
  row: ArchiveRow,
  version: number | null,
): { readonly sizes: ReadonlyMap<string, FolderSize>; readonly seen: (entries: readonly Entry[]) => void } {
  const length = version ?? row.length
  const live = useLive()
  const [known, setKnown] = useState(nothing)
  const latest = useRef(known)
  latest.current = known
  const stop = useRef<AbortController | null>(null)
  const shown = useRef<readonly string[]>([])

  const look = useCallback(() => {
    stop.current?.abort()
    const own = new AbortController()
    stop.current = own
    const { signal } = own
    if (!live) return
    const run = async () => {
      for (let pause = STILL, next = AGAIN; ; pause = next, next = Math.min(next * 2, LONGEST)) {
        await new Promise(resolve => setTimeout(resolve, pause))
        if (signal.aborted) return
        const current = latest.current.length === length ? latest.current.sizes : nothing.sizes
        const folders = shown.current.filter(path => !current.has(path))
        if (folders.length === 0) return
        const found: FolderSize[] = []
        await backend.read.measure(
          { key: row.id, version, folders, limit: MOST, fetch: false },
          { signal, onProgress: size => found.push(size) },
        )
        if (signal.aborted) return
        if (found.length > 0)
          setKnown(before => ({
            length,
            sizes: new Map([
              ...(before.length === length ? before.sizes : []),
              ...found.map(one => [one.path, one] as const),
            ]),
          }))
        if (found.length === folders.length) return
      }
    }
    run().catch(() => {
      // A size that is not known is not shown.
    })
  }, [row.id, version, length, live])

  useEffect(() => {
    look()
    return () => stop.current?.abort()
  }, [look])

  const seen = useCallback(
    (entries: readonly Entry[]) => {
      const folders = entries.filter(entry => entry.kind === 'folder').map(entry => entry.path)
      if (folders.length === shown.current.length && folders.every((path, index) => path === shown.current[index]))
        return
      shown.current = folders
      look()
    },
    [look],
  )
  return { sizes: known.sizes, seen }
}

/** Everything below one folder, growing while it is counted; null: it has just begun. `unknown`: nobody can say now. */
export function useFolderSize(row: ArchiveRow, version: number | null, path: string): FolderSize | 'unknown' | null {
  const length = version ?? row.length
  const live = useLive()
  const [size, setSize] = useState<FolderSize | 'unknown' | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is counted anew
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const say = (said: FolderSize) => !stop.signal.aborted && setSize(said)
    const done = () =>
      !stop.signal.aborted && setSize(now => (typeof now === 'object' && now?.path === path ? now : 'unknown'))
    const timer = setTimeout(() => {
      backend.read
        .measure(
          { key: row.id, version, folders: [path], limit: Number.MAX_SAFE_INTEGER, fetch: true },
          { signal: stop.signal, onProgress: say },
        )
        .then(done, done)
    }, STILL)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [row.id, version, length, path, live])
  return typeof size === 'object' && size !== null && size.path !== path ? null : size
}
