/**
 * Receipts that a client holds beside a file: the file comes in pieces, and is hashed as it comes. Nothing of it is stored, and
 * no more of it is in memory than the block that is being hashed. A receipt that is wrong by itself is refused before a piece
 * of the file is asked for.
 */
import { randomUUID } from 'node:crypto'
import { AppError } from '../../preload/contract/errors.ts'
import type { Proven } from '../../preload/contract/models.ts'
import { type FileReader, linkOf, parseReceipt, verify } from './receipt.ts'

export class Checks {
  readonly #waiting = new Map<string, WritableStreamDefaultWriter<Uint8Array>>()

  /**
   * Calls `told` with the name under which the pieces come, and with how many bytes of them were read, each time that this
   * is more. Throws RECEIPT_WRONG, and what `signal` was ended with.
   */
  async check(
    receipt: Uint8Array,
    signal: AbortSignal,
    told: (progress: { readonly check: string; readonly bytes: number }) => void,
  ): Promise<Proven> {
    const parsed = parseReceipt(receipt)
    const check = randomUUID()
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const reader = readable.getReader()
    // One who waits for the next piece waits no longer.
    const stop = () => void reader.cancel(signal.reason)
    signal.addEventListener('abort', stop)
    this.#waiting.set(check, writable.getWriter())
    const read = exactly(reader, bytes => told({ check, bytes }))
    let asked = false
    try {
      const statement = await verify(parsed, size => {
        if (!asked) told({ check, bytes: 0 })
        asked = true
        return read(size)
      })
      signal.throwIfAborted()
      return { ...statement, link: linkOf(statement) }
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      this.#waiting.delete(check)
      await reader.cancel()
    }
  }

  /** The next piece, in order; an empty one says that the file has ended. Resolves when the one after it may come. */
  async feed(check: string, piece: Uint8Array): Promise<void> {
    const writer = this.#waiting.get(check)
    if (writer === undefined) throw ended(check)
    await (piece.byteLength === 0 ? writer.close() : writer.write(piece)).catch(() => {
      throw ended(check)
    })
  }
}

const ended = (id: string) => new AppError('UPLOAD_NOT_FOUND', 'This is not being checked any more.', { id })

/** What it returns holds until the next call. */
function exactly(source: ReadableStreamDefaultReader<Uint8Array>, took: (bytes: number) => void): FileReader {
  let buffer = Buffer.alloc(0)
  let rest: Uint8Array = new Uint8Array()
  let all = 0
  return async size => {
    if (buffer.byteLength < size) buffer = Buffer.allocUnsafe(size)
    let filled = 0
    while (filled < size) {
      if (rest.byteLength === 0) {
        const { value, done } = await source.read()
        if (done) break
        rest = value
        took((all += value.byteLength))
      }
      const taken = rest.subarray(0, size - filled)
      buffer.set(taken, filled)
      filled += taken.byteLength
      rest = rest.subarray(taken.byteLength)
    }
    return buffer.subarray(0, filled)
  }
}
