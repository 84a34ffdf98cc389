/**
 * How quickly a peer answers, told from how long its answers took: pure arithmetic on a clock in milliseconds.
 *
 * Who was asked for several things answers them one after another, so that an answer that had seven before it took eight
 * turns. From the length of a turn follows what is still to be waited for, and how much may be asked for at once.
 */

/** What the last answer counts for. */
const LEARNS = 0.25
/** A turn of somebody who has not answered yet, as far as it may be hoped for. */
const HOPED = 250
/** An answer is late when it takes so many times as long as it would have. */
const LATE = 1.5
/**
 * No more is asked for at once than is answered in so long, and of somebody who is far away so many times as long as the way
 * takes; and no less than this, so that the next answer begins when the last one has gone. As long as packets take now, they
 * are waited for as well: a way that has become longer would else look like somebody who is slow, and less and less be asked
 * for. Up to so long, since what is asked for makes packets wait, too.
 */
const WITHIN = 250
const TIMES = 3
const LEAST = 2
const FARTHEST = 1000

export class Pace<Request extends object> {
  /** In the order in which they were asked for; `before`: how many were waited for then. */
  readonly #waiting = new Map<Request, { readonly since: number; readonly before: number }>()
  #turn: number | null = null
  #quickest = Number.POSITIVE_INFINITY
  #answers = 0
  #heard = Number.NEGATIVE_INFINITY

  /** What was asked for and has not come, in that order. */
  get waiting(): Iterable<Request> {
    return this.#waiting.keys()
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  /** It has answered, or kept somebody waiting for long. */
  get isKnown(): boolean {
    return this.#turn !== null
  }

  ask(request: Request, now: number): void {
    this.#waiting.set(request, { since: now, before: this.#waiting.size })
  }

  /** It is not waited for any more. That it has not come by now tells something as well. */
  takeBack(request: Request, now: number): void {
    const asked = this.#waiting.get(request)
    if (asked === undefined) return
    this.#waiting.delete(request)
    const turn = (now - asked.since) / (asked.before + 1)
    if (turn > (this.#turn ?? HOPED)) this.#learn(turn)
  }

  answer(request: Request, now: number): void {
    const asked = this.#waiting.get(request)
    if (asked === undefined) return
    this.#waiting.delete(request)
    const took = now - asked.since
    this.#learn(took / (asked.before + 1))
    this.#quickest = Math.min(this.#quickest, took)
    this.#answers++
    this.#heard = now
  }

  /**
   * So many things may be asked for at once. `first`: of somebody who has not answered yet; each answer makes it one more.
   * `way`: there and back for packets, as far as is known. Of a long one the first answers are slow whoever sends them, and so are
   * those after a packet was lost: no less is asked for than what fills the way at `first` in each WITHIN.
   */
  most(first: number, way: number): number {
    if (this.#turn === null) return first
    const far = Math.min(way, FARTHEST)
    const within = WITHIN + Math.max(TIMES * (this.#atLeast - this.#turn), far)
    const least = LEAST + Math.floor((first * far) / WITHIN)
    return Math.max(least, Math.min(first + this.#answers, Math.floor(within / this.#turn)))
  }

  /** How long one answer takes after another, as far as is known: of who is to be relied on. */
  hoped(now: number): number {
    return Math.max(this.#turn ?? HOPED, this.#late(now))
  }

  /** The same of who is waited for: at least as long as nothing has come at all. */
  turn(now: number): number {
    return this.#turn ?? this.#quiet(now)
  }

  /** How long one thing more would take. */
  expected(now: number): number {
    return Math.max(this.#atLeast, this.hoped(now) * (this.#waiting.size + 1))
  }

  /**
   * How long until this comes, which has `before` others before it. `silent`: who is late will be so for as long
   * again; whoever is not sure that answers have been read that are there already must not.
   */
  remaining(request: Request, before: number, now: number, silent: boolean): number {
    const asked = this.#waiting.get(request)
    if (asked === undefined) return 0
    return Math.max(this.#turns(before, now, silent), this.#atLeast - (now - asked.since))
  }

  /** No less than what the last one of them takes. */
  longest(now: number, silent: boolean): number {
    return this.isIdle ? 0 : Math.max(this.#turns(this.#waiting.size - 1, now, silent), this.#atLeast)
  }

  /** What any answer takes, as far as is known. */
  get #atLeast(): number {
    return this.#answers === 0 ? 0 : this.#quickest
  }

  #learn(turn: number): void {
    this.#turn = this.#turn === null ? turn : this.#turn * (1 - LEARNS) + turn * LEARNS
  }

  #turns(before: number, now: number, silent: boolean): number {
    if (this.#turn === null) return this.#quiet(now)
    return Math.max(0, this.#turn - this.#quiet(now), silent ? this.#late(now) : 0) + before * this.#turn
  }

  /** For how long nothing has come of what was asked for. */
  #quiet(now: number): number {
    for (const { since } of this.#waiting.values()) return now - Math.max(since, this.#heard)
    return 0
  }

  #late(now: number): number {
    return Math.max(0, this.#quiet(now) - LATE * Math.max(this.#turn ?? 0, this.#atLeast))
  }
}
