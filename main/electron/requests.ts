/**
 * What the system and the menu want of the page. A link may come before the page is there to take it, so what nobody has
 * taken yet waits, up to a bound.
 */
import type { ShellRequest } from '../../preload/contract/index.ts'

const MOST_WAITING = 20

export class Requests {
  readonly #waiting: ShellRequest[] = []
  readonly #watchers = new Set<() => void>()

  /** How many wait for a page. */
  get waiting(): number {
    return this.#waiting.length
  }

  push(request: ShellRequest): void {
    this.#waiting.push(request)
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
    for (const wake of this.#watchers) wake()
  }

  /** Each request is taken once, by whichever page is there. */
  async *watch(signal: AbortSignal): AsyncGenerator<ShellRequest, void, undefined> {
    let wake = () => {}
    const look = () => wake()
    this.#watchers.add(look)
    signal.addEventListener('abort', look)
    try {
      while (!signal.aborted) {
        const request = this.#waiting.shift()
        if (request !== undefined) yield request
        else {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      }
    } finally {
      this.#watchers.delete(look)
    }
  }
}
