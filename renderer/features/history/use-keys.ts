/** Keys of a view that takes the whole place of another: heard wherever the focus is, also when what had it has gone. */
import { useEffect } from 'react'
import { isTyping } from '../../ui/keys.tsx'

/** `hear`: true, if the key was meant. */
export function useKeys(hear: (key: string) => boolean): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const { target } = event
      const isSlider = target instanceof HTMLInputElement && target.type === 'range'
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return
      if ((isTyping(target) && !isSlider) || document.querySelector('[role=dialog], [role=alertdialog], [role=menu]'))
        return
      if (hear(event.key)) event.preventDefault()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  })
}
