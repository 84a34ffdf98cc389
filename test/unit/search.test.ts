/** What is said of an archive that is looked for: nothing that the evidence does not say. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Evidence, judge, nextPause } from '../../main/archives/search.ts'

/** Mostly none: causes stand alone more often than together. */
const count = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
)
const attempts = fc.record({ connecting: count, connected: count, silent: count, blocked: count, refused: count })
const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    online: fc.boolean(),
    lookup: fc.option(fc.record({ answered: fc.boolean(), announcing: count })),
    attempts,
    untried: count,
    trying: fc.integer({ min: 0, max: 20_000 }),
    peers: count,
    lacking: count,
    connected: fc.integer({ min: 0, max: 20_000 }),
    known: fc.boolean(),
    neighbours: fc.boolean(),
    sought: fc.integer({ min: 0, max: 10_000 }),
  })
  .map(({ untried, lacking, ...given }) => {
    // Whoever is counted announces it: as the swarm counts them.
    const tried = Object.values(given.attempts).reduce((sum, one) => sum + one, 0)
    return {
      ...given,
      peers: given.peers + lacking,
      claiming: given.peers,
      lookup: given.lookup === null ? null : { ...given.lookup, announcing: tried + untried },
      attempts:
        given.lookup === null ? { connecting: 0, connected: 0, silent: 0, blocked: 0, refused: 0 } : given.attempts,
    }
  })
const holds = (property: (given: Evidence) => void) =>
  fc.assert(
    fc.property(evidence, given => {
      property(given)
    }),
    { numRuns: 3000 },
  )

describe('judge', () => {
  test('says that it is known only of what is here, and always of that', () =>
    holds(given => expect(judge(given).name === 'known').toBe(given.known)))

  test('reads only from somebody who is connected', () =>
    holds(given => {
      const finding = judge(given)
      if (finding.name === 'reading') expect(finding.peers).toBe(given.peers)
      if (finding.name === 'reading') expect(given.peers).toBeGreaterThan(0)
    }))

  test('somebody who says that they have it is read from, whatever else is wrong', () =>
    holds(given => {
      if (!given.known && given.claiming > 0) expect(judge(given).name).toBe('reading')
    }))

  test('each reason stands on its own evidence', () =>
    holds(given => {
      const finding = judge(given)
      if (finding.name !== 'unreachable') return
      const { lookup } = given
      switch (finding.reason) {
        case 'offline':
          expect(given).toMatchObject({ online: false, peers: 0, neighbours: false })
          break
        case 'nobody-near':
          expect(given).toMatchObject({ neighbours: true, peers: 0 })
          expect(given.online && lookup?.answered === true).toBe(false)
          break
        case 'dht-silent':
          expect(given.online && lookup !== null && !lookup.answered && !given.neighbours).toBe(true)
          break
        case 'nobody':
          expect(lookup).toEqual({ answered: true, announcing: 0 })
          break
        case 'peers-unreachable':
          expect(lookup?.announcing).toBeGreaterThan(0)
          expect(given.peers + given.attempts.connected).toBe(0)
          break
        case 'peer-lacks':
          expect(given.peers + given.attempts.connected).toBeGreaterThan(0)
          expect(given.claiming).toBe(0)
          break
      }
    }))

  test('what is known to be wrong is said, the nearest first', () =>
    holds(given => {
      if (given.known || given.peers > 0) return
      const finding = judge(given)
      const { neighbours, sought } = given
      const near = neighbours ? (sought < 4000 ? { name: 'looking' } : { reason: 'nobody-near' }) : null
      if (!given.online) expect(finding).toMatchObject(near ?? { reason: 'offline' })
      else if (given.lookup === null) expect(finding.name).toBe('looking')
      else if (given.attempts.connected > 0) expect(['looking', 'unreachable']).toContain(finding.name)
      else if (!given.lookup.answered) expect(finding).toMatchObject(near ?? { reason: 'dht-silent' })
      else if (given.lookup.announcing === 0) expect(finding).toMatchObject({ reason: 'nobody' })
    }))

  test('nobody is given up who has not been tried in vain, or tried for long', () =>
    holds(given => {
      const finding = judge(given)
      if (finding.name !== 'unreachable' || finding.reason !== 'peers-unreachable') return
      const { silent, blocked, refused } = given.attempts
      expect(silent + blocked + refused === finding.candidates || given.trying >= 8000).toBe(true)
    }))

  test('who was tried in vain is said at once, and so is who says for long that they have nothing', () =>
    holds(given => {
      if (given.known || !given.online || given.claiming > 0) return
      const { silent, blocked, refused, connected } = given.attempts
      const announcing = given.lookup?.announcing ?? 0
      const inVain = silent + blocked + refused
      if (given.peers > 0 && given.connected >= 2000)
        expect(judge(given)).toMatchObject({ reason: 'peer-lacks', candidates: given.peers })
      if (given.peers === 0 && connected === 0 && announcing > 0 && announcing === inVain && given.lookup?.answered)
        expect(judge(given)).toMatchObject({ reason: 'peers-unreachable', attempts: given.attempts })
    }))

  test('no wait is without an end: after twenty seconds there is a reason, or somebody to read from', () =>
    holds(given => {
      const finding = judge({
        ...given,
        trying: 20_000,
        sought: 20_000,
        connected: 20_000,
        lookup: given.lookup ?? { answered: false, announcing: 0 },
      })
      expect(finding.name).not.toBe('looking')
    }))

  test('what a DHT said that has not been asked is said of nobody', () =>
    holds(given => {
      const finding = judge({ ...given, lookup: null })
      if (finding.name === 'looking') expect(finding).toMatchObject({ dhtAnswered: false, candidates: 0 })
    }))

  test('a repeated lookup that finds the same changes nothing of what is said', () =>
    holds(given => {
      const later = { ...given, trying: given.trying + 60_000, connected: given.connected + 60_000 }
      if (judge(given).name === 'unreachable' && given.online) expect(judge(later)).toEqual(judge(given))
    }))
})

describe('the schedule', () => {
  test('begins with seconds and ends with minutes', () => {
    const pauses: number[] = []
    for (let pause = 1000; pauses.length < 9; pause = nextPause(pause, false)) pauses.push(pause)
    expect(pauses.map(pause => pause / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  test('looks every four seconds for those who announce it, for two minutes', () => {
    const pauses: number[] = []
    for (let pause = 1000, waited = 0; waited < 300_000; waited += pause, pause = nextPause(pause, false, waited))
      pauses.push(pause / 1000)
    expect(pauses.slice(0, 5)).toEqual([1, 2, 4, 4, 4])
    expect(pauses.filter(pause => pause <= 4).length).toBeGreaterThan(28)
    const slower = pauses.findIndex(pause => pause > 4)
    expect(pauses.slice(slower, slower + 4)).toEqual([8, 16, 32, 60])
  })

  test('leaves hundreds of known archives alone for minutes', () => {
    const pauses: number[] = []
    for (let pause = 1000; pauses.length < 6; pause = nextPause(pause, true)) pauses.push(pause)
    expect(pauses.map(pause => pause / 1000)).toEqual([1, 8, 64, 512, 600, 600])
  })
})
