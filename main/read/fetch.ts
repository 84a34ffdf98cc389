/**
 * Blocks for those who take much at once: in the order in which they are asked for, from all peers that have them, and
 * behind whatever a person looks at meanwhile.
 *
 * Hypercore's `get` asks the store for each block that is not there, picks one of all that wait by chance, and is
 * answered before everything else by the other side. Here no more blocks are handed to the replicator than keep it busy,
 * so that the order holds and a block that is looked at waits for none of them, and they are marked as what can wait; those
 * that are here already are read from the store together. Leans on the inside of Hypercore 11.37.1.
 */
import type Hypercore from 'hypercore'
import { rememberTree, type TreeNodes } from '../lib/tree-nodes.ts'

/**
 * Requests that are on their way to one near peer at once, in bytes and in blocks; Hypercore raises them with the distance.
 * Upstream's 16 blocks leave a connection idle where blocks are small, and where they are large, a block that is looked at
 * has to wait for 4 MiB.
 */
const ON_THE_WAY = 3 << 20
const INFLIGHT = { least: 12, most: 64 } as const
/** Upstream's most, which distant peers are given. */
const MOST_INFLIGHT = 512
/** Blocks in the replicator for each peer, beside those on their way. */
const NEXT = 4
/** Blocks that are read from the store at once. */
const READS = 64
const NORMAL = 0

export type Wanted = {
  readonly block: Promise<Buffer>
  /** Nobody waits for it any more: `block` is rejected. */
  cancel(): void
  cancelled(): boolean
}

/** `stored`: as it lies in the log, where it may be enciphered. */
type As = 'opened' | 'stored'

type Waiting = {
  readonly index: number
  readonly bytes: number
  readonly as: As
  readonly resolve: (block: Buffer) => void
  readonly reject: (error: unknown) => void
  request: Hypercore.Request | null
  state: 'waiting' | 'busy' | 'over' | 'cancelled'
}

const fetchers = new WeakMap<object, Fetcher>()

/** One for each core, whichever session of it is given. A core outlives its archive by some seconds, and may be opened anew. */
export function fetcherOf(core: Hypercore): Fetcher {
  const inner = core.core
  if (inner === null) throw new Error('The core is not open')
  let fetcher = fetchers.get(inner)
  if (fetcher === undefined || fetcher.closed) {
    fetcher = new Fetcher(core)
    fetchers.set(inner, fetcher)
  }
  return fetcher
}

export class Fetcher {
  readonly #core: Hypercore
  /** In order; what is handed over leaves it, since it would hold on to its block. */
  readonly #queue = new Set<Waiting>()
  /** Those of them for which the tree has been read. */
  readonly #ready = new Set<Waiting>()
  readonly #tree: TreeNodes
  #preparing = false
  #busy = 0
  #reading = 0
  #reads: Hypercore.Reads | null = null

  constructor(core: Hypercore) {
    this.#core = core
    this.#tree = rememberTree(core)
  }

  get closed(): boolean {
    return Boolean(this.#core.closing)
  }

  /** `bytes`: about its size. Waits for as long as it takes. Rejected when it is cancelled, when the log was truncated, and when the core closes. */
  want(index: number, bytes: number, as: As = 'opened'): Wanted {
    let waiting: Waiting | null = null
    const block = new Promise<Buffer>((resolve, reject) => {
      waiting = { index, bytes, as, resolve, reject, request: null, state: 'waiting' }
    })
    // Whoever has cancelled it listens no more.
    block.catch(() => {})
    const wanted = waiting as unknown as Waiting
    this.#queue.add(wanted)
    if (!this.#preparing) void this.#prepare()
    return { block, cancel: () => this.#cancel(wanted), cancelled: () => wanted.state === 'cancelled' }
  }

  /** Nobody who is connected says that they have it. */
  isWithout(index: number): boolean {
    return !this.#core.peers.some(peer => index < peer.remoteContiguousLength || peer.remoteBitfield.get(index))
  }

  #cancel(waiting: Waiting): void {
    const { state, request } = waiting
    if (state === 'over' || state === 'cancelled') return
    waiting.state = 'cancelled'
    waiting.reject(new Error('The block is not wanted any more'))
    if (state === 'busy' && request !== null) this.#core.core?.replicator.cancel(request)
  }

  /** What is wanted in one turn is made ready together. */
  async #prepare(): Promise<void> {
    this.#preparing = true
    await Promise.resolve()
    while (this.#ready.size < this.#queue.size) {
      const fresh = [...this.#queue].filter(waiting => !this.#ready.has(waiting))
      const { bitfield } = this.#core.core ?? {}
      const missing = fresh.map(({ index }) => index).filter(index => bitfield?.get(index) !== true)
      // Only for speed: without it each is read by itself.
      await this.#tree.prepare(missing).catch(() => {})
      for (const waiting of fresh) if (this.#queue.has(waiting)) this.#ready.add(waiting)
      this.#advance()
    }
    this.#preparing = false
  }

  #advance(): void {
    for (const waiting of this.#ready) {
      const most = this.#inflight(waiting.bytes) + NEXT
      const here = this.#core.core?.bitfield.get(waiting.index) === true
      if (waiting.state === 'waiting' && (here ? this.#reading >= READS : this.#busy >= most)) return
      this.#ready.delete(waiting)
      this.#queue.delete(waiting)
      if (waiting.state !== 'waiting') continue
      waiting.state = 'busy'
      if (here) {
        this.#reading++
        void this.#settle(waiting, this.#read(waiting.index), () => {
          this.#reading--
        })
      } else {
        // What nobody has keeps nobody busy, and must not hold up what somebody has.
        const counts = this.isWithout(waiting.index) ? 0 : 1
        this.#busy += counts
        void this.#settle(waiting, this.#ask(waiting), () => {
          this.#busy -= counts
        })
      }
    }
  }

  async #settle(waiting: Waiting, stored: Promise<Buffer | null>, ended: () => void): Promise<void> {
    try {
      const block = await stored
      if (block === null) throw Object.assign(new Error('A block is missing'), { code: 'BLOCK_NOT_AVAILABLE' })
      const opened = waiting.as === 'stored' ? alone(block, 0) : await this.#open(waiting.index, block)
      if (waiting.state === 'busy') waiting.state = 'over'
      waiting.resolve(opened)
    } catch (error) {
      if (waiting.state === 'busy') waiting.state = 'over'
      waiting.reject(error)
    } finally {
      ended()
      this.#advance()
    }
  }

  /** Requests that keep all peers busy, with blocks of this size. */
  #inflight(bytes: number): number {
    const inflight = Math.min(INFLIGHT.most, Math.max(INFLIGHT.least, Math.round(ON_THE_WAY / Math.max(1, bytes))))
    const { replicator } = this.#core.core!
    if (replicator.inflightRange[0] !== inflight) replicator.setInflightRange(inflight, MOST_INFLIGHT)
    return replicator.peers.reduce((sum, peer) => sum + peer.getMaxInflight(), 0)
  }

  async #read(index: number): Promise<Buffer | null> {
    if (this.#reads === null) {
      const reads = this.#core.core!.state.storage.read()
      this.#reads = reads
      queueMicrotask(() => {
        this.#reads = null
        reads.tryFlush()
      })
    }
    return this.#reads.getBlock(index)
  }

  #ask(waiting: Waiting): Promise<Buffer> {
    if (this.closed) return Promise.reject(new Error('The core is closed'))
    const { replicator } = this.#core.core!
    // Made first with the priority that can wait: whoever looks at the same block meanwhile waits for this request.
    replicator._blocks.add(waiting.index, NORMAL, false)
    const request = replicator.addBlock(this.#core.activeRequests, waiting.index, false)
    request.snapshot = waiting.index < this.#core.length
    waiting.request = request
    return request.promise
  }

  async #open(index: number, stored: Buffer): Promise<Buffer> {
    const { encryption, core } = this.#core
    if (encryption === null) return alone(stored, 65_536)
    const block = Buffer.from(stored)
    await encryption.decrypt(index, block, core!)
    return this.#core._decode(null, block, index)
  }
}

/** Small ones would hold on to the whole message in which they came. `borne`: so many bytes of it are. */
const alone = (block: Buffer, borne: number): Buffer =>
  block.byteLength * 2 < block.buffer.byteLength && block.buffer.byteLength > borne ? Buffer.from(block) : block
