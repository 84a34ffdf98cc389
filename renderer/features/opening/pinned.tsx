/**
 * A place that a pinned link led to. Nothing of it is there before the backend has proven that this is what the link spoke of,
 * after a restart and a loss of the backend too: what the link said stands in the place's address.
 */
import { Pin, PinOff, SearchX } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import { AppError, type ErrorData } from '../../../preload/contract/errors.ts'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { type PinnedTo, type Place, pinOf } from '../../stores/location.ts'
import { titleOf } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { number } from '../../ui/format.ts'
import { ViewHeader } from '../../ui/view.tsx'

type ArchivePlace = Extract<Place, { view: 'archive' }>
type PinnedProps = { readonly row: ArchiveRow; readonly place: ArchivePlace; readonly children: ReactNode }

export function Pinned({ row, place, children }: PinnedProps): ReactElement {
  const pin = pinOf(place)
  // As long as the version is not there at all, what is shown in its place says that.
  if (pin === null || row.length < pin.version) return <>{children}</>
  return (
    <Proven key={linkOf(row, pin)} row={row} place={place} pin={pin}>
      {children}
    </Proven>
  )
}

const linkOf = ({ id }: ArchiveRow, { version, blobsLength, hash }: PinnedTo) =>
  `hyper://${id}+${version}.${blobsLength}.${hash}`

type Outcome = 'checking' | 'proven' | { readonly error: unknown }

function Proven({ row, place, pin, children }: PinnedProps & { readonly pin: PinnedTo }): ReactElement {
  const live = useLive()
  const link = linkOf(row, pin)
  const { id: key } = row
  const { version } = pin
  const [attempts, setAttempts] = useState(0)
  const [outcome, setOutcome] = useState<Outcome>('checking')
  const isPeerThere = row.peers > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt counts as well
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const { signal } = stop
    const check = async () => {
      await backend.archives.open({ link }, { signal })
      await backend.read.entry({ key, version, path: '/' }, { signal })
    }
    check().then(
      () => !signal.aborted && setOutcome('proven'),
      (error: unknown) => !signal.aborted && setOutcome({ error }),
    )
    return () => {
      stop.abort()
      // A backend that comes back knows nothing of what was proven before.
      setOutcome('checking')
    }
  }, [live, link, key, version, attempts])
  // Somebody came who may have what was missing, or has brought it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: not whenever it fails
  useEffect(() => {
    if (typeof outcome === 'object') setAttempts(attempts + 1)
  }, [isPeerThere, row.state.name])
  const isOnItsWay = row.state.name === 'looking' || row.state.name === 'reading'
  if (outcome === 'proven') return <>{children}</>
  return (
    <>
      <ViewHeader title={<FileName name={titleOf(row)} />} />
      {outcome === 'checking' || isOnItsWay ? (
        <Checking version={version} />
      ) : (
        <Refused error={outcome.error} place={place} pin={pin} onAgain={() => setAttempts(attempts + 1)} />
      )}
    </>
  )
}

function Checking({ version }: { readonly version: number }): ReactElement {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 300)
    return () => clearTimeout(timer)
  }, [])
  // It is mostly done before anybody could read it.
  return (
    <div role="status" className="grid min-h-0 flex-1">
      {isSlow && (
        <EmptyState icon={<Pin size={40} strokeWidth={1.25} />} title={`Checking version ${number(version)}`}>
          Its link is pinned: nothing is shown before it is certain that this is the version it was made for.
        </EmptyState>
      )}
    </div>
  )
}

type RefusedProps = {
  readonly error: unknown
  readonly place: ArchivePlace
  readonly pin: PinnedTo
  readonly onAgain: () => void
}

function Refused({ error, place, pin, onAgain }: RefusedProps): ReactElement {
  const { key } = place
  const { version } = pin
  const newest = () => ui.go({ ...place, version: null, pin: undefined, file: null })
  if (!(error instanceof AppError) || !error.is('NOT_THE_PINNED_VERSION')) {
    const said = explain(error)
    return (
      <div role="alert" className="grid min-h-0 flex-1">
        <EmptyState
          icon={<SearchX size={44} strokeWidth={1.25} />}
          title="This pinned link cannot be checked now"
          actions={
            <>
              <Button kind="primary" onClick={onAgain}>
                Try again
              </Button>
              <Button onClick={newest}>Show the newest version</Button>
            </>
          }
        >
          <p>
            {error instanceof AppError && error.is('NOT_AVAILABLE')
              ? 'Nobody who is connected has what is needed for it.'
              : [said?.text, said?.next].filter(Boolean).join(' ')}{' '}
            Until then nothing of version {number(version)} is shown.
          </p>
        </EmptyState>
      </div>
    )
  }
  const { expected, found } = error.data as ErrorData['NOT_THE_PINNED_VERSION']
  const asItIs = () =>
    attempt(async () => {
      await backend.archives.open({ link: `hyper://${key}+${version}` })
      ui.go({ ...place, pin: undefined })
    })
  return (
    <div role="alert" className="grid min-h-0 flex-1">
      <EmptyState
        icon={<PinOff size={44} strokeWidth={1.25} className="text-bad" />}
        title="This is not the version that your friend pinned"
        actions={
          <>
            <Button kind="primary" onClick={newest}>
              Show the newest version
            </Button>
            <Button onClick={asItIs}>Show version {number(version)} as it is</Button>
          </>
        }
      >
        <p>
          Its author has written something else over it, or the link was changed on its way to you. Nothing of it is
          shown.
        </p>
        <dl className="mt-3 rounded-md border border-line p-3 text-left text-sm">
          <Hash name="The link says" value={expected} />
          <Hash name="The archive says" value={found} />
        </dl>
        <p className="mt-3">Ask who gave you the link to copy it again, and compare, before you trust either.</p>
      </EmptyState>
    </div>
  )
}

const Hash = ({ name, value }: { readonly name: string; readonly value: string }): ReactElement => (
  <div className="flex flex-col gap-0.5 not-first:mt-2">
    <dt className="text-muted">{name}</dt>
    <dd className="font-mono text-ink break-all select-text">{value}</dd>
  </div>
)
