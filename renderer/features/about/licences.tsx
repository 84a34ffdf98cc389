/** Whose work comes with Cairn, and under which licences. Fetched when somebody looks. */
import { Search } from 'lucide-react'
import { type ReactElement, useDeferredValue, useEffect, useId, useState } from 'react'
import type { AboutProgram, Licences as Model, Runtime } from '../../../preload/contract/models.ts'
import { hasDesktop, shell } from '../../shell.ts'
import { attempt } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { count, number } from '../../ui/format.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

export function Licences({ own }: { readonly own: AboutProgram }): ReactElement {
  const [shown, setShown] = useState(false)
  const id = useId()
  return (
    <section aria-labelledby={id} className="flex flex-col gap-2">
      <h2 id={id} className="text-md font-semibold">
        Licences
      </h2>
      <p className="text-pretty text-muted">
        Cairn stands on the work of many others, who give it away as it does.
        {own.runtimes.length === 0 &&
          ` This one runs in the Node ${own.node} of the machine that it is on, and shows its page in your browser: both have licences of their own, and neither comes with it.`}
      </p>
      {own.runtimes.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {own.runtimes.map(runtime => (
            <li key={runtime.name} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-2">
              <Beside runtime={runtime} />
            </li>
          ))}
        </ul>
      )}
      {shown ? (
        <List />
      ) : (
        <Button className="self-start" onClick={() => setShown(true)}>
          Show what comes with it
        </Button>
      )}
    </section>
  )
}

/** What the program runs in. Its licences are a file beside it, which in Chromium's case no page of ours could hold. */
function Beside({ runtime: { name, version, licence, path } }: { readonly runtime: Runtime }): ReactElement {
  return (
    <>
      <div className="min-w-0 flex-1 basis-60">
        <span className="font-medium">{name}</span>{' '}
        <span className="text-muted">
          {version}, {licence}
          {name === 'Chromium' && ', and the licences of all that it is made of'}
        </span>
        <p className="text-sm text-muted">
          {path === null ? (
            `The file with the text is missing beside this program. Install Cairn again, or look for it where ${name} is at home.`
          ) : (
            <FileName name={path} whole />
          )}
        </p>
      </div>
      {path !== null && hasDesktop && (
        <Button onClick={() => attempt(() => shell.showLicence({ of: name }))}>Show {name}’s</Button>
      )}
    </>
  )
}

function List(): ReactElement {
  const [state, setState] = useState<Model | 'loading' | 'failed'>('loading')
  const [wanted, setWanted] = useState('')
  const searched = useDeferredValue(wanted.trim().toLocaleLowerCase())
  useEffect(() => {
    const stop = new AbortController()
    load(stop.signal).then(setState, () => {
      if (!stop.signal.aborted) setState('failed')
    })
    return () => stop.abort()
  }, [])
  if (state === 'loading') return <SkeletonRows rows={6} />
  if (state === 'failed')
    return <p role="alert">The list could not be read. It is in the file licences.json of this program.</p>
  const found = state.packages.filter(({ name, licence }) =>
    `${name} ${licence}`.toLocaleLowerCase().includes(searched),
  )
  return (
    <>
      <TextField
        label="Search the licences"
        labelHidden
        placeholder="A name, or a licence"
        type="search"
        icon={<Search size={14} aria-hidden />}
        value={wanted}
        onValue={setWanted}
      />
      <p role="status" className="text-sm text-muted">
        {searched === ''
          ? count(state.packages.length, 'package')
          : `${number(found.length)} of ${count(state.packages.length, 'package')}`}
      </p>
      <ul className="divide-y divide-line rounded-lg border border-line empty:hidden">
        {found.map(one => (
          <li key={`${one.name} ${one.version}`}>
            <Package name={one.name} version={one.version} licence={one.licence} text={state.texts[one.text] ?? ''} />
          </li>
        ))}
      </ul>
    </>
  )
}

type PackageProps = Omit<Model['packages'][number], 'text'> & { readonly text: string }

/** Its text is long, and is there only while somebody reads it. */
function Package({ name, version, licence, text }: PackageProps): ReactElement {
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)} className="px-3 py-1.5">
      <summary className="cursor-pointer rounded">
        <span className="font-medium [overflow-wrap:anywhere]">{name}</span>{' '}
        <span className="text-muted">
          {version}, {licence}
        </span>
      </summary>
      {open && (
        <pre className="mt-2 mb-1 font-mono text-sm whitespace-pre-wrap text-muted [overflow-wrap:anywhere]">
          {text}
        </pre>
      )}
    </details>
  )
}

/** Beside the page, where the build has put it. */
async function load(signal: AbortSignal): Promise<Model> {
  const answer = await fetch('licences.json', { signal })
  if (!answer.ok) throw new Error(String(answer.status))
  return (await answer.json()) as Model
}
