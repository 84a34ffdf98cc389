/**
 * Who else holds what of one archive, now. Two Cairns tell each other over a channel of their own, beside replication on
 * whatever carries it, once each has proven to the other that it knows the archive's key. Of other programs it is known what
 * replication says: as a complete holder wants nothing, nobody tells it anything, so that they are asked now and then.
 * Leans on the inside of Hypercore 11.37.1: what a peer is asked for, and what it has said.
 */
import type Hypercore from 'hypercore'
import Protomux from 'protomux'
import type { Archive } from '../archives/archive.ts'
import { heldIn } from '../archives/blocks.ts'
import { encodeKey } from '../archives/links.ts'
import { Agreement, type Wish } from './agreement.ts'
import { areSame, bounded, type Range, type Ranges, union, within } from '../lib/ranges.ts'
import {
  type Claim,
  decodeWish,
  decodeWord,
  encodeWish,
  encodeWord,
  hear,
  type Heard,
  type Log,
  MOST_CLAIMED,
  MOST_RUNS,
  NOTHING,
  SILENCE,
  wordFrom,
  workOf,
} from './gossip.ts'

const PROTOCOL = 'cairn/holding'
const VERSION = 1
/** What is said over that channel: what came and went, what this machine does for the archive, and what may be freed. */
const HOLDS = 0
const KEEPS = 1
const WISHES = 2
/** Bytes a second that this machine says of one archive to one other, and hears from it, with so many at once. */
const SAID = 32 << 10
const HEARD = { rate: 128 << 10, burst: 4 << 20 }
/** Messages a second, in the same way, where one about many runs counts as more (`workOf`); and how many are said. */
const TOLD = { rate: 16, burst: 512 }
const TELLING = 8
/** Between two promises to a peer that does not read, in milliseconds. */
const UNREAD = 2000
/** How long a peer may take to show that it is a Cairn, before it is taken for another program, in milliseconds. */
const SHOWING = 1500
/** Between two questions to a peer of another program: at least so long, and so long that its answers come to this many bytes a second. */
const ASKED = { watched: 2000, else: 30_000, rate: 8 << 10 }
/** Between two looks at what it has said over replication, where nobody watches. */
const LOOKED = 1000
/** Who was sent a block within so many milliseconds is taken for still fetching. */
const FETCHING = 15_000
/** Blocks that are asked about at once: what Hypercore takes. */
const BATCH = 2 ** 21

export type Keeps = 'look' | 'parts' | 'all'
const KEPT: readonly Keeps[] = ['look', 'parts', 'all']

/** Another machine that is connected and shares the archive. */
export type Neighbour = {
  /** Its public key in z-base-32. */
  readonly id: string
  readonly cairn: boolean
  readonly keeps: Keeps | null
  /** It has said what it holds. */
  readonly heard: boolean
  /** It was sent a block just now. */
  readonly fetches: boolean
  readonly list: Claim
  readonly content: Claim
}

type Session = {
  readonly id: string
  readonly peer: Hypercore.Peer
  readonly since: number
  channel: Protomux.Channel<number> | null
  /** It has shown that it is a Cairn. */
  open: boolean
  /** It said what no Cairn says, and is not listened to any more. */
  distrusted: boolean
  keeps: Keeps | null
  readonly told: Record<Log, Claim | null>
  toldKeeps: Keeps | null
  readonly words: Record<Log, number>
  /** When more may be said, and when it was sent a block last. */
  silentUntil: number
  served: number
  /** When it was looked at last what replication says of it. */
  looked: number
  promised: number
  readonly heard: Record<Log, Heard>
  bytes: number
  messages: number
  refilled: number
  readonly asked: Record<Log, number>
  /** What replication said last, so that the same is the same object. */
  readonly known: Record<Log, Claim>
}

const LOGS: readonly Log[] = ['list', 'content']
/** After which other blocks are here than were. */
const EVENTS = ['download', 'append', 'truncate'] as const

type Surroundings = {
  /** This machine's public key in z-base-32. */
  readonly self: string
  /** It is this machine itself, which tries a link. */
  readonly isOurs: (publicKey: Uint8Array) => boolean
  /** Blocks of content that are going to stay, if they are here. */
  readonly kept: () => Promise<Ranges>
  readonly keeps: () => Keeps
  /** Something is known that was not. */
  readonly changed: () => void
  /** With what was known of it. */
  readonly left: (who: Neighbour) => void
}

export class Holders {
  /** Who keeps what when something is freed. */
  readonly agreement: Agreement
  readonly #archive: Archive
  readonly #isOurs: (publicKey: Uint8Array) => boolean
  readonly #keeps: () => Keeps
  readonly #changed: () => void
  readonly #left: (who: Neighbour) => void
  readonly #sessions = new Map<object, Session>()
  readonly #watched = new Set<Hypercore>()
  #own: Record<Log, Claim> = { list: NOTHING, content: NOTHING }
  /** It may not be so any more. */
  #isStale = true
  readonly #uploaded = (_index: number, _bytes: number, { stream }: Hypercore.Peer) => {
    const session = this.#sessions.get(stream)
    if (session !== undefined) session.served = performance.now()
  }
  readonly #added = (peer: Hypercore.Peer) => this.#meet(peer)
  readonly #removed = (peer: Hypercore.Peer) => this.#part(peer)

  constructor(archive: Archive, { self, isOurs, kept, keeps, changed, left }: Surroundings) {
    this.#archive = archive
    this.agreement = new Agreement({
      self,
      kept: async () => bounded(within(await kept(), heldIn(this.#coreOf('content'))), MOST_RUNS),
      fork: () => this.#coreOf('content')?.fork ?? -1,
      read: blocks => readBlocks(this.#coreOf('content'), blocks),
      send: (to, wish) => this.#wish(to, wish),
    })
    this.#isOurs = isOurs
    this.#keeps = keeps
    this.#changed = changed
    this.#left = left
    const { core } = archive.drive
    core.on('peer-add', this.#added)
    core.on('peer-remove', this.#removed)
    for (const peer of core.peers) this.#meet(peer)
  }

  /** What this machine holds may have changed. */
  readonly touch = (): void => {
    this.#isStale = true
    this.#changed()
  }

  /** Nobody is told or listened to any more. */
  close(): void {
    const { core } = this.#archive.drive
    core.off('peer-add', this.#added)
    core.off('peer-remove', this.#removed)
    for (const { peer } of [...this.#sessions.values()]) this.#part(peer)
    for (const log of this.#watched) {
      for (const event of EVENTS) log.off(event, this.touch)
      log.off('upload', this.#uploaded)
    }
  }

  /** What this machine holds. The same object as long as nothing has changed. */
  get own(): Readonly<Record<Log, Claim>> {
    if (!this.#isStale) return this.#own
    this.#isStale = false
    for (const log of LOGS) {
      const core = this.#coreOf(log)
      if (core === undefined || core.core === null) {
        this.#isStale = true
        continue
      }
      this.#watch(core)
      const { fork, length } = core
      const ranges = heldIn(core)
      const before = this.#own[log]
      if (before.fork === fork && before.length === length && areSame(before.ranges, ranges)) continue
      this.#own = { ...this.#own, [log]: { fork, length, ranges } }
    }
    return this.#own
  }

  /** Each machine once: of two connections to one, as while it is carried over, the newer that has said something. */
  neighbours(): readonly Neighbour[] {
    const newest = new Map<string, Session>()
    for (const session of this.#sessions.values()) {
      const other = newest.get(session.id)
      if (other === undefined || session.heard.content.claim !== null || other.heard.content.claim === null)
        newest.set(session.id, session)
    }
    return [...newest.values()].map(session => this.#neighbour(session))
  }

  /**
   * Says what has changed to all who listen, and asks the others. To be called after each change, and some times a second as
   * long as there is more to be said or asked, which is true.
   */
  tell(watched: boolean): boolean {
    if (this.#sessions.size === 0) return false
    const now = performance.now()
    const own = this.own
    const keeps = this.#keeps()
    // Where a log is not there yet, nobody tells when it comes.
    let isMore = this.#isStale
    for (const session of this.#sessions.values()) {
      if (session.open) {
        if (this.#say(session, own, keeps, now)) isMore = true
        continue
      }
      isMore = true
      if (now - session.since > SHOWING && (watched || now - session.looked > LOOKED)) {
        // From now on it counts as another program.
        if (session.looked === Number.NEGATIVE_INFINITY) this.#changed()
        session.looked = now
        for (const log of LOGS) {
          this.#ask(session, log, watched, now)
          if (session.known[log] !== this.#protocolSays(session, log)) this.#changed()
        }
      }
    }
    return isMore
  }

  #watch(core: Hypercore): void {
    if (this.#watched.has(core)) return
    this.#watched.add(core)
    for (const event of EVENTS) core.on(event, this.touch)
    core.on('upload', this.#uploaded)
  }

  /** false: all is said. */
  #say(session: Session, own: Readonly<Record<Log, Claim>>, keeps: Keeps, now: number): boolean {
    const { channel, told, words } = session
    if (channel === null) return false
    if (session.toldKeeps === keeps && LOGS.every(log => told[log] === own[log])) return false
    if (now < session.silentUntil || !channel.drained) return true
    if (session.toldKeeps !== keeps) {
      session.toldKeeps = keeps
      channel.messages[KEEPS]!.send(Buffer.of(KEPT.indexOf(keeps)))
    }
    for (const log of LOGS) {
      const word = wordFrom(log, told[log], own[log], words[log])
      told[log] = own[log]
      if (word === null) continue
      words[log]++
      const bytes = encodeWord(word)
      channel.messages[HOLDS]!.send(bytes)
      const work = workOf(own[log].ranges.length + word.gained.length + word.lost.length)
      session.silentUntil =
        Math.max(session.silentUntil, now) + Math.max(bytes.byteLength / SAID, work / TELLING) * 1000
    }
    return false
  }

  /** It tells all of its blocks once, since nobody but who lacks them is told when more come. */
  #ask(session: Session, log: Log, watched: boolean, now: number): void {
    const core = this.#coreOf(log)
    const peer = core?.peers.find(({ stream }) => stream === session.peer.stream)
    if (core === undefined || peer === undefined || peer.remoteContiguousLength >= core.length) return
    const pause = Math.max(watched ? ASKED.watched : ASKED.else, (core.length / 8 / ASKED.rate) * 1000)
    if (now - session.asked[log] < pause) return
    session.asked[log] = now
    for (let start = 0; start < core.length; start += BATCH) {
      const batch = { start, length: BATCH, any: false }
      peer.wireUnwant.send(batch)
      peer.wireWant.send(batch)
    }
  }

  #neighbour(session: Session): Neighbour {
    const { id, open, keeps } = session
    const claim = (log: Log) => session.heard[log].claim ?? this.#protocolSays(session, log)
    const fetches = performance.now() - session.served < FETCHING
    const heard = open
      ? LOGS.every(log => session.heard[log].claim !== null)
      : performance.now() - session.since > SHOWING
    return { id, cairn: open, keeps, heard, fetches, list: claim('list'), content: claim('content') }
  }

  #protocolSays(session: Session, log: Log): Claim {
    const core = this.#coreOf(log)
    const peer = core?.peers.find(({ stream }) => stream === session.peer.stream)
    // It has just gone: this is what it said last.
    if (core === undefined || peer === undefined) return session.known[log]
    const { remoteFork: fork, remoteLength: length } = peer
    const ranges = claimedBy(peer, core.length)
    const before = session.known[log]
    if (before.fork === fork && before.length === length && areSame(before.ranges, ranges)) return before
    session.known[log] = { fork, length, ranges }
    return session.known[log]
  }

  get #name(): { readonly protocol: string; readonly id: Buffer } {
    return { protocol: PROTOCOL, id: this.#archive.drive.discoveryKey }
  }

  #coreOf(log: Log): Hypercore | undefined {
    return log === 'list' ? this.#archive.drive.core : this.#archive.blobs?.core
  }

  /** Replication of the list has begun: both know the key. */
  #meet(peer: Hypercore.Peer): void {
    const { stream, remotePublicKey } = peer
    if (this.#sessions.has(stream) || this.#isOurs(remotePublicKey)) return
    const session: Session = {
      id: encodeKey(remotePublicKey),
      peer,
      since: performance.now(),
      channel: null,
      open: false,
      distrusted: false,
      keeps: null,
      told: { list: null, content: null },
      toldKeeps: null,
      words: { list: 0, content: 0 },
      silentUntil: 0,
      served: Number.NEGATIVE_INFINITY,
      looked: Number.NEGATIVE_INFINITY,
      promised: Number.NEGATIVE_INFINITY,
      heard: { list: SILENCE, content: SILENCE },
      bytes: HEARD.burst,
      messages: TOLD.burst,
      refilled: performance.now(),
      asked: { list: Number.NEGATIVE_INFINITY, content: Number.NEGATIVE_INFINITY },
      known: { list: NOTHING, content: NOTHING },
    }
    this.#sessions.set(stream, session)
    const streams = Protomux.from(stream)
    // The other end may be ready first.
    streams.pair(this.#name, async () => this.#open(streams, session))
    this.#open(streams, session)
    this.#changed()
  }

  #open(streams: Protomux, session: Session): void {
    if (session.channel !== null || session.distrusted) return
    const channel = streams.createChannel<number>({
      ...this.#name,
      handshake: version,
      messages: [
        { onmessage: bytes => this.#listen(session, bytes, () => this.#hear(session, bytes)) },
        {
          onmessage: bytes =>
            this.#listen(session, bytes, () => {
              session.keeps = KEPT[bytes[0] ?? -1] ?? null
            }),
        },
        {
          onmessage: bytes =>
            this.#listen(session, bytes, () => {
              const wish = decodeWish(bytes)
              this.#charge(session, workOf(wish.ranges.length) - 1)
              this.agreement.receive(session.id, wish)
            }),
        },
      ],
      onopen: () => {
        session.open = true
        this.agreement.joined(session.id)
        this.#changed()
      },
      onclose: () => {
        if (session.channel !== channel) return
        Object.assign(session, { channel: null, open: false, toldKeeps: null, keeps: null })
        for (const log of LOGS) {
          session.told[log] = null
          session.words[log] = 0
          session.heard[log] = SILENCE
        }
        if (this.#sessionWith(session.id) === undefined) this.agreement.left(session.id)
        this.#changed()
      },
    })
    session.channel = channel
    channel?.open(VERSION)
  }

  /** The newest over which it can be spoken to. */
  #sessionWith(id: string): Session | undefined {
    return [...this.#sessions.values()].findLast(session => session.id === id && session.open)
  }

  #wish(to: string, wish: Wish): void {
    const session = this.#sessionWith(to)
    if (session === undefined || session.channel === null) return
    if (wish.kind === 'promises') {
      const now = performance.now()
      if (!session.channel.drained && now - session.promised < UNREAD) return
      session.promised = now
    }
    session.channel.messages[WISHES]!.send(encodeWish(wish))
  }

  #hear(session: Session, bytes: Uint8Array): void {
    const word = decodeWord(bytes)
    const before = session.heard[word.log]
    const after = hear(before, word)
    session.heard[word.log] = after
    const words = after.number - before.number === 0 ? 0 : 1 + before.waiting.size - after.waiting.size
    const runs = words * (after.claim?.ranges.length ?? 0) + word.gained.length + word.lost.length
    this.#charge(session, workOf(runs) - 1)
  }

  /** Throws when it has said more than there can be to say. */
  #charge(session: Session, messages: number): void {
    session.messages -= messages
    if (session.bytes < 0 || session.messages < 0) throw new Error('Too much is said')
  }

  /** Whoever says what cannot be, or more than there can be to say, is not listened to any more. */
  #listen(session: Session, { byteLength }: Uint8Array, use: () => void): void {
    const now = performance.now()
    const seconds = (now - session.refilled) / 1000
    session.refilled = now
    session.bytes = Math.min(HEARD.burst, session.bytes + seconds * HEARD.rate) - byteLength
    session.messages = Math.min(TOLD.burst, session.messages + seconds * TOLD.rate)
    try {
      this.#charge(session, 1)
      use()
      this.#changed()
    } catch {
      session.distrusted = true
      session.channel?.close()
    }
  }

  #part({ stream }: Hypercore.Peer): void {
    const session = this.#sessions.get(stream)
    if (session === undefined) return
    const last = this.#neighbour(session)
    this.#sessions.delete(stream)
    Protomux.from(stream).unpair(this.#name)
    session.channel?.close()
    const others = [...this.#sessions.values()]
    if (!others.some(({ id }) => id === session.id)) this.#left(last)
    this.#changed()
  }
}

/** As they lie in the store, so that whoever cannot decipher them has the same. null: not all are here. */
async function readBlocks(
  core: Hypercore | undefined,
  blocks: readonly number[],
): Promise<readonly Uint8Array[] | null> {
  const storage = core?.core?.state.storage
  if (storage === undefined) return null
  const reads = storage.read()
  const found = blocks.map(block => reads.getBlock(block))
  reads.tryFlush()
  const read = await Promise.all(found)
  return read.every(block => block !== null) ? read : null
}

/** What a peer has said over replication that it has. */
function claimedBy(peer: Hypercore.Peer, length: number): Ranges {
  const contiguous = Math.min(peer.remoteContiguousLength, length)
  const ranges: Range[] = []
  for (let position = contiguous; position < length && ranges.length < MOST_CLAIMED; ) {
    const start = peer.remoteBitfield.firstSet(position)
    if (start === -1 || start >= length) break
    const end = Math.min(length, Math.max(start + 1, peer.remoteBitfield.firstUnset(start)))
    ranges.push({ start, end })
    position = end
  }
  return bounded(contiguous === 0 ? ranges : union([{ start: 0, end: contiguous }], ranges), MOST_CLAIMED)
}

const version: Protomux.Encoding<number> = {
  preencode(state) {
    state.end += 1
  },
  encode(state, number) {
    state.buffer![state.start++] = number
  },
  decode(state) {
    if (state.end === state.start) throw new Error('It does not say which version it speaks')
    return state.buffer![state.start++]!
  },
}
