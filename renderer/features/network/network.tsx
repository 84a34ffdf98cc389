/** How this machine is connected: in words first, then in numbers. */
import type { ReactElement, ReactNode } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { NetworkStatus } from '../../../preload/contract/models.ts'
import { useLive } from '../../backend.ts'
import { useNetwork } from '../../stores/mirrors.ts'
import { ui } from '../../stores/ui.ts'
import { sayNetwork } from '../../stores/words.ts'
import { Button } from '../../ui/button.tsx'
import { bytes, count, rate } from '../../ui/format.ts'
import { MoodDot } from '../../ui/mood.tsx'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ViewHeader } from '../../ui/view.tsx'

export function Network(): ReactElement {
  const status = useNetwork()
  const live = useLive()
  const said = sayNetwork(status, live)
  return (
    <>
      <ViewHeader title="Network" />
      {status === undefined ? (
        <SkeletonRows rows={4} />
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-6 narrow:px-5">
          <div className="flex max-w-160 flex-col gap-6">
            <section className="rounded-xl border border-line bg-raised p-4 shadow-card">
              <h2 className="flex items-center gap-2 text-md font-semibold">
                <MoodDot mood={said.mood} />
                {said.short}
              </h2>
              <p className="mt-1 text-pretty text-muted">
                {live ? explain(status) : 'What follows is what was known last.'}
              </p>
              {live && status.state.name === 'waiting-for-consent' && (
                <Button kind="primary" className="mt-3" onClick={() => void ui.askConsent()}>
                  Read and decide
                </Button>
              )}
            </section>
            <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-x-6 gap-y-4">
              <Figure name="Connected to">{count(status.peers, 'peer')}</Figure>
              <Figure name="Receiving">{rate(status.rateDown)}</Figure>
              <Figure name="Sending">{rate(status.rateUp)}</Figure>
              <Figure name="Received since start">{bytes(status.bytesDown)}</Figure>
              <Figure name="Sent since start">{bytes(status.bytesUp)}</Figure>
              <Figure name="Seen from outside as">
                {status.address === null ? 'not known' : plainName(status.address)}
              </Figure>
            </dl>
            {status.publicKey && (
              <div>
                <h3 className="text-sm text-muted">This machine’s public key</h3>
                <code className="font-mono text-sm [overflow-wrap:anywhere]">{status.publicKey}</code>
                <p className="mt-1 text-sm text-muted">
                  Peers know this machine by it. It is not the key of an archive.
                </p>
              </div>
            )}
          </div>
        </div>
      )}
    </>
  )
}

function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <div>
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="tabular text-md">{children}</dd>
    </div>
  )
}

function explain({ state }: NetworkStatus): string {
  switch (state.name) {
    case 'off':
      return 'Cairn was started without a network. Nothing is announced and nothing is looked up; what is on this device works.'
    case 'waiting-for-consent':
      return 'Nothing is announced or looked up until you have read what other machines can see of yours, and agreed.'
    case 'paused':
      return 'You have paused everything. Nothing is fetched, and nobody reaches what you share, until you go on. What is on this device works.'
    case 'starting':
      return 'Contacting the nodes that know who has what.'
    case 'online':
      return 'The network answers. Friends find your archives, and you find theirs.'
    case 'behind-nat':
      return 'The network answers. Your router lets nobody in unasked, so both sides have to reach out at the same time, which works with most friends. If one cannot connect, another network helps.'
    case 'dht-silent':
      return 'This machine has a connection, but none of the nodes that know who has what answers. A firewall that blocks UDP is the usual cause. Connections that exist go on.'
    case 'room':
      return 'The internet cannot be reached from here, but others on the same local network can: what they share is found and fetched. The rest goes on by itself when the internet is back.'
    case 'offline':
      return 'This machine has no network connection. What is on this device works; the rest goes on by itself when you are back.'
    default:
      return assertNever(state)
  }
}
