/** Whom requests are taken from: who is silent, and not who is slow. The core is a stand-in that counts as Hypercore does. */
import type Hypercore from 'hypercore'
import { expect, test } from 'vitest'
import { passOver } from '../../main/network/stalls.ts'

/** A core with peers that each owe an answer all the time. */
function coreWith(count: number) {
  const peers = Array.from({ length: count }, () => ({
    paused: false,
    removed: false,
    inflight: 1,
    stats: { wireData: { rx: 0 } },
    stream: { rawBytesRead: 0 },
  }))
  const inflight = Object.assign([], { idle: false })
  const blocks = { isEmpty: () => true }
  const replicator = { peers, _inflight: inflight, _blocks: blocks, _ranges: [], _seeks: [], updatePeer: () => {} }
  return { peers, inflight, core: { replicator } as unknown as Hypercore.Inner }
}

test('of two who send one large block every five seconds each, and of one who sends one in ten, none is left out', () => {
  const { peers, core } = coreWith(3)
  const every = [5, 5, 10]
  // All limits begin with room for one.
  for (const peer of peers) peer.stats.wireData.rx++
  let leftOut = 0
  for (let second = 0; second < 300; second++) {
    for (const [index, peer] of peers.entries())
      if ((second + 2 * index) % every[index]! === 0) {
        peer.stats.wireData.rx++
        peer.stream.rawBytesRead += 256 << 10
      }
    passOver(core, second * 1000)
    if (second > 60) leftOut += peers.filter(({ paused }) => paused).length
  }
  expect(leftOut).toBe(0)
})

test('who never answers is left out after four seconds, and who stops after no more than half a minute', () => {
  const { peers, core } = coreWith(3)
  const [never, stops, answers] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]]
  const since: number[] = []
  for (let second = 0; second < 60; second++) {
    if (second % 10 === 0 && second <= 20) stops.stats.wireData.rx++
    answers.stats.wireData.rx++
    passOver(core, second * 1000)
    for (const [index, peer] of [never, stops].entries()) if (peer.paused) since[index] ??= second
  }
  expect(since[0]).toBe(4)
  expect(stops.paused).toBe(true)
  expect(answers.paused).toBe(false)
})

test('the time in which nobody was asked is nobody’s silence', () => {
  const { peers, inflight, core } = coreWith(2)
  const [late, answers] = peers as [(typeof peers)[0], (typeof peers)[0]]
  const rest = (isIdle: boolean) => {
    inflight.idle = isIdle
    for (const peer of peers) peer.inflight = isIdle ? 0 : 1
  }
  for (const [from, isIdle] of [
    [0, false],
    [3, true],
    [60, false],
  ] as const) {
    rest(isIdle)
    for (let second = from; second < from + 3; second++) {
      answers.stats.wireData.rx++
      passOver(core, second * 1000)
      expect(late.paused).toBe(false)
    }
  }
  for (let second = 63; second < 66; second++) {
    answers.stats.wireData.rx++
    passOver(core, second * 1000)
  }
  expect(late.paused).toBe(true)
})
