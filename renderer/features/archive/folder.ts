/**
 * One folder of one version of an archive, read page by page as far as somebody looks, and a little ahead of them. It is
 * read again when the archive changes, and replaced in one go, so that the list never empties or jumps under the
 * person's hands.
 */
import { createStore, type StoreApi } from 'zustand'
import type { ArchiveKey, Entry } from '../../../preload/contract/models.ts'
import { backend, connected } from '../../backend.ts'

type Page = { readonly cursor: string | null; readonly entries: readonly Entry[]; readonly version: number }

export type FolderState = {
  readonly status: 'loading' | 'ready' | 'failed'
  readonly entries: readonly Entry[]
  /** There is nothing after the last of `entries`. */
  readonly complete: boolean
  readonly error: unknown
}

export type Folder = {
  readonly store: StoreApi<FolderState>
  /** Reads the next page, if there is one and none is being read. */
  more(): Promise<void>
  /** Reads to the end. Stops early when the signal says so. */
  all(signal: AbortSignal): Promise<void>
  /** Reads what is shown again, because the archive has a new version. */
  refresh(): void
  /** Reads the pages again that hold these rows, because more of them may be on this device now. */
  touch(from: number, to: number): void
  close(): void
}

export const PAGE = 1000
/** Whoever scrolls on and on gets more at once each time, up to so many pages. */
const MOST_PAGES = 16
/** How often a growing list is drawn anew, in milliseconds. */
const DRAWN = 250
/** A long folder that changes all the time is not read all the time: milliseconds for each of its entries. */
const PAUSE = 0.1

export function openFolder(key: ArchiveKey, version: number | null, folder: string): Folder {
  const store = createStore<FolderState>(() => ({ status: 'loading', entries: [], complete: false, error: null }))
  const life = new AbortController()
  let pages: readonly Page[] = []
  let next: string | null = null
  let complete = false
  /** One piece of work at a time, in order. */
  let work: Promise<void> = Promise.resolve()
  let waitingRefresh = false

  let shownAt = -DRAWN
  let count = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const read = async (cursor: string | null) => {
    await connected(life.signal)
    return backend.read.list(
      { key, version, folder, cursor, limit: PAGE, soon: cursor === null },
      { signal: life.signal },
    )
  }
  const show = () => {
    shownAt = performance.now()
    store.setState({ status: 'ready', entries: pages.flatMap(page => page.entries), complete, error: null })
  }
  const enqueue = (job: () => Promise<void>): Promise<void> => {
    work = work.then(async () => {
      if (life.signal.aborted) return
      try {
        await job()
      } catch (error) {
        if (life.signal.aborted) return
        store.setState(state => (state.status === 'ready' ? { error } : { status: 'failed', error }))
      }
    })
    return work
  }

  /** `drawn`: somebody waits to see it. */
  const readNext = async (drawn: boolean) => {
    if (complete) return
    const cursor = next
    const page = await read(cursor)
    pages = [...pages, { cursor, entries: page.entries, version: page.version }]
    count += page.entries.length
    next = page.cursor
    complete = page.cursor === null
    if (drawn || complete || performance.now() - shownAt > DRAWN) show()
  }

  const readAgain = async () => {
    waitingRefresh = false
    const fresh: Page[] = []
    let cursor: string | null = null
    let again = 0
    do {
      const page = await read(cursor)
      fresh.push({ cursor, entries: page.entries, version: page.version })
      again += page.entries.length
      cursor = page.cursor
    } while (cursor !== null && again < count)
    pages = fresh
    count = again
    next = cursor
    complete = cursor === null
    show()
  }

  const readTouched = async (from: number, to: number) => {
    let start = 0
    let changed = false
    const fresh = [...pages]
    for (const [index, page] of pages.entries()) {
      const end = start + page.entries.length
      if (end > from && start <= to) {
        const again = await read(page.cursor)
        if (again.version !== page.version) return readAgain()
        // It may end elsewhere this time.
        const known = new Map(again.entries.map(entry => [entry.path, entry]))
        fresh[index] = { ...page, entries: page.entries.map(entry => known.get(entry.path) ?? entry) }
        changed = true
      }
      start = end
    }
    if (!changed) return
    pages = fresh
    show()
  }

  let reading = false
  let atOnce = 1
  const more = async () => {
    if (reading || complete) return
    reading = true
    for (let page = 0; page < atOnce; page++) await enqueue(() => readNext(page === atOnce - 1))
    atOnce = Math.min(atOnce * 2, MOST_PAGES)
    reading = false
  }

  void enqueue(() => readNext(true))
  return {
    store,
    more,
    async all(signal) {
      while (!complete && !signal.aborted && !life.signal.aborted && store.getState().error === null)
        await enqueue(() => readNext(false))
    },
    refresh() {
      if (waitingRefresh) return
      waitingRefresh = true
      if (store.getState().status === 'failed' || count <= PAGE) return void enqueue(readAgain)
      timer = setTimeout(() => void enqueue(readAgain), count * PAUSE)
    },
    touch(from, to) {
      void enqueue(() => readTouched(from, to))
    },
    close() {
      clearTimeout(timer)
      life.abort()
    },
  }
}

export type SortBy = 'name' | 'size' | 'modified'
export type Sort = { readonly by: SortBy; readonly ascending: boolean }

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
const rank = (entry: Entry) => (entry.kind === 'folder' ? 0 : 1)

/** Folders first, whichever way the rest goes. Equal ones by name, so that the order is always the same. */
export function sortEntries<E extends Entry>(entries: readonly E[], { by, ascending }: Sort): readonly E[] {
  const turn = ascending ? 1 : -1
  return [...entries].sort((a, b) => {
    const folders = rank(a) - rank(b)
    if (folders !== 0) return folders
    const difference =
      by === 'size'
        ? a.size - b.size
        : by === 'modified'
          ? (a.modified ?? -Infinity) - (b.modified ?? -Infinity) || 0
          : 0
    const named = difference || collator.compare(a.name, b.name) || (a.path < b.path ? -1 : 1)
    return named * turn
  })
}
