/** The order in which topics are asked for and left, over a swarm that answers when it is told to. */
import { EventEmitter } from 'node:events'
import type Hyperswarm from 'hyperswarm'
import { afterEach, expect, test, vi } from 'vitest'
import { Topics } from '../../main/network/topics.ts'

type Asked = { readonly id: string; readonly server: boolean; readonly answer: () => void }

class Swarm extends EventEmitter {
  readonly asked: Asked[] = []
  /** Topics that were left, in order. */
  readonly left: { readonly id: string; readonly answer: () => void }[] = []
  /** Topics that were looked at once more, where they were announced. */
  readonly lookedAgain: string[] = []
  readonly found: string[] = []
  /** Who has announced a topic meanwhile. */
  announcers: readonly string[] = []
  readonly dht = {
    lookup: (topic: Buffer, options: { readonly closestNodes: readonly unknown[] }) => {
      this.lookedAgain.push(String(topic))
      const { announcers } = this
      return {
        closestReplies: options.closestNodes,
        async *[Symbol.asyncIterator]() {
          yield await Promise.resolve({ peers: announcers })
        },
      }
    },
  }

  _handlePeer(peer: string) {
    this.found.push(peer)
  }

  join(topic: Buffer, { server = false }: { server?: boolean }) {
    const id = String(topic)
    const asks = (announces: boolean) =>
      new Promise<boolean>(resolve => {
        this.asked.push({ id, server: announces, answer: () => resolve(true) })
      })
    const first = asks(server)
    return {
      flushed: () => first,
      refresh: ({ server: announces = false }) => asks(announces),
      destroy: () => new Promise<void>(resolve => this.left.push({ id, answer: resolve })),
      discovery: { _closestNodes: ['node'] },
    }
  }
}

const make = () => {
  const swarm = new Swarm()
  let answered = 0
  const topics = new Topics(swarm as unknown as Hyperswarm, () => answered++)
  const ids = () => swarm.asked.map(({ id }) => id).join('')
  const answerAll = async () => {
    for (const { answer } of swarm.asked) answer()
    await settled()
  }
  return { swarm, topics, answered: () => answered, ids, answerAll }
}
const later = { announce: true, urgent: false }
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
afterEach(() => {
  vi.useRealTimers()
})

test('a few at a time, in order, and whoever is waited for before them, the last one first', async () => {
  const { swarm, topics, ids, answered, answerAll } = make()
  const asks = [...'abcdefgh'].map(id => topics.ask(Buffer.from(id), later))
  expect(ids()).toBe('abcd')
  const urgent = [...'123456xyz'].map(id => topics.ask(Buffer.from(id), { announce: false, urgent: true }))
  // No more than so many of them, either.
  expect(ids()).toBe('abcd123456')
  topics.hurry(Buffer.from('h'))
  topics.hurry(Buffer.from('g'))
  swarm.asked[5]!.answer()
  await settled()
  expect(ids()).toBe('abcd123456g')
  swarm.asked[6]!.answer()
  await settled()
  expect(ids()).toBe('abcd123456gh')
  swarm.asked[0]!.answer()
  await settled()
  expect(ids()).toBe('abcd123456ghe')
  while (ids().length < 17) await answerAll()
  await answerAll()
  await Promise.all([...asks, ...urgent])
  expect(ids()).toBe('abcd123456ghezyxf')
  // Those that are announced were looked at twice.
  expect(answered()).toBe(17 + 8)
})

test('what was never asked for comes before what is left, and that before what is asked for again', async () => {
  const { swarm, topics, ids, answerAll } = make()
  for (const id of 'abcd') void topics.ask(Buffer.from(id), { announce: false, urgent: false })
  await answerAll()
  for (const id of 'abcd') void topics.ask(Buffer.from(id), { announce: false, urgent: false })
  void topics.leave(Buffer.from('a'))
  for (const id of 'cd') void topics.ask(Buffer.from(id), { announce: false, urgent: false })
  for (const id of 'xyz') void topics.ask(Buffer.from(id), { announce: false, urgent: false })
  await answerAll()
  expect(ids()).toBe('abcdabcdxyz')
  expect(swarm.left.map(({ id }) => id)).toEqual(['a'])
  swarm.left[0]!.answer()
  await answerAll()
  expect(ids()).toBe('abcdabcdxyzcd')
})

test('one that is asked for twice before its turn is asked for once, one that runs again afterwards', async () => {
  const { swarm, topics, ids } = make()
  const topic = Buffer.from('a')
  const first = topics.ask(topic, { announce: false, urgent: true })
  const second = topics.ask(topic, later)
  const third = topics.ask(topic, { announce: false, urgent: false })
  expect(ids()).toBe('a')
  swarm.asked[0]!.answer()
  await first
  await settled()
  expect(swarm.asked.map(({ server }) => server)).toEqual([false, true])
  swarm.asked[1]!.answer()
  await Promise.all([second, third])
  expect(ids()).toBe('aa')
})

test('who announced at the same moment is found by looking again, and for a while that is all that asking again does', async () => {
  const { swarm, topics, ids, answerAll } = make()
  const topic = Buffer.from('a')
  const asked = topics.ask(topic, later)
  expect(swarm.lookedAgain).toEqual([])
  swarm.announcers = ['the other one']
  await answerAll()
  await asked
  expect(swarm.lookedAgain).toEqual(['a'])
  expect(swarm.found).toEqual(['the other one'])

  await topics.ask(topic, later)
  expect(ids()).toBe('a')
  expect(swarm.lookedAgain).toEqual(['a', 'a'])

  topics.expire()
  void topics.ask(topic, later)
  await answerAll()
  expect(ids()).toBe('aa')
})

test('what is only looked for is not announced', async () => {
  const { swarm, topics, answerAll } = make()
  void topics.ask(Buffer.from('a'), { announce: false, urgent: false })
  await answerAll()
  void topics.ask(Buffer.from('a'), { announce: false, urgent: false })
  await answerAll()
  expect(swarm.asked.map(({ server }) => server)).toEqual([false, false])
  expect(swarm.lookedAgain).toEqual([])
})

test('whoever waits for a topic that is left is not kept waiting, nor whoever leaves one', async () => {
  vi.useFakeTimers()
  const { swarm, topics, ids, answerAll } = make()
  for (const id of 'abcd') void topics.ask(Buffer.from(id), later)
  const waiting = topics.ask(Buffer.from('g'), later)
  await topics.leave(Buffer.from('g'))
  await waiting
  await answerAll()
  expect(ids()).toBe('abcd')
  const left = topics.leave(Buffer.from('a'))
  expect(swarm.left.map(({ id }) => id)).toEqual(['a'])
  await vi.advanceTimersByTimeAsync(1500)
  await left
  // It goes on behind, and the topic may be asked for again.
  void topics.ask(Buffer.from('a'), later)
  expect(ids()).toBe('abcda')
})

test('closing takes back what was announced last, then what was before it, and ends in time', async () => {
  vi.useFakeTimers()
  const { swarm, topics, answerAll } = make()
  for (const id of 'abcdefgh') {
    void topics.ask(Buffer.from(id), later)
    await answerAll()
    await vi.advanceTimersByTimeAsync(1000)
  }
  const closed = topics.close(1200)
  expect(swarm.left.map(({ id }) => id)).toEqual(['h', 'g', 'f', 'e'])
  swarm.left[0]!.answer()
  await settled()
  expect(swarm.left.map(({ id }) => id)).toEqual(['h', 'g', 'f', 'e', 'd'])
  await vi.advanceTimersByTimeAsync(1200)
  await closed
  for (const { answer } of [...swarm.left]) answer()
  await settled()
  expect(swarm.left).toHaveLength(5)
  // Nothing is asked for any more.
  await topics.ask(Buffer.from('r'), later)
  expect(swarm.asked).toHaveLength(8)
})

test('whoever waits when it is closed is not kept waiting', async () => {
  const { topics, ids } = make()
  const waiting = [...'abcdefgh'].map(id => topics.ask(Buffer.from(id), later))
  await topics.close(0)
  // Those that were asked for are answered by the end of the swarm.
  await Promise.all(waiting.slice(4))
  expect(ids()).toBe('abcd')
})
