/** The three pipes we know: memory for tests, a MessagePort for Electron and workers, a WebSocket for the browser. */
import type { Transport } from './frames.ts'

type AnyPort = { postMessage(value: unknown): void; close(): void; start?(): void } &
  ({ on(event: string, listener: (value: any) => void): unknown } | { addEventListener(event: string, listener: (event: any) => void): void })

/** A DOM MessagePort, one from node:worker_threads, or Electron's MessagePortMain. */
export function messagePort<Out, In>(port: AnyPort): Transport<Out, In> {
  const listen = (event: string, listener: (data: any) => void) =>
    'on' in port ? port.on(event, message => listener(message?.data ?? message)) : port.addEventListener(event, message => listener(message.data))
  return {
    send: frame => port.postMessage(frame),
    onFrame(listener) { listen('message', listener); port.start?.() },
    onClose: listener => listen('close', listener),
    close: () => port.close(),
  }
}

type AnySocket = { send(data: string): void; close(): void; readonly bufferedAmount: number; addEventListener(event: any, listener: (event: any) => void): void }

/** A browser's WebSocket or one from `ws`, already open. */
export function webSocket<Out, In>(socket: AnySocket, { highWaterMark = 1 << 20 } = {}): Transport<Out, In> {
  let open = true
  socket.addEventListener('close', () => { open = false })
  async function drained() { while (open && socket.bufferedAmount > highWaterMark) await new Promise(resolve => setTimeout(resolve, 20)) }
  return {
    send(frame) { socket.send(JSON.stringify(frame)); return socket.bufferedAmount > highWaterMark ? drained() : undefined },
    onFrame: listener => socket.addEventListener('message', ({ data }) => {
      let frame: In
      try { frame = JSON.parse(String(data)) } catch { return socket.close() }
      listener(frame)
    }),
    onClose: listener => socket.addEventListener('close', listener),
    close: () => socket.close(),
  }
}

/** Two ends of one pipe. Frames are cloned, so what cannot cross a process cannot cross this either. */
export function memoryPair<A, B>(): [Transport<A, B>, Transport<B, A>] {
  const frameListeners: ((frame: any) => void)[] = []
  const closeListeners: (() => void)[] = []
  const end = (self: 0 | 1): Transport<any, any> => ({
    send(frame) { const copy = structuredClone(frame); queueMicrotask(() => frameListeners[1 - self]?.(copy)) },
    onFrame(listener) { frameListeners[self] = listener },
    onClose(listener) { closeListeners.push(listener) },
    close() { for (const listener of closeListeners.splice(0)) listener() },
  })
  return [end(0), end(1)]
}
