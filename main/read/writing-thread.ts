/**
 * What the thread of `writing.ts` does: writes small files whole, with the synchronous calls, which take a tenth of what
 * as many promises take, and would hold the loop if they ran on it.
 *
 * The function is handed to the thread as text, so that it needs no file of its own in the build: it must use nothing
 * from outside of itself but `require`.
 */
import type FileSystem from 'node:fs'
import type Threads from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Numbered } from '../lib/threads.ts'

export type WriteRequest = {
  /** For each file its part and its place, each followed by a zero byte: one string crosses faster than hundreds. */
  readonly paths: string
  /** One after another. */
  readonly contents: Uint8Array
  readonly sizes: Float64Array
  /** In milliseconds. */
  readonly times: Float64Array
  readonly executable: Uint8Array
}
/** What became of a file. `in-the-way`: its part is whole, and something stands where it belongs. */
export const OUTCOME = { written: 0, inTheWay: 1, failed: 2 } as const
export type WriteAnswer = {
  readonly id: number
  readonly outcomes: Uint8Array
  /** By index. */
  readonly errors: Readonly<Record<number, { readonly code: string; readonly message: string }>>
}

export function writingThread(load: NodeJS.Require): void {
  const fs = load('node:fs') as typeof FileSystem
  const port = (load('node:worker_threads') as typeof Threads).parentPort as MessagePort
  const { O_WRONLY, O_CREAT, O_TRUNC } = fs.constants
  /** Windows has no such flag. */
  const { O_NOFOLLOW } = fs.constants as Partial<typeof fs.constants>
  const HOW = O_WRONLY | O_CREAT | O_TRUNC | (O_NOFOLLOW ?? 0)

  const writeOne = (part: string, content: Uint8Array, time: number, executable: boolean): void => {
    const file = fs.openSync(part, HOW, 0o644)
    try {
      for (let written = 0; written < content.byteLength; )
        written += fs.writeSync(file, content, written, content.byteLength - written, written)
      if (executable) fs.fchmodSync(file, 0o755)
      // Aimed at the middle of the microsecond: see `setTime` in download.ts.
      fs.futimesSync(file, (time + 0.0005) / 1000, (time + 0.0005) / 1000)
    } finally {
      fs.closeSync(file)
    }
  }

  port.on('message', ({ id, paths, contents, sizes, times, executable }: Numbered<WriteRequest>) => {
    const names = paths.split('\0')
    const outcomes = new Uint8Array(sizes.length)
    const errors: Record<number, { code: string; message: string }> = {}
    let offset = 0
    for (let index = 0; index < sizes.length; index++) {
      const size = sizes[index] as number
      const part = names[index * 2] as string
      const place = names[index * 2 + 1] as string
      try {
        const content = contents.subarray(offset, offset + size)
        writeOne(part, content, times[index] as number, executable[index] === 1)
        if (fs.lstatSync(place, { throwIfNoEntry: false }) === undefined) fs.renameSync(part, place)
        else outcomes[index] = 1
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        outcomes[index] = 2
        errors[index] = { code: code ?? 'UNKNOWN', message }
      }
      offset += size
    }
    port.postMessage({ id, outcomes, errors }, [outcomes.buffer])
  })
}
