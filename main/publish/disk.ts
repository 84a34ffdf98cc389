/**
 * Reads folders and small files on threads of its own: the loop is left to the network and the page, and thousands of
 * files cost as many synchronous calls instead of as many promises. The threads begin when they are needed, and end
 * after some seconds in which they were not.
 */
import { Worker } from 'node:worker_threads'
import {
  type Answer,
  diskThread,
  type Failure,
  type FailureAnswer,
  FIELD,
  FIELDS,
  type ListAnswer,
  type ReadAnswer,
  type Request,
} from './disk-thread.ts'

/** One can wait for a disk or a network drive while the other one works. */
const THREADS = 2
const IDLE = 5000
/** What a thread makes is short-lived, and is handed over: room for more of it would only be held, in MiB. */
const YOUNG = 8

/** What a file looks like on this machine. Times are milliseconds with microseconds behind the point. */
export type Stats = {
  readonly size: number
  readonly modified: number
  /** When its content, name or mode last changed: the time that nobody can set. */
  readonly changed: number
  readonly born: number
  readonly inode: number
  readonly mode: number
}

/** Which file of this machine it was. */
export type Identity = Pick<Stats, 'inode' | 'born' | 'changed'>

export type Listed = {
  /** null: its name is not UTF-8; then `bytes` has it. */
  readonly name: string | null
  readonly bytes: Uint8Array | null
  readonly stats: Stats
  readonly target: string | null
  readonly error: DiskError | null
}
export type ReadFile =
  | { readonly content: Buffer; readonly stats: Stats }
  | { readonly content: null; readonly error: DiskError }

/** `code`: that of the system, or NO_FILE, or CHANGING for what did not hold still for three tries. */
export class DiskError extends Error {
  readonly code: string
  /** Whom the system's code is about, for those who tell errors of files from others. */
  readonly syscall = 'read'

  constructor({ code, message }: Failure) {
    super(message)
    this.name = 'DiskError'
    this.code = code
  }
}

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void }

class Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()

  constructor(onGone: () => void) {
    this.#worker = new Worker(`(${diskThread.toString()})(require)`, {
      eval: true,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    })
    this.#worker.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (this.#waiting.size === 0) this.#worker.unref()
      waiting?.resolve(answer)
    })
    const gone = (error: unknown) => {
      onGone()
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    }
    this.#worker.on('error', gone)
    this.#worker.on('exit', () => gone(new Error('The thread that reads files has ended.')))
    this.#worker.unref()
  }

  get load(): number {
    return this.#waiting.size
  }

  ask(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(request.id, { resolve, reject })
      this.#worker.postMessage(request)
    })
  }

  end(): void {
    void this.#worker.terminate()
  }
}

const threads = new Set<Thread>()
let asked = 0
let idle: NodeJS.Timeout | null = null

async function ask(request: Request): Promise<ListAnswer | ReadAnswer> {
  if (idle !== null) clearTimeout(idle)
  idle = null
  let thread = [...threads].sort((a, b) => a.load - b.load)[0]
  if (thread === undefined || (thread.load > 0 && threads.size < THREADS)) {
    const fresh = new Thread(() => threads.delete(fresh))
    threads.add(fresh)
    thread = fresh
  }
  try {
    const answer = await thread.ask(request)
    if ('failure' in answer) throw new DiskError((answer as FailureAnswer).failure)
    return answer
  } finally {
    if (idle === null && [...threads].every(({ load }) => load === 0)) {
      idle = setTimeout(() => {
        for (const one of threads) one.end()
        threads.clear()
      }, IDLE)
      idle.unref()
    }
  }
}

/** What stands in a folder at or below `root`. Throws a DiskError when it cannot be read, or is behind a link there. */
export async function listFolder(folder: string, root: string): Promise<readonly Listed[]> {
  const { names, stats, targets, errors } = (await ask({ id: ++asked, list: folder, root })) as ListAnswer
  return names.map((name, index) => ({
    name: typeof name === 'string' ? name : null,
    bytes: typeof name === 'string' ? null : name,
    stats: statsAt(stats, index),
    target: targets[index] ?? null,
    error: errors[index] === undefined ? null : new DiskError(errors[index]),
  }))
}

/** Whole files of up to a few MiB together, each as it was at one moment. `size`: as it was when last looked at. */
export async function readFiles(
  files: readonly { readonly local: string; readonly size: number }[],
): Promise<readonly ReadFile[]> {
  const answer = (await ask({
    id: ++asked,
    read: files.map(({ local }) => `${local}\0`).join(''),
    sizes: Float64Array.from(files, ({ size }) => size),
  })) as ReadAnswer
  return answer.contents.map((content, index) =>
    content === null
      ? { content, error: new DiskError(answer.errors[index] ?? { code: 'UNKNOWN', message: 'it cannot be read' }) }
      : {
          content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
          stats: statsAt(answer.stats, index),
        },
  )
}

function statsAt(rows: Float64Array, index: number): Stats {
  const at = index * FIELDS
  return {
    size: rows[at + FIELD.size]!,
    modified: rows[at + FIELD.modified]!,
    changed: rows[at + FIELD.changed]!,
    born: rows[at + FIELD.born]!,
    inode: rows[at + FIELD.inode]!,
    mode: rows[at + FIELD.mode]!,
  }
}
