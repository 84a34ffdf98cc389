/**
 * Answers the calls of one client over one transport, until it closes.
 *
 * Input is the only thing that is not trusted: it is validated here, once, and
 * handlers never check it again. Errors that are not `AppError` are bugs; the
 * client learns an incident number and the log learns the rest.
 */
import type { ContractTree, Procedure } from '../contract/define.ts'
import { AppError, type ErrorCode, type SerializedError } from '../contract/errors.ts'
import { isClientFrame, type ClientFrame, type ServerFrame, type Transport } from './frames.ts'

export type Handlers<T> = { readonly [K in keyof T]: T[K] extends Procedure<any, any, any> ? Handler<T[K]> : Handlers<T[K]> }

export type Handler<P> =
  P extends Procedure<infer I, infer E, any> & { kind: 'stream' } ? (input: I, signal: AbortSignal) => AsyncIterable<E>
  : P extends Procedure<infer I, infer E, infer O> ? (input: I, call: { readonly signal: AbortSignal; readonly emit: (value: E) => void }) => Promise<O> | O
  : never

export type ServeOptions = {
  readonly onIncident?: (incident: { id: string; path: string; error: unknown }) => void
  /** A client with more calls than this in flight is broken or hostile, and is cut off. */
  readonly maxCalls?: number
}

export function serve<T extends ContractTree>(contract: T, handlers: Handlers<T>, transport: Transport<ServerFrame, unknown>, { onIncident, maxCalls = 256 }: ServeOptions = {}): void {
  const routes = new Map(listRoutes(contract, handlers))
  const calls = new Map<number, AbortController>()

  transport.onClose(() => { for (const call of calls.values()) call.abort() })
  transport.onFrame(frame => {
    if (!isClientFrame(frame)) return transport.close()
    if (frame.t === 'cancel') return calls.get(frame.id)?.abort()
    if (calls.has(frame.id) || calls.size >= maxCalls) return transport.close()
    void answer(frame)
  })

  async function answer({ id, path, input }: Extract<ClientFrame, { t: 'call' }>): Promise<void> {
    const call = new AbortController()
    const { signal } = call
    calls.set(id, call)
    const send = (frame: ServerFrame) => (signal.aborted ? undefined : transport.send(frame))
    const next = (value: unknown) => send({ t: 'next', id, value })
    try {
      const { procedure, handler } = routes.get(path) ?? fail('UNKNOWN_PROCEDURE', 'No such procedure', { path })
      const value = await parse(procedure, input)
      if (procedure.kind === 'stream') {
        for await (const item of handler(value, signal)) await next(item)
        await send({ t: 'done', id, value: undefined })
      } else {
        await send({ t: 'done', id, value: await handler(value, { signal, emit: next }) })
      }
    } catch (error) {
      if (!signal.aborted) await send({ t: 'fail', id, error: serialize(error, path) })
    } finally {
      calls.delete(id)
    }
  }

  function serialize(error: unknown, path: string): SerializedError {
    if (error instanceof AppError) return error.toJSON()
    const id = crypto.randomUUID()
    onIncident?.({ id, path, error })
    return new AppError('INTERNAL', 'Something went wrong', { incident: id }).toJSON()
  }
}

type Route = { readonly procedure: Procedure<unknown, unknown, unknown>; readonly handler: (...args: any[]) => any }

function* listRoutes(contract: ContractTree, handlers: any, prefix = ''): Generator<[path: string, Route]> {
  for (const [name, node] of Object.entries(contract)) {
    if (typeof handlers[name] === 'function') yield [prefix + name, { procedure: node as Route['procedure'], handler: handlers[name] }]
    else yield* listRoutes(node as ContractTree, handlers[name], `${prefix}${name}.`)
  }
}

async function parse({ input: schema }: Route['procedure'], input: unknown): Promise<unknown> {
  if (schema === null) return undefined
  const { issues, value } = (await schema['~standard'].validate(input)) as { issues?: readonly { message: string; path?: readonly any[] }[]; value?: unknown }
  if (issues === undefined) return value
  return fail('INVALID_INPUT', 'Invalid input', { issues: issues.map(({ message, path = [] }) => ({ message, path: path.map(part => part?.key ?? part).join('.') })) })
}

const fail = <C extends ErrorCode>(...args: ConstructorParameters<typeof AppError<C>>): never => { throw new AppError<C>(...args) }
