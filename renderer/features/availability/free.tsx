/** Giving up copies that enough others hold, to have the room: what goes, what stays and why, before anything does. */
import { type ReactElement, useEffect, useState } from 'react'
import type { ArchiveRow, Freeing } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { useAnswer } from '../../stores/asking.ts'
import { useAvailability } from '../../stores/availability.ts'
import { getBack } from '../../stores/commands.ts'
import { nameOf } from '../../stores/location.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { toast } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Segmented } from '../../ui/field.tsx'
import { bytes, count } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { ProgressBar } from '../../ui/progress.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'

export function FreeDialog(): ReactElement | null {
  const shown = useUi(state => (state.keeping?.name === 'free' ? state.keeping : null))
  const row = useArchive(shown?.key ?? '')
  if (shown === null || row === undefined) return null
  return <Free key={shown.key} row={row} paths={shown.paths} />
}

const close = () => ui.showKeeping(null)
const least = ['1', '2', '3'] as const

type FreeProps = { readonly row: ArchiveRow; readonly paths: readonly string[] | null }

function Free({ row, paths }: FreeProps): ReactElement {
  const [others, setOthers] = useState<(typeof least)[number]>('2')
  const [running, setRunning] = useState<AbortController | null>(null)
  const known = useAvailability(row.id)
  // What would go as things stand.
  const { answer: plan, error } = useAnswer(running === null ? others : null, known, signal =>
    backend.availability.planFreeing({ key: row.id, paths, others: Number(others) }, { signal }),
  )
  const freed = known?.freed.bytes ?? 0
  const said = error === null ? null : explain(error)
  useEffect(() => () => running?.abort(), [running])
  const free = () => {
    const stop = new AbortController()
    setRunning(stop)
    backend.availability.free({ key: row.id, paths, others: Number(others) }, { signal: stop.signal }).then(
      done => {
        tell(row, done, Number(others))
        close()
      },
      (error: unknown) => {
        setRunning(null)
        toast.error(error)
      },
    )
  }
  const nothing = plan !== null && plan.files === 0 && plan.bytes === 0
  return (
    <Dialog
      open
      onClose={close}
      title={`Free room: ${plainName(whatOf(row, paths))}`}
      description="Copies that others hold can go from this device. They stay in the list, and are fetched again when you open them."
      actions={
        running === null ? (
          <>
            <Button onClick={close}>Cancel</Button>
            <Button kind="primary" disabled={plan === null || nothing} onClick={free}>
              {plan === null || nothing ? 'Free room' : `Free ${bytes(plan.bytes)}`}
            </Button>
          </>
        ) : (
          <Button onClick={() => running.abort()}>Stop</Button>
        )
      }
    >
      <div className="flex flex-col gap-4">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <span aria-hidden>Others who must hold it, at least</span>
          <Segmented
            label="Others who must hold it, at least"
            value={others}
            onValue={setOthers}
            options={least.map(value => ({ value, label: value }))}
          />
        </div>
        {running !== null ? (
          <div role="status" className="flex flex-col gap-2">
            <p>Asking those who are connected to keep their copies…</p>
            <ProgressBar label="Freeing" value={null} />
          </div>
        ) : said !== null ? (
          <p role="alert" className="text-bad">
            {said.title}. {said.text} {said.next}
          </p>
        ) : plan === null ? (
          <div className="flex min-h-20 flex-col gap-2">
            <Skeleton className="w-2/3" />
            <Skeleton className="w-1/2" />
          </div>
        ) : (
          <Planned plan={plan} others={Number(others)} />
        )}
        {freed > 0 && running === null && (
          <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-t border-line pt-3">
            <p className="min-w-48 flex-1 text-muted">{bytes(freed)} of this archive were freed before.</p>
            <Button
              onClick={() => {
                getBack(row)
                close()
              }}
            >
              Get it back
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  )
}

const whatOf = (row: ArchiveRow, paths: readonly string[] | null): string =>
  paths === null ? titleOf(row) : paths.length === 1 ? nameOf(paths[0] ?? '') : count(paths.length, 'item')

function Planned({ plan, others }: { readonly plan: Freeing; readonly others: number }): ReactElement {
  const { files, bytes: size, tooFew, shared, notHere } = plan
  const nothing = files === 0 && size === 0
  const needed = others === 1 ? 'nobody else' : `fewer than ${count(others, 'other')}`
  return (
    <div className="flex min-h-20 flex-col gap-3">
      <p className="text-md font-semibold" role="status">
        {nothing
          ? 'Nothing can go now.'
          : `${files === 0 ? 'Older versions' : count(files, 'file')} can go: ${bytes(size)}.`}
      </p>
      {tooFew.files + shared.files + notHere.files > 0 && (
        <ul className="flex list-disc flex-col gap-1 pl-5 text-muted marker:text-faint">
          {tooFew.files > 0 && (
            <li>
              {said(tooFew)}: {needed} who {others === 1 ? 'is' : 'are'} connected now{' '}
              {others === 1 ? 'holds and keeps' : 'hold and keep'} {tooFew.files === 1 ? 'it' : 'them'}.
            </li>
          )}
          {shared.files > 0 && <li>{said(shared)}: other names, which are not chosen, have the same content.</li>}
          {notHere.files > 0 && (
            <li>
              {count(notHere.files, 'file')} ({bytes(notHere.bytes)}) {notHere.files === 1 ? 'is' : 'are'} not on this
              device anyway.
            </li>
          )}
        </ul>
      )}
      {!nothing && (
        <p className="text-sm text-muted">
          Before anything goes, the others are asked to keep it. Whoever is about to free the same says no, and it
          stays.
        </p>
      )}
    </div>
  )
}

const said = ({ files, bytes: size }: { readonly files: number; readonly bytes: number }): string =>
  `${count(files, 'file')} (${bytes(size)}) ${files === 1 ? 'stays' : 'stay'}`

function tell(row: ArchiveRow, { files, bytes: size, tooFew }: Freeing, others: number): void {
  const stays =
    tooFew.files > 0
      ? ` ${said(tooFew)}: ${others === 1 ? 'nobody else keeps' : `fewer than ${count(others, 'other')} keep`} ${tooFew.files === 1 ? 'it' : 'them'}.`
      : ''
  if (size === 0) return void toast.note({ title: 'Nothing was freed', text: stays.trim() })
  toast.done({
    title: `${bytes(size)} freed`,
    text: `${files === 0 ? 'What went' : `Of ${count(files, 'file')}. What went`} is fetched again when you open it.${stays}`,
    ...(row.keeping.how === 'look' ? {} : { action: { label: 'Get it back', run: () => getBack(row) } }),
  })
}
