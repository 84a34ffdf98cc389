/**
 * What is worth a notification while the window is not in front: a friend's change, the end of a transfer, and that an
 * archive was found which the person watches for. The last is said on the page as well, also when the page comes later.
 */
import type { ArchiveRow } from '../preload/contract/models.ts'
import { shell } from './shell.ts'
import { archives, settings, titleOf, transfers } from './stores/mirrors.ts'
import { toast } from './stores/toasts.ts'
import { ui, uiStore } from './stores/ui.ts'
import { count } from './ui/format.ts'
import { plainName } from './ui/names.ts'

const wanted = () => settings.getState().byId.get('settings')?.notify === true && !document.hasFocus()

const notify = (title: string, body: string): void => {
  shell.notify({ title, body }).catch(() => {
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
    if (wanted()) notify(title, 'It was found: you watched for it.')
    const { place } = uiStore.getState()
    if (place.view === 'archive' && place.key === row.id && document.hasFocus()) continue
    toast.done({
      title: `${title} was found`,
      text: 'You watched for it.',
      action: { label: 'Open', run: () => ui.openArchive(row.id) },
    })
  }
}

export function startNotices(): void {
  archives.subscribe(now => {
    if (now.status === 'live') tellWhatWasFound(now.byId.values())
  })
  archives.subscribe((now, before) => {
    // After a loss everything comes anew, and none of it is news.
    if (now.status !== 'live' || before.status !== 'live' || !wanted()) return
    for (const row of now.byId.values()) {
      const known = before.byId.get(row.id)
      const asks = row.updates.pending !== null && !row.updates.pending.stays
      if (asks && known !== undefined && known.updates.pending === null) {
        notify(plainName(titleOf(row)), 'An update waits for your answer.')
        continue
      }
      if (row.ownership !== 'friends' || known === undefined || known.length === 0 || row.length <= known.length)
        continue
      if (known.length > known.seenLength && known.seenLength > 0) continue
      notify(plainName(titleOf(row)), 'Your friend changed it.')
    }
  })
  transfers.subscribe((now, before) => {
    if (now.status !== 'live' || before.status !== 'live' || !wanted()) return
    for (const row of now.byId.values()) {
      const known = before.byId.get(row.id)
      if (known === undefined || known.state.name === row.state.name || row.kind === 'keep') continue
      const title = plainName(row.title)
      if (row.state.name === 'done')
        notify(
          title,
          `${row.kind === 'import' ? 'Everything is added' : row.kind === 'restore' ? 'Restored' : 'Downloaded'}: ${count(row.files, 'file')}.`,
        )
      else if (row.state.name === 'failed') notify(title, 'Stopped by a problem.')
    }
  })
}
