/** Checks a receipt against a file of this machine: its bytes go to the backend in pieces, which keeps none of them. */
import { AppError } from '../../../preload/contract/errors.ts'
import type { Proven } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'

/** Bytes. No receipt that Cairn makes of a file with blocks of one size comes near it. */
const LARGEST_RECEIPT = 4 << 20
/** Bytes that go at a time. */
const PIECE = 768 << 10

/**
 * Tells how many bytes have been checked. Throws RECEIPT_WRONG, SOURCE_UNREADABLE for a file that cannot be read any more, and
 * what `signal` was ended with.
 */
export async function checkReceipt(
  file: File,
  receipt: File,
  signal: AbortSignal,
  told: (bytes: number) => void,
): Promise<Proven> {
  if (receipt.size > LARGEST_RECEIPT)
    throw new AppError('RECEIPT_WRONG', 'This is no receipt: it is much too large.', { what: 'receipt' })
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const written = await base64(receipt, receipt.name)
  let fed = false
  let failure: unknown = null
  const piece = (start: number) => {
    const read = base64(file.slice(start, start + PIECE), file.name)
    // It is said when its turn comes, if that comes.
    read.catch(() => {})
    return read
  }
  const feed = async (check: string) => {
    try {
      // The next piece is read while one is on its way.
      for (let start = 0, next = piece(0); start < file.size && !either.aborted; start += PIECE) {
        const bytes = await next
        next = piece(start + PIECE)
        await backend.proofs.feed({ check, piece: bytes }, { signal: either })
      }
      await backend.proofs.feed({ check, piece: '' }, { signal: either })
    } catch (error) {
      // It has ended already, and says itself why.
      if (error instanceof AppError && error.is('UPLOAD_NOT_FOUND')) return
      failure = error
      stop.abort()
    }
  }
  try {
    return await backend.proofs.check(
      { receipt: written },
      {
        signal: either,
        onProgress: ({ check, bytes }) => {
          told(bytes)
          if (fed) return
          fed = true
          void feed(check)
        },
      },
    )
  } catch (error) {
    throw failure ?? error
  }
}

/** Read by the browser itself, which is quick. A file may have changed or gone since it was chosen. */
function base64(part: Blob, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => {
      const address = String(reader.result)
      resolve(address.slice(address.indexOf(',') + 1))
    })
    reader.addEventListener('error', () => {
      const why = 'It was changed or removed after it was chosen, or may not be read'
      reject(new AppError('SOURCE_UNREADABLE', 'The file cannot be read any more', { path, why }))
    })
    reader.readAsDataURL(part)
  })
}
