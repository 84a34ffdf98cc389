/** Everything of publishing that is seen: the drop target, the choice, the counting, the sheet, and the link. */
import { Copy, Mail } from 'lucide-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { copyText, invitation } from '../../stores/commands.ts'
import { ui } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { bytes, count } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { ProgressBar } from '../../ui/progress.tsx'
import { Choosing } from './choosing.tsx'
import { DropTarget } from './drop-target.tsx'
import { RulesDialog } from './later.tsx'
import { Rows } from './lists.tsx'
import { Sheet } from './sheet.tsx'
import { type Step, surface, usePublishing } from './store.ts'

/** Mounted once, for the whole window. */
export function PublishSurface(): ReactElement {
  const step = usePublishing(state => state.step)
  useStayWhileSending()
  return (
    <>
      <DropTarget />
      <Choosing />
      {step.name === 'counting' && <Counting step={step} />}
      <Sheet />
      {step.name === 'published' && <Published step={step} />}
      <LeftOutDialog />
      <RulesDialog />
    </>
  )
}

/** Files that this page streams in are lost to the archive when it closes: the browser asks before. */
function useStayWhileSending(): void {
  const sending = usePublishing(state => state.sending.length > 0)
  useEffect(() => {
    if (!sending) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [sending])
}

/** Small drops are counted before anybody can read a dialog: it comes only when there is something to wait for. */
const WORTH_SAYING_MS = 350

type CountingProps = { readonly step: Extract<Step, { readonly name: 'counting' }> }

function Counting({ step }: CountingProps): ReactElement | null {
  const { title, files, bytes: size } = step
  const [worthSaying, setWorthSaying] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setWorthSaying(true), WORTH_SAYING_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <Dialog
      open={worthSaying}
      onClose={surface.cancel}
      title={`Looking at ${plainName(title)}`}
      description="Nothing is published yet."
      size="small"
      actions={<Button onClick={surface.cancel}>Cancel</Button>}
    >
      <ProgressBar label="Counting" value={null} />
      <p className="mt-2 text-muted tabular">
        {count(files, 'file')}, {bytes(size)} so far
      </p>
    </Dialog>
  )
}

function Published({ step }: { readonly step: Extract<Step, { readonly name: 'published' }> }): ReactElement {
  const copyLink = useRef<HTMLButtonElement>(null)
  const { key, link, title, streaming, before } = step
  return (
    <Dialog
      open
      onClose={surface.cancel}
      title={`${plainName(title)} is published${before ? ' already' : ''}`}
      description={
        before
          ? 'Cairn follows it: what you change in it reaches your friends. This is its link.'
          : 'Give this link to the people who may see it. They can look around while the rest is still being added.'
      }
      initialFocus={copyLink}
      actions={
        <>
          <Button
            onClick={() => {
              surface.cancel()
              ui.openArchive(key)
            }}
          >
            Show the archive
          </Button>
          <Button
            icon={<Mail size={14} aria-hidden />}
            onClick={() => void copyText(invitation({ ownership: 'yours', id: key, title, link }), 'Invitation copied')}
          >
            Copy invitation
          </Button>
          <Button
            ref={copyLink}
            kind="primary"
            icon={<Copy size={14} aria-hidden />}
            onClick={() => void copyText(link, 'Link copied')}
          >
            Copy link
          </Button>
        </>
      }
    >
      <TextField
        label="Link"
        labelHidden
        value={link}
        onValue={() => {}}
        readOnly
        lines={2}
        spellCheck={false}
        className="resize-none! font-mono text-sm break-all"
        onFocus={event => event.currentTarget.select()}
      />
      <div className="mt-3 flex flex-col gap-1.5 text-muted text-pretty">
        {streaming && (
          <p className="text-ink">Keep this page open until all files are in. Transfers shows how far it is.</p>
        )}
        <p>Friends get it from this machine: leave Cairn running until one of them keeps a copy.</p>
        {step.private && <p>The link holds the secret. Whoever gets it can read the archive and pass the link on.</p>}
      </div>
    </Dialog>
  )
}

function LeftOutDialog(): ReactElement | null {
  const leftOut = usePublishing(state => state.leftOut)
  if (leftOut === null) return null
  const { title, files } = leftOut
  return (
    <Dialog
      open
      onClose={surface.forgetLeftOut}
      title={`Left out of ${plainName(title)}`}
      description="These could not be sent. Drop them again to add them."
      actions={<Button onClick={surface.forgetLeftOut}>Close</Button>}
    >
      <Rows
        label="Files that were left out"
        rows={files.map(file => ({ path: file.path, note: file.why }))}
        total={files.length}
      />
    </Dialog>
  )
}
