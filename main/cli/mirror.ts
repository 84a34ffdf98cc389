/** A copy of a watched collection that can be waited on: the CLI's counterpart of the page's stores. */
import { AppError } from '../../preload/contract/errors.ts'
import type { Change } from '../../preload/contract/models.ts'

/** Timers count in 31 bits of milliseconds. */
const LONGEST = 60_000

export class Mirror<T extends { readonly id: string }> {
  readonly rows = new Map<string, T>()
  #waiting: (() => void)[] = []
  #ended: AppError | null = null
  #filled = false

  /** Follows the stream until it ends; whoever opened the stream ends it with its signal. */
  constructor(stream: AsyncIterable<readonly Change<T>[]>) {
    void this.#follow(stream)
  }

  async #follow(stream: AsyncIterable<readonly Change<T>[]>): Promise<void> {
    try {
      for await (const batch of stream) {
        for (const change of batch) {
          if (change.op === 'reset') this.rows.clear()
          else if (change.op === 'put') this.rows.set(change.item.id, change.item)
          else this.rows.delete(change.id)
        }
        this.#filled = true
        this.#wake()
      }
      this.#ended = new AppError('DISCONNECTED', 'The backend went away')
    } catch (error) {
      this.#ended = error instanceof AppError ? error : new AppError('DISCONNECTED', 'The backend went away')
    }
    this.#wake()
  }

  /** All rows, once they have come. */
  async all(): Promise<ReadonlyMap<string, T>> {
    while (!this.#filled) await this.change()
    return this.rows
  }

  /** The next change, or `limit` milliseconds without one. Throws what ended the stream. */
  async change(limit?: number): Promise<void> {
    if (this.#ended) throw this.#ended
    await new Promise<void>(done => {
      this.#waiting.push(done)
      if (limit !== undefined) setTimeout(done, Math.min(limit, LONGEST))
    })
    if (this.#ended) throw this.#ended
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
