/**
 * How the blocks of a log are divided among those who have them, so that they come quickly and once.
 *
 * Hypercore gives each peer a line of requests, up to 512 to one whose answers take long because they stand in that line, and
 * asks every peer that has room left for blocks that others were asked for already, chosen by chance, whether these are slow or
 * about to answer. Near the end of a download, and all the time where blocks are asked for in order, much comes twice: 34 MB
 * on the wire for 22 MB from two peers.
 *
 * Here a peer is asked for no more than it answers in a quarter of a second, which the first answers tell, unless there is nobody
 * else to be asked. A block is asked for a second
 * time only when another peer would bring it in less than half of the time that it still takes, and the one that takes
 * longest first: that is what the slow one has not begun with, so that it is taken back in time. Who falls silent is late
 * within a moment. Leans on the inside of Hypercore 11.37.1.
 */
import type Hypercore from 'hypercore'
import { Pace } from './pace.ts'

/** What somebody who has not answered yet is asked for at once, in bytes and at least in blocks. */
const FIRST = 1 << 20
const FIRST_BLOCKS = 4
/**
 * A block is taken over when it would take longer than so many times what it takes then, and so many milliseconds. These are
 * fewer for somebody who has nothing else to do, and of somebody who is that many times as slow: of two who are about as quick
 * nobody gains much. How slow somebody is who has not answered yet is not known at once.
 */
const TIMES = 2
const SLOW = 3
const SLACK = { usually: 250, unknown: 100, idle: 25 } as const
/** Peers that one block is asked of at once, at most. */
const AT_ONCE = 3
/** Between two looks at who is late, in milliseconds. */
const LOOK = 50
/** Why something does not come; who says so too often is asked for nothing more. */
const NOT_AVAILABLE = 1
const INVALID_REQUEST = 2

type Peer = Hypercore.ReplicatorPeer
type Request = Hypercore.PeerRequest

/** To be called once for every log, before it has peers. */
export function divide(core: Hypercore.Inner): void {
  const { replicator } = core
  const paces = new Map<Peer, Pace<Request>>()
  let looking = false

  const add = replicator._addPeer.bind(replicator)
  replicator._addPeer = peer => {
    const pace = paceOf(peer, core, () => isAlone(pace))
    paces.set(peer, pace)
    add(peer)
  }
  const remove = replicator._removePeer.bind(replicator)
  replicator._removePeer = peer => {
    paces.delete(peer)
    remove(peer)
  }
  // To answer without the block that was asked for is to have none: others are asked for it.
  const came = replicator._ondata.bind(replicator)
  replicator._ondata = (peer, request, data) => {
    came(peer, request, data)
    if (request !== null && request.block !== null && data.block === null)
      replicator._onnodata(peer, request, NOT_AVAILABLE)
  }
  replicator._updateHotswap = peer => {
    if (takeOver(peer, false)) lookAgain()
  }

  /** Nobody else was asked for anything. */
  function isAlone(own: Pace<Request>): boolean {
    for (const pace of paces.values()) if (pace !== own && (pace.isKnown || !pace.isIdle)) return false
    return true
  }

  /** true: others are asked for something that it may take over later. */
  function takeOver(peer: Peer, silent: boolean): boolean {
    const pace = paces.get(peer)
    while (pace !== undefined && peer.isActive() && peer.remoteUploading && peer.inflight < peer.getMaxInflight()) {
      const now = performance.now()
      const block = slowest(peer, pace, now, silent)
      if (block === null) return [...paces].some(([other, { isIdle }]) => other !== peer && !isIdle)
      // Something is being learned from it first, such as how long the log is.
      if (!peer._requestBlock(block)) return true
      peer.stats.hotswaps++
      replicator.stats.hotswaps++
    }
    return false
  }

  /** What somebody brings so late that another one had better. */
  function slowest(peer: Peer, own: Pace<Request>, now: number, silent: boolean): Hypercore.BlockRequest | null {
    let found: Hypercore.BlockRequest | null = null
    let most = 0
    const expected = TIMES * own.expected(now)
    const turn = SLOW * own.hoped(now)
    for (const [other, pace] of paces) {
      if (other === peer) continue
      const limit =
        expected + (own.isIdle && pace.turn(now) > turn ? (pace.isKnown ? SLACK.idle : SLACK.unknown) : SLACK.usually)
      if (pace.longest(now, silent) <= Math.max(limit, most)) continue
      let before = 0
      for (const request of pace.waiting) {
        const remaining = pace.remaining(request, before++, now, silent)
        if (remaining <= Math.max(limit, most)) continue
        // Beyond the end of the log one is asked at a time, who has to tell of a longer one.
        if (request.block === null || request.block.index >= core.state.length) continue
        if (!peer._remoteHasBlock(request.block.index)) continue
        const block = replicator._blocks.get(request.block.index)
        if (block === null || block.inflight.length >= AT_ONCE || isAsked(block, peer)) continue
        // Who was asked beside it may be quicker.
        if (block.inflight.some(it => it !== request && soonest(it, now, silent) <= limit)) continue
        most = remaining
        found = block
      }
    }
    return found
  }

  function soonest(request: Request, now: number, silent: boolean): number {
    const pace = paces.get(request.peer)
    if (pace === undefined) return Number.POSITIVE_INFINITY
    let before = 0
    for (const other of pace.waiting) {
      if (other === request) return pace.remaining(request, before, now, silent)
      before++
    }
    // It has come, and is being looked at.
    return 0
  }

  function lookAgain(): void {
    if (looking) return
    looking = true
    // What came while this program was busy is read before anybody is called late.
    setTimeout(() => setImmediate(look), LOOK).unref()
  }

  function look(): void {
    looking = false
    let again = false
    for (const peer of [...paces.keys()]) if (takeOver(peer, true)) again = true
    if (again) lookAgain()
  }
}

/**
 * Follows what a peer is asked for and what it answers. It is asked for no more than it can answer soon; but as Hypercore does
 * once it has answered and there is nobody to share with.
 */
function paceOf(peer: Peer, core: Hypercore.Inner, isAlone: () => boolean): Pace<Request> {
  const pace = new Pace<Request>()
  const most = peer.getMaxInflight.bind(peer)
  peer.getMaxInflight = () => {
    if (pace.isKnown && isAlone()) return most()
    const { length, byteLength } = core.state
    const first = Math.max(FIRST_BLOCKS, Math.ceil((FIRST * length) / Math.max(1, byteLength)))
    // Of TCP, which leaves no network, it is not known.
    return Math.min(most(), pace.most(first, peer.stream.rawStream.rtt ?? 0))
  }
  const send = peer._send.bind(peer)
  peer._send = request => {
    if (request.block !== null) pace.ask(request, performance.now())
    return send(request)
  }
  const answered = peer._onrequestroundtrip.bind(peer)
  peer._onrequestroundtrip = request => {
    pace.answer(request, performance.now())
    answered(request)
  }
  const refused = peer.onnodata.bind(peer)
  peer.onnodata = ({ request, reason }) => {
    // Quick with nothing is not quick.
    const asked = request > 0 ? core.replicator._inflight.get(request) : null
    if (asked?.peer === peer) pace.takeBack(asked, performance.now())
    refused({ request, reason: reason === INVALID_REQUEST ? reason : NOT_AVAILABLE })
  }
  const cancel = peer._cancelRequest.bind(peer)
  peer._cancelRequest = request => {
    pace.takeBack(request, performance.now())
    cancel(request)
  }
  return pace
}

const isAsked = (block: Hypercore.BlockRequest, peer: Peer) => block.inflight.some(request => request.peer === peer)
