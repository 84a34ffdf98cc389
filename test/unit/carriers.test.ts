/** Two machines, and up to three ways that come up between them at the same moment, in any order on either side. */
import { EventEmitter } from 'node:events'
import type SecretStream from '@hyperswarm/secret-stream'
import fc from 'fast-check'
import type Hyperswarm from 'hyperswarm'
import { expect, test } from 'vitest'
import { Carriers } from '../../main/network/carriers.ts'
import type { Carrier, Direct } from '../../main/network/direct.ts'

const KEYS = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const

/** One end of a way. When it is closed, the other one hears of it later. */
class End extends EventEmitter {
  readonly publicKey: Buffer
  readonly remotePublicKey: Buffer
  readonly rawBytesRead = 0
  readonly rawBytesWritten = 0
  destroying = false
  readonly rawStream = { bytesReceived: 0 }
  readonly #later: (task: () => void) => void
  other: End | null = null

  constructor(
    readonly name: string,
    side: 0 | 1,
    readonly isInitiator: boolean,
    later: (task: () => void) => void,
  ) {
    super()
    this.publicKey = KEYS[side]
    this.remotePublicKey = KEYS[side === 0 ? 1 : 0]
    this.#later = later
  }

  setKeepAlive() {}

  destroy() {
    if (this.destroying) return
    this.destroying = true
    this.#later(() => this.emit('close'))
    this.#later(() => this.other?.destroy())
  }
}

/** `ways`: those that come up; `hopeful`: TCP carries in place of the swarm's connection. Each number chooses what happens next. */
function play(ways: readonly string[], hopeful: boolean, choices: readonly number[]) {
  const pending: (() => void)[] = []
  const later = (task: () => void) => pending.push(task)
  const used = [new Set<End>(), new Set<End>()] as const
  const direct = {
    isHopeful: () => hopeful,
    carry: (connection: unknown, use: (carrier: Carrier) => void) => use(connection as Carrier),
  } as unknown as Direct
  const sides = used.map(
    ends =>
      new Carriers(direct, carrier => {
        const end = carrier as unknown as End
        ends.add(end)
        end.once('close', () => ends.delete(end))
      }),
  )
  const all: End[] = []
  for (const name of ways) {
    const ends = ([0, 1] as const).map(side => new End(name, side, name.endsWith(String(side)), later))
    ends[0]!.other = ends[1]!
    ends[1]!.other = ends[0]!
    all.push(...ends)
    ends.forEach((end, side) =>
      later(() => {
        if (end.destroying) return
        if (name.startsWith('swarm')) sides[side]!.connect(end as unknown as Hyperswarm.Connection)
        else sides[side]!.meet(end as unknown as SecretStream)
      }),
    )
  }
  for (let step = 0; pending.length > 0; step++) {
    const [task] = pending.splice((choices[step] ?? 0) % pending.length, 1)
    task!()
  }
  return {
    used: used.map(ends => [...ends].map(({ name }) => name)),
    alive: [...new Set(all.filter(({ destroying }) => !destroying).map(({ name }) => name))],
    met: sides.map(({ met }) => met),
    sizes: sides.map(({ size }) => size),
  }
}

test('whatever comes first on either side, both come to the same one way', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom('swarm 0', 'room 0', 'room 1'), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.array(fc.nat(20), { minLength: 20, maxLength: 60 }),
      (ways, hopeful, choices) => {
        const { used, alive, met, sizes } = play(ways, hopeful, choices)
        expect(used[0]).toEqual(used[1])
        expect(used[0]).toHaveLength(1)
        for (const count of met) expect(count).toBe(used[0]![0]?.startsWith('room') ? 1 : 0)
        for (const size of sizes) expect(size).toBe(1)
        expect(alive).toContain(used[0]![0])
      },
    ),
    { numRuns: 3000 },
  )
})
