/**
 * 1 GiB between two machines of one network (namespaces on a switch), in the shipped path, into a folder: met in the room, over TCP
 * and without any DHT, and found by the DHT with TCP kept from passing, over the swarm's UDP. Taken in turn from the same author.
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, onTestFinished, test } from 'vitest'
import { isFound, publish, type RemotePerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startIslands } from '../helpers/islands.ts'
import { describeMachine, settle } from './machine.ts'
import { atLeast, Rows, throughput } from './rows.ts'
import { makeSource } from './source.ts'
import { Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)
const SIZE = Number(process.env['BENCH_BYTES'] ?? 1 << 30)
const WHAT = `get 1 × ${SIZE / 2 ** 20} MiB`
const ROOM = 'Cairn, met in the room'
const SWARM = 'Cairn, over the swarm’s UDP'
const PATIENCE = 15 * 60_000

const rows = new Rows()
const table = new Table('In one room: TCP beside the swarm’s UDP, between namespaces', ['MB/s'])
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

type Process = { readonly process: ChildProcess }

/** Seconds so far, which another program that takes the processor does not change. */
const processorTime = (processes: readonly Process[]): number =>
  processes.reduce((sum, { process }) => {
    const fields = readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) / 100
  }, 0)

async function get(person: RemotePerson, link: string, key: string, way: string): Promise<number> {
  await person.client.archives.open({ link })
  await person.archive(key, isFound, PATIENCE)
  await waitFor(
    signal => person.client.peers.watch({ key }, { signal }),
    null,
    row => row.way === way,
  )
  const folder = await temporaryFolder('bench-target')
  const began = performance.now()
  const { transfer } = await person.client.read.download({ key, version: null, paths: ['/'], folder, overwrite: false })
  await person.transfer(transfer, ({ state }) => state.name === 'done', PATIENCE)
  return (performance.now() - began) / 1000
}

test(WHAT, async () => {
  const islands = await startIslands()
  onTestFinished(() => islands.close())
  const [there, near, far] = [await islands.island(), await islands.island(), await islands.island()]
  await far.tcp(false)
  const author = await there.person(await temporaryFolder('bench-author'), { room: true })
  const source = await makeSource(await temporaryFolder('bench-source'), 1, SIZE)
  const { key, link } = await publish(author, [source.folder], { milliseconds: PATIENCE })
  // Whoever takes it first finds the author's store still busy with what was published.
  const first = await near.person(await temporaryFolder('bench-reader'), { room: true, alone: true })
  await get(first, link, key, 'local')
  await first.close()
  for (let run = 0; run < RUNS; run++)
    for (const { who, island, room, way } of [
      { who: ROOM, island: near, room: true, way: 'local' },
      { who: SWARM, island: far, room: false, way: 'straight' },
    ])
      await rows.measure(WHAT, who, async () => {
        const reader = await island.person(await temporaryFolder('bench-reader'), { room, alone: room })
        await settle(source.folder)
        const before = processorTime([author, reader])
        const seconds = await get(reader, link, key, way)
        const both = processorTime([author, reader]) - before
        await reader.close()
        return { value: seconds, also: { ...throughput(1, SIZE, seconds), 'CPU s of both': both } }
      })
  const ratio = rows.ratio(WHAT, ROOM, SWARM)
  rows.show(table, WHAT, ROOM, { unit: 's', bars: [atLeast('≥ 1.8× of UDP', ratio, 1.8, '×')], note: 'no DHT' })
  rows.show(table, WHAT, SWARM, { unit: 's', bars: [], note: 'no TCP', ratio })
  rows.throwIfFailed(/Cairn/)
})
