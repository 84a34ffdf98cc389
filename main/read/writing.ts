/** Writes many small files on a thread of its own, each whole under its name or not at all. */
import { Worker } from 'node:worker_threads'
import { OUTCOME, type WriteAnswer, type WriteRequest, writingThread } from './writing-thread.ts'

const IDLE = 5000
/** What the thread makes is short-lived: room for more of it would only be held, in MiB. */
const YOUNG = 8

export type SmallFile = {
  /** Where it grows, and where it belongs, in a folder that is there. */
  readonly part: string
  readonly local: string
  readonly content: readonly Buffer[]
  readonly size: number
  /** null: as the disk says. */
  readonly modified: number | null
  readonly executable: boolean
}
export type Outcome =
  | { readonly name: 'written'; readonly modified: number }
  /** The part is whole, and something stands where it belongs. */
  | { readonly name: 'in-the-way'; readonly modified: number }
  | { readonly name: 'failed'; readonly error: NodeJS.ErrnoException }

type Waiting = { readonly resolve: (answer: WriteAnswer) => void; readonly reject: (error: unknown) => void }

class Thread {
  readonly #worker = new Worker(`(${writingThread.toString()})(require)`, {
    eval: true,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
  })
  readonly #waiting = new Map<number, Waiting>()
  #gone = false

  constructor() {
    this.#worker.on('message', (answer: WriteAnswer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (this.#waiting.size === 0) this.#worker.unref()
      waiting?.resolve(answer)
    })
    const gone = (error: unknown) => {
      this.#gone = true
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    }
    this.#worker.on('error', gone)
    this.#worker.on('exit', () => gone(new Error('The thread that writes files has ended.')))
    this.#worker.unref()
  }

  get gone(): boolean {
    return this.#gone
  }

  get idle(): boolean {
    return this.#waiting.size === 0
  }

  ask(request: WriteRequest): Promise<WriteAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(request.id, { resolve, reject })
      const { contents, sizes, times, executable } = request
      const buffers = [contents, sizes, times, executable].map(({ buffer }) => buffer as ArrayBuffer)
      this.#worker.postMessage(request, buffers)
    })
  }

  end(): void {
    void this.#worker.terminate()
  }
}

let thread: Thread | null = null
let asked = 0
let idle: NodeJS.Timeout | null = null

/** In order. Throws only when there is no thread to write them. */
export async function writeSmallFiles(files: readonly SmallFile[]): Promise<readonly Outcome[]> {
  if (idle !== null) clearTimeout(idle)
  idle = null
  if (thread === null || thread.gone) thread = new Thread()
  const used = thread
  try {
    const { outcomes, modified, errors } = await used.ask(requestOf(files))
    return files.map((_, index) => {
      const error = errors[index]
      if (error !== undefined) return { name: 'failed', error: Object.assign(new Error(error.message), error) }
      return { name: outcomes[index] === OUTCOME.inTheWay ? 'in-the-way' : 'written', modified: modified[index]! }
    })
  } finally {
    if (idle === null && used.idle) {
      idle = setTimeout(() => {
        thread?.end()
        thread = null
      }, IDLE)
      idle.unref()
    }
  }
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
    id: ++asked,
    paths: files.map(({ part, local }) => `${part}\0${local}\0`).join(''),
    contents,
    sizes: Float64Array.from(files, ({ size }) => size),
    times: Float64Array.from(files, ({ modified }) => modified ?? Number.NaN),
    executable: Uint8Array.from(files, ({ executable }) => (executable ? 1 : 0)),
  }
}
