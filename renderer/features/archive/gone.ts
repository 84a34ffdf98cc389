/**
 * What a folder, and those in it, had and have no more, looked for while somebody wants to see it. A part of the log is read by itself, and the
 * rest when they ask for it.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ArchiveRow, Entry, GoneEntry } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import { downloadVersions, type Restorable } from '../../stores/commands.ts'
import { count } from '../../ui/format.ts'

/** What a list shows: what is there, and what is gone. */
export type Listed = Entry & Partial<Pick<GoneEntry, 'gone'>>

/** The version that has it, of those that look at one (null: the newest). */
export const versionOf = (entry: Listed, version: number | null): number | null => entry.gone?.version ?? version

/** With each version what is taken of it. */
function byVersion(entries: readonly Listed[], version: number | null): ReadonlyMap<number | null, readonly Listed[]> {
  const groups = new Map<number | null, Listed[]>()
  for (const entry of entries) {
    const of = versionOf(entry, version)
    groups.set(of, [...(groups.get(of) ?? []), entry])
  }
  return groups
}

/** Each as it is in the version that has it. */
export function downloadEntries(row: ArchiveRow, version: number | null, entries: readonly Listed[]): void {
  downloadVersions(
    row.id,
    [...byVersion(entries, version)].map(([version, of]) => ({ version, paths: of.map(({ path }) => path) })),
  )
}

/** To be brought back as they were last, or as they were in this version. */
export const restorable = (version: number | null, entries: readonly Listed[]): Restorable => ({
  parts: [...byVersion(entries, version)].flatMap(([of, some]) =>
    of === null ? [] : [{ version: of, paths: some.map(({ path }) => path) }],
  ),
  name: entries.length === 1 ? entries[0]!.name : count(entries.length, 'item'),
  folders: entries.some(({ kind, gone }) => kind === 'folder' && gone === undefined),
})

export type Gone = {
  readonly entries: readonly GoneEntry[]
  /** All that was taken out after this version has been found; null: it has just begun. */
  readonly at: number | null
  /** Looking now. */
  readonly busy: boolean
  /** There is more to look through. */
  readonly more: boolean
  readonly error: unknown
  readonly onward: () => void
  readonly stop: () => void
}

const LIMIT = 500

type State = {
  /** What these were found of. */
  readonly of: string
  readonly entries: readonly GoneEntry[]
  readonly at: number | null
  readonly before: number | null
  readonly busy: boolean
  readonly error: unknown
}
const start: State = { of: '', entries: [], at: null, before: null, busy: true, error: null }

/** So long nobody has typed. Milliseconds. */
const TYPED = 400

export type Wanted = {
  readonly row: ArchiveRow
  readonly version: number | null
  readonly folder: string
  /** Of what lies anywhere below the folder those whose name holds this; empty: whatever they are called. */
  readonly name: string
  /** Of all names: also what is gone from the folders in it that are still there. */
  readonly below: boolean
}

/** null: nobody wants to see it. */
export function useGone({ row, version, folder, name, below }: Wanted, wanted: boolean): Gone | null {
  const { id: key, length } = row
  const live = useLive()
  const [state, setState] = useState<State>(start)
  const of = JSON.stringify([key, version, folder, name, below])
  const ending = useRef<AbortController | null>(null)

  const look = useCallback(
    (until: number | null) => {
      ending.current?.abort()
      const own = new AbortController()
      ending.current = own
      setState(known => (until === null ? { ...start, of } : { ...known, busy: true, error: null }))
      backend.history
        .gone(
          { key, version, folder, name: name === '' ? null : name, below, until, limit: LIMIT },
          {
            signal: own.signal,
            onProgress: ({ entries, at }) =>
              !own.signal.aborted &&
              setState(known => ({ ...known, at, entries: joined(known.entries, entries.map(calledBelow(folder))) })),
          },
        )
        .then(
          ({ before }) => !own.signal.aborted && setState(known => ({ ...known, before, busy: false })),
          (error: unknown) => !own.signal.aborted && setState(known => ({ ...known, busy: false, error })),
        )
    },
    [key, version, folder, name, below, of],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version may have taken something out, or brought it back
  useEffect(() => {
    if (!wanted || !live) return
    const timer = setTimeout(() => look(null), name === '' ? 0 : TYPED)
    return () => {
      clearTimeout(timer)
      ending.current?.abort()
    }
  }, [wanted, live, look, length])

  // What was found of something else is not shown while this is about to be looked for.
  const { entries, at, before, busy, error } = state.of === of ? state : start
  return !wanted
    ? null
    : {
        entries,
        at,
        busy,
        more: before !== null || error !== null,
        error,
        onward: () => look(before ?? at),
        stop: () => {
          ending.current?.abort()
          setState(known => ({ ...known, busy: false, before: known.at }))
        },
      }
}

/** By its path below the folder that is shown. */
const calledBelow = (folder: string) => (entry: GoneEntry) => ({
  ...entry,
  name: entry.path.slice(folder === '/' ? 1 : folder.length + 1),
})

/** The newest of each path is told first. */
function joined(known: readonly GoneEntry[], more: readonly GoneEntry[]): readonly GoneEntry[] {
  if (more.length === 0) return known
  const paths = new Set(known.map(({ path }) => path))
  return [...known, ...more.filter(({ path }) => !paths.has(path))]
}
