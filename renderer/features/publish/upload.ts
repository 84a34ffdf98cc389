/**
 * Streams dropped files to the backend: a few bodies at a time, sent again when the connection breaks, and without
 * the files that changed or vanished since the drop. Such a file fails the whole request without saying which it
 * was, so each file of a failed body is tried by reading its first and last byte.
 */
import { AppError, type ErrorCode, type SerializedError } from '../../../preload/contract/errors.ts'
import { composeBody, type OutgoingFile, planBatches } from './framing.ts'

export type LeftOut = { readonly path: string; readonly why: string }

export type Send = (body: Blob, signal: AbortSignal) => Promise<void>

export type UploadOptions = {
  readonly send: Send
  readonly signal: AbortSignal
  /** Called when the connection broke, with the time to the next try. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly tries?: number
}

const IN_FLIGHT = 2
const TRIES = 12
const LONGEST_WAIT_MS = 15_000

/** Returns what was left out. Throws AppError when the backend refuses the upload or stays away; the signal's reason when it aborts. */
export async function upload(
  files: Iterable<OutgoingFile>,
  { send, signal, wait = pause, tries = TRIES }: UploadOptions,
): Promise<readonly LeftOut[]> {
  const leftOut: LeftOut[] = []
  const batches = planBatches(files)
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])

  async function worker(): Promise<void> {
    for (let next = batches.next(); !next.done; next = batches.next()) await deliver(next.value)
  }

  async function deliver(batch: readonly OutgoingFile[]): Promise<void> {
    let rest = batch
    for (let attempt = 1; rest.length > 0; attempt++) {
      either.throwIfAborted()
      try {
        return await send(composeBody(rest), either)
      } catch (error) {
        either.throwIfAborted()
        if (error instanceof AppError) return await refused(rest, error)
        const lost = await unreadable(rest)
        leftOut.push(...lost)
        if (lost.length > 0) {
          const paths = new Set(lost.map(file => file.path))
          rest = rest.filter(file => !paths.has(file.path))
          continue
        }
        if (attempt >= tries)
          throw new AppError('DISCONNECTED', 'The connection to Cairn broke while files were being sent')
        await wait(Math.min(LONGEST_WAIT_MS, 500 * 2 ** (attempt - 1)), either)
      }
    }
  }

  /** Some refusals concern the whole upload; others one file, which is found by halving. */
  async function refused(batch: readonly OutgoingFile[], error: AppError): Promise<void> {
    if (!ABOUT_ONE_FILE.has(error.code)) throw error
    const [first] = batch
    if (batch.length === 1 && first !== undefined) {
      leftOut.push({ path: first.path, why: error.message })
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await deliver(batch.slice(0, middle))
    await deliver(batch.slice(middle))
  }

  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  } catch (error) {
    stop.abort()
    throw error
  }
  return leftOut
}

const ABOUT_ONE_FILE: ReadonlySet<ErrorCode> = new Set(['INVALID_INPUT', 'NOT_A_FILE', 'SOURCE_UNREADABLE'])

async function unreadable(batch: readonly OutgoingFile[]): Promise<readonly LeftOut[]> {
  const found = await Promise.all(batch.map(async file => ((await readable(file)) ? [] : [file])))
  return found.flat().map(({ path }) => ({ path, why: 'it changed or vanished after it was dropped' }))
}

async function readable({ content, size }: OutgoingFile): Promise<boolean> {
  if (size === 0) return true
  try {
    const [first, last] = await Promise.all([
      content.slice(0, 1).arrayBuffer(),
      content.slice(size - 1, size).arrayBuffer(),
    ])
    return first.byteLength === 1 && last.byteLength === 1
  } catch {
    return false
  }
}

/** Posts to the upload route of the page's own origin. */
export function sendOverHttp(uploadId: string): Send {
  return async (body, signal) => {
    const response = await fetch(`/upload/${encodeURIComponent(uploadId)}`, {
      method: 'POST',
      body,
      signal,
      headers: { 'content-type': 'application/octet-stream' },
    })
    if (response.ok) return
    const error = await errorIn(response)
    if (error === null) throw new Error(`The upload was answered with ${response.status}`)
    throw AppError.from(error)
  }
}

async function errorIn(response: Response): Promise<SerializedError | null> {
  try {
    const { error } = (await response.json()) as { readonly error?: SerializedError }
    return error ?? null
  } catch {
    return null
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', stop, { once: true })
  })
}
