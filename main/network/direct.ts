/**
 * TCP between machines of one network. The swarm's UDP streams, which can find a way through routers, move about half of
 * what TCP moves; where no router is in between, the same replication runs over TCP instead, encrypted by the same
 * protocol (Noise, pattern IK) between the same keys. The swarm's connection stays: both ends agree over it, it tells
 * whether the other one is still there, and carries everything as soon as TCP does not.
 *
 * Each end tells a token over the connection. Whoever was reached then says at which port it listens, and repeats what it
 * was told: only who hears what is sent to its address can, so that nobody makes this machine knock at another one. Whoever
 * made the connection goes there and shows its own token first, which nobody else has chosen. Both wait with replication
 * until it is known which of the two ways carries it. Whoever begins to replicate over the connection, as peers do that
 * know nothing of this, is answered there.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { BlockList, connect, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import SecretStream from '@hyperswarm/secret-stream'
import type DHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'
import Protomux from 'protomux'
import type { Sockets } from './sockets.ts'

const PROTOCOL = 'cairn/direct'
/** Hypercore's own. */
const REPLICATION = 'hypercore/alpha'
const TOKEN = 32
/** What is said over that channel: the other end has given TCP up; a port in two bytes, and the token that was told. */
const GIVEN_UP = 0
const INVITATION = 1
/** No system gives a port below it to who asks for any. */
const LOWEST = 1024
/** In one network that answers, this takes some milliseconds. */
const PATIENCE = 400
/** How long the other end may take to come or to say that it does not. */
const WAITING = 2000
/** A machine that drops what comes to its port is not tried again for so long. */
const NOT_AGAIN = 30 * 60_000
/** Strangers at the door at the same time. */
const STRANGERS = 16
/** What is larger, in bytes, waits for nothing that is to be sent with it. */
const GATHERED = 8 << 10
/** A sign of life, and how long its absence is borne. */
const ALIVE = 2000
const DEAD = 6000

/** Either the swarm's connection, or the TCP stream in its place. */
export type Carrier = Hyperswarm.Connection | SecretStream

const tokens: Protomux.Encoding<Buffer> = {
  preencode(state) {
    state.end += TOKEN
  },
  encode(state, token) {
    state.buffer!.set(token, state.start)
    state.start += TOKEN
  },
  decode(state) {
    if (state.end - state.start < TOKEN) throw new Error('A token of a direct way is too short')
    const token = Buffer.from(state.buffer!.subarray(state.start, state.start + TOKEN))
    state.start += TOKEN
    return token
  },
}

/** Who is waited for, and what it will show. */
type Expected = {
  readonly token: Buffer
  readonly from: Buffer
  readonly arrived: (stream: SecretStream) => void
}

export class Direct {
  readonly #keyPair: DHT.KeyPair
  readonly #server: Server
  readonly #sockets: Sockets
  readonly #strangers = new Set<Socket>()
  readonly #expected = new Set<Expected>()
  readonly #notAgain = new Map<string, number>()
  readonly #connections = new WeakMap<object, Hyperswarm.Connection>()
  /** Connections of which TCP may carry or does. */
  readonly #hopeful = new WeakSet<object>()
  #port = 0
  #closed = false

  /** `keyPair`: the swarm's. `sockets` is told of each that is opened. */
  constructor(keyPair: DHT.KeyPair, sockets: Sockets) {
    this.#keyPair = keyPair
    this.#sockets = sockets
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

  /** Whether a stream over TCP carries in its place, or it is being found out whether one can. */
  isHopeful(connection: Hyperswarm.Connection): boolean {
    return this.#hopeful.has(connection)
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
    this.#hopeful.add(connection)
    const { isInitiator, remotePublicKey: from } = connection
    const token = randomBytes(TOKEN)
    let expected: Expected | null = null
    let timer: NodeJS.Timeout | null = null
    let stream: SecretStream | null = null
    let asked = false
    let decided = false
    const late = () => decided || this.#closed || connection.destroyed || connection.destroying
    const waitNoMore = () => {
      if (expected !== null) this.#expected.delete(expected)
      if (timer !== null) clearTimeout(timer)
    }
    const fallBack = () => {
      waitNoMore()
      this.#hopeful.delete(connection)
      if (late()) return
      decided = true
      stream?.destroy()
      use(connection)
    }
    const giveUp = () => {
      channel?.messages[GIVEN_UP]!.send(Buffer.alloc(0))
      fallBack()
    }
    const adopt = (arrived: SecretStream) => {
      waitNoMore()
      if (late() || stream !== null) {
        arrived.destroy()
        return
      }
      stream = arrived
      this.#connections.set(arrived, connection)
      const end = () => arrived.destroy()
      connection.once('close', end)
      arrived.once('close', () => {
        connection.removeListener('close', end)
        giveUp()
      })
      use(arrived)
    }
    const invite = (theirs: Buffer) => {
      const port = this.#port
      if (port === 0) return giveUp()
      expected = { token: theirs, from, arrived: adopt }
      this.#expected.add(expected)
      channel?.messages[INVITATION]!.send(Buffer.concat([Buffer.of(port & 0xff, port >> 8), theirs]))
    }
    const follow = async (invitation: Buffer) => {
      if (!isInitiator || asked || late()) return
      asked = true
      const isOurs = invitation.byteLength >= 2 + TOKEN && token.equals(invitation.subarray(2, 2 + TOKEN))
      const reached = isOurs ? await this.#reach(connection, invitation.readUInt16LE(0), token) : null
      if (reached === null) giveUp()
      else adopt(reached)
    }
    const streams = Protomux.from(connection)
    // Until the store pairs it itself. The channel is refused unless it is open here by the end of this.
    streams.pair({ protocol: REPLICATION }, async () => {
      fallBack()
      await turnOfLoop()
    })
    const channel = streams.createChannel<Buffer>({
      protocol: PROTOCOL,
      handshake: tokens,
      messages: [{ onmessage: fallBack }, { onmessage: invitation => void follow(viewOf(invitation)) }],
      onopen: theirs => {
        if (late()) return
        timer = setTimeout(giveUp, WAITING).unref()
        if (!isInitiator) invite(theirs)
      },
      onclose: fallBack,
    })
    if (channel === null) {
      fallBack()
      return
    }
    channel.open(token)
  }

  /** null: it cannot be reached in time. */
  async #reach(connection: Hyperswarm.Connection, port: number, token: Buffer): Promise<SecretStream | null> {
    const host = connection.rawStream.remoteHost
    if (port < LOWEST) return null
    const socket = connect({ host, port, noDelay: true })
    this.#sockets.add(socket)
    socket.write(token)
    const { remotePublicKey } = connection
    const stream = secure(socket, true, { pattern: 'IK', keyPair: this.#keyPair, remotePublicKey })
    const end = () => stream.destroy()
    connection.once('close', end)
    let isDropped = false
    const timer = setTimeout(() => {
      isDropped = socket.connecting
      stream.destroy()
    }, PATIENCE)
    const opened = await stream.opened
    clearTimeout(timer)
    connection.removeListener('close', end)
    if (opened) return stream
    stream.destroy()
    const now = performance.now()
    for (const [other, until] of this.#notAgain) if (until < now) this.#notAgain.delete(other)
    if (isDropped) this.#notAgain.set(host, now + NOT_AGAIN)
    return null
  }

  /** Nobody who has not been told a token gets further than its first bytes. */
  #meet(socket: Socket): void {
    this.#sockets.add(socket)
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
      const expected = Buffer.isBuffer(token) && token.byteLength === TOKEN ? this.#expectedBy(token) : null
      if (expected === null) {
        socket.destroy()
        return
      }
      const stream = secure(socket, false, { pattern: 'IK', keyPair: this.#keyPair })
      stream.once('close', known)
      void stream.opened.then(opened => {
        known()
        if (opened && stream.remotePublicKey.equals(expected.from)) expected.arrived(stream)
        else stream.destroy()
      })
    })
  }

  #expectedBy(token: Buffer): Expected | null {
    for (const expected of this.#expected) if (timingSafeEqual(expected.token, token)) return expected
    return null
  }
}

type Handshake =
  /** Whoever goes there knows whose key it is. */
  | { readonly pattern: 'IK'; readonly keyPair: DHT.KeyPair; readonly remotePublicKey?: Buffer }
  /** Both tell who they are. */
  | { readonly pattern: 'XX'; readonly keyPair: DHT.KeyPair }

/** A way that breaks just ends. */
export function secure(socket: Socket, isInitiator: boolean, handshake: Handshake): SecretStream {
  gather(socket)
  const stream = new SecretStream(isInitiator, socket, handshake)
  stream.on('error', () => {})
  stream.setKeepAlive(ALIVE)
  stream.setTimeout(DEAD)
  return stream
}

/**
 * Requests go out together that are made in one turn of the loop: each by itself costs the system as much as a block that
 * they ask for costs to hash. What is large goes at once, with all that waits before it.
 */
function gather(socket: Socket): void {
  const write = socket.write.bind(socket) as (bytes: Uint8Array) => boolean
  let isWaiting = false
  const go = () => {
    isWaiting = false
    socket.uncork()
  }
  const gathered = (bytes: Uint8Array): boolean => {
    if (bytes.byteLength <= GATHERED && !isWaiting) {
      isWaiting = true
      socket.cork()
      setImmediate(go)
    }
    const mayGoOn = write(bytes)
    if (bytes.byteLength > GATHERED && isWaiting) {
      socket.uncork()
      socket.cork()
    }
    return mayGoOn
  }
  socket.write = gathered as Socket['write']
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
