/** Who shares an archive with this machine now: address, what each says it holds, and what has travelled. */
import type Hypercore from 'hypercore'
import type { Change, PeerRow } from '../../preload/contract/models.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { encodeKey } from '../archives/links.ts'
import { Collection } from '../lib/collection.ts'
import { Rate } from '../lib/rate.ts'
import type { Network } from './network.ts'

const SAMPLE = 500
/** Counting what a peer holds looks at every block; beyond this many a sample of them tells the share. */
const COUNTED = 20_000

type Counters = { down: number; up: number; readonly downRate: Rate; readonly upRate: Rate; readonly since: number }

export class Peers {
  readonly #archives: Archives
  readonly #network: Network
  readonly #counters = new Map<string, WeakMap<object, Counters>>()

  constructor(archives: Archives, network: Network) {
    this.#archives = archives
    this.#network = network
    archives.onChange(key => this.#listen(key))
  }

  async *watch(key: string, signal: AbortSignal): AsyncGenerator<readonly Change<PeerRow>[]> {
    const archive = this.#archives.get(key)
    this.#listen(key)
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
    const counters = this.#counters.get(archive.key)
    const blobs = archive.blobs?.core
    return archive.drive.core.peers.map(peer => {
      const counter = counters?.get(peer.stream)
      const connection = this.#network.connectionOf(peer.stream)
      const { rawStream, isInitiator } = connection
      const content = blobs?.peers.find(other => other.stream === peer.stream)
      return {
        id: encodeKey(peer.remotePublicKey),
        address: `${rawStream.remoteHost}:${rawStream.remotePort}`,
        direction: isInitiator ? 'out' : 'in',
        direct: connection !== peer.stream,
        connectedAt: counter?.since ?? Date.now(),
        bytesDown: counter?.down ?? 0,
        bytesUp: counter?.up ?? 0,
        rateDown: Math.round(counter?.downRate.sample(counter.down) ?? 0),
        rateUp: Math.round(counter?.upRate.sample(counter.up) ?? 0),
        holds: content === undefined || blobs === undefined ? 0 : holds(content, blobs.length),
        ofBlocks: blobs?.length ?? 0,
        roundTrip: rawStream.rtt > 0 ? rawStream.rtt : null,
      }
    })
  }

  /** Counts what travels from the first moment on that the archive is known. */
  #listen(key: string): void {
    if (!this.#archives.has(key)) {
      this.#counters.delete(key)
      return
    }
    if (this.#counters.has(key)) return
    const counters = new WeakMap<object, Counters>()
    this.#counters.set(key, counters)
    const of = (peer: Hypercore.Peer): Counters => {
      let counter = counters.get(peer.stream)
      if (counter === undefined) {
        counter = { down: 0, up: 0, downRate: new Rate(), upRate: new Rate(), since: Date.now() }
        counters.set(peer.stream, counter)
      }
      return counter
    }
    const attach = (core: Hypercore, log: 'list' | 'content') => {
      this.#network.assign(core.discoveryKey, { archive: key, log })
      core.on('peer-add', (peer: Hypercore.Peer) => void of(peer))
      core.on('download', (_index: number, bytes: number, peer: Hypercore.Peer) => {
        of(peer).down += bytes
      })
      core.on('upload', (_index: number, bytes: number, peer: Hypercore.Peer) => {
        of(peer).up += bytes
      })
    }
    const { drive } = this.#archives.get(key)
    attach(drive.core, 'list')
    void drive.getBlobs().then(
      blobs => attach(blobs.core, 'content'),
      () => {},
    )
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
