/** Machines that give up copies at the same time, over a network that is slow and breaks. */
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agreement, type Wish } from '../../main/availability/agreement.ts'
import { includes, type Ranges, rangesOf, without } from '../../main/lib/ranges.ts'

const BLOCKS = 6
const all: Ranges = [{ start: 0, end: BLOCKS }]

const contentOf = (block: number) => Buffer.from(`block ${block}`)

type Machine = { readonly id: string; held: Ranges; readonly agreement: Agreement }

/** `delay`: of the next word, in turns of the loop. Words between two arrive in order. */
function network(count: number, delay: () => number) {
  const machines: Machine[] = []
  const cut = new Set<string>()
  const lines = new Map<string, Promise<void>>()
  const between = (one: string, other: string) => [one, other].sort().join()
  const send = (from: string, to: string, wish: Wish) => {
    const line = `${from} ${to}`
    const turns = delay()
    const arrived = (lines.get(line) ?? Promise.resolve()).then(async () => {
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      if (!cut.has(between(from, to))) machines.find(({ id }) => id === to)!.agreement.receive(from, wish)
    })
    lines.set(line, arrived)
  }
  for (let index = 0; index < count; index++) {
    const id = String.fromCharCode(97 + index)
    const kept = async () => {
      for (let turn = delay(); turn > 0; turn--) await setImmediate()
      return machine.held
    }
    const agreement = new Agreement({
      self: id,
      kept,
      fork: () => 0,
      read: async blocks =>
        blocks.every(block => includes(machine.held, block)) ? blocks.map(block => contentOf(block)) : null,
      send: (to, wish) => send(id, to, wish),
    })
    const machine: Machine = { id, held: all, agreement }
    machines.push(machine)
  }
  for (const one of machines) for (const other of machines) if (one !== other) one.agreement.joined(other.id)
  return {
    machines,
    /** Each end notices at another time. */
    async disconnect(one: Machine, other: Machine) {
      cut.add(between(one.id, other.id))
      for (let turn = delay(); turn > 0; turn--) await setImmediate()
      one.agreement.left(other.id)
      for (let turn = delay(); turn > 0; turn--) await setImmediate()
      other.agreement.left(one.id)
    },
  }
}

const holders = (machines: readonly Machine[], block: number) =>
  machines.filter(({ held }) => held.some(({ start, end }) => start <= block && block < end)).length

async function free(machine: Machine, wanted: Ranges, others: number, pause: () => number): Promise<void> {
  for (let round = 0; round < 8; round++) {
    const granted = await machine.agreement.propose(wanted, others, [])
    for (let turn = pause(); turn > 0; turn--) await setImmediate()
    machine.held = without(machine.held, granted.ranges)
    granted.done()
    if (!granted.again) return
    for (let turn = pause(); turn > 0; turn--) await setImmediate()
  }
}

test('however many free at once, as many hold each block as were asked for', async () => {
  const ranges = fc
    .array(fc.tuple(fc.nat(BLOCKS - 1), fc.integer({ min: 1, max: BLOCKS })), { minLength: 1, maxLength: 3 })
    .map(pairs => rangesOf(pairs.map(([start, length]) => ({ start, end: Math.min(BLOCKS, start + length) }))))
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(ranges, { minLength: 5, maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 2 }),
      fc.infiniteStream(fc.nat(4)),
      async (count, others, wishes, breaks, delays) => {
        const delay = () => delays.next().value as number
        const { machines, disconnect } = network(count, delay)
        await Promise.all([
          ...machines.map((machine, index) => free(machine, wishes[index]!, others, delay)),
          ...breaks.map(async ([one, other]) => {
            for (let turn = delay(); turn > 0; turn--) await setImmediate()
            if (one !== other && one < count && other < count) await disconnect(machines[one]!, machines[other]!)
          }),
        ])
        for (let block = 0; block < BLOCKS; block++)
          expect(holders(machines, block)).toBeGreaterThanOrEqual(Math.min(others, count))
      },
    ),
    { numRuns: 500 },
  )
})

test('all that may go does, when four free at once and two are to stay', async () => {
  let turn = 0
  const { machines } = network(4, () => turn++ % 3)
  await Promise.all(machines.map(machine => free(machine, all, 2, () => 1 + (machine.id.charCodeAt(0) % 4))))
  for (let block = 0; block < BLOCKS; block++) expect(holders(machines, block)).toBe(2)
})

test('who cannot show what they promise to keep is not counted on', async () => {
  const { machines } = network(3, () => 0)
  const [one, honest, liar] = machines as [Machine, Machine, Machine]
  const kept = [{ start: 0, end: 1 }]
  liar.held = kept
  // It says that it has all of it, and finds what it says about as often as it has it.
  const lying = new Agreement({
    self: liar.id,
    kept: async () => all,
    fork: () => 0,
    read: async blocks => blocks.map(block => (includes(kept, block) ? contentOf(block) : Buffer.from('not this'))),
    send: (_, wish) => one.agreement.receive(liar.id, wish),
  })
  lying.joined(one.id)
  liar.agreement.receive = (from, wish) => lying.receive(from, wish)
  let believed = 0
  for (let round = 0; round < 20; round++) {
    const granted = await one.agreement.propose(all, 2, [])
    if (granted.ranges.length > 0) believed++
    granted.done()
  }
  // All four of the blocks would have to be the one that it has.
  expect(believed).toBeLessThan(2)
  const granted = await one.agreement.propose(all, 1, [])
  granted.done()
  expect(granted.ranges).toEqual(all)
  expect(honest.held).toEqual(all)
})

test('who asks again and again gets one answer at a time, and one to what was asked last', async () => {
  let [looking, most] = [0, 0]
  const said: Wish[] = []
  const kept = async () => {
    most = Math.max(most, ++looking)
    await setImmediate()
    looking--
    return all
  }
  const agreement = new Agreement({
    self: 'a',
    kept,
    fork: () => 0,
    read: async blocks => blocks.map(contentOf),
    send: (_to, wish) => said.push(wish),
  })
  agreement.joined('b')
  const question = Buffer.alloc(16)
  for (let round = 0; round < 500; round++)
    agreement.receive('b', { kind: 'asks', round, fork: 0, ranges: all, question })
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  expect(most).toBe(1)
  expect(said.length).toBeLessThan(5)
  expect(said.at(-1)).toMatchObject({ kind: 'promises', round: 499, busy: false, ranges: all })
})
