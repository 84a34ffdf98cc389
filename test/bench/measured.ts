/** A process of its own for each thing that is measured, so that its memory and the delay of its loop are its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'

/** Delays in milliseconds, with the 5 ms between two samples in them; `rss` is the peak, in bytes. */
export type Figures = { readonly p99: number; readonly max: number; readonly rss: number }

type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string }
type Asked = { readonly done: (result: unknown) => void; readonly fail: (error: Error) => void }

/** What is slower than this has failed. */
const PATIENCE = 15 * 60_000
const MONITOR = new URL('monitor.mjs', import.meta.url).href

/** Milliseconds on a clock that all processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

export class MeasuredProcess {
  readonly process: ChildProcess
  readonly exited: Promise<void>
  readonly #file: string
  readonly #name: string
  readonly #asked = new Map<number, Asked>()
  readonly #told: (message: unknown) => void
  #lastId = 0
  #taken = 0
  #said = ''

  private constructor(
    script: string,
    args: readonly string[],
    file: string,
    told: (message: unknown) => void,
    within: string | null,
  ) {
    this.#file = file
    this.#name = script
    this.#told = told
    const command = [process.execPath, '--import', MONITOR, script, ...args]
    const [program, ...rest] = within === null ? command : ['ip', 'netns', 'exec', within, ...command]
    this.process = spawn(program!, rest, {
      env: { ...process.env, BENCH_FIGURES: file },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const hear = (chunk: unknown) => {
      this.#said = `${this.#said}${String(chunk)}`.slice(-4000)
    }
    this.process.stdout?.on('data', hear)
    this.process.stderr?.on('data', hear)
    this.process.on('message', message => this.#heard(message as Answer))
    this.exited = new Promise(resolve =>
      this.process.once('close', () => {
        for (const { fail } of this.#asked.values()) fail(this.#ended())
        this.#asked.clear()
        resolve()
      }),
    )
  }

  /** `told` gets what it says unasked. `within`: a network namespace. It is killed when the test ends. */
  static async start(
    script: string,
    args: readonly string[] = [],
    told: (message: unknown) => void = () => {},
    within: string | null = null,
  ): Promise<MeasuredProcess> {
    const file = join(await temporaryFolder('bench-figures'), 'figures')
    const measured = new MeasuredProcess(script, args, file, told, within)
    onTestFinished(() => measured.end('SIGKILL'))
    return measured
  }

  /** Of the time since they were last asked for. */
  async figures(): Promise<Figures> {
    this.#taken++
    this.process.kill('SIGUSR2')
    while (true) {
      if (existsSync(this.#file)) {
        const figures = JSON.parse(readFileSync(this.#file, 'utf8')) as Figures & { readonly taken: number }
        if (figures.taken === this.#taken) return figures
      }
      this.throwIfEnded()
      await sleep(5)
    }
  }

  /** Of those that answer (answer.mjs). */
  ask<T>(what: string, input: unknown = {}, milliseconds = PATIENCE): Promise<T> {
    this.throwIfEnded()
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#lastId
      const late = setTimeout(() => reject(new Error(`${this.#name} has not answered to "${what}"`)), milliseconds)
      const done = (result: unknown) => {
        clearTimeout(late)
        resolve(result as T)
      }
      const fail = (error: Error) => {
        clearTimeout(late)
        reject(error)
      }
      this.#asked.set(id, { done, fail })
      this.process.send({ id, what, input })
    })
  }

  throwIfEnded(): void {
    if (this.process.exitCode !== null || this.process.signalCode !== null) throw this.#ended()
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.process.kill(signal)
    await this.exited
  }

  #heard(message: Answer): void {
    const asked = this.#asked.get(message.id)
    if (asked === undefined) return this.#told(message)
    this.#asked.delete(message.id)
    if (message.error === undefined) asked.done(message.result)
    else asked.fail(new Error(message.error))
  }

  #ended(): Error {
    return new Error(`${this.#name} ended (${this.process.exitCode ?? this.process.signalCode}): ${this.#said}`)
  }
}
