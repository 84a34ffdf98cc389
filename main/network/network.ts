/**
 * The swarm: one DHT node, one Hyperswarm, every archive over the same connections. Knows topics and peers, not
 * archives. With a loopback bootstrap it binds to loopback and nothing ever leaves this machine.
 */
import { Socket } from 'node:net'
import type Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import { AppError } from '../../preload/contract/errors.ts'
import type { Attempts, LimitsInForce, NetworkStatus, RoomStatus } from '../../preload/contract/models.ts'
import { encodeKey } from '../archives/links.ts'
import { Collection } from '../lib/collection.ts'
import { isLoopback, loopbackOf } from '../lib/places.ts'
import { everySo } from '../lib/pulse.ts'
import { Rate } from '../lib/rate.ts'
import { Recent } from '../lib/recent.ts'
import { Announces } from './announces.ts'
import { AttemptLog, wasHeard } from './attempts.ts'
import { watchConnectivity } from './connectivity.ts'
import { Carriers } from './carriers.ts'
import { Datagrams } from './datagrams.ts'
import { type Carrier, Direct } from './direct.ts'
import type { Reach } from './multicast.ts'
import { isPrivate, type ReachEvidence, sayReach } from './reach.ts'
import { Room } from './room.ts'
import { type Rates, type Role, Shaper } from './shaper.ts'
import { Sockets } from './sockets.ts'
import { Table } from './table.ts'
import { Topics } from './topics.ts'
import { Stalls } from './stalls.ts'
import { divide } from './takeovers.ts'
import { type Way, Ways } from './ways.ts'
import { Wires } from './wires.ts'

/** How long the swarm may take to say goodbye, and then to end, in milliseconds. */
const FAREWELL = 1200
const ENDING = 300
/** Between two looks at what is told of it: while somebody looks at that, and otherwise. Milliseconds. */
const SAMPLE = { watched: 250, else: 1000 } as const
/** Who shares anything says every five seconds that it is still there: after so many milliseconds without, it is not. */
const SILENT = 12_000
/** Attempts to connect at the same time: upstream's three are soon taken by machines that are gone. */
const CONNECTING = 12
const nobody: Attempts = { connecting: 0, connected: 0, silent: 0, blocked: 0, refused: 0 }
/** So many wrong blocks end a connection, for so long, in milliseconds. */
const LIES = 3
const LET_GO = 10 * 60_000
/** Machines of which wrong blocks are remembered, and keys of this one: both are made as quickly as somebody likes. */
const MOST_LIARS = 4096
const MOST_OURS = 64

/** Whether nodes get in unasked is tried again after so long, in milliseconds, while they do not. */
const KNOCKING = 10 * 60_000

/** What the DHT said of a topic. */
export type Announcers = {
  /** A node of the DHT answered. */
  readonly answered: boolean
  /** Public keys, in hex, of the peers other than this machine that announce the topic. */
  readonly keys: readonly string[]
}

type Running = {
  readonly swarm: Hyperswarm
  readonly topics: Topics
  readonly attempts: AttemptLog
  readonly announces: Announces
  readonly table: Table
  readonly direct: Direct
  readonly ways: Ways
  /** How a node of the same DHT is made. */
  readonly node: NonNullable<ConstructorParameters<typeof DHT>[0]>
  /** All of the DHT that is asked is on this machine. */
  readonly local: boolean
  readonly carriers: Carriers
  /** Aborted when it ends. */
  readonly life: AbortSignal
  /** What was waited for may work now. */
  readonly returned: () => void
  readonly stop: () => void
}

export type Path = {
  /** Host and port; of a way over a third machine, that machine's. */
  readonly address: string
  readonly isInitiator: boolean
  /** Over TCP within this machine, or within one network, or not. */
  readonly way: Way | 'machine' | 'local'
  /** When the connection was made, in milliseconds since 1970; of one that is none any more now. */
  readonly since: number
  /** Bytes at sockets between the two machines, over whatever ways, since this one was started. */
  readonly received: number
  readonly sent: number
  /** Milliseconds; null: not known. */
  readonly roundTrip: number | null
}

export type NetworkOptions = {
  readonly bootstrap: readonly string[] | null
  readonly join: boolean
  /** Where others are looked for without the DHT while it is begun with these nodes (null: the public ones); null: nowhere. */
  readonly room: (bootstrap: readonly string[] | null) => Reach | null
}

export class Network {
  readonly status = new Collection<NetworkStatus>(isWatched => this.#watched(isWatched))
  readonly #options: NetworkOptions
  /** Of the archives that are shared, by their public keys in hex. */
  readonly #secrets = new Map<string, Buffer>()
  readonly #corestore: Corestore
  readonly #rates = { down: new Rate(), up: new Rate() }
  readonly #changed = new Set<() => void>()
  readonly #returned = new Set<() => void>()
  readonly #lies = new Recent<string, number>(MOST_LIARS)
  readonly #sockets = new Sockets()
  readonly #since = new WeakMap<Carrier, number>()
  readonly #wires = new Wires()
  /** The sockets of UDP that are open, and what had passed at those that were before. */
  #datagrams: Datagrams | null = null
  #passed = { down: 0, up: 0 }
  /** Connections from which something has come, and keys whose connections say nothing of others. */
  readonly #heard = new WeakSet<object>()
  readonly #ours = new Recent<string, true>(MOST_OURS)
  #came = { far: 0, near: 0 }
  #went = { far: 0, near: 0 }
  #unasked: boolean | null = null
  readonly #announced = new Set<(topic: string) => void>()
  #running: Running | null = null
  /** null: nobody looks. */
  #quick: NodeJS.Timeout | null = null
  #room: Room | null = null
  #wantsRoom = true
  #address = 'cairn/swarm'
  #publicKey = ''
  #online = true
  #paused = false
  #closed = false
  #connections = 64
  #limits: LimitsInForce = { down: null, up: null, scheduled: false }
  readonly #shaper: Shaper
  readonly #stalls = new Stalls()
  /** The DHT did not answer when it was asked last. */
  #silent = false
  #chosen: readonly string[] = []

  constructor(corestore: Corestore, options: NetworkOptions) {
    this.#corestore = corestore
    this.#options = options
    this.#shaper = new Shaper(corestore)
    corestore.watch(divide)
    corestore.watch(core => this.#stalls.follow(core))
  }

  get started(): boolean {
    return this.#running !== null
  }

  /** This machine's, in z-base-32; empty before `prepare`. */
  get publicKey(): string {
    return this.#publicKey
  }

  /**
   * Nodes to begin with from the next start on, where none were given to this program; empty: the public ones. true: these
   * are other ones than those that are used now.
   */
  beginWith(nodes: readonly string[]): boolean {
    const before = JSON.stringify(this.#bootstrap())
    this.#chosen = nodes
    return this.started && before !== JSON.stringify(this.#bootstrap())
  }

  /** As a program does that was started anew, and with what was chosen since. */
  async restart(): Promise<void> {
    await this.#stop()
    this.#publish({ name: 'starting' })
    await this.start()
  }

  /** false: this backend was told to stay off the network. */
  get allowed(): boolean {
    return this.#options.join
  }

  /** The person has paused everything. */
  get paused(): boolean {
    return this.#paused
  }

  /** This machine has a way to the nodes of the DHT. */
  get online(): boolean {
    return this.#online
  }

  /** There are others on the local network, whatever they share. */
  get hasNeighbours(): boolean {
    return this.#running !== null && (this.#running.carriers.met > 0 || (this.#room?.near ?? 0) > 0)
  }

  /** Hold at once, for what is connected as well. `archives`: those with limits of their own, by key. */
  limit(limits: LimitsInForce, archives: ReadonlyMap<string, Rates>): void {
    this.#limits = limits
    this.#shaper.setRates(limits, archives)
  }

  /** So many machines at once, at most; those that have carried least are let go. */
  limitConnections(most: number): void {
    this.#connections = most
    if (this.#running === null) return
    const { swarm, carriers } = this.#running
    swarm.maxPeers = most
    carriers.bound(most)
  }

  /** Calls back with every block that is sent, or has come and is right; `stream` is the connection, or carries in its place. */
  onBlock(listener: Parameters<Shaper['onBlock']>[0]): void {
    this.#shaper.onBlock(listener)
  }

  /** Bytes that have passed at all sockets since this process began, whatever they were for. */
  wire(): { readonly down: number; readonly up: number } {
    const { down, up } = this.#sockets.passed
    return {
      down: this.#passed.down + (this.#datagrams?.passed.down ?? 0) + down,
      up: this.#passed.up + (this.#datagrams?.passed.up ?? 0) + up,
    }
  }

  /** Says what a log is for, so that the limits of its archive hold for it. */
  assign(discoveryKey: Buffer, role: Role): void {
    this.#shaper.assign(discoveryKey, role)
  }

  /** Nothing is sent to anybody, and nobody is answered, until it is started. */
  async pause(): Promise<void> {
    this.#paused = true
    await this.#stop()
    this.#publish({ name: 'paused' })
  }

  /** `copy`: of the storage, see `Registry.copy`. Before consent nothing is sent to anybody. */
  async prepare(copy: string | null, paused: boolean): Promise<void> {
    this.#paused = paused
    this.#address = copy === null ? 'cairn/swarm' : `cairn/swarm/${copy}`
    this.#publicKey = encodeKey((await this.#corestore.createKeyPair(this.#address)).publicKey)
    this.#publish({ name: !this.#options.join ? 'off' : paused ? 'paused' : 'waiting-for-consent' })
  }

  async start(): Promise<void> {
    if (this.#running !== null || !this.#options.join) return
    this.#paused = false
    this.#forgetEvidence()
    const keyPair = await this.#corestore.createKeyPair(this.#address)
    if (this.#closed) return
    const bootstrap = this.#bootstrap()
    const loopback = loopbackOf(bootstrap)
    const node = {
      ...(bootstrap === null ? {} : { bootstrap: [...bootstrap] }),
      ...(loopback === null ? {} : { host: loopback, firewalled: false }),
    }
    const dht = new DHT(node)
    this.#datagrams = new Datagrams(dht)
    // What is sent for whoever asks about the network is counted like the rest.
    const another = { ...node, udx: dht.udx }
    const attempts = new AttemptLog(dht, () => this.#tell(this.#changed))
    const swarm = new PatientSwarm({ dht, keyPair, maxParallel: CONNECTING })
    swarm.maxPeers = this.#connections
    const announces = new Announces(swarm, topic => {
      for (const listener of this.#announced) listener(topic)
    })
    const table = new Table(dht)
    const topics = new Topics(swarm, () => {
      this.#silent = false
    })
    const returned = () => {
      topics.expire()
      this.#forgetEvidence()
      void this.#knock(dht)
      this.#room?.wake()
      this.#tell(this.#returned)
    }
    swarm.onNetworkChange = returned
    const direct = new Direct(keyPair, this.#sockets)
    void direct.listen(loopback ?? '0.0.0.0')
    const carriers = new Carriers(direct, carrier => {
      if (!this.#since.has(carrier)) this.#since.set(carrier, Date.now())
      this.#wires.follow(carrier)
      this.#shaper.carry(carrier)
      this.#corestore.replicate(carrier)
    })
    swarm.isFull = () => carriers.size >= this.#connections
    swarm.on('connection', (connection: Hyperswarm.Connection) => {
      // A connection that breaks is an everyday thing: the swarm tries again by itself.
      connection.on('error', () => {})
      // Those who came at the same moment were all let in: none of them was there yet.
      if (carriers.size >= this.#connections && !carriers.reaches(connection.remotePublicKey.toString('hex'))) {
        connection.destroy()
        return
      }
      connection.setTimeout(SILENT)
      this.#since.set(connection, Date.now())
      this.#wires.follow(connection)
      this.#shaper.carry(connection)
      connection.once('close', () => this.#room?.forgive())
      carriers.connect(connection)
    })
    // The nodes that upstream knows by name carry their address before an @.
    const nodes = dht.bootstrapNodes.map(({ host, port }) => ({ host: host.split('@')[0]!, port }))
    const stopWatching = watchConnectivity(nodes, change => {
      this.#online = change.online
      this.#tell(this.#changed)
      if (change.returned) returned()
    })
    const knocking = setInterval(() => void this.#knock(dht), KNOCKING)
    knocking.unref()
    void dht.fullyBootstrapped().then(
      () => this.#knock(dht),
      () => {},
    )
    const stopSampling = everySo(SAMPLE.else, () => this.#sample())
    const life = new AbortController()
    this.#running = {
      swarm,
      topics,
      attempts,
      announces,
      table,
      direct,
      ways: new Ways(dht),
      node: another,
      local: loopback !== null,
      carriers,
      life: life.signal,
      returned,
      stop: () => {
        life.abort()
        stopWatching()
        this.#closeRoom()
        carriers.part(null)
        direct.close()
        announces.close()
        table.close()
        stopSampling()
        clearInterval(knocking)
      },
    }
    this.#publish({ name: 'starting' })
    this.#openRoom(keyPair)
  }

  /** The machine has slept, or something else says that what failed may work now. Off the network nothing happens. */
  wake(): void {
    this.#running?.returned()
  }

  /** Whether others are looked for on the local network. */
  lookAround(wanted: boolean): void {
    this.#wantsRoom = wanted
    const running = this.#running
    if (running === null) return
    if (wanted) this.#openRoom(running.swarm.keyPair)
    else this.#closeRoom()
  }

  /** Those on the local network who share this archive find this machine from now on. `key`: its public key. */
  share(key: Buffer): void {
    const id = key.toString('hex')
    if (this.#secrets.has(id)) return
    this.#secrets.set(id, Room.secretOf(key))
    this.#room?.share()
  }

  unshare(key: Buffer): void {
    this.#secrets.delete(key.toString('hex'))
  }

  /**
   * Looks for others who share the topic now, and with `announce` tells them that this machine does, from now on. `urgent`:
   * before the topics that nobody waits for. Resolves when the DHT has been asked; never throws.
   */
  async ask(topic: Buffer, how: { readonly announce: boolean; readonly urgent: boolean }): Promise<void> {
    await this.#running?.topics.ask(topic, how)
  }

  /** Somebody looks at it: it is asked for before the others, if it has not been yet. */
  hurry(topic: Buffer): void {
    this.#running?.topics.hurry(topic)
  }

  /**
   * It sent a block that is not what was signed. One may be an accident of its disk; after some it is let go for a while,
   * which is said by true.
   */
  lied(publicKey: Buffer): boolean {
    const id = publicKey.toString('hex')
    const lies = (this.#lies.get(id) ?? 0) + 1
    this.#lies.set(id, lies)
    const swarm = this.#running?.swarm
    const peer = swarm?.peers.get(id)
    if (lies !== LIES) return false
    peer?.ban(true)
    for (const connection of swarm?.connections ?? [])
      if (connection.remotePublicKey.equals(publicKey)) connection.destroy()
    this.#running?.carriers.part(publicKey)
    setTimeout(() => {
      this.#lies.delete(id)
      peer?.ban(false)
    }, LET_GO).unref()
    return true
  }

  /** The way to whom a stream carries: over which address, how it came about, and what has passed between the two. */
  pathOf(stream: Carrier): Path {
    const connection = this.#running?.direct.connectionOf(stream) ?? stream
    const raw = connection.rawStream
    const base = {
      isInitiator: stream.isInitiator,
      since: this.#since.get(connection) ?? Date.now(),
      ...this.#wires.passed(stream.remotePublicKey),
    }
    if (raw instanceof Socket) {
      const host = raw.remoteAddress?.replace(/^::ffff:/, '') ?? ''
      return { ...base, address: `${host}:${raw.remotePort ?? 0}`, way: wayOver(host), roundTrip: null }
    }
    return {
      ...base,
      address: `${raw.remoteHost}:${raw.remotePort}`,
      way:
        connection === stream
          ? (this.#running?.ways.of(connection as Hyperswarm.Connection) ?? 'straight')
          : wayOver(raw.remoteHost),
      roundTrip: raw.rtt > 0 ? raw.rtt : null,
    }
  }

  async leave(topic: Buffer): Promise<void> {
    await this.#running?.topics.leave(topic)
  }

  /** Asks the DHT who announces the topic, for telling people why nobody is there. Takes some seconds when nothing answers. */
  async investigate(topic: Buffer, signal: AbortSignal): Promise<Announcers> {
    const running = this.#running
    if (running === null) return { answered: false, keys: [] }
    const { swarm } = running
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
    const answered = query.closestReplies.length > 0
    this.#silent = !answered
    return { answered, keys: [...found] }
  }

  /** How connecting to those who announce a topic has ended so far. */
  attempts({ keys }: Announcers): Attempts {
    const running = this.#running
    if (running === null) return nobody
    const heard = [...running.swarm.connections].filter(wasHeard)
    const connected = new Set(heard.map(({ remotePublicKey }) => remotePublicKey.toString('hex')))
    return running.attempts.count(keys, key => connected.has(key) || running.carriers.has(key))
  }

  /** What the service that explains the network stands on. Throws NETWORK_OFF. */
  get inside(): Pick<Running, 'announces' | 'table' | 'node' | 'life'> & {
    readonly dht: DHT
    readonly publicKey: string
  } {
    const running = this.#running
    if (running === null) throw new AppError('NETWORK_OFF', 'Cairn is not on the network.')
    const { announces, table, node, life, swarm } = running
    return { announces, table, node, life, dht: swarm.dht, publicKey: swarm.keyPair.publicKey.toString('hex') }
  }

  /** Who has this key is this machine itself, for as long as it tries a link: nobody whom others are told of. */
  disregard(publicKey: Buffer): void {
    this.#ours.set(publicKey.toString('hex'), true)
  }

  isDisregarded(publicKey: Uint8Array): boolean {
    return this.#ours.size > 0 && this.#ours.has(Buffer.from(publicKey).toString('hex'))
  }

  /** Calls back when what the DHT has been told of a topic (in hex) has changed. */
  onAnnounce(listener: (topic: string) => void): void {
    this.#announced.add(listener)
  }

  /** What is known of this machine's place in the network. */
  evidence(): ReachEvidence {
    const running = this.#running
    const dht = running?.swarm.dht
    const failed = running?.attempts.failed(key => running.carriers.reaches(key)) ?? { blocked: 0, silent: 0 }
    return {
      off: !this.#options.join,
      paused: this.#paused,
      agreed: running !== null,
      route: this.#online,
      asked: dht?.bootstrapped ?? false,
      nodes: dht?.nodes.length ?? 0,
      silent: this.#silent,
      loopback: running?.local ?? false,
      unasked: this.#unasked,
      seen: dht === undefined || dht.host === null ? null : { host: dht.host, port: dht.port },
      samples: dht?._nat.size ?? 0,
      localPort: dht?.io.serverSocket?.address().port ?? null,
      came: { ...this.#came },
      went: { ...this.#went },
      blocked: failed.blocked,
      noAnswer: failed.silent,
      connected: this.#others(),
      relayed: running === null ? 0 : this.#relayed(running),
      room: running?.carriers.met ?? 0,
    }
  }

  /** Calls back after what `online` and `attempts` say may have changed. Returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener)
    return () => this.#changed.delete(listener)
  }

  /** Calls back when what was not found may be found now: the network is back, is another one, or the machine has slept. */
  onReturn(listener: () => void): void {
    this.#returned.add(listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#shaper.close()
    this.#stalls.close()
    await this.#stop()
  }

  async #stop(): Promise<void> {
    const running = this.#running
    this.#running = null
    if (running === null) return
    running.stop()
    const { swarm, topics, announces } = running
    for (const topic of announces.topics()) for (const listener of this.#announced) listener(topic)
    // Who finds what is still announced then learns at once that nobody is there.
    const unreachable = swarm.server.close().catch(() => {})
    await Promise.race([Promise.all([unreachable, topics.close(FAREWELL)]), pause(FAREWELL)])
    // Peers see at once that it is gone; what still waits for the DHT ends with its node.
    const gone = swarm.dht.destroy({ force: true }).catch(() => {})
    void swarm.clear().catch(() => {})
    await Promise.race([Promise.all([gone, swarm.destroy({ force: true }).catch(() => {})]), pause(ENDING)])
    this.#passed.down += this.#datagrams?.passed.down ?? 0
    this.#passed.up += this.#datagrams?.passed.up ?? 0
    this.#datagrams = null
  }

  /** Machines that are connected, this one itself left out. */
  #others(): number {
    const keys = [...(this.#running?.carriers.keys() ?? [])]
    return keys.filter(key => !this.#ours.has(key)).length
  }

  #openRoom(keyPair: DHT.KeyPair): void {
    const reach = this.#options.room(this.#bootstrap())
    if (reach === null || !this.#wantsRoom || this.#room !== null) return
    const room = new Room(keyPair, reach, this.#secrets, this.#sockets, stream => {
      const carriers = this.#running?.carriers
      const isWanted =
        carriers !== undefined && carriers.size < this.#connections && !this.#isLetGo(stream.remotePublicKey)
      if (!isWanted) stream.destroy()
      return isWanted && carriers.meet(stream)
    })
    this.#room = room
    void room.start()
  }

  /** Who was met there is left as well. */
  #closeRoom(): void {
    this.#room?.close()
    this.#room = null
    this.#running?.carriers.part(null)
  }

  #isLetGo(publicKey: Buffer): boolean {
    return (this.#lies.get(publicKey.toString('hex')) ?? 0) >= LIES
  }

  #roomStatus(): RoomStatus {
    const room = this.#room
    if (room === null) return { state: 'off', near: 0, peers: 0 }
    return { state: room.isSomewhere ? 'on' : 'nowhere', near: room.near, peers: this.#running?.carriers.met ?? 0 }
  }

  #tell(listeners: ReadonlySet<() => void>): void {
    for (const listener of listeners) listener()
  }

  /** What was seen was seen in another network, maybe. */
  #forgetEvidence(): void {
    this.#came = { far: 0, near: 0 }
    this.#went = { far: 0, near: 0 }
    this.#unasked = null
  }

  /** Asks nodes to knock where nothing was sent from, as upstream does only after twenty minutes. Never throws. */
  async #knock(dht: DHT): Promise<void> {
    // On one machine everything gets in, which says nothing.
    if (this.#running?.local !== false || dht.destroyed || dht.host === null || dht.port === 0) return
    const known = dht.toArray()
    if (dht.firewalled) await dht._updateNetworkState(true).catch(() => false)
    if (dht.destroyed) return
    // Upstream strikes out those whose knock did not get in, although all of them answer.
    const left = new Set(dht.toArray().map(({ host, port }) => `${host}:${port}`))
    for (const node of known) if (!left.has(`${node.host}:${node.port}`)) dht.addNode(node)
    if (dht.nodes.length > 0) this.#unasked = !dht.firewalled
  }

  /** A connection is counted when something has come through it; one over a third machine only when it is not any more. */
  #hear(connection: Hyperswarm.Connection): void {
    if (this.#heard.has(connection) || !wasHeard(connection) || this.#isRelayed(connection)) return
    this.#heard.add(connection)
    if (this.isDisregarded(connection.remotePublicKey)) return
    const { remoteHost } = connection.rawStream
    ;(connection.isInitiator ? this.#went : this.#came)[isPrivate(remoteHost) ? 'near' : 'far']++
  }

  #isRelayed(connection: Hyperswarm.Connection): boolean {
    return this.#running?.ways.of(connection) === 'relayed'
  }

  /** Machines that are reached over a third one, and not over the local network as well. */
  #relayed({ swarm, carriers }: Running): number {
    const relayed = [...swarm.connections].filter(connection => this.#isRelayed(connection))
    return relayed.filter(({ remotePublicKey }) => !carriers.has(remotePublicKey.toString('hex'))).length
  }

  #watched(isWatched: boolean): void {
    if (this.#quick !== null) clearInterval(this.#quick)
    this.#quick = null
    if (!isWatched) return
    this.#quick = setInterval(() => this.#sample(), SAMPLE.watched).unref()
    this.#sample()
  }

  #sample(): void {
    if (this.#running === null) return
    const { swarm, carriers } = this.#running
    for (const connection of swarm.connections) this.#hear(connection)
    const isMute = this.#silent || (swarm.dht.bootstrapped && swarm.dht.nodes.length === 0)
    if (carriers.met > 0 && (!this.#online || isMute)) this.#publish({ name: 'room' })
    else if (!this.#online) this.#publish({ name: 'offline' })
    else if (swarm.connections.size === 0 && isMute) this.#publish({ name: 'dht-silent' })
    else if (!swarm.dht.bootstrapped && swarm.connections.size === 0) this.#publish({ name: 'starting' })
    else this.#publish({ name: swarm.dht.firewalled ? 'behind-nat' : 'online' })
  }

  /** null: the public ones. */
  #bootstrap(): readonly string[] | null {
    return this.#options.bootstrap ?? (this.#chosen.length === 0 ? null : this.#chosen)
  }

  #publish(state: NetworkStatus['state']): void {
    const { down: bytesDown, up: bytesUp } = this.wire()
    const dht = this.#running?.swarm.dht
    const next: NetworkStatus = {
      id: 'network',
      state,
      room: this.#roomStatus(),
      reach: sayReach(this.evidence()),
      bootstrap: {
        nodes: this.#bootstrap() ?? [],
        chosen: this.#options.bootstrap !== null ? 'start' : this.#chosen.length > 0 ? 'settings' : 'public',
      },
      peers: this.#others(),
      address: dht?.host ? `${dht.host}:${dht.port}` : null,
      publicKey: this.#publicKey,
      rateDown: Math.round(this.#rates.down.sample(bytesDown)),
      rateUp: Math.round(this.#rates.up.sample(bytesUp)),
      bytesDown,
      bytesUp,
      limits: this.#limits,
    }
    if (JSON.stringify(this.status.get('network')) !== JSON.stringify(next)) this.status.put(next)
  }
}

/** Of TCP, which leaves no network. */
const wayOver = (host: string): 'machine' | 'local' => (isLoopback(host) ? 'machine' : 'local')
const pause = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds).unref())

/**
 * Upstream asks for all topics at once when the network is another one, however many there are: Cairn does so in its own
 * order. And upstream lets in whoever comes; those who do not get in here are not kept out for good, as its own way to
 * decline would.
 */
class PatientSwarm extends Hyperswarm {
  onNetworkChange = () => {}
  isFull = () => this.connections.size >= this.maxPeers

  override _handleFirewall(publicKey: Uint8Array, payload: unknown): boolean {
    return super._handleFirewall(publicKey, payload) || (payload !== null && this.isFull())
  }

  override _handleNetworkChange(): Promise<void> {
    if (this.suspended) return Promise.resolve()
    // Connections that are dead are found out first.
    for (const connection of this.connections) connection.sendKeepAlive()
    this.onNetworkChange()
    return Promise.resolve()
  }
}
