/**
 * A keyed set of values that can be watched: where a service keeps what the page may see.
 *
 * A slow watcher never queues more than one change per key: what it has not read yet is replaced, not piled up.
 */
import type { Change } from '../../preload/contract/models.ts'

export class Collection<T extends { readonly id: string }> {
  readonly #items = new Map<string, T>()
  readonly #watchers = new Set<(id: string) => void>()
  readonly #watched: (isWatched: boolean) => void

  /** `watched` is called before the first watcher is shown anything, and after the last one has gone. */
  constructor(watched: (isWatched: boolean) => void = () => {}) {
    this.#watched = watched
  }

  get(id: string): T | undefined {
    return this.#items.get(id)
  }

  put(item: T): void {
    this.#items.set(item.id, item)
    this.#changed(item.id)
  }

  delete(id: string): void {
    if (this.#items.delete(id)) this.#changed(id)
  }

  values(): readonly T[] {
    return [...this.#items.values()]
  }

  get size(): number {
    return this.#items.size
  }

  get watcherCount(): number {
    return this.#watchers.size
  }

  /**
   * First everything that `only` lets through, then what changes about it, until the signal is aborted. An item that
   * `only` lets through no longer is deleted from the watcher's view.
   */
  async *watch(signal: AbortSignal, only: (item: T) => boolean = () => true): AsyncGenerator<readonly Change<T>[]> {
    const shown = new Set<string>()
    const dirty = new Set<string>()
    let wake = () => {}
    const onChange = (id: string) => {
      dirty.add(id)
      wake()
    }
    const onAbort = () => wake()
    const show = (item: T): Change<T> => {
      shown.add(item.id)
      return { op: 'put', item }
    }
    if (this.#watchers.size === 0) this.#watched(true)
    this.#watchers.add(onChange)
    signal.addEventListener('abort', onAbort)
    try {
      yield [{ op: 'reset' }, ...this.values().filter(only).map(show)]
      while (!signal.aborted) {
        if (dirty.size === 0) {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
        const changes: Change<T>[] = []
        for (const id of dirty) {
          const item = this.#items.get(id)
          if (item !== undefined && only(item)) changes.push(show(item))
          else if (shown.delete(id)) changes.push({ op: 'delete', id })
        }
        dirty.clear()
        if (changes.length > 0) yield changes
      }
    } finally {
      this.#watchers.delete(onChange)
      if (this.#watchers.size === 0) this.#watched(false)
      signal.removeEventListener('abort', onAbort)
    }
  }

  #changed(id: string): void {
    for (const notify of this.#watchers) notify(id)
  }
}
