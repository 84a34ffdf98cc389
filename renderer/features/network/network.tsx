/** How this machine is connected: in words first, then in numbers, then in pictures for those who want them. */
import { Radar } from 'lucide-react'
import { type ReactElement, type ReactNode, useMemo, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, NetworkStatus, Reach, RoomStatus, Settings } from '../../../preload/contract/models.ts'
import { useLive } from '../../backend.ts'
import { pauseEverything } from '../../stores/commands.ts'
import { titleOf, useArchives, useNetwork, useSettings } from '../../stores/mirrors.ts'
import { ui } from '../../stores/ui.ts'
import { sayNetwork } from '../../stores/words.ts'
import { Button } from '../../ui/button.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { count, rate } from '../../ui/format.ts'
import { MoodDot } from '../../ui/mood.tsx'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ViewHeader } from '../../ui/view.tsx'
import { DhtPanel, Figure } from './dht.tsx'
import { LookupPanel } from './lookup.tsx'
import { Passed } from './passed.tsx'

export function Network(): ReactElement {
  const status = useNetwork()
  const live = useLive()
  const settings = useSettings()
  const said = sayNetwork(status, live)
  const all = useArchives()
  // One's own are asked about more often.
  const archives = useMemo(
    () => all.toSorted((a, b) => Number(a.ownership === 'friends') - Number(b.ownership === 'friends')),
    [all],
  )
  const isOn = status !== undefined && !OFF.has(status.reach.verdict)
  return (
    <>
      <ViewHeader title="Network" />
      {status === undefined ? (
        <SkeletonRows rows={4} />
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-6 narrow:px-5">
          <div className="flex max-w-180 flex-col gap-8">
            <section className="rounded-xl border border-line bg-raised p-4 shadow-card">
              <h2 className="flex items-center gap-2 text-md font-semibold">
                <MoodDot mood={said.mood} />
                {live ? status.reach.title : said.short}
              </h2>
              {live ? (
                <Meaning reach={status.reach} />
              ) : (
                <p className="mt-1 text-pretty text-muted">What follows is what was known last.</p>
              )}
              {live && status.state.name === 'paused' && (
                <Button kind="primary" className="mt-3" onClick={() => pauseEverything(false)}>
                  Go on
                </Button>
              )}
              {live && status.state.name === 'waiting-for-consent' && (
                <Button kind="primary" className="mt-3" onClick={() => void ui.askConsent()}>
                  Read and decide
                </Button>
              )}
            </section>
            {live && isOn && <Checks archives={archives} />}
            <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-x-6 gap-y-4">
              <Figure name="Connected to">{count(status.peers, 'peer')}</Figure>
              <Figure name="Receiving">{rate(status.rateDown)}</Figure>
              <Figure name="Sending">{rate(status.rateUp)}</Figure>
              <Figure name="Seen by the nodes as">
                {status.address === null ? 'not known' : plainName(status.address)}
              </Figure>
              <Figure name="On this local network">
                {sayRoom(status.room)}
                {status.room.state === 'off' && settings !== undefined && (
                  <span className="block text-sm text-pretty text-muted">{sayWhyNoRoom(status.state, settings)}</span>
                )}
              </Figure>
            </dl>
            <Passed limits={status.limits} />
            {status.publicKey && (
              <div>
                <h3 className="text-sm text-muted">This machine’s public key</h3>
                <code className="font-mono text-sm [overflow-wrap:anywhere]">{status.publicKey}</code>
                <p className="mt-1 text-sm text-muted">
                  Peers know this machine by it. It is not the key of an archive.
                </p>
              </div>
            )}
            {live && isOn && <LookupPanel archives={archives} />}
            {live && isOn && <Nodes />}
          </div>
        </div>
      )}
    </>
  )
}

/** Nothing is asked, so that nothing can be shown of it. */
const OFF: ReadonlySet<Reach['verdict']> = new Set(['off', 'paused', 'waiting-for-consent'])

function Meaning({ reach: { meaning, advice, evidence } }: { readonly reach: Reach }): ReactElement {
  return (
    <>
      <p className="mt-1 text-pretty text-muted">{meaning}</p>
      {advice !== null && <p className="mt-1 text-pretty">{withWholeOptions(advice)}</p>}
      {evidence.length > 0 && (
        <details className="mt-2">
          <summary className="w-fit cursor-pointer rounded text-sm text-muted hover:text-ink">
            What this is known from
          </summary>
          <ul className="mt-1 list-disc pl-5 text-sm text-pretty">
            {evidence.map(line => (
              <li key={line}>{plainName(line)}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** What is typed in a terminal is not broken at its hyphens. */
const withWholeOptions = (words: string): readonly ReactNode[] =>
  words.split(/(--[a-z][a-z-]*)/).map((part, index) =>
    part.startsWith('--') ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one sentence, which keep their places
      <span key={index} className="whitespace-nowrap">
        {part}
      </span>
    ) : (
      part
    ),
  )

/** Archives of the person's own that are shown before somebody asks for more. */
const FEW = 4

function Checks({ archives }: { readonly archives: readonly ArchiveRow[] }): ReactElement | null {
  const [all, setAll] = useState(false)
  const own = archives.filter(({ ownership }) => ownership === 'yours')
  if (own.length === 0) return null
  return (
    <section aria-labelledby="checks-title" className="flex flex-col gap-2">
      <div>
        <h2 id="checks-title" className="text-md font-semibold">
          Can a friend open it?
        </h2>
        <p className="text-pretty text-muted">Tries a link of yours as somebody would who has nothing else.</p>
      </div>
      <ul className="divide-y divide-line rounded-lg border border-line">
        {(all ? own : own.slice(0, FEW)).map(row => (
          <li key={row.id} className="flex items-center gap-3 px-3 py-1.5">
            <span className="min-w-0 flex-1">
              <FileName name={titleOf(row)} />
            </span>
            <Button
              size="small"
              icon={<Radar size={12} aria-hidden />}
              aria-label={`Check ${plainName(titleOf(row))}`}
              onClick={() => ui.showCheck(row.id)}
            >
              Check
            </Button>
          </li>
        ))}
      </ul>
      {own.length > FEW && !all && (
        <Button kind="quiet" className="self-start" onClick={() => setAll(true)}>
          Show all {count(own.length, 'archive')}
        </Button>
      )}
    </section>
  )
}

/** What is in it is only asked for while it is open. */
function Nodes(): ReactElement {
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary className="w-fit cursor-pointer rounded text-md font-semibold">The nodes, and what they keep</summary>
      <div className="mt-3">{open && <DhtPanel />}</div>
    </details>
  )
}

function sayRoom({ state, near, peers }: RoomStatus): string {
  switch (state) {
    case 'off':
      return 'not looked for'
    case 'nowhere':
      return 'there is none'
    case 'on':
      return near === 0 ? 'nobody' : `${count(near, 'Cairn')}, ${peers} connected`
    default:
      return assertNever(state)
  }
}

function sayWhyNoRoom({ name }: NetworkStatus['state'], { room }: Settings): string {
  if (!room) return 'Switched off in the settings.'
  if (name === 'paused') return 'Everything is paused.'
  if (name === 'off' || name === 'waiting-for-consent' || name === 'starting') return 'Cairn is off the network.'
  return 'Cairn was started with nodes on this machine alone, or with CAIRN_ROOM=off.'
}
