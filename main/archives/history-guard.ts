/**
 * Stands between one log and whoever tells that its history is another one than what is here.
 *
 * Upstream follows a history with a higher fork at once, deleting what is not in it, and answers two histories of the same
 * fork by closing every session of the log, after a line on the console. Here the first waits until somebody says that it
 * may be followed, and the second is handed over as the proof that it is, after which the log is frozen: it does not grow
 * any more. Two histories that are as long as each other fit in no place that upstream looks at, so that peers who have
 * as much as is here are asked for their head. What is here is read and served as before, blocks of it that are missing are fetched from who has the same
 * history, whoever is met is shown that there are two, and one that its author mends it with is still heard of.
 *
 * Leans on the inside of Hypercore 11.37.1: a history with a higher fork is applied in one place, and so is the check of
 * a head that does not fit.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { tree } from 'hypercore-crypto'
import type Hypercore from 'hypercore'
import lib from 'hypercore/lib/merkle-tree.js'
import type { Head } from './warrant.ts'

/** Another history, signed by the key of the log, with a higher fork than the one that is here. */
export type Offer = {
  readonly fork: number
  readonly length: number
  /** So many blocks of it are the ones that are here. */
  readonly common: number
}

/** Two heads of the same fork that differ at this length: what is here, and what a peer has. */
export type Forked = { readonly length: number; readonly fork: number; readonly heads: readonly [Head, Head] }

export type HistoryHooks = {
  /** Called before anything else is done. Must not wait for anything. */
  forked(forked: Forked): void
  /** A peer tells of a history with a higher fork, of which nothing is proven yet. Must not wait for anything. */
  told(): void
  /** So many blocks are the same in both. Not called where no peer tells. */
  parted(common: number): void
  /** Whether that history replaces the one that is here, now. If not, `follow` does it later. */
  mayFollow(offer: Offer): boolean
}

/** How long a peer may take to tell of one piece of its tree, and how many pieces are asked for: one for each level. */
const TELLING = 5000
const PIECES = 64
/** Blocks that are looked through for one that the peer has. */
const LOOKED_THROUGH = 4096

/** People of whom it is remembered what they came with. */
const REMEMBERED = 1000

/** Heads are compared this often, in milliseconds, with so many peers at a time. */
const COMPARING = { every: 1000, peers: 8 } as const

const NOTHING = { block: null, seek: null, manifest: false, priority: 0 } as const

const guards = new WeakMap<object, HistoryGuard>()

export class HistoryGuard {
  readonly #core: Hypercore.Inner
  #hooks: HistoryHooks
  #frozen = false
  /** Both histories' heads: whoever is met is shown them. */
  #heads: Forked | null = null
  /** Who was shown them, or asked before there were any. */
  readonly #met = new WeakMap<Hypercore.ReplicatorPeer, Forked | null>()
  /** The length and fork for which a peer was asked for its head. */
  readonly #compared = new WeakMap<Hypercore.ReplicatorPeer, string>()
  #isComparing = false
  /** Which fork somebody had who came first, by their key. */
  readonly #cameWith = new Map<string, number>()
  #held: Hypercore.ForkRequest | null = null
  readonly #apply: Hypercore.Replicator['_applyReorg']
  readonly #updateFork: Hypercore.Replicator['_updateFork']

  /** To be called before the log has peers. One log has one guard, for as long as it is open. */
  static of(core: Hypercore.Inner, hooks: HistoryHooks): HistoryGuard {
    const known = guards.get(core)
    if (known !== undefined) {
      known.#hooks = hooks
      return known
    }
    const guard = new HistoryGuard(core, hooks)
    guards.set(core, guard)
    return guard
  }

  /** Not all that peers send fits to a frozen log, and that is no lie. */
  static isFrozen(core: object | null): boolean {
    const guard = core === null ? undefined : guards.get(core)
    return guard !== undefined && guard.#frozen
  }

  private constructor(core: Hypercore.Inner, hooks: HistoryHooks) {
    this.#core = core
    this.#hooks = hooks
    const { replicator } = core
    this.#apply = replicator._applyReorg.bind(replicator)
    this.#updateFork = replicator._updateFork.bind(replicator)
    const shouldUpgrade = replicator._shouldUpgrade.bind(replicator)
    const updateRest = replicator._updatePeerNonPrimary.bind(replicator)
    const add = replicator._addPeer.bind(replicator)
    replicator._addPeer = peer => {
      const onsync = peer.onsync.bind(peer)
      peer.onsync = async said => {
        await onsync(said)
        const name = nameOf(peer)
        if (this.#cameWith.size < REMEMBERED && !this.#cameWith.has(name)) this.#cameWith.set(name, peer.remoteFork)
        this.#meet(peer)
        this.#compareSoon()
      }
      add(peer)
    }
    core.checkConflict = (proof, from) => this.#check(proof, from)
    replicator._applyReorg = request => this.#offered(request)
    replicator._updateFork = peer => this.#heardOf(peer)
    // One of which nothing is known has no history to stay on.
    replicator._shouldUpgrade = peer => (!this.#frozen || core.state.length === 0) && shouldUpgrade(peer)
    replicator._updatePeerNonPrimary = peer => updateRest(peer) || this.#askForPieces(peer)
  }

  get fork(): number {
    return this.#core.state.fork
  }

  get length(): number {
    return this.#core.state.length
  }

  /** How many blocks of what is not in it are here. */
  losesBlocks({ common }: Offer): number {
    return this.#core.bitfield.countSet(common, Math.max(0, this.length - common))
  }

  /** Everybody who has this other history had it when they came for the first time. */
  wasThere({ fork }: Offer): boolean {
    const having = this.#core.replicator.peers.filter(({ remoteFork }) => remoteFork >= fork)
    return having.every(peer => (this.#cameWith.get(nameOf(peer)) ?? -1) >= fork)
  }

  /** Peers tell of a history with a higher fork, which has not been compared with the one here yet. */
  get isTold(): boolean {
    return this.#core.replicator.peers.some(({ remoteFork }) => remoteFork > this.fork)
  }

  /** Another history that waits for an answer. */
  get held(): Offer | null {
    return this.#held === null ? null : offerOf(this.#held)
  }

  /** `forked`: what is shown to those who may not know it; null: it was found out in the other log of the archive. */
  freeze(forked: Forked | null): void {
    this.#frozen = true
    this.#heads ??= forked
    for (const peer of this.#core.replicator.peers) this.#meet(peer)
  }

  /** What is here is the one history again. */
  thaw(): void {
    if (!this.#frozen) return
    this.#frozen = false
    this.#heads = null
    this.#goOn()
  }

  /** Replaces the history that is here, as far as `mayFollow` says so by now. What is only told of is asked for. */
  async follow(): Promise<void> {
    const held = this.#held
    const { replicator } = this.#core
    if (held?.batch?.commitable() === true) await this.#offered(held)
    else {
      this.#held = null
      replicator._reorgs = replicator._reorgs.filter(request => request !== held)
      for (const peer of replicator.peers) this.#updateFork(peer)
    }
    this.#goOn()
  }

  async #offered(request: Hypercore.ForkRequest): Promise<void> {
    const offer = offerOf(request)
    if (offer === null) return
    if (this.#hooks.mayFollow(offer)) {
      this.#held = null
      // What is asked for of it now would come as a part of the history that is here by then, and not fit: upstream would
      // ask that peer for nothing any more.
      for (const { inflight } of this.#core.replicator._reorgs)
        for (const asked of [...inflight]) asked.peer._cancelRequest(asked)
      await this.#apply(request)
      return
    }
    const known = this.#held?.batch?.length ?? 0
    this.#held = request
    // It has grown while it was asked for. One that does not, whatever is said of it, is not asked for again and again.
    if (offer.length > known) for (const peer of this.#core.replicator.peers) this.#heardOf(peer)
  }

  /** What waits for an answer may have grown meanwhile: then it is asked for anew. */
  #heardOf(peer: Hypercore.ReplicatorPeer): boolean {
    const held = this.#held
    const { replicator } = this.#core
    if (peer.remoteFork > this.fork) this.#hooks.told()
    if (held !== null && peer.remoteFork >= held.fork && peer.remoteLength > (held.batch?.length ?? 0))
      replicator._reorgs = replicator._reorgs.filter(request => request !== held)
    return this.#updateFork(peer)
  }

  /** Upstream asks a peer for nothing any more whose blocks did not fit. It may come to have the history that mends it. */
  #askForPieces(peer: Hypercore.ReplicatorPeer): boolean {
    if (!this.#frozen || peer.removed || peer.inflight >= peer.getMaxInflight()) return false
    return this.#core.replicator._reorgs.some(
      request =>
        request.batch !== null &&
        request.batch.want !== null &&
        request.inflight.length === 0 &&
        peer._requestForkRange(request),
    )
  }

  #goOn(): void {
    const { replicator } = this.#core
    for (const peer of replicator.peers) peer.paused = false
    replicator.queueUpdateAll()
  }

  /** A peer has shown the head of its history, because something that it sent did not fit to the one here, or to warn us. */
  async #check(proof: Hypercore.Proof, from: Hypercore.ReplicatorPeer): Promise<boolean> {
    const core = this.#core
    const { upgrade, fork } = proof
    if (this.#heads !== null && this.#frozen) return true
    if (upgrade === null || core.header.manifest === null) return false
    if (upgrade.length < 1 || upgrade.length > core.state.length || fork !== core.state.fork) return false
    try {
      core._verifyBatchUpgrade(lib.MerkleTree.verifyFullyRemote(core.state, proof), proof.manifest)
    } catch {
      // It is not signed: the peer is a liar, and is asked for no more.
      return true
    }
    const ours = await this.#head(upgrade.length)
    if (ours === null || fork !== core.state.fork) return true
    if (tree(ours.nodes).equals(tree(upgrade.nodes))) return false
    if (this.#heads !== null && this.#frozen) return true
    this.#frozen = true
    this.#heads = { length: upgrade.length, fork, heads: [ours, upgrade] }
    this.#hooks.forked(this.#heads)
    for (const peer of core.replicator.peers) this.#meet(peer)
    void this.#findCommon(proof, from).catch(() => {})
    return true
  }

  /** The signed head of what is here, by way of a shorter length. null: that part of the tree is not here. */
  async #head(length: number): Promise<Head | null> {
    const { state } = this.#core
    const reads = state.storage.read()
    try {
      const proof = lib.MerkleTree.proof(state, reads, {
        block: null,
        hash: null,
        seek: null,
        upgrade: { start: 0, length },
      })
      reads.tryFlush()
      return (await (await proof).settle()).upgrade
    } catch {
      return null
    }
  }

  /**
   * Whoever has one of the two histories finds by the head of the other that there are two; others take no notice of it.
   * Where only the other log of the archive is known to be forked, peers are asked for their head.
   */
  #meet(peer: Hypercore.ReplicatorPeer): void {
    const { state } = this.#core
    const { fork, length } = this.#heads ?? { fork: state.fork, length: Math.min(state.length, peer.remoteLength) }
    const known = this.#met.get(peer)
    if (!this.#frozen || peer.removed || known === this.#heads) return
    if (peer.remoteFork !== fork || peer.remoteLength < length || length === 0) return
    this.#met.set(peer, this.#heads)
    if (this.#heads === null) askForHead(peer, fork, length)
    else
      for (const head of this.#heads.heads) {
        const upgrade = { start: 0, length, ...head }
        peer.wireData.send({ request: 0, fork, block: null, hash: null, seek: null, upgrade, manifest: null })
      }
  }

  /** What peers say of their length comes with every version, many times. */
  #compareSoon(): void {
    if (this.#isComparing) return
    this.#isComparing = true
    const compare = () => {
      this.#isComparing = false
      this.#compare()
    }
    setTimeout(compare, COMPARING.every).unref()
  }

  /** Asks those who have as much as is here whether it is the same. */
  #compare(): void {
    const { replicator, state } = this.#core
    const { fork, length } = state
    const at = `${length} ${fork}`
    if (this.#frozen || length === 0) return
    const equal = replicator.peers.filter(
      peer =>
        !peer.removed &&
        peer.remoteSynced &&
        peer.remoteFork === fork &&
        peer.remoteLength === length &&
        this.#compared.get(peer) !== at,
    )
    for (const peer of equal.slice(0, COMPARING.peers)) {
      this.#compared.set(peer, at)
      askForHead(peer, fork, length)
    }
    if (equal.length > COMPARING.peers) this.#compareSoon()
  }

  /** Goes down both trees until it is known which blocks are the same. */
  async #findCommon(proof: Hypercore.Proof, peer: Hypercore.ReplicatorPeer): Promise<void> {
    // A peer that has only shown the other history, and has the one that is here, cannot tell.
    const other = await this.#core.verifyReorg(proof)
    for (let piece = 0; piece < PIECES && other.want !== null; piece++) {
      const index = blockOf(other.want, peer)
      if (index === null) return
      const answer = await this.#ask(peer, proof.fork, { index: 2 * index, nodes: other.want.nodes })
      const { start, end } = other.want
      if (answer === null || (!(await other.update(answer)) && other.want?.start === start && other.want.end === end))
        return
    }
    if (other.want === null) this.#hooks.parted(Math.min(other.ancestors, other.treeLength))
  }

  /** An answer to no request is thrown away upstream: it is taken before that. */
  async #ask(
    peer: Hypercore.ReplicatorPeer,
    fork: number,
    hash: { readonly index: number; readonly nodes: number },
  ): Promise<Hypercore.Proof | null> {
    const handle = peer._handleData
    const answered = new Promise<Hypercore.Proof>(resolve => {
      peer._handleData = async data => {
        if (data.request !== 0 || data.hash === null) return handle.call(peer, data)
        resolve(data)
      }
    })
    try {
      peer.wireRequest.send({ ...NOTHING, id: 0, fork, hash, upgrade: null })
      return await Promise.race([answered, sleep(TELLING, null, { ref: false })])
    } finally {
      peer._handleData = handle
    }
  }
}

/** null: it is not known yet where it parts from the one that is here. */
function offerOf({ batch }: Hypercore.ForkRequest): Offer | null {
  if (batch === null || !batch.finished) return null
  const { fork, length, ancestors, treeLength } = batch
  return { fork, length, common: Math.min(ancestors, treeLength, length) }
}

const nameOf = ({ stream }: Hypercore.ReplicatorPeer): string => stream.remotePublicKey.toString('hex')

/** The answer goes where heads are checked that do not fit. */
function askForHead(peer: Hypercore.ReplicatorPeer, fork: number, length: number): void {
  peer.wireRequest.send({ ...NOTHING, id: 0, fork, hash: null, upgrade: { start: 0, length } })
}

function blockOf(
  { start, end }: { readonly start: number; readonly end: number },
  peer: Hypercore.ReplicatorPeer,
): number | null {
  const last = Math.min(end, peer.remoteLength, start + LOOKED_THROUGH)
  for (let index = start; index < last; index++) if (peer._remoteHasBlock(index)) return index
  return null
}
