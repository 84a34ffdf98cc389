/**
 * Asks the DHT for topics, announces them and takes announcements back, a few at a time: each takes some forty requests,
 * of which the DHT node sends eighty at once and makes the rest wait, so that five hundred topics at once would hold up the
 * one that somebody looks at. In this order: what somebody waits for, the last one first; what has never been asked for;
 * what is left; what is asked for again.
 *
 * An announcement is a look and then a word. Two who do both at the same moment miss each other, and would look again
 * after ten minutes. So whoever has announced looks once more where it did: of two words one is the later one, and who
 * said it finds the other's. For a while that is also what asking again means, at half the cost.
 */
import type Hyperswarm from 'hyperswarm'

/** Topics at the same time, beside those that somebody waits for, and how many of these. With more the node makes requests wait. */
const PARALLEL = 4
const URGENT = 6
/** Milliseconds for which an announcement is not made anew when its topic is asked for again. */
const STANDS = 5 * 60_000
/** How long leaving a topic is waited for, in milliseconds. It goes on behind. */
const LEAVING = 1500

type Topic = {
  readonly topic: Buffer
  announced: boolean
  discovery: Hyperswarm.Discovery | null
  /** Since when it has been announced, by `performance.now`; null: it is to be announced (anew). */
  toldAt: number | null
  /** Whoever waits until the DHT has been asked. */
  waiting: (() => void)[]
  running: boolean
}

export class Topics {
  readonly #swarm: Hyperswarm
  readonly #topics = new Map<string, Topic>()
  /** Those to be asked for: waited for (the last one first), for the first time, and again (in order). */
  readonly #urgent: string[] = []
  readonly #first = new Set<string>()
  readonly #again = new Set<string>()
  readonly #leaving = new Set<() => Promise<void>>()
  readonly #answered: () => void
  #running = 0
  #urgentRunning = 0
  #closed = false

  /** `answered` is called whenever the DHT has. */
  constructor(swarm: Hyperswarm, answered: () => void) {
    this.#swarm = swarm
    this.#answered = answered
  }

  /**
   * Looks for others who share the topic, and with `announce` tells them that this machine does. Resolves when the DHT has
   * been asked, or the topic was left; never throws. `urgent`: before all others.
   */
  ask(topic: Buffer, { announce, urgent }: { readonly announce: boolean; readonly urgent: boolean }): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const id = topic.toString('hex')
    const known = this.#topics.get(id)
    const entry = known ?? { topic, announced: false, discovery: null, toldAt: null, waiting: [], running: false }
    if (known === undefined) this.#topics.set(id, entry)
    // Once announced it stays so, until it is left.
    entry.announced ||= announce
    const asked = new Promise<void>(resolve => entry.waiting.push(resolve))
    if (!this.#urgent.includes(id)) {
      if (entry.discovery === null) this.#first.add(id)
      else if (!this.#first.has(id)) this.#again.add(id)
    }
    if (urgent) this.hurry(topic)
    else this.#pump()
    return asked
  }

  /** Before all others, if it is still to be asked for. */
  hurry(topic: Buffer): void {
    const id = topic.toString('hex')
    const at = this.#urgent.indexOf(id)
    if (at !== -1) this.#urgent.splice(at, 1)
    else if (!this.#first.delete(id) && !this.#again.delete(id)) return
    this.#urgent.push(id)
    this.#pump()
  }

  /** What was announced may be forgotten there, or lead to where this machine is no more: it is said again when it is asked for next. */
  expire(): void {
    for (const entry of this.#topics.values()) entry.toldAt = null
  }

  /** Resolves when others are told, or soon. A topic that was left can be asked for again at once. */
  async leave(topic: Buffer): Promise<void> {
    const id = topic.toString('hex')
    const entry = this.#topics.get(id)
    if (entry === undefined) return
    this.#topics.delete(id)
    this.#forget(id)
    for (const resolve of entry.waiting) resolve()
    const { discovery } = entry
    if (discovery === null) return
    await within(
      LEAVING,
      new Promise<void>(resolve => {
        this.#leaving.add(() => discovery.destroy().then(resolve, resolve))
        this.#pump()
      }),
    )
  }

  /** Takes back what was announced, the last first, since it would stand longest, as far as that goes in so many milliseconds. */
  async close(milliseconds: number): Promise<void> {
    this.#closed = true
    const told = [...this.#topics.values()].sort((a, b) => (b.toldAt ?? 0) - (a.toldAt ?? 0))
    for (const { topic, waiting } of told) {
      this.#forget(topic.toString('hex'))
      for (const resolve of waiting) resolve()
    }
    this.#topics.clear()
    const tasks = told.flatMap(({ discovery }) => (discovery === null ? [] : [() => discovery.destroy()]))
    const ends = tasks.map(task => new Promise<void>(resolve => this.#leaving.add(() => task().then(resolve, resolve))))
    this.#pump()
    await within(milliseconds, Promise.all(ends))
    this.#leaving.clear()
  }

  #forget(id: string): void {
    const at = this.#urgent.indexOf(id)
    if (at !== -1) this.#urgent.splice(at, 1)
    this.#first.delete(id)
    this.#again.delete(id)
  }

  #pump(): void {
    while (this.#urgentRunning < URGENT) {
      const id = this.#urgent.findLast(id => this.#topics.get(id)?.running !== true)
      if (id === undefined) break
      this.#urgentRunning++
      void this.#run(id).finally(() => {
        this.#urgentRunning--
        this.#pump()
      })
    }
    while (this.#running < PARALLEL && this.#begin()) {
      // As many as there is room for.
    }
  }

  /** false: there is nothing to be done now. */
  #begin(): boolean {
    const leave = firstOf(this.#leaving)
    const id = firstOf(this.#first) ?? (leave === undefined ? this.#next() : undefined)
    if (id === undefined && leave === undefined) return false
    if (id === undefined) this.#leaving.delete(leave!)
    this.#running++
    void (id === undefined ? leave!() : this.#run(id)).finally(() => {
      this.#running--
      this.#pump()
    })
    return true
  }

  /** One that runs already is asked for once more when it has ended. */
  #next(): string | undefined {
    for (const id of this.#again) if (this.#topics.get(id)?.running !== true) return id
    return undefined
  }

  async #run(id: string): Promise<void> {
    this.#forget(id)
    const entry = this.#topics.get(id)!
    const { waiting } = entry
    entry.waiting = []
    entry.running = true
    await this.#discover(entry)
    entry.running = false
    for (const resolve of waiting) resolve()
  }

  async #discover(entry: Topic): Promise<void> {
    const { announced } = entry
    const mode = { client: true, server: announced }
    try {
      const stands = announced && entry.toldAt !== null && performance.now() - entry.toldAt < STANDS
      if (!stands) {
        const first = entry.discovery === null
        entry.discovery ??= this.#swarm.join(entry.topic, mode)
        if (!(await (first ? entry.discovery.flushed() : entry.discovery.refresh(mode)))) return
        this.#answered()
        if (!announced) return
        entry.toldAt = performance.now()
      }
      if (this.#closed || this.#topics.get(entry.topic.toString('hex')) !== entry) return
      if (await this.#lookAgain(entry)) this.#answered()
      // Those that were asked last time are gone.
      else entry.toldAt = null
    } catch {
      // The swarm is being closed, or the topic was left meanwhile: nothing is to be asked any more.
    }
  }

  /** Only at the nodes that keep the announcement. false: none of them answered. */
  async #lookAgain({ topic, discovery }: Topic): Promise<boolean> {
    const closestNodes = discovery?.discovery._closestNodes ?? null
    if (closestNodes === null || closestNodes.length === 0) return false
    const query = this.#swarm.dht.lookup(topic, { closestNodes, onlyClosestNodes: true })
    for await (const { peers } of query) for (const peer of peers) this.#swarm._handlePeer(peer, topic)
    return query.closestReplies.length > 0
  }
}

const firstOf = <T>(items: Iterable<T>): T | undefined => {
  for (const item of items) return item
  return undefined
}

/** Resolves with it, or without it when so many milliseconds have passed. */
async function within(milliseconds: number, task: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([task, late])
  clearTimeout(timer)
}
