/**
 * From link to content, told truthfully: what is going on while an archive is looked for, why it was not found, and what
 * can be done. `OpeningState` stands where nothing is known yet; `OpeningBanner` above files that are known already.
 */
import { CloudOff, GitFork, History, Hourglass, KeyRound, Radar, Unplug, Wifi, WifiOff } from 'lucide-react'
import { type ReactElement, type ReactNode, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, ArchiveState, UnreachableReason } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { openLink } from '../../stores/commands.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { ago, count, duration, number } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { plainName } from '../../ui/names.ts'
import { ViewHeader } from '../../ui/view.tsx'

type Unreachable = Extract<ArchiveState, { name: 'unreachable' }>

const retry = (row: ArchiveRow) => attempt(() => backend.archives.retry({ key: row.id }))

const TryAgain = ({ row }: { readonly row: ArchiveRow }) => <Button onClick={() => retry(row)}>Look again now</Button>

/** In place of files of which nothing is known yet. */
export function OpeningState({ row }: { readonly row: ArchiveRow }): ReactElement | null {
  const now = useNow(1000)
  const { state } = row
  switch (state.name) {
    case 'found':
    case 'empty':
      return null
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
      return (
        <EmptyState
          icon={<Radar size={44} strokeWidth={1.25} className="breathe text-accent" />}
          title="Looking for peers…"
        >
          <Steps
            steps={[
              { text: 'Asking the network who has this archive', done: state.dhtAnswered, going: !state.dhtAnswered },
              {
                text:
                  state.candidates > 0
                    ? `Connecting to ${count(state.candidates, 'machine')} that ${state.candidates === 1 ? 'says' : 'say'} so`
                    : 'Connecting to somebody who has it',
                done: false,
                going: state.dhtAnswered,
              },
              { text: 'Reading the list of files', done: false, going: false },
            ]}
          />
          <Since since={state.since} now={now} />
        </EmptyState>
      )
    case 'reading':
      return (
        <EmptyState
          icon={<Radar size={44} strokeWidth={1.25} className="breathe text-accent" />}
          title="Connected, reading the list…"
        >
          <Steps
            steps={[
              { text: 'The network knows who has it', done: true, going: false },
              { text: `Connected to ${count(state.peers, 'peer')}`, done: true, going: false },
              { text: 'Reading the list of files', done: false, going: true },
            ]}
          />
          <Since since={state.since} now={now} />
        </EmptyState>
      )
    case 'unreachable': {
      const said = sayUnreachable(state.reason, state.candidates)
      return (
        <EmptyState icon={said.icon} title={said.title} actions={<TryAgain row={row} />}>
          <p>{said.text}</p>
          <p className="mt-2">{watching(state, now)}</p>
        </EmptyState>
      )
    }
    case 'secret-needed':
      return <SecretNeeded row={row} />
    case 'conflict':
      return (
        <EmptyState
          icon={<GitFork size={44} strokeWidth={1.25} />}
          title="Two different histories of this archive exist"
        >
          Both are signed with its key, so nobody can say which is the right one. It is frozen, and nothing of it is
          shown. Its author has to repair it.
        </EmptyState>
      )
    case 'behind':
      return (
        <EmptyState
          icon={<History size={44} strokeWidth={1.25} />}
          title="This copy is older than what you published"
          actions={<TryAgain row={row} />}
        >
          {behind(state)}
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
      const said = sayUnreachable(state.reason, state.candidates)
      return (
        <Banner
          tone="plain"
          icon={<CloudOff size={16} />}
          title={said.title}
          actions={
            <Button size="small" onClick={() => retry(row)}>
              Look again now
            </Button>
          }
        >
          You see what was known last. Files that are on this device open; the rest waits. {watching(state, now)}
        </Banner>
      )
    }
    case 'conflict':
      return (
        <Banner tone="bad" icon={<GitFork size={16} />} title="Two different histories of this archive exist">
          It is frozen at the last version that both share. What is here stays readable; its author has to repair it.
        </Banner>
      )
    case 'behind':
      return (
        <Banner
          tone="warn"
          icon={<History size={16} />}
          title="This copy is older than what you published"
          actions={
            <Button size="small" onClick={() => retry(row)}>
              Look again now
            </Button>
          }
        >
          {behind(state)}
        </Banner>
      )
    default:
      return assertNever(state)
  }
}

const behind = ({ length, published }: Extract<ArchiveState, { name: 'behind' }>) =>
  `It has version ${number(length)}, and version ${number(published)} was published. It is read-only until a friend who has the newer one is connected, and then mends itself. Writing now would break it for everybody.`

function watching({ since, lastTried }: Unreachable, now: number): string {
  const tried = now - lastTried < 45_000 ? 'just now' : ago(lastTried, now)
  return `Cairn keeps watching for it, for ${duration((now - since) / 1000)} so far. Last tried ${tried}.`
}

function sayUnreachable(
  reason: UnreachableReason,
  candidates: number,
): { readonly icon: ReactNode; readonly title: string; readonly text: string } {
  switch (reason) {
    case 'offline':
      return {
        icon: <WifiOff size={44} strokeWidth={1.25} />,
        title: 'You are offline',
        text: 'This machine has no network connection. As soon as it has one, Cairn goes on looking by itself.',
      }
    case 'dht-silent':
      return {
        icon: <Unplug size={44} strokeWidth={1.25} />,
        title: 'The network does not answer',
        text: 'This machine is connected, but none of the nodes that know who has what can be reached. A firewall that blocks UDP is the usual cause.',
      }
    case 'nobody':
      return {
        icon: <CloudOff size={44} strokeWidth={1.25} />,
        title: 'Nobody who has this is reachable now',
        text: 'The network answers, and nobody announces this archive. Most likely your friend’s machine is off or Cairn is not running there. Ask them to start it.',
      }
    case 'peers-unreachable':
      return {
        icon: <Unplug size={44} strokeWidth={1.25} />,
        title: 'Somebody has this, but no connection succeeds',
        text: `${count(candidates, 'machine')} ${candidates === 1 ? 'announces' : 'announce'} it. Strict routers on both sides are the usual cause; another network, or a third person who keeps it, helps.`,
      }
    case 'peer-lacks':
      return {
        icon: <Hourglass size={44} strokeWidth={1.25} />,
        title: 'Connected, but they do not have it yet',
        text: 'The peers that are connected are waiting for it themselves. It shows here as soon as one of them has it.',
      }
    default:
      return assertNever(reason)
  }
}

type StepsProps = {
  readonly steps: readonly { readonly text: string; readonly done: boolean; readonly going: boolean }[]
}

function Steps({ steps }: StepsProps): ReactElement {
  return (
    <ol className="mt-1 flex flex-col gap-1.5 text-left text-base" aria-label="What is going on">
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

/** The first seconds pass without being counted. */
function Since({ since, now }: { readonly since: number; readonly now: number }): ReactElement {
  const seconds = Math.max(0, (now - since) / 1000)
  return (
    <p className="tabular mt-3 min-h-5 text-sm">
      {seconds < 5
        ? ''
        : seconds < 15
          ? duration(seconds)
          : `${duration(seconds)}. You can go on with something else: it opens by itself when somebody is found.`}
    </p>
  )
}

function SecretNeeded({ row }: { readonly row: ArchiveRow }): ReactElement {
  const [link, setLink] = useState('')
  return (
    <EmptyState icon={<KeyRound size={44} strokeWidth={1.25} />} title="This archive is private">
      <p>
        The link did not carry its secret, or a wrong one. Ask your friend for the whole link, with everything after #,
        and paste it here.
      </p>
      <form
        className="mt-4 flex items-end gap-2 text-left"
        onSubmit={event => {
          event.preventDefault()
          if (link.trim() !== '') void openLink(link.trim())
        }}
      >
        <div className="flex-1">
          <TextField
            label="Whole link"
            placeholder={`hyper://${row.id.slice(0, 6)}…#…`}
            value={link}
            onValue={setLink}
            autoComplete="off"
            spellCheck={false}
          />
        </div>
        <Button type="submit" kind="primary" className="h-8" disabled={link.trim() === ''}>
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
