/** The network told to whoever wants to know: the DHT's table, what was announced, a lookup step by step, a link tried. */
import { setTimeout as sleep } from 'node:timers/promises'
import DHT from 'hyperdht'
import Hypercore from 'hypercore'
import { join } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { AnnounceRow, Change, Check, DhtTable, LookupNode, LookupResult } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import { decodeKey, parseLink } from '../archives/links.ts'
import { Collection } from '../lib/collection.ts'
import { Mutex } from '../lib/mutex.ts'
import { RENEWED_WITHIN } from './announces.ts'
import { watchLookup } from './lookup.ts'
import type { Network } from './network.ts'
import { isPrivate } from './reach.ts'
import { askAsStranger } from './stranger.ts'

/** The table is told this often at most, in milliseconds. */
const TELL = 1000
/** A node that begins with nothing may take this long until it knows others. */
const BEGINNING = 15_000

export class Explained {
  readonly #archives: Archives
  readonly #network: Network
  readonly #storage: string
  readonly #announces = new Collection<AnnounceRow>()
  readonly #keys = new Map<string, string>()
  /** One of each at a time: whoever asks for many gets them one after another. */
  readonly #checking = new Mutex()
  readonly #looking = new Mutex()

  constructor(archives: Archives, network: Network, storage: string) {
    this.#archives = archives
    this.#network = network
    this.#storage = storage
    network.onAnnounce(topic => this.#tell(topic))
  }

  async *watchTable(signal: AbortSignal): AsyncGenerator<DhtTable> {
    let said = ''
    while (!signal.aborted) {
      const table = this.#network.inside.table.snapshot()
      const words = JSON.stringify(table)
      if (words !== said) yield table
      said = words
      await sleep(TELL, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  watchAnnounces(signal: AbortSignal): AsyncGenerator<readonly Change<AnnounceRow>[]> {
    return this.#announces.watch(signal)
  }

  /** Throws INVALID_LINK and NETWORK_OFF. */
  async lookup(
    link: string,
    fresh: boolean,
    told: (nodes: readonly LookupNode[]) => void,
    signal: AbortSignal,
  ): Promise<LookupResult> {
    const topic = Hypercore.discoveryKey(decodeKey(parseLink(link).key))
    return this.#looking.run(() =>
      this.#whileOn(signal, async signal => {
        const { dht, node, publicKey } = this.#network.inside
        if (!fresh) return watchLookup(dht, topic, publicKey, told, signal)
        const other = new DHT({ ...node, ephemeral: true })
        try {
          const ready = other.fullyBootstrapped().catch(() => {})
          await Promise.race([ready, sleep(BEGINNING, undefined, { signal, ref: false })])
          return await watchLookup(other, topic, publicKey, told, signal)
        } finally {
          await other.destroy({ force: true }).catch(() => {})
        }
      }),
    )
  }

  /** Throws INVALID_LINK and NETWORK_OFF. */
  async check(link: string, told: (check: Check) => void, signal: AbortSignal): Promise<Check> {
    const { key } = parseLink(link)
    const ask = async (signal: AbortSignal) => {
      const { node, publicKey, announces } = this.#network.inside
      const { route, loopback, seen, unasked, came, room } = this.#network.evidence()
      const topic = Hypercore.discoveryKey(decodeKey(key)).toString('hex')
      return askAsStranger(
        {
          key,
          folder: join(this.#storage, 'check'),
          node,
          self: publicKey,
          known: {
            route,
            scope: loopback ? 'machine' : seen !== null && isPrivate(seen.host) ? 'network' : 'world',
            announces: this.#archives.has(key) && !this.#archives.record(key).paused,
            holds: this.#archives.has(key) && this.#archives.get(key).drive.core.length > 0,
            outside: unasked === true || came.far > 0,
            room,
          },
          isAnnounced: () => announces.get(topic) !== null,
          introduce: stranger => this.#network.disregard(stranger),
        },
        told,
        signal,
      )
    }
    return this.#checking.run(() => this.#whileOn(signal, ask))
  }

  /** Ends `task` when this machine leaves the network, since it has nodes of its own: NETWORK_OFF is thrown then. */
  async #whileOn<T>(signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const { life } = this.#network.inside
    const off = () => new AppError('NETWORK_OFF', 'Cairn is not on the network any more.')
    const result = await task(AbortSignal.any([signal, life])).catch(error => {
      throw life.aborted && !signal.aborted ? off() : error
    })
    if (life.aborted) throw off()
    return result
  }

  /** null: it is none of the archives in the library. */
  #keyOf(topic: string): string | null {
    if (!this.#keys.has(topic))
      for (const { key } of this.#archives.records())
        this.#keys.set(Hypercore.discoveryKey(decodeKey(key)).toString('hex'), key)
    return this.#keys.get(topic) ?? null
  }

  #tell(topic: string): void {
    const announce = this.#network.started ? this.#network.inside.announces.get(topic) : null
    if (announce === null) {
      this.#announces.delete(topic)
      return
    }
    const { at, holders, confirmedAt, renewals } = announce
    this.#announces.put({
      id: topic,
      key: this.#keyOf(topic),
      at,
      renewedBy: at + RENEWED_WITHIN,
      holders,
      confirmedAt,
      renewals,
    })
  }
}
