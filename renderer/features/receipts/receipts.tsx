/** A file and a receipt, and whether they belong together. Neither an archive nor anybody else has to be there for it. */
import { BadgeCheck, CircleAlert, FileCheck2, FileText } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { Proven } from '../../../preload/contract/models.ts'
import { explain } from '../../errors.ts'
import { openLink } from '../../stores/commands.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, number } from '../../ui/format.ts'
import { ProgressBar } from '../../ui/progress.tsx'
import { Details } from '../../ui/toasts.tsx'
import { checkReceipt } from './check.ts'

const SUFFIX = '.cairn-receipt'

export function ReceiptDialog(): ReactElement | null {
  const open = useUi(state => state.dialog === 'receipt')
  return open ? <Check /> : null
}

type Chosen = { readonly file: File | null; readonly receipt: File | null }
type State =
  | { readonly name: 'choosing' }
  | { readonly name: 'checking'; readonly bytes: number }
  | { readonly name: 'proven'; readonly proven: Proven }
  | { readonly name: 'refused'; readonly error: unknown }

function Check(): ReactElement {
  const [{ file, receipt }, setChosen] = useState<Chosen>({ file: null, receipt: null })
  const [state, setState] = useState<State>({ name: 'choosing' })
  const running = useRef<AbortController | null>(null)
  useEffect(() => () => running.current?.abort(), [])
  const close = () => ui.show(null)
  /** Both may be chosen at once: a receipt is told by its name. */
  const choose = (what: 'file' | 'receipt', files: readonly File[]) => {
    running.current?.abort()
    setState({ name: 'choosing' })
    const found = files.find(({ name }) => name.endsWith(SUFFIX))
    const other = files.find(one => one !== found)
    if (files.length > 1 && found !== undefined) setChosen({ receipt: found, file: other ?? null })
    else setChosen(before => ({ ...before, [what]: files[0] ?? null }))
  }
  const check = async () => {
    if (file === null || receipt === null) return
    const stop = new AbortController()
    running.current = stop
    setState({ name: 'checking', bytes: 0 })
    const tell = (state: State) => !stop.signal.aborted && setState(state)
    try {
      const proven = await checkReceipt(file, receipt, stop.signal, bytes => tell({ name: 'checking', bytes }))
      tell({ name: 'proven', proven })
    } catch (error) {
      tell({ name: 'refused', error })
    }
  }
  const stop = () => {
    running.current?.abort()
    setState({ name: 'choosing' })
  }
  return (
    <Dialog
      open
      onClose={close}
      title="Check a receipt"
      description="A receipt is a small file that proves that another file was in an archive. Cairn reads both, keeps neither, and shows them to nobody."
      actions={
        <>
          <Button onClick={close}>Close</Button>
          {state.name === 'checking' ? (
            <Button onClick={stop}>Stop</Button>
          ) : (
            <Button kind="primary" disabled={file === null || receipt === null} onClick={() => void check()}>
              Check
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <div className="flex flex-col gap-2">
          <Pick
            label="The file"
            hint="As it was saved"
            icon={<FileText size={20} aria-hidden />}
            chosen={file}
            onChosen={files => choose('file', files)}
          />
          <Pick
            label="Its receipt"
            hint={`Its name mostly ends in ${SUFFIX}`}
            icon={<FileCheck2 size={20} aria-hidden />}
            chosen={receipt}
            onChosen={files => choose('receipt', files)}
          />
        </div>
        <div aria-live="polite">
          <Result state={state} size={file?.size ?? 0} />
        </div>
      </div>
    </Dialog>
  )
}

type PickProps = {
  readonly label: string
  readonly hint: string
  readonly icon: ReactNode
  readonly chosen: File | null
  readonly onChosen: (files: readonly File[]) => void
}

function Pick({ label, hint, icon, chosen, onChosen }: PickProps): ReactElement {
  const input = useRef<HTMLInputElement>(null)
  return (
    <div className="flex min-h-14 items-center gap-3 rounded-lg border border-line px-3 py-2">
      <span className="shrink-0 text-muted">{icon}</span>
      <div className="min-w-0 flex-1">
        <div className="font-medium">{label}</div>
        <div className="flex min-w-0 gap-1.5 text-sm text-muted">
          {chosen === null ? (
            hint
          ) : (
            <>
              <FileName name={chosen.name} />
              <span className="tabular shrink-0">{bytes(chosen.size)}</span>
            </>
          )}
        </div>
      </div>
      <input
        ref={input}
        type="file"
        multiple
        tabIndex={-1}
        aria-label={label}
        className="sr-only"
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])]
          // The same one can be chosen again after it was changed.
          currentTarget.value = ''
          if (files.length > 0) onChosen(files)
        }}
      />
      <Button onClick={() => input.current?.click()}>
        {chosen === null ? 'Choose…' : 'Change…'}
        <span className="sr-only"> {label.charAt(0).toLowerCase() + label.slice(1)}</span>
      </Button>
    </div>
  )
}

function Result({ state, size }: { readonly state: State; readonly size: number }): ReactElement | null {
  switch (state.name) {
    case 'choosing':
      return null
    case 'checking':
      return <ProgressBar label="Checking" value={size === 0 ? null : state.bytes / size} />
    case 'proven':
      return <ItIsSo proven={state.proven} />
    case 'refused':
      return <Refused error={state.error} />
    default:
      return assertNever(state)
  }
}

function ItIsSo({ proven }: { readonly proven: Proven }): ReactElement {
  const row = useArchive(proven.key)
  return (
    <section aria-label="Proven" className="flex flex-col gap-3 rounded-lg border border-line bg-good-soft px-4 py-3">
      <div className="flex items-start gap-2.5">
        <BadgeCheck size={20} aria-hidden className="shrink-0 text-good" />
        <p className="font-semibold">It is so: every bit of this file was in the archive.</p>
      </div>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        <dt className="text-muted">Archive</dt>
        <dd className="min-w-0">
          {row === undefined ? 'Not in your library' : <FileName name={titleOf(row)} />}
          <span className="block font-mono text-sm text-muted [overflow-wrap:anywhere] select-text">
            hyper://{proven.key}
          </span>
        </dd>
        <dt className="text-muted">Version</dt>
        <dd className="tabular">{number(proven.version)}</dd>
        <dt className="text-muted">There as</dt>
        <dd className="min-w-0">
          <FileName name={proven.path} whole />
        </dd>
        <dt className="text-muted">Size</dt>
        <dd className="tabular">{bytes(proven.size)}</dd>
      </dl>
      <p className="text-pretty">
        Whoever has the secret key of that archive signed this. It does not say when, nor who that is, nor that nothing
        else was ever signed: compare the archive’s key with one that you got from its author.
      </p>
      <div>
        <Button
          onClick={() => {
            ui.show(null)
            void openLink(proven.link)
          }}
        >
          Open that version
        </Button>
      </div>
    </section>
  )
}

function Refused({ error }: { readonly error: unknown }): ReactElement | null {
  const said = explain(error)
  if (said === null) return null
  return (
    <section aria-label="Not proven" className="flex items-start gap-2.5 rounded-lg bg-bad-soft px-4 py-3">
      <CircleAlert size={20} aria-hidden className="shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold text-bad">{said.title}</p>
        <p className="text-pretty">
          Nothing is proven. {said.text} {said.next}
        </p>
        <Details text={said.details} />
      </div>
    </section>
  )
}
