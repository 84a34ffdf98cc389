/** What archives take on this device: all of them, or one by its folders; and what of it can go. */
import { ChevronLeft, File, Folder } from 'lucide-react'
import { type ReactElement, useCallback, useEffect, useState } from 'react'
import type { ArchiveRow, ArchiveUse, DiskUse, FolderUse } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { titleOf, useArchive, useArchives, useSettings } from '../../stores/mirrors.ts'
import { attempt, toast } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { sayKeeping } from '../../stores/words.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { GigabytesField } from './gigabytes.tsx'

export function DeviceDialog(): ReactElement | null {
  const shown = useUi(state => (state.keeping?.name === 'device' ? state.keeping : null))
  if (shown === null) return null
  return shown.key === null ? <Device /> : <OneArchive key={shown.key} archive={shown.key} />
}

const close = () => ui.showKeeping(null)

type Asked<T> = { readonly answer: T | null; readonly error: unknown; readonly again: () => void }

function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>): Asked<T> {
  const [state, setState] = useState<{ answer: T | null; error: unknown }>({ answer: null, error: null })
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks again
  useEffect(() => {
    const stop = new AbortController()
    ask(stop.signal).then(
      answer => !stop.signal.aborted && setState({ answer, error: null }),
      (error: unknown) => !stop.signal.aborted && setState(before => ({ ...before, error })),
    )
    return () => stop.abort()
  }, [ask, round])
  return { ...state, again: () => setRound(round + 1) }
}

function Problem({ error }: { readonly error: unknown }): ReactElement | null {
  const said = error === null ? null : explain(error)
  if (said === null) return null
  return (
    <p role="alert" className="mb-3 text-bad">
      {said.title}. {said.text} {said.next}
    </p>
  )
}

function clear(key: string | null, then: () => void): void {
  attempt(async () => {
    const { cleared } = await backend.disk.clear({ key })
    toast.done({
      title: cleared === 0 ? 'There was nothing to clear' : `${bytes(cleared)} cleared`,
      text: 'What is kept stayed. The rest is fetched again when you look at it.',
    })
    then()
  })
}

const askUse = (signal: AbortSignal) => backend.disk.use(undefined, { signal })

function Device(): ReactElement {
  const { answer: use, error, again } = useAsked(askUse)
  const settings = useSettings()
  return (
    <Dialog
      open
      onClose={close}
      size="wide"
      title="On this device"
      description={
        use === null
          ? 'Counting…'
          : `Cairn’s storage takes ${bytes(use.store)} on the disk; ${bytes(use.free)} are free there.`
      }
      actions={<Button onClick={close}>Close</Button>}
    >
      <Problem error={error} />
      {use === null ? (
        error === null && <SkeletonRows rows={4} />
      ) : (
        <div className="flex flex-col gap-6">
          <section aria-label="Only looked at" className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
            <div className="min-w-60 flex-1">
              <p className="font-medium">Looked at and not kept: {bytes(use.cached)}</p>
              <p className="text-sm text-pretty text-muted">
                It stays so that it need not be fetched again, and is served on. Beyond the limit, what you used least
                recently goes first.
              </p>
            </div>
            {settings !== undefined && (
              <GigabytesField
                label="At most"
                value={settings.cache}
                onValue={cache =>
                  attempt(async () => {
                    await backend.settings.update({ cache })
                    again()
                  })
                }
              />
            )}
            <Button disabled={use.cached === 0} onClick={() => clear(null, again)}>
              Clear all of it
            </Button>
          </section>
          <Archives use={use} again={again} />
        </div>
      )}
    </Dialog>
  )
}

function Archives({ use, again }: { readonly use: DiskUse; readonly again: () => void }): ReactElement {
  const rows = useArchives()
  const sorted = [...use.archives].sort((a, b) => b.content + b.list - (a.content + a.list))
  return (
    <table className="w-full table-fixed border-collapse text-left">
      <thead className="text-sm text-muted">
        <tr>
          <th className="pb-1 font-normal">Archive</th>
          <th className="w-24 pb-1 text-right font-normal">Files</th>
          <th className="w-24 pb-1 text-right font-normal max-narrow:hidden">Its list</th>
          <th className="w-24 pb-1 text-right font-normal">Can go</th>
          <th className="w-20 pb-1">
            <span className="sr-only">Clear</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map(one => (
          <ArchiveLine key={one.key} use={one} row={rows.find(row => row.id === one.key)} again={again} />
        ))}
      </tbody>
    </table>
  )
}

function ArchiveLine({
  use,
  row,
  again,
}: {
  readonly use: ArchiveUse
  readonly row: ArchiveRow | undefined
  readonly again: () => void
}): ReactElement {
  const title = row === undefined ? use.key : titleOf(row)
  return (
    <tr className="border-t border-line">
      <td className="min-w-0 py-1.5 pr-3">
        <button
          type="button"
          className="flex max-w-full min-w-0 rounded-sm hover:underline"
          onClick={() => ui.showKeeping({ name: 'device', key: use.key })}
        >
          <FileName name={title} />
        </button>
        <div className="truncate text-sm text-muted">
          {row === undefined ? '' : row.ownership === 'yours' ? 'Yours' : sayHow(row)}
        </div>
      </td>
      <td className="tabular py-1.5 text-right">{bytes(use.content)}</td>
      <td className="tabular py-1.5 text-right text-muted max-narrow:hidden">{bytes(use.list)}</td>
      <td className="tabular py-1.5 text-right">{use.cached === 0 ? '–' : bytes(use.cached)}</td>
      <td className="py-1.5 text-right">
        {use.cached > 0 && (
          <Button
            size="small"
            aria-label={`Clear what is only looked at of ${plainName(title)}`}
            onClick={() => clear(use.key, again)}
          >
            Clear
          </Button>
        )}
      </td>
    </tr>
  )
}

function sayHow({ keeping, paused }: ArchiveRow): string {
  const how = { look: 'Look only', parts: 'Parts are kept', all: 'Kept', folder: 'Kept in a folder' }[keeping.how]
  return paused ? `${how}, paused` : how
}

function OneArchive({ archive }: { readonly archive: string }): ReactElement | null {
  const row = useArchive(archive)
  const [folder, setFolder] = useState('/')
  const ask = useCallback(
    (signal: AbortSignal) => backend.disk.folder({ key: archive, folder }, { signal }),
    [archive, folder],
  )
  const { answer, error, again } = useAsked(ask)
  const { answer: use, again: countAgain } = useAsked(askUse)
  if (row === undefined) return null
  const mine = use?.archives.find(one => one.key === archive)
  const cached = mine?.cached ?? 0
  return (
    <Dialog
      open
      onClose={close}
      title={`${plainName(titleOf(row))} on this device`}
      description={mine === undefined ? 'Counting…' : sayTotals(row, mine)}
      actions={
        <>
          <Button onClick={() => ui.showKeeping({ name: 'device', key: null })}>All archives</Button>
          {row.ownership === 'friends' && row.held.blocks > 0 && (
            <Button onClick={() => ui.showKeeping({ name: 'free', key: archive, paths: null })}>Free room…</Button>
          )}
          {cached > 0 && (
            <Button
              onClick={() =>
                clear(archive, () => {
                  again()
                  countAgain()
                })
              }
            >
              Clear {bytes(cached)}
            </Button>
          )}
          <Button kind="primary" onClick={close}>
            Close
          </Button>
        </>
      }
    >
      <Problem error={error} />
      {folder !== '/' && (
        <div className="mb-2 flex min-w-0 items-center gap-1">
          <IconButton label="Up" onClick={() => setFolder(folder.slice(0, folder.lastIndexOf('/')) || '/')}>
            <ChevronLeft size={16} aria-hidden />
          </IconButton>
          <FileName name={folder} />
        </div>
      )}
      {answer === null ? (
        error === null && <SkeletonRows rows={4} />
      ) : (
        <Entries use={answer} folder={folder} open={setFolder} />
      )}
    </Dialog>
  )
}

function sayTotals(row: ArchiveRow, { content, cached, list }: ArchiveUse): string {
  const what = `${bytes(content)} of files, ${bytes(list)} for the list of them.`
  if (row.ownership === 'yours') return `${what} It is yours: all of it stays.`
  return `${what} ${sayKeeping(row.keeping)}.${cached > 0 ? ` ${bytes(cached)} are not kept and can go.` : ''}`
}

/** The largest ones; a folder of more has its own page in the list of files. */
const SHOWN = 500

function Entries({
  use,
  folder,
  open,
}: {
  readonly use: FolderUse
  readonly folder: string
  readonly open: (folder: string) => void
}): ReactElement {
  const sorted = [...use.entries].sort((a, b) => b.held - a.held)
  if (sorted.length === 0 && use.older === 0) return <p className="text-muted">Nothing of it is here.</p>
  return (
    <ul className="flex flex-col">
      {sorted.slice(0, SHOWN).map(entry => (
        <li key={entry.path} className="flex min-h-8 items-center gap-2 border-b border-line">
          {entry.kind === 'folder' ? (
            <Folder size={16} aria-hidden className="shrink-0 text-accent" />
          ) : (
            <File size={16} aria-hidden className="shrink-0 text-muted" />
          )}
          {entry.kind === 'folder' ? (
            <button
              type="button"
              className="flex min-w-0 flex-1 rounded-sm text-left hover:underline"
              onClick={() => open(entry.path)}
            >
              <FileName name={entry.name} />
            </button>
          ) : (
            <span className="min-w-0 flex-1">
              <FileName name={entry.name} />
            </span>
          )}
          <span className="tabular shrink-0">{bytes(entry.held)}</span>
          <span className="tabular w-24 shrink-0 text-right text-sm text-muted">of {bytes(entry.size)}</span>
        </li>
      ))}
      {sorted.length > SHOWN && <li className="py-1.5 text-sm text-muted">and {sorted.length - SHOWN} smaller ones</li>}
      {folder === '/' && use.older > 0 && (
        <li className="flex min-h-8 items-center gap-2">
          <span className="flex-1 text-muted">Only in older versions</span>
          <span className="tabular">{bytes(use.older)}</span>
          <span className="w-24" />
        </li>
      )}
    </ul>
  )
}
