/** Who is connected for this archive, what they give and take, and what each says it holds. */
import { ArrowDownLeft, ArrowUpRight, Users } from 'lucide-react'
import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react'
import { createStore, useStore } from 'zustand'
import type { ArchiveRow, PeerRow } from '../../../preload/contract/models.ts'
import { backend, connected, useLive } from '../../backend.ts'
import { type Mirror, mirror } from '../../stores/mirror.ts'
import { sayArchive } from '../../stores/words.ts'
import { EmptyState } from '../../ui/empty.tsx'
import { ago, bytes, count, exactly, percent, rate } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { plainName } from '../../ui/names.ts'
import { ProgressBar } from '../../ui/progress.tsx'
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

export function Peers({ row }: { readonly row: ArchiveRow }): ReactElement {
  const { status, byId } = usePeers(row.id)
  const peers = useMemo(
    () => [...byId.values()].sort((a, b) => a.connectedAt - b.connectedAt || (a.id < b.id ? -1 : 1)),
    [byId],
  )
  const rates = useRates(peers)
  if (status === 'connecting') return <SkeletonRows rows={3} />
  if (peers.length === 0) return <NoPeers row={row} />
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 py-4 narrow:px-5">
      <p className="mb-4 max-w-160 text-md text-pretty">
        {status === 'stale' ? 'These peers were connected last.' : sentence(row, peers)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section
        aria-label="Connected peers"
        tabIndex={0}
        className="@container overflow-x-auto rounded-lg border border-line"
      >
        <table className="w-full min-w-120 border-collapse text-left">
          <thead>
            <tr className="border-b border-line bg-sunken text-sm text-muted [&>th]:px-3 [&>th]:py-1.5 [&>th]:font-normal [&>th]:whitespace-nowrap">
              <th scope="col">Address</th>
              <th scope="col">Receiving</th>
              <th scope="col">Sending</th>
              <th scope="col">Says it holds</th>
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
        What a peer holds is what it says of itself. Amounts are of this archive, since the connection was opened.
      </p>
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
  const direction = peer.direction === 'in' ? 'It connected to this machine' : 'This machine connected to it'
  return (
    <tr className="border-b border-line last:border-b-0 [&>td]:px-3 [&>td]:py-2 [&>td]:align-middle">
      <th scope="row" className="px-3 py-2 font-normal">
        <span className="flex items-center gap-2">
          <span title={direction} className="text-muted">
            <Direction size={14} aria-hidden />
            <span className="sr-only">{direction}</span>
          </span>
          <span>
            <span className="tabular block">{plainName(peer.address)}</span>
            <span className="block font-mono text-xs text-muted" title={peer.id}>
              {peer.id.slice(0, 10)}…
            </span>
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
      <td>
        {peer.ofBlocks === 0 ? (
          <span className="text-muted">not said yet</span>
        ) : (
          <span className="flex w-32 items-center gap-2">
            <ProgressBar
              label="Says it holds"
              value={peer.holds / peer.ofBlocks}
              tone={peer.holds >= peer.ofBlocks ? 'good' : 'accent'}
              className="flex-1"
            />
            <span className="tabular w-9 text-right text-sm">{percent(peer.holds, peer.ofBlocks)}</span>
          </span>
        )}
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

/** The one thing that people want to know. It claims no more than what peers say. */
function sentence(row: ArchiveRow, peers: readonly PeerRow[]): string {
  const full = peers.filter(peer => peer.ofBlocks > 0 && peer.holds >= peer.ofBlocks).length
  const here = row.held.ofBlocks > 0 && row.held.blocks >= row.held.ofBlocks
  if (full > 0 && (row.ownership === 'yours' || here)) {
    return `Safe to close: ${full === 1 ? 'one other says that it holds' : `${count(full, 'other')} say that they hold`} everything.`
  }
  if (full > 0)
    return `${full === 1 ? 'One peer says that it holds' : `${count(full, 'peer')} say that they hold`} everything: all of it can be fetched now.`
  if (row.ownership === 'yours')
    return 'Nobody else says yet that they hold everything. While Cairn is closed, your friends reach only what they have fetched.'
  if (here) return 'This machine holds everything, and no connected peer says so of itself: you keep this archive up.'
  return 'None of the connected peers says that it holds everything: some files may have to wait for somebody who has them.'
}

function NoPeers({ row }: { readonly row: ArchiveRow }): ReactElement {
  const said = sayArchive(row, useLive())
  const here = row.held.ofBlocks > 0 && row.held.blocks >= row.held.ofBlocks
  return (
    <EmptyState
      icon={<Users size={40} strokeWidth={1.25} />}
      title={said.mood === 'busy' && row.source?.state.name !== 'importing' ? said.short : 'Nobody is connected'}
    >
      {row.ownership === 'yours'
        ? 'Send your friends the link. While Cairn runs they reach you, and you see them here.'
        : here
          ? 'This machine holds everything, so you lose nothing, and serves it to whoever comes.'
          : 'Files that are on this device open; the rest waits until somebody who has them is there.'}
    </EmptyState>
  )
}
