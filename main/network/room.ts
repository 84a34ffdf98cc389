/**
 * Finds others on the local network without the DHT, and connects to them over TCP: in one room, without internet, all
 * works. Each says every few seconds which archives it shares, so that only those understand who share one (`beacon.ts`), and
 * whoever understands comes to where that was said. Both then prove that they know the archive, and tell each other who
 * they are, encrypted, with the keys that they have in the swarm too.
 *
 * What is heard may come from anybody. So it is answered to nobody, it leads only to where it came from within the local
 * network, not too often, and whatever is remembered of it is bounded.
 */
import { randomBytes } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type SecretStream from '@hyperswarm/secret-stream'
import type DHT from 'hyperdht'
import {
  COMING_BYTES,
  decodeBeacon,
  encodeBeacon,
  encodeComing,
  encodeWelcome,
  isWelcome,
  LOWEST_PORT,
  NONCE,
  type Place,
  type Secret,
  secretOf,
  sharedIn,
  WELCOME_BYTES,
  whoComes,
} from './beacon.ts'
import { isNear, secure } from './direct.ts'
import { Multicast, type Reach } from './multicast.ts'
import type { Sockets } from './sockets.ts'

/** All times in milliseconds. When something has changed, it is said so long after it, and then again and again. */
const SOON = [100, 1000, 3000] as const
const EVERY = 5000
/** Said at once, and of how many archives: what is more is said the next time. */
const MOST_SAID = 1120
/** Who is heard is near for so long. */
const NEAR = 60_000
const MOST_NEAR = 256
/** Packets that are looked at in a second: of all, and of one address. */
const LISTENING = { all: 60, one: 12 } as const
/** Marks that are made in a second to compare beacons with, a few microseconds each: of beacons at least so many are compared. */
const COMPARED = { marks: 20_000, beacons: 4 } as const
/** Of two who hear each other the one with the lower address and port waits for the other to come. */
const AFTER_YOU = 1500
/** Knocks at the same time, and at one address in ten seconds. */
const KNOCKS = 8
const KNOCKS_AT_ONE = 6
/** At a door that does not open: as long as that, then twice as long … at most. */
const REST = { first: 2000, most: 300_000 } as const
const PATIENCE = 3000
/** What stood for less than this was not wanted. */
const LASTING = 10_000
/** Strangers at the own door: at the same time, of one address, and in a second. */
const STRANGERS = 24
const STRANGERS_OF_ONE = 8
const STRANGERS_A_SECOND = 40

type Resting = { readonly until: number; readonly pause: number }

export class Room {
  readonly #keyPair: DHT.KeyPair
  readonly #multicast: Multicast
  readonly #sockets: Sockets
  readonly #host: string
  readonly #secrets: ReadonlyMap<string, Secret>
  readonly #met: (stream: SecretStream) => boolean
  readonly #server: Server
  readonly #strangers = new Set<Socket>()
  readonly #knocking = new Set<string>()
  readonly #going = new Set<Socket>()
  /** By address and port, as all that follows. */
  readonly #linked = new Map<string, SecretStream>()
  readonly #resting = new Map<string, Resting>()
  readonly #near = new Map<string, number>()
  readonly #own: string[] = []
  readonly #heard = new Ration(1000, LISTENING.all)
  readonly #compared = new Ration(1000, COMPARED.marks)
  readonly #knocked = new Ration(10_000, 100)
  readonly #visits = new Ration(1000, STRANGERS_A_SECOND)
  readonly #timers = new Set<NodeJS.Timeout>()
  #soon: readonly NodeJS.Timeout[] = []
  #port = 0
  #said = 0
  #closed = false

  /**
   * `secrets`: of the archives that are shared now (`Room.secretOf`), the last looked at last; tell `share` when there are more.
   * `sockets` counts what passes. `met` gets each stream to somebody who shares one of them, and says whether it is used.
   */
  constructor(
    keyPair: DHT.KeyPair,
    reach: Reach,
    secrets: ReadonlyMap<string, Secret>,
    sockets: Sockets,
    met: (stream: SecretStream) => boolean,
  ) {
    this.#keyPair = keyPair
    this.#secrets = secrets
    this.#met = met
    this.#host = reach.name === 'lan' ? '0.0.0.0' : '127.0.0.1'
    this.#sockets = sockets
    this.#multicast = new Multicast(
      reach,
      sockets,
      (bytes, address) => this.#hear(bytes, address),
      () => {
        this.forgive()
        this.#announceSoon()
      },
    )
    this.#server = createServer({ noDelay: true }, socket => void this.#receive(socket))
    this.#server.on('error', () => {})
  }

  static secretOf(key: Uint8Array): Secret {
    return secretOf(key)
  }

  /** Never throws: without a door or a local network there is nobody to be found. */
  async start(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#server.once('error', () => resolve())
      this.#server.listen({ host: this.#host, port: 0 }, resolve)
    })
    const address = this.#server.address()
    this.#port = address === null || typeof address === 'string' ? 0 : address.port
    this.#server.unref()
    if (this.#closed) return
    this.#multicast.start()
    this.#every(EVERY, () => this.#announce())
  }

  /** This machine is in a local network. */
  get isSomewhere(): boolean {
    return this.#multicast.addresses.length > 0
  }

  /** Others that were heard in the last minute. */
  get near(): number {
    const since = performance.now() - NEAR
    for (const [id, at] of this.#near) if (at < since) this.#near.delete(id)
    return this.#near.size
  }

  /** There is something new to say. */
  share(): void {
    this.#announceSoon()
  }

  /** Where nobody was met, or there was a better way, it is tried again. */
  forgive(): void {
    this.#resting.clear()
  }

  /** The network is another one, or the machine has slept. */
  wake(): void {
    this.forgive()
    this.#multicast.look()
    this.#announceSoon()
  }

  /** What was met stays. */
  close(): void {
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#multicast.close()
    this.#server.close()
    for (const socket of [...this.#strangers, ...this.#going]) socket.destroy()
  }

  #announceSoon(): void {
    if (this.#closed || this.#port === 0) return
    const [first, ...later] = this.#soon
    for (const timer of later) this.#stop(timer)
    // What is about to be said is not put off by what comes on top of it.
    const next = first !== undefined && this.#timers.has(first) ? first : this.#after(SOON[0], () => this.#announce())
    this.#soon = [next, ...SOON.slice(1).map(wait => this.#after(wait, () => this.#announce()))]
  }

  #announce(): void {
    if (this.#port === 0 || this.#secrets.size === 0) return
    const all = [...this.#secrets.values()].reverse()
    const from = all.length <= MOST_SAID ? 0 : this.#said % all.length
    const secrets = [...all.slice(from), ...all.slice(0, from)].slice(0, MOST_SAID)
    this.#said = from + secrets.length
    this.#multicast.say(address => {
      const nonce = randomBytes(NONCE)
      this.#own.push(nonce.toString('hex'))
      if (this.#own.length > 64) this.#own.shift()
      return encodeBeacon(secrets, { address, port: this.#port }, nonce)
    })
  }

  #hear(bytes: Buffer, address: string): void {
    if (!this.#heard.take(address, LISTENING.one)) return
    const beacon = decodeBeacon(bytes)
    if (beacon === null || this.#own.includes(beacon.nonce.toString('hex'))) return
    const place = { address, port: beacon.port }
    const id = idOf(place)
    this.#near.delete(id)
    this.#near.set(id, performance.now())
    trim(this.#near, MOST_NEAR)
    if (!this.#mayKnock(id)) return
    const marks = Math.min(this.#secrets.size, COMPARED.marks / COMPARED.beacons)
    if (!this.#compared.take(address, LISTENING.one, marks)) return
    const secret = sharedIn(beacon, address, this.#secrets.values())
    if (secret === null) return
    const wait = this.#isAfter(place) ? AFTER_YOU : 0
    this.#knocking.add(id)
    this.#after(wait, () => {
      if (this.#linked.has(id) || !this.#knocked.take(address, KNOCKS_AT_ONE)) this.#knocking.delete(id)
      else void this.#knock(place, secret).finally(() => this.#knocking.delete(id))
    })
  }

  #mayKnock(id: string): boolean {
    if (this.#linked.has(id) || this.#knocking.has(id) || this.#knocking.size >= KNOCKS) return false
    return (this.#resting.get(id)?.until ?? 0) < performance.now()
  }

  /** Of two one comes and the other one waits. */
  #isAfter({ address, port }: Place): boolean {
    const [own = ''] = this.#multicast.addresses
    return address === own ? port > this.#port : numberOf(address) > numberOf(own)
  }

  async #knock(place: Place, secret: Secret): Promise<void> {
    const id = idOf(place)
    const socket = connect({ host: place.address, port: place.port, noDelay: true })
    this.#sockets.add(socket)
    socket.on('error', () => {})
    this.#going.add(socket)
    const timer = setTimeout(() => socket.destroy(), PATIENCE)
    const isLinked = await this.#enter(socket, id, secret).catch(() => false)
    clearTimeout(timer)
    this.#going.delete(socket)
    if (isLinked) return
    socket.destroy()
    this.#rest(id)
  }

  #rest(id: string): void {
    const pause = Math.min((this.#resting.get(id)?.pause ?? REST.first / 2) * 2, REST.most)
    this.#resting.delete(id)
    this.#resting.set(id, { pause, until: performance.now() + pause })
    trim(this.#resting, MOST_NEAR)
  }

  /** false: it is not who was expected, or there is a better way to them. */
  async #enter(socket: Socket, id: string, secret: Secret): Promise<boolean> {
    const challenge = await take(socket, NONCE)
    if (challenge === null) return false
    const nonce = randomBytes(NONCE)
    socket.write(encodeComing(secret, challenge, nonce, this.#port))
    const welcome = await take(socket, WELCOME_BYTES)
    if (welcome === null || !isWelcome(welcome, secret, challenge, nonce)) return false
    return this.#link(id, secure(socket, true, { pattern: 'XX', keyPair: this.#keyPair }))
  }

  async #receive(socket: Socket): Promise<void> {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const others = [...this.#strangers].filter(other => other.remoteAddress === socket.remoteAddress).length
    if (
      !isNear(address) ||
      this.#strangers.size >= STRANGERS ||
      others >= STRANGERS_OF_ONE ||
      !this.#visits.take(address, STRANGERS_A_SECOND)
    ) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    socket.once('close', () => this.#strangers.delete(socket))
    const timer = setTimeout(() => socket.destroy(), PATIENCE)
    const isLinked = await this.#admit(socket, address).catch(() => false)
    clearTimeout(timer)
    this.#strangers.delete(socket)
    if (!isLinked) socket.destroy()
  }

  async #admit(socket: Socket, address: string): Promise<boolean> {
    const challenge = randomBytes(NONCE)
    socket.write(challenge)
    const said = await take(socket, COMING_BYTES)
    const guest = said === null ? null : whoComes(said, challenge, this.#secrets.values())
    if (guest === null) return false
    socket.write(encodeWelcome(guest.secret, challenge, guest.nonce))
    const stream = secure(socket, false, { pattern: 'XX', keyPair: this.#keyPair })
    return this.#link(guest.port < LOWEST_PORT ? null : idOf({ address, port: guest.port }), stream)
  }

  /** `id`: where they can be found; null: nowhere. */
  async #link(id: string | null, stream: SecretStream): Promise<boolean> {
    if (!(await stream.opened) || this.#closed) {
      stream.destroy()
      return false
    }
    if (!this.#met(stream)) return false
    if (id === null) return true
    const since = performance.now()
    this.#linked.set(id, stream)
    stream.once('close', () => {
      if (this.#linked.get(id) === stream) this.#linked.delete(id)
      // The other side had a better way, or none for long: it is not tried again at once.
      if (performance.now() - since < LASTING) this.#rest(id)
      else this.#resting.delete(id)
      this.#announceSoon()
    })
    return true
  }

  #after(wait: number, task: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      task()
    }, wait).unref()
    this.#timers.add(timer)
    return timer
  }

  #stop(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    this.#timers.delete(timer)
  }

  #every(wait: number, task: () => void): void {
    // Those who began together do not speak together for ever.
    this.#after(wait * (0.8 + Math.random() * 0.4), () => {
      task()
      this.#every(wait, task)
    })
  }
}

/** So many in so many milliseconds, and of one no more than its share. */
class Ration {
  readonly #milliseconds: number
  readonly #most: number
  readonly #taken = new Map<string, number>()
  #since = 0
  #all = 0

  constructor(milliseconds: number, most: number) {
    this.#milliseconds = milliseconds
    this.#most = most
  }

  /** `weight`: as how many it counts in all. */
  take(of: string, most: number, weight = 1): boolean {
    const now = performance.now()
    if (now - this.#since >= this.#milliseconds) {
      this.#since = now
      this.#all = 0
      this.#taken.clear()
    }
    const taken = this.#taken.get(of) ?? 0
    if (this.#all + weight > this.#most || taken >= most) return false
    this.#all += weight
    this.#taken.set(of, taken + 1)
    return true
  }
}

const idOf = ({ address, port }: Place): string => `${address}:${port}`

const numberOf = (address: string): number =>
  address.split('.').reduce((number, part) => number * 256 + Number(part), 0)

function trim(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}

/** The next bytes of it; null: it has ended before. */
function take(socket: Socket, bytes: number): Promise<Buffer | null> {
  return new Promise(resolve => {
    const end = (taken: Buffer | null) => {
      socket.off('readable', look)
      socket.off('close', none)
      resolve(taken)
    }
    const none = () => end(null)
    const look = () => {
      const taken: unknown = socket.read(bytes)
      if (Buffer.isBuffer(taken)) end(taken.byteLength === bytes ? taken : null)
    }
    socket.on('readable', look)
    socket.once('close', none)
    if (socket.destroyed) none()
  })
}
