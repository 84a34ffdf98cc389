/** The file for somebody who helps: shown to the last letter before it is saved. */
import { Copy, Save } from 'lucide-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { Diagnostics } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { copyText, saveText } from '../../stores/commands.ts'
import { toast } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { pageEngine } from './page-engine.ts'

export function DiagnosticsDialog(): ReactElement {
  const open = useUi(state => state.dialog === 'diagnostics')
  const [made, setMade] = useState<Diagnostics | null>(null)
  const save = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!open) return
    setMade(null)
    const stop = new AbortController()
    backend.machine
      .diagnostics({ page: pageEngine(navigator.userAgent) }, { signal: stop.signal })
      .then(setMade, error => {
        if (stop.signal.aborted) return
        toast.error(error)
        ui.show(null)
      })
    return () => stop.abort()
  }, [open])
  const close = () => ui.show(null)
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Save diagnostics"
      size="wide"
      description="For somebody who helps you. This is all that is saved, and nothing is sent."
      initialFocus={save}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button
            disabled={made === null}
            icon={<Copy size={14} aria-hidden />}
            onClick={() => made && void copyText(made.text, 'Diagnostics copied')}
          >
            Copy
          </Button>
          <Button
            ref={save}
            kind="primary"
            aria-disabled={made === null}
            icon={<Save size={14} aria-hidden />}
            onClick={() => {
              if (made === null) return
              saveText(made.name, made.text)
              close()
              toast.done({ title: 'Diagnostics saved', text: `As ${made.name}, where downloads go.` })
            }}
          >
            Save
          </Button>
        </>
      }
    >
      <p className="mb-3 text-pretty text-muted">
        Names, links, keys, folders and addresses are left out: an archive is called archive-1 throughout.
      </p>
      <p role="status" className="sr-only">
        {made === null ? 'Looking at everything' : 'Ready to be saved'}
      </p>
      <div className="h-80 max-h-[50dvh]">
        {made === null ? (
          <SkeletonRows rows={7} />
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must be reached by the keyboard
          <pre
            tabIndex={0}
            role="group"
            aria-label="What is saved"
            className="h-full overflow-auto rounded-lg border border-line bg-sunken p-3 font-mono text-sm whitespace-pre-wrap [overflow-wrap:anywhere]"
          >
            {made.text}
          </pre>
        )}
      </div>
    </Dialog>
  )
}
