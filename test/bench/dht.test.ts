/**
 * DHTs of 16, 128 and 1,024 nodes on this machine: hops and time of lookups, what is still found after many nodes were killed at
 * once, and how long a record is gone whose nodes all were. On loopback a round trip takes no time, so that times are those
 * of the program; a node that is gone costs what waiting for it costs everywhere.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import DHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import { afterAll, onTestFinished, test } from 'vitest'
import { Announces } from '../../main/network/announces.ts'
import { watchLookup } from '../../main/network/lookup.ts'
import { median, Table } from './table.ts'

const SIZES = (process.env['BENCH_SIZES'] ?? '16,128,1024').split(',').map(Number)
const TOPICS = 20
/** How long a record that plain Hyperswarm does not bring back is waited for: it would take ten to twelve minutes. */
const WAITED = 45_000
const NODES = new URL('dht-nodes.mjs', import.meta.url).pathname
const table = new Table('Lookups in a DHT on one machine; a stranger asks who knows one node and nothing else', [
  'asked',
  'silent',
])
afterAll(() => table.print())

type Net = {
  readonly bootstrap: string
  /** Kills nodes at once, and says how many. */
  kill(
    what: { readonly what: 'holders'; readonly topic: string } | { readonly what: 'until'; readonly left: number },
  ): Promise<number>
}

async function startNet(size: number): Promise<Net & { readonly seconds: number; readonly rss: number }> {
  const began = performance.now()
  const child: ChildProcess = fork(NODES, [String(size)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const answer = async () => ((await once(child, 'message')) as [{ bootstrap: string; rss: number; killed: number }])[0]
  const { bootstrap, rss } = await answer()
  return {
    bootstrap,
    rss,
    seconds: (performance.now() - began) / 1000,
    kill: async what => {
      const answered = answer()
      child.send(what)
      return (await answered).killed
    },
  }
}

const nodeOf = ({ bootstrap }: Net): DHT => {
  const node = new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false, ephemeral: true })
  onTestFinished(() => node.destroy({ force: true }))
  return node
}

type Looked = {
  readonly found: boolean
  readonly ms: number
  readonly hops: number
  readonly asked: number
  readonly silent: number
}

/** As a stranger, one after the other: the first of them begins with nothing. */
async function lookAll(net: Net, topics: readonly Buffer[], atOnce: number): Promise<readonly Looked[]> {
  const looked: Looked[] = []
  const rest = [...topics]
  const work = async () => {
    for (let topic = rest.shift(); topic !== undefined; topic = rest.shift()) {
      const stranger = nodeOf(net)
      await stranger.fullyBootstrapped()
      const { found, milliseconds, hops, asked, silent } = await watchLookup(
        stranger,
        topic,
        null,
        () => {},
        new AbortController().signal,
      )
      looked.push({ found: found.length > 0, ms: milliseconds, hops, asked, silent })
      await stranger.destroy({ force: true })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return looked
}

/** The same question without anybody who watches. */
async function lookPlain(net: Net, topic: Buffer): Promise<number> {
  const stranger = nodeOf(net)
  await stranger.fullyBootstrapped()
  const began = performance.now()
  await stranger.lookup(topic).finished()
  const took = performance.now() - began
  await stranger.destroy({ force: true })
  return took
}

const column = (looked: readonly Looked[], of: 'ms' | 'hops' | 'asked' | 'silent') => looked.map(one => one[of])

test.each(SIZES)(
  '%i nodes',
  async size => {
    const net = await startNet(size)
    console.log(`${size} nodes stand after ${net.seconds.toFixed(0)} s, ${Math.round(net.rss / 1e6)} MB`)
    const announcer = nodeOf(net)
    await announcer.fullyBootstrapped()
    const topics = Array.from({ length: TOPICS }, () => randomBytes(32))
    for (const topic of topics) await announcer.announce(topic, DHT.keyPair(), []).finished()

    const before: Looked[] = []
    const plain: number[] = []
    // In turns, so that nobody is the first.
    for (const [turn, topic] of topics.entries()) {
      if (turn % 2 === 0) before.push(...(await lookAll(net, [topic], 1)))
      plain.push(await lookPlain(net, topic))
      if (turn % 2 === 1) before.push(...(await lookAll(net, [topic], 1)))
    }
    const asked = (looked: readonly Looked[]) => ({ asked: column(looked, 'asked'), silent: column(looked, 'silent') })
    table.add({
      what: `${size} nodes: hops to the closest`,
      who: 'Cairn',
      values: column(before, 'hops'),
      unit: 'hops',
      also: asked(before),
      notes: [`log2 n = ${Math.log2(size)}`, `k = 20`],
    })
    table.add({
      what: `${size} nodes: time of a lookup`,
      who: 'Cairn, each node told of',
      values: column(before, 'ms'),
      unit: 'ms',
    })
    table.add({
      what: `${size} nodes: time of a lookup`,
      who: 'plain hyperdht',
      values: plain,
      unit: 'ms',
      ratio: median(plain) / median(column(before, 'ms')),
    })

    // Of a small net all nodes would be gone, and of a middle one too many for what comes after it.
    if (size > 100) await renewal(size > 1000 ? net : await startNet(size), size)

    for (const share of [0.1, 0.3, 0.5]) {
      await net.kill({ what: 'until', left: Math.round(size * (1 - share)) })
      const after = await lookAll(net, topics, 10)
      const found = after.filter(one => one.found).length
      table.add({
        what: `${size} nodes: after ${share * 100}% of them were killed at once`,
        who: 'time of a lookup',
        values: column(after, 'ms'),
        unit: 'ms',
        also: asked(after),
        notes: [`${found} of ${TOPICS} found`],
      })
    }
  },
  600_000,
)

async function renewal(net: Net, size: number): Promise<void> {
  const back = async (byCairn: boolean): Promise<number | null> => {
    const swarm = new Hyperswarm({ dht: nodeOf(net) })
    onTestFinished(() => swarm.destroy({ force: true }))
    const topic = randomBytes(32)
    const announces = byCairn ? new Announces(swarm, () => {}) : null
    onTestFinished(() => announces?.close())
    await swarm.join(topic, { client: false, server: true }).flushed()
    const killed = await net.kill({ what: 'holders', topic: topic.toString('hex') })
    const began = performance.now()
    console.log(`${killed} of ${size} nodes kept the record, and are killed`)
    while (performance.now() - began < WAITED) {
      const [looked] = await lookAll(net, [topic], 1)
      if (looked!.found) return (performance.now() - began) / 1000
      await sleep(500)
    }
    return null
  }
  const [ours, theirs] = await Promise.all([back(true), back(false)])
  const what = `${size} nodes: until a record is found again whose nodes were all killed`
  table.add({ what, who: 'Cairn', values: ours === null ? [] : [ours], unit: 's' })
  table.add({
    what,
    who: 'plain Hyperswarm',
    values: theirs === null ? [] : [theirs],
    unit: 's',
    notes:
      theirs === null ? [`not within ${WAITED / 1000} s: it tells anew after 10 to 12 minutes (npm run soak)`] : [],
  })
}
