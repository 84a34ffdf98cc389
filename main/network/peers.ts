/** Who shares an archive with this machine now: address, what each says it holds, and what has travelled. */
import type { Change, PeerRow } from '../../preload/contract/models.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { encodeKey } from '../archives/links.ts'
import { Collection } from '../lib/collection.ts'
import type { Network } from './network.ts'
import type { Traffic } from './traffic.ts'

const SAMPLE = 500

export class Peers {
  readonly #archives: Archives
  readonly #network: Network
  readonly #traffic: Traffic
  readonly #holds: (key: string, id: string) => number

  /** `holds`: how many blocks of the content of an archive a machine holds, by its public key in z-base-32. */
  constructor(archives: Archives, network: Network, traffic: Traffic, holds: (key: string, id: string) => number) {
    this.#archives = archives
    this.#network = network
    this.#traffic = traffic
    this.#holds = holds
  }

  async *watch(key: string, signal: AbortSignal): AsyncGenerator<readonly Change<PeerRow>[]> {
    const archive = this.#archives.get(key)
    const rows = new Collection<PeerRow>()
    const sample = () => {
      const now = this.#rows(archive)
      for (const { id } of rows.values()) if (!now.some(row => row.id === id)) rows.delete(id)
      for (const row of now) if (JSON.stringify(rows.get(row.id)) !== JSON.stringify(row)) rows.put(row)
    }
    sample()
    const timer = setInterval(sample, SAMPLE)
    try {
      yield* rows.watch(AbortSignal.any([signal, this.#archives.life(key)]))
    } finally {
      clearInterval(timer)
    }
  }

  #rows(archive: Archive): readonly PeerRow[] {
    const blobs = archive.blobs?.core
    const now = performance.now()
    const others = archive.drive.core.peers.filter(peer => !this.#network.isDisregarded(peer.remotePublicKey))
    return others.map(peer => {
      const { stream } = peer
      const meter = this.#traffic.meter(archive.key, peer.remotePublicKey)
      const path = this.#network.pathOf(stream)
      const id = encodeKey(peer.remotePublicKey)
      return {
        id,
        address: path.address,
        direction: path.isInitiator ? 'out' : 'in',
        way: path.way,
        connectedAt: path.since,
        bytesDown: meter.bytes.down,
        bytesUp: meter.bytes.up,
        blocksDown: meter.blocks.down,
        blocksUp: meter.blocks.up,
        rateDown: meter.rate('down', now),
        rateUp: meter.rate('up', now),
        historyDown: meter.history('down', now),
        historyUp: meter.history('up', now),
        wireDown: path.received,
        wireUp: path.sent,
        holds: this.#holds(archive.key, id),
        ofBlocks: blobs?.length ?? 0,
        roundTrip: path.roundTrip,
      }
    })
  }
}
