/**
 * Five hundred archives of one person are announced and taken back: when the one that is looked at is announced, when all
 * of them are, how long closing takes and what it leaves behind. A plain Hyperswarm that joins as many topics does the same
 * in the same run. What is announced is what the nodes of the DHT have, not what the one who announces says.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Hypercore from 'hypercore'
import { afterAll, onTestFinished, test } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import { connectLocal } from '../../main/lib/local-socket.ts'
import type { Contract } from '../../preload/contract/index.ts'
import { type Client, connect } from '../../preload/wire/connect.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { announcedAt, startTestnet } from '../helpers/testnet.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess } from './measured.ts'
import { atMost, Rows } from './rows.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)
const MANY = Number(process.env['BENCH_MANY'] ?? 500)
/** As many as keep an announcement. */
const NODES = 20
const HEADLESS = new URL('../../out/main/headless.js', import.meta.url).pathname
const JOINER = new URL('plain-joiner.mjs', import.meta.url).pathname

const rows = new Rows()
const table = new Table(`Joining: ${MANY} archives announced and taken back, a DHT of ${NODES} nodes on loopback`)
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

const CAIRN = 'Cairn'
const PLAIN = 'plain Hyperswarm'
const first = 'the one that is looked at is announced'
const all = 'all are announced'
const closed = 'closed'

async function openHeadless(storage: string, bootstrap: string) {
  const running = await MeasuredProcess.start(HEADLESS, ['--storage', storage, '--bootstrap', bootstrap])
  while (true) {
    running.throwIfEnded()
    const transport = await connectLocal(storage)
    if (transport !== null) return { running, client: connect<Contract>(transport) }
    await sleep(5)
  }
}

async function publishAll(client: Client<Contract>): Promise<readonly string[]> {
  const folder = await temporaryFolder('bench-joining-source')
  const indexes = Array.from({ length: MANY }, (_, index) => index).values()
  const keys: string[] = []
  const work = async () => {
    for (const index of indexes) {
      const source = join(folder, `Archive ${index}`)
      await mkdir(source)
      await writeFile(join(source, 'file.txt'), `${index}\n`)
      const { id, title } = await client.publish.review({ paths: [source] })
      const decisions = { private: false, exclude: [], includeSuspicious: false, into: null }
      keys.push((await client.publish.start({ review: id, title, ...decisions })).key)
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return keys
}

const seconds = (since: number) => (performance.now() - since) / 1000
const until = async (isSo: () => boolean, since: number) => {
  while (!isSo()) await sleep(10)
  return seconds(since)
}

test(`${MANY} archives`, async () => {
  const testnet = await startTestnet(NODES)
  onTestFinished(() => testnet.close())
  const bootstrap = testnet.bootstrap[0]!
  const storage = await temporaryFolder('bench-joining')
  const author = await openHeadless(storage, bootstrap)
  const keys = await publishAll(author.client)
  await author.running.end()
  const topics = keys.map(key => Hypercore.discoveryKey(decodeKey(key)).toString('hex'))
  const announced = (those: readonly string[]) => those.filter(topic => announcedAt(testnet.nodes, topic) > 0).length

  for (let run = 0; run < RUNS; run++) {
    // Consent starts the network, and is withdrawn by nothing: each run has a start of its own.
    const before = performance.now()
    const { running, client } = await openHeadless(storage, bootstrap)
    if (run === 0) await client.settings.update({ consented: true })
    const key = keys[Math.floor(MANY / 2)]!
    const looked = performance.now()
    await client.read.list({ key, version: null, folder: '/', cursor: null, limit: 100 })
    const topic = topics[keys.indexOf(key)]!
    const shown = await until(() => announced([topic]) === 1, looked)
    const whole = await until(() => announced(topics) === MANY, before)
    const closing = performance.now()
    running.process.kill('SIGTERM')
    await running.exited
    const took = seconds(closing)
    const left = announced(topics)
    rows.add(first, CAIRN, { value: shown, also: {} })
    rows.add(all, CAIRN, { value: whole, also: {} })
    rows.add(closed, CAIRN, { value: took, also: { 'still announced': left } })

    const others = Array.from({ length: MANY }, () => randomBytes(32).toString('hex'))
    const plain = await MeasuredProcess.start(JOINER)
    const joined = performance.now()
    await plain.ask('join', { topics: others, bootstrap })
    const one = others[Math.floor(MANY / 2)]!
    rows.add(first, PLAIN, { value: await until(() => announced([one]) === 1, joined), also: {} })
    rows.add(all, PLAIN, { value: await until(() => announced(others) === MANY, joined), also: {} })
    const left2 = (await plain.ask('leave', {})) as number
    rows.add(closed, PLAIN, { value: left2, also: { 'still announced': announced(others) } })
    await plain.end()
  }
  for (const what of [first, all, closed]) {
    const bars =
      what === first
        ? [atMost('≤ 2 s', median(rows.values(what, CAIRN)), 2, ' s')]
        : what === closed
          ? [atMost('≤ 2 s', median(rows.values(what, CAIRN)), 2, ' s')]
          : []
    rows.show(table, what, CAIRN, { unit: 's', bars, note: '' })
    rows.show(table, what, PLAIN, { unit: 's', bars: [], note: '', ratio: rows.ratio(what, CAIRN, PLAIN) })
  }
})
