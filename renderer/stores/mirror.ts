/** A read-only copy of a collection of the backend, kept by its watch stream. Written here and nowhere else. */
import { createStore, type StoreApi } from 'zustand'
import type { Change } from '../../preload/contract/models.ts'

export type Mirror<T> = {
  /** `stale`: the backend is away; this is the last that was known. */
  readonly status: 'connecting' | 'live' | 'stale'
  readonly byId: ReadonlyMap<string, T>
}

type Watch<T extends { readonly id: string }> = (signal: AbortSignal) => AsyncIterable<readonly Change<T>[]>

/**
 * Resubscribes after a loss. `ready` resolves when it makes sense to try (again), so that a page whose backend is away
 * does not knock on the door.
 */
export function mirror<T extends { readonly id: string }>(
  watch: Watch<T>,
  signal: AbortSignal,
  ready: (signal: AbortSignal) => Promise<void>,
): StoreApi<Mirror<T>> {
  const store = createStore<Mirror<T>>(() => ({ status: 'connecting', byId: new Map() }))
  void follow(store, watch, signal, ready)
  return store
}

async function follow<T extends { readonly id: string }>(
  store: StoreApi<Mirror<T>>,
  watch: Watch<T>,
  signal: AbortSignal,
  ready: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await ready(signal)
      for await (const changes of watch(signal)) {
        store.setState(state => ({ status: 'live', byId: applyChanges(state.byId, changes) }))
      }
    } catch {
      // The stream ended because the backend went away or this mirror was closed: both are seen below.
    }
    if (signal.aborted) return
    store.setState(state => ({ status: state.status === 'connecting' ? 'connecting' : 'stale' }))
    await new Promise(resolve => setTimeout(resolve, 250))
  }
}

export function applyChanges<T extends { readonly id: string }>(
  byId: ReadonlyMap<string, T>,
  changes: readonly Change<T>[],
): ReadonlyMap<string, T> {
  const next = new Map(byId)
  for (const change of changes) {
    if (change.op === 'reset') next.clear()
    else if (change.op === 'put') next.set(change.item.id, change.item)
    else next.delete(change.id)
  }
  return next
}
