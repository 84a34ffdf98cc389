/** What is said of the network follows from what is known of it, and from nothing else. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CheckFacts, judgeCheck, type Outcome, sayCheck } from '../../main/network/check.ts'
import { distance } from '../../main/network/lookup.ts'
import { judgeReach, type ReachEvidence, sayReach } from '../../main/network/reach.ts'

const online: ReachEvidence = {
  off: false,
  paused: false,
  agreed: true,
  route: true,
  asked: true,
  nodes: 40,
  silent: false,
  loopback: false,
  unasked: null,
  seen: { host: '203.0.113.9', port: 49_737 },
  samples: 12,
  localPort: 49_737,
  came: { far: 0, near: 0 },
  went: { far: 0, near: 0 },
  blocked: 0,
  noAnswer: 0,
  connected: 0,
  relayed: 0,
  room: 0,
}

test.each<[string, Partial<ReachEvidence>]>([
  ['off', { off: true }],
  ['paused', { paused: true, agreed: false }],
  ['waiting-for-consent', { agreed: false }],
  ['offline', { route: false }],
  ['starting', { asked: false, nodes: 0 }],
  ['dht-silent', { nodes: 0 }],
  ['dht-silent', { silent: true }],
  ['nat', {}],
  ['nat', { unasked: false }],
  ['nat', { came: { far: 0, near: 5 }, went: { far: 0, near: 5 } }],
  ['nat-works', { unasked: false, came: { far: 1, near: 0 } }],
  ['nat-works', { went: { far: 1, near: 0 } }],
  ['open', { unasked: true }],
  ['strict-nat', { seen: { host: '203.0.113.9', port: 0 } }],
  ['unknown', { seen: null }],
  ['own-network', { seen: { host: '192.168.1.4', port: 49_737 }, unasked: true }],
  ['this-machine', { loopback: true, unasked: true }],
  ['room', { route: false, connected: 1, room: 1 }],
  ['room', { silent: true, connected: 2, room: 1 }],
  ['nat', { connected: 1, room: 1 }],
  ['starting', { asked: false, nodes: 0, connected: 1, room: 1 }],
  ['nat-works', { silent: true, connected: 1, went: { far: 1, near: 0 } }],
])('%s is said of %j', (verdict, change) => {
  expect(judgeReach({ ...online, ...change })).toBe(verdict)
})

const side = fc.record({ far: fc.nat(3), near: fc.nat(3) })
const evidence: fc.Arbitrary<ReachEvidence> = fc.record({
  off: fc.boolean(),
  paused: fc.boolean(),
  agreed: fc.boolean(),
  route: fc.boolean(),
  asked: fc.boolean(),
  nodes: fc.nat(3),
  silent: fc.boolean(),
  loopback: fc.boolean(),
  unasked: fc.option(fc.boolean()),
  seen: fc.option(
    fc.record({ host: fc.constantFrom('203.0.113.9', '10.0.0.3', '100.64.0.1'), port: fc.constantFrom(0, 49_737) }),
  ),
  samples: fc.nat(32),
  localPort: fc.option(fc.constant(49_737)),
  came: side,
  went: side,
  blocked: fc.nat(3),
  noAnswer: fc.nat(3),
  connected: fc.nat(3),
  relayed: fc.nat(3),
  room: fc.nat(2),
})

test('nothing is claimed that was not seen', () => {
  fc.assert(
    fc.property(evidence, known => {
      const { verdict, title, meaning, evidence: lines } = sayReach(known)
      const far = known.came.far + known.went.far
      if (verdict === 'open') expect(known.unasked).toBe(true)
      if (verdict === 'nat-works') expect(far).toBeGreaterThan(0)
      if (/reachable|directly/.test(title)) expect(known.unasked).toBe(true)
      if (/has worked/.test(meaning)) expect(far).toBeGreaterThan(0)
      if (['open', 'nat', 'nat-works', 'strict-nat'].includes(verdict)) {
        expect(known.loopback).toBe(false)
        expect(known.seen?.host ?? '203.0.113.9').toBe('203.0.113.9')
      }
      if (['dht-silent', 'starting', 'offline'].includes(verdict) && known.route)
        expect(known.connected).toBeLessThanOrEqual(known.room)
      if (known.loopback) expect(lines.join(' ')).not.toMatch(/elsewhere reached/)
    }),
  )
})

const outcome: fc.Arbitrary<Outcome> = fc.record({
  publicKey: fc.string(),
  self: fc.boolean(),
  how: fc.constantFrom('silent', 'blocked', 'refused', 'connected', 'lacks', 'gave'),
  near: fc.boolean(),
  length: fc.nat(9),
})
const facts: fc.Arbitrary<CheckFacts> = fc.record({
  step: fc.constantFrom('network', 'announce', 'connect', 'content', 'done'),
  route: fc.boolean(),
  scope: fc.constantFrom('machine', 'network', 'world'),
  announces: fc.boolean(),
  holds: fc.boolean(),
  outside: fc.boolean(),
  room: fc.nat(2),
  nodes: fc.option(fc.nat(3)),
  lookup: fc.option(
    fc.record({
      topic: fc.constant(''),
      milliseconds: fc.nat(),
      asked: fc.nat(30),
      answered: fc.nat(30),
      silent: fc.nat(3),
      hops: fc.nat(4),
      closest: fc.constant([]),
      holders: fc.nat(20),
      firstFoundAt: fc.option(fc.nat()),
      found: fc.array(fc.record({ publicKey: fc.string(), self: fc.boolean() }), { maxLength: 3 }),
      cut: fc.boolean(),
    }),
  ),
  tried: fc.array(outcome, { maxLength: 3 }),
  took: fc.constant({}),
})

test('a check says yes only of what came and was verified, and no only of what failed for others too', () => {
  fc.assert(
    fc.property(facts, known => {
      const verdict = judgeCheck(known)
      const { title, steps } = sayCheck(known)
      const gave = known.tried.some(({ how }) => how === 'gave')
      const own = known.tried.find(({ self }) => self)
      expect(verdict === null).toBe(known.step !== 'done')
      expect(steps.every(({ said }) => said !== '')).toBe(true)
      if (verdict === 'reachable' || verdict === 'works-from-here' || verdict === 'others-only') expect(gave).toBe(true)
      // Nobody needs the nodes in one room.
      const roomOnly = ['dht-silent', 'offline'].includes(verdict ?? '') && known.announces && known.room > 0
      expect(title.startsWith('Only')).toBe(roomOnly)
      if (title.startsWith('Yes')) expect(gave).toBe(true)
      if (title.startsWith('Yes') && known.announces && known.scope === 'world') expect(known.outside).toBe(true)
      // That this machine cannot reach itself says nothing of a friend.
      if (known.holds && own?.how === 'blocked' && known.scope !== 'machine') expect(verdict).not.toBe('unreachable')
      // And that it announces what it is looking for says nothing of whether anybody has it.
      if (!known.holds && !gave && !known.tried.some(({ self }) => !self)) expect(verdict).not.toBe('unclear')
    }),
  )
})

test('distances are those of XOR', () => {
  const id = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(id, id, (a, b) => {
      const xor = BigInt(`0x${Buffer.from(a.map((byte, index) => byte ^ b[index]!)).toString('hex')}`)
      const exact = xor === 0n ? 0 : Math.log2(Number(xor >> 192n) + Number(xor & ((1n << 192n) - 1n)) / 2 ** 192) + 192
      if (xor === 0n) expect(distance(a, b)).toBe(0)
      else expect(distance(a, b)).toBeCloseTo(exact, 6)
      expect(distance(a, b)).toBe(distance(b, a))
    }),
  )
})
