/** Who is connected for this archive, what they give and take, and what each says it holds. */
import { ArrowDownLeft, ArrowUpRight } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { createStore, useStore } from 'zustand'
import type { ArchiveRow, PeerRow } from '../../../preload/contract/models.ts'
import { backend, connected, useLive } from '../../backend.ts'
import { type Mirror, mirror } from '../../stores/mirror.ts'
import { shortKey, usePersonName } from '../../stores/people.ts'
import { sayArchive } from '../../stores/words.ts'
import { FileName } from '../../ui/file-name.tsx'
import { ago, bytes, exactly, rate } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

const nobody = createStore<Mirror<PeerRow>>(() => ({ status: 'connecting', byId: new Map() }))

function usePeers(key: string): Mirror<PeerRow> {
  const [store, setStore] = useState(nobody)
  useEffect(() => {
    const life = new AbortController()
    setStore(mirror<PeerRow>(signal => backend.peers.watch({ key }, { signal }), life.signal, connected))
    return () => {
      life.abort()
      setStore(nobody)
    }
  }, [key])
  return useStore(store)
}

const SAMPLES = 40

/** The last rates of each peer, one a second. */
function useRates(
  peers: readonly PeerRow[],
): ReadonlyMap<string, { readonly down: readonly number[]; readonly up: readonly number[] }> {
  const latest = useRef(peers)
  latest.current = peers
  const [rates, setRates] = useState<ReadonlyMap<string, { down: readonly number[]; up: readonly number[] }>>(new Map())
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== 'visible') return
      setRates(known => {
        const add = (list: readonly number[] | undefined, value: number) => [...(list ?? []), value].slice(-SAMPLES)
        return new Map(
          latest.current.map(peer => {
            const before = known.get(peer.id)
            return [peer.id, { down: add(before?.down, peer.rateDown), up: add(before?.up, peer.rateUp) }]
          }),
        )
      })
    }, 1000)
    return () => clearInterval(timer)
  }, [])
  return rates
}

type PeersProps = {
  readonly row: ArchiveRow
  /** What stands above the table. */
  readonly children: ReactNode
}

export function Peers({ row, children }: PeersProps): ReactElement {
  const { status, byId } = usePeers(row.id)
  const peers = useMemo(
    () => [...byId.values()].sort((a, b) => a.connectedAt - b.connectedAt || (a.id < b.id ? -1 : 1)),
    [byId],
  )
  const rates = useRates(peers)
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-3 py-4 narrow:px-5">
      {children}
      {status === 'connecting' ? (
        <SkeletonRows rows={3} />
      ) : peers.length === 0 ? (
        <NoPeers row={row} />
      ) : (
        <section aria-labelledby="connections">
          <h2 id="connections" className="pb-1.5 text-md font-semibold">
            {status === 'stale' ? 'Connected last' : 'Connections'}
          </h2>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section
            aria-label="Connected peers"
            tabIndex={0}
            className="@container overflow-x-auto rounded-lg border border-line"
          >
            <table className="w-full min-w-120 border-collapse text-left">
              <thead>
                <tr className="border-b border-line bg-sunken text-sm text-muted [&>th]:px-3 [&>th]:py-1.5 [&>th]:font-normal [&>th]:whitespace-nowrap">
                  <th scope="col">Who</th>
                  <th scope="col">Receiving</th>
                  <th scope="col">Sending</th>
                  <th scope="col">Connected</th>
                </tr>
              </thead>
              <tbody>
                {peers.map(peer => (
                  <Peer key={peer.id} peer={peer} rates={rates.get(peer.id)} />
                ))}
              </tbody>
            </table>
          </section>
          <p className="mt-3 max-w-160 text-sm text-muted">
            Amounts are of this archive, since the connection was opened.
          </p>
        </section>
      )}
    </div>
  )
}

type PeerProps = {
  readonly peer: PeerRow
  readonly rates: { readonly down: readonly number[]; readonly up: readonly number[] } | undefined
}

function Peer({ peer, rates }: PeerProps): ReactElement {
  const now = useNow()
  const Direction = peer.direction === 'in' ? ArrowDownLeft : ArrowUpRight
  const name = usePersonName(peer.id)
  const direction = peer.direction === 'in' ? 'It connected to this machine' : 'This machine connected to it'
  return (
    <tr className="border-b border-line last:border-b-0 [&>td]:px-3 [&>td]:py-2 [&>td]:align-middle">
      <th scope="row" className="px-3 py-2 font-normal">
        <span className="flex items-center gap-2">
          <span title={direction} className="text-muted">
            <Direction size={14} aria-hidden />
            <span className="sr-only">{direction}</span>
          </span>
          <span className="min-w-0 max-w-60">
            <span className="flex min-w-0" title={peer.id}>
              {name === null ? <span className="font-mono">{shortKey(peer.id)}</span> : <FileName name={name} />}
            </span>
            <span className="tabular block text-sm text-muted">{plainName(peer.address)}</span>
          </span>
        </span>
      </th>
      <td>
        <Traffic
          label="Receiving"
          now={peer.rateDown}
          total={peer.bytesDown}
          rates={rates?.down ?? []}
          colour="stroke-accent"
        />
      </td>
      <td>
        <Traffic label="Sending" now={peer.rateUp} total={peer.bytesUp} rates={rates?.up ?? []} colour="stroke-good" />
      </td>
      <td className="whitespace-nowrap text-muted" title={exactly(peer.connectedAt)}>
        {ago(peer.connectedAt, now)}
        {peer.way === 'local' ? (
          <span className="block text-sm">in your network</span>
        ) : (
          peer.roundTrip !== null && <span className="tabular block text-sm">{Math.round(peer.roundTrip)} ms away</span>
        )}
      </td>
    </tr>
  )
}

type TrafficProps = {
  readonly label: string
  readonly now: number
  readonly total: number
  readonly rates: readonly number[]
  readonly colour: string
}

function Traffic({ label, now, total, rates, colour }: TrafficProps): ReactElement {
  return (
    <span className="flex items-center gap-2">
      <Sparkline values={rates} colour={colour} label={`${label}, last ${SAMPLES} seconds`} />
      <span className="tabular w-20 whitespace-nowrap">
        <span className={now > 0 ? 'block' : 'block text-muted'}>{now > 0 ? rate(now) : 'idle'}</span>
        <span className="block text-sm text-muted">{bytes(total)}</span>
      </span>
    </span>
  )
}

const WIDTH = 64
const HEIGHT = 20

function Sparkline({
  values,
  colour,
  label,
}: {
  readonly values: readonly number[]
  readonly colour: string
  readonly label: string
}): ReactElement {
  const top = Math.max(1, ...values)
  const points = values.map(
    (value, index) =>
      `${((SAMPLES - values.length + index) / (SAMPLES - 1)) * WIDTH},${HEIGHT - 1 - (value / top) * (HEIGHT - 3)}`,
  )
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
      className="hidden shrink-0 @3xl:block"
    >
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className="stroke-line" />
      {points.length > 1 && (
        <polyline points={points.join(' ')} fill="none" strokeWidth="1.5" strokeLinejoin="round" className={colour} />
      )}
    </svg>
  )
}

function NoPeers({ row }: { readonly row: ArchiveRow }): ReactElement {
  const said = sayArchive(row, useLive())
  const here = row.held.ofBlocks > 0 && row.held.blocks >= row.held.ofBlocks
  return (
    <section aria-labelledby="nobody" className="flex max-w-160 flex-col gap-1">
      <h2 id="nobody" className="text-md font-semibold">
        {said.mood === 'busy' && row.source?.state.name !== 'importing' ? said.short : 'Nobody is connected'}
      </h2>
      <p className="text-pretty text-muted">
        {row.ownership === 'yours'
          ? 'Send your friends the link. While Cairn runs they reach you, and you see them here.'
          : here
            ? 'This machine holds everything, so you lose nothing, and serves it to whoever comes.'
            : 'Files that are on this device open; the rest waits until somebody who has them is there.'}
      </p>
    </section>
  )
}
