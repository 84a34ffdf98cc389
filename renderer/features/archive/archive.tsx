/** One archive: its head, what is special about it now, and its four tabs. */
import {
  Bell,
  BellOff,
  BellRing,
  BookOpen,
  ChevronDown,
  Copy,
  Database,
  Download,
  Eraser,
  Eye,
  FileCheck2,
  FolderDown,
  FolderPlus,
  FolderSearch,
  HardDrive,
  ListChecks,
  MailPlus,
  MoreHorizontal,
  Pause,
  Pin,
  Radar,
  Play,
  RefreshCw,
  Share2,
  Trash2,
} from 'lucide-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { backend, useLive } from '../../backend.ts'
import {
  copyInvitation,
  copyLink,
  copyPinnedLink,
  download,
  forget,
  keep,
  keepInFolder,
  markSeen,
  moveSource,
  pauseArchive,
  pauseSource,
  setNotify,
} from '../../stores/commands.ts'
import type { Place, Tab } from '../../stores/location.ts'
import { titleOf } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { useSaid } from '../../stores/said.ts'
import { sayNews } from '../../stores/words.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, number } from '../../ui/format.ts'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { MoodDot } from '../../ui/mood.tsx'
import { TabPanel, Tabs } from '../../ui/tabs.tsx'
import { ViewHeader } from '../../ui/view.tsx'
import { About } from './about.tsx'
import { Files } from './files.tsx'
import type { RenderPreview } from './inspector.tsx'

export type ArchivePlace = Extract<Place, { view: 'archive' }>

/** The other features that stand in this view, handed in by the app. */
export type ArchiveParts = {
  readonly preview: RenderPreview
  readonly changes: (props: { readonly row: ArchiveRow; readonly seenBefore: number }) => ReactElement
  readonly peers: (props: { readonly row: ArchiveRow }) => ReactElement
  /** In place of files of which nothing is known yet. */
  readonly opening: (props: {
    readonly row: ArchiveRow
    readonly version: number | null
    readonly onNewest: () => void
  }) => ReactElement | null
  /** What is special about it now. */
  readonly banners: (props: { readonly row: ArchiveRow }) => ReactElement
}

type ArchiveProps = { readonly row: ArchiveRow; readonly place: ArchivePlace; readonly parts: ArchiveParts }

export function Archive({ row, place, parts }: ArchiveProps): ReactElement {
  const seen = useSeen(row, place.tab)
  // Without its secret even an archive whose length is known has nothing to show, and asks for the whole link instead.
  const known =
    row.state.name !== 'secret-needed' &&
    row.state.name !== 'damaged' &&
    (row.length > 0 || row.state.name === 'found' || row.state.name === 'empty')
  // A link may ask for a version that is not there, or not yet.
  const missing = place.version !== null && place.version > row.length
  const go = (tab: Tab) => ui.go({ ...place, tab })
  const live = useLive()
  const said = useSaid(row)
  const size =
    row.files === null ? '' : `${count(row.files, 'file')}${row.bytes === null ? '' : `, ${bytes(row.bytes)}`}`
  const Changes = parts.changes
  const Peers = parts.peers
  const Opening = parts.opening
  const Banners = parts.banners
  const newest = () => ui.go({ ...place, version: null, file: null })
  const opening = row.paused && !known ? <NotYet /> : <Opening row={row} version={place.version} onNewest={newest} />
  return (
    <>
      <ViewHeader
        title={
          <span className="flex min-w-0 items-center gap-2">
            <FileName name={titleOf(row)} />
            {row.private && <Badge>Private</Badge>}
          </span>
        }
        under={
          <span className="flex min-w-0 items-center gap-1.5">
            <button
              type="button"
              onClick={() => go('peers')}
              className="-mx-1 flex h-6 min-w-0 items-center gap-1.5 rounded px-1 hover:bg-hover hover:text-ink"
            >
              <MoodDot mood={said.mood} />
              <span className="truncate">{said.short}</span>
            </button>
            {size && <span className="truncate max-narrow:hidden">· {size}</span>}
            {row.author && row.ownership === 'friends' && (
              <span className="flex min-w-0 gap-1 max-narrow:hidden">
                · by <FileName name={row.author} />
              </span>
            )}
          </span>
        }
        actions={
          <>
            {row.ownership === 'friends' && row.keeping.how === 'look' && known && (
              <Menu
                trigger={
                  <Button icon={<HardDrive size={14} aria-hidden className="max-narrow:hidden" />}>
                    Keep
                    <ChevronDown size={14} aria-hidden className="-mr-1 text-muted" />
                  </Button>
                }
                items={waysToKeep(row)}
              />
            )}
            <Menu
              trigger={
                <Button icon={<Share2 size={14} aria-hidden className="max-narrow:hidden" />}>
                  Share
                  <ChevronDown size={14} aria-hidden className="-mr-1 text-muted" />
                </Button>
              }
              items={shareItems(row, place)}
            />
            <Menu
              trigger={
                <IconButton label="More">
                  <MoreHorizontal size={16} aria-hidden />
                </IconButton>
              }
              items={moreItems(row, place)}
            />
          </>
        }
      />
      <Tabs
        label="Archive"
        value={place.tab}
        onValue={go}
        tabs={[
          { value: 'files', label: 'Files' },
          {
            value: 'changes',
            label: 'Changes',
            badge: seen.fresh && (
              <Badge tone="accent">
                {sayNews(row)?.count ?? 'new'}
                <span className="sr-only"> new since you looked</span>
              </Badge>
            ),
          },
          { value: 'peers', label: 'Peers', badge: live && row.peers > 0 && <Badge>{number(row.peers)}</Badge> },
          { value: 'about', label: 'About' },
        ]}
      >
        <Banners row={row} />
        <TabPanel value="files">
          {known && !missing ? <Files row={row} place={place} renderPreview={parts.preview} /> : opening}
        </TabPanel>
        <TabPanel value="changes">{known ? <Changes row={row} seenBefore={seen.before} /> : opening}</TabPanel>
        <TabPanel value="peers">
          <Peers row={row} />
        </TabPanel>
        <TabPanel value="about">
          <About row={row} />
        </TabPanel>
      </Tabs>
    </>
  )
}

/** Paused before anything of it was found: nobody is looking for it. */
function NotYet(): ReactElement {
  return (
    <EmptyState icon={<Pause size={40} strokeWidth={1.25} />} title="Nothing of it is here yet">
      It is looked for when you go on.
    </EmptyState>
  )
}

/**
 * The person looks at the archive: that is noted with the backend, while this view remembers from where on things were
 * new when they came.
 */
function useSeen(row: ArchiveRow, tab: Tab): { readonly before: number; readonly fresh: boolean } {
  const [before, setBefore] = useState({ key: row.id, length: row.seenLength })
  const [looked, setLooked] = useState(row.seenLength)
  const current = before.key === row.id ? before : { key: row.id, length: row.seenLength }
  const latest = useRef(row)
  latest.current = row
  useEffect(() => {
    setBefore({ key: row.id, length: latest.current.seenLength })
    setLooked(latest.current.seenLength)
  }, [row.id])
  useEffect(() => {
    const look = () => {
      if (document.visibilityState !== 'visible') return
      // The first time everything is new, which is to say that nothing is. Later its changes are seen where they are shown.
      const isFirst = row.seenLength === 0
      const isSeen = (isFirst || tab === 'changes') && row.length > row.seenLength
      if (isSeen || row.watched?.foundAt) markSeen(latest.current, isSeen ? row.length : row.seenLength)
      if (isFirst) setBefore({ key: row.id, length: row.length })
      if (tab === 'changes' || isFirst) setLooked(row.length)
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [row.id, row.length, row.seenLength, row.watched, tab])
  return { before: current.length, fresh: row.ownership === 'friends' && looked > 0 && row.length > looked }
}

function shareItems(row: ArchiveRow, place: ArchivePlace): readonly MenuItem[] {
  const version = place.version ?? row.length
  return [
    {
      label: 'Copy link',
      hint: row.private ? 'With its secret: whoever has it can read everything' : 'Whoever has it can read everything',
      icon: <Copy size={14} />,
      keys: 'mod+shift+c',
      run: () => copyLink(row),
    },
    {
      label: 'Copy invitation',
      hint: 'The link, with two sentences for somebody who has no Cairn yet',
      icon: <MailPlus size={14} />,
      run: () => copyInvitation(row),
    },
    {
      label: 'Copy pinned link',
      hint:
        version === 0
          ? 'Nothing is known of it yet'
          : `Shows version ${number(version)} for ever, and nobody can bend it`,
      icon: <Pin size={14} />,
      disabled: version === 0,
      run: () => copyPinnedLink(row.id, version),
    },
    'separator',
    {
      label: 'Can a friend open it?',
      hint: 'Tries the link as somebody would who has nothing else',
      icon: <Radar size={14} />,
      run: () => ui.showCheck(row.id),
    },
  ]
}

function moreItems(row: ArchiveRow, place: ArchivePlace): readonly MenuItem[] {
  const known = row.length > 0
  const items: MenuItem[] = []
  if (row.ownership === 'friends') items.push(...keepingItems(row), 'separator')
  if (row.ownership === 'yours' && row.source === null) {
    items.push({
      label: 'Add files…',
      icon: <FolderPlus size={14} />,
      run: () => ui.addTo(row.id, place.tab === 'files' ? place.path : '/'),
    })
  }
  if (row.source !== null) {
    const paused = row.source.state.name === 'paused'
    items.push({
      label: paused ? 'Go on with its folder' : 'Pause its folder',
      hint: paused ? 'Changes are published again' : 'Changes are not published until you go on',
      icon: paused ? <Play size={14} /> : <Pause size={14} />,
      run: () => pauseSource(row, !paused),
    })
    items.push({
      label: 'What is published…',
      hint: 'What is in, what stays out, and by which rule',
      icon: <Eye size={14} />,
      run: () => ui.showRules(row.id),
    })
    const [only] = row.source.paths
    if (only !== undefined)
      items.push({
        label: 'Its folder was moved…',
        hint: 'Follow it at its new place, without adding everything again',
        icon: <FolderSearch size={14} />,
        run: () => (row.source?.paths.length === 1 ? moveSource(row, only) : ui.go({ ...place, tab: 'about' })),
      })
  }
  items.push({
    label: 'Download everything…',
    icon: <Download size={14} />,
    disabled: !known,
    run: () => download(row.id, place.version, ['/']),
  })
  if (row.ownership === 'friends') {
    items.push({
      label: 'Look for peers again',
      icon: <RefreshCw size={14} />,
      run: () => attempt(() => backend.archives.retry({ key: row.id })),
    })
  }
  items.push({
    label: 'On this device…',
    hint: 'What it takes here, by files, and what can go',
    icon: <Database size={14} />,
    run: () => ui.showKeeping({ name: 'device', key: row.id }),
  })
  if (row.ownership === 'friends') {
    items.push({
      label: 'Free room…',
      hint: 'What others hold can go, and is fetched when you open it',
      icon: <Eraser size={14} />,
      disabled: !known || row.held.blocks === 0,
      run: () => ui.showKeeping({ name: 'free', key: row.id, paths: null }),
    })
  }
  items.push({
    label: 'Check a receipt…',
    hint: 'Whether a file that you have was in an archive',
    icon: <FileCheck2 size={14} />,
    run: () => ui.show('receipt'),
  })
  items.push('separator', {
    label: row.ownership === 'yours' ? 'Stop sharing…' : 'Forget…',
    icon: <Trash2 size={14} />,
    dangerous: true,
    run: () => forget(row),
  })
  return items
}

/** Each makes this machine hold what it has of the archive for others as well. */
function waysToKeep(row: ArchiveRow): readonly MenuItem[] {
  const { how } = row.keeping
  return [
    {
      label: how === 'parts' ? 'Keep other parts…' : 'Keep parts…',
      hint: 'Folders, files or patterns that you choose',
      icon: <ListChecks size={14} />,
      checked: how === 'parts',
      run: () => ui.showKeeping({ name: 'parts', key: row.id }),
    },
    {
      label: 'Keep all of it',
      hint: 'Fetch everything and every change, and serve it on',
      icon: <HardDrive size={14} />,
      checked: how === 'all',
      run: () => how !== 'all' && keep(row, true),
    },
    {
      label: how === 'folder' ? 'Keep in another folder…' : 'Keep in a folder…',
      hint: 'The same, as files in a folder that follows it',
      icon: <FolderDown size={14} />,
      checked: how === 'folder',
      run: () => keepInFolder(row),
    },
  ]
}

function keepingItems(row: ArchiveRow): readonly MenuItem[] {
  const { how } = row.keeping
  const updates: MenuItem = {
    label: 'Updates…',
    hint: 'Which ones are taken without asking you',
    icon: <BellRing size={14} />,
    run: () => ui.showKeeping({ name: 'updates', key: row.id }),
  }
  return [
    { heading: 'What this machine does for it' },
    {
      label: 'Look only',
      hint: 'Fetch what you look at',
      icon: <BookOpen size={14} />,
      checked: how === 'look',
      run: () => how !== 'look' && keep(row, false),
    },
    ...waysToKeep(row),
    'separator',
    ...(how === 'look' ? [] : [updates]),
    {
      label: row.notify ? 'Do not notify me of its changes' : 'Notify me of its changes',
      icon: row.notify ? <BellOff size={14} /> : <Bell size={14} />,
      run: () => setNotify(row, !row.notify),
    },
    {
      label: row.paused ? 'Go on with it' : 'Pause it',
      hint: row.paused ? 'Fetched and served again' : 'Neither fetched nor served until you go on',
      icon: row.paused ? <Play size={14} /> : <Pause size={14} />,
      run: () => pauseArchive(row, !row.paused),
    },
  ]
}
