import { AppError } from '../contract/errors.ts'
import type { Procedure } from '../contract/define.ts'
import type { ClientFrame, ServerFrame, Transport } from './frames.ts'

type Args<I, Options> = I extends void ? [input?: undefined, options?: Options] : [input: I, options?: Options]
export type CallOptions<Emit> = { signal?: AbortSignal } & ([Emit] extends [never] ? {} : { onProgress?: (value: Emit) => void })

export type Remote<P> =
  P extends Procedure<infer I, infer E, infer O> & { kind: 'stream' } ? (...args: Args<I, { signal?: AbortSignal }>) => AsyncIterableIterator<E>
  : P extends Procedure<infer I, infer E, infer O> ? (...args: Args<I, CallOptions<E>>) => Promise<O>
  : never
export type Client<T> = { readonly [K in keyof T]: T[K] extends Procedure<any, any, any> ? Remote<T[K]> : Client<T[K]> }

type Pending = { next(value: unknown): void; done(value: unknown): void; fail(error: AppError): void }

/** Turns a transport into a typed client. Imports contract *types* only, so no schema reaches the renderer bundle. */
export function connect<T>(transport: Transport<ClientFrame, ServerFrame>, kindOf: (path: string) => 'call' | 'stream' = byName): Client<T> {
  const pending = new Map<number, Pending>()
  let lastId = 0
  let closed = false

  transport.onFrame(frame => {
    const call = pending.get(frame.id)
    if (frame.t === 'next') return call?.next(frame.value)
    pending.delete(frame.id)
    if (frame.t === 'done') call?.done(frame.value)
    else call?.fail(AppError.from(frame.error))
  })
  transport.onClose(() => {
    closed = true
    for (const call of pending.values()) call.fail(new AppError('DISCONNECTED', 'The backend went away'))
    pending.clear()
  })

  function start(path: string, input: unknown, signal: AbortSignal | undefined, handlers: Pending): () => void {
    if (closed) { handlers.fail(new AppError('DISCONNECTED', 'The backend went away')); return () => {} }
    if (signal?.aborted) { handlers.fail(new AppError('CANCELLED', 'Cancelled')); return () => {} }
    const id = ++lastId
    const cancel = () => {
      if (!pending.delete(id)) return
      transport.send({ t: 'cancel', id })
      handlers.fail(new AppError('CANCELLED', 'Cancelled'))
    }
    const settle = <A extends unknown[]>(fn: (...args: A) => void) => (...args: A) => { signal?.removeEventListener('abort', cancel); fn(...args) }
    signal?.addEventListener('abort', cancel, { once: true })
    pending.set(id, { next: handlers.next, done: settle(handlers.done), fail: settle(handlers.fail) })
    transport.send({ t: 'call', id, path, input })
    return cancel
  }

  const request = (path: string, input: unknown, { signal, onProgress }: { signal?: AbortSignal; onProgress?: (value: unknown) => void } = {}) =>
    new Promise<unknown>((done, fail) => start(path, input, signal, { next: value => onProgress?.(value), done, fail }))

  function iterate(path: string, input: unknown, { signal }: { signal?: AbortSignal } = {}): AsyncIterableIterator<unknown> {
    const queue: unknown[] = []
    let wake = () => {}
    let end: { error?: AppError } | undefined
    const cancel = start(path, input, signal, {
      next: value => { queue.push(value); wake() },
      done: () => { end = {}; wake() },
      fail: error => { end = { error }; wake() },
    })
    return (async function* () {
      try {
        while (true) {
          while (queue.length > 0) yield queue.shift()
          if (end?.error) throw end.error
          if (end) return
          await new Promise<void>(resolve => { wake = resolve })
        }
      } finally { cancel() }
    })()
  }

  const proxy = (path: string): any => new Proxy(() => {}, {
    get: (_, name) => typeof name === 'string' && name !== 'then' ? proxy(path ? `${path}.${name}` : name) : undefined,
    apply: (_, __, [input, options]) => kindOf(path) === 'stream' ? iterate(path, input, options) : request(path, input, options),
  })
  return proxy('')
}

/** Streams are called `watch…`; everything else is a request. `contract.test.ts` holds us to it. */
const byName = (path: string) => /(^|\.)watch[A-Z]?[^.]*$/.test(path) ? 'stream' : 'call'
