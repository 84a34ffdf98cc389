/** Keys and pastes that work everywhere on the page. */
import { copyLink, linkIn, openLink } from './stores/commands.ts'
import { tabs } from './stores/location.ts'
import { archives } from './stores/mirrors.ts'
import { toast } from './stores/toasts.ts'
import { ui, uiStore } from './stores/ui.ts'
import { isTyping, matches } from './ui/keys.tsx'

const somethingIsOpen = () => document.querySelector('[role=dialog], [role=alertdialog]') !== null

export function startKeyboard(): void {
  document.addEventListener('keydown', keyDown)
  document.addEventListener('paste', paste)
}

function keyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return
  const { place, dialog } = uiStore.getState()
  const open = somethingIsOpen()
  if (matches(event, 'mod+k') && (!open || dialog === 'palette')) ui.show(dialog === 'palette' ? null : 'palette')
  else if (open) return
  else if (matches(event, 'mod+,')) ui.show('settings')
  else if (matches(event, 'mod+o')) ui.publish()
  else if (matches(event, 'mod+j')) ui.go({ view: 'transfers' })
  else if (matches(event, 'alt+left')) history.back()
  else if (matches(event, 'alt+right')) history.forward()
  else if (matches(event, '?') && !isTyping(event.target)) ui.show('shortcuts')
  else if (place.view === 'archive' && matches(event, 'mod+shift+c')) {
    const row = archives.getState().byId.get(place.key)
    if (row === undefined) return
    copyLink(row)
  } else if (
    place.view === 'archive' &&
    event.altKey &&
    !event.ctrlKey &&
    !event.metaKey &&
    /^Digit[1-4]$/.test(event.code)
  ) {
    const tab = tabs[Number(event.code.at(-1)) - 1]
    if (tab === undefined) return
    ui.go({ ...place, tab })
  } else return
  event.preventDefault()
}

/** A link that is pasted with no field in focus is opened. Anything else is left alone. */
function paste(event: ClipboardEvent): void {
  if (
    isTyping(event.target) ||
    somethingIsOpen() ||
    event.clipboardData === null ||
    event.clipboardData.files.length > 0
  )
    return
  const text = event.clipboardData.getData('text/plain').trim()
  if (text === '') return
  event.preventDefault()
  if (linkIn(text) !== null) void openLink(text)
  else
    toast.note({
      title: 'What you pasted is not a link to an archive',
      text: 'Links begin with hyper:// or are a key of 52 characters.',
    })
}
