/** Bytes per second over the last few seconds, from counts that only grow. */
const WINDOW = 5000

export class Rate {
  readonly #samples: { readonly at: number; readonly total: number }[] = []

  /** Tells the count at this moment; returns bytes per second. Time must not go backwards: use `performance.now()`. */
  sample(total: number, at: number = performance.now()): number {
    this.#samples.push({ at, total })
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > WINDOW) this.#samples.shift()
    const first = this.#samples[0]!
    return at - first.at < 50 ? 0 : Math.max(0, ((total - first.total) / (at - first.at)) * 1000)
  }
}
