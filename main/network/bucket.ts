/**
 * How much may pass, as pure arithmetic: a bucket that fills with time, and a queue that gives everybody a fair turn.
 *
 * How large an answer will be is known only when it is there, so that a bucket may go into debt by one answer: whoever
 * wants something gets it while there is anything in the bucket, and pays what it really was. Over any stretch of time no
 * more passes than the rate allows, plus what the bucket holds, plus one answer.
 */

/** What a full bucket holds, in seconds of its rate: so much may come at once after a pause. */
const HOLDS = 0.1
/**
 * Small things may pass while the bucket is in debt, up to this share of the rate, which is paid off with the rest: a block
 * of 256 KiB at 50 kB/s would keep a list waiting for five seconds.
 */
const EXPRESS = 0.25

export class Bucket {
  /** Bytes per second; Infinity: no limit. */
  #rate: number
  #level: number
  #express: number
  #at: number

  /** `now` in milliseconds, as everywhere here; a clock that steps back stands still. */
  constructor(rate: number, now: number) {
    this.#rate = rate
    this.#level = rate * HOLDS
    this.#express = rate * HOLDS * EXPRESS
    this.#at = now
  }

  get rate(): number {
    return this.#rate
  }

  /** Holds from now on. Debts stay, since they have passed already; they are paid off at the new rate. */
  setRate(rate: number, now: number): void {
    this.#fill(now)
    if (rate === this.#rate) return
    this.#rate = rate
    this.#level = rate === Number.POSITIVE_INFINITY ? rate : Math.min(this.#finite(this.#level), rate * HOLDS)
    this.#express =
      rate === Number.POSITIVE_INFINITY ? rate : Math.min(this.#finite(this.#express), rate * HOLDS * EXPRESS)
  }

  /** Whether anything may pass now. `small`: of a kind that does not wait behind what is large. */
  open(now: number, small = false): boolean {
    this.#fill(now)
    return this.#level > 0 || (small && this.#express > 0)
  }

  /** So many bytes pass, or will. Negative: some of them did not. */
  pay(bytes: number, now: number, small = false): void {
    this.#fill(now)
    this.#level = Math.min(this.#level - bytes, this.#rate * HOLDS)
    if (small) this.#express = Math.min(this.#express - bytes, this.#rate * HOLDS * EXPRESS)
  }

  /** Milliseconds until it is open, if nothing is paid meanwhile; 0: now. */
  wait(now: number, small = false): number {
    if (this.open(now, small)) return 0
    const seconds = -this.#level / this.#rate
    const sooner = small ? -this.#express / (this.#rate * EXPRESS) : seconds
    // At the moment when it is empty it is not open yet.
    return Math.min(seconds, sooner) * 1000 + 1
  }

  #fill(now: number): void {
    const seconds = Math.max(0, now - this.#at) / 1000
    this.#at = Math.max(this.#at, now)
    if (this.#rate === Number.POSITIVE_INFINITY) return
    this.#level = Math.min(this.#level + seconds * this.#rate, this.#rate * HOLDS)
    this.#express = Math.min(this.#express + seconds * this.#rate * EXPRESS, this.#rate * HOLDS * EXPRESS)
  }

  /** What was unlimited begins with a full bucket. */
  #finite(level: number): number {
    return level === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : level
  }
}

/** Somebody who waits: for a turn of their own, and within a group that gets as many as every other group. */
export type Waiter = {
  readonly group: object
  /** Whoever has a lower one goes first, whatever they have had before: of all, or of its group. */
  readonly rank: () => number
  /** Whether it could go now: otherwise it is passed over, and not forgotten. */
  readonly ready: () => boolean
}

/**
 * Turns by what everybody has had: the group that has had least, and in it the one that has. Whoever comes anew, or after a
 * pause, begins where those who wait are, so that nobody saves turns up.
 */
export class FairQueue<Member extends Waiter> {
  readonly #ranks: 'of all' | 'of its group'
  readonly #waiting = new Map<object, Set<Member>>()
  readonly #had = new WeakMap<object, number>()
  /** What the one that went last had had by then: of groups together, and within each. */
  #base = 0
  readonly #bases = new WeakMap<object, number>()

  /** Where members say themselves how urgent they are, ranks are of a group: a group gains nothing by them. */
  constructor(ranks: 'of all' | 'of its group') {
    this.#ranks = ranks
  }

  get size(): number {
    let size = 0
    for (const members of this.#waiting.values()) size += members.size
    return size
  }

  has(member: Member): boolean {
    return this.#waiting.get(member.group)?.has(member) === true
  }

  add(member: Member): void {
    const { group } = member
    const members = this.#waiting.get(group)
    if (members?.has(member)) return
    if (members === undefined) {
      this.#had.set(group, Math.max(this.#had.get(group) ?? 0, this.#base))
      this.#waiting.set(group, new Set([member]))
    } else members.add(member)
    this.#had.set(member, Math.max(this.#had.get(member) ?? 0, this.#bases.get(group) ?? 0))
  }

  delete(member: Member): void {
    const members = this.#waiting.get(member.group)
    members?.delete(member)
    if (members?.size === 0) this.#waiting.delete(member.group)
  }

  *[Symbol.iterator](): Generator<Member> {
    for (const members of this.#waiting.values()) yield* members
  }

  /** Whose turn it is; it stays in the queue. null: nobody is ready. */
  next(): Member | null {
    let best: { readonly member: Member; readonly order: readonly number[] } | null = null
    for (const [group, members] of this.#waiting)
      for (const member of members) {
        if (!member.ready()) continue
        const [rank, ofGroup] = [member.rank(), this.#had.get(group) ?? 0]
        const own = this.#had.get(member) ?? 0
        const order = this.#ranks === 'of all' ? [rank, ofGroup, own] : [ofGroup, rank, own]
        if (best === null || isBefore(order, best.order)) best = { member, order }
      }
    return best?.member ?? null
  }

  /** It has had so much more (or, negative, less). */
  charge(member: Member, bytes: number): void {
    const { group } = member
    const ofGroup = this.#had.get(group) ?? 0
    const own = this.#had.get(member) ?? 0
    if (bytes > 0) {
      this.#base = Math.max(this.#base, ofGroup)
      this.#bases.set(group, Math.max(this.#bases.get(group) ?? 0, own))
    }
    this.#had.set(group, ofGroup + bytes)
    this.#had.set(member, own + bytes)
  }
}

/** By the first numbers that differ. */
function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const place = one.findIndex((value, index) => value !== other[index])
  return place !== -1 && one[place]! < other[place]!
}
