/**
 * From link to content, told truthfully. `judge` is pure: it says what the evidence says. `pursue` gathers it: joins,
 * waits a moment for a connection, asks the DHT why there is none, and tries again after 1, 2, 4 … 60 seconds, which
 * is what upstream's ten minutes are replaced with.
 */
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import type { UnreachableReason } from '../../preload/contract/models.ts'
import type { Evidence } from '../network/network.ts'
import type { Archive } from './archive.ts'

/** The first connection usually stands after 100 ms; people are told nothing before this. */
const PATIENCE = 1500
/** A candidate that does not answer for this long cannot be reached. */
const CONNECTING = 8000
/** A connected peer that has not told of a single block after this long has none. */
const READING = 5000
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 60_000

export type Finding =
  | { readonly name: 'looking'; readonly dhtAnswered: boolean; readonly candidates: number }
  | { readonly name: 'reading'; readonly peers: number }
  | { readonly name: 'known' }
  | { readonly name: 'unreachable'; readonly reason: UnreachableReason; readonly candidates: number }

/** `waited`: milliseconds since the search began. */
export function judge(evidence: Evidence, waited: number): Finding {
  const unreachable = (reason: UnreachableReason): Finding => ({
    name: 'unreachable',
    reason,
    candidates: evidence.candidates,
  })
  if (!evidence.interfaces) return unreachable('offline')
  if (!evidence.dhtAnswered) return unreachable('dht-silent')
  if (evidence.candidates === 0) return unreachable('nobody')
  if (waited < CONNECTING) return { name: 'looking', dhtAnswered: true, candidates: evidence.candidates }
  return unreachable('peers-unreachable')
}

export type Search = {
  readonly archive: Archive
  refresh(): void
  investigate(signal: AbortSignal): Promise<Evidence>
  report(finding: Finding): void
  /** Resolves when somebody asks to look again now. */
  retried(): Promise<void>
  readonly signal: AbortSignal
}

/** Runs until the signal ends it. Never throws. */
export async function pursue({ archive, refresh, investigate, report, retried, signal }: Search): Promise<void> {
  const { core } = archive.drive
  let began = Date.now()
  let pause = FIRST_PAUSE
  let first = true
  while (!signal.aborted) {
    if (core.peers.length > 0) {
      if (!archive.known) {
        report({ name: 'reading', peers: core.peers.length })
        await within(READING, signal, end => [read(archive), event(core, 'append', end).then(() => read(archive))])
        if (signal.aborted) return
        if (!archive.known && core.peers.length > 0)
          report({ name: 'unreachable', reason: 'peer-lacks', candidates: core.peers.length })
      }
      if (archive.known) report({ name: 'known' })
      if (core.peers.length > 0)
        await within(archive.known ? 600_000 : READING, signal, end => [
          event(core, 'append', end),
          event(core, 'peer-remove', end),
        ])
      began = Date.now()
      pause = FIRST_PAUSE
      continue
    }
    if (archive.known) report({ name: 'known' })
    else if (first) report({ name: 'looking', dhtAnswered: false, candidates: 0 })
    if (!first) refresh()
    first = false
    await within(PATIENCE, signal, end => [event(core, 'peer-add', end)])
    if (signal.aborted || core.peers.length > 0) continue
    if (!archive.known) {
      const evidence = await investigate(signal)
      if (signal.aborted || core.peers.length > 0) continue
      report(judge(evidence, Date.now() - began))
    }
    await within(pause, signal, end => [
      event(core, 'peer-add', end),
      retried().then(() => {
        pause = FIRST_PAUSE / 2
        began = Date.now()
        if (!archive.known) report({ name: 'looking', dhtAnswered: false, candidates: 0 })
      }),
    ])
    pause = Math.min(pause * 2, LONGEST_PAUSE)
  }
}

/** Asks for the newest length and for the first block, with which everything else begins. */
async function read({ drive: { core } }: Archive): Promise<void> {
  await core.update({ wait: true })
  if (core.length > 0) await core.get(0, { timeout: READING })
}

/** Waits for the first of them, for the signal, or for so many milliseconds; then ends the others. */
async function within(
  milliseconds: number,
  signal: AbortSignal,
  waits: (end: AbortSignal) => readonly Promise<unknown>[],
): Promise<void> {
  const end = new AbortController()
  const abort = () => end.abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    if (signal.aborted) return
    await Promise.race([
      ...waits(end.signal).map(wait => wait.catch(() => {})),
      setTimeout(milliseconds, null, { signal: end.signal }).catch(() => {}),
    ])
  } finally {
    signal.removeEventListener('abort', abort)
    end.abort()
  }
}

const event = async (emitter: Archive['drive']['core'], name: string, signal: AbortSignal): Promise<void> => {
  await once(emitter, name, { signal })
}
