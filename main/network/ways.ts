/**
 * By which way each connection goes: straight, through a hole that both sides made in their routers, or over a third machine.
 * HyperDHT says so of none of them. Holes are made from sockets of their own, each for one connection, since a router may
 * show each socket otherwise. A relay is connected to like anybody, and told over a channel of its protocol whom it is to bring
 * together; what comes over it comes from its address until a hole has been made, and then from that of the other machine: one
 * connection, whose way changes. Leans on the inside of HyperDHT 6.32.
 */
import type DHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'
import Protomux from 'protomux'

export type Way = 'straight' | 'punched' | 'relayed'

/** Of the module blind-relay 1.6. */
const RELAY = 'blind-relay'

type Ends = Pick<DHT.RawStream, 'remoteHost' | 'remotePort' | 'socket'>

export class Ways {
  readonly #dht: DHT
  readonly #opened = new Set<DHT.Connection>()
  /** The same as long as it has the same ends: a relay that is gone was one all the same. */
  readonly #known = new WeakMap<object, Ends & { readonly way: Way }>()

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

  /** By which it goes now; of one that has ended, and has no socket any more, by which it went. */
  of({ rawStream }: Hyperswarm.Connection): Way {
    const { remoteHost, remotePort, socket } = rawStream
    const known = this.#known.get(rawStream)
    if (known !== undefined && (socket === null || isSame(known, rawStream))) return known.way
    const way = this.#look(rawStream)
    this.#known.set(rawStream, { remoteHost, remotePort, socket, way })
    return way
  }

  #look(ends: Ends): Way {
    for (const { rawStream, userData } of this.#opened)
      if (rawStream !== null && rawStream !== ends && isSame(rawStream, ends) && isRelay(userData)) return 'relayed'
    const { clientSocket, serverSocket } = this.#dht.io
    return ends.socket === clientSocket || ends.socket === serverSocket ? 'straight' : 'punched'
  }
}

const isSame = (one: Ends, other: Ends): boolean =>
  one.socket === other.socket && one.remotePort === other.remotePort && one.remoteHost === other.remoteHost

/** `userData`: where Protomux stands. Others may have the same address: a machine that several programs run on. */
const isRelay = (userData: unknown): boolean =>
  Protomux.isProtomux(userData) && [...userData].some(({ protocol }) => protocol === RELAY)
