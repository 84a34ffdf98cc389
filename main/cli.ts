#!/usr/bin/env node
/** The `cairn` command: hands the process to `run`, and ends it within two seconds of being told to. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import packageFile from '../package.json' with { type: 'json' }
import { Output } from './cli/output.ts'
import { run } from './cli/run.ts'
import { openSession } from './cli/session.ts'

const CLOSING = 1950

/** There `process.stdin` is always at its end, and standard output begins with an empty line. */
const isElectronForWindows = process.platform === 'win32' && process.versions['electron'] !== undefined

const stop = new AbortController()
const end = () => {
  if (stop.signal.aborted) process.exit(130)
  stop.abort()
  setTimeout(() => process.exit(130), CLOSING).unref()
}
/** Asked once, before Ctrl-C ends what is going on. */
let stays: ((canStay: boolean) => Promise<boolean>) | null = null
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    const ask = signal === 'SIGINT' ? stays : null
    stays = null
    if (ask === null) return end()
    void ask(process.stdin.isTTY === true && process.stderr.isTTY === true).then(stay => stay || end(), end)
  })
}

// A bug is said in words and with an exit code, as everything else is.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, error => {
    const output = new Output(process.argv.includes('--json'), process.stdout, process.stderr)
    process.exit(output.failure(error))
  })
}

// A reader that has seen enough (`cairn ls … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

/** One line from the terminal, which itself stays as it is, so that Ctrl-C ends the question as it ends anything. */
function ask(question: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    lines.on('close', () => resolve(null))
    lines.question(question, answer => {
      resolve(answer)
      lines.close()
    })
  })
}
const isAnswered = process.stdin.isTTY === true && process.stderr.isTTY === true && !isElectronForWindows

const code = await run({
  args: process.argv.slice(2),
  environment: process.env,
  version: packageFile.version,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => text(isElectronForWindows ? createReadStream('', { fd: 0, autoClose: false }) : process.stdin),
  ...(isAnswered ? { ask } : {}),
  writeOut: bytes =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, error => (error ? reject(error) : resolve()))
    }),
  stdoutHoldsMore: isElectronForWindows,
  signal: stop.signal,
  beforeStopping: ask => {
    stays = ask
  },
  openSession,
  serve: async (...rest) => (await import('./cli/serve.ts')).serve(...rest),
})
// Not process.exit at once: what was written to a pipe must get through.
process.exitCode = code
await Promise.all(
  [process.stdout, process.stderr].map(stream => new Promise<void>(done => stream.write('', () => done()))),
)
process.exit(code)
