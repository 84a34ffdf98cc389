/** How a comparison is opened and closed, so that the browser's back leads out of it, and closing it leaves nothing behind. */
import type { Comparison, Place } from '../../stores/location.ts'
import { ui, uiStore } from '../../stores/ui.ts'

type ArchivePlace = Extract<Place, { view: 'archive' }>

let isOpenedHere = false

export function openComparison(key: string, comparison: Comparison): void {
  isOpenedHere = true
  const { place } = uiStore.getState()
  if (place.view === 'archive' && place.key === key) ui.go({ ...place, tab: 'changes', comparison })
  else ui.go({ view: 'archive', key, tab: 'changes', path: '/', version: null, file: null, comparison })
}

/** Another file: one step back leads to the changes all the same. */
export const turnTo = (place: ArchivePlace, comparison: Comparison): void => ui.replace({ ...place, comparison })

export function closeComparison(place: ArchivePlace): void {
  if (isOpenedHere) history.back()
  else ui.replace({ ...place, comparison: null })
  isOpenedHere = false
}
