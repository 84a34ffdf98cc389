/**
 * Who is asked for which block, on a clock of its own: peers that answer in turn, each as quickly as it can, and a stand-in of
 * Hypercore's replicator that asks for all blocks of a log in order.
 */
import type Hypercore from 'hypercore'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { divide } from '../../main/network/takeovers.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/**
 * A block takes `turn` at it, and the way to it and back `distance`, and what `after` says from then on; from `silentFrom` on
 * it answers nothing.
 */
type How = {
  readonly turn: number
  readonly distance?: number
  readonly after?: { readonly at: number; readonly turn?: number; readonly distance: number }
  readonly silentFrom?: number
}
type Request = { readonly index: number; readonly peer: number }

/** Takes a log of so many blocks from them. How long it took, in milliseconds, and which blocks each of them has sent. */
async function take(blocks: number, ...peers: readonly How[]) {
  const began = performance.now()
  const have = new Set<number>()
  const sent = peers.map((): number[] => [])
  const deepest = peers.map(() => 0)
  const known = new Map<number, { index: number; inflight: object[]; priority: number; queued: boolean }>()
  const ended: { at: number | null } = { at: null }
  let next = 0
  const replicator = {
    peers: [] as object[],
    stats: { hotswaps: 0 },
    _blocks: { get: (index: number) => known.get(index) ?? null },
    _addPeer: (peer: object) => void replicator.peers.push(peer),
    _removePeer: () => {},
    _ondata: () => {},
    _updateHotswap: (() => {}) as (peer: object) => void,
    updatePeer(peer: ReturnType<typeof make>) {
      while (next < blocks && peer.inflight < peer.getMaxInflight()) {
        const block = { index: next++, inflight: [], priority: 0, queued: false }
        known.set(block.index, block)
        peer._requestBlock(block)
      }
      replicator._updateHotswap(peer)
    },
  }
  const make = ({ after, silentFrom = Number.POSITIVE_INFINITY, ...first }: How, place: number) => {
    const now = () => (after !== undefined && performance.now() - began >= after.at ? { ...first, ...after } : first)
    const half = () => (now().distance ?? 0) / 2
    const line: object[] = []
    let busy = false
    const serve = async () => {
      if (busy) return
      busy = true
      for (let request = line.shift(); request !== undefined; request = line.shift()) {
        await wait(now().turn)
        if (performance.now() - began < silentFrom) void deliver(request)
      }
      busy = false
    }
    const deliver = async (request: object) => {
      const { index } = (request as { block: Request }).block
      sent[place]!.push(index)
      await wait(half())
      if (!open.has(request)) return
      peer._onrequestroundtrip(request)
      const block = known.get(index)
      known.delete(index)
      have.add(index)
      if (have.size === blocks) ended.at = performance.now() - began
      for (const other of block?.inflight ?? []) if (other !== request) owner(other)._cancelRequest(other)
      replicator.updatePeer(peer)
    }
    const owner = (request: object) => (request as { peer: ReturnType<typeof make> }).peer
    const open = new Set<object>()
    const peer = {
      inflight: 0,
      remoteUploading: true,
      stream: {
        rawStream: {
          get rtt() {
            return 2 * half()
          },
        },
      },
      stats: { hotswaps: 0 },
      isActive: () => true,
      getMaxInflight: () => 48,
      _remoteHasBlock: () => true,
      _requestBlock(block: { index: number; inflight: object[] }): boolean {
        const request = { peer, block: { index: block.index } }
        block.inflight.push(request)
        void peer._send(request)
        return true
      },
      async _send(request: object): Promise<void> {
        peer.inflight++
        open.add(request)
        deepest[place] = Math.max(deepest[place]!, peer.inflight)
        await wait(half())
        if (!open.has(request)) return
        line.push(request)
        void serve()
      },
      onnodata: () => {},
      _onrequestroundtrip(request: object): void {
        open.delete(request)
        peer.inflight--
      },
      _cancelRequest(request: object): void {
        if (!open.delete(request)) return
        peer.inflight--
        void wait(half()).then(() => {
          if (line.includes(request)) line.splice(line.indexOf(request), 1)
        })
      },
    }
    return peer
  }
  divide({ replicator, state: { length: blocks, byteLength: blocks << 18 } } as unknown as Hypercore.Inner)
  const all = peers.map(make)
  for (const peer of all) replicator._addPeer(peer)
  for (const peer of all) replicator.updatePeer(peer)
  while (ended.at === null && performance.now() - began < 600_000) await vi.advanceTimersByTimeAsync(10)
  return { took: ended.at, sent, deepest, all: sent.flat().length }
}

const wait = (milliseconds: number) => new Promise<void>(resolve => setTimeout(resolve, milliseconds))

test('of peers that are as quick as each other each sends its share, and nothing is sent twice', async () => {
  for (const count of [2, 4]) {
    const { all, took, sent } = await take(200, ...Array.from({ length: count }, () => ({ turn: 10 })))
    expect(all).toBe(200)
    expect(took).toBeLessThan((200 / count) * 10 * 1.1)
    for (const blocks of sent) expect(blocks.length).toBeGreaterThan((200 / count) * 0.8)
  }
})

test('a slow one is asked for little, and does not hold up the end', async () => {
  const { all, took, deepest } = await take(200, { turn: 10 }, { turn: 2000 })
  expect(took).toBeLessThan(2500)
  expect(all).toBeLessThanOrEqual(202)
  expect(deepest[1]).toBeLessThanOrEqual(5)
})

test('one that is half as quick gives what it can', async () => {
  const { all, took, sent } = await take(300, { turn: 10 }, { turn: 20 })
  expect(all).toBeLessThanOrEqual(302)
  expect(took).toBeLessThan(2000 * 1.15)
  expect(sent[1]!.length).toBeGreaterThan(80)
})

test('for one that falls silent, and one that never answers, others stand in within a moment', async () => {
  const { took } = await take(200, { turn: 10 }, { turn: 10, silentFrom: 300 })
  expect(took).toBeLessThan(300 + (200 - 60) * 10 + 700)
  const alone = await take(20, { turn: 10 }, { turn: 10, silentFrom: 0 })
  expect(alone.took).toBeLessThan(1000)
})

test('who is far away is asked for as much as keeps the way full', async () => {
  const { all, took } = await take(400, { turn: 5, distance: 200 }, { turn: 5, distance: 200 })
  expect(all).toBeLessThanOrEqual(404)
  expect(took).toBeLessThan(2 * 400 * 2.5)
})

test('who is farther away than before, or behind a line that others fill, is still asked for as much as it can bring', async () => {
  for (const distance of [200, 400, 800]) {
    const how = { turn: 20, distance: 20, after: { at: 500, distance } }
    const { took } = await take(800, how, how)
    expect(took).toBeLessThan(400 * 20 * 1.2)
  }
})

test('who is far away and begins slowly, as every connection does, is soon asked for all that it can bring', async () => {
  const how = { turn: 700, distance: 300, after: { at: 2000, turn: 10, distance: 300 } }
  for (const count of [1, 2]) {
    const { took } = await take(400, ...Array.from({ length: count }, () => how))
    // As it is where 48 are asked for all the time.
    expect(took).toBeLessThan((3000 + (400 / count) * 10) * 1.1)
  }
})
