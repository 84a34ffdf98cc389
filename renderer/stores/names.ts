/** What was said of versions of archives, their names and what they are, read again when an archive changes or something is said here. */
import { useEffect } from 'react'
import { createStore, useStore } from 'zustand'
import type { ArchiveKey, ArchiveRow, Changeset, NamedVersion } from '../../preload/contract/models.ts'
import { backend, useLive } from '../backend.ts'
import { attempt } from './toasts.ts'

type Read = {
  readonly length: number
  readonly names: readonly NamedVersion[]
  readonly descriptions: ReadonlyMap<number, string>
}
const store = createStore<{ readonly byKey: ReadonlyMap<ArchiveKey, Read> }>(() => ({ byKey: new Map() }))
const nothing: Read = { length: 0, names: [], descriptions: new Map() }

async function read(key: ArchiveKey, length: number): Promise<void> {
  const { names, descriptions: described } = await backend.history.names({ key })
  const descriptions = new Map(described.map(({ version, message }) => [version, message]))
  store.setState(({ byKey }) => ({ byKey: new Map(byKey).set(key, { length, names, descriptions }) }))
}

/** Newest version first. */
export const useNames = (row: ArchiveRow): readonly NamedVersion[] => useRead(row).names

/** What a changeset is, in its author's last words; empty: nothing is said of it. */
export const useMessage = (row: ArchiveRow, { length, message }: Changeset): string =>
  useRead(row).descriptions.get(length) ?? message

function useRead({ id: key, length }: ArchiveRow): Read {
  const live = useLive()
  const known = useStore(store, state => state.byKey.get(key))
  const isNew = known?.length !== length
  useEffect(() => {
    if (!live || length < 2 || !isNew) return
    read(key, length).catch(() => {
      // A version without its name is still told by its number.
    })
  }, [key, length, live, isNew])
  return known ?? nothing
}

/** null: it is called nothing any more. */
export function nameVersion(row: ArchiveRow, version: number, name: string | null): void {
  attempt(async () => {
    await backend.history.name({ key: row.id, version, name })
    await read(row.id, row.length)
  })
}

/** null: nothing is said of it any more. */
export function describeVersion(row: ArchiveRow, version: number, message: string | null): void {
  attempt(async () => {
    await backend.history.describe({ key: row.id, version, message })
    await read(row.id, row.length)
  })
}
