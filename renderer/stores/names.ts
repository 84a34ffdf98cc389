/** What versions of archives are called, read again when an archive changes or one of them is named here. */
import { useEffect } from 'react'
import { createStore, useStore } from 'zustand'
import type { ArchiveKey, ArchiveRow, NamedVersion } from '../../preload/contract/models.ts'
import { backend, useLive } from '../backend.ts'
import { attempt } from './toasts.ts'

type Read = { readonly length: number; readonly names: readonly NamedVersion[] }
const store = createStore<{ readonly byKey: ReadonlyMap<ArchiveKey, Read> }>(() => ({ byKey: new Map() }))
const none: readonly NamedVersion[] = []

async function read(key: ArchiveKey, length: number): Promise<void> {
  const { names } = await backend.history.names({ key })
  store.setState(({ byKey }) => ({ byKey: new Map(byKey).set(key, { length, names }) }))
}

/** Newest version first. */
export function useNames({ id: key, length }: ArchiveRow): readonly NamedVersion[] {
  const live = useLive()
  const known = useStore(store, state => state.byKey.get(key))
  const isNew = known?.length !== length
  useEffect(() => {
    if (!live || length < 2 || !isNew) return
    read(key, length).catch(() => {
      // A version without its name is still told by its number.
    })
  }, [key, length, live, isNew])
  return known?.names ?? none
}

/** null: it is called nothing any more. */
export function nameVersion(row: ArchiveRow, version: number, name: string | null): void {
  attempt(async () => {
    await backend.history.name({ key: row.id, version, name })
    await read(row.id, row.length)
  })
}
