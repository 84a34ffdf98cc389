/**
 * One lookup in the DHT, seen step by step: which nodes were asked, who had told of them, how far from the topic each is, and
 * who was found. A node's distance is XOR of its id and the topic. The nodes are strangers, and one that lies could name others
 * without end: what is asked and remembered is bounded.
 */
import type DHT from 'hyperdht'
import type { LookupNode, LookupResult } from '../../preload/contract/models.ts'
import { encodeKey } from '../archives/links.ts'

/** A lookup among ten million nodes asks some hundred of them. */
const MOST_NODES = 600
const MOST_FOUND = 200
/** Milliseconds. */
const LONGEST = 30_000
const TOLD_EVERY = 100

/** Bits of the XOR of two ids of the same length: their whole length for ids that have nothing in common, 0 for the same. */
export function distance(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length; index++) {
    if (a[index] === b[index]) continue
    let value = 0
    for (let next = index; next < Math.min(index + 6, a.length); next++) value = value * 256 + (a[next]! ^ b[next]!)
    return Math.log2(value) + 8 * Math.max(0, a.length - index - 6)
  }
  return 0
}

type Mutable = { -readonly [Key in keyof LookupNode]: LookupNode[Key] }

const addressOf = ({ host, port }: DHT.Node): string => `${host}:${port}`

/**
 * Asks `dht` who announces the topic. `told` gets what has changed, several nodes at a time. Ends early, with what was
 * learned until then, when the signal says so, after half a minute, or after 600 nodes. Never throws. `own`: the public key of
 * this machine, in hex.
 */
export async function watchLookup(
  dht: DHT,
  topic: Buffer,
  own: string | null,
  told: (nodes: readonly LookupNode[]) => void,
  signal: AbortSignal,
): Promise<LookupResult> {
  const began = performance.now()
  const since = () => Math.round(performance.now() - began)
  const nodes = new Map<string, Mutable>()
  const tellers = new Map<string, string | null>()
  const changed = new Set<Mutable>()
  const found = new Set<string>()
  const timer = setInterval(tell, TOLD_EVERY)
  const query = dht.lookup(topic)
  let cut = false
  const end = () => query.destroy()
  const giveUp = () => {
    cut = true
    query.destroy()
  }
  const deadline = setTimeout(giveUp, LONGEST)
  signal.addEventListener('abort', end)
  if (signal.aborted) end()

  function tell(): void {
    if (changed.size === 0) return
    told([...changed].map(node => ({ ...node })))
    changed.clear()
  }
  const { _addPending: add, _visit: visit, _onvisitbound: answer, _onerrorbound: fail } = query
  query._addPending = (node, teller) => {
    const added = add.call(query, node, teller)
    const address = addressOf(node)
    if (added && !tellers.has(address)) tellers.set(address, teller === null ? null : addressOf(teller))
    return added
  }
  query._visit = node => {
    if (nodes.size >= MOST_NODES) {
      giveUp()
      return
    }
    const address = addressOf(node)
    const teller = nodes.get(tellers.get(address) ?? '')
    const row: Mutable = {
      node: nodes.size,
      address,
      distance: distance(node.id, topic),
      teller: teller?.node ?? null,
      hop: (teller?.hop ?? 0) + 1,
      askedAt: since(),
      endedAt: null,
      answer: 'none-yet',
      announcers: 0,
    }
    nodes.set(address, row)
    changed.add(row)
    visit.call(query, node)
  }
  const ended = (to: DHT.Node, answered: boolean) => {
    const row = nodes.get(addressOf(to))
    if (row === undefined) return
    row.endedAt = since()
    row.answer = answered ? 'answered' : 'silent'
    changed.add(row)
  }
  query._onvisitbound = (reply, request) => {
    ended(request.to, true)
    answer(reply, request)
  }
  query._onerrorbound = (error, request) => {
    // One that was under way when the lookup ended has not failed.
    if (!query.destroyed) ended(request.to, false)
    fail(error, request)
  }
  let firstFoundAt: number | null = null
  try {
    for await (const { from, peers } of query) {
      const row = nodes.get(addressOf(from))
      if (row !== undefined) {
        row.announcers = peers.length
        changed.add(row)
      }
      if (peers.length > 0) firstFoundAt ??= since()
      for (const { publicKey } of peers) if (found.size < MOST_FOUND) found.add(publicKey.toString('hex'))
    }
  } catch {
    // Without any answer it throws; that nobody answered is said by the nodes.
  } finally {
    clearTimeout(deadline)
    clearInterval(timer)
    signal.removeEventListener('abort', end)
  }
  tell()
  const closest = query.closestReplies.flatMap(({ from }) => nodes.get(addressOf(from)) ?? [])
  const rows = [...nodes.values()]
  return {
    topic: topic.toString('hex'),
    milliseconds: since(),
    asked: rows.length,
    answered: rows.filter(({ answer }) => answer === 'answered').length,
    silent: rows.filter(({ answer }) => answer === 'silent').length,
    hops: closest[0]?.hop ?? 0,
    closest: closest.map(({ node }) => node),
    holders: rows.filter(({ announcers }) => announcers > 0).length,
    firstFoundAt,
    found: [...found].map(key => ({ publicKey: encodeKey(Buffer.from(key, 'hex')), self: key === own })),
    cut,
  }
}
