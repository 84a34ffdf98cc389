/** The built CLI as a process of its own, which can be killed; that of the packed app where the tests run with one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { packedProgram } from './packed.ts'

const packed = packedProgram()
const CLI =
  packed === null ? new URL('../../out/main/cli.js', import.meta.url).pathname : join(packed, 'out/main/cli.js')

export type Program = {
  readonly process: ChildProcess
  /** Waits for a line of stdout, as JSON, that is as wanted. */
  line<T>(wanted: (line: Record<string, unknown>) => T | null | undefined, milliseconds?: number): Promise<T>
  readonly exited: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
  kill(signal: NodeJS.Signals): Promise<void>
}

export const cairn = (...given: readonly string[]): Program => start(process.execPath, [], given)

/** Root may read everything; this one may not, as nobody else may who runs Cairn. */
export const cairnWithoutPrivileges = (...given: readonly string[]): Program =>
  start('setpriv', ['--bounding-set=-dac_override,-dac_read_search', process.execPath], given)

function start(command: string, before: readonly string[], given: readonly string[]): Program {
  if (!existsSync(CLI)) throw new Error('The CLI is not built: npm run build')
  if (!given.includes('--bootstrap')) throw new Error('Tests never use the public DHT')
  const child = spawn(command, [...before, CLI, ...given, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  let stdout = ''
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', line => {
    stdout += `${line}\n`
    lines.push(JSON.parse(line) as Record<string, unknown>)
    for (const wake of waiting) wake()
  })
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  const exited = new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve =>
    child.once('close', code => {
      resolve({ code, stdout, stderr })
      for (const wake of waiting) wake()
    }),
  )
  const program: Program = {
    process: child,
    exited,
    async line(wanted, milliseconds = 60_000) {
      const end = Date.now() + milliseconds
      let seen = 0
      while (true) {
        for (; seen < lines.length; seen++) {
          const found = wanted(lines[seen]!)
          if (found !== null && found !== undefined) return found
        }
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended before that: ${stderr}`)
        if (Date.now() > end) throw new Error(`Not in time; last ${stdout.split('\n').at(-2)}; ${stderr}`)
        await new Promise<void>(resolve => {
          const timer = setTimeout(done, end - Date.now())
          function done() {
            clearTimeout(timer)
            waiting.delete(done)
            resolve()
          }
          waiting.add(done)
        })
      }
    },
    async kill(signal) {
      child.kill(signal)
      await exited
    },
  }
  onTestFinished(() => void child.kill('SIGKILL'))
  return program
}

type Progress = {
  readonly files: number
  readonly ofFiles: number | null
  readonly bytes: number
  readonly ofBytes: number | null
}

/** Of a line that tells of progress; null for others. */
export const progressOf = (line: Record<string, unknown>): Progress | null =>
  (line['progress'] as Progress | undefined) ?? null
export const linkOf = (line: Record<string, unknown>): string | null =>
  typeof line['link'] === 'string' ? line['link'] : null
