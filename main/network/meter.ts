/** What passes in both directions: how much in all, and in each of the last seconds. Pure but for the clock that it is given. */

/** Seconds that are remembered. */
export const REMEMBERED = 60
/** Seconds over which a rate is taken: long enough not to jump with single blocks. */
const OVER = 3

export type Direction = 'down' | 'up'

export class Meter {
  readonly bytes = { down: 0, up: 0 }
  readonly blocks = { down: 0, up: 0 }
  /** By second, in a ring; made when something passes for the first time. */
  #seconds: { readonly down: number[]; readonly up: number[] } | null = null
  /** The second that the ring has been brought to. */
  #at = 0

  /** A block of so many bytes has passed. `now` in milliseconds of a clock that does not go back. */
  add(direction: Direction, bytes: number, now: number): void {
    this.bytes[direction] += bytes
    this.blocks[direction]++
    this.#seconds ??= { down: empty(), up: empty() }
    this.#reach(now)
    this.#seconds[direction][this.#at % (REMEMBERED + 1)]! += bytes
  }

  /** Bytes in each of the last whole seconds, the latest last; empty: nothing has passed in them. */
  history(direction: Direction, now: number): readonly number[] {
    const ring = this.#seconds?.[direction]
    if (ring === undefined) return []
    this.#reach(now)
    const list = Array.from(
      { length: REMEMBERED },
      (_, index) => ring[(this.#at + 1 + index) % (REMEMBERED + 1)] as number,
    )
    return list.some(bytes => bytes > 0) ? list : []
  }

  /** Bytes per second, of late. */
  rate(direction: Direction, now: number): number {
    const last = this.history(direction, now).slice(-OVER)
    return Math.round(last.reduce((sum, bytes) => sum + bytes, 0) / OVER)
  }

  #reach(now: number): void {
    const second = Math.floor(now / 1000)
    const ring = this.#seconds!
    // After a long silence all of them are empty.
    const from = Math.max(this.#at + 1, second - REMEMBERED)
    for (let passed = from; passed <= second; passed++)
      for (const seconds of [ring.down, ring.up]) seconds[passed % (REMEMBERED + 1)] = 0
    this.#at = Math.max(this.#at, second)
  }
}

const empty = (): number[] => Array.from({ length: REMEMBERED + 1 }, () => 0)
