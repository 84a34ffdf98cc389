/**
 * From link to content, told truthfully. `judge` is pure and says what the evidence says; `pursue` gathers the evidence:
 * it asks the DHT why nobody is there, reads from whoever is, and tries again.
 *
 * Upstream looks again after ten minutes. Here an archive of which nothing is known is looked for after 1, 2, 4 … 60
 * seconds, and announced as well: an author who comes while a reader pauses finds the reader. One that is known and has
 * nobody is looked for a few times and then left to its announcement and upstream's ten minutes, since there may be
 * hundreds of them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attempts, UnreachableReason } from '../../preload/contract/models.ts'
import type { Announcers } from '../network/network.ts'
import type { Archive } from './archive.ts'

/** The first connection usually stands after 100 ms: nobody is asked why there is none before this. */
const PATIENCE = 1000
/** An attempt to connect that has led nowhere for this long is taken for one that leads nowhere. It may still succeed. */
const CONNECTING = 8000
/** A connected peer that has not told of the first block for this long does not have it. */
const TELLING = 2000
/** Somebody on the local network who has it is met within this. */
const MEETING = 4000
/** The first block of a peer that says that it has it is waited for this long before it is asked for again. */
const READING = 5000
/** What depends on time alone is looked at this often. */
const TICK = 1000
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = { unknown: 60_000, known: 600_000 }
/** Whoever announces it and does not answer may just be coming back: for so long it is looked for this often. */
const COMING = { pause: 4000, during: 120_000 } as const

/** All that is known of a search at one moment. Times in milliseconds. */
export type Evidence = {
  /** This machine has a way to the network. */
  readonly online: boolean
  /** What the DHT said last; null: it has not been asked yet, or has not answered yet. */
  readonly lookup: { readonly answered: boolean; readonly announcing: number } | null
  /** Of those who announce it. */
  readonly attempts: Attempts
  /** Since when somebody has announced it who was tried in vain by nobody so far. */
  readonly trying: number
  /** Peers on whose connection this archive is shared, and how many of them say that they have the first block. */
  readonly peers: number
  readonly claiming: number
  /** Since the first of these peers, or of connections to those who announce it, was there. */
  readonly connected: number
  /** Its first block is on this device. */
  readonly known: boolean
  /** Others are on the local network, whatever they share; and since when this one has been looked for among them. */
  readonly neighbours: boolean
  readonly sought: number
}

export type Finding =
  | {
      readonly name: 'looking'
      readonly dhtAnswered: boolean
      readonly candidates: number
      readonly attempts: Attempts
    }
  | { readonly name: 'reading'; readonly peers: number }
  /** Whether it is empty, or illegible, is to be read now. */
  | { readonly name: 'known'; readonly peers: boolean }
  | {
      readonly name: 'unreachable'
      readonly reason: UnreachableReason
      readonly candidates: number
      readonly attempts: Attempts
    }

export const noAttempts: Attempts = { connecting: 0, connected: 0, silent: 0, blocked: 0, refused: 0 }

/** Says of an archive what the evidence says, and nothing that it does not. */
export function judge(evidence: Evidence): Finding {
  const { online, lookup, attempts, trying, peers, claiming, connected, known, neighbours, sought } = evidence
  if (known) return { name: 'known', peers: peers > 0 }
  const candidates = lookup?.announcing ?? 0
  const unreachable = (reason: UnreachableReason, count = candidates): Finding => ({
    name: 'unreachable',
    reason,
    candidates: count,
    attempts,
  })
  const looking: Finding = { name: 'looking', dhtAnswered: lookup?.answered ?? false, candidates, attempts }
  if (claiming > 0) return { name: 'reading', peers }
  if (peers > 0) return connected < TELLING ? { name: 'reading', peers } : unreachable('peer-lacks', peers)
  const around = (): Finding => (sought < MEETING ? looking : unreachable('nobody-near'))
  if (!online) return neighbours ? around() : unreachable('offline')
  if (lookup === null) return looking
  // Somebody who announces it and shares it not, although connected, has it not.
  if (attempts.connected > 0) return connected < TELLING ? looking : unreachable('peer-lacks', attempts.connected)
  if (!lookup.answered) return neighbours ? around() : unreachable('dht-silent')
  if (candidates === 0) return unreachable('nobody')
  const inVain = attempts.silent + attempts.blocked + attempts.refused
  return inVain < candidates && trying < CONNECTING ? looking : unreachable('peers-unreachable')
}

/** How long to wait before the next lookup, after a wait of so many milliseconds. `trying`: those who announce it, since so long. */
export function nextPause(pause: number, known: boolean, trying: number | null = null): number {
  if (known) return Math.min(pause * 8, LONGEST_PAUSE.known)
  const longest = trying !== null && trying < COMING.during ? COMING.pause : LONGEST_PAUSE.unknown
  return Math.min(pause * 2, longest)
}

/** What a search needs of the swarm, for its one archive. */
export type Whereabouts = {
  /** Looks for peers now, and tells them that this machine is one. Resolves when the DHT has been asked; never throws. */
  announce(): Promise<void>
  /** Asks the DHT who announces it, for telling people why nobody is there. */
  investigate(signal: AbortSignal): Promise<Announcers>
  /** How connecting to them has ended so far. */
  attempts(announcers: Announcers): Attempts
  readonly online: boolean
  readonly hasNeighbours: boolean
  /** Calls back after any of this has changed. Returns how to stop. */
  onChange(listener: () => void): () => void
}

export type Search = {
  readonly archive: Archive
  readonly whereabouts: Whereabouts
  report(finding: Finding): void
  /** Calls back when it is to be looked for again now. */
  onRetry(listener: () => void): void
  readonly signal: AbortSignal
}

/** Runs until the signal ends it. Never throws. */
export async function pursue({ archive, whereabouts, report, onRetry, signal }: Search): Promise<void> {
  const { core } = archive.drive
  let announcers: Announcers | null = null
  let announcersSince = 0
  let connectedSince = 0
  let soughtSince = performance.now()
  let pause = FIRST_PAUSE
  let due = performance.now() + PATIENCE
  let round: Promise<void> | null = null
  let reading: Promise<void> | null = null
  let readAt = Number.NEGATIVE_INFINITY
  let said = ''

  let wake = () => {}
  const changed = () => wake()
  const events = ['peer-add', 'peer-remove', 'append'] as const
  for (const event of events) core.on(event, changed)
  const stop = whereabouts.onChange(changed)
  signal.addEventListener('abort', changed)
  onRetry(() => {
    announcers = null
    soughtSince = performance.now()
    pause = FIRST_PAUSE
    due = performance.now() + PATIENCE
    void whereabouts.announce()
    wake()
  })

  const gather = (now: number): Evidence => {
    const attempts = announcers === null ? noAttempts : whereabouts.attempts(announcers)
    const peers = core.peers.length
    if (peers === 0 && attempts.connected === 0) connectedSince = now
    return {
      online: whereabouts.online,
      lookup: announcers === null ? null : { answered: announcers.answered, announcing: announcers.keys.length },
      attempts,
      trying: now - announcersSince,
      peers,
      claiming: core.peers.filter(peer => peer.remoteContiguousLength > 0 || peer.remoteBitfield.get(0)).length,
      connected: now - connectedSince,
      known: archive.known,
      neighbours: whereabouts.hasNeighbours,
      sought: now - soughtSince,
    }
  }
  const investigate = async () => {
    const before = announcers
    const found = await whereabouts.investigate(signal)
    if (signal.aborted) return
    if (found.keys.some(key => !(before?.keys.includes(key) ?? false))) announcersSince = performance.now()
    announcers = found
    wake()
  }
  const look = async (known: boolean) => {
    // What one of them has to say does not wait for the other.
    await Promise.all([known ? null : investigate(), whereabouts.announce()])
  }

  while (!signal.aborted) {
    const now = performance.now()
    const evidence = gather(now)
    const finding = judge(evidence)
    const words = JSON.stringify(finding)
    // Everything is told again after each lookup: when it was tried last is a part of it.
    if (words !== said) {
      said = words
      report(finding)
    }
    if (evidence.claiming > 0 && !evidence.known && reading === null && now - readAt > TICK)
      reading = read(archive).finally(() => {
        reading = null
        readAt = performance.now()
        wake()
      })
    // Without a network nothing is asked: it would be given up just when the network is back, which ends every pause.
    const alone = evidence.known ? evidence.peers === 0 : evidence.claiming === 0
    const wanted = alone && evidence.online
    if (!alone) pause = FIRST_PAUSE
    else if (wanted && round === null && now >= due)
      round = look(evidence.known).finally(() => {
        round = null
        due = performance.now() + pause
        const announcing = (announcers?.keys.length ?? 0) > 0
        pause = nextPause(pause, evidence.known, announcing ? performance.now() - announcersSince : null)
        said = ''
        wake()
      })
    await new Promise<void>(resolve => {
      const wait = evidence.known ? (wanted && round === null ? due - now : null) : TICK
      const timer = wait === null ? null : setTimeout(() => wake(), Math.max(10, wait))
      timer?.unref()
      wake = () => {
        if (timer !== null) clearTimeout(timer)
        wake = () => {}
        resolve()
      }
      if (signal.aborted) wake()
    })
  }
  stop()
  for (const event of events) core.off(event, changed)
  signal.removeEventListener('abort', changed)
}

/** Asks for the newest length and for the first block, with which everything else begins. Never throws. */
async function read({ drive: { core } }: Archive): Promise<void> {
  try {
    // A peer that stalls is not waited for: another one may have come.
    await Promise.race([core.update({ wait: true }), sleep(READING, undefined, { ref: false })])
    if (core.length > 0) await core.get(0, { timeout: READING })
  } catch {
    // It did not come in time, cannot be read, or the archive is closed: the evidence says which.
  }
}
