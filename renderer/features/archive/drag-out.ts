/**
 * Files that are dragged out of the window, to the desktop or into another program. The system's drag wants files that are there,
 * so they are copied first, which takes a moment for what is on this device. Who lets go before that is told when it can be
 * dragged: a drag that began without a pointer that is held would end somewhere.
 */
import { useMemo, useRef } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { hasDesktop, shell } from '../../shell.ts'
import { willBeDraggedOut } from '../../stores/dragged-out.ts'
import { toast } from '../../stores/toasts.ts'
import { count } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import type { Listed } from './gone.ts'

/** What is ready, by what was asked for. The shell forgets the oldest of them, and says so. */
const ready = new Map<string, string>()
/** What is being fetched: another drag takes its place. */
let fetching: { readonly id: string; readonly stop: AbortController } | null = null

/** null where nothing leaves the window. Stays the same function. */
export function useDragOut(
  row: ArchiveRow,
  version: number | null,
  chosenOr: (index: number) => readonly Listed[],
): ((index: number) => void) | null {
  const latest = useRef({ row, version, chosenOr })
  latest.current = { row, version, chosenOr }
  return useMemo(
    () =>
      hasDesktop
        ? index => {
            const { current } = latest
            void dragOut(current.row, current.version, current.chosenOr(index))
          }
        : null,
    [],
  )
}

async function dragOut(row: ArchiveRow, version: number | null, entries: readonly Listed[]): Promise<void> {
  const files = entries.filter(({ kind, gone }) => kind === 'file' && gone === undefined)
  const [first] = files
  if (first === undefined) return
  const wanted = { key: row.id, version: version ?? row.length, paths: files.map(({ path }) => path) }
  const id = JSON.stringify(wanted)
  const what = files.length === 1 ? plainName(first.name) : count(files.length, 'file')
  let said: number | null = null
  const hand = watchHand(() => {
    if (!ready.has(id))
      said = toast.note({ title: `${what} is copied first`, text: 'You are told when it can be dragged.' })
  })
  try {
    const drag = ready.get(id) ?? (await prepare(id, wanted))
    if (drag === null) return
    if (hand.isHeld()) await shell.startDrag({ drag })
    else
      toast.done({
        title: `${what} can be dragged now`,
        text: 'It is on this device: drag it out of the window again.',
      })
  } catch (error) {
    ready.delete(id)
    toast.error(error)
  } finally {
    hand.stop()
    if (said !== null) toast.dismiss(said)
  }
}

/** null: it is being fetched already, and told of when it is there. */
async function prepare(id: string, wanted: Parameters<typeof shell.prepareDrag>[0]): Promise<string | null> {
  if (fetching?.id === id) return null
  fetching?.stop.abort()
  const mine = { id, stop: new AbortController() }
  fetching = mine
  try {
    const { drag, files } = await shell.prepareDrag(wanted, { signal: mine.stop.signal })
    willBeDraggedOut(files)
    ready.set(id, drag)
    return drag
  } finally {
    if (fetching === mine) fetching = null
  }
}

/** Whether the pointer that began it is still held; calls `released` when it no longer is. */
function watchHand(released: () => void): { readonly isHeld: () => boolean; readonly stop: () => void } {
  let held = true
  const stop = () => {
    for (const name of ['pointerup', 'pointercancel', 'blur']) window.removeEventListener(name, release)
  }
  const release = () => {
    held = false
    stop()
    released()
  }
  for (const name of ['pointerup', 'pointercancel', 'blur']) window.addEventListener(name, release)
  return { isHeld: () => held, stop }
}
