/** The four pipes with real ends, one after another, so that one suite runs over all of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect as connectSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { WebSocket, WebSocketServer } from 'ws'
import type { ClientFrame, ServerFrame, Transport } from '../../preload/wire/frames.ts'
import { lineStream, memoryPair, messagePort, webSocket } from '../../preload/wire/transports.ts'

export type Pipe = {
  readonly server: Transport<ServerFrame, unknown>
  readonly client: Transport<ClientFrame, ServerFrame>
  /** Closes the server's end without a word of the protocol. */
  drop(): void
  /** Sends something that is not a frame of ours. */
  raw(frame: unknown): void
  /** Stops the client from reading at all, and lets it go on. */
  stall(): () => void
  /** Bytes that the server's end holds for a client that does not read; frames, where there are no bytes. */
  buffered(): number
  close(): Promise<void>
}

/** Counts frames on their way, for pipes that know no bytes, and holds them back while stalled. */
function gate(transport: Transport<ClientFrame, ServerFrame>) {
  const held: ServerFrame[] = []
  let stalled = false
  let listener: (frame: ServerFrame) => void = () => {}
  transport.onFrame(frame => {
    if (stalled) held.push(frame)
    else listener(frame)
  })
  const client: Transport<ClientFrame, ServerFrame> = {
    send: frame => transport.send(frame),
    onFrame: to => {
      listener = to
    },
    onClose: to => transport.onClose(to),
    close: () => transport.close(),
  }
  return {
    client,
    stall() {
      stalled = true
      return () => {
        stalled = false
        for (const frame of held.splice(0)) listener(frame)
      }
    },
    buffered: () => held.length,
  }
}

export const pipes: Readonly<Record<string, () => Promise<Pipe>>> = {
  async memory() {
    const [server, far] = memoryPair<ServerFrame, any>()
    return {
      ...gate(far),
      server,
      drop: () => server.close(),
      raw: frame => void far.send(frame),
      close: async () => {},
    }
  },
  async MessagePort() {
    const { port1, port2 } = new MessageChannel()
    const server = messagePort<ServerFrame, unknown>(port1)
    const far = messagePort<any, ServerFrame>(port2)
    const raw = (frame: unknown) => void far.send(frame)
    return { ...gate(far), server, drop: () => port1.close(), raw, close: async () => port1.close() }
  },
  async WebSocket() {
    const listener = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await new Promise(resolve => listener.once('listening', resolve))
    const accepted = new Promise<WebSocket>(resolve => listener.once('connection', resolve))
    const near = new WebSocket(`ws://127.0.0.1:${(listener.address() as { port: number }).port}`)
    await new Promise(resolve => near.once('open', resolve))
    const socket = await accepted
    const inner = (near as unknown as { _socket: Socket })._socket
    return {
      server: webSocket(socket),
      client: webSocket(near),
      drop: () => socket.terminate(),
      raw: frame => near.send(JSON.stringify(frame)),
      stall() {
        inner.pause()
        return () => inner.resume()
      },
      buffered: () => socket.bufferedAmount,
      async close() {
        near.terminate()
        socket.terminate()
        await new Promise(resolve => listener.close(resolve))
      },
    }
  },
  async 'Unix socket'() {
    const folder = await mkdtemp(join(tmpdir(), 'cairn-wire-'))
    const listener = createServer()
    await new Promise<void>(resolve => listener.listen(join(folder, 's'), resolve))
    const accepted = new Promise<Socket>(resolve => listener.once('connection', resolve))
    const near = connectSocket(join(folder, 's'))
    await new Promise(resolve => near.once('connect', resolve))
    const socket = await accepted
    return {
      server: lineStream(socket, { protocol: 1 }),
      client: lineStream(near, { protocol: 1 }),
      drop: () => socket.destroy(),
      raw: frame => near.write(`${JSON.stringify(frame)}\n`),
      stall() {
        near.pause()
        return () => near.resume()
      },
      buffered: () => socket.writableLength,
      async close() {
        near.destroy()
        socket.destroy()
        await new Promise(resolve => listener.close(resolve))
        await rm(folder, { recursive: true })
      },
    }
  },
}
