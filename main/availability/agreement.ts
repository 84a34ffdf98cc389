/**
 * Several machines that want to give up copies of the same blocks at the same time must not all count on each other. Who
 * wants to asks the others first, and counts on those alone who say that they hold them and are going to.
 *
 * Nobody promises what they want to give up themselves, until they have. Whoever frees a block leaves as many who hold it
 * behind as were asked for, none of whom wanted to free it when they said so; and if one of these does so later, before the
 * first has ended, it needs as many others in its turn, of whom the first is none. Of two who want the same the one with
 * the lower id goes first: the other takes its wish back for now, and promises.
 *
 * Knows no network: words go out through `send`, and come in through `receive`.
 */
import { type Ranges, within, without } from '../lib/ranges.ts'
import { Counts } from './holdings.ts'

/** How long answers are waited for, in milliseconds. Who is slower is not counted on. */
const PATIENCE = 4000

export type Wish =
  /** May blocks of the log with this fork go? `round` tells several wishes of one machine apart. */
  | { readonly kind: 'asks'; readonly round: number; readonly fork: number; readonly ranges: Ranges }
  /** These are here and stay. `busy`: others are here, and may go as well. */
  | { readonly kind: 'promises'; readonly round: number; readonly busy: boolean; readonly ranges: Ranges }

type Proposal = {
  readonly round: number
  wanted: Ranges
  readonly promises: Map<string, Ranges>
  readonly waiting: Set<string>
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

export class Agreement {
  readonly #self: string
  readonly #kept: () => Promise<Ranges>
  readonly #fork: () => number
  readonly #send: (to: string, wish: Wish) => void
  readonly #members = new Set<string>()
  #proposal: Proposal | null = null
  #round = 0

  /** `kept`: what is here and is going to stay, unless it is given up by `propose`. `send` may be in vain. */
  constructor(self: string, kept: () => Promise<Ranges>, fork: () => number, send: (to: string, wish: Wish) => void) {
    this.#self = self
    this.#kept = kept
    this.#fork = fork
    this.#send = send
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
    if (wish.kind === 'asks') void this.#answer(from, wish)
    else if (this.#proposal?.round === wish.round && !this.#proposal.decided) {
      this.#proposal.promises.set(from, wish.ranges)
      this.#proposal.busy ||= wish.busy
      this.#answered(from)
    }
  }

  /**
   * Which of these blocks may go, since at least `others` hold on to them. `beside`: what is held by others who
   * cannot be asked. One at a time.
   */
  async propose(ranges: Ranges, others: number, beside: readonly Ranges[]): Promise<Granted> {
    if (this.#proposal !== null) throw new Error('One proposal at a time')
    const round = ++this.#round
    const proposal = await new Promise<Proposal>(resolve => {
      const one: Proposal = {
        round,
        wanted: ranges,
        promises: new Map(),
        waiting: new Set(this.#members),
        busy: false,
        decided: false,
        answered: () => {
          clearTimeout(timer)
          resolve(one)
        },
      }
      const timer = setTimeout(one.answered, PATIENCE)
      this.#proposal = one
      for (const id of this.#members) this.#send(id, { kind: 'asks', round, fork: this.#fork(), ranges })
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

  async #answer(from: string, { round, fork, ranges }: Wish & { kind: 'asks' }): Promise<void> {
    const kept = fork === this.#fork() ? await this.#kept().catch(() => []) : []
    if (!this.#members.has(from)) return
    const held = within(kept, ranges)
    const proposal = this.#proposal
    const both = proposal === null ? [] : within(held, proposal.wanted)
    const yields = proposal !== null && !proposal.decided && from < this.#self
    if (both.length > 0 && yields) {
      proposal.wanted = without(proposal.wanted, both)
      proposal.busy = true
    }
    const promise = yields ? held : without(held, both)
    this.#send(from, { kind: 'promises', round, busy: both.length > 0 && !yields, ranges: promise })
  }

  #answered(id: string): void {
    const proposal = this.#proposal
    if (proposal === null || !proposal.waiting.delete(id)) return
    if (proposal.waiting.size === 0) proposal.answered()
  }
}
