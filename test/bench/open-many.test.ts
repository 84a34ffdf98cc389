/**
 * 500 archives known and joined: from the start of the program to a usable page, and what they take. Half of them are
 * the person's own, half are friends' whose lists are here. One and fifty archives are measured beside them.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, onTestFinished, test } from 'vitest'
import { connectLocal } from '../../main/lib/local-socket.ts'
import type { Contract } from '../../preload/contract/index.ts'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { type Client, connect } from '../../preload/wire/connect.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { MeasuredProcess } from './measured.ts'
import { atMost, most } from './rows.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 5)
const HEADLESS = new URL('../../out/main/headless.js', import.meta.url).pathname
const table = new Table('Many archives known and joined: start to a usable page, half own, half friends’, 5 files each')
afterAll(() => table.print())

/** How long the swarm is watched at work, after which what it takes is read. */
const JOINING = Number(process.env['BENCH_JOINING'] ?? 50_000)

type Running = { readonly process: MeasuredProcess; readonly client: Client<Contract> }

async function start(storage: string, bootstrap: string): Promise<Running> {
  const process = await MeasuredProcess.start(HEADLESS, ['--storage', storage, '--bootstrap', bootstrap])
  while (true) {
    process.throwIfEnded()
    const transport = await connectLocal(storage)
    if (transport !== null) return { process, client: connect<Contract>(transport) }
    await sleep(5)
  }
}

/** The rows, once there are so many that are as wanted. */
async function rows(
  { archives }: Client<Contract>,
  many: number,
  wanted: (row: ArchiveRow) => boolean,
): Promise<readonly ArchiveRow[]> {
  const known = new Map<string, ArchiveRow>()
  for await (const changes of archives.watch()) {
    for (const change of changes) if (change.op === 'put') known.set(change.item.id, change.item)
    const found = [...known.values()].filter(wanted)
    if (found.length >= many) return found
  }
  throw new Error('A collection does not end')
}

async function publishMany(person: Running, folder: string, many: number): Promise<readonly string[]> {
  const links: string[] = []
  for (let index = 0; index < many; index++) {
    const source = join(folder, `Archive ${index}`)
    await mkdir(source, { recursive: true })
    for (let file = 0; file < 5; file++) await writeFile(join(source, `file ${file}.txt`), `${index} ${file}\n`)
    const review = await person.client.publish.review({ paths: [source] })
    const { link } = await person.client.publish.start({
      review: review.id,
      title: review.title,
      private: false,
      exclude: [],
      includeSuspicious: false,
      into: null,
    })
    links.push(link)
  }
  return links
}

for (const many of [2, 50, 500]) {
  test(`${many} archives`, async () => {
    const testnet = await startTestnet()
    onTestFinished(() => testnet.close())
    const bootstrap = testnet.bootstrap[0]!
    const storage = await temporaryFolder('bench-many')
    const friend = await start(await temporaryFolder('bench-friend'), bootstrap)
    const person = await start(storage, bootstrap)
    for (const one of [friend, person]) await one.client.settings.update({ consented: true })
    const half = many / 2
    const links = await publishMany(friend, await temporaryFolder('bench-friends'), half)
    await publishMany(person, await temporaryFolder('bench-own'), half)
    for (const link of links) await person.client.archives.open({ link })
    await rows(person.client, many, row => row.state.name === 'found' && row.files === 5)
    await sleep(4000)
    await person.process.end()

    const usable: number[] = []
    const listed: number[] = []
    const started: number[] = []
    const joined: number[] = []
    const delays: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const began = performance.now()
      const again = await start(storage, bootstrap)
      const known = await rows(again.client, many, row => row.state.name === 'found')
      usable.push((performance.now() - began) / 1000)
      const { id: key } = known[many - 1]!
      await again.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 100 })
      listed.push((performance.now() - began) / 1000)
      started.push((await again.process.figures()).rss / 1e6)
      await sleep(JOINING)
      const { rss, p99 } = await again.process.figures()
      joined.push(rss / 1e6)
      delays.push(p99)
      await again.process.end()
    }
    await friend.process.end()
    const wanted = many === 500
    table.add({
      what: `${many} archives`,
      who: 'Cairn: to the first list',
      values: listed,
      unit: 's',
      bars: wanted
        ? [
            atMost('start ≤ 3 s', median(listed), 3, ' s'),
            atMost('RSS ≤ 400 MB', most([...started, ...joined]), 400, ' MB'),
          ]
        : [],
      also: { 'all rows s': usable, 'RSS at start MB': started, 'RSS peak MB': joined, 'loop p99 ms': delays },
      notes: [`watched for ${JOINING / 1000} s`],
    })
  })
}
