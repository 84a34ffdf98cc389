/** The column on the left: what is yours, what is your friends', and how transfers and the network are doing. */
import {
  ArrowDownUp,
  Bell,
  BellRing,
  CirclePause,
  CirclePlay,
  Plus,
  Search,
  Settings as Gear,
  UserRound,
  Users,
} from 'lucide-react'
import { type ReactElement, useMemo, useState } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { useLive } from '../../backend.ts'
import {
  copyInvitation,
  copyLink,
  forget,
  keep,
  keepInFolder,
  markSeen,
  pauseArchive,
  pauseEverything,
  setNotify,
} from '../../stores/commands.ts'
import { useSummary } from '../../stores/availability.ts'
import { isOnlyHere } from '../../stores/availability-words.ts'
import {
  titleOf,
  transferIsOver,
  useArchives,
  useMirrorStatus,
  useNetwork,
  useSettings,
  useTransfers,
} from '../../stores/mirrors.ts'
import { useToasts } from '../../stores/toasts.ts'
import { ui, usePlace } from '../../stores/ui.ts'
import { useSaid } from '../../stores/said.ts'
import { sayNetwork, sayNews, shareOf } from '../../stores/words.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { count, percent, rate } from '../../ui/format.ts'
import { Logo } from '../../ui/logo.tsx'
import { ContextMenu, type MenuItem } from '../../ui/menu.tsx'
import { MoodDot } from '../../ui/mood.tsx'
import { ProgressBar, ProgressRing } from '../../ui/progress.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { OpenField } from './open-field.tsx'

export function Library(): ReactElement {
  const yours = useArchives('yours')
  const friends = useArchives('friends')
  const status = useMirrorStatus()
  const [filter, setFilter] = useState('')
  const many = yours.length + friends.length > 12
  const wanted = many ? filter.trim().toLocaleLowerCase() : ''
  const shown = (rows: readonly ArchiveRow[]) =>
    wanted === '' ? rows : rows.filter(row => titleOf(row).toLocaleLowerCase().includes(wanted))

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex h-13 shrink-0 items-center gap-1 pr-2 pl-3">
        <button
          type="button"
          onClick={() => ui.go({ view: 'home' })}
          className="flex h-8 items-center gap-2 rounded-md px-1.5 text-md font-semibold hover:bg-hover"
        >
          <Logo />
          Cairn
        </button>
        <span className="flex-1" />
        <MessagesButton />
        <IconButton label="Find and do" keys="mod+k" onClick={() => ui.show('palette')}>
          <Search size={16} aria-hidden />
        </IconButton>
        <IconButton label="Settings" keys="mod+," onClick={() => ui.show('settings')}>
          <Gear size={16} aria-hidden />
        </IconButton>
      </div>
      <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        <div className="flex flex-col gap-2 px-3 pb-2">
          <Button
            kind="primary"
            className="h-8 w-full"
            icon={<Plus size={16} aria-hidden />}
            onClick={() => ui.publish()}
          >
            Publish…
          </Button>
          <OpenField id="open-link" label="Open a link" />
        </div>
        <nav aria-label="Library" className="flex flex-col gap-3 px-2 pt-2 pb-3">
          {many && (
            <div className="px-1">
              <TextField
                label="Filter the library"
                labelHidden
                placeholder="Filter"
                type="search"
                quiet
                icon={<Search size={14} aria-hidden />}
                value={filter}
                onValue={setFilter}
              />
            </div>
          )}
          <Group title="Yours" rows={shown(yours)} status={status} empty="Folders that you publish stand here." />
          <Group
            title="Friends"
            rows={shown(friends)}
            status={status}
            empty="Archives whose links you open stand here."
          />
        </nav>
      </div>
      <Foot />
    </div>
  )
}

function MessagesButton(): ReactElement | null {
  const unread = useToasts(state => state.unread)
  const any = useToasts(state => state.log.length > 0)
  if (!any) return null
  return (
    <IconButton
      label={unread > 0 ? `Messages, ${unread} new` : 'Messages'}
      className="relative"
      onClick={() => ui.show('messages')}
    >
      <Bell size={16} aria-hidden />
      {unread > 0 && <span className="absolute top-1 right-1 size-1.5 rounded-full bg-accent" />}
    </IconButton>
  )
}

type GroupProps = {
  readonly title: string
  readonly rows: readonly ArchiveRow[]
  readonly status: ReturnType<typeof useMirrorStatus>
  readonly empty: string
}

function Group({ title, rows, status, empty }: GroupProps): ReactElement {
  return (
    // biome-ignore lint/a11y/useSemanticElements: not a fieldset, and no landmark of its own within the library
    <div role="group" aria-label={title}>
      <h2 className="flex h-6 items-center px-2 text-sm font-medium text-muted">{title}</h2>
      {status === 'connecting' ? (
        <div className="flex flex-col gap-3 px-2 py-2">
          <Skeleton className="w-3/4" />
          <Skeleton className="w-1/2" />
        </div>
      ) : rows.length === 0 ? (
        <p className="px-2 py-1 text-sm text-muted">{empty}</p>
      ) : (
        <ul className="flex flex-col gap-px">
          {rows.map(row => (
            <Row key={row.id} row={row} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Row({ row }: { readonly row: ArchiveRow }): ReactElement {
  const place = usePlace()
  const transfers = useTransfers()
  const here = place.view === 'archive' && place.key === row.id
  const live = useLive()
  const said = useSaid(row)
  const watching = row.watched !== null && row.watched.foundAt === null
  const found = row.watched !== null && row.watched.foundAt !== null
  const news = sayNews(row)
  const onlyHere = isOnlyHere(useSummary(row.id), row)
  const running = useMemo(
    () =>
      transfers.find(transfer => transfer.key === row.id && transfer.kind !== 'download' && !transferIsOver(transfer)),
    [transfers, row.id],
  )
  const share = running === undefined ? null : shareOf(running)
  const title = titleOf(row)
  const more = [
    said.short,
    watching ? 'you watch for it' : '',
    found ? 'found since you looked' : '',
    news === null ? '' : `${news.words} since you looked`,
    share === null ? '' : percent(share, 1),
    onlyHere ? 'nobody else holds all of it' : '',
  ]
    .filter(Boolean)
    .join(', ')
  return (
    <li>
      <ContextMenu items={rowMenu(row)}>
        <button
          type="button"
          aria-current={here ? 'page' : undefined}
          onClick={() => ui.openArchive(row.id)}
          className={cx(
            'flex h-8 w-full items-center gap-2 rounded-md px-2 text-left data-popup-open:bg-hover',
            here ? 'bg-pressed font-medium' : 'hover:bg-hover',
          )}
        >
          <span aria-hidden title={said.short}>
            <MoodDot mood={said.mood} />
          </span>
          <span className={cx('min-w-0 flex-1', (news !== null || found) && 'font-semibold')}>
            <FileName name={title} />
            <span className="sr-only">, {more}</span>
          </span>
          {watching && (
            <span aria-hidden title="You are told when it is found">
              <BellRing size={12} className="text-muted" />
            </span>
          )}
          {onlyHere && (
            <span aria-hidden title="Nobody else holds all of it">
              <UserRound size={12} className="text-muted" />
            </span>
          )}
          {(news !== null || found) && (
            <span aria-hidden title={found ? 'Found' : `${news?.words} since you looked`} className="flex shrink-0">
              {news?.count == null ? (
                <span className="size-2 rounded-full bg-accent" />
              ) : (
                <Badge tone="accent">{news.count}</Badge>
              )}
            </span>
          )}
          {share !== null ? (
            <ProgressRing value={share} />
          ) : (
            live &&
            row.peers > 0 && (
              <span
                aria-hidden
                title={count(row.peers, 'peer')}
                className="tabular flex items-center gap-1 text-sm text-muted"
              >
                <Users size={12} aria-hidden />
                {row.peers}
              </span>
            )
          )}
        </button>
      </ContextMenu>
    </li>
  )
}

function rowMenu(row: ArchiveRow): readonly MenuItem[] {
  const share: readonly MenuItem[] = [
    { label: 'Copy link', run: () => copyLink(row) },
    { label: 'Copy invitation', run: () => copyInvitation(row) },
    'separator',
  ]
  const end: MenuItem = {
    label: row.ownership === 'yours' ? 'Stop sharing…' : 'Forget…',
    run: () => forget(row),
    dangerous: true,
  }
  if (row.ownership === 'yours') return [...share, end]
  const news: readonly MenuItem[] = [
    ...(sayNews(row) === null ? [] : [{ label: 'Mark as seen', run: () => markSeen(row, row.length) }]),
    {
      label: row.notify ? 'Do not notify me of its changes' : 'Notify me of its changes',
      run: () => setNotify(row, !row.notify),
    },
  ]
  return [...share, ...keepItems(row), 'separator', ...news, 'separator', end]
}

function keepItems(row: ArchiveRow): readonly MenuItem[] {
  const { how } = row.keeping
  const pause: MenuItem = {
    label: row.paused ? 'Go on with it' : 'Pause it',
    run: () => pauseArchive(row, !row.paused),
  }
  return [
    ...(how === 'look' ? [] : [{ label: 'Look only', run: () => keep(row, false) }]),
    ...(how === 'folder' ? [] : [{ label: 'Keep parts…', run: () => ui.showKeeping({ name: 'parts', key: row.id }) }]),
    ...(how === 'all' || how === 'folder' ? [] : [{ label: 'Keep all of it', run: () => keep(row, true) }]),
    ...(how === 'folder' ? [] : [{ label: 'Keep in a folder…', run: () => keepInFolder(row) }]),
    'separator',
    pause,
  ]
}

function Foot(): ReactElement {
  const place = usePlace()
  const transfers = useTransfers()
  const network = useNetwork()
  const active = transfers.filter(row => !transferIsOver(row))
  const moving = active.reduce((sum, row) => sum + row.rate, 0)
  const paused = active.filter(row => row.state.name === 'paused').length
  const stillWords = paused === active.length ? `${paused} paused` : `${active.length - paused} waiting`
  const known = active.filter(row => row.ofBytes !== null)
  const share =
    known.length === 0
      ? null
      : known.reduce((sum, row) => sum + row.bytes, 0) /
        Math.max(
          1,
          known.reduce((sum, row) => sum + (row.ofBytes ?? 0), 0),
        )
  const live = useLive()
  const said = sayNetwork(network, live)
  const resting = useSettings()?.paused === true
  const item = 'flex min-h-8 w-full items-center gap-2 rounded-md px-2 text-left'
  return (
    <div className="flex shrink-0 flex-col gap-px border-t border-line p-2">
      <button
        type="button"
        aria-current={place.view === 'transfers' ? 'page' : undefined}
        onClick={() => ui.go({ view: 'transfers' })}
        className={cx(item, 'flex-wrap py-1', place.view === 'transfers' ? 'bg-pressed' : 'hover:bg-hover')}
      >
        <ArrowDownUp size={14} aria-hidden className="shrink-0 text-muted" />
        <span className="min-w-0 flex-1 truncate">Transfers</span>
        <span className="tabular text-sm text-muted">
          {!live ? '' : active.length === 0 ? 'none running' : moving > 0 ? rate(moving) : stillWords}
        </span>
        {live && active.length > 0 && (
          <span className="w-full pb-1">
            <ProgressBar label="All transfers" value={share} />
          </span>
        )}
      </button>
      <div className="flex items-center gap-1">
        <button
          type="button"
          aria-current={place.view === 'network' ? 'page' : undefined}
          onClick={() => ui.go({ view: 'network' })}
          className={cx(item, 'min-w-0 flex-1', place.view === 'network' ? 'bg-pressed' : 'hover:bg-hover')}
        >
          <MoodDot mood={said.mood} />
          <span className="min-w-0 flex-1 truncate">{said.short}</span>
          {live && network !== undefined && network.peers > 0 && (
            <span className="text-sm text-muted">{count(network.peers, 'peer')}</span>
          )}
        </button>
        {live &&
          (resting ? (
            <Button size="small" icon={<CirclePlay size={14} aria-hidden />} onClick={() => pauseEverything(false)}>
              Go on
            </Button>
          ) : (
            <IconButton label="Pause everything" onClick={() => pauseEverything(true)}>
              <CirclePause size={16} />
            </IconButton>
          ))}
      </div>
    </div>
  )
}
