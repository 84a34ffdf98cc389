/** Everything that the page has said since it was loaded, newest first. */
import { CheckCircle2, CircleAlert, Info } from 'lucide-react'
import { type ReactElement, useEffect } from 'react'
import { toast, useToasts } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { ago, exactly } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { Details } from '../../ui/toasts.tsx'

export function MessagesDialog(): ReactElement {
  const open = useUi(state => state.dialog === 'messages')
  const log = useToasts(state => state.log)
  const now = useNow()
  useEffect(() => {
    if (open) toast.markRead()
  }, [open, log.length])
  return (
    <Dialog
      open={open}
      onClose={() => ui.show(null)}
      title="Messages"
      description="What was said since this page was opened."
    >
      {log.length === 0 ? (
        <p className="text-muted">Nothing yet.</p>
      ) : (
        <ul className="flex flex-col gap-3">
          {log.map(message => {
            const Icon = message.kind === 'done' ? CheckCircle2 : message.kind === 'problem' ? CircleAlert : Info
            const colour =
              message.kind === 'done' ? 'text-good' : message.kind === 'problem' ? 'text-bad' : 'text-muted'
            return (
              <li key={message.id} className="flex items-start gap-2.5">
                <Icon size={16} aria-hidden className={`mt-0.5 shrink-0 ${colour}`} />
                <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
                  <div className="font-medium">{message.title}</div>
                  {message.text && <div className="text-muted">{message.text}</div>}
                  {message.details && <Details text={message.details} />}
                </div>
                <time
                  className="shrink-0 text-sm text-muted"
                  dateTime={new Date(message.time).toISOString()}
                  title={exactly(message.time)}
                >
                  {ago(message.time, now)}
                </time>
              </li>
            )
          })}
        </ul>
      )}
    </Dialog>
  )
}
