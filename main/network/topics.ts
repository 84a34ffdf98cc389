/**
 * Asks the DHT for topics, and announces them, a few at a time: each takes some twenty requests, and whoever looks at an
 * archive must not wait for hundreds of others.
 */
import type Hyperswarm from 'hyperswarm'

/** Topics that are asked for at the same time, beside those that somebody waits for. */
const PARALLEL = 6

type Topic = {
  readonly topic: Buffer
  announced: boolean
  discovery: Hyperswarm.Discovery | null
  /** Whoever waits until the DHT has been asked. */
  waiting: (() => void)[]
  running: boolean
}

export class Topics {
  readonly #swarm: Hyperswarm
  readonly #topics = new Map<string, Topic>()
  /** Those to be asked for, in order. */
  readonly #queue = new Set<string>()
  readonly #answered: () => void
  #running = 0

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
    const id = topic.toString('hex')
    const known = this.#topics.get(id)
    const entry: Topic = known ?? { topic, announced: false, discovery: null, waiting: [], running: false }
    if (known === undefined) this.#topics.set(id, entry)
    // Once announced it stays so, until it is left.
    entry.announced ||= announce
    const asked = new Promise<void>(resolve => entry.waiting.push(resolve))
    this.#queue.add(id)
    if (urgent) this.#run(id)
    this.#pump()
    return asked
  }

  /** Before those that nobody waits for, if it has not been asked for yet. */
  hurry(topic: Buffer): void {
    const id = topic.toString('hex')
    if (this.#queue.has(id)) this.#run(id)
  }

  async leave(topic: Buffer): Promise<void> {
    const id = topic.toString('hex')
    const entry = this.#topics.get(id)
    this.#topics.delete(id)
    this.#queue.delete(id)
    for (const resolve of entry?.waiting ?? []) resolve()
    await entry?.discovery?.destroy()
  }

  #pump(): void {
    for (const id of this.#queue) {
      if (this.#running >= PARALLEL) return
      this.#run(id)
    }
  }

  #run(id: string): void {
    const entry = this.#topics.get(id)
    // One that runs already is asked for once more when it has ended.
    if (entry === undefined || entry.running) return
    this.#queue.delete(id)
    const { waiting } = entry
    entry.waiting = []
    entry.running = true
    this.#running++
    void this.#discover(entry).finally(() => {
      entry.running = false
      this.#running--
      for (const resolve of waiting) resolve()
      this.#pump()
    })
  }

  async #discover(entry: Topic): Promise<void> {
    const mode = { client: true, server: entry.announced }
    try {
      const first = entry.discovery === null
      entry.discovery ??= this.#swarm.join(entry.topic, mode)
      if (await (first ? entry.discovery.flushed() : entry.discovery.refresh(mode))) this.#answered()
    } catch {
      // The swarm is being closed, or the topic was left meanwhile: nothing is to be asked any more.
    }
  }
}
