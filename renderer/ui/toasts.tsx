/** Messages in the corner. They wait while the pointer or the focus is on them, and problems stay until dismissed. */
import { CheckCircle2, CircleAlert, Info, X } from 'lucide-react'
import { type ReactElement, useEffect, useState } from 'react'
import { cx } from './class-names.ts'

export type ToastView = {
  readonly id: number
  readonly kind: 'note' | 'done' | 'problem'
  readonly title: string
  readonly text: string
  readonly action: { readonly label: string; readonly run: () => void } | null
  readonly details: string | null
}

type ToastsProps = { readonly toasts: readonly ToastView[]; readonly onDismiss: (id: number) => void }

const SHOWN_FOR = 6000

export function Toasts({ toasts, onDismiss }: ToastsProps): ReactElement {
  return (
    <section
      aria-label="Messages"
      className="pointer-events-none fixed right-3 bottom-3 z-40 flex w-88 max-w-[calc(100vw-1.5rem)] flex-col gap-2"
    >
      <div role="status" aria-live="polite" className="contents">
        {toasts
          .filter(toast => toast.kind !== 'problem')
          .map(toast => (
            <One key={toast.id} toast={toast} onDismiss={onDismiss} />
          ))}
      </div>
      <div role="alert" className="contents">
        {toasts
          .filter(toast => toast.kind === 'problem')
          .map(toast => (
            <One key={toast.id} toast={toast} onDismiss={onDismiss} />
          ))}
      </div>
    </section>
  )
}

function One({
  toast,
  onDismiss,
}: {
  readonly toast: ToastView
  readonly onDismiss: (id: number) => void
}): ReactElement {
  const [held, setHeld] = useState(false)
  const stays = toast.kind === 'problem' || held
  useEffect(() => {
    if (stays) return
    const timer = setTimeout(() => onDismiss(toast.id), SHOWN_FOR)
    return () => clearTimeout(timer)
  }, [stays, toast.id, onDismiss])
  const Icon = toast.kind === 'done' ? CheckCircle2 : toast.kind === 'problem' ? CircleAlert : Info
  const colour = toast.kind === 'done' ? 'text-good' : toast.kind === 'problem' ? 'text-bad' : 'text-muted'
  return (
    <div
      className="arrive pointer-events-auto flex items-start gap-2.5 rounded-lg bg-raised p-3 shadow-raised"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon size={16} aria-hidden className={cx('mt-0.5 shrink-0', colour)} />
      <div className="min-w-0 flex-1">
        <div className="font-medium [overflow-wrap:anywhere]">{toast.title}</div>
        {toast.text && <div className="text-muted [overflow-wrap:anywhere]">{toast.text}</div>}
        {toast.details && <Details text={toast.details} />}
        {toast.action && (
          <button
            type="button"
            className="mt-1 -ml-1.5 h-6 rounded-md px-1.5 font-medium text-accent-text hover:bg-hover"
            onClick={() => {
              toast.action?.run()
              onDismiss(toast.id)
            }}
          >
            {toast.action.label}
          </button>
        )}
      </div>
      <button
        type="button"
        aria-label={`Dismiss: ${toast.title}`}
        className="-mt-1 -mr-1 grid size-6 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
        onClick={() => onDismiss(toast.id)}
      >
        <X size={14} aria-hidden />
      </button>
    </div>
  )
}

/** The fold that says what the machine would say. */
export function Details({ text }: { readonly text: string }): ReactElement {
  return (
    <details className="mt-1 text-sm text-muted">
      <summary className="w-fit rounded-sm py-1 select-none hover:text-ink">Details</summary>
      <pre className="mt-1 max-h-40 overflow-auto rounded-md bg-sunken p-2 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]">
        {text}
      </pre>
    </details>
  )
}
