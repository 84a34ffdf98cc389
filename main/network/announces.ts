/**
 * What the DHT has been told of this machine: which topics, when, and which nodes keep it. A record lives in the memory of some
 * twenty nodes and is gone with them, or after twenty minutes; upstream tells it anew every ten to twelve minutes and not before.
 * Here one of those nodes after the other is asked whether it still has the record, and where most do not, it is told anew at once.
 */
import type DHT from 'hyperdht'
import messages from 'hyperdht/lib/messages.js'
import type Hyperswarm from 'hyperswarm'

/** Of the DHT's protocol. */
const LOOKUP = 3
/** Of upstream's, in milliseconds: between two times of telling it, at the latest. */
export const RENEWED_WITHIN = 12 * 60_000
/** Nodes are asked no more often than this, in milliseconds, and about one topic not more often than that. */
const BEAT = 250
const PAUSE = 20_000
/** What is due within this share of a pause is asked along, and so many at once: each by itself would wake this program and others. */
const ALONG = 0.1
const AT_ONCE = 20
/** A node tells of so many machines that announce a topic at most: one that is not among them may be there all the same. */
const TOLD = 20
/** A topic that was told anew, and is lost again, waits for so many pauses, and then twice as long each time, in milliseconds. */
const AGAIN = 1.5
/** All of the closest nodes that are known may be gone: each try forgets those that do not answer. */
const TRIES = 3
/** How often a node is asked again then, where upstream asks five times, a second each. */
const QUICK = 1
const AGAIN_AT_LAST = 10 * 60_000

export type Announce = {
  /** In hex. */
  readonly topic: string
  readonly at: number
  /** Nodes that keep it, as far as is known. */
  readonly holders: number
  /** When one of them was asked last, and had it. */
  readonly confirmedAt: number | null
  /** How often it was told anew because it was lost. */
  readonly renewals: number
}

type Told = {
  readonly topic: Buffer
  at: number
  /** Those that took it, but for some that were found to have lost it, and how many of these have it, as far as is known. */
  holders: readonly DHT.Node[]
  kept: number
  /** The next one to be asked. */
  turn: number
  /** By a clock that is not set: when it is to be asked for, and not before which time it may be told anew. */
  due: number
  notBefore: number
  again: number
  busy: boolean
  confirmedAt: number | null
  renewals: number
}

export class Announces {
  readonly #swarm: Hyperswarm
  readonly #records = new Map<string, Told>()
  /** Topics that are told anew because they were lost: nodes that are gone are not waited for long. */
  readonly #urgent = new Set<string>()
  readonly #changed: (topic: string) => void
  /** null: there is nothing to be asked. */
  #timer: NodeJS.Timeout | null = null
  /** Not before this is the next question, by a clock that is not set. */
  #next = 0
  #closed = false
  readonly #pause: number

  /**
   * Sees every topic that is announced through the swarm's DHT from now on. `changed`: of what `get` says of a topic. `pause`:
   * milliseconds between two questions about one topic, at least.
   */
  constructor(swarm: Hyperswarm, changed: (topic: string) => void, pause = PAUSE) {
    this.#swarm = swarm
    this.#pause = pause
    this.#changed = changed
    const { dht } = swarm
    const announce = dht.announce.bind(dht)
    dht.announce = (topic, keyPair, relays, options) => {
      const query = announce(topic, keyPair, relays, options)
      this.#follow(Buffer.from(topic), query)
      return query
    }
    const unannounce = dht.unannounce.bind(dht)
    dht.unannounce = (topic, keyPair, options) => {
      const id = Buffer.from(topic).toString('hex')
      if (this.#records.delete(id)) this.#changed(id)
      return unannounce(topic, keyPair, options)
    }
  }

  close(): void {
    this.#closed = true
    this.#rest()
  }

  /** In the order in which they were told first. */
  topics(): readonly string[] {
    return [...this.#records.keys()]
  }

  get(id: string): Announce | null {
    const record = this.#records.get(id)
    if (record === undefined) return null
    const { at, kept, confirmedAt, renewals } = record
    return { topic: id, at, holders: kept, confirmedAt, renewals }
  }

  #follow(topic: Buffer, query: DHT.Query): void {
    const commit = query._commit
    const holders: DHT.Node[] = []
    if (commit === null) return
    const id = topic.toString('hex')
    if (this.#urgent.has(id)) query.retries = QUICK
    query._commit = async (reply, dht, same) => {
      let stored = await commit(reply, dht, same)
      if (stored.error !== 0) {
        // What permits it is good for some seconds, and waiting for others that are gone has taken longer.
        const { token } = await dht.request({ command: LOOKUP, target: topic }, reply.from)
        stored = await commit({ ...reply, token }, dht, same)
      }
      if (stored.error === 0) holders.push({ host: reply.from.host, port: reply.from.port })
      return stored
    }
    query.once('close', () => {
      if (holders.length === 0) return
      const before = this.#records.get(id)
      this.#records.set(id, {
        topic,
        at: Date.now(),
        holders,
        kept: holders.length,
        turn: 0,
        due: performance.now() + this.#pause,
        notBefore: before?.notBefore ?? 0,
        again: before?.again ?? AGAIN * this.#pause,
        busy: false,
        confirmedAt: null,
        renewals: before?.renewals ?? 0,
      })
      this.#wait()
      this.#changed(id)
    })
  }

  /** Until the topic that has waited longest may be asked about. */
  #wait(): void {
    if (this.#closed || this.#timer !== null) return
    let due = Number.POSITIVE_INFINITY
    for (const record of this.#records.values()) if (!record.busy) due = Math.min(due, record.due)
    if (due === Number.POSITIVE_INFINITY) return
    const wait = Math.max(due, this.#next) - performance.now()
    this.#timer = setTimeout(() => this.#beat(), Math.max(0, wait)).unref()
  }

  #rest(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** One question about each topic of which it is time, those that have waited longest first. */
  #beat(): void {
    this.#timer = null
    const now = performance.now()
    const soon = now + ALONG * this.#pause
    const due = [...this.#records.values()].filter(record => !record.busy && record.due <= soon)
    due.sort((one, other) => one.due - other.due)
    const asked = due.slice(0, AT_ONCE)
    this.#next = now + asked.length * BEAT
    for (const record of asked) void this.#look(record)
    this.#wait()
  }

  /** Never throws. */
  async #look(record: Told): Promise<void> {
    record.busy = true
    try {
      const { holders } = record
      const node = holders[record.turn++ % holders.length]
      if (node === undefined || (await this.#keeps(node, record.topic, false))) {
        record.confirmedAt = Date.now()
        record.again = AGAIN * this.#pause
        record.notBefore = Math.min(record.notBefore, performance.now() + this.#pause)
      } else {
        const answers = await Promise.all(holders.map(holder => this.#keeps(holder, record.topic, true)))
        const left = holders.filter((_, index) => answers[index])
        record.kept = left.length
        if (left.length > 0) record.confirmedAt = Date.now()
        // Whoever asks goes to all of the closest nodes: half of them are enough until it is told anew anyway.
        if (left.length < holders.length / 2) await this.#renew(record)
        else record.holders = left
      }
    } finally {
      record.busy = false
      record.due = performance.now() + this.#pause
      this.#changed(record.topic.toString('hex'))
      this.#wait()
    }
  }

  /** `retry`: a packet that is lost on its way is nothing to be alarmed about. */
  async #keeps(node: DHT.Node, topic: Buffer, retry: boolean): Promise<boolean> {
    const { dht, keyPair } = this.#swarm
    try {
      const { value } = await dht.request({ command: LOOKUP, target: topic }, node, { retry })
      if (value === null) return false
      const { peers } = messages.lookupRawReply.decode({ buffer: value, start: 0, end: value.byteLength })
      return peers.length >= TOLD || peers.some(({ publicKey }) => publicKey.equals(keyPair.publicKey))
    } catch {
      // It did not answer, or not in this protocol.
      return false
    }
  }

  async #renew(record: Told): Promise<void> {
    const discovery = this.#swarm.status(record.topic)
    if (discovery === null || !this.#swarm.dht.online || performance.now() < record.notBefore) return
    const id = record.topic.toString('hex')
    // It was told anew while its nodes were asked.
    if (this.#records.get(id) !== record) return
    record.notBefore = performance.now() + record.again
    record.again = Math.min(record.again * 2, AGAIN_AT_LAST)
    this.#urgent.add(id)
    try {
      for (let tries = 0; tries < TRIES && this.#records.get(id) === record; tries++) {
        // Those that it would ask first are gone.
        discovery._closestNodes = null
        await discovery.refresh()
      }
    } catch {
      // The topic was left meanwhile.
    } finally {
      this.#urgent.delete(id)
    }
    const now = this.#records.get(id)
    if (now !== undefined && now !== record) now.renewals++
  }
}
