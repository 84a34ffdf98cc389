/**
 * Threads that answer requests one after another: they begin when they are needed, keep the process alive only while
 * somebody waits, and end after some seconds in which nobody did.
 */
import { Worker } from 'node:worker_threads'

const IDLE = 5000
/** What a thread makes is short-lived, and is handed over: room for more of it would only be held, in MiB. */
const YOUNG = 8

/** A request as its thread receives it. */
export type Numbered<Request> = Request & { readonly id: number }
type Answering = { readonly id: number }
type Waiting<Answer> = { readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void }

export class Threads<Request extends object, Answer extends Answering> {
  readonly #body: (require: NodeJS.Require) => void
  readonly #most: number
  readonly #threads = new Set<Thread<Numbered<Request>, Answer>>()
  #asked = 0
  #idle: NodeJS.Timeout | null = null

  /**
   * `body` runs in each of them, is handed to them as its own text, and so knows nothing of what stands around it; it
   * answers each request under the request's `id`. `most`: as many as there are when all are busy.
   */
  constructor(body: (require: NodeJS.Require) => void, most: number) {
    this.#body = body
    this.#most = most
  }

  /** Hands `transfer` over with the request. Throws when the thread ends before it has answered. */
  async ask(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
    try {
      return await this.#thread().ask({ ...request, id: ++this.#asked }, transfer)
    } finally {
      if (this.#idle === null && [...this.#threads].every(({ load }) => load === 0))
        this.#idle = setTimeout(() => this.#end(), IDLE).unref()
    }
  }

  #thread(): Thread<Numbered<Request>, Answer> {
    const [thread] = [...this.#threads].sort((a, b) => a.load - b.load)
    if (thread !== undefined && (thread.load === 0 || this.#threads.size >= this.#most)) return thread
    const fresh = new Thread<Numbered<Request>, Answer>(this.#body, () => this.#threads.delete(fresh))
    this.#threads.add(fresh)
    return fresh
  }

  #end(): void {
    for (const one of this.#threads) one.end()
    this.#threads.clear()
  }
}

class Thread<Request extends Answering, Answer extends Answering> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting<Answer>>()

  constructor(body: (require: NodeJS.Require) => void, onGone: () => void) {
    this.#worker = new Worker(`(${body.toString()})(require)`, {
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
    this.#worker.on('exit', () => gone(new Error('A thread that works on files has ended.')))
    this.#worker.unref()
  }

  /** Requests that wait for their answer. */
  get load(): number {
    return this.#waiting.size
  }

  ask(request: Request, transfer: readonly ArrayBuffer[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(request.id, { resolve, reject })
      this.#worker.postMessage(request, [...transfer])
    })
  }

  end(): void {
    void this.#worker.terminate()
  }
}
