/**
 * What is worth a notification while the window is not in front: a friend's changes, the end of a transfer, and that an
 * archive was found which the person watches for. The last is said on the page as well, also when the page comes later.
 *
 * Changes are gathered for some seconds, those of several archives together, and an archive that was told of is not told of
 * again before the person has looked, or an hour has passed.
 */
import type { ArchiveKey, ArchiveRow } from '../preload/contract/models.ts'
import { shell } from './shell.ts'
import { archives, settings, titleOf, transfers } from './stores/mirrors.ts'
import { toast } from './stores/toasts.ts'
import { ui, uiStore } from './stores/ui.ts'
import { type Notice, sayArchive, sayChanges } from './stores/notice-words.ts'
import { count } from './ui/format.ts'
import { plainName } from './ui/names.ts'

/** Changes are told after this much quiet, and after this long where there is none; in milliseconds. */
const QUIET = 4000
const LONGEST = 15_000
const AGAIN = 3_600_000

const wanted = () => settings.getState().byId.get('settings')?.notify === true && !document.hasFocus()

const namesPrivate = () => settings.getState().byId.get('settings')?.namePrivate === true

const notify = (notice: Notice): void => {
  shell.notify(notice).catch(() => {
    // A system that shows no notifications: the marks in the library say the same.
  })
}

/** By archive: when it was found, as told here. */
const told = new Map<string, number>()

function tellWhatWasFound(rows: Iterable<ArchiveRow>): void {
  for (const row of rows) {
    const foundAt = row.watched?.foundAt ?? null
    if (foundAt === null || told.get(row.id) === foundAt) continue
    told.set(row.id, foundAt)
    const title = plainName(titleOf(row))
    if (wanted()) {
      const named = sayArchive(row, titleOf(row), namesPrivate())
      notify({ title: named, body: 'It was found: you watched for it.', key: row.id })
    }
    const { place } = uiStore.getState()
    if (place.view === 'archive' && place.key === row.id && document.hasFocus()) continue
    toast.done({
      title: `${title} was found`,
      text: 'You watched for it.',
      action: { label: 'Open', run: () => ui.openArchive(row.id) },
    })
  }
}

/** Archives that have changed and are told of together. */
class Changes {
  readonly #keys = new Set<ArchiveKey>()
  /** By archive: what it was seen up to when it was told of, and when that was. */
  readonly #told = new Map<ArchiveKey, { readonly seen: number; readonly at: number }>()
  #since = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  add(row: ArchiveRow, asks: boolean): void {
    const before = this.#told.get(row.id)
    if (!asks && before?.seen === row.seenLength && Date.now() - before.at < AGAIN) return
    if (this.#keys.size === 0) this.#since = Date.now()
    this.#keys.add(row.id)
    clearTimeout(this.#timer)
    const left = this.#since + LONGEST - Date.now()
    this.#timer = setTimeout(() => this.#tell(), Math.max(0, Math.min(QUIET, left)))
  }

  #tell(): void {
    const rows = [...this.#keys].flatMap(key => archives.getState().byId.get(key) ?? [])
    this.#keys.clear()
    const notice = sayChanges(rows, titleOf, namesPrivate())
    if (notice === null || !wanted()) return
    for (const { id, seenLength } of rows) this.#told.set(id, { seen: seenLength, at: Date.now() })
    notify(notice)
  }
}

export function startNotices(): void {
  const changes = new Changes()
  archives.subscribe(now => {
    if (now.status === 'live') tellWhatWasFound(now.byId.values())
  })
  archives.subscribe((now, before) => {
    // After a loss everything comes anew, and none of it is news.
    if (now.status !== 'live' || before.status !== 'live' || !wanted()) return
    for (const row of now.byId.values()) {
      const known = before.byId.get(row.id)
      if (row.ownership !== 'friends' || !row.notify || known === undefined || known.length === 0) continue
      const { pending } = row.updates
      const asks = pending !== null && !pending.stays && known.updates.pending === null
      if (asks || row.length > known.length) changes.add(row, asks)
    }
  })
  transfers.subscribe((now, before) => {
    if (now.status !== 'live' || before.status !== 'live' || !wanted()) return
    for (const row of now.byId.values()) {
      const known = before.byId.get(row.id)
      if (known === undefined || known.state.name === row.state.name || row.kind === 'keep') continue
      const title = sayArchive(archives.getState().byId.get(row.key), row.title, namesPrivate())
      if (row.state.name === 'done') {
        const body = `${row.kind === 'import' ? 'Everything is added' : 'Downloaded'}: ${count(row.files, 'file')}.`
        notify({ title, body, key: null })
      } else if (row.state.name === 'failed') notify({ title, body: 'Stopped by a problem.', key: null })
    }
  })
}
