/**
 * Peers that take requests and answer none. Hypercore waits for them as long as their connection lasts, and asks others
 * for the same blocks only when those others happen to answer something else. Here whoever has been silent for some
 * seconds while somebody else is there gets no more requests for a while, and what it was asked for goes to the others.
 * Slow is not silent: a peer whose connection still brings bytes is left alone, and one whose answers have taken long, as those
 * of who sends within a limit do, is given that long. Leans on the inside of Hypercore 11.37.1.
 */
import type Hypercore from 'hypercore'

/** Without an answer, in milliseconds: at least, and of who has answered before as many times what that took, up to the longest. */
const SILENT = 4000
const TIMES = 3
const LONGEST = 30_000
/** Bytes over the connection in that time that make a slow peer: a large block of a slow one is on its way. */
const SOMETHING = 16 << 10
/** How long a silent peer is left out. */
const LEFT_OUT = 20_000
/** Between two looks, in milliseconds, at logs of which something is asked. */
const LOOK = 1000

type Watched = {
  /** Messages with data, and bytes over the connection, when it was last heard or had nothing to answer. */
  answers: number
  bytes: number
  since: number
  /** How long it may take. */
  patience: number
  /** When it may be asked again; null: it may be. */
  leftOutUntil: number | null
}

const watched = new WeakMap<Hypercore.ReplicatorPeer, Watched>()
/** Those of which nothing is asked of anybody, and nobody is left out: there is nothing to observe until something is. */
const calm = new WeakSet<Hypercore.Replicator>()

/** Watches over the logs that it is told of. Those of which nothing is asked of anybody cost nothing, however many they are. */
export class Stalls {
  readonly #busy = new Set<Hypercore.Inner>()
  #timer: NodeJS.Timeout | null = null
  #closed = false

  /** To be called once for every log, before it has peers. */
  follow(core: Hypercore.Inner): void {
    const { replicator } = core
    const add = replicator._addPeer.bind(replicator)
    replicator._addPeer = peer => {
      const send = peer._send.bind(peer)
      peer._send = request => {
        this.#watch(core)
        return send(request)
      }
      add(peer)
    }
  }

  close(): void {
    this.#closed = true
    this.#rest()
  }

  #watch(core: Hypercore.Inner): void {
    if (this.#closed) return
    this.#busy.add(core)
    this.#timer ??= setInterval(() => this.#look(), LOOK).unref()
  }

  #look(): void {
    for (const core of this.#busy) if (core.replicator.peers.length === 0 || passOver(core)) this.#busy.delete(core)
    if (this.#busy.size === 0) this.#rest()
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }
}

/** To be called about once a second, until it returns true: there is nothing to observe until something is asked again. */
export function passOver(core: Hypercore.Inner, now = performance.now()): boolean {
  const { replicator } = core
  const isCalm = isIdle(core)
  if (isCalm && calm.has(replicator)) return true
  const peers = [...replicator.peers]
  // The time in which nobody was asked is nobody's silence.
  if (calm.delete(replicator)) for (const peer of peers) begin(peer, now)
  const alone = peers.every(({ paused }) => paused)
  for (const peer of peers) observe(replicator, peer, now, alone)
  if (isCalm && !peers.some(({ paused }) => paused)) calm.add(replicator)
  if (peers.length < 2) return calm.has(replicator)
  for (const peer of peers) {
    const known = watched.get(peer)!
    if (peer.paused || !isSilent(known, now) || !peers.some(other => other !== peer && isHelpful(other, now))) continue
    known.leftOutUntil = now + LEFT_OUT
    // What it was asked for is taken from it before it can show how long that takes.
    if (known.answers > 0) known.patience = Math.min(LONGEST, known.patience * 2)
    peer.paused = true
    for (const request of [...replicator._inflight]) {
      if (request.peer !== peer) continue
      peer._cancelRequest(request)
      replicator._clearRequest(peer, request)
    }
  }
  // Whoever has nothing to do takes over what others have not answered yet, and what was given back.
  for (const peer of peers) if (!peer.paused && !peer.removed && peer.inflight === 0) replicator.updatePeer(peer)
  return calm.has(replicator)
}

/** Nothing is asked of anybody, nor is there anything to be asked: all that will ever come may be wanted of a log that is all here. */
const isIdle = ({ state, header, replicator: { _inflight, _blocks, _ranges, _seeks } }: Hypercore.Inner): boolean =>
  _inflight.idle &&
  _blocks.isEmpty() &&
  _seeks.length === 0 &&
  (_ranges.length === 0 || header.hints.contiguousLength >= state.length)

function begin(peer: Hypercore.ReplicatorPeer, now: number): void {
  const known = watched.get(peer)
  if (known === undefined) return
  Object.assign(known, { answers: peer.stats.wireData.rx, bytes: peer.stream.rawBytesRead, since: now })
}

function observe(replicator: Hypercore.Replicator, peer: Hypercore.ReplicatorPeer, now: number, alone: boolean): void {
  const answers = peer.stats.wireData.rx
  const bytes = peer.stream.rawBytesRead
  const known = watched.get(peer)
  if (known === undefined) {
    watched.set(peer, { answers, bytes, since: now, patience: SILENT, leftOutUntil: null })
    return
  }
  if (known.leftOutUntil !== null && (alone || now >= known.leftOutUntil)) {
    known.leftOutUntil = null
    known.since = now
    peer.paused = false
    replicator.updatePeer(peer)
  }
  if (answers === known.answers && peer.inflight > 0 && bytes - known.bytes < SOMETHING) return
  if (answers !== known.answers)
    known.patience = Math.min(LONGEST, Math.max(SILENT, TIMES * (now - known.since), known.patience / 2))
  known.answers = answers
  known.bytes = bytes
  known.since = now
}

const isSilent = ({ since, patience }: Watched, now: number) => now - since >= patience

function isHelpful(peer: Hypercore.ReplicatorPeer, now: number): boolean {
  const known = watched.get(peer)
  return !peer.paused && !peer.removed && (known === undefined || !isSilent(known, now))
}
