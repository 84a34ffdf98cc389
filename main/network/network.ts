/**
 * The swarm: one DHT node, one Hyperswarm, every archive over the same connections. Knows topics and peers, not
 * archives. With a loopback bootstrap it binds to loopback and nothing ever leaves this machine.
 */
import { networkInterfaces } from 'node:os'
import type Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import type { NetworkStatus } from '../../preload/contract/models.ts'
import { encodeKey } from '../archives/links.ts'
import { Collection } from '../lib/collection.ts'
import type { Log } from '../lib/log.ts'
import { Rate } from '../lib/rate.ts'

/** How long the swarm may take to say goodbye before it is cut off. */
const FAREWELL = 1000
const SAMPLE = 250

export type Evidence = {
  /** An interface of this machine that is not loopback is up, or loopback is all that we were told to use. */
  readonly interfaces: boolean
  readonly dhtAnswered: boolean
  /** Peers other than this machine that announce the topic. */
  readonly candidates: number
}

export class Network {
  readonly status = new Collection<NetworkStatus>()
  readonly #options: { readonly bootstrap: readonly string[] | null; readonly join: boolean }
  readonly #corestore: Corestore
  readonly #log: Log
  readonly #topics = new Map<string, { readonly topic: Buffer; readonly discovery: Hyperswarm.Discovery }>()
  readonly #rates = { down: new Rate(), up: new Rate() }
  #closedBytes = { down: 0, up: 0 }
  #swarm: Hyperswarm | null = null
  #sampler: NodeJS.Timeout | null = null
  #wanted: readonly (() => void)[] = []
  #publicKey = ''
  #silentSince: number | null = null

  constructor(
    corestore: Corestore,
    options: { readonly bootstrap: readonly string[] | null; readonly join: boolean },
    log: Log,
  ) {
    this.#corestore = corestore
    this.#options = options
    this.#log = log
  }

  get started(): boolean {
    return this.#swarm !== null
  }

  /** false: this backend was told to stay off the network. */
  get allowed(): boolean {
    return this.#options.join
  }

  /** Before consent nothing is sent to anybody. */
  async prepare(): Promise<void> {
    this.#publicKey = encodeKey((await this.#corestore.createKeyPair('cairn/swarm')).publicKey)
    this.#publish({ name: this.#options.join ? 'waiting-for-consent' : 'off' })
  }

  async start(): Promise<void> {
    if (this.#swarm !== null || !this.#options.join) return
    const keyPair = await this.#corestore.createKeyPair('cairn/swarm')
    const { bootstrap } = this.#options
    const local = bootstrap !== null && bootstrap.length > 0 && bootstrap.every(isLoopback)
    const dht = new DHT({
      ...(bootstrap === null ? {} : { bootstrap: [...bootstrap] }),
      ...(local ? { host: '127.0.0.1', firewalled: false } : {}),
    })
    const swarm = new Hyperswarm({ dht, keyPair })
    swarm.on('connection', (connection: Hyperswarm.Connection) => {
      // A connection that breaks is an everyday thing: the swarm tries again by itself.
      connection.on('error', () => {})
      connection.once('close', () => {
        this.#closedBytes.down += connection.rawBytesRead
        this.#closedBytes.up += connection.rawBytesWritten
      })
      this.#corestore.replicate(connection)
    })
    this.#swarm = swarm
    this.#publish({ name: 'starting' })
    this.#sampler = setInterval(() => this.#sample(), SAMPLE)
    this.#sampler.unref()
    for (const begin of this.#wanted) begin()
    this.#wanted = []
  }

  /**
   * Looks for others who share the topic, and with `announce` tells them that this machine does. Calling it again
   * changes the mode. Before `start` it is remembered.
   */
  join(topic: Buffer, announce: boolean): void {
    const swarm = this.#swarm
    if (swarm === null) {
      this.#wanted = [...this.#wanted, () => this.join(topic, announce)]
      return
    }
    const id = topic.toString('hex')
    const joined = this.#topics.get(id)
    if (joined === undefined)
      this.#topics.set(id, { topic, discovery: swarm.join(topic, { client: true, server: announce }) })
    else
      void joined.discovery
        .refresh({ client: true, server: announce })
        .catch(error => this.#log.warn({ err: error }, 'refresh failed'))
  }

  /** Looks again now. */
  refresh(topic: Buffer): void {
    void this.#topics
      .get(topic.toString('hex'))
      ?.discovery.refresh()
      .catch(error => this.#log.warn({ err: error }, 'refresh failed'))
  }

  async leave(topic: Buffer): Promise<void> {
    const id = topic.toString('hex')
    const joined = this.#topics.get(id)
    this.#topics.delete(id)
    await joined?.discovery.destroy()
  }

  /** Asks the DHT who announces the topic, for telling people why nobody is there. Takes some seconds when nothing answers. */
  async investigate(topic: Buffer, signal: AbortSignal): Promise<Evidence> {
    const swarm = this.#swarm
    const interfaces = this.#isLocal() || hasNetwork()
    if (swarm === null) return { interfaces, dhtAnswered: false, candidates: 0 }
    const query = swarm.dht.lookup(topic)
    const stop = () => query.destroy()
    signal.addEventListener('abort', stop)
    const found = new Set<string>()
    try {
      for await (const { peers } of query) for (const { publicKey } of peers) found.add(publicKey.toString('hex'))
    } catch {
      // A query without any answer throws; its evidence is the lack of replies.
    } finally {
      signal.removeEventListener('abort', stop)
    }
    found.delete(swarm.keyPair.publicKey.toString('hex'))
    const dhtAnswered = query.closestReplies.length > 0
    this.#silentSince = dhtAnswered ? null : (this.#silentSince ?? Date.now())
    return { interfaces, dhtAnswered, candidates: found.size }
  }

  async close(): Promise<void> {
    if (this.#sampler !== null) clearInterval(this.#sampler)
    const swarm = this.#swarm
    this.#swarm = null
    this.#wanted = []
    this.#topics.clear()
    if (swarm === null) return
    const farewell = swarm.destroy().catch(() => {})
    const inTime = await Promise.race([
      farewell.then(() => true),
      new Promise<false>(resolve => setTimeout(() => resolve(false), FAREWELL).unref()),
    ])
    if (!inTime)
      await Promise.race([
        swarm.destroy({ force: true }).catch(() => {}),
        new Promise(resolve => setTimeout(resolve, 300).unref()),
      ])
  }

  #isLocal(): boolean {
    const { bootstrap } = this.#options
    return bootstrap !== null && bootstrap.every(isLoopback)
  }

  #sample(): void {
    const swarm = this.#swarm
    if (swarm === null) return
    if (!this.#isLocal() && !hasNetwork()) this.#publish({ name: 'offline' })
    else if (
      swarm.connections.size === 0 &&
      (this.#silentSince !== null || (swarm.dht.bootstrapped && swarm.dht.nodes.length === 0))
    )
      this.#publish({ name: 'dht-silent' })
    else if (!swarm.dht.bootstrapped && swarm.connections.size === 0) this.#publish({ name: 'starting' })
    else this.#publish({ name: swarm.dht.firewalled ? 'behind-nat' : 'online' })
  }

  #publish(state: NetworkStatus['state']): void {
    let bytesDown = this.#closedBytes.down
    let bytesUp = this.#closedBytes.up
    for (const connection of this.#swarm?.connections ?? []) {
      bytesDown += connection.rawBytesRead
      bytesUp += connection.rawBytesWritten
    }
    const dht = this.#swarm?.dht
    const next: NetworkStatus = {
      id: 'network',
      state,
      peers: this.#swarm?.connections.size ?? 0,
      address: dht?.host ? `${dht.host}:${dht.port}` : null,
      publicKey: this.#publicKey,
      rateDown: Math.round(this.#rates.down.sample(bytesDown)),
      rateUp: Math.round(this.#rates.up.sample(bytesUp)),
      bytesDown,
      bytesUp,
    }
    if (JSON.stringify(this.status.get('network')) !== JSON.stringify(next)) this.status.put(next)
  }
}

export const isLoopback = (address: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)(:\d+)?$/.test(address)

const hasNetwork = (): boolean =>
  Object.values(networkInterfaces()).some(addresses => addresses?.some(address => !address.internal) === true)
