/** Find an archive or a command by a few letters; a link that is pasted here can be opened as well. */
import { Dialog as Base } from '@base-ui/react/dialog'
import {
  ArrowDownUp,
  Box,
  CirclePause,
  CirclePlay,
  CornerDownLeft,
  FileCheck2,
  Info,
  Keyboard,
  Link2,
  MailPlus,
  Moon,
  Plus,
  Search,
  Settings,
  Share2,
  Sun,
  Wifi,
} from 'lucide-react'
import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import { backend, useLive } from '../../backend.ts'
import { copyInvitation, copyLink, download, linkIn, openLink, pauseEverything } from '../../stores/commands.ts'
import { type Tab, tabs } from '../../stores/location.ts'
import { titleOf, useArchives, useSettings } from '../../stores/mirrors.ts'
import { prefer } from '../../stores/preferences.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui, usePlace, useUi } from '../../stores/ui.ts'
import { sayArchive } from '../../stores/words.ts'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { Keys } from '../../ui/keys.tsx'
import { plainName } from '../../ui/names.ts'

type Command = {
  readonly id: string
  readonly name: string
  readonly note?: string
  readonly keys?: string
  readonly icon: ReactNode
  /** The name came from somebody else. */
  readonly foreign?: boolean
  readonly run: () => void
}

export function Palette(): ReactElement {
  const open = useUi(state => state.dialog === 'palette')
  const input = useRef<HTMLInputElement>(null)
  return (
    <Base.Root open={open} onOpenChange={next => !next && ui.show(null)}>
      <Base.Portal>
        <Base.Backdrop className="fade fixed inset-0 z-30 bg-scrim" />
        <Base.Popup
          initialFocus={input}
          className="fade fixed top-[12vh] left-1/2 z-30 flex max-h-[70dvh] w-[min(36rem,calc(100vw-1.5rem))] -translate-x-1/2 flex-col overflow-hidden rounded-xl bg-raised shadow-raised"
        >
          <Base.Title className="sr-only">Find and do</Base.Title>
          <Finder input={input} />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

const tabNames: Record<Tab, string> = { files: 'Files', changes: 'Changes', peers: 'Peers', about: 'About' }

function useCommands(): readonly Command[] {
  const archives = useArchives()
  const place = usePlace()
  const live = useLive()
  const settings = useSettings()
  const icon = (picture: ReactNode) => picture
  const here = place.view === 'archive' ? archives.find(row => row.id === place.key) : undefined
  const theme = (name: 'light' | 'dark' | 'system') => () => {
    prefer({ theme: name })
    attempt(() => backend.settings.update({ theme: name }))
  }
  return [
    ...(here === undefined || place.view !== 'archive'
      ? []
      : [
          {
            id: 'copy',
            name: 'Copy link',
            note: plainName(titleOf(here)),
            keys: 'mod+shift+c',
            icon: icon(<Share2 size={16} />),
            run: () => copyLink(here),
          },
          {
            id: 'invite',
            name: 'Copy invitation',
            note: plainName(titleOf(here)),
            icon: icon(<MailPlus size={16} />),
            run: () => copyInvitation(here),
          },
          ...(here.length === 0
            ? []
            : [
                {
                  id: 'get',
                  name: 'Download everything…',
                  note: plainName(titleOf(here)),
                  icon: icon(<ArrowDownUp size={16} />),
                  run: () => download(here.id, place.version, ['/']),
                },
              ]),
          ...tabs
            .filter(tab => tab !== place.tab)
            .map(tab => ({
              id: tab,
              name: `Show ${tabNames[tab].toLowerCase()}`,
              note: plainName(titleOf(here)),
              keys: `alt+${tabs.indexOf(tab) + 1}`,
              icon: icon(<Box size={16} />),
              run: () => ui.go({ ...place, tab }),
            })),
        ]),
    { id: 'publish', name: 'Publish…', keys: 'mod+o', icon: icon(<Plus size={16} />), run: () => ui.publish() },
    ...archives.map(row => ({
      id: row.id,
      name: titleOf(row),
      note: sayArchive(row, { live, allPaused: settings?.paused === true }).short,
      foreign: true,
      icon: icon(<Box size={16} />),
      run: () => ui.openArchive(row.id),
    })),
    { id: 'home', name: 'Library', icon: icon(<Box size={16} />), run: () => ui.go({ view: 'home' }) },
    {
      id: 'transfers',
      name: 'Transfers',
      keys: 'mod+j',
      icon: icon(<ArrowDownUp size={16} />),
      run: () => ui.go({ view: 'transfers' }),
    },
    { id: 'network', name: 'Network', icon: icon(<Wifi size={16} />), run: () => ui.go({ view: 'network' }) },
    {
      id: 'receipt',
      name: 'Check a receipt…',
      icon: icon(<FileCheck2 size={16} />),
      run: () => ui.show('receipt'),
    },
    {
      id: 'pause-everything',
      name: settings?.paused === true ? 'Go on with everything' : 'Pause everything',
      note: settings?.paused === true ? 'Nothing is fetched or served now' : '',
      icon: icon(settings?.paused === true ? <CirclePlay size={16} /> : <CirclePause size={16} />),
      run: () => pauseEverything(settings?.paused !== true),
    },
    {
      id: 'settings',
      name: 'Settings',
      keys: 'mod+,',
      icon: icon(<Settings size={16} />),
      run: () => ui.show('settings'),
    },
    {
      id: 'shortcuts',
      name: 'Keyboard shortcuts',
      keys: '?',
      icon: icon(<Keyboard size={16} />),
      run: () => ui.show('shortcuts'),
    },
    { id: 'about', name: 'About Cairn', icon: icon(<Info size={16} />), run: () => ui.go({ view: 'about' }) },
    {
      id: 'diagnostics',
      name: 'Save diagnostics…',
      icon: icon(<Info size={16} />),
      run: () => ui.show('diagnostics'),
    },
    { id: 'messages', name: 'Messages', icon: icon(<Keyboard size={16} />), run: () => ui.show('messages') },
    { id: 'light', name: 'Light theme', icon: icon(<Sun size={16} />), run: theme('light') },
    { id: 'dark', name: 'Dark theme', icon: icon(<Moon size={16} />), run: theme('dark') },
    { id: 'system', name: 'Theme of the system', icon: icon(<Sun size={16} />), run: theme('system') },
  ]
}

/** All words of the query, in any order; names that begin with it come first. */
function search(commands: readonly Command[], query: string): readonly Command[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const found = commands.filter(command => words.every(word => command.name.toLocaleLowerCase().includes(word)))
  const begins = (command: Command) =>
    words[0] !== undefined && command.name.toLocaleLowerCase().startsWith(words[0]) ? 0 : 1
  return [...found].sort((a, b) => begins(a) - begins(b)).slice(0, 50)
}

function Finder({ input }: { readonly input: React.RefObject<HTMLInputElement | null> }): ReactElement {
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const all = useCommands()
  const list = useRef<HTMLDivElement>(null)
  const isLink = linkIn(query) !== null
  const found: readonly Command[] = isLink
    ? [{ id: 'link', name: 'Open this link', icon: <Link2 size={16} />, run: () => void openLink(query.trim()) }]
    : search(all, query)
  const index = Math.min(at, Math.max(0, found.length - 1))
  useEffect(() => {
    list.current?.querySelector(`[data-at="${index}"]`)?.scrollIntoView({ block: 'nearest' })
  }, [index])
  const run = (command: Command | undefined) => {
    if (command === undefined) return
    ui.show(null)
    command.run()
  }
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((index + 1) % Math.max(1, found.length))
    else if (event.key === 'ArrowUp') setAt((index - 1 + found.length) % Math.max(1, found.length))
    else if (event.key === 'Enter') run(found[index])
    else return
    event.preventDefault()
  }
  return (
    <>
      <div className="flex h-12 shrink-0 items-center gap-2.5 border-b border-line px-4">
        <Search size={16} aria-hidden className="shrink-0 text-muted" />
        <input
          ref={input}
          role="combobox"
          aria-label="Find an archive or a command"
          aria-expanded
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-activedescendant={found.length > 0 ? `palette-${index}` : undefined}
          placeholder="Find an archive or a command, or paste a link"
          autoComplete="off"
          spellCheck={false}
          value={query}
          onChange={event => {
            setQuery(event.target.value)
            setAt(0)
          }}
          onKeyDown={keyDown}
          className="h-full min-w-0 flex-1 bg-transparent text-md outline-none"
        />
      </div>
      <div
        ref={list}
        id="palette-list"
        role="listbox"
        aria-label="Found"
        tabIndex={-1}
        className="min-h-0 flex-1 overflow-y-auto p-1.5"
      >
        {found.map((command, position) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys go to the field above
          <div
            key={command.id}
            id={`palette-${position}`}
            role="option"
            tabIndex={-1}
            aria-selected={position === index}
            data-at={position}
            onPointerMove={() => setAt(position)}
            onClick={() => run(command)}
            className={cx('flex h-9 items-center gap-3 rounded-md px-2.5', position === index && 'bg-hover')}
          >
            <span aria-hidden className="shrink-0 text-muted">
              {command.icon}
            </span>
            <span className="min-w-0">{command.foreign ? <FileName name={command.name} /> : command.name}</span>
            {command.note && (
              <span className="min-w-0 flex-1 shrink-[3] truncate text-sm text-muted">{command.note}</span>
            )}
            <span className="ml-auto flex items-center gap-2">
              {command.keys && <Keys keys={command.keys} />}
              {position === index && <CornerDownLeft size={14} aria-hidden className="text-muted" />}
            </span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="px-4 pb-5 text-center text-muted">Nothing is called that.</p>}
    </>
  )
}
