/** A dialog over the page. Escape and a click beside it close it unless `locked`. */
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactElement, ReactNode, RefObject } from 'react'
import { cx } from './class-names.ts'

type DialogProps = {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  /** One sentence under the title. */
  readonly description?: ReactNode
  readonly size?: 'small' | 'normal' | 'wide'
  /** Cannot be closed by Escape or a click beside it, and has no cross: the person must answer. */
  readonly locked?: boolean
  /** The row of buttons at its bottom. */
  readonly actions?: ReactNode
  readonly children?: ReactNode
  readonly initialFocus?: RefObject<HTMLElement | null>
}

const widths = { small: 'max-w-104', normal: 'max-w-136', wide: 'max-w-180' }

export function Dialog(props: DialogProps): ReactElement {
  const { open, onClose, title, description, size = 'normal', locked = false, actions, children, initialFocus } = props
  return (
    <Base.Root
      open={open}
      onOpenChange={(next, details) => {
        if (next) return
        if (locked) details.cancel()
        else onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fade fixed inset-0 z-30 bg-scrim" />
        <Base.Viewport className="fixed inset-0 z-30 grid place-items-center overflow-y-auto p-4">
          <Base.Popup
            initialFocus={initialFocus}
            className={cx(
              'fade rise flex max-h-[calc(100dvh-2rem)] w-full flex-col overflow-hidden rounded-xl bg-raised shadow-raised',
              widths[size],
            )}
          >
            <header className="flex shrink-0 items-start gap-3 px-5 pt-4">
              <div className="min-w-0 flex-1">
                <Base.Title className="text-lg font-semibold text-balance break-words">{title}</Base.Title>
                {description && <Base.Description className="mt-1 text-muted">{description}</Base.Description>}
              </div>
              {!locked && (
                <Base.Close
                  aria-label="Close"
                  className="-mt-0.5 -mr-2 grid size-7 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
                >
                  <X size={16} aria-hidden />
                </Base.Close>
              )}
            </header>
            <div className="min-h-0 flex-1 overflow-y-auto px-5 pt-3 pb-5">{children}</div>
            {actions && (
              <footer className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-t border-line bg-sunken px-5 py-3">
                {actions}
              </footer>
            )}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}
