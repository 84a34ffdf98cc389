/**
 * One way to each machine at a time. The swarm may find it, and the room may, and both at the same moment on both sides:
 * replication runs over one of the two, and the other one, if it stands, is kept for when that ends.
 *
 * What the room has found carries, since it is TCP within the local network; a connection of the swarm then waits, unread.
 * Where the swarm was first and TCP carries for it as well, the room's is one too many. Where it was first and carries by
 * itself, it ends, and comes back to wait. Each side decides by what it has, and closes what it does not use: so the other
 * side hears of it, and both come to the same one.
 */
import type Hyperswarm from 'hyperswarm'
import type SecretStream from '@hyperswarm/secret-stream'
import type { Carrier, Direct } from './direct.ts'

/** Two that came up so shortly after each other, in milliseconds, came up at once: the other side may have kept either. */
const AT_ONCE = 3000

/** Bytes that may come over a connection that is not read, since nothing holds them back; next to nothing is said there. */
const UNREAD = 1 << 20
/** Between two looks at these, in milliseconds. */
const LOOK = 250

type Way = {
  /** The room's, which carries if there is one. */
  met: { readonly stream: SecretStream; readonly since: number } | null
  /** The swarm's. */
  connection: Hyperswarm.Connection | null
}

export class Carriers {
  readonly #direct: Direct
  readonly #use: (carrier: Carrier) => void
  readonly #ways = new Map<string, Way>()
  /** null: none stands by. */
  #timer: NodeJS.Timeout | null = null
  #met = 0

  /** `use` is called with what carries replication from then on, until it ends. */
  constructor(direct: Direct, use: (carrier: Carrier) => void) {
    this.#direct = direct
    this.#use = use
  }

  /** Machines that are reached over the local network without the swarm. */
  get met(): number {
    return this.#met
  }

  /** All machines, by their public keys in hex. */
  keys(): IterableIterator<string> {
    return this.#ways.keys()
  }

  get size(): number {
    return this.#ways.size
  }

  /** The room has found somebody, who has proven who they are. false: there is a way that is as good; the stream is closed. */
  meet(stream: SecretStream): boolean {
    const id = stream.remotePublicKey.toString('hex')
    const way = this.#of(id)
    const { met, connection } = way
    const now = performance.now()
    const isOneTooMany =
      stream.remotePublicKey.equals(stream.publicKey) ||
      (met === null
        ? connection !== null && this.#direct.isHopeful(connection)
        : now - met.since < AT_ONCE && !isKept(stream))
    if (isOneTooMany) {
      this.#forget(id)
      stream.destroy()
      return false
    }
    way.met = { stream, since: now }
    stream.once('close', () => this.#left(id, stream))
    if (met === null) this.#met++
    met?.stream.destroy()
    // It comes back, and waits.
    if (met === null) connection?.destroy()
    this.#use(stream)
    return true
  }

  /** The swarm has found somebody. */
  connect(connection: Hyperswarm.Connection): void {
    const id = connection.remotePublicKey.toString('hex')
    const way = this.#of(id)
    way.connection = connection
    connection.once('close', () => {
      if (way.connection === connection) way.connection = null
      this.#forget(id)
    })
    if (way.met === null) this.#direct.carry(connection, this.#use)
    // What it keeps open it does not have to find again.
    else {
      connection.setKeepAlive(5000)
      this.#timer ??= setInterval(() => this.#look(), LOOK).unref()
    }
  }

  /** Whether there is any way to a machine. `key`: in hex. */
  reaches(key: string): boolean {
    return this.#ways.has(key)
  }

  /** Whether a machine is reached over the local network. `key`: in hex. */
  has(key: string): boolean {
    return (this.#ways.get(key)?.met ?? null) !== null
  }

  /** So many machines at most: those that have carried least are let go. */
  bound(most: number): void {
    const passed = (stream: Carrier | null) => (stream === null ? 0 : stream.rawBytesRead + stream.rawBytesWritten)
    const carried = ({ met, connection }: Way) => passed(met?.stream ?? null) + passed(connection)
    for (const { met, connection } of [...this.#ways.values()].sort((a, b) => carried(b) - carried(a)).slice(most)) {
      met?.stream.destroy()
      connection?.destroy()
    }
  }

  /** Ends what the room has found with this machine; null: with all. */
  part(publicKey: Buffer | null): void {
    const ids = publicKey === null ? [...this.#ways.keys()] : [publicKey.toString('hex')]
    for (const id of ids) this.#ways.get(id)?.met?.stream.destroy()
  }

  /** Ends connections that stand by and are talked to all the same. */
  #look(): void {
    const waiting = [...this.#ways.values()].filter(({ met, connection }) => met !== null && connection !== null)
    for (const { connection } of waiting) if (connection!.rawStream.bytesReceived > UNREAD) connection!.destroy()
    if (waiting.length > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #left(id: string, stream: SecretStream): void {
    const way = this.#ways.get(id)
    if (way?.met?.stream !== stream) return
    way.met = null
    this.#met--
    const { connection } = way
    if (connection !== null && !connection.destroying) this.#direct.carry(connection, this.#use)
    this.#forget(id)
  }

  #of(id: string): Way {
    const way = this.#ways.get(id) ?? { met: null, connection: null }
    this.#ways.set(id, way)
    return way
  }

  #forget(id: string): void {
    const way = this.#ways.get(id)
    if (way !== undefined && way.met === null && way.connection === null) this.#ways.delete(id)
  }
}

/** Of two between the same machines both keep the one that was begun by the one with the higher key. */
const isKept = (stream: SecretStream): boolean =>
  stream.isInitiator === Buffer.compare(stream.publicKey, stream.remotePublicKey) > 0
