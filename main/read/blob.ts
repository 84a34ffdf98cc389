/** The bytes of one file, in order, fetched as they are read. Leaving the loop, or the signal, stops the fetching. */
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import { type ArchiveFile, PATIENCE } from './entries.ts'

/**
 * `start` and `length` in bytes within the file. `patience`: milliseconds to wait for a block before NOT_AVAILABLE is
 * thrown; null waits for ever. Throws NOT_AVAILABLE as well if the file does not have as many bytes as its entry says.
 */
export async function* readBlob(
  drive: Hyperdrive,
  file: ArchiveFile,
  range: { readonly start: number; readonly length: number },
  signal: AbortSignal,
  patience: number | null = PATIENCE,
): AsyncGenerator<Buffer> {
  if (file.blob === null || range.length === 0) return
  const blobs = await drive.getBlobs()
  const missing = () =>
    new AppError('NOT_AVAILABLE', 'Nobody who is connected has this part of the file.', { key: '', path: file.path })
  const { blockOffset, blockLength } = file.blob
  if (blockOffset + blockLength > blobs.core.length) throw missing()
  signal.throwIfAborted()
  const stream = blobs.createReadStream(file.blob, { ...range, ...(patience === null ? {} : { timeout: patience }) })
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop)
  let read = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.byteLength
      yield chunk
    }
  } catch (error) {
    signal.throwIfAborted()
    const { code } = error as { code?: string }
    if (code === 'REQUEST_TIMEOUT' || code === 'BLOCK_NOT_AVAILABLE') throw missing()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
  signal.throwIfAborted()
  if (read !== range.length) throw missing()
}
