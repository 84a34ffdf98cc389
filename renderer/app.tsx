/** The page put together: the library beside one view, and what floats above them. Features meet here and nowhere else. */
import { CSPProvider } from '@base-ui/react/csp-provider'
import { Dialog } from '@base-ui/react/dialog'
import { Menu, PlugZap } from 'lucide-react'
import { Component, type ReactElement, type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { assertNever } from '../preload/contract/errors.ts'
import { tryNow, useConnection } from './backend.ts'
import { explain } from './errors.ts'
import { About } from './features/about/about.tsx'
import { DiagnosticsDialog } from './features/about/diagnostics.tsx'
import { Archive, type ArchivePlace } from './features/archive/archive.tsx'
import { NamingDialog } from './features/archive/naming.tsx'
import { FreeDialog } from './features/availability/free.tsx'
import { PersonDialog } from './features/availability/person.tsx'
import { StandingOf } from './features/availability/standing.tsx'
import { FolderChooser } from './features/chooser/chooser.tsx'
import { History } from './features/history/history.tsx'
import { KeepingBanner } from './features/keeping/banner.tsx'
import { ChooseDialog } from './features/keeping/choose.tsx'
import { DeviceDialog } from './features/keeping/device.tsx'
import { PartsDialog } from './features/keeping/parts.tsx'
import { UpdatesDialog } from './features/keeping/updates.tsx'
import { Home } from './features/library/home.tsx'
import { Library } from './features/library/library.tsx'
import { CheckDialog } from './features/network/check.tsx'
import { Network } from './features/network/network.tsx'
import { AskToOpen, NotInLibrary, OpeningBanner, OpeningState } from './features/opening/opening.tsx'
import { Pinned } from './features/opening/pinned.tsx'
import { SourceBanner } from './features/opening/source.tsx'
import { Peers } from './features/peers/peers.tsx'
import { Preview } from './features/preview/preview.tsx'
import { PublishSurface } from './features/publish/publish.tsx'
import { ReceiptDialog } from './features/receipts/receipts.tsx'
import { RewrittenBanner } from './features/rewritten/banner.tsx'
import { ConfirmDialog, ConsentDialog } from './features/settings/consent.tsx'
import { MessagesDialog } from './features/settings/messages.tsx'
import { Palette } from './features/settings/palette.tsx'
import { SettingsDialog } from './features/settings/settings.tsx'
import { ShortcutsDialog } from './features/settings/shortcuts.tsx'
import { Transfers } from './features/transfers/transfers.tsx'
import { titleOf, transferIsOver, useArchive, useMirrorStatus, useTransfers } from './stores/mirrors.ts'
import { toast, useToasts } from './stores/toasts.ts'
import { ui, usePlace, useUi } from './stores/ui.ts'
import { shareOf } from './stores/words.ts'
import { Button, IconButton } from './ui/button.tsx'
import { bytes, count, duration, number, percent } from './ui/format.ts'
import { Logo } from './ui/logo.tsx'
import { useNarrow } from './ui/media.ts'
import { plainName } from './ui/names.ts'
import { ProgressBar } from './ui/progress.tsx'
import { SkeletonRows } from './ui/skeleton.tsx'
import { Details, Toasts } from './ui/toasts.tsx'
import { TooltipProvider } from './ui/tooltip.tsx'
import { MenuButton } from './ui/view.tsx'

export function App(): ReactElement {
  const connection = useConnection()
  return (
    <CSPProvider disableStyleElements>
      <TooltipProvider delay={500}>
        <Boundary>{connection.name === 'refused' ? <Refused /> : <Window />}</Boundary>
      </TooltipProvider>
    </CSPProvider>
  )
}

function Window(): ReactElement {
  const narrow = useNarrow()
  const libraryOpen = useUi(state => state.libraryOpen)
  const shown = useToasts(state => state.shown)
  const main = useFocusKept()
  const menu = narrow ? (
    <IconButton label="Library" onClick={() => ui.toggleLibrary(true)}>
      <Menu size={18} aria-hidden />
    </IconButton>
  ) : null
  return (
    <div className="flex h-full flex-col">
      <ConnectionBanner />
      <div className="flex min-h-0 flex-1">
        {narrow ? (
          <Dialog.Root open={libraryOpen} onOpenChange={open => ui.toggleLibrary(open)}>
            <Dialog.Portal>
              <Dialog.Backdrop className="fade fixed inset-0 z-20 bg-scrim" />
              <Dialog.Popup className="fade fixed inset-y-0 left-0 z-20 w-[min(18rem,85vw)] bg-canvas shadow-raised">
                <Dialog.Title className="sr-only">Library</Dialog.Title>
                <Library />
              </Dialog.Popup>
            </Dialog.Portal>
          </Dialog.Root>
        ) : (
          <aside aria-label="Library" className="w-60 shrink-0 border-r border-line bg-canvas wide:w-64">
            <Library />
          </aside>
        )}
        <main ref={main} tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col bg-surface outline-none">
          <MenuButton value={menu}>
            <View />
          </MenuButton>
        </main>
      </div>
      <PublishSurface />
      <FolderChooser />
      <SettingsDialog />
      <DeviceDialog />
      <PartsDialog />
      <NamingDialog />
      <CheckDialog />
      <PersonDialog />
      <FreeDialog />
      <UpdatesDialog />
      <ChooseDialog />
      <ShortcutsDialog />
      <MessagesDialog />
      <ReceiptDialog />
      <DiagnosticsDialog />
      <Palette />
      <ConsentDialog />
      <ConfirmDialog />
      <Toasts toasts={shown} onDismiss={toast.dismiss} />
    </div>
  )
}

/** Where what had the focus has gone with the place before, the new one gets it, and not the beginning of the page. */
function useFocusKept(): RefObject<HTMLElement | null> {
  const place = usePlace()
  const main = useRef<HTMLElement>(null)
  const from = useRef(place)
  useEffect(() => {
    if (from.current === place) return
    from.current = place
    // After a dialog has given it back, if it could.
    const timer = setTimeout(() => {
      if (document.activeElement === document.body) main.current?.focus({ preventScroll: true })
    }, 50)
    return () => clearTimeout(timer)
  }, [place])
  return main
}

function View(): ReactElement {
  const place = usePlace()
  useTitle()
  switch (place.view) {
    case 'home':
      return <Home />
    case 'archive':
      return <ArchiveView place={place} />
    case 'transfers':
      return <Transfers />
    case 'network':
      return <Network />
    case 'about':
      return <About />
    case 'ask':
      return <AskToOpen link={place.link} />
    default:
      return assertNever(place)
  }
}

const parts = { preview: Preview, changes: History, peers: PeersOf, opening: OpeningState, banners: Banners }

function PeersOf({ row }: { readonly row: NonNullable<ReturnType<typeof useArchive>> }): ReactElement {
  return (
    <Peers row={row}>
      <StandingOf row={row} />
    </Peers>
  )
}

function ArchiveView({ place }: { readonly place: ArchivePlace }): ReactElement {
  const row = useArchive(place.key)
  const status = useMirrorStatus()
  if (row !== undefined)
    return (
      <Pinned row={row} place={place}>
        <Archive key={row.id} row={row} place={place} parts={parts} />
      </Pinned>
    )
  return status === 'connecting' ? <SkeletonRows /> : <NotInLibrary />
}

function Banners({ row }: { readonly row: NonNullable<ReturnType<typeof useArchive>> }): ReactElement {
  return (
    <>
      {row.length > 0 && !row.paused && <OpeningBanner row={row} />}
      <RewrittenBanner row={row} />
      <KeepingBanner row={row} />
      <SourceBanner row={row} share={<ImportProgress archive={row.id} />} />
    </>
  )
}

function ImportProgress({ archive }: { readonly archive: string }): ReactElement {
  const running = useTransfers().find(row => row.key === archive && row.kind === 'import' && !transferIsOver(row))
  if (running === undefined) return <>Your friends see files as soon as they are added.</>
  const share = shareOf(running)
  const text = [
    running.ofFiles === null
      ? count(running.files, 'file')
      : `${number(running.files)} of ${count(running.ofFiles, 'file')}`,
    running.ofBytes === null ? bytes(running.bytes) : `${bytes(running.bytes)} of ${bytes(running.ofBytes)}`,
    running.secondsLeft === null ? '' : `${duration(running.secondsLeft)} left`,
  ]
  return (
    <span className="flex items-center gap-3">
      <ProgressBar label="Being added" value={share} className="max-w-60 flex-1" />
      <span className="tabular">
        {share === null ? '' : `${percent(share, 1)} · `}
        {text.filter(Boolean).join(' · ')}
      </span>
    </span>
  )
}

/** The name of the window says where the person is. */
function useTitle(): void {
  const place = usePlace()
  const row = useArchive(place.view === 'archive' ? place.key : '')
  const title =
    row !== undefined
      ? plainName(titleOf(row))
      : place.view === 'transfers'
        ? 'Transfers'
        : place.view === 'network'
          ? 'Network'
          : place.view === 'about'
            ? 'About'
            : ''
  useEffect(() => {
    document.title = title === '' ? 'Cairn' : `${title} – Cairn`
  }, [title])
}

/** Shown after a moment only, so that a connection that heals at once does not blink. */
function ConnectionBanner(): ReactElement | null {
  const connection = useConnection()
  const lost = connection.name === 'lost'
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (!lost) return setShown(false)
    const timer = setTimeout(() => setShown(true), 400)
    return () => clearTimeout(timer)
  }, [lost])
  return (
    <div role="status" className="shrink-0">
      {shown && (
        <div className="flex min-h-9 flex-wrap items-center justify-center gap-x-3 gap-y-1 border-b border-line bg-warn-soft px-4 py-1 text-warn">
          <PlugZap size={16} aria-hidden className="shrink-0" />
          <span>
            <strong>Cairn is not running</strong> – reconnecting. You see what was known last.
          </span>
          <Button size="small" onClick={tryNow}>
            Try now
          </Button>
        </div>
      )}
    </div>
  )
}

/** The address was used up, or the browser has forgotten the permission. */
function Refused(): ReactElement {
  return (
    <main className="grid h-full place-items-center overflow-y-auto p-6">
      <div className="flex max-w-120 flex-col gap-3">
        <Logo size={48} />
        <h1 className="mt-2 text-xl font-semibold">This address does not open Cairn any more</h1>
        <p className="text-md text-pretty">
          The address that Cairn gives you works once, in one browser, so that nobody else on this machine can use it.
          This one was used already, or this browser has forgotten it.
        </p>
        <p className="text-md text-pretty">
          For a new one, look at the terminal where Cairn runs, or run{' '}
          <code className="rounded bg-pressed px-1 font-mono text-base">cairn serve</code>. Your archives are not
          touched by this.
        </p>
        <div className="mt-2">
          <Button kind="primary" size="large" onClick={() => location.reload()}>
            Try again
          </Button>
        </div>
      </div>
    </main>
  )
}

/** If a view breaks, the person learns it and can go on. */
class Boundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: null }

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    const said = explain(error)
    return (
      <main className="grid h-full place-items-center overflow-y-auto p-6">
        <div className="flex max-w-120 flex-col gap-3">
          <h1 className="text-xl font-semibold">{said?.title ?? 'Something on this page went wrong'}</h1>
          <p className="text-md">
            {said?.text} {said?.next}
          </p>
          {said && <Details text={said.details} />}
          <div className="mt-2 flex gap-2">
            <Button
              kind="primary"
              size="large"
              onClick={() => {
                ui.go({ view: 'home' })
                this.setState({ error: null })
              }}
            >
              Show the library
            </Button>
            <Button size="large" onClick={() => location.reload()}>
              Reload
            </Button>
          </div>
        </div>
      </main>
    )
  }
}
