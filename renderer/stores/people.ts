/** What the person calls other machines. A name is their own word for a public key, and known to nobody else. */
import { useStore } from 'zustand'
import type { PeerName } from '../../preload/contract/models.ts'
import { backend, connected } from '../backend.ts'
import { mirror } from './mirror.ts'
import { attempt } from './toasts.ts'

/** Characters. */
export const LONGEST_NAME = 100

const names = mirror<PeerName>(
  signal => backend.names.watch(undefined, { signal }),
  new AbortController().signal,
  connected,
)

export const usePersonName = (id: string): string | null => useStore(names, state => state.byId.get(id)?.name ?? null)
export const usePeople = (): ReadonlyMap<string, PeerName> => useStore(names, state => state.byId)

/** null: it has no name any more. */
export const namePerson = (id: string, name: string | null): void => attempt(() => backend.names.set({ id, name }))
