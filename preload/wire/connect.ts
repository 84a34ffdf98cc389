/**
 * Turns a transport into a typed client: calls are promises with progress, streams are async iterables, and leaving a
 * loop or aborting a signal cancels on the other side. Imports contract *types* only, so that no schema reaches the page.
 */
import type { Procedure } from '../contract/define.ts'
import { AppError } from '../contract/errors.ts'
import { type ClientFrame, isServerFrame, type ServerFrame, type Transport, WINDOW } from './frames.ts'

type Args<I, Options> = I extends void ? [input?: undefined, options?: Options] : [input: I, options?: Options]
export type StreamOptions = { readonly signal?: AbortSignal | undefined }
export type CallOptions<Emit> = StreamOptions &
  ([Emit] extends [never] ? unknown : { readonly onProgress?: ((value: Emit) => void) | undefined })

export type Remote<P> = P extends Procedure<infer I, infer E, any> & { kind: 'stream' }
  ? (...args: Args<I, StreamOptions>) => Required<AsyncIterableIterator<E>>
  : P extends Procedure<infer I, infer E, infer O>
    ? (...args: Args<I, CallOptions<E>>) => Promise<O>
    : never
export type Client<T> = { readonly [K in keyof T]: T[K] extends Procedure<any, any, any> ? Remote<T[K]> : Client<T[K]> }

type Pending = {
  next(value: unknown): void
  done(value: unknown): void
  fail(error: AppError): void
}
type Started = { consumed(): void; cancel(): void }

export function connect<T>(
  transport: Transport<ClientFrame, ServerFrame>,
  kindOf: (path: string) => 'call' | 'stream' = byName,
): Client<T> {
  const pending = new Map<number, Pending>()
  let lastId = 0
  let gone: AppError | null = null

  transport.onFrame(frame => {
    if (gone !== null) return
    if (!isServerFrame(frame)) {
      leave(undefined)
      return transport.close()
    }
    const call = pending.get(frame.id)
    if (frame.t === 'next') return call?.next(frame.value)
    pending.delete(frame.id)
    if (frame.t === 'done') call?.done(frame.value)
    else call?.fail(AppError.from(frame.error))
  })
  transport.onClose(leave)

  function leave(reason: AppError | undefined): void {
    if (gone !== null) return
    gone = reason ?? new AppError('DISCONNECTED', 'The backend went away')
    for (const call of pending.values()) call.fail(gone)
    pending.clear()
  }

  function start(path: string, input: unknown, signal: AbortSignal | undefined, credit: number, on: Pending): Started {
    const refused = gone ?? (signal?.aborted ? new AppError('CANCELLED', 'Cancelled') : null)
    if (refused !== null) {
      on.fail(refused)
      return { consumed() {}, cancel() {} }
    }
    const id = ++lastId
    let unread = 0
    let owed = 0
    const settle = () => signal?.removeEventListener('abort', cancel)
    function cancel(): void {
      if (!pending.delete(id)) return
      settle()
      void transport.send({ t: 'cancel', id })
      on.fail(new AppError('CANCELLED', 'Cancelled'))
    }
    signal?.addEventListener('abort', cancel, { once: true })
    pending.set(id, {
      next(value) {
        // One more than granted is the last progress before the end; a backend that sends yet more is not ours.
        if (++unread > credit + 1) return transport.close()
        on.next(value)
      },
      done(value) {
        settle()
        on.done(value)
      },
      fail(error) {
        settle()
        on.fail(error)
      },
    })
    void transport.send({ t: 'call', id, path, input, credit })
    return {
      consumed() {
        unread--
        owed++
        if (owed < credit / 2 || !pending.has(id)) return
        void transport.send({ t: 'credit', id, n: owed })
        owed = 0
      },
      cancel,
    }
  }

  function request(
    path: string,
    input: unknown,
    { signal, onProgress }: { signal?: AbortSignal; onProgress?: (value: unknown) => void } = {},
  ): Promise<unknown> {
    return new Promise((done, fail) => {
      const call = start(path, input, signal, onProgress === undefined ? 0 : WINDOW, {
        next(value) {
          if (onProgress === undefined) return
          call.consumed()
          onProgress(value)
        },
        done,
        fail,
      })
    })
  }

  /** The call begins when the first value is asked for, so that an iterator nobody uses costs nothing. */
  function iterate(
    path: string,
    input: unknown,
    { signal }: { signal?: AbortSignal } = {},
  ): Required<AsyncIterableIterator<unknown>> {
    const queue: unknown[] = []
    let call: Started | null = null
    let wake = () => {}
    let end: { readonly error: AppError | null } | null = null
    const ended = () => end
    function finish(error: AppError | null): void {
      end ??= { error }
      wake()
    }
    async function* values(): AsyncGenerator<unknown, void, undefined> {
      if (ended() !== null) return
      const started = start(path, input, signal, WINDOW, {
        next(value) {
          queue.push(value)
          wake()
        },
        done: () => finish(null),
        fail: finish,
      })
      call = started
      try {
        while (true) {
          while (queue.length > 0 && ended()?.error?.code !== 'CANCELLED') {
            const value = queue.shift()
            started.consumed()
            yield value
          }
          const last = ended()
          if (last?.error) throw last.error
          if (last !== null) return
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      } finally {
        finish(null)
        started.cancel()
      }
    }
    const generator = values()
    function leaveLoop(): void {
      queue.length = 0
      finish(null)
      call?.cancel()
    }
    return {
      next: () => generator.next(),
      return() {
        leaveLoop()
        return generator.return()
      },
      throw(error) {
        leaveLoop()
        return generator.throw(error)
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  const proxy = (path: string): any =>
    new Proxy(() => {}, {
      get: (_, name) =>
        typeof name === 'string' && name !== 'then' ? proxy(path === '' ? name : `${path}.${name}`) : undefined,
      apply: (_, __, [input, options]) =>
        kindOf(path) === 'stream' ? iterate(path, input, options) : request(path, input, options),
    })
  return proxy('')
}

/** Streams are called `watch…`; everything else is a call. A test holds the contract to it. */
const byName = (path: string) => (/(^|\.)watch([A-Z][^.]*)?$/.test(path) ? 'stream' : 'call')
