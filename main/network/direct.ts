/**
 * TCP between machines of one network. The swarm's UDP streams, which can find a way through routers, move about half of
 * what TCP moves; where no router is in between, the same replication runs over TCP instead, encrypted by the same
 * protocol (Noise, pattern IK) between the same keys. The swarm's connection stays: both ends agree over it, it tells
 * whether the other one is still there, and carries everything as soon as TCP does not.
 *
 * Each end says over the connection at which port it listens, and a token that it wants to see there before it listens to
 * anything else. Whoever made the connection tries; both wait with replication until it is known which of the two ways
 * carries it. Whoever begins to replicate over the connection, as peers do that know nothing of this, is answered there.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { BlockList, connect, createServer, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import SecretStream from '@hyperswarm/secret-stream'
import type DHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'
import Protomux from 'protomux'

const PROTOCOL = 'cairn/direct'
/** Hypercore's own. */
const REPLICATION = 'hypercore/alpha'
const TOKEN = 32
/** In one network that answers, this takes some milliseconds. */
const PATIENCE = 400
/** How long the other end may take to come or to say that it does not. */
const WAITING = 2000
/** A machine that drops what comes to its port is not tried again for so long. */
const NOT_AGAIN = 30 * 60_000
/** Strangers at the door at the same time. */
const STRANGERS = 16
/** A sign of life, and how long its absence is borne. */
const ALIVE = 2000
const DEAD = 6000

/** Either the swarm's connection, or the TCP stream in its place. */
export type Carrier = Hyperswarm.Connection | SecretStream

type Offer = { readonly port: number; readonly token: Buffer }

const offers: Protomux.Encoding<Offer> = {
  preencode(state) {
    state.end += 2 + TOKEN
  },
  encode(state, { port, token }) {
    const bytes = viewOf(state.buffer!)
    bytes.writeUInt16LE(port, state.start)
    token.copy(bytes, state.start + 2)
    state.start += 2 + TOKEN
  },
  decode(state) {
    if (state.end - state.start < 2 + TOKEN) throw new Error('An offer of a direct way is too short')
    const bytes = viewOf(state.buffer!)
    const port = bytes.readUInt16LE(state.start)
    const token = Buffer.from(bytes.subarray(state.start + 2, state.start + 2 + TOKEN))
    state.start += 2 + TOKEN
    return { port, token }
  },
}

export class Direct {
  readonly #keyPair: DHT.KeyPair
  readonly #server: Server
  readonly #strangers = new Set<Socket>()
  /** Whom is waited for, by the token that it was told. */
  readonly #expected = new Map<string, { readonly from: Buffer; readonly arrived: (stream: SecretStream) => void }>()
  readonly #notAgain = new Map<string, number>()
  readonly #connections = new WeakMap<object, Hyperswarm.Connection>()
  #port = 0
  #closed = false

  /** `keyPair`: the swarm's. */
  constructor(keyPair: DHT.KeyPair) {
    this.#keyPair = keyPair
    this.#server = createServer({ noDelay: true }, socket => this.#meet(socket))
    // Without a port of its own it still goes to those of others.
    this.#server.on('error', () => {
      this.#port = 0
    })
  }

  /** Resolves when it can be reached at `host`, or cannot. */
  async listen(host: string): Promise<void> {
    await new Promise<void>(resolve => {
      this.#server.once('error', () => resolve())
      this.#server.listen({ host, port: 0 }, resolve)
    })
    const address = this.#server.address()
    this.#port = address === null || typeof address === 'string' ? 0 : address.port
    this.#server.unref()
  }

  /** Those that carry end with their connections; nothing is used any more. */
  close(): void {
    this.#closed = true
    this.#server.close()
    for (const socket of this.#strangers) socket.destroy()
  }

  /** The swarm's connection in whose place a stream carries. */
  connectionOf(stream: Carrier): Hyperswarm.Connection {
    return this.#connections.get(stream) ?? (stream as Hyperswarm.Connection)
  }

  /**
   * Calls `use` with what carries replication: the connection itself, or a stream in its place, and with the connection
   * when that stream ends before it.
   */
  carry(connection: Hyperswarm.Connection, use: (carrier: Carrier) => void): void {
    const { remoteHost } = connection.rawStream
    if (!isNear(remoteHost) || (this.#notAgain.get(remoteHost) ?? 0) > performance.now()) {
      use(connection)
      return
    }
    // As Hypercore does where it is the first to set up channels.
    connection.setKeepAlive(5000)
    const token = randomBytes(TOKEN)
    const id = token.toString('hex')
    let timer: NodeJS.Timeout | null = null
    let decided = false
    const late = () => decided || this.#closed || connection.destroyed || connection.destroying
    const fallBack = () => {
      this.#expected.delete(id)
      if (timer !== null) clearTimeout(timer)
      if (late()) return
      decided = true
      use(connection)
    }
    const adopt = (stream: SecretStream) => {
      this.#expected.delete(id)
      if (timer !== null) clearTimeout(timer)
      if (late()) {
        stream.destroy()
        return
      }
      this.#connections.set(stream, connection)
      const end = () => stream.destroy()
      connection.once('close', end)
      stream.once('close', () => {
        connection.removeListener('close', end)
        channel?.messages[0]!.send(Buffer.alloc(0))
        fallBack()
      })
      use(stream)
    }
    const streams = Protomux.from(connection)
    // Until the store pairs it itself. The channel is refused unless it is open here by the end of this.
    streams.pair({ protocol: REPLICATION }, async () => {
      fallBack()
      await setImmediate()
    })
    const channel = streams.createChannel<Offer>({
      protocol: PROTOCOL,
      handshake: offers,
      // The other end has given TCP up.
      messages: [{ onmessage: fallBack }],
      onopen: offer => {
        if (connection.isInitiator)
          void this.#reach(connection, offer).then(stream => {
            if (stream !== null) {
              adopt(stream)
              return
            }
            channel?.messages[0]!.send(Buffer.alloc(0))
            fallBack()
          })
        else timer = setTimeout(fallBack, WAITING).unref()
      },
      onclose: fallBack,
    })
    if (channel === null) {
      fallBack()
      return
    }
    if (!connection.isInitiator) this.#expected.set(id, { from: connection.remotePublicKey, arrived: adopt })
    channel.open({ port: this.#port, token })
  }

  /** null: it cannot be reached in time. */
  async #reach(connection: Hyperswarm.Connection, { port, token }: Offer): Promise<SecretStream | null> {
    const host = connection.rawStream.remoteHost
    if (port === 0) return null
    const socket = connect({ host, port, noDelay: true })
    socket.write(token)
    const stream = this.#secure(socket, true, connection.remotePublicKey)
    const timer = setTimeout(() => stream.destroy(), PATIENCE)
    const opened = await stream.opened
    clearTimeout(timer)
    if (opened) return stream
    stream.destroy()
    const now = performance.now()
    for (const [other, until] of this.#notAgain) if (until < now) this.#notAgain.delete(other)
    this.#notAgain.set(host, now + NOT_AGAIN)
    return null
  }

  /** Nobody who has not been told a token gets further than its first bytes. */
  #meet(socket: Socket): void {
    socket.on('error', () => {})
    if (!isNear(socket.remoteAddress ?? '') || this.#strangers.size >= STRANGERS) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    const timer = setTimeout(() => socket.destroy(), WAITING)
    const known = () => {
      clearTimeout(timer)
      this.#strangers.delete(socket)
    }
    socket.once('close', known)
    socket.once('readable', () => {
      const token: unknown = socket.read(TOKEN)
      const expected = Buffer.isBuffer(token) ? this.#expectedBy(token) : null
      if (expected === null) {
        socket.destroy()
        return
      }
      const stream = this.#secure(socket, false)
      stream.once('close', known)
      void stream.opened.then(opened => {
        known()
        if (opened && stream.remotePublicKey.equals(expected.from)) expected.arrived(stream)
        else stream.destroy()
      })
    })
  }

  #expectedBy(token: Buffer): { readonly from: Buffer; readonly arrived: (stream: SecretStream) => void } | null {
    for (const [id, expected] of this.#expected) if (timingSafeEqual(Buffer.from(id, 'hex'), token)) return expected
    return null
  }

  #secure(socket: Socket, isInitiator: boolean, remotePublicKey?: Buffer): SecretStream {
    const stream = new SecretStream(isInitiator, socket, {
      pattern: 'IK',
      keyPair: this.#keyPair,
      ...(remotePublicKey === undefined ? {} : { remotePublicKey }),
    })
    // A way that breaks is left, and the connection takes over.
    stream.on('error', () => {})
    stream.setKeepAlive(ALIVE)
    stream.setTimeout(DEAD)
    return stream
  }
}

const near = new BlockList()
for (const [net, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  near.addSubnet(net, prefix, 'ipv4')

/** An address of this machine's own network. RFC 1918, RFC 3927. */
export const isNear = (address: string): boolean => near.check(address.replace(/^::ffff:/, ''), 'ipv4')

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
