/** Writes many small files on a thread of its own, each whole under its name or not at all. */
import { Threads } from '../lib/threads.ts'
import { OUTCOME, type WriteAnswer, type WriteRequest, writingThread } from './writing-thread.ts'

export type SmallFile = {
  /** Where it grows, and where it belongs, in a folder that is there. */
  readonly part: string
  readonly local: string
  readonly content: readonly Buffer[]
  readonly size: number
  readonly modified: number
  readonly executable: boolean
}
export type Outcome =
  | { readonly name: 'written' }
  /** The part is whole, and something stands where it belongs. */
  | { readonly name: 'in-the-way' }
  | { readonly name: 'failed'; readonly error: NodeJS.ErrnoException }

const threads = new Threads<WriteRequest, WriteAnswer>(writingThread, 1)

/** In order. Throws only when there is no thread to write them. */
export async function writeSmallFiles(files: readonly SmallFile[]): Promise<readonly Outcome[]> {
  const request = requestOf(files)
  const { contents, sizes, times, executable } = request
  const handed = [contents, sizes, times, executable].map(({ buffer }) => buffer as ArrayBuffer)
  const { outcomes, errors } = await threads.ask(request, handed)
  return files.map((_, index) => {
    const error = errors[index]
    if (error !== undefined) return { name: 'failed', error: Object.assign(new Error(error.message), error) }
    return { name: outcomes[index] === OUTCOME.inTheWay ? 'in-the-way' : 'written' }
  })
}

function requestOf(files: readonly SmallFile[]): WriteRequest {
  const contents = new Uint8Array(files.reduce((sum, { size }) => sum + size, 0))
  let offset = 0
  for (const { content } of files)
    for (const chunk of content) {
      contents.set(chunk, offset)
      offset += chunk.byteLength
    }
  return {
    paths: files.map(({ part, local }) => `${part}\0${local}\0`).join(''),
    contents,
    sizes: Float64Array.from(files, ({ size }) => size),
    times: Float64Array.from(files, ({ modified }) => modified),
    executable: Uint8Array.from(files, ({ executable }) => (executable ? 1 : 0)),
  }
}
