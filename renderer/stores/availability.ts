/** Who holds what, as the backend counts it: in one line of every archive, and all that is known of those that are looked at. */
import { useEffect, useState } from 'react'
import { createStore, type StoreApi, useStore } from 'zustand'
import type { ArchiveKey, Availability, AvailabilitySummary } from '../../preload/contract/models.ts'
import { backend, connected } from '../backend.ts'
import { type Mirror, mirror } from './mirror.ts'

const summaries = mirror<AvailabilitySummary>(
  signal => backend.availability.watchAll(undefined, { signal }),
  new AbortController().signal,
  connected,
)

export const useSummary = (key: ArchiveKey): AvailabilitySummary | undefined =>
  useStore(summaries, state => state.byId.get(key))

type Watched = { readonly store: StoreApi<Mirror<Availability>>; readonly life: AbortController; users: number }
const watched = new Map<ArchiveKey, Watched>()
const none = createStore<Mirror<Availability>>(() => ({ status: 'connecting', byId: new Map() }))

/** Counted for as long as somebody looks, however many do. */
export function useAvailability(key: ArchiveKey): Availability | undefined {
  const [store, setStore] = useState(none)
  useEffect(() => {
    const known = watched.get(key) ?? watch(key)
    known.users++
    setStore(known.store)
    return () => {
      setStore(none)
      if (--known.users > 0) return
      known.life.abort()
      watched.delete(key)
    }
  }, [key])
  return useStore(store, state => state.byId.get(key))
}

function watch(key: ArchiveKey): Watched {
  const life = new AbortController()
  const store = mirror<Availability>(signal => backend.availability.watch({ key }, { signal }), life.signal, connected)
  const known = { store, life, users: 0 }
  watched.set(key, known)
  return known
}
