/**
 * Where the CLI writes. Results go to stdout, everything that is said on the way to stderr; with `--json` stdout has one
 * object per line and stderr nothing but objects either, so that both can be read by a program.
 */
import { failureOf } from './failure.ts'
import { printable } from './words.ts'

export type Sink = { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }

/** Without a terminal a line of progress is written now and then, in milliseconds. */
const NOW_AND_THEN = 5000

export class Output {
  readonly json: boolean
  readonly #out: Sink
  readonly #error: Sink
  #line = ''
  #lastProgress = -Infinity

  constructor(json: boolean, out: Sink, error: Sink) {
    this.json = json
    this.#out = out
    this.#error = error
  }

  /** A result: the text for people, the object for programs. */
  result(text: string, object: unknown): void {
    this.#clear()
    this.#out.write(`${this.json ? JSON.stringify(object) : text}\n`)
  }

  /** Said on the way, once. */
  note(text: string): void {
    this.#clear()
    this.#error.write(`${this.json ? JSON.stringify({ note: text }) : text}\n`)
  }

  /** One line that is written over, where there is a terminal. null: nothing that a program waits for. */
  progress(text: string, object: unknown): void {
    if (this.json) {
      if (object !== null) this.#out.write(`${JSON.stringify(object)}\n`)
      return
    }
    const safe = printable(text)
    if (this.#error.isTTY) {
      const fits = safe.slice(0, (this.#error.columns ?? 80) - 1)
      if (fits !== this.#line) this.#error.write(`\r\x1b[K${fits}`)
      this.#line = fits
    } else if (performance.now() - this.#lastProgress > NOW_AND_THEN) {
      this.#lastProgress = performance.now()
      this.#error.write(`${safe}\n`)
    }
  }

  failure(error: unknown): number {
    this.#clear()
    const { code, message, data, exit } = failureOf(error)
    this.#error.write(
      this.json
        ? `${JSON.stringify({ error: { code, message, data } })}\n`
        : `cairn: ${message.split('\n').map(printable).join('\n')}\n`,
    )
    return exit
  }

  #clear(): void {
    if (this.#line !== '') this.#error.write('\r\x1b[K')
    this.#line = ''
  }
}
