/**
 * Opening a link and looking: how soon the first names of 100,000 entries are there, and how soon the middle of a film is.
 * Author and reader are processes of their own on loopback. Beside it a plain Hyperdrive over a plain Hyperswarm, which
 * reads the same archives.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, onTestFinished, test } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import { isFound, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess, now } from './measured.ts'
import { atLeast, atMost, figuresOf, Rows } from './rows.ts'
import { writeSource } from './source.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 5)
const GIB = 1 << 30
/** As many as the page asks for first. */
const PAGE = 200
const CAIRN = 'Cairn, first page'
const LISTED = 'plain Hyperdrive, list()'
const FIRST = 'plain Hyperdrive, first entry of list()'
const SOUGHT = 'Cairn, Range: bytes=x-'
const STREAMED = 'plain Hyperdrive, createReadStream'

const rows = new Rows()
const table = new Table('Open and look: Cairn beside plain Hyperdrive over Hyperswarm, on loopback')
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

for (const { name, folders, each } of [
  { name: '100,000 entries in one folder', folders: 1, each: 100_000 },
  { name: '1,000 folders of 100 entries', folders: 1000, each: 100 },
]) {
  const what = `link to names: ${name}`
  test.runIf(rows.wants(what, ''))(what, async () => {
    const { bootstrap, author, folder } = await begin()
    for (let index = 0; index < folders; index++) {
      const inner = folders === 1 ? folder : join(folder, `folder ${index}`)
      await mkdir(inner, { recursive: true })
      for (let file = 0; file < each; file += 500)
        await Promise.all(
          Array.from({ length: Math.min(500, each - file) }, (_, index) =>
            writeFile(join(inner, `a picture of something ${file + index}.txt`), 'x'),
          ),
        )
    }
    const { key, row } = await author.publish(folder, () => {})
    for (let run = 0; run < RUNS; run++) {
      await rows.measure(what, LISTED, async () => {
        const plain = await MeasuredProcess.start(new URL('plain-looker.mjs', import.meta.url).pathname)
        const { first, all, entries } = await plain.ask<{ first: number; all: number; entries: number }>('list', {
          storage: await temporaryFolder('bench-plain'),
          bootstrap,
          key: Buffer.from(decodeKey(key)).toString('hex'),
        })
        if (entries < folders * each) throw new Error(`it listed ${entries}`)
        rows.add(what, FIRST, { value: first, also: {} })
        await plain.end('SIGKILL')
        return { value: all, also: {} }
      })
      await rows.measure(what, CAIRN, async () => {
        const reader = await Cairn.start(await temporaryFolder('bench-reader'), bootstrap)
        await reader.goOnline()
        await reader.figures()
        const began = now()
        await reader.client.archives.open({ link: row.link })
        const { seconds, of } = await firstPage(reader, key, began)
        // What a window shows at once.
        if (of < 25) throw new Error(`it listed ${of}`)
        const { 'loop p99 ms': p99 = 0 } = figuresOf(await reader.figures())
        await reader.end()
        return { value: seconds * 1000, also: { 'loop p99 ms': p99 } }
      })
    }
    rows.show(table, what, CAIRN, {
      unit: 'ms',
      note: '',
      bars: [
        atMost('p50 under 1 s', median(rows.values(what, CAIRN)), 1000, ' ms'),
        atLeast('10× sooner than list()', rows.ratio(what, CAIRN, LISTED), 10, '×'),
      ],
    })
    for (const who of [LISTED, FIRST])
      rows.show(table, what, who, { unit: 'ms', note: '', bars: [], ratio: rows.ratio(what, CAIRN, who) })
    rows.throwIfFailed(/Cairn/)
  })
}

const seek = 'seek to the middle of a film of 1 GiB'
test.runIf(rows.wants(seek, ''))(seek, async () => {
  const { bootstrap, author, folder } = await begin()
  await writeSource(folder, 1, GIB)
  const path = '/folder 0/0.bin'
  const { key, row } = await author.publish(folder, () => {})
  for (let run = 0; run < RUNS; run++) {
    await rows.measure(seek, SOUGHT, async () => {
      const reader = await startPerson([bootstrap])
      try {
        await reader.client.archives.open({ link: row.link })
        await reader.archive(key, isFound)
        await reader.client.read.list({ key, version: null, folder: '/folder 0', cursor: null, limit: PAGE })
        const { grant } = await reader.client.read.grant({ key, version: null })
        const stop = new AbortController()
        const ask = (range: string) =>
          reader.backend.content(
            new Request(`http://content/${grant}${path.replaceAll(' ', '%20')}`, {
              headers: { range: `bytes=${range}` },
              signal: stop.signal,
            }),
          )
        // As a player does: how it begins first, and then it seeks.
        await (await ask('0-65535')).arrayBuffer()
        const before = (await quiet(reader, key)).held.bytes
        const began = now()
        const response = await ask(`${GIB / 2 + 123_457}-`)
        const { value } = await response.body!.getReader().read()
        const took = now() - began
        stop.abort()
        if (response.status !== 206 || value === undefined) throw new Error(`answered with ${response.status}`)
        const fetched = (await quiet(reader, key)).held.bytes - before
        return { value: took, also: { 'MiB fetched': fetched / 2 ** 20 } }
      } finally {
        await reader.close()
      }
    })
    await rows.measure(seek, STREAMED, async () => {
      const plain = await MeasuredProcess.start(new URL('plain-looker.mjs', import.meta.url).pathname)
      await plain.ask('list', {
        storage: await temporaryFolder('bench-plain'),
        bootstrap,
        key: Buffer.from(decodeKey(key)).toString('hex'),
      })
      const { took, fetched } = await plain.ask<{ took: number; fetched: number }>('seek', {
        path,
        start: GIB / 2 + 123_457,
      })
      await plain.end('SIGKILL')
      return { value: took, also: { 'MiB fetched': fetched / 2 ** 20 } }
    })
  }
  rows.show(table, seek, SOUGHT, {
    unit: 'ms',
    note: 'to the first bytes',
    bars: [
      atMost('p50 ≤ 100 ms', median(rows.values(seek, SOUGHT)), 100, ' ms'),
      atMost('≤ 2 MiB', median(rows.also(seek, SOUGHT)['MiB fetched'] ?? [Number.NaN]), 2, ' MiB'),
    ],
  })
  rows.show(table, seek, STREAMED, { unit: 'ms', note: '', bars: [], ratio: rows.ratio(seek, SOUGHT, STREAMED) })
  rows.throwIfFailed(/Cairn/)
})

async function begin(): Promise<{ readonly bootstrap: string; readonly author: Cairn; readonly folder: string }> {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const bootstrap = testnet.bootstrap[0]!
  const author = await Cairn.start(await temporaryFolder('bench-author'), bootstrap)
  await author.goOnline()
  return { bootstrap, author, folder: await temporaryFolder('bench-source') }
}

/** As the page does: as soon as it is found. */
async function firstPage(reader: Cairn, key: string, began: number): Promise<{ seconds: number; of: number }> {
  for await (const changes of reader.client.archives.watch())
    for (const change of changes) {
      if (change.op !== 'put' || change.item.id !== key || !isFound(change.item)) continue
      const page = await reader.client.read.list({
        key,
        version: null,
        folder: '/',
        cursor: null,
        limit: PAGE,
        soon: true,
      })
      return { seconds: (now() - began) / 1000, of: page.entries.length }
    }
  throw new Error('A collection does not end')
}

/** When nothing more of its content comes. */
async function quiet(reader: Awaited<ReturnType<typeof startPerson>>, key: string) {
  let before = await reader.archive(key, () => true)
  while (true) {
    await sleep(600)
    const row = await reader.archive(key, () => true)
    if (row.held.blocks === before.held.blocks) return row
    before = row
  }
}
