/** Who shares an archive with this machine now: address, what each says it holds, and what has travelled. */
import type Hypercore from 'hypercore'
import type { Change, PeerRow } from '../../preload/contract/models.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { encodeKey } from '../archives/links.ts'
import { Collection } from '../lib/collection.ts'
import type { Network } from './network.ts'
import type { Traffic } from './traffic.ts'

const SAMPLE = 500
/** Counting what a peer holds looks at every block; beyond this many a sample of them tells the share. */
const COUNTED = 20_000

export class Peers {
  readonly #archives: Archives
  readonly #network: Network
  readonly #traffic: Traffic

  constructor(archives: Archives, network: Network, traffic: Traffic) {
    this.#archives = archives
    this.#network = network
    this.#traffic = traffic
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
      const meter = this.#traffic.meter(archive.key, stream)
      const path = this.#network.pathOf(stream)
      const content = blobs?.peers.find(other => other.stream === stream)
      return {
        id: encodeKey(peer.remotePublicKey),
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
        holds: content === undefined || blobs === undefined ? 0 : holds(content, blobs.length),
        ofBlocks: blobs?.length ?? 0,
        roundTrip: path.roundTrip,
      }
    })
  }
}

/** A complete holder is told from its contiguous length: its bitfield alone says nothing of it. */
function holds(peer: Hypercore.Peer, length: number): number {
  const contiguous = Math.min(peer.remoteContiguousLength, length)
  const rest = length - contiguous
  const step = Math.max(1, Math.ceil(rest / COUNTED))
  let counted = 0
  let looked = 0
  for (let index = contiguous; index < length; index += step) {
    looked++
    if (peer.remoteBitfield.get(index)) counted++
  }
  return contiguous + (looked === 0 ? 0 : Math.round((counted / looked) * rest))
}
