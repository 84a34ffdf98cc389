/** The built `cairn`, run as a person runs it: in a process of its own, on a storage of its own, on a DHT of our own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'

const PROGRAM = resolve(import.meta.dirname, '../../out/main/cli.js')

export type Ended = {
  readonly code: number | null
  readonly out: string
  readonly error: string
  readonly milliseconds: number
}

export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #out = ''
  #error = ''
  #heard: (() => void)[] = []

  constructor(args: readonly string[], bootstrap: readonly string[], input: string) {
    if (!existsSync(PROGRAM)) throw new Error('Build it first: npm run build')
    if (bootstrap.length === 0) throw new Error('Tests never use the public DHT')
    const started = performance.now()
    const env = { ...process.env, CAIRN_BOOTSTRAP: bootstrap.join(','), CAIRN_STORAGE: '/nonexistent/cairn' }
    this.child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: 'pipe' })
    this.child.stdin?.on('error', () => {})
    this.child.stdin?.end(input)
    this.child.stdout?.on('data', data => this.#hear(() => (this.#out += data)))
    this.child.stderr?.on('data', data => this.#hear(() => (this.#error += data)))
    this.ended = new Promise(done => {
      this.child.on('close', code => {
        done({ code, out: this.#out, error: this.#error, milliseconds: performance.now() - started })
        this.#hear(() => {})
      })
    })
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.ended
    })
  }

  #hear(take: () => void): void {
    take()
    for (const wake of this.#heard.splice(0)) wake()
  }

  /** Waits until what was written to stdout is as wanted, and returns what `wanted` found in it. */
  async until<T>(wanted: (out: string, error: string) => T | null | undefined | false): Promise<T> {
    while (true) {
      const found = wanted(this.#out, this.#error)
      if (found) return found
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`It ended before that:\n${this.#out}\n${this.#error}`)
      await new Promise<void>(done => this.#heard.push(done))
    }
  }

  /** The first line, which for `publish` is the link. */
  firstLine(): Promise<string> {
    return this.until(out => out.includes('\n') && out.slice(0, out.indexOf('\n')))
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    const asked = performance.now()
    this.child.kill(signal)
    const ended = await this.ended
    return { ...ended, milliseconds: performance.now() - asked }
  }
}

/** One machine: a storage, and the commands that are run on it. */
export class Machine {
  readonly storage: string
  readonly #bootstrap: readonly string[]

  private constructor(storage: string, bootstrap: readonly string[]) {
    this.storage = storage
    this.#bootstrap = bootstrap
  }

  static async make(bootstrap: readonly string[]): Promise<Machine> {
    return new Machine(await temporaryFolder('cairn-cli'), bootstrap)
  }

  start(...args: string[]): Running {
    return this.startWith('', ...args)
  }

  startWith(input: string, ...args: string[]): Running {
    return new Running([...args, '--storage', this.storage], this.#bootstrap, input)
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended
  }
}

/** What the tests look at in a line of a `--json` run. */
export type Line = {
  readonly length?: number
  readonly link?: string
  readonly url?: string
  readonly kind?: string
  readonly path?: string
  readonly progress?: { readonly bytes: number; readonly files: number }
  readonly changes?: readonly { readonly path: string }[]
}

/** Every line of a `--json` run. */
export const objects = (text: string): Line[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line)
