/** A name that shows on hover and on focus. It repeats what a screen reader is told already. */
import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement } from 'react'
import { Keys } from './keys.tsx'

type TooltipProps = {
  readonly text: string
  readonly keys?: string | undefined
  readonly children: ReactElement<Record<string, unknown>>
}

export function Tooltip({ text, keys, children }: TooltipProps): ReactElement {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal render={<section aria-label="Hint" />}>
        <Base.Positioner sideOffset={6} className="z-50">
          <Base.Popup className="fade flex max-w-80 items-center gap-2 rounded-md bg-ink px-2 py-1 text-sm text-surface shadow-raised break-words">
            {text}
            {keys && <Keys keys={keys} onDark />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

export const TooltipProvider = Base.Provider
