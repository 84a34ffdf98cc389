/** What Cairn is, where it keeps things, whose work comes with it, and what helps somebody who helps. */
import { FolderOpen } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useId, useState } from 'react'
import type { AboutProgram } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import { canReveal } from '../../shell.ts'
import { copyText, reveal } from '../../stores/commands.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes } from '../../ui/format.ts'
import { Logo } from '../../ui/logo.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ViewHeader } from '../../ui/view.tsx'
import { Licences } from './licences.tsx'

export function About(): ReactElement {
  const live = useLive()
  const [about, setAbout] = useState<AboutProgram | null>(null)
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    backend.machine.about(undefined, { signal: stop.signal }).then(setAbout, () => {
      // The banner says already that Cairn is away.
    })
    return () => stop.abort()
  }, [live])
  return (
    <>
      <ViewHeader title="About Cairn" />
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-6 narrow:px-5">
        {about === null ? (
          <SkeletonRows rows={5} />
        ) : (
          <div className="flex max-w-180 flex-col gap-7">
            <div className="flex items-center gap-4">
              <Logo size={56} />
              <div className="min-w-0">
                <p className="text-lg font-semibold">Cairn {about.version}</p>
                <p className="text-pretty text-muted">
                  Passes folders straight from one machine to another. Free software under the {about.licence} licence.
                </p>
              </div>
            </div>
            <Versions about={about} />
            <Kept about={about} />
            <Help />
            <Licences own={about} />
          </div>
        )}
      </div>
    </>
  )
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  const id = useId()
  return (
    <section aria-labelledby={id} className="flex flex-col gap-2">
      <h2 id={id} className="text-md font-semibold">
        {title}
      </h2>
      {children}
    </section>
  )
}

const systems: Readonly<Record<string, string>> = { darwin: 'macOS', linux: 'Linux', win32: 'Windows' }

const versionsOf = (about: AboutProgram): readonly (readonly [name: string, version: string])[] => [
  ['Cairn', about.version],
  ['System', `${systems[about.platform] ?? about.platform} ${/^[\d.]*/.exec(about.release)?.[0] ?? ''}, ${about.arch}`],
  ['Node', about.node],
  ...(about.electron === null ? [] : ([['Electron', about.electron]] as const)),
  ...(about.chromium === null ? [] : ([['Chromium', about.chromium]] as const)),
  ...about.modules.map(({ name, version }) => [name, version] as const),
]

function Versions({ about }: { readonly about: AboutProgram }): ReactElement {
  const versions = versionsOf(about)
  return (
    <Section title="Versions">
      <dl className="columns-[15rem] gap-x-6">
        {versions.map(([name, version]) => (
          <div
            key={name}
            className="mb-1.5 flex min-w-0 break-inside-avoid flex-wrap justify-between gap-x-2 border-b border-line pb-1"
          >
            <dt className="text-muted">{name}</dt>
            <dd className="tabular [overflow-wrap:anywhere]">{version}</dd>
          </div>
        ))}
      </dl>
      <Button
        className="self-start"
        onClick={() => void copyText(versions.map(pair => pair.join(' ')).join('\n'), 'Versions copied')}
      >
        Copy
      </Button>
    </Section>
  )
}

function Kept({ about: { storage, log } }: { readonly about: AboutProgram }): ReactElement {
  return (
    <Section title="Where things are">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <FileName name={storage} whole />
          <p className="text-sm text-pretty text-muted">
            All that Cairn keeps on this machine: archives, their secret keys, settings and the log. Your own folders
            and downloads stay where they are.
          </p>
        </div>
        {canReveal && (
          <Button icon={<FolderOpen size={14} aria-hidden />} onClick={() => reveal(storage)}>
            Show in folder
          </Button>
        )}
      </div>
      <p className="text-sm text-pretty text-muted">
        The log, cairn.log in that folder, says what went wrong, when, and where in the program. It may name archives,
        folders and machines, and is sent to nobody.{' '}
        {log.bytes === 0 ? 'It is empty now' : `It takes ${bytes(log.bytes)} now`}, and takes {bytes(log.atMost)} at
        most: what is oldest goes.
      </p>
    </Section>
  )
}

function Help(): ReactElement {
  return (
    <Section title="Help">
      <div className="flex flex-wrap gap-2">
        <Button onClick={showFirstSteps}>Show the first steps</Button>
        <Button onClick={() => ui.show('shortcuts')}>Keyboard shortcuts</Button>
        <Button onClick={() => ui.show('diagnostics')}>Save diagnostics…</Button>
      </div>
      <p className="text-sm text-pretty text-muted">
        Diagnostics are a file for somebody who helps you: how things stand, and what went wrong last, without names,
        links and addresses. You see it before it is saved, and nothing is sent.
      </p>
    </Section>
  )
}

function showFirstSteps(): void {
  attempt(async () => {
    await backend.settings.update({ welcomed: false })
    ui.go({ view: 'home' })
  })
}
