/** The order in which topics are asked for, over a swarm that answers when it is told to. */
import { EventEmitter } from 'node:events'
import type Hyperswarm from 'hyperswarm'
import { expect, test } from 'vitest'
import { Topics } from '../../main/network/topics.ts'

class Swarm extends EventEmitter {
  readonly asked: { readonly id: string; readonly server: boolean; readonly answer: () => void }[] = []

  join(topic: Buffer, { server = false }: { server?: boolean }) {
    const asks = (announces: boolean) => {
      return new Promise<boolean>(resolve => {
        this.asked.push({ id: String(topic), server: announces, answer: () => resolve(true) })
      })
    }
    const first = asks(server)
    return {
      flushed: () => first,
      refresh: ({ server: announces = false }) => asks(announces),
      destroy: () => Promise.resolve(),
    }
  }
}

const make = () => {
  const swarm = new Swarm()
  let answered = 0
  const topics = new Topics(swarm as unknown as Hyperswarm, () => answered++)
  return { swarm, topics, answered: () => answered, ids: () => swarm.asked.map(({ id }) => id).join('') }
}
const later = { announce: true, urgent: false }
const settled = () => new Promise(resolve => setImmediate(resolve))

test('a few at a time, in order, and whoever is waited for before them', async () => {
  const { swarm, topics, ids, answered } = make()
  const asks = [...'abcdefgh'].map(id => topics.ask(Buffer.from(id), later))
  expect(ids()).toBe('abcdef')
  void topics.ask(Buffer.from('z'), { announce: false, urgent: true })
  expect(ids()).toBe('abcdefz')
  topics.hurry(Buffer.from('h'))
  expect(ids()).toBe('abcdefzh')
  for (const { answer } of swarm.asked) answer()
  await settled()
  expect(ids()).toBe('abcdefzhg')
  swarm.asked.at(-1)!.answer()
  await Promise.all(asks)
  expect(answered()).toBe(9)
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

test('whoever waits for a topic that is left is not kept waiting', async () => {
  const { topics, ids } = make()
  for (const id of 'abcdef') void topics.ask(Buffer.from(id), later)
  const waiting = topics.ask(Buffer.from('g'), later)
  await topics.leave(Buffer.from('g'))
  await waiting
  expect(ids()).toBe('abcdef')
})
