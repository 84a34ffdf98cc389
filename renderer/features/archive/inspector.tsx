/** The third column: what is chosen, looked at more closely. */
import { Copy, Download, Eye, FolderOpen, HardDriveDownload, RotateCcw } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import type { ArchiveRow, Entry } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import {
  canSaveWithBrowser,
  copyLink,
  copyPinnedLink,
  download,
  restore,
  saveWithBrowser,
} from '../../stores/commands.ts'
import { usePeople } from '../../stores/people.ts'
import { ui } from '../../stores/ui.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { EntryIcon, kindOf } from '../../ui/entry-icon.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { ago, bytes, count, exactly, number, percent } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { MoodDot } from '../../ui/mood.tsx'
import { shortKey } from '../../ui/names.ts'
import { downloadEntries, type Listed, restorable, versionOf } from './gone.ts'
import { heldWords } from './held.tsx'
import { useFileHolders } from './held-by.ts'
import { useFolderSize } from './sizes.ts'
import { Versions } from './versions.tsx'

export type RenderPreview = (props: {
  readonly archive: string
  readonly version: number | null
  readonly entry: Entry
  readonly large?: boolean
}) => ReactElement

type InspectorProps = {
  readonly row: ArchiveRow
  readonly version: number | null
  readonly entries: readonly Listed[]
  readonly folder: {
    readonly name: string
    readonly path: string
    readonly files: number
    readonly folders: number
    readonly bytes: number
    readonly complete: boolean
  }
  readonly renderPreview: RenderPreview
  readonly onEnlarge: () => void
  readonly onOpenFolder: (path: string) => void
}

export function Inspector({
  row,
  version: shown,
  entries,
  folder,
  renderPreview,
  onEnlarge,
  onOpenFolder,
}: InspectorProps): ReactElement {
  const [entry] = entries
  if (entry === undefined) return <FolderSummary row={row} version={shown} folder={folder} />
  if (entries.length > 1) return <Several row={row} version={shown} entries={entries} />
  const version = versionOf(entry, shown)
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
      {entry.kind === 'file' ? (
        <div className="relative shrink-0 border-b border-line bg-sunken">
          <div className="flex h-60 min-h-0 flex-col overflow-hidden">
            {renderPreview({ archive: row.id, version, entry })}
          </div>
        </div>
      ) : (
        <div className="grid h-40 shrink-0 place-items-center border-b border-line bg-sunken">
          <EntryIcon entry={entry} size={64} />
        </div>
      )}
      <div className="flex flex-col gap-4 p-4">
        <div>
          <h2 className="text-md font-semibold">
            <FileName name={entry.name} whole />
          </h2>
          <p className="text-muted">
            {kindOf(entry)}
            {entry.kind === 'file' && `, ${bytes(entry.size)}`}
          </p>
        </div>
        <div className="flex flex-wrap gap-1.5">
          {entry.kind === 'folder' && (
            <Button icon={<FolderOpen size={14} aria-hidden />} onClick={() => onOpenFolder(entry.path)}>
              Open
            </Button>
          )}
          <Button icon={<Download size={14} aria-hidden />} onClick={() => download(row.id, version, [entry.path])}>
            Download…
          </Button>
          {version !== null && row.ownership === 'yours' && (
            <Button
              icon={<RotateCcw size={14} aria-hidden />}
              onClick={() => restore(row, restorable(version, entries))}
            >
              Restore…
            </Button>
          )}
          {entry.kind === 'file' && (
            <IconButton label="Look at it large" keys="space" onClick={onEnlarge}>
              <Eye size={16} aria-hidden />
            </IconButton>
          )}
          {canSaveWithBrowser && entry.kind === 'file' && (
            <IconButton label="Save with the browser" onClick={() => saveWithBrowser(row.id, version, entry.path)}>
              <HardDriveDownload size={16} aria-hidden />
            </IconButton>
          )}
          <IconButton
            label={version === null ? 'Copy a link to it' : 'Copy a link to it at this version'}
            onClick={() => (version === null ? copyLink(row, entry.path) : copyPinnedLink(row.id, version, entry.path))}
          >
            <Copy size={16} aria-hidden />
          </IconButton>
        </div>
        <Facts>
          {entry.gone !== undefined && (
            <Fact name="Gone">
              {entry.gone.time === null ? '' : `Since ${exactly(entry.gone.time)}. `}
              Version {number(entry.gone.version)} is the last one that has it.
            </Fact>
          )}
          {entry.kind === 'file' && (
            <Fact name="Size">{`${bytes(entry.size)}${entry.size >= 1000 ? ` (${number(entry.size)} bytes)` : ''}`}</Fact>
          )}
          {entry.kind === 'folder' && <FolderFact row={row} version={version} path={entry.path} name="In it" />}
          {entry.modified !== null && <Fact name="Changed">{exactly(entry.modified)}</Fact>}
          {entry.held !== null && row.ownership === 'friends' && <Held row={row} version={version} entry={entry} />}
          {entry.target !== null && (
            <Fact name="Points to">
              <FileName name={entry.target} whole />
            </Fact>
          )}
          {entry.executable && <Fact name="Executable">Yes, its author marked it as a program</Fact>}
          <Fact name="Path">
            <FileName name={entry.path} whole />
          </Fact>
        </Facts>
        {entry.gone === undefined && entry.kind !== 'link' && (
          <Holders key={`who ${entry.path}`} row={row} version={version} path={entry.path} kind={entry.kind} />
        )}
        {entry.kind !== 'folder' && <Versions key={entry.path} row={row} version={version} path={entry.path} />}
      </div>
    </div>
  )
}

/** What is chosen is being fetched to be shown: for so long nobody is told that it is not here. Milliseconds. */
const SETTLES = 700

/**
 * Asked for the one entry, and again whenever something of the archive has come: the list beside it is read anew less often,
 * and looking at a file is what fetches it.
 */
function Held({
  row,
  version,
  entry,
}: Pick<InspectorProps, 'row' | 'version'> & { readonly entry: Entry }): ReactElement {
  const { path } = entry
  const [asked, setAsked] = useState<{ readonly path: string; readonly held: Entry['held'] } | null>(null)
  const [settled, setSettled] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(path), SETTLES)
    return () => clearTimeout(timer)
  }, [path])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is here changes with the number of blocks
  useEffect(() => {
    let stopped = false
    backend.read.entry({ key: row.id, version, path }).then(
      fresh => !stopped && setAsked({ path, held: fresh?.held ?? null }),
      () => {
        // What the list knows is shown.
        if (!stopped) setAsked({ path, held: null })
      },
    )
    return () => {
      stopped = true
    }
  }, [row.id, version, path, entry.held, row.held.blocks])
  const held = entry.held === 'all' ? 'all' : asked?.path === path ? (asked.held ?? entry.held) : null
  const known = held !== null && (held === 'all' || settled === path)
  return <Fact name="On this device">{known ? heldWords[held].fact : '\u00a0'}</Fact>
}

type HoldersProps = Pick<InspectorProps, 'row' | 'version'> & {
  readonly path: string
  readonly kind: 'file' | 'folder'
}

/** Who else has it, by name. Nothing is said where it cannot be told. */
function Holders({ row, version, path, kind }: HoldersProps): ReactElement | null {
  const holders = useFileHolders(row, version, path)
  const people = usePeople()
  const now = useNow()
  if (holders === null) return null
  return (
    <section aria-label={`Who has this ${kind}`} className="flex flex-col gap-1">
      <h3 className="text-sm text-muted">Who else has this {kind}</h3>
      {holders.length === 0 ? (
        <p>Nobody who is connected now, or was seen before</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {holders.slice(0, MOST_HOLDERS).map(({ id, connected, seenAt, share }) => {
            const name = people.get(id)?.name
            return (
              <li key={id} className="flex min-w-0 items-center gap-2">
                <MoodDot mood={connected ? 'good' : 'quiet'} />
                <button
                  type="button"
                  title={`${id}: ${name === undefined ? 'give it a name' : 'rename'}`}
                  className="flex min-h-6 min-w-0 items-center rounded-sm hover:underline"
                  onClick={() => ui.showPerson(id)}
                >
                  {name === undefined ? <span className="font-mono">{shortKey(id)}</span> : <FileName name={name} />}
                </button>
                <span className="tabular ml-auto shrink-0 text-sm text-muted">
                  {share >= 1 ? 'all of it' : percent(share, 1)}
                  {seenAt !== null && `, ${ago(seenAt, now)}`}
                </span>
              </li>
            )
          })}
          {holders.length > MOST_HOLDERS && (
            <li className="text-muted">and {count(holders.length - MOST_HOLDERS, 'other')}</li>
          )}
        </ul>
      )}
    </section>
  )
}

const MOST_HOLDERS = 8

function Several({
  row,
  version,
  entries,
}: {
  readonly row: ArchiveRow
  readonly version: number | null
  readonly entries: readonly Listed[]
}): ReactElement {
  const files = entries.filter(entry => entry.kind === 'file')
  const folders = entries.filter(entry => entry.kind === 'folder')
  const size = files.reduce((sum, entry) => sum + entry.size, 0)
  return (
    <div className="flex flex-col gap-4 p-4">
      <div>
        <h2 className="text-md font-semibold">{count(entries.length, 'item')} chosen</h2>
        <p className="text-muted">
          {[
            files.length > 0 && `${count(files.length, 'file')}, ${bytes(size)}`,
            folders.length > 0 && count(folders.length, 'folder'),
          ]
            .filter(Boolean)
            .join(' and ')}
        </p>
      </div>
      <div>
        <Button icon={<Download size={14} aria-hidden />} onClick={() => downloadEntries(row, version, entries)}>
          Download…
        </Button>
      </div>
    </div>
  )
}

function FolderSummary({ row, version, folder }: Pick<InspectorProps, 'row' | 'version' | 'folder'>): ReactElement {
  const { name, path, files, folders, bytes: size, complete } = folder
  const at = complete ? '' : 'at least '
  return (
    <div className="flex flex-col gap-4 p-4">
      <h2 className="text-md font-semibold">
        <FileName name={name} whole />
      </h2>
      <Facts>
        <Fact name="In this folder">{`${at}${[count(files, 'file'), folders > 0 && count(folders, 'folder')].filter(Boolean).join(', ')}`}</Fact>
        {files > 0 && <Fact name="These files">{`${at}${bytes(size)}`}</Fact>}
        {folders > 0 && <FolderFact row={row} version={version} path={path} name="With all folders in it" />}
      </Facts>
      <p className="text-muted">Choose a file to look at it here. Nothing from an archive is ever run.</p>
    </div>
  )
}

type FolderFactProps = Pick<InspectorProps, 'row' | 'version'> & { readonly path: string; readonly name: string }

/** All that lies below a folder, counted while it is looked at. */
function FolderFact({ row, version, path, name }: FolderFactProps): ReactElement {
  const size = useFolderSize(row, version, path)
  return (
    <Fact name={name}>
      {size === null ? (
        <span className="text-muted">Being counted…</span>
      ) : size === 'unknown' ? (
        <span className="text-muted">Not known yet</span>
      ) : (
        <span className="tabular">
          {count(size.files, 'file')}, {bytes(size.bytes)}
          {size.state !== 'whole' && <span className="text-muted"> so far</span>}
        </span>
      )}
    </Fact>
  )
}

export function Facts({ children }: { readonly children: ReactNode }): ReactElement {
  return <dl className="flex min-w-0 flex-col gap-2.5">{children}</dl>
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="[overflow-wrap:anywhere]">{children}</dd>
    </div>
  )
}
