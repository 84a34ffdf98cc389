/** What `cairn.log` tells of errors, as far as it may be sent to others: an allow-list of what a line can hold. Pure. */
import type { Redaction } from './redaction.ts'

export type LoggedError = {
  /** ISO 8601, in UTC. */
  readonly time: string | null
  readonly level: 'warning' | 'error'
  readonly said: string
  readonly incident: string | null
  /** The procedure of the contract that failed. */
  readonly call: string | null
  readonly archive: string | null
  readonly peer: string | null
  readonly error: {
    readonly type: string | null
    readonly code: string | null
    readonly systemCall: string | null
    readonly message: string
    /** The innermost first. */
    readonly at: readonly string[]
  } | null
}

/** pino's. */
const WARNING = 40
const ERROR = 50
const FRAMES = 12

/** What can be in a line without having been named by anybody here. */
export type Known = {
  /** All that can be called. */
  readonly procedures: ReadonlySet<string>
  /** That come with this program. */
  readonly packages: ReadonlySet<string>
}

/** null: it is no line of a warning or an error. */
export function readLine(line: string, redaction: Redaction, known: Known): LoggedError | null {
  const entry = parsed(line)
  if (entry === null || typeof entry['level'] !== 'number' || entry['level'] < WARNING) return null
  const { time, level, msg, incident, path, key, peer, err } = entry
  return {
    time: timeOf(time),
    level: level < ERROR ? 'warning' : 'error',
    said: typeof msg === 'string' ? redaction.text(msg) : '',
    incident: redaction.word(incident, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    call: typeof path === 'string' && known.procedures.has(path) ? path : null,
    archive: typeof key === 'string' ? redaction.archive(key) : null,
    peer: typeof peer === 'string' ? redaction.peer(peer) : null,
    error: typeof err === 'object' && err !== null ? readError(err as Record<string, unknown>, redaction, known) : null,
  }
}

function readError(
  { type, code, syscall, message, stack }: Record<string, unknown>,
  redaction: Redaction,
  { packages }: Known,
): LoggedError['error'] {
  return {
    type: redaction.word(type, /^(?:[A-Z][a-zA-Z]{0,30}Error|Error)$/),
    code: redaction.word(code, /^[A-Z][A-Z0-9_]{1,40}$/),
    systemCall: redaction.word(syscall, /^[a-z]{1,20}$/),
    message: typeof message === 'string' ? redaction.text(message) : '',
    at: typeof stack === 'string' ? frames(stack, redaction, packages) : [],
  }
}

function frames(stack: string, redaction: Redaction, packages: Known['packages']): readonly string[] {
  const found: string[] = []
  for (const line of stack.split('\n')) {
    const frame = /^\s+at (?:(.{1,200}?) \()?(\S.{0,1000}?):(\d{1,7}):(\d{1,7})\)?$/.exec(line)
    if (frame === null) continue
    const [, called, file = '', row, column] = frame
    const name = redaction.word(
      called,
      /^(?:async |new )?[A-Za-z_$#][\w$#]{0,30}(?:\.[A-Za-z_$#<][\w$#<>]{0,30}){0,3}$/,
    )
    found.push(`${name ?? '…'} (${place(file, redaction, packages)}:${row}:${column})`)
    if (found.length === FRAMES) break
  }
  return found
}

/** Of our own files and of packages what they are called, and never where they lie. */
function place(file: string, redaction: Redaction, packages: Known['packages']): string {
  const path = file.replace(/^file:\/\//, '').replaceAll('\\', '/')
  const own = /\/out\/main\/(?:chunks\/)?([a-z][\w-]{0,40}\.js)$/i.exec(path)?.[1]
  if (own !== undefined) return redaction.word(own, /./) ?? '…'
  if (/^node:[a-z/_]{1,60}$/.test(path)) return path
  const [, name, below] =
    /\/node_modules\/((?:@[a-z0-9.-]{1,30}\/)?[a-z0-9._-]{1,40})\/(?:[^/]{1,60}\/){0,6}([\w.-]{1,40}\.[cm]?js)$/.exec(
      path,
    ) ?? []
  if (name === undefined || below === undefined || !packages.has(name)) return '…'
  return redaction.word(`${name}/${below}`, /./) ?? '…'
}

function timeOf(time: unknown): string | null {
  const at = typeof time === 'string' || typeof time === 'number' ? new Date(time) : null
  return at === null || Number.isNaN(at.getTime()) ? null : at.toISOString()
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
