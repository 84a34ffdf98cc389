/** Said once, before anything is announced or looked up: what other machines can see of this one. And other questions. */
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { backend } from '../../backend.ts'
import { attempt } from '../../stores/toasts.ts'
import { useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { MessageField } from '../../ui/message-field.tsx'

export function ConsentDialog(): ReactElement {
  const consent = useUi(state => state.consent)
  const [busy, setBusy] = useState(false)
  const yes = useRef<HTMLButtonElement>(null)
  const agree = () => {
    setBusy(true)
    attempt(async () => {
      try {
        await backend.settings.update({ consented: true })
        consent?.answer(true)
      } finally {
        setBusy(false)
      }
    })
  }
  return (
    <Dialog
      open={consent !== null}
      onClose={() => consent?.answer(false)}
      title="Before you connect"
      initialFocus={yes}
      actions={
        <>
          <Button onClick={() => consent?.answer(false)}>Not now</Button>
          <Button ref={yes} kind="primary" disabled={busy} onClick={agree}>
            I understand, connect
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-md text-pretty">
        <p>
          Cairn passes files straight from one machine to another, without a server in between. For that, machines have
          to know how to reach each other.
        </p>
        <ul className="flex list-disc flex-col gap-1.5 pl-5">
          <li>
            Whoever shares or opens the same archive <strong>can see this machine’s IP address</strong>, and with it
            roughly where you are and who connects you.
          </li>
          <li>What you look up and share can be noticed by machines of the network, by a fingerprint of its key.</li>
          <li>
            Others on the same local network can tell that Cairn runs here, and nothing of what you share. The settings
            can switch that off.
          </li>
          <li>The content travels encrypted, and only who has a link can ask for it.</li>
          <li>What others have fetched cannot be called back.</li>
        </ul>
        <p className="text-muted">You are asked this once.</p>
      </div>
    </Dialog>
  )
}

export function ConfirmDialog(): ReactElement {
  const confirm = useUi(state => state.confirm)
  // The words stay while the dialog fades away.
  const last = useRef(confirm)
  if (confirm !== null) last.current = confirm
  const shown = last.current
  const no = useRef<HTMLButtonElement>(null)
  const [message, setMessage] = useState('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: of another question nothing has been said yet
  useEffect(() => setMessage(''), [confirm])
  return (
    <Dialog
      open={confirm !== null}
      onClose={() => confirm?.answer(false)}
      title={shown?.title ?? ''}
      size="small"
      initialFocus={no}
      actions={
        <>
          <Button ref={no} onClick={() => confirm?.answer(false)}>
            {shown?.no ?? 'Cancel'}
          </Button>
          <Button kind={shown?.dangerous ? 'danger' : 'primary'} onClick={() => confirm?.answer(true, message)}>
            {shown?.yes ?? ''}
          </Button>
        </>
      }
    >
      <p className="text-pretty">{shown?.text}</p>
      {shown?.message !== undefined && (
        <div className="mt-4">
          <MessageField label="Why? (optional)" placeholder={shown.message} value={message} onValue={setMessage} />
        </div>
      )}
    </Dialog>
  )
}
