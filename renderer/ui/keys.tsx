/** A shortcut as this machine's keyboard names it: `mod` is Cmd on a Mac and Ctrl elsewhere. */
import type { ReactElement } from 'react'
import { cx } from './class-names.ts'

export const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform)

const names: Readonly<Record<string, string>> = isMac
  ? {
      mod: '⌘',
      shift: '⇧',
      alt: '⌥',
      enter: '↩',
      up: '↑',
      down: '↓',
      left: '←',
      right: '→',
      escape: 'esc',
      space: 'space',
    }
  : {
      mod: 'Ctrl',
      shift: 'Shift',
      alt: 'Alt',
      enter: 'Enter',
      up: '↑',
      down: '↓',
      left: '←',
      right: '→',
      escape: 'Esc',
      space: 'Space',
    }

export function Keys({ keys, onDark = false }: { readonly keys: string; readonly onDark?: boolean }): ReactElement {
  return (
    <span className="inline-flex shrink-0 items-center gap-0.5">
      {keys.split('+').map(key => (
        <kbd
          key={key}
          className={cx(
            'min-w-4 rounded px-1 text-center font-sans text-xs',
            onDark ? 'bg-surface/20 text-surface' : 'bg-hover text-ink/80',
          )}
        >
          {names[key] ?? key.toUpperCase()}
        </kbd>
      ))}
    </span>
  )
}

/** Whether this event is that shortcut, with nothing else held. */
export function matches(event: KeyboardEvent | React.KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+')
  const key = parts.at(-1) ?? ''
  const mod = isMac ? event.metaKey : event.ctrlKey
  const other = isMac ? event.ctrlKey : event.metaKey
  return (
    !other &&
    mod === parts.includes('mod') &&
    event.altKey === parts.includes('alt') &&
    (event.shiftKey === parts.includes('shift') || key === '?') &&
    event.key.toLowerCase() ===
      ({ space: ' ', up: 'arrowup', down: 'arrowdown', left: 'arrowleft', right: 'arrowright' }[key] ?? key)
  )
}

/** The person is writing somewhere, so single keys are letters and not commands. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input:not([type=checkbox],[type=radio]), textarea, select')
}
