/** What went wrong, for people who look after it. Never content, links or tokens. */
import { pino, type Logger } from 'pino'
import { join } from 'node:path'

export type Log = Logger

export function createLog(storage: string, kind: 'file' | 'stderr' | 'none'): Log {
  if (kind === 'none') return pino({ level: 'silent' })
  const destination = kind === 'stderr' ? 2 : join(storage, 'cairn.log')
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: destination, sync: false, mkdir: true }),
  )
}
