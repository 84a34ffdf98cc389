/**
 * By which way each connection came about: straight, through a hole that both sides made in their routers, or over a third
 * machine. HyperDHT says so of none of them; it asks before it makes holes, and connects to a relay like to anybody.
 */
import type DHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'

export type Way = 'straight' | 'punched' | 'relayed'

/** A hole that was made so long ago, in milliseconds, is not what a new connection came through. */
const FRESH = 60_000

export class Ways {
  /** Those that this machine made, through holes. */
  readonly #punched = new WeakSet<object>()
  /** Addresses towards which a hole was made for whoever comes from there, and when. */
  readonly #awaited = new Map<string, number>()
  readonly #opened = new Set<DHT.Connection>()
  readonly #known = new WeakMap<object, Way>()

  /** Sees every connection that is made through `dht`, and every hole that `server` makes, from now on. */
  constructor(dht: DHT, server: Hyperswarm.Server) {
    const connect = dht.connect.bind(dht)
    dht.connect = (publicKey, options) => {
      const connection: DHT.Connection = connect(publicKey, {
        ...options,
        holepunch: () => {
          this.#punched.add(connection)
          return true
        },
      })
      this.#opened.add(connection)
      connection.once('close', () => this.#opened.delete(connection))
      return connection
    }
    const allowed = server.holepunch
    server.holepunch = (theirs, ours, addresses, own) => {
      const now = performance.now()
      for (const [host, since] of this.#awaited) if (now - since > FRESH) this.#awaited.delete(host)
      for (const { host } of addresses) this.#awaited.set(host, now)
      return allowed(theirs, ours, addresses, own)
    }
  }

  /** Asked for the first time when it stands, and the same from then on. */
  of(connection: Hyperswarm.Connection): Way {
    let way = this.#known.get(connection)
    if (way === undefined) {
      way = this.#look(connection)
      this.#known.set(connection, way)
    }
    return way
  }

  #look(connection: Hyperswarm.Connection): Way {
    const { remoteHost, remotePort } = connection.rawStream
    const isRelay = (other: DHT.Connection) =>
      other !== connection && other.rawStream?.remoteHost === remoteHost && other.rawStream.remotePort === remotePort
    if ([...this.#opened].some(isRelay)) return 'relayed'
    const awaited = this.#awaited.get(remoteHost)
    const holed = !connection.isInitiator && awaited !== undefined && performance.now() - awaited <= FRESH
    return holed || this.#punched.has(connection) ? 'punched' : 'straight'
  }
}
