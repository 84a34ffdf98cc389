/**
 * The four pipes we know: memory for tests, a MessagePort for Electron, a WebSocket for the browser, lines over a local
 * socket for the CLI. Each turns what it cannot read into a closed connection, tells of its end once, and swallows
 * what is sent after it.
 */
import { AppError } from '../contract/errors.ts'
import type { Transport } from './frames.ts'

type AnyPort = { postMessage(value: any): void; close(): void; start?(): void } & (
  | { addEventListener(event: string, listener: (event: any) => void): void }
  | { on(event: string, listener: (event: any) => void): unknown }
)

/** A DOM MessagePort, one from node:worker_threads, or Electron's MessagePortMain. */
export function messagePort<Out, In>(port: AnyPort): Transport<Out, In> {
  const ending = createEnding()
  const listen = (event: string, listener: (event: any) => void) =>
    'addEventListener' in port ? port.addEventListener(event, listener) : port.on(event, listener)
  listen('close', () => ending.end())
  return {
    send(frame) {
      if (!ending.ended) port.postMessage(frame)
    },
    onFrame(listener) {
      listen('message', ({ data }) => {
        if (!ending.ended) listener(data)
      })
      listen('messageerror', () => this.close())
      port.start?.()
    },
    onClose: ending.listen,
    close() {
      port.close()
      ending.end()
    },
  }
}

type AnyWebSocket = {
  send(data: string): void
  close(): void
  readonly bufferedAmount: number
  addEventListener(event: any, listener: (event: any) => void): void
}

/** A browser's WebSocket or one from `ws`, already open. */
export function webSocket<Out, In>(
  socket: AnyWebSocket,
  { highWaterMark = 1 << 20, poll = 20 } = {},
): Transport<Out, In> {
  const ending = createEnding()
  socket.addEventListener('close', () => ending.end())
  socket.addEventListener('error', () => {})
  /** Neither kind of WebSocket tells when it has room again. */
  async function drained(): Promise<void> {
    while (!ending.ended && socket.bufferedAmount > highWaterMark) {
      await new Promise(resolve => setTimeout(resolve, poll))
    }
  }
  function close(): void {
    socket.close()
    ending.end()
  }
  return {
    send(frame) {
      if (ending.ended) return undefined
      socket.send(JSON.stringify(frame))
      return socket.bufferedAmount > highWaterMark ? drained() : undefined
    },
    onFrame: listener =>
      socket.addEventListener('message', ({ data }) => {
        if (ending.ended) return
        const frame = typeof data === 'string' ? parseFrame<In>(data) : undefined
        if (frame === undefined) close()
        else listener(frame)
      }),
    onClose: ending.listen,
    close,
  }
}

/** What we need of a Node socket, without Node's types. */
type AnySocket = {
  write(data: string): boolean
  end(): unknown
  destroy(): unknown
  on(event: any, listener: (...args: any[]) => void): unknown
}

/** No frame that we send comes near; without a bound one line could eat the memory. */
export const LONGEST_LINE = 16 << 20

/**
 * One JSON frame per line over a connected stream socket. Each side first says which protocol it speaks, because a CLI
 * and a running backend may come from different installations: then everything pending fails with `OTHER_VERSION`.
 */
export function lineStream<Out, In>(
  socket: AnySocket,
  { protocol, longestLine = LONGEST_LINE }: { readonly protocol: number; readonly longestLine?: number },
): Transport<Out, In> {
  const ending = createEnding()
  let drained: Promise<void> | null = null
  let wake = () => {}
  socket.on('drain', () => wake())
  socket.on('error', () => end())
  socket.on('close', () => end())
  socket.write(encodeLine({ t: 'hello', protocol }))

  function end(reason?: AppError): void {
    ending.end(reason)
    wake()
  }
  /** Flushes what was written, so that a client of another version still reads our hello. */
  function close(reason?: AppError): void {
    socket.end()
    end(reason)
  }
  function refuse(): void {
    socket.destroy()
    end()
  }

  return {
    send(frame) {
      if (ending.ended) return undefined
      if (socket.write(encodeLine(frame))) return undefined
      drained ??= new Promise<void>(resolve => {
        wake = resolve
      }).finally(() => {
        drained = null
      })
      return drained
    },
    onFrame(listener) {
      let greeted = false
      const split = createLineSplitter(longestLine)
      socket.on('data', (chunk: Uint8Array) => {
        if (ending.ended) return
        const lines = split(chunk)
        if (lines === null) return refuse()
        for (const line of lines) {
          const frame = parseFrame<In>(line)
          if (frame === undefined) return refuse()
          if (greeted) listener(frame)
          else {
            const theirs = protocolOf(frame)
            if (theirs === null) return refuse()
            if (theirs !== protocol) return close(otherVersion(protocol, theirs))
            greeted = true
          }
          if (ending.ended) return
        }
      })
    },
    onClose: ending.listen,
    close: () => close(),
  }
}

/** Two ends of one pipe. Frames are cloned, so what cannot cross a process cannot cross this either. */
export function memoryPair<A, B>(): [Transport<A, B>, Transport<B, A>] {
  const endings = [createEnding(), createEnding()] as const
  const inboxes: { listener: ((frame: any) => void) | null; waiting: any[] }[] = [
    { listener: null, waiting: [] },
    { listener: null, waiting: [] },
  ]
  const close = () => {
    for (const ending of endings) ending.end()
  }
  const side = (self: 0 | 1): Transport<any, any> => ({
    send(frame) {
      if (endings[self].ended) return
      const copy = structuredClone(frame)
      const inbox = inboxes[1 - self]!
      queueMicrotask(() => {
        if (endings[self].ended) return
        if (inbox.listener === null) inbox.waiting.push(copy)
        else inbox.listener(copy)
      })
    },
    onFrame(listener) {
      const inbox = inboxes[self]!
      inbox.listener = listener
      for (const frame of inbox.waiting.splice(0)) listener(frame)
    },
    onClose: endings[self].listen,
    close,
  })
  return [side(0), side(1)]
}

type CloseListener = (reason?: AppError) => void
type Ending = { readonly ended: boolean; end(reason?: AppError): void; listen(listener: CloseListener): void }

/** Tells everyone once, also those who come late. */
function createEnding(): Ending {
  const listeners: CloseListener[] = []
  let ended: { readonly reason: AppError | undefined } | null = null
  return {
    get ended() {
      return ended !== null
    },
    end(reason) {
      if (ended !== null) return
      ended = { reason }
      for (const listener of listeners.splice(0)) listener(reason)
    },
    listen(listener) {
      if (ended === null) listeners.push(listener)
      else listener(ended.reason)
    },
  }
}

const encodeLine = (frame: unknown) => `${JSON.stringify(frame)}\n`

/** `undefined` is no JSON value, so it can stand for "not JSON". */
function parseFrame<In>(text: string): In | undefined {
  try {
    return JSON.parse(text) as In
  } catch {
    return undefined
  }
}

function protocolOf(frame: unknown): number | null {
  const { t, protocol } = (frame ?? {}) as { t?: unknown; protocol?: unknown }
  return t === 'hello' && typeof protocol === 'number' && Number.isSafeInteger(protocol) ? protocol : null
}

const otherVersion = (ours: number, theirs: number) =>
  new AppError('OTHER_VERSION', 'The running Cairn is of another version', { ours, theirs })

/** Whole lines out of chunks that are cut anywhere; null when a line is too long or not UTF-8. */
function createLineSplitter(longest: number): (chunk: Uint8Array) => string[] | null {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let parts: Uint8Array[] = []
  let length = 0
  return chunk => {
    const lines: string[] = []
    let start = 0
    while (true) {
      const newline = chunk.indexOf(10, start)
      const part = chunk.subarray(start, newline === -1 ? undefined : newline)
      parts.push(part)
      length += part.length
      if (length > longest) return null
      if (newline === -1) return lines
      try {
        lines.push(decoder.decode(joined(parts, length)))
      } catch {
        return null
      }
      parts = []
      length = 0
      start = newline + 1
    }
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
