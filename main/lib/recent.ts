/** A map that holds so many and no more: of more, those that were set longest ago are forgotten. */
export class Recent<Key, Value> {
  readonly #most: number
  /** In the order in which they were set. */
  readonly #values = new Map<Key, Value>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#values.size
  }

  has(key: Key): boolean {
    return this.#values.has(key)
  }

  get(key: Key): Value | undefined {
    return this.#values.get(key)
  }

  set(key: Key, value: Value): void {
    this.#values.delete(key)
    this.#values.set(key, value)
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#most) break
      this.#values.delete(oldest)
    }
  }

  delete(key: Key): void {
    this.#values.delete(key)
  }
}
