/**
 * What went wrong, for people who look after it: never the content of archives, nor their secrets. It may name archives,
 * folders and machines, so that it stays in the storage folder, which nobody else reads; `diagnostics/` makes what may be sent.
 */
import { pino, type Logger } from 'pino'
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type Log = Logger

/** Bytes of the file that is written to; the one before it, `cairn.log.1`, has at most as many. */
export const LARGEST_LOG = 1_000_000

export const logPath = (storage: string): string => join(storage, 'cairn.log')
/** What was written before that. */
export const earlierLogPath = (storage: string): string => `${logPath(storage)}.1`

export function createLog(storage: string, kind: 'file' | 'stderr' | 'none'): Log {
  if (kind === 'none') return pino({ level: 'silent' })
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    kind === 'stderr' ? pino.destination({ dest: 2, sync: false }) : new BoundedFile(logPath(storage)),
  )
}

/**
 * Lines at the end of a file, which becomes `….1` when it has reached `LARGEST_LOG`. Nothing is there before the first
 * line is. Each is on its way to the disk before the next thing happens, so that what is said before a crash is not lost with
 * it. Never throws: a disk that is full must not end what it is to be told of.
 */
class BoundedFile {
  readonly #path: string
  #file: { readonly descriptor: number; size: number } | null = null

  constructor(path: string) {
    this.#path = path
  }

  write(line: string): void {
    try {
      const bytes = Buffer.from(line)
      this.#file ??= this.#open()
      if (this.#file.size > 0 && this.#file.size + bytes.byteLength > LARGEST_LOG) this.#file = this.#turn(this.#file)
      this.#file.size += writeSync(this.#file.descriptor, bytes)
    } catch {
      // There is nowhere to say it.
    }
  }

  #open(): { readonly descriptor: number; size: number } {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
    const descriptor = openSync(this.#path, 'a', 0o600)
    return { descriptor, size: fstatSync(descriptor).size }
  }

  #turn({ descriptor }: { readonly descriptor: number }) {
    this.#file = null
    closeSync(descriptor)
    renameSync(this.#path, `${this.#path}.1`)
    return this.#open()
  }
}
