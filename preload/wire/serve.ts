/**
 * Answers the calls of one client over one transport, until it closes.
 *
 * Input is the only thing that is not trusted: it is validated here, once, and handlers never check it again. Errors
 * that are not `AppError` are bugs; the client learns an incident number and the log learns the rest. A client that
 * breaks the protocol is cut off and not argued with.
 */
import type { ContractTree, Procedure } from '../contract/define.ts'
import { AppError, type ErrorCode, type SerializedError } from '../contract/errors.ts'
import { type ClientFrame, isClientFrame, type ServerFrame, type Transport, WINDOW } from './frames.ts'

export type Handlers<T> = {
  readonly [K in keyof T]: T[K] extends Procedure<any, any, any> ? Handler<T[K]> : Handlers<T[K]>
}

export type Handler<P> = P extends Procedure<infer I, infer E, any> & { kind: 'stream' }
  ? (input: I, signal: AbortSignal) => AsyncIterable<E>
  : P extends Procedure<infer I, infer E, infer O>
    ? (input: I, call: { readonly signal: AbortSignal; readonly emit: (value: E) => void }) => Promise<O> | O
    : never

/** What the log gets of a bug; the client gets `id` alone. */
export type Incident = { readonly id: string; readonly path: string; readonly error: unknown }

export type ServeOptions = {
  readonly onIncident?: (incident: Incident) => void
  /** A client with more calls than this in flight is broken or hostile, and is cut off. */
  readonly maxCalls?: number
}

export function serve<T extends ContractTree>(
  contract: T,
  handlers: Handlers<T>,
  transport: Transport<ServerFrame, unknown>,
  { onIncident, maxCalls = 1024 }: ServeOptions = {},
): void {
  const routes = new Map(listRoutes(contract, handlers))
  const running = new Map<number, Running>()
  let open = true

  transport.onClose(shut)
  transport.onFrame(frame => {
    if (!open) return
    if (!isClientFrame(frame)) return cutOff()
    switch (frame.t) {
      case 'credit':
        return running.get(frame.id)?.outlet.grant(frame.n)
      case 'cancel':
        return running.get(frame.id)?.abort.abort(new AppError('CANCELLED', 'Cancelled'))
      case 'call':
        if (running.has(frame.id) || running.size >= maxCalls) return cutOff()
        return void answer(frame)
    }
  })

  function shut(): void {
    open = false
    for (const call of running.values()) call.abort.abort(new AppError('DISCONNECTED', 'The client went away'))
  }

  function cutOff(): void {
    shut()
    transport.close()
  }

  async function answer({ id, path, input, credit }: Extract<ClientFrame, { t: 'call' }>): Promise<void> {
    const abort = new AbortController()
    const { signal } = abort
    const send = (frame: ServerFrame) => (signal.aborted || !open ? undefined : transport.send(frame))
    const outlet = createOutlet(credit, signal, value => send({ t: 'next', id, value }))
    running.set(id, { abort, outlet })
    try {
      const { procedure, handler } = routes.get(path) ?? fail('UNKNOWN_PROCEDURE', 'No such procedure', { path })
      const value = await parse(procedure, input)
      if (procedure.kind === 'stream') {
        await outlet.room()
        for await (const item of handler(value, signal)) {
          if (signal.aborted) break
          await outlet.next(item)
          await outlet.room()
        }
        await send({ t: 'done', id, value: undefined })
      } else {
        const output = await handler(value, { signal, emit: outlet.emit })
        outlet.finish()
        await send({ t: 'done', id, value: output })
      }
    } catch (error) {
      if (!signal.aborted) await answerFailure(id, path, error, send)
    } finally {
      running.delete(id)
    }
  }

  async function answerFailure(
    id: number,
    path: string,
    error: unknown,
    send: (frame: ServerFrame) => void | Promise<void>,
  ): Promise<void> {
    try {
      await send({ t: 'fail', id, error: serialize(error, path) })
    } catch (unsendable) {
      await send({
        t: 'fail',
        id,
        error: serialize(new Error('An error that cannot be sent', { cause: unsendable }), path),
      })
    }
  }

  function serialize(error: unknown, path: string): SerializedError {
    if (error instanceof AppError) return error.toJSON()
    const id = crypto.randomUUID().slice(0, 8)
    onIncident?.({ id, path, error })
    return new AppError('INTERNAL', 'Something went wrong', { incident: id }).toJSON()
  }
}

type Running = { readonly abort: AbortController; readonly outlet: Outlet }

/**
 * Where the values of one call leave, as far as the client has room for them. A stream waits for room before it takes
 * the next value from its source, so what it then takes is fresh. Progress does not wait: the newest value replaces
 * the one that is held back, and always goes out before the end.
 */
type Outlet = {
  grant(n: number): void
  room(): Promise<void>
  next(value: unknown): void | Promise<void>
  emit(value: unknown): void
  finish(): void
}

function createOutlet(first: number, signal: AbortSignal, send: (value: unknown) => void | Promise<void>): Outlet {
  let credit = first
  let held: { readonly value: unknown } | null = null
  let finished = false
  let wake = () => {}
  signal.addEventListener('abort', () => wake())

  function flush(): void {
    if (held === null) return
    const { value } = held
    held = null
    void send(value)
  }

  return {
    grant(n) {
      credit = Math.min(WINDOW, credit + n)
      if (held !== null) {
        credit--
        try {
          flush()
        } catch {
          // A value that cannot be sent is a bug of the handler, which is told at its next `emit`.
        }
      }
      wake()
    },
    async room() {
      while (credit === 0 && !signal.aborted) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
    next(value) {
      credit--
      return send(value)
    },
    emit(value) {
      if (finished) return
      held = { value }
      if (credit === 0) return
      credit--
      flush()
    },
    finish() {
      finished = true
      flush()
    },
  }
}

type Route = {
  readonly procedure: Procedure<unknown, unknown, unknown>
  readonly handler: (...args: any[]) => any
}

/** Every procedure by its whole name, once: a path from outside is looked up and never walked. */
function* listRoutes(contract: ContractTree, handlers: any, prefix = ''): Generator<[path: string, Route]> {
  for (const [name, node] of Object.entries(contract)) {
    const path = prefix + name
    if (isProcedure(node)) {
      const handler = handlers[name]
      if (typeof handler !== 'function') throw new TypeError(`No handler for ${path}`)
      yield [path, { procedure: node, handler: handler.bind(handlers) }]
    } else {
      yield* listRoutes(node as ContractTree, handlers[name], `${path}.`)
    }
  }
}

const isProcedure = (node: ContractTree | Procedure<any, any, any>): node is Procedure<any, any, any> =>
  typeof node.kind === 'string'

/** A client that got this much wrong needs no longer list, and a frame of ours is not to grow with one of theirs. */
const MOST_ISSUES = 20
const LONGEST_MESSAGE = 500

async function parse({ input: schema }: Route['procedure'], input: unknown): Promise<unknown> {
  if (schema === null) {
    if (input === undefined) return undefined
    return fail('INVALID_INPUT', 'Invalid input', { issues: [{ path: '', message: 'takes no input' }] })
  }
  const result = await schema['~standard'].validate(input)
  if (result.issues === undefined) return result.value
  const issues = result.issues.slice(0, MOST_ISSUES).map(({ message, path = [] }) => ({
    path: path
      .map(part => String(typeof part === 'object' ? part.key : part))
      .join('.')
      .slice(0, LONGEST_MESSAGE),
    message: message.slice(0, LONGEST_MESSAGE),
  }))
  return fail('INVALID_INPUT', 'Invalid input', { issues })
}

function fail<C extends ErrorCode>(...args: ConstructorParameters<typeof AppError<C>>): never {
  throw new AppError<C>(...args)
}
