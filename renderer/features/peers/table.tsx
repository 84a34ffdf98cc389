/** Who is connected, sorted by whatever the person chooses, and what they get and give. */
import { ArrowDown, ArrowDownLeft, ArrowUp, ArrowUpRight } from 'lucide-react'
import { type ReactElement, useMemo, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { PeerName, PeerRow } from '../../../preload/contract/models.ts'
import { usePeople } from '../../stores/people.ts'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { ago, bytes, count, exactly, rate } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { plainName, shortKey } from '../../ui/names.ts'
import { Sparkline } from '../../ui/sparkline.tsx'

type Column = 'who' | 'down' | 'up' | 'since'
type Order = { readonly by: Column; readonly descending: boolean }

const TITLES: Readonly<Record<Column, string>> = {
  who: 'Who',
  down: 'Receiving',
  up: 'Sending',
  since: 'Connected',
}

/** Where two are alike, whoever came first is first. */
function sorted(
  peers: readonly PeerRow[],
  { by, descending }: Order,
  people: ReadonlyMap<string, PeerName>,
): readonly PeerRow[] {
  const nameOf = ({ id }: PeerRow) => people.get(id)?.name ?? null
  const unnamed = (peer: PeerRow) => (nameOf(peer) === null ? 1 : 0)
  const compare = (one: PeerRow, other: PeerRow): number => {
    switch (by) {
      case 'who':
        // Those without a name come after those who have one.
        return unnamed(one) - unnamed(other) || (nameOf(one) ?? one.id).localeCompare(nameOf(other) ?? other.id)
      case 'down':
        return one.rateDown - other.rateDown || one.bytesDown - other.bytesDown
      case 'up':
        return one.rateUp - other.rateUp || one.bytesUp - other.bytesUp
      case 'since':
        return one.connectedAt - other.connectedAt
      default:
        return assertNever(by)
    }
  }
  return [...peers].sort(
    (one, other) =>
      (descending ? -1 : 1) * compare(one, other) ||
      one.connectedAt - other.connectedAt ||
      (one.id < other.id ? -1 : 1),
  )
}

export function PeersTable({ peers }: { readonly peers: readonly PeerRow[] }): ReactElement {
  const [order, setOrder] = useState<Order>({ by: 'since', descending: false })
  const people = usePeople()
  const rows = useMemo(() => sorted(peers, order, people), [peers, order, people])
  const sort = (by: Column) =>
    setOrder(before =>
      // What is much is looked for first.
      before.by === by ? { by, descending: !before.descending } : { by, descending: by !== 'who' && by !== 'since' },
    )
  return (
    // Where there is no room for the last column, each says below its name what stands in it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section
      aria-label="Connected peers"
      tabIndex={0}
      className="@container overflow-x-auto rounded-lg border border-line"
    >
      <table className="w-full border-collapse text-left">
        <thead>
          <tr className="border-b border-line bg-sunken text-sm text-muted">
            {(Object.keys(TITLES) as Column[]).map(column => (
              <th
                key={column}
                scope="col"
                aria-sort={order.by !== column ? 'none' : order.descending ? 'descending' : 'ascending'}
                className={cx(
                  'py-0.5 font-normal whitespace-nowrap first:pl-1 @3xl:px-1',
                  column === 'since' && 'hidden @lg:table-cell',
                )}
              >
                <button
                  type="button"
                  onClick={() => sort(column)}
                  className={cx(
                    'flex min-h-6 items-center gap-1 rounded-sm px-2 hover:bg-hover hover:text-ink',
                    order.by === column && 'text-ink',
                  )}
                >
                  {TITLES[column]}
                  {order.by === column &&
                    (order.descending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(peer => (
            <Peer key={peer.id} peer={peer} name={people.get(peer.id)?.name ?? null} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Peer({ peer, name }: { readonly peer: PeerRow; readonly name: string | null }): ReactElement {
  const now = useNow()
  const Direction = peer.direction === 'in' ? ArrowDownLeft : ArrowUpRight
  const direction = peer.direction === 'in' ? 'It connected to this machine' : 'This machine connected to it'
  const wire = `Between the two machines, for all archives together, since Cairn was started: ${bytes(peer.wireDown)} received, ${bytes(peer.wireUp)} sent`
  return (
    <tr className="border-b border-line last:border-b-0 [&>td]:px-2 [&>td]:py-2 @3xl:[&>td]:px-3 [&>td]:align-middle">
      <th scope="row" className="w-full max-w-0 px-3 py-2 font-normal @lg:w-auto @lg:max-w-60">
        <span className="flex items-center gap-2">
          <span title={direction} className="text-muted">
            <Direction size={14} aria-hidden />
            <span className="sr-only">{direction}</span>
          </span>
          <span className="min-w-0">
            <span className="flex min-w-0" title={peer.id}>
              {name === null ? <span className="font-mono">{shortKey(peer.id)}</span> : <FileName name={name} />}
            </span>
            <span className="tabular block truncate text-sm text-muted">{sayAddress(peer)}</span>
            <span className="block text-sm text-muted @lg:hidden">
              {ago(peer.connectedAt, now)}, {sayWay(peer)}
            </span>
          </span>
        </span>
      </th>
      <td title={wire}>
        <Traffic
          label="Receiving"
          now={peer.rateDown}
          total={peer.bytesDown}
          blocks={peer.blocksDown}
          history={peer.historyDown}
          colour="stroke-accent"
        />
      </td>
      <td title={wire}>
        <Traffic
          label="Sending"
          now={peer.rateUp}
          total={peer.bytesUp}
          blocks={peer.blocksUp}
          history={peer.historyUp}
          colour="stroke-good"
        />
      </td>
      <td className="hidden text-muted @lg:table-cell" title={exactly(peer.connectedAt)}>
        <span className="block whitespace-nowrap">{ago(peer.connectedAt, now)}</span>
        <span className="block text-sm">{sayWay(peer)}</span>
      </td>
    </tr>
  )
}

const sayAddress = ({ address, way }: PeerRow): string =>
  way === 'relayed' ? `by way of ${plainName(address)}` : plainName(address)

function sayWay({ way, roundTrip }: PeerRow): string {
  const far = roundTrip === null ? '' : `, ${Math.round(roundTrip)} ms`
  switch (way) {
    case 'machine':
      return 'on this machine'
    case 'local':
      return 'in your network'
    case 'straight':
      return `direct${far}`
    case 'punched':
      return `through both routers${far}`
    case 'relayed':
      return `over a third machine${far}`
    default:
      return assertNever(way)
  }
}

type TrafficProps = {
  readonly label: string
  readonly now: number
  readonly total: number
  readonly blocks: number
  readonly history: readonly number[]
  readonly colour: string
}

function Traffic({ label, now, total, blocks, history, colour }: TrafficProps): ReactElement {
  return (
    <span className="flex items-center gap-2">
      <Sparkline
        values={history}
        colour={colour}
        label={`${label}, in the last minute`}
        className="hidden @3xl:block"
      />
      <span className="tabular w-20 whitespace-nowrap">
        <span className={now > 0 ? 'block' : 'block text-muted'}>{now > 0 ? rate(now) : 'idle'}</span>
        <span className="block text-sm text-muted">
          {bytes(total)}
          <span className="sr-only"> in {count(blocks, 'block')}</span>
        </span>
      </span>
    </span>
  )
}
