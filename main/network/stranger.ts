/**
 * "Can a friend open my link?", tried: a second node of the DHT, with a key and a store of its own that both last as long as the
 * check, looks an archive up as somebody would who has nothing but the link, connects to whoever announces it, and fetches the head
 * and one block, which Hypercore verifies against the link's key. What is read stays enciphered: the secret of a link is not needed.
 *
 * The stranger runs on this machine, so that its way to this machine's own Cairn is not that of a friend: a router may refuse to
 * send it back in, which says nothing of friends, and no firewall between here and the world is passed. `judgeCheck`, in
 * `check.ts`, claims no more than that.
 */
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hypercore from 'hypercore'
import type { Check, LookupResult } from '../../preload/contract/models.ts'
import { decodeKey } from '../archives/links.ts'
import { FAILURES, wasHeard } from './attempts.ts'
import { type CheckFacts, type Outcome, sayCheck } from './check.ts'
import { isNear } from './direct.ts'
import { watchLookup } from './lookup.ts'

/** Milliseconds that each step may take. */
const REACHING = 15_000
const ANNOUNCING = 15_000
const CONNECTING = 20_000
const FETCHING = 10_000
/** Machines that are tried, beside this one. */
const OTHERS = 5
const TICK = 100

export type StrangerOptions = {
  /** The archive's. */
  readonly key: string
  /** For a store that is made, and deleted with all that is in it. */
  readonly folder: string
  /** Of the node. */
  readonly node: ConstructorParameters<typeof DHT>[0]
  /** This machine's public key among peers, in hex; null: it is not on the network. */
  readonly self: string | null
  /** What is known here without a stranger. */
  readonly known: Pick<CheckFacts, 'route' | 'scope' | 'announces' | 'holds' | 'outside' | 'room'>
  /** This machine has announced it, since it went online. */
  isAnnounced(): boolean
  /** Peers are to know this key as nobody. */
  introduce(publicKey: Buffer): void
}

/** Ends by itself within two minutes, and when the signal says so, by throwing. `told` gets each state of the check. */
export async function askAsStranger(
  { key, folder, node, self, known, isAnnounced, introduce }: StrangerOptions,
  told: (check: Check) => void,
  signal: AbortSignal,
): Promise<Check> {
  let facts: CheckFacts = { ...known, step: 'network', nodes: null, lookup: null, tried: [], took: {} }
  let began = performance.now()
  const tell = (change: Partial<CheckFacts>) => {
    signal.throwIfAborted()
    facts = { ...facts, ...change }
    told(sayCheck(facts))
  }
  /** The step that was done is told, with what it took. */
  const next = (change: Partial<CheckFacts> & { readonly step: CheckFacts['step'] }) => {
    const took = { ...facts.took, [facts.step]: Math.round(performance.now() - began) }
    began = performance.now()
    tell({ ...change, took })
  }
  tell({})
  // What was there is of a check that was killed.
  await rm(folder, { recursive: true, force: true })
  signal.throwIfAborted()
  const keyPair = DHT.keyPair()
  introduce(keyPair.publicKey)
  const dht = new DHT({ ...node, ephemeral: true, keyPair })
  const store = new Corestore(folder)
  try {
    await Promise.race([dht.fullyBootstrapped().catch(() => {}), sleep(REACHING, null, { ref: false, signal })])
    const nodes = dht.nodes.length
    if (nodes === 0) {
      next({ step: 'done', nodes })
      return sayCheck(facts)
    }
    next({ step: 'announce', nodes })
    if (known.announces) await until(isAnnounced, ANNOUNCING, signal)
    const topic = Hypercore.discoveryKey(decodeKey(key))
    const lookup = await watchLookup(dht, topic, self, () => {}, signal)
    if (lookup.found.length === 0) {
      next({ step: 'done', lookup })
      return sayCheck(facts)
    }
    next({ step: 'connect', lookup })
    const core = store.get({ key: decodeKey(key) })
    await core.ready()
    const report = (outcome: Outcome) => {
      const tried = [...facts.tried.filter(({ publicKey }) => publicKey !== outcome.publicKey), outcome]
      if (outcome.how === 'connected' && facts.step === 'connect') next({ step: 'content', tried })
      else tell({ tried })
    }
    const ask = (candidate: Candidate) => tryOne(dht, store, core, candidate, report, signal)
    const own = lookup.found.filter(({ self }) => self)
    const others = lookup.found.filter(({ self }) => !self).slice(0, OTHERS)
    // The question is of this machine; the others are asked where it does not give it.
    for (const group of [own, others]) {
      if (facts.tried.some(({ how }) => how === 'gave')) break
      await Promise.all(group.map(ask))
    }
    next({ step: 'done' })
    return sayCheck(facts)
  } finally {
    await dht.destroy({ force: true }).catch(() => {})
    await store.close().catch(() => {})
    await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

type Candidate = LookupResult['found'][number]

/** How it ended is reported. Throws nothing but what `report` does. */
async function tryOne(
  dht: DHT,
  store: Corestore,
  core: Hypercore,
  { publicKey, self }: Candidate,
  report: (outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  // Not over the shortcut for two behind one router, which is no way for a friend.
  const connection = dht.connect(decodeKey(publicKey), { localConnection: false })
  const about = { publicKey, self, near: false, length: 0 }
  let failure: Outcome['how'] = 'silent'
  connection.on('error', (error: { readonly code?: string }) => {
    failure = FAILURES[error.code ?? ''] ?? 'silent'
  })
  const closed = new Promise<void>(resolve => connection.once('close', resolve))
  const end = () => connection.destroy()
  signal.addEventListener('abort', end)
  try {
    const opened = new Promise<true>(resolve => connection.once('open', () => resolve(true)))
    const inTime = await Promise.race([opened, closed, sleep(CONNECTING, null, { ref: false })])
    if (signal.aborted) return
    if (inTime !== true) {
      report({ ...about, how: failure })
      return
    }
    const host = connection.rawStream?.remoteHost ?? ''
    const there = { ...about, near: isNear(host) }
    store.replicate(connection)
    // Opened says that a node of the DHT has passed messages on; that something came directly is another thing.
    await Promise.race([until(() => wasHeard(connection), FETCHING, signal), closed])
    if (signal.aborted) return
    if (!wasHeard(connection)) {
      report({ ...there, how: 'blocked' })
      return
    }
    report({ ...there, how: 'connected' })
    const gave = await Promise.race([fetchOne(core), closed, sleep(FETCHING, null, { ref: false })])
    if (!signal.aborted) report({ ...there, how: gave === true ? 'gave' : 'lacks', length: core.length })
  } finally {
    signal.removeEventListener('abort', end)
    connection.destroy()
  }
}

/** The head, and the newest block. Hypercore takes neither unless it is signed. */
async function fetchOne(core: Hypercore): Promise<true | null> {
  try {
    await core.update({ wait: true })
    if (core.length === 0) return null
    const block = await core.get(core.length - 1, { timeout: FETCHING })
    return block === null ? null : true
  } catch {
    // It did not come in time, or the check has ended.
    return null
  }
}

async function until(holds: () => boolean, milliseconds: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!holds() && performance.now() < deadline && !signal.aborted) await sleep(TICK, null, { ref: false })
}
