/**
 * From link to content, told truthfully: what is going on while an archive is looked for, why it was not found, and what
 * can be done. `OpeningState` stands where nothing is known yet; `OpeningBanner` above files that are known already.
 */
import {
  Bell,
  BellRing,
  CirclePause,
  CloudOff,
  FileWarning,
  History,
  Hourglass,
  KeyRound,
  Moon,
  Radar,
  Unplug,
  Wifi,
  WifiOff,
} from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, ArchiveState, Attempts } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { openLink, pauseEverything, tellWhenFound } from '../../stores/commands.ts'
import { useLookUp } from '../../stores/look-up.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { ago, count, duration, number } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { plainName, shortKey } from '../../ui/names.ts'
import { ViewHeader } from '../../ui/view.tsx'

type Unreachable = Extract<ArchiveState, { name: 'unreachable' }>
type Looking = Extract<ArchiveState, { name: 'looking' | 'reading' }>

/** Seconds after which it is said what is going on, and after which there is something better to do than to wait. */
const SAID_AFTER = 5
const OFFERED_AFTER = 20

const retry = (row: ArchiveRow) => attempt(() => backend.archives.retry({ key: row.id }))

const isPaused = ({ state }: ArchiveRow) => state.name === 'unreachable' && state.reason === 'paused'

const TryAgain = ({ row, size = 'normal' }: { readonly row: ArchiveRow; readonly size?: 'small' | 'normal' }) =>
  isPaused(row) ? (
    <Button size={size} onClick={() => pauseEverything(false)}>
      Go on
    </Button>
  ) : (
    <Button size={size} onClick={() => retry(row)}>
      Look again now
    </Button>
  )

type OpeningProps = {
  readonly row: ArchiveRow
  /** The one that was asked for; null: the newest. */
  readonly version: number | null
  readonly onNewest: () => void
}

/** In place of files of which nothing is known yet. */
export function OpeningState({ row, version, onNewest }: OpeningProps): ReactElement | null {
  const now = useNow(1000)
  const { state } = row
  switch (state.name) {
    case 'found':
    case 'empty':
      return version !== null && version > row.length ? (
        <VersionMissing row={row} version={version} onNewest={onNewest} />
      ) : null
    case 'waiting-for-consent':
      return (
        <EmptyState
          icon={<Wifi size={44} strokeWidth={1.25} />}
          title="Nothing is looked up before you agree"
          actions={
            <Button kind="primary" onClick={() => void ui.askConsent()}>
              Read and decide
            </Button>
          }
        >
          To find this archive Cairn has to contact other machines, and they can see the address of yours.
        </EmptyState>
      )
    case 'looking':
    case 'reading':
      return <Searching row={row} state={state} now={now} />
    case 'unreachable': {
      const said = sayUnreachable(state, row)
      return (
        <EmptyState
          icon={said.icon}
          title={said.title}
          actions={
            <>
              <TryAgain row={row} />
              <Watch row={row} />
              <Below>
                {watching(state, now)} <WatchWords row={row} />
              </Below>
            </>
          }
        >
          <p>{said.text}</p>
          <p className="mt-2 text-ink">{said.next}</p>
        </EmptyState>
      )
    }
    case 'secret-needed':
      return <SecretNeeded row={row} />
    case 'damaged':
      return (
        <EmptyState icon={<FileWarning size={44} strokeWidth={1.25} />} title="The list of this archive cannot be read">
          It was found, and it is broken, by accident or on purpose. Tell its author. When there is a version that is
          whole, it shows here by itself.
        </EmptyState>
      )
    case 'behind':
      return (
        <EmptyState
          icon={<History size={44} strokeWidth={1.25} />}
          title={behind(state).title}
          actions={
            <>
              <TryAgain row={row} />
              {state.alone && <Insist row={row} />}
            </>
          }
        >
          {behind(state).text}
        </EmptyState>
      )
    default:
      return assertNever(state)
  }
}

/** Above files that are known from before, or that are there in spite of it. Nothing where all is well. */
export function OpeningBanner({ row }: { readonly row: ArchiveRow }): ReactElement | null {
  const now = useNow()
  const { state } = row
  switch (state.name) {
    case 'found':
    case 'empty':
      return row.stillBeingAdded && row.ownership === 'friends' ? (
        <Banner tone="plain" icon={<Hourglass size={16} />} title="Still being added">
          Its author has not finished: more files will show here by themselves.
        </Banner>
      ) : null
    case 'looking':
    case 'reading':
    case 'secret-needed':
    case 'damaged':
      return null
    case 'waiting-for-consent':
      return (
        <Banner
          tone="warn"
          icon={<Wifi size={16} />}
          title="Nothing is looked up before you agree"
          actions={
            <Button size="small" onClick={() => void ui.askConsent()}>
              Read and decide
            </Button>
          }
        />
      )
    case 'unreachable': {
      const said = sayUnreachable(state, row)
      return (
        <Banner
          tone="plain"
          icon={<CloudOff size={16} />}
          title={said.title}
          actions={<TryAgain row={row} size="small" />}
        >
          You see what was known last. Files that are on this device open; the rest waits. {watching(state, now)}
        </Banner>
      )
    }
    case 'behind':
      return (
        <Banner
          tone={state.alone ? 'warn' : 'plain'}
          icon={<History size={16} />}
          title={behind(state).title}
          actions={
            state.alone && (
              <>
                <Button size="small" onClick={() => retry(row)}>
                  Look again now
                </Button>
                <Insist row={row} />
              </>
            )
          }
        >
          {behind(state).text}
        </Banner>
      )
    default:
      return assertNever(state)
  }
}

type Behind = Extract<ArchiveState, { name: 'behind' }>

function behind({ length, published, alone }: Behind): { readonly title: string; readonly text: string } {
  const why =
    published === null
      ? `This storage was copied or restored from a backup. It has version ${number(length)}, and may be older than what you published since.`
      : `It has version ${number(length)}, and version ${number(published)} was published.`
  if (!alone)
    return {
      title: 'Catching up from friends before anything is added',
      text: `${why} Friends who have more give it back, and then it goes on by itself.`,
    }
  return {
    title:
      published === null
        ? 'This copy may be older than what you published'
        : 'This copy is older than what you published',
    text: `${why} No friend who could give the rest back is connected. Until one is, nothing is added: it would make two histories of it if anybody has more.`,
  }
}

/** Risky, and sometimes right: nobody else may ever have had it. */
function Insist({ row }: { readonly row: ArchiveRow }): ReactElement {
  const insist = () =>
    attempt(async () => {
      const sure = await ui.confirm({
        title: 'Go on with what is here?',
        text: `Right if nobody has a newer version of it, as when it was never shared since. If anybody has one, two histories are signed with its key: the archive freezes for everybody, and you have to mend it.`,
        yes: 'Go on with what is here',
        dangerous: true,
      })
      if (sure) await backend.archives.insist({ key: row.id })
    })
  return (
    <Button size="small" onClick={insist}>
      Go on with what is here…
    </Button>
  )
}

function watching({ reason, since, lastTried }: Unreachable, now: number): string {
  if (reason === 'paused') return ''
  const tried = now - lastTried < 45_000 ? 'just now' : ago(lastTried, now)
  const seconds = (now - since) / 1000
  const long = seconds < OFFERED_AFTER ? '' : `, for ${duration(seconds)} so far`
  return `Cairn goes on looking by itself while it runs${long}. Last tried ${tried}.`
}

type Reason = { readonly icon: ReactNode; readonly title: string; readonly text: string; readonly next: string }

function sayUnreachable({ reason, candidates, attempts }: Unreachable, { length, seenLength }: ArchiveRow): Reason {
  // Of what was never found, the link itself may be mistaken: any letters make some archive's.
  const everFound = length > 0 || seenLength > 0
  switch (reason) {
    case 'paused':
      return {
        icon: <CirclePause size={44} strokeWidth={1.25} />,
        title: 'Everything is paused',
        text: 'Cairn neither looks for anybody nor fetches anything, because you have paused it.',
        next: 'Go on, in the list of the library or in the settings, and it is looked for at once.',
      }
    case 'offline':
      return {
        icon: <WifiOff size={44} strokeWidth={1.25} />,
        title: 'You are offline',
        text: 'This machine has no way to the network, so nobody can be asked who has this archive.',
        next: 'Connect it. As soon as it has a network, Cairn looks by itself.',
      }
    case 'nobody-near':
      return {
        icon: <CloudOff size={44} strokeWidth={1.25} />,
        title: 'Nobody nearby has this',
        text: 'The internet cannot be reached from here, and none of those who run Cairn on this local network shares this archive.',
        next: 'Connect to the internet, or ask your friend to join this network. Cairn then finds it by itself.',
      }
    case 'dht-silent':
      return {
        icon: <Unplug size={44} strokeWidth={1.25} />,
        title: 'The network does not answer',
        text: 'This machine is connected, but none of the nodes that know who has what answers. Only machines on this local network can be found now, and none was.',
        next: 'A firewall that blocks UDP is the usual cause, or a router without internet. Try another network, such as a phone’s.',
      }
    case 'nobody':
      return {
        icon: <CloudOff size={44} strokeWidth={1.25} />,
        title: 'Nobody who has this is reachable now',
        text: everFound
          ? 'The network answers, and nobody announces this archive. Most likely your friend’s machine is off, or Cairn is not running there.'
          : 'The network answers, and nobody announces this archive. Your friend’s machine may be off, Cairn may not be running there, or the link was copied wrongly: one mistaken letter makes it another archive’s.',
        next: everFound
          ? 'Ask your friend to start it.'
          : 'Ask your friend to start it, and compare the link letter by letter, or copy it again.',
      }
    case 'peers-unreachable':
      return sayAttempts(candidates, attempts)
    case 'peer-lacks':
      return {
        icon: <Hourglass size={44} strokeWidth={1.25} />,
        title: 'Connected, but they do not have it yet',
        text: `${candidates === 1 ? 'The machine that is connected waits' : `The ${number(candidates)} machines that are connected wait`} for it as well, or kept only a part of it.`,
        next: 'It shows here as soon as one of them has it. Ask your friend whether Cairn is running.',
      }
    default:
      return assertNever(reason)
  }
}

/** Somebody announces it and no connection stands: what came back says why. */
function sayAttempts(candidates: number, { silent, blocked, refused }: Attempts): Reason {
  const machines = `${count(candidates, 'machine')} ${candidates === 1 ? 'announces' : 'announce'} it`
  if (blocked > 0)
    return {
      icon: <Unplug size={44} strokeWidth={1.25} />,
      title: 'Somebody has this, but no connection succeeds',
      text: `${machines}. ${blocked === candidates ? (blocked === 1 ? 'It answers' : 'They answer') : `${number(blocked)} of them ${blocked === 1 ? 'answers' : 'answer'}`}, but no way through the routers or firewalls between you is found.`,
      next: 'Another network on one of the two sides helps, such as a phone’s, or a third person who keeps it.',
    }
  if (refused > 0)
    return {
      icon: <Unplug size={44} strokeWidth={1.25} />,
      title: 'Somebody has this, and declines the connection',
      text: `${machines}. ${refused === candidates ? (refused === 1 ? 'It answers and declines' : 'They answer and decline') : `${number(refused)} of them ${refused === 1 ? 'answers and declines' : 'answer and decline'}`}.`,
      next: 'Ask your friend which version of which program shares it.',
    }
  if (silent > 0)
    return {
      icon: <Moon size={44} strokeWidth={1.25} />,
      title: 'Whoever announced this does not answer',
      text: `${count(candidates, 'machine')} announced it in the last twenty minutes and ${candidates === 1 ? 'does' : 'do'} not answer now. Most likely ${candidates === 1 ? 'it is' : 'they are'} off or asleep; a firewall on that side, or a program that declines, looks the same from here.`,
      next: 'Ask your friend whether Cairn is running.',
    }
  return {
    icon: <Unplug size={44} strokeWidth={1.25} />,
    title: 'Somebody has this, but no connection succeeds',
    text: `${machines}. Connecting takes longer than it should, and goes on.`,
    next: 'If it does not end well, another network on one of the two sides helps.',
  }
}

/** Looking or reading: the steps, after a while in words, and then with something better to do than to wait. */
function Searching({
  row,
  state,
  now,
}: {
  readonly row: ArchiveRow
  readonly state: Looking
  readonly now: number
}): ReactElement {
  const seconds = Math.max(0, (now - state.since) / 1000)
  const reading = state.name === 'reading'
  const offered = seconds >= OFFERED_AFTER
  return (
    <EmptyState
      icon={<Radar size={44} strokeWidth={1.25} className="breathe text-accent" />}
      title={reading ? 'Connected, reading the list…' : 'Looking for peers…'}
      actions={
        <>
          {offered && (
            <>
              <TryAgain row={row} />
              <Watch row={row} />
            </>
          )}
          <Below>
            {/* Its place is taken from the beginning, so that nothing jumps when there is something to say. */}
            {seconds >= SAID_AFTER ? `Looking for ${duration(seconds)} so far. ` : '\u00a0'}
            {offered && <WatchWords row={row} />}
          </Below>
        </>
      }
    >
      <Steps steps={reading ? readingSteps(state.peers) : lookingSteps(state)} />
      <div className="mt-3 min-h-10" aria-live="polite">
        {seconds >= SAID_AFTER && <p>{sayGoingOn(state)}</p>}
      </div>
    </EmptyState>
  )
}

const lookingSteps = ({ dhtAnswered, candidates }: Extract<Looking, { name: 'looking' }>): StepsProps['steps'] => [
  { text: 'Asking the network who has this archive', done: dhtAnswered, going: !dhtAnswered },
  {
    text:
      candidates > 0
        ? `Connecting to ${count(candidates, 'machine')} that ${candidates === 1 ? 'says' : 'say'} so`
        : 'Connecting to somebody who has it',
    done: false,
    going: dhtAnswered,
  },
  { text: 'Reading the list of files', done: false, going: false },
]

const readingSteps = (peers: number): StepsProps['steps'] => [
  { text: 'The network knows who has it', done: true, going: false },
  { text: `Connected to ${count(peers, 'peer')}`, done: true, going: false },
  { text: 'Reading the list of files', done: false, going: true },
]

function sayGoingOn(state: Looking): string {
  if (state.name === 'reading')
    return `Connected, and the first part of the list has not come yet. ${state.peers === 1 ? 'The other machine' : 'The other machines'} may be busy, or on a slow line.`
  const { dhtAnswered, candidates, attempts } = state
  if (!dhtAnswered) return 'No node of the network has answered yet. It may be slow, or a firewall may be in the way.'
  const inVain = attempts.silent + attempts.blocked + attempts.refused
  const failed = inVain === 0 ? '' : ` ${number(inVain)} of ${number(candidates)} could not be reached so far.`
  return attempts.connected > 0
    ? `Connected to ${count(attempts.connected, 'machine')} that ${attempts.connected === 1 ? 'announces' : 'announce'} it; whether they have it is not known yet.${failed}`
    : `The network answers: ${count(candidates, 'machine')} ${candidates === 1 ? 'announces' : 'announce'} it, and Cairn is connecting.${failed}`
}

function Watch({ row }: { readonly row: ArchiveRow }): ReactElement {
  return row.watched === null ? (
    <Button kind="primary" icon={<Bell size={14} aria-hidden />} onClick={() => tellWhenFound(row, true)}>
      Watch for it
    </Button>
  ) : (
    <Button icon={<BellRing size={14} aria-hidden />} onClick={() => tellWhenFound(row, false)}>
      Stop watching
    </Button>
  )
}

const WatchWords = ({ row }: { readonly row: ArchiveRow }): ReactElement => (
  <span role="status">
    {row.watched === null
      ? 'Watch for it, and you are told when it is found, even if Cairn was closed in between.'
      : 'You are told as soon as it is found, even if Cairn was closed in between.'}
  </span>
)

/** Under the buttons, so that they are seen also where there is little room. */
const Below = ({ children }: { readonly children: ReactNode }): ReactElement => (
  <p className="tabular mt-1 w-full text-sm text-muted text-pretty">{children}</p>
)

/** Found, but not in the version that the link asks for. */
function VersionMissing({ row, version, onNewest }: OpeningProps & { readonly version: number }): ReactElement {
  return (
    <EmptyState
      icon={<History size={44} strokeWidth={1.25} />}
      title={`There is no version ${number(version)} here yet`}
      actions={
        <>
          <TryAgain row={row} />
          <Button kind="primary" onClick={onNewest}>
            Show the newest version
          </Button>
        </>
      }
    >
      <p>
        {row.peers > 0
          ? `The newest that the ${row.peers === 1 ? 'connected peer knows' : 'connected peers know'} is version ${number(row.length)}. Its author has not published the other one yet, or the link is mistaken.`
          : `The newest that is known here is version ${number(row.length)}, and nobody is connected who may know a newer one.`}
      </p>
      <p className="mt-2">It shows here by itself as soon as it is there.</p>
    </EmptyState>
  )
}

type StepsProps = {
  readonly steps: readonly { readonly text: string; readonly done: boolean; readonly going: boolean }[]
}

function Steps({ steps }: StepsProps): ReactElement {
  return (
    <ol className="mx-auto mt-1 flex w-fit flex-col gap-1.5 text-left text-base" aria-label="What is going on">
      {steps.map(({ text, done, going }) => (
        <li key={text} className="flex items-center gap-2.5" aria-current={going ? 'step' : undefined}>
          <span
            aria-hidden
            className={`grid size-4 place-items-center text-sm ${done ? 'text-good' : going ? 'text-accent' : 'text-faint'}`}
          >
            {done ? '✓' : going ? '•' : '◦'}
          </span>
          <span className={going ? 'text-ink' : ''}>
            {text}
            {done && <span className="sr-only"> (done)</span>}
          </span>
        </li>
      ))}
    </ol>
  )
}

function SecretNeeded({ row }: { readonly row: ArchiveRow }): ReactElement {
  const { link, type, state, error, go } = useLookUp()
  return (
    <EmptyState icon={<KeyRound size={44} strokeWidth={1.25} />} title="This archive is private">
      <p>
        {row.private
          ? 'The secret in its link is not the right one: the part after # was changed or belongs to another archive.'
          : 'Its link came without its secret: the part after # is missing.'}{' '}
        Ask your friend for the whole link, with everything after #, and paste it here.
      </p>
      <form
        className="mt-4 grid grid-cols-[1fr_auto] items-start gap-2 text-left"
        onSubmit={event => {
          event.preventDefault()
          void go()
        }}
      >
        <TextField
          label="Whole link"
          placeholder={`hyper://${shortKey(row.id)}#…`}
          value={link}
          onValue={type}
          readOnly={state === 'looking'}
          error={error !== null && <span role="alert">{error}</span>}
          autoComplete="off"
          spellCheck={false}
        />
        {/* Below the label, beside the field, whatever is said under it. */}
        <Button type="submit" kind="primary" className="mt-5 h-8" disabled={link.trim() === ''}>
          Open
        </Button>
      </form>
    </EmptyState>
  )
}

/** A link that the operating system handed over: nothing has been looked up yet. */
export function AskToOpen({ link }: { readonly link: string }): ReactElement {
  return (
    <>
      <ViewHeader title="Open this archive?" />
      <EmptyState
        icon={<Radar size={44} strokeWidth={1.25} />}
        title="A link was handed to Cairn"
        actions={
          <>
            <Button size="large" onClick={() => ui.go({ view: 'home' })}>
              Not now
            </Button>
            <Button size="large" kind="primary" onClick={() => void openLink(link)}>
              Look it up
            </Button>
          </>
        }
      >
        <p className="rounded-md bg-sunken p-2 font-mono text-sm [overflow-wrap:anywhere] text-ink">
          {plainName(link)}
        </p>
        <p className="mt-3">
          Looking it up asks other machines who has it, and they can see the address of yours. Open links from people
          you know.
        </p>
      </EmptyState>
    </>
  )
}

/** Named in the library and not there (any more). */
export function NotInLibrary(): ReactElement {
  return (
    <>
      <ViewHeader title={<span className="sr-only">Not in your library</span>} />
      <EmptyState
        icon={<CloudOff size={44} strokeWidth={1.25} />}
        title="This archive is not in your library"
        actions={<Button onClick={() => ui.go({ view: 'home' })}>Show the library</Button>}
      >
        It was forgotten, or never opened here. With its link you can open it again.
      </EmptyState>
    </>
  )
}
