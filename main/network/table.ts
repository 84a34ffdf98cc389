/** What the DHT node of this machine knows of others, by how close they are to it, and how much it asks. */
import type DHT from 'hyperdht'
import type { DhtTable } from '../../preload/contract/models.ts'
import { everySo } from '../lib/pulse.ts'

/** What is told of requests is of the last minute, looked at this often. Milliseconds. */
const MINUTE = 60_000
const SAMPLE = 1000

type Sample = { readonly at: number; readonly queries: number; readonly requests: number; readonly lost: number }

/** Begins to count when it is made. */
export class Table {
  readonly #dht: DHT
  readonly #samples: Sample[] = []
  readonly close: () => void

  constructor(dht: DHT) {
    this.#dht = dht
    this.#sample()
    this.close = everySo(SAMPLE, () => this.#sample())
  }

  snapshot(): DhtTable {
    const { host, port, ephemeral, table, io } = this.#dht
    // Between two samples, so that it is always a minute and not sometimes a second more.
    const now = this.#samples.at(-1)!
    const before = this.#samples[0]!
    return {
      id: ephemeral ? null : table.id.toString('hex'),
      address: host === null ? null : port === 0 ? host : `${host}:${port}`,
      localPort: io.serverSocket?.address().port ?? null,
      buckets: [...table.rows.entries()].flatMap(([bits, row]) =>
        row === undefined || row.nodes.length === 0
          ? []
          : [{ bits, nodes: row.nodes.map(({ host, port }) => `${host}:${port}`) }],
      ),
      // Since it was started, where that is less than a minute ago.
      seconds: Math.max(1, Math.round((now.at - before.at) / 1000)),
      queries: now.queries - before.queries,
      requests: now.requests - before.requests,
      lost: now.lost - before.lost,
    }
  }

  #now(): Sample {
    const { queries, requests } = this.#dht.stats
    return { at: performance.now(), queries: queries.total, requests: requests.total, lost: requests.timeouts }
  }

  #sample(): void {
    const now = this.#now()
    this.#samples.push(now)
    while (this.#samples[1] !== undefined && now.at - this.#samples[1].at >= MINUTE - SAMPLE / 2) this.#samples.shift()
  }
}
