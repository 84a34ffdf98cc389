/**
 * This device in the middle and who is connected around it: how much of the archive each says it holds as a ring, and what
 * passes as lines. The table tells the same in words.
 */
import type { ReactElement } from 'react'
import type { PeerRow } from '../../../preload/contract/models.ts'
import { usePeople } from '../../stores/people.ts'
import { count, rate } from '../../ui/format.ts'
import { plainName, shortKey } from '../../ui/names.ts'

/** More than these would stand on each other. */
const SHOWN = 10
const WIDTH = 760
const HEIGHT = 216
/** One or two stand in one row with this device, and need no more. */
const ROW = 72
const CENTRE = { x: WIDTH / 2, y: HEIGHT / 2 - 6 }
const RADIUS = 15
const OWN_RADIUS = 22

export function PeersPicture({ peers }: { readonly peers: readonly PeerRow[] }): ReactElement {
  const people = usePeople()
  const busiest = [...peers].sort((a, b) => b.rateDown + b.rateUp - (a.rateDown + a.rateUp)).slice(0, SHOWN)
  // They keep their places while rates change.
  const shown = busiest.sort((a, b) => a.connectedAt - b.connectedAt || (a.id < b.id ? -1 : 1))
  const [down, up] = [sum(peers, 'rateDown'), sum(peers, 'rateUp')]
  const label = `${count(peers.length, 'peer')} connected to this device: ${rate(down)} received, ${rate(up)} sent`
  return (
    <svg
      viewBox={shown.length > 2 ? `0 0 ${WIDTH} ${HEIGHT}` : `0 ${CENTRE.y - ROW / 2} ${WIDTH} ${ROW}`}
      role="img"
      aria-label={label}
      className="mx-auto block w-full max-w-190"
    >
      {shown.map((peer, index) => (
        <Lines key={peer.id} peer={peer} at={place(index, shown.length)} />
      ))}
      <circle cx={CENTRE.x} cy={CENTRE.y} r={OWN_RADIUS} className="fill-accent-soft stroke-accent" strokeWidth="1.5" />
      <text x={CENTRE.x} y={CENTRE.y + 4} textAnchor="middle" className="fill-accent-text text-xs font-medium">
        You
      </text>
      {shown.map((peer, index) => (
        <Node key={peer.id} peer={peer} at={place(index, shown.length)} name={people.get(peer.id)?.name ?? null} />
      ))}
      {peers.length > SHOWN && (
        <text x={WIDTH - 4} y={HEIGHT - 4} textAnchor="end" className="fill-muted text-xs">
          and {count(peers.length - SHOWN, 'quieter one')}
        </text>
      )}
    </svg>
  )
}

type Point = { readonly x: number; readonly y: number }

/** On both sides, from top to bottom: labels have room there. */
function place(index: number, of: number): Point {
  const left = Math.ceil(of / 2)
  const onLeft = index % 2 === 0
  const [row, rows] = onLeft ? [index / 2, left] : [(index - 1) / 2, of - left]
  const y = rows === 1 ? CENTRE.y : 22 + (row / (rows - 1)) * (HEIGHT - 62)
  // Those in the middle stand further out.
  const bend = rows === 1 ? 0 : Math.abs(row - (rows - 1) / 2) / Math.max(1, (rows - 1) / 2)
  const away = 205 - bend * 34
  return { x: CENTRE.x + (onLeft ? -away : away), y }
}

function Node({
  peer,
  at,
  name,
}: {
  readonly peer: PeerRow
  readonly at: Point
  readonly name: string | null
}): ReactElement {
  const around = 2 * Math.PI * (RADIUS - 2)
  const share = peer.ofBlocks === 0 ? 0 : Math.min(1, peer.holds / peer.ofBlocks)
  const onLeft = at.x < CENTRE.x
  const [x, anchor] = onLeft ? [at.x - RADIUS - 8, 'end' as const] : [at.x + RADIUS + 8, 'start' as const]
  const now = [
    peer.rateDown > 0 ? `↓ ${rate(peer.rateDown)}` : '',
    peer.rateUp > 0 ? `↑ ${rate(peer.rateUp)}` : '',
  ].filter(Boolean)
  return (
    <>
      <circle cx={at.x} cy={at.y} r={RADIUS - 2} className="fill-surface stroke-line" strokeWidth="4" />
      <circle
        cx={at.x}
        cy={at.y}
        r={RADIUS - 2}
        fill="none"
        strokeWidth="4"
        strokeDasharray={`${(share * around).toFixed(1)} ${around.toFixed(1)}`}
        transform={`rotate(-90 ${at.x} ${at.y})`}
        className={share >= 1 ? 'stroke-good' : 'stroke-accent'}
      />
      <text x={x} y={at.y - 1} textAnchor={anchor} className="fill-ink text-sm">
        {name === null ? shortKey(peer.id) : short(plainName(name))}
      </text>
      <text x={x} y={at.y + 13} textAnchor={anchor} className="tabular fill-muted text-xs">
        {now.length === 0 ? 'idle' : now.join('  ')}
      </text>
    </>
  )
}

function Lines({ peer, at }: { readonly peer: PeerRow; readonly at: Point }): ReactElement {
  const length = Math.hypot(at.x - CENTRE.x, at.y - CENTRE.y)
  // Across the way, so that both directions are seen beside each other.
  const side = { x: ((CENTRE.y - at.y) / length) * 2.5, y: ((at.x - CENTRE.x) / length) * 2.5 }
  const line = (amount: number, sign: 1 | -1, colour: string) => (
    <line
      x1={CENTRE.x + side.x * sign}
      y1={CENTRE.y + side.y * sign}
      x2={at.x + side.x * sign}
      y2={at.y + side.y * sign}
      strokeWidth={thickness(amount)}
      strokeLinecap="round"
      className={colour}
    />
  )
  if (peer.rateDown === 0 && peer.rateUp === 0)
    return <line x1={CENTRE.x} y1={CENTRE.y} x2={at.x} y2={at.y} className="stroke-line" strokeWidth="1" />
  return (
    <>
      {peer.rateDown > 0 && line(peer.rateDown, 1, 'stroke-accent')}
      {peer.rateUp > 0 && line(peer.rateUp, -1, 'stroke-good')}
    </>
  )
}

/** Ten times as much is one and a half pixels more. */
const thickness = (amount: number) => Math.min(6, Math.max(1.5, 1.5 * Math.log10(amount / 1000)))

const sum = (peers: readonly PeerRow[], which: 'rateDown' | 'rateUp') =>
  peers.reduce((total, peer) => total + peer[which], 0)

const short = (text: string) => (text.length > 22 ? `${text.slice(0, 12)}…${text.slice(-8)}` : text)
