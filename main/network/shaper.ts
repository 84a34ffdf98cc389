/**
 * Holds what is sent and what comes within limits, of all archives together and of each.
 *
 * What is sent is held back before it is read: a request of a peer waits as the few bytes that it is, and is answered when
 * there is room, so that nothing piles up however much is asked for. What comes cannot be held back once it was asked for (a
 * UDP stream takes in whatever arrives), so that it is asked for as there is room for the answer, which is paid in advance
 * and settled when it has come. Everything else that a connection carries is paid as it passes, and never waits.
 *
 * Peers have fair turns, and of each peer its archives. What somebody looks at comes before what can wait, and of that lists
 * before content; a peer that calls all urgent gains nothing beside other peers. Small blocks of lists need not wait until a large block is paid off (see `bucket.ts`).
 *
 * Counted are the bytes of the encrypted streams. Where nothing is limited, nothing here stands in the way.
 * Leans on the inside of Hypercore 11.37.1.
 */
import type Corestore from 'corestore'
import type Hypercore from 'hypercore'
import { everySo } from '../lib/pulse.ts'
import { Bucket, FairQueue, type Waiter } from './bucket.ts'
import type { Direction } from './meter.ts'

/** Bytes per second; null: as much as there is. */
export type Rates = { readonly down: number | null; readonly up: number | null }

/** What the log of an archive is for. */
export type Role = { readonly archive: string; readonly log: 'list' | 'content' }

/** Told of each block that is sent, or has come and is right: its bytes as they are stored, and the machine's public key. */
type OnBlock = (role: Role | null, direction: Direction, bytes: number, publicKey: Uint8Array) => void

/** A connection, or what carries in its place. */
export type Stream = {
  readonly rawBytesRead: number
  readonly rawBytesWritten: number
  once(event: 'close', listener: () => void): unknown
}

/** What a block is taken for before the first was seen, in bytes. */
const UNSEEN = { list: 512, content: 64 << 10 } as const
/** Around a block: the proof of it, and the ciphers' tags. */
const AROUND = 256
/** Blocks of a list that are larger wait like content. */
const SMALL = 8 << 10
/** Requests of one peer about one log that wait. Hypercore makes 512. */
const MOST_ASKED = 8192
/** Blocks that are read for one peer at once. */
const AT_ONCE = 4
/** Asked for ahead, in seconds of the limit; and blocks, at least. */
const AHEAD = 0.5
const LEAST_AHEAD = 2
/** An answer that has not come for so many milliseconds is not counted on any more: others get its room. It is paid when it comes. */
const OVERDUE = 4000
/** Between two looks at what else passes, in milliseconds, and the shortest pause between turns. */
const LOOK = 1000
const PAUSE = 5

type Member = Waiter & {
  go(): void
  readonly role: Role | null
  readonly small: () => boolean
  readonly able: () => boolean
}

/** One direction: its buckets, and who waits for them. */
class Lane {
  readonly queue: FairQueue<Member>
  /** Those who were paid for in advance. */
  readonly expecting = new Set<Asking>()
  readonly #all: Bucket
  readonly #archives = new Map<string, Bucket>()
  readonly #settle: () => void
  #timer: NodeJS.Timeout | null = null
  #soon = false

  constructor(direction: Direction, settle: () => void) {
    // What this machine asks for it has ranked itself; what peers ask for they call urgent as they like.
    this.queue = new FairQueue(direction === 'down' ? 'of all' : 'of its group')
    this.#all = new Bucket(Number.POSITIVE_INFINITY, performance.now())
    this.#settle = settle
  }

  setRates(all: number | null, archives: ReadonlyMap<string, number>): void {
    const now = performance.now()
    this.#settle()
    this.#all.setRate(all ?? Number.POSITIVE_INFINITY, now)
    for (const archive of this.#archives.keys()) if (!archives.has(archive)) this.#archives.delete(archive)
    for (const [archive, rate] of archives) {
      const bucket = this.#archives.get(archive)
      if (bucket === undefined) this.#archives.set(archive, new Bucket(rate, now))
      else bucket.setRate(rate, now)
    }
    this.soon()
  }

  /** Whether anything holds back what this log has to do with. */
  limits(role: Role | null): boolean {
    return this.rate(role) !== Number.POSITIVE_INFINITY
  }

  /** The lower one of its limits, in bytes per second. */
  rate(role: Role | null): number {
    return Math.min(this.#all.rate, this.#of(role)?.rate ?? Number.POSITIVE_INFINITY)
  }

  open(role: Role | null, small: boolean): boolean {
    const now = performance.now()
    return this.#all.open(now, small) && (this.#of(role)?.open(now, small) ?? true)
  }

  /** Of everything together, and of the archive. */
  pay(role: Role | null, bytes: number, small: boolean): void {
    this.payAll(bytes, small)
    this.payArchive(role, bytes, small)
  }

  payArchive(role: Role | null, bytes: number, small: boolean): void {
    this.#of(role)?.pay(bytes, performance.now(), small)
  }

  /** Of everything together alone. */
  payAll(bytes: number, small = false): void {
    this.#all.pay(bytes, performance.now(), small)
  }

  want(member: Member): void {
    this.queue.add(member)
    this.soon()
  }

  /** Turns are taken after what runs now: it may be in the middle of asking. */
  soon(): void {
    if (this.#soon) return
    this.#soon = true
    queueMicrotask(() => {
      this.#soon = false
      this.#turns()
    })
  }

  /** To be called about once a second, for what nobody tells. */
  look(): void {
    for (const asking of this.expecting) asking.giveUp()
    this.soon()
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #of(role: Role | null): Bucket | undefined {
    return role === null ? undefined : this.#archives.get(role.archive)
  }

  #turns(): void {
    this.#settle()
    for (let member = this.queue.next(); member !== null; member = this.queue.next()) member.go()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    let wait = Number.POSITIVE_INFINITY
    const now = performance.now()
    for (const member of this.queue) {
      if (!member.able()) continue
      const own = this.#of(member.role)?.wait(now, member.small()) ?? 0
      wait = Math.min(wait, Math.max(own, this.#all.wait(now, member.small())))
    }
    if (wait !== Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#turns(), Math.max(PAUSE, Math.ceil(wait))).unref()
  }
}

/** How large the blocks of a log are, as far as they were seen, and what it is for. */
type Log = {
  readonly core: Hypercore.Inner
  role: Role | null
  readonly size: { down: number | null; up: number | null }
}

export class Shaper {
  readonly #lanes: Readonly<Record<Direction, Lane>>
  readonly #roles = new Map<string, Role>()
  readonly #logs = new Map<string, Set<Log>>()
  /** What of each stream is paid already, and what of it was paid before it passed. */
  readonly #streams = new Map<Stream, Record<Direction, { paid: number; ahead: number }>>()
  #onBlock: OnBlock = () => {}
  readonly #stop: () => void

  /** Before anything is opened: every log that is, is followed from then on. */
  constructor(corestore: Corestore) {
    this.#lanes = { down: new Lane('down', () => this.#settle('down')), up: new Lane('up', () => this.#settle('up')) }
    corestore.watch(core => this.#follow(core))
    this.#stop = everySo(LOOK, () => {
      for (const lane of Object.values(this.#lanes)) lane.look()
    })
  }

  onBlock(listener: OnBlock): void {
    this.#onBlock = listener
  }

  /** Hold from now on. `archives`: by their keys; what is not among them has no limit of its own. */
  setRates(all: Rates, archives: ReadonlyMap<string, Rates>): void {
    for (const direction of ['down', 'up'] as const) {
      const own = new Map<string, number>()
      for (const [archive, rates] of archives) if (rates[direction] !== null) own.set(archive, rates[direction])
      this.#lanes[direction].setRates(all[direction], own)
    }
  }

  /** Says which archive a log is of. Until then only the limit of all holds for it. */
  assign(discoveryKey: Buffer, role: Role): void {
    const id = discoveryKey.toString('hex')
    this.#roles.set(id, role)
    for (const log of this.#logs.get(id) ?? []) log.role = role
  }

  /** What passes through it is paid from now on. */
  carry(stream: Stream): void {
    if (this.#streams.has(stream)) return
    this.#streams.set(stream, {
      down: { paid: stream.rawBytesRead, ahead: 0 },
      up: { paid: stream.rawBytesWritten, ahead: 0 },
    })
    stream.once('close', () => this.#streams.delete(stream))
  }

  close(): void {
    this.#stop()
    for (const lane of Object.values(this.#lanes)) lane.close()
  }

  #settle(direction: Direction): void {
    const lane = this.#lanes[direction]
    for (const [stream, accounts] of this.#streams) {
      const account = accounts[direction]
      const bytes = direction === 'down' ? stream.rawBytesRead : stream.rawBytesWritten
      const passed = bytes - account.paid
      if (passed === 0) continue
      account.paid = bytes
      const known = Math.min(passed, account.ahead)
      account.ahead -= known
      lane.payAll(passed - known)
    }
  }

  #follow(core: Hypercore.Inner): void {
    const { replicator } = core
    const log: Log = { core, role: null, size: { down: null, up: null } }
    const flows = new Map<Hypercore.ReplicatorPeer, { readonly asking: Asking; readonly answering: Answering }>()
    const add = replicator._addPeer.bind(replicator)
    replicator._addPeer = peer => {
      this.#know(log)
      const asking = new Asking(peer, log, this.#lanes.down)
      const answering = new Answering(peer, log, this.#lanes.up)
      flows.set(peer, { asking, answering })
      add(peer)
    }
    const remove = replicator._removePeer.bind(replicator)
    replicator._removePeer = peer => {
      const flow = flows.get(peer)
      flows.delete(peer)
      if (flow !== undefined) {
        flow.asking.end()
        flow.answering.end()
      }
      if (flows.size === 0) this.#logs.get(core.discoveryKey.toString('hex'))?.delete(log)
      remove(peer)
    }
    const upload = replicator._onupload.bind(replicator)
    replicator._onupload = (index, bytes, peer) => {
      log.size.up = learned(log.size.up, bytes)
      if (this.#lanes.up.limits(log.role)) {
        const paid = bytes + AROUND
        flows.get(peer)?.answering.sends(paid)
        const account = this.#streams.get(peer.stream)
        if (account !== undefined) account.up.ahead += paid
      }
      this.#onBlock(log.role, 'up', bytes, peer.remotePublicKey)
      upload(index, bytes, peer)
    }
    const download = replicator._ondownload.bind(replicator)
    replicator._ondownload = (index, bytes, peer, request) => {
      log.size.down = learned(log.size.down, bytes)
      flows.get(peer)?.asking.came(bytes + AROUND)
      this.#onBlock(log.role, 'down', bytes, peer.remotePublicKey)
      download(index, bytes, peer, request)
    }
  }

  #know(log: Log): void {
    const id = log.core.discoveryKey.toString('hex')
    log.role = this.#roles.get(id) ?? null
    const logs = this.#logs.get(id) ?? new Set()
    this.#logs.set(id, logs.add(log))
  }
}

/** Sizes vary: what was seen last counts for a quarter. */
const learned = (known: number | null, bytes: number) => (known === null ? bytes : known * 0.75 + bytes * 0.25)

/** What one peer is asked for of one log. */
class Asking implements Member {
  readonly #peer: Hypercore.ReplicatorPeer
  readonly #log: Log
  readonly #lane: Lane
  /** Answers that were paid in advance: how much, and since when. */
  readonly #expected = new Map<object, { readonly bytes: number; readonly small: boolean; readonly since: number }>()
  #mayAsk = false
  #going = false

  constructor(peer: Hypercore.ReplicatorPeer, log: Log, lane: Lane) {
    this.#peer = peer
    this.#log = log
    this.#lane = lane
    const most = peer.getMaxInflight.bind(peer)
    peer.getMaxInflight = () => {
      const room = most()
      if (peer.inflight >= room || !lane.limits(log.role)) return room
      if (!this.#going) lane.want(this)
      return this.#mayAsk ? Math.min(room, peer.inflight + 1) : peer.inflight
    }
    const send = peer._send.bind(peer)
    peer._send = request => {
      this.#mayAsk = false
      if (lane.limits(log.role)) this.#expect(request)
      return send(request)
    }
    const answered = peer._onrequestroundtrip.bind(peer)
    peer._onrequestroundtrip = request => {
      this.#release(request)
      answered(request)
    }
    const cancel = peer._cancelRequest.bind(peer)
    peer._cancelRequest = request => {
      this.#release(request)
      cancel(request)
    }
  }

  get group(): object {
    return this.#peer.stream
  }

  get role(): Role | null {
    return this.#log.role
  }

  readonly small = () => isSmall(this.#log, 'down')

  readonly rank = () => (this.#urgent() !== undefined ? 0 : this.#log.role?.log === 'list' ? 1 : 2)

  readonly able = () => {
    const ahead = (this.#lane.rate(this.role) * AHEAD) / sizeOf(this.#log, 'down')
    return this.#peer.inflight < Math.max(LEAST_AHEAD, Math.ceil(ahead))
  }

  readonly ready = () => this.able() && this.#lane.open(this.role, this.small())

  /** Asks for one thing more, if there is any. */
  go(): void {
    const { replicator } = this.#log.core
    this.#lane.queue.delete(this)
    this.#mayAsk = true
    this.#going = true
    try {
      const urgent = this.#urgent()
      // What is asked for leaves the line by itself.
      if (urgent !== undefined && this.#peer.isActive() && this.#peer._requestBlock(urgent)) urgent.queued = false
      else if (!this.#peer.removed) replicator.updatePeer(this.#peer)
      // There may be more.
      if (!this.#mayAsk) this.#lane.queue.add(this)
    } finally {
      this.#mayAsk = false
      this.#going = false
    }
  }

  /** A block has come. */
  came(bytes: number): void {
    // What all pay is settled by what has passed through the stream.
    if (this.#lane.limits(this.role)) this.#lane.payArchive(this.role, bytes, this.small())
  }

  /** Answers that are overdue are not counted on. */
  giveUp(): void {
    const before = performance.now() - OVERDUE
    for (const [request, { since }] of this.#expected) if (since < before) this.#release(request)
  }

  end(): void {
    this.#lane.queue.delete(this)
    for (const request of [...this.#expected.keys()]) this.#release(request)
  }

  #expect(request: { readonly block: unknown }): void {
    const bytes = (request.block === null ? 0 : sizeOf(this.#log, 'down')) + AROUND
    const small = this.small()
    this.#expected.set(request, { bytes, small, since: performance.now() })
    this.#lane.expecting.add(this)
    this.#lane.pay(this.role, bytes, small)
    this.#lane.queue.charge(this, bytes)
  }

  #release(request: object): void {
    const expected = this.#expected.get(request)
    if (expected === undefined) return
    this.#expected.delete(request)
    if (this.#expected.size === 0) this.#lane.expecting.delete(this)
    this.#lane.pay(this.role, -expected.bytes, expected.small)
    this.#lane.soon()
  }

  /** A block that somebody looks at, and that this peer has. */
  #urgent(): Hypercore.BlockRequest | undefined {
    const { _queued: queued } = this.#log.core.replicator
    return queued.find(({ priority, queued, index }) => priority > 0 && queued && this.#peer._remoteHasBlock(index))
  }
}

/** What one peer asks for of one log. */
class Answering implements Member {
  readonly #peer: Hypercore.ReplicatorPeer
  readonly #log: Log
  readonly #lane: Lane
  #inHand = 0

  constructor(peer: Hypercore.ReplicatorPeer, log: Log, lane: Lane) {
    this.#peer = peer
    this.#log = log
    this.#lane = lane
    const answer = peer.onrequest.bind(peer)
    peer.onrequest = async request => {
      const { queue, priority } = peer.receiverQueue
      // What was taken back stands there until its turn would have come.
      if (queue.length + priority.length >= MOST_ASKED) {
        peer.stream.destroy(new Error('More was asked for at once than anybody asks for'))
        return
      }
      if (!lane.limits(log.role)) return answer(request)
      // Who does not read what they are sent waits with everything.
      if (!request.block && peer.protomux.drained) {
        if (peer.receiverQueue.length === 0) return answer(request)
        peer.remoteRequests.set(request.id, request)
        return peer._handleRequest(request)
      }
      // An older one of this number is not wanted any more.
      if (peer.remoteRequests.has(request.id)) peer._cancel(request.id)
      peer.remoteRequests.set(request.id, request)
      peer.receiverQueue.push(request)
      lane.want(this)
    }
    const answerAll = peer._handleRequests.bind(peer)
    peer._handleRequests = async () => {
      if (lane.limits(log.role)) lane.want(this)
      else await answerAll()
    }
  }

  get group(): object {
    return this.#peer.stream
  }

  get role(): Role | null {
    return this.#log.role
  }

  readonly small = () => isSmall(this.#log, 'up')

  readonly rank = () => (this.#peer.receiverQueue.priority.length > 0 ? 0 : this.#log.role?.log === 'list' ? 1 : 2)

  readonly able = () => this.#peer.protomux.drained && this.#inHand < AT_ONCE

  readonly ready = () => this.able() && this.#lane.open(this.role, this.small())

  /** Answers one request. */
  go(): void {
    const peer = this.#peer
    const { queue } = this.#lane
    if (peer.removed || !peer.remoteOpened) return queue.delete(this)
    // The limit is gone: all that waits goes as it would have gone.
    if (!this.#lane.limits(this.role)) {
      queue.delete(this)
      void peer._handleRequests()
      return
    }
    const request = peer.receiverQueue.shift()
    if (peer.receiverQueue.length === 0) queue.delete(this)
    if (request !== null) void this.#answer(request)
  }

  /** A block is on its way out, of so many bytes with what is around it. */
  sends(bytes: number): void {
    const small = this.small()
    this.#lane.pay(this.role, bytes, small)
    this.#lane.queue.charge(this, bytes)
  }

  end(): void {
    this.#lane.queue.delete(this)
  }

  async #answer(request: Hypercore.RemoteRequest): Promise<void> {
    const small = this.small()
    const bytes = sizeOf(this.#log, 'up') + AROUND
    this.#inHand++
    this.#lane.pay(this.role, bytes, small)
    try {
      await this.#peer._handleRequest(request)
    } catch (error) {
      this.#peer.stream.destroy(error as Error)
    } finally {
      this.#inHand--
      // What it really was has been paid by now.
      this.#lane.pay(this.role, -bytes, small)
      this.#lane.soon()
    }
  }
}

const sizeOf = ({ role, size }: Log, direction: Direction) => size[direction] ?? UNSEEN[role?.log ?? 'content']

const isSmall = (log: Log, direction: Direction) => log.role?.log === 'list' && sizeOf(log, direction) <= SMALL
