/**
 * By which way each connection came about: straight, through a hole that both sides made in their routers, or over a third
 * machine. HyperDHT says so of none of them. Holes are made from sockets of their own, each for one connection, since a router may
 * show each socket otherwise; and it connects to a relay like to anybody. Leans on the inside of HyperDHT 6.32.
 */
import type DHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'

export type Way = 'straight' | 'punched' | 'relayed'

export class Ways {
  readonly #dht: DHT
  readonly #opened = new Set<DHT.Connection>()
  readonly #known = new WeakMap<object, Way>()

  /** Sees every connection that is made through `dht` from now on. */
  constructor(dht: DHT) {
    this.#dht = dht
    const connect = dht.connect.bind(dht)
    dht.connect = (publicKey, options) => {
      const connection: DHT.Connection = connect(publicKey, options)
      this.#opened.add(connection)
      connection.once('close', () => this.#opened.delete(connection))
      return connection
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
    const { remoteHost, remotePort, socket } = connection.rawStream
    const isRelay = (other: DHT.Connection) =>
      other !== connection && other.rawStream?.remoteHost === remoteHost && other.rawStream.remotePort === remotePort
    if ([...this.#opened].some(isRelay)) return 'relayed'
    const { clientSocket, serverSocket } = this.#dht.io
    return socket === clientSocket || socket === serverSocket ? 'straight' : 'punched'
  }
}
