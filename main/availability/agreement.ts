/**
 * Several machines that want to give up copies of the same blocks at the same time must not all count on each other. Who
 * wants to asks the others first, and counts on those alone who say that they hold them and are
 * going to, and show it by some of the blocks.
 *
 * Nobody promises what they want to give up themselves, until they have. Whoever frees a block leaves as many who hold it
 * behind as were asked for, none of whom wanted to free it when they said so; and if one of these does so later, before the
 * first has ended, it needs as many others in its turn, of whom the first is none. Of two who want the same the one with
 * the lower id goes first: the other takes its wish back for now, and promises.
 *
 * Knows no network: words go out through `send`, and come in through `receive`.
 */
import { randomBytes } from 'node:crypto'
import { type Ranges, within, without } from '../lib/ranges.ts'
import { Counts } from './holdings.ts'
import { answerTo, QUESTION } from './sample.ts'

/** How long answers are waited for, in milliseconds. Who is slower is not counted on. */
const PATIENCE = 4000
const NO_ANSWER = Buffer.alloc(0)

export type Wish =
  /** May blocks of the log with this fork go? `round` tells several wishes of one machine apart. */
  | {
      readonly kind: 'asks'
      readonly round: number
      readonly fork: number
      readonly ranges: Ranges
      /** To be answered by whoever promises: see `sample.ts`. */
      readonly question: Buffer
    }
  /** These are here and stay. `busy`: others are here, and may go as well. */
  | {
      readonly kind: 'promises'
      readonly round: number
      readonly busy: boolean
      readonly ranges: Ranges
      readonly answer: Buffer
    }

type Proposal = {
  readonly round: number
  readonly question: Buffer
  wanted: Ranges
  readonly promises: Map<string, Ranges>
  readonly waiting: Set<string>
  /** Those who have answered. */
  readonly heard: Set<string>
  busy: boolean
  decided: boolean
  readonly answered: () => void
}

export type Granted = {
  readonly ranges: Ranges
  /** Some of the rest may be granted a little later: others wanted it too. */
  readonly again: boolean
  /** To be called when they are gone, or stay after all. */
  readonly done: () => void
}

export type AgreementParts = {
  readonly self: string
  /** What is here and is going to stay, unless it is given up by `propose`. */
  readonly kept: () => Promise<Ranges>
  /** Of the log that is spoken of. */
  readonly fork: () => number
  /** Blocks that are here; null: not all of them are. */
  readonly read: (blocks: readonly number[]) => Promise<readonly Uint8Array[] | null>
  /** May be in vain. */
  readonly send: (to: string, wish: Wish) => void
}

export class Agreement {
  readonly #parts: AgreementParts
  readonly #members = new Set<string>()
  /** What each asked last, as long as it is not answered. */
  readonly #asked = new Map<string, Wish & { kind: 'asks' }>()
  #proposal: Proposal | null = null
  #round = 0

  constructor(parts: AgreementParts) {
    this.#parts = parts
  }

  /** It can be asked from now on. */
  joined(id: string): void {
    this.#members.add(id)
  }

  left(id: string): void {
    this.#members.delete(id)
    this.#proposal?.promises.delete(id)
    this.#answered(id)
  }

  receive(from: string, wish: Wish): void {
    if (!this.#members.has(from)) return
    if (wish.kind === 'promises') {
      void this.#take(from, wish)
      return
    }
    const isAnswering = this.#asked.has(from)
    this.#asked.set(from, wish)
    if (!isAnswering) void this.#answerAll(from)
  }

  /**
   * Which of these blocks may go, since at least `others` hold on to them. `beside`: what is held by others who
   * cannot be asked. One at a time.
   */
  async propose(ranges: Ranges, others: number, beside: readonly Ranges[]): Promise<Granted> {
    if (this.#proposal !== null) throw new Error('One proposal at a time')
    const round = ++this.#round
    const question = randomBytes(QUESTION)
    const proposal = await new Promise<Proposal>(resolve => {
      const one: Proposal = {
        round,
        question,
        wanted: ranges,
        promises: new Map(),
        waiting: new Set(this.#members),
        heard: new Set(),
        busy: false,
        decided: false,
        answered: () => {
          clearTimeout(timer)
          resolve(one)
        },
      }
      const timer = setTimeout(one.answered, PATIENCE)
      this.#proposal = one
      const { fork, send } = this.#parts
      for (const id of this.#members) send(id, { kind: 'asks', round, fork: fork(), ranges, question })
      if (one.waiting.size === 0) one.answered()
    })
    const counts = new Counts([...proposal.promises.values(), ...beside])
    const granted = counts.atLeast(others, proposal.wanted)
    proposal.decided = true
    // What is not granted others may be promised.
    proposal.wanted = granted
    return {
      ranges: granted,
      again: proposal.busy,
      done: () => {
        if (this.#proposal === proposal) this.#proposal = null
      },
    }
  }

  /** Whoever cannot show what they promise is not counted on. */
  async #take(from: string, { round, busy, ranges, answer }: Wish & { kind: 'promises' }): Promise<void> {
    const proposal = this.#proposal
    // It is looked at once: that reads blocks.
    if (proposal?.round !== round || proposal.heard.has(from)) return
    proposal.heard.add(from)
    const { read } = this.#parts
    const known = await answerTo(proposal.question, from, ranges, read).catch(() => null)
    if (proposal.decided || !this.#members.has(from)) return
    if (known?.equals(answer) === true) proposal.promises.set(from, ranges)
    proposal.busy ||= busy
    this.#answered(from)
  }

  /** One at a time, however much it asks: who asks anew has no use for older answers. */
  async #answerAll(from: string): Promise<void> {
    for (let wish = this.#asked.get(from); wish !== undefined; wish = this.#asked.get(from)) {
      await this.#answer(from, wish)
      if (this.#asked.get(from) === wish) this.#asked.delete(from)
    }
  }

  async #answer(from: string, { round, fork, ranges, question }: Wish & { kind: 'asks' }): Promise<void> {
    const { self, read, send } = this.#parts
    const kept = fork === this.#parts.fork() ? await this.#parts.kept().catch(() => []) : []
    if (!this.#members.has(from)) return
    const held = within(kept, ranges)
    const proposal = this.#proposal
    const both = proposal === null ? [] : within(held, proposal.wanted)
    const yields = proposal !== null && !proposal.decided && from < self
    if (both.length > 0 && yields) {
      proposal.wanted = without(proposal.wanted, both)
      proposal.busy = true
    }
    const promise = yields ? held : without(held, both)
    const busy = both.length > 0 && !yields
    const answer = await answerTo(question, self, promise, read).catch(() => null)
    send(from, { kind: 'promises', round, busy, ranges: answer === null ? [] : promise, answer: answer ?? NO_ANSWER })
  }

  #answered(id: string): void {
    const proposal = this.#proposal
    if (proposal === null || !proposal.waiting.delete(id)) return
    if (proposal.waiting.size === 0) proposal.answered()
  }
}
