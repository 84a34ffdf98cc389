/**
 * What Cairns tell each other of the blocks that they hold, as bytes and as a state. All of it once, then what came and
 * went. What has been heard stands for the same whatever order it came in: each word has a number, and one that came too
 * early waits for those before it. Everything here comes from others and is bounded. Pure.
 */
import { bounded, type Range, type Ranges, union, upTo, without } from '../lib/ranges.ts'
import type { Wish } from './agreement.ts'
import { QUESTION } from './sample.ts'

/** Runs in one message at most. */
export const MOST_RUNS = 65_536
/** Runs of one log of one machine that are told of, and believed, at most; with more, the smallest are left out. */
export const MOST_CLAIMED = 16_384
/** Longer than any log can be: see `archives/endless.ts`. */
const LONGEST = 2 ** 28
/** Words that wait for those before them: one way keeps them in order, so that there are few. */
const MOST_WAITING = 16
/** What is said of so many runs is as much work as a message. */
const RUNS_A_MESSAGE = 512

export type Log = 'list' | 'content'
const LOGS: readonly Log[] = ['list', 'content']

/** What a machine holds of a log that has this fork and is known there to be so long. */
export type Claim = { readonly fork: number; readonly length: number; readonly ranges: Ranges }

export const NOTHING: Claim = { fork: 0, length: 0, ranges: [] }

/** `number` counts the words of a session about one log, from 0 on. `whole`: it replaces all that was said before. */
export type Word = {
  readonly log: Log
  readonly number: number
  readonly whole: boolean
  readonly fork: number
  readonly length: number
  readonly gained: Ranges
  readonly lost: Ranges
}

/** What a machine says of one log in one session. `claim` null: nothing whole has been heard yet. */
export type Heard = {
  readonly claim: Claim | null
  /** Of the last word that is in the claim. */
  readonly number: number
  readonly waiting: ReadonlyMap<number, Word>
}

export const SILENCE: Heard = { claim: null, number: -1, waiting: new Map() }

export function hear(heard: Heard, word: Word): Heard {
  if (word.number <= heard.number) return heard
  if (word.whole) return goOn({ ...heard, claim: said(NOTHING, word), number: word.number })
  if (heard.claim !== null && word.number === heard.number + 1)
    return goOn({ ...heard, claim: said(heard.claim, word), number: word.number })
  if (heard.waiting.size >= MOST_WAITING || sum(heard.waiting.values()) + sum([word]) > MOST_CLAIMED) return heard
  return { ...heard, waiting: new Map(heard.waiting).set(word.number, word) }
}

const sum = (words: Iterable<Word>): number =>
  [...words].reduce((runs, { gained, lost }) => runs + gained.length + lost.length, 0)

/** How much work it is to hear something about so many runs, in messages about a few. */
export const workOf = (runs: number): number => 1 + runs / RUNS_A_MESSAGE

/** Takes up what waited for this. */
function goOn(heard: Heard): Heard {
  if (heard.waiting.size === 0) return heard
  const waiting = new Map([...heard.waiting].filter(([number]) => number > heard.number))
  let { claim, number } = heard
  for (let next = waiting.get(number + 1); next !== undefined; next = waiting.get(number + 1)) {
    claim = said(claim!, next)
    number++
    waiting.delete(number)
  }
  return { claim, number, waiting }
}

function said({ ranges }: Claim, { fork, length, gained, lost }: Word): Claim {
  return { fork, length, ranges: bounded(upTo(union(without(ranges, lost), gained), length), MOST_CLAIMED) }
}

/** What has to be said after `before` (null: nothing was said yet) so that `now` is known; null: nothing. */
export function wordFrom(log: Log, before: Claim | null, now: Claim, number: number): Word | null {
  const { fork, length } = now
  const ranges = bounded(now.ranges, MOST_CLAIMED)
  if (before === null || before.fork !== fork)
    return { log, number, whole: true, fork, length, gained: ranges, lost: [] }
  if (before.length === length && before.ranges === now.ranges) return null
  const told = bounded(before.ranges, MOST_CLAIMED)
  const gained = without(ranges, told)
  const lost = without(told, ranges)
  if (before.length === length && gained.length === 0 && lost.length === 0) return null
  // After each word the other end leaves out the smallest runs again: only the whole of it is certain to be what is meant.
  const whole = gained.length + lost.length > ranges.length || now.ranges.length > MOST_CLAIMED
  return { log, number, whole, fork, length, gained: whole ? ranges : gained, lost: whole ? [] : lost }
}

export function encodeWord({ log, number, whole, fork, length, gained, lost }: Word): Buffer {
  const bytes: number[] = []
  put(bytes, LOGS.indexOf(log) + (whole ? 2 : 0))
  for (const one of [number, fork, length]) put(bytes, one)
  for (const ranges of [gained, lost]) putRanges(bytes, ranges)
  return Buffer.from(bytes)
}

/** Throws for what no Cairn says. */
export function decodeWord(bytes: Uint8Array): Word {
  const reader = new Reader(bytes)
  const kind = reader.next()
  const log = LOGS[kind & 1]!
  if (kind > 3) throw new Error('Not a word about blocks')
  const [number, fork, length] = [reader.next(), reader.next(), reader.next()]
  if (length > LONGEST) throw new Error('The log is said to be longer than any can be')
  const [gained, lost] = [reader.ranges(), reader.ranges()]
  reader.end()
  return { log, number, whole: kind > 1, fork, length, gained, lost }
}

/** `promises` of a machine that is busy are another kind. */
export function encodeWish(wish: Wish): Buffer {
  const bytes: number[] = []
  put(bytes, wish.kind === 'asks' ? 0 : wish.busy ? 2 : 1)
  put(bytes, wish.round)
  if (wish.kind === 'asks') put(bytes, wish.fork)
  putRanges(bytes, wish.ranges)
  return Buffer.concat([Buffer.from(bytes), wish.kind === 'asks' ? wish.question : wish.answer])
}

/** Throws for what no Cairn says. */
export function decodeWish(bytes: Uint8Array): Wish {
  const reader = new Reader(bytes)
  const kind = reader.next()
  if (kind > 2) throw new Error('Not a word about freeing')
  const round = reader.next()
  const fork = kind === 0 ? reader.next() : 0
  const ranges = reader.ranges()
  const rest = reader.rest()
  if (kind !== 0) return { kind: 'promises', round, busy: kind === 2, ranges, answer: rest }
  if (rest.byteLength !== QUESTION) throw new Error('It is no question')
  return { kind: 'asks', round, fork, ranges, question: rest }
}

export function encodeRanges(ranges: Ranges): Buffer {
  const bytes: number[] = []
  putRanges(bytes, ranges)
  return Buffer.from(bytes)
}

/** Throws for what `encodeRanges` does not write. */
export function decodeRanges(bytes: Uint8Array): Ranges {
  const reader = new Reader(bytes)
  const ranges = reader.ranges()
  reader.end()
  return ranges
}

/** LEB128. */
function put(bytes: number[], value: number): void {
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  bytes.push(rest)
}

/** How many runs, and of each how far it is behind the one before and how long. */
function putRanges(bytes: number[], ranges: Ranges): void {
  put(bytes, ranges.length)
  let last = 0
  for (const { start, end } of ranges) {
    put(bytes, start - last)
    put(bytes, end - start)
    last = end
  }
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  next(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Error('It ends too early')
      value += (byte % 128) * scale
      if (value > Number.MAX_SAFE_INTEGER) throw new Error('A number is too large')
      if (byte < 128) return value
    }
  }

  ranges(): Ranges {
    const count = this.next()
    if (count > MOST_RUNS) throw new Error('There are too many runs')
    const ranges: Range[] = []
    let last = 0
    for (let index = 0; index < count; index++) {
      const gap = this.next()
      const start = last + gap
      const end = start + this.next()
      if (end === start || (gap === 0 && index > 0) || end > LONGEST) throw new Error('Runs are wrong')
      ranges.push({ start, end })
      last = end
    }
    return ranges
  }

  rest(): Buffer {
    const rest = Buffer.from(this.#bytes.subarray(this.#at))
    this.#at = this.#bytes.length
    return rest
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Error('There is more than there should be')
  }
}
