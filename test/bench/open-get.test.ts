/**
 * Taking what a friend shares: one large file, many small ones, one that was saved just now, and going on after a kill.
 * Author and reader are processes of their own on loopback, in the shipped path. Beside it a plain Hyperdrive over a plain
 * Hyperswarm that takes what mirror-drive published, Syncthing between two instances of its own, and rsync where it is.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawn, spawnSync } from 'node:child_process'
import { afterAll, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine, run, settle } from './machine.ts'
import { MeasuredProcess, now } from './measured.ts'
import { always, atLeast, atMost, figuresOf, Rows, throughput } from './rows.ts'
import { makeSource } from './source.ts'
import { Syncthing, syncthingVersion } from './syncthing.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 5)
const GIB = 1 << 30
const CAIRN = 'Cairn'
const DOWNLOAD = 'plain Hyperdrive, download'
const MIRROR = 'plain Hyperdrive, download and mirror-drive'
const SYNCTHING = 'Syncthing'
const RSYNC = 'rsync'

const rows = new Rows()
const table = new Table('Open and get: Cairn beside plain Hyperdrive, Syncthing and rsync, on loopback', [
  'MB/s',
  'loop p99 ms',
  'RSS MB',
])
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

for (const { what, files, size } of [
  { what: 'get 10,000 × 10 KiB', files: 10_000, size: 10 * 1024 },
  { what: 'get 1 × 1 GiB', files: 1, size: GIB },
]) {
  test.runIf(rows.wants(what, ''))(what, async () => {
    const { bootstrap, author } = await begin()
    const source = await makeSource(await temporaryFolder('bench-source'), files, size)
    const { row, key } = await author.publish(source.folder, () => {})
    const plain = await startPlainAuthor(source.folder, bootstrap)
    for (let index = 0; index < RUNS; index++) {
      await rows.measure(what, CAIRN, async () => {
        const reader = await Cairn.start(await temporaryFolder('bench-reader'), bootstrap)
        await reader.goOnline()
        await reader.open(row.link)
        await settle(source.folder)
        await reader.figures()
        const seconds = await reader.get(key, await temporaryFolder('bench-target'))
        const figures = figuresOf(await reader.figures())
        await reader.end()
        return { value: seconds, also: { ...throughput(files, source.bytes, seconds), ...figures } }
      })
      await rows.measure(what, MIRROR, async () => {
        const getter = await MeasuredProcess.start(new URL('plain-getter.mjs', import.meta.url).pathname)
        const [storage, target] = [await temporaryFolder('bench-plain'), await temporaryFolder('bench-plain-target')]
        const { download, all } = await getter.ask<{ readonly download: number; readonly all: number }>('get', {
          storage,
          bootstrap,
          key: plain,
          target,
        })
        await getter.end('SIGKILL')
        rows.add(what, DOWNLOAD, { value: download, also: throughput(files, source.bytes, download) })
        return { value: all, also: throughput(files, source.bytes, all) }
      })
      await rows.measure(what, SYNCTHING, async () => {
        if (syncthingVersion() === null) throw new Error('it is not installed: sudo apt-get install -y syncthing')
        const [from, to] = [await Syncthing.start(), await Syncthing.start()]
        await from.scan(source.folder, source.inner, files)
        const seconds = await to.receive(from, await temporaryFolder('bench-synced'), files)
        await from.end()
        await to.end()
        return { value: seconds, also: throughput(files, source.bytes, seconds) }
      })
      await rows.measure(what, RSYNC, async () => {
        if (spawnSync('rsync', ['--version']).status !== 0)
          throw new Error('it is not installed: sudo apt-get install -y rsync')
        const target = await temporaryFolder('bench-rsynced')
        await settle(source.folder)
        const began = now()
        await run('rsync', '-a', '--whole-file', `${source.folder}/`, target)
        const seconds = (now() - began) / 1000
        return { value: seconds, also: throughput(files, source.bytes, seconds) }
      })
    }
    const large = files === 1
    const rate = (other: string) => rows.ratio(what, CAIRN, other)
    rows.show(table, what, CAIRN, {
      unit: 's',
      bars: [
        ...(large
          ? [atLeast('1.5× plain download', rate(DOWNLOAD), 1.5, '×')]
          : [
              atLeast('3× plain download and mirror', rate(MIRROR), 3, '×'),
              atLeast('ahead of Syncthing', rate(SYNCTHING), 1, '×'),
            ]),
        ...always(rows, what, CAIRN).filter(({ wanted }) => !wanted.startsWith('progress')),
      ],
      note: 'into the folder and into the store, served on',
    })
    for (const who of [DOWNLOAD, MIRROR, SYNCTHING, RSYNC])
      rows.show(table, what, who, { unit: 's', bars: [], note: '', ratio: rate(who) })
    rows.throwIfFailed(/Cairn/)
  })
}

const RESUMED = 'kill -9 at 50% of 1 GiB, and again'
test.runIf(rows.wants(RESUMED, ''))(RESUMED, async () => {
  const { bootstrap, author } = await begin()
  const source = await makeSource(await temporaryFolder('bench-source'), 1, GIB)
  const { row, key } = await author.publish(source.folder, () => {})
  for (let index = 0; index < RUNS; index++)
    await rows.measure(RESUMED, CAIRN, async () => {
      const storage = await temporaryFolder('bench-reader')
      const target = await temporaryFolder('bench-target')
      const first = await Cairn.start(storage, bootstrap)
      await first.goOnline()
      await first.open(row.link)
      const before = await author.sent()
      await first.get(key, target, GIB / 2)
      await first.end('SIGKILL')
      const half = await author.sent()
      const again = await Cairn.start(storage, bootstrap)
      await again.resumed()
      await again.end()
      const all = await author.sent()
      await run('cmp', join(source.folder, source.pathOf(0)), join(target, source.pathOf(0)))
      const [one, other] = [half - before, all - half]
      return {
        value: (100 * (one + other - GIB)) / GIB,
        also: { 'MB before the kill': one / 1e6, 'MB after it': other / 1e6 },
      }
    })
  rows.show(table, RESUMED, CAIRN, {
    unit: '% again',
    bars: [atMost('≤ 2%', median(rows.values(RESUMED, CAIRN)), 2, '%')],
    note: 'all that the author sent, with proofs and what was on its way at the kill',
  })
  rows.throwIfFailed(/Cairn/)
})

const LOOKED = 'first byte of a small file while 1 GiB is taken'
test.runIf(rows.wants(LOOKED, ''))(LOOKED, async () => {
  const { bootstrap, author } = await begin()
  const source = await makeSource(await temporaryFolder('bench-source'), 1, GIB)
  const small = 60
  for (let index = 0; index < small; index++) await writeFile(join(source.folder, `note ${index}.txt`), `note ${index}`)
  const { row, key } = await author.publish(source.folder, () => {})
  for (let index = 0; index < RUNS; index++)
    await rows.measure(LOOKED, CAIRN, async () => {
      const reader = await Cairn.start(await temporaryFolder('bench-reader'), bootstrap)
      await reader.goOnline()
      await reader.open(row.link)
      const { transfer } = await reader.client.read.download({
        key,
        version: null,
        paths: [`/${source.inner}`],
        folder: await temporaryFolder('bench-target'),
        overwrite: false,
      })
      await sleep(1000)
      const took: number[] = []
      for (let note = 0; note < small; note++) {
        const began = now()
        await reader.client.read.bytes({ key, version: null, path: `/note ${note}.txt`, start: 0, length: 1000 })
        took.push(now() - began)
        await sleep(20)
      }
      await reader.client.transfers.cancel({ id: transfer })
      await reader.end('SIGKILL')
      return { value: median(took), also: { 'slowest ms': Math.max(...took) } }
    })
  rows.show(table, LOOKED, CAIRN, {
    unit: 'ms',
    bars: [atMost('≤ 300 ms', median(rows.values(LOOKED, CAIRN)), 300, ' ms')],
    note: `each the median of ${small} files that were not here`,
  })
  rows.throwIfFailed(/Cairn/)
})

const SAVED = 'author’s save to reader’s page'
test.runIf(rows.wants(SAVED, ''))(SAVED, async () => {
  const { bootstrap, author } = await begin()
  const folder = await temporaryFolder('bench-source')
  await writeFile(join(folder, 'first.txt'), 'first')
  const { row, key } = await author.publish(folder, () => {})
  const reader = await Cairn.start(await temporaryFolder('bench-reader'), bootstrap)
  await reader.goOnline()
  await reader.open(row.link)
  await reader.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 100 })
  const committed: number[] = []
  for (let index = 0; index < RUNS * 3; index++)
    await rows.measure(SAVED, CAIRN, async () => {
      const path = `saved ${index}.txt`
      const before = (await author.calm(key)).length
      const commit = author.changed(key, length => length > before)
      const news = reader.changed(key, length => length > before)
      const saved = now()
      await writeFile(join(folder, path), `content ${index}`)
      const at = await commit
      await news
      const { base64 } = await reader.client.read.bytes({ key, version: null, path: `/${path}`, start: 0, length: 100 })
      if (Buffer.from(base64, 'base64').toString() !== `content ${index}`) throw new Error('other bytes')
      const here = now()
      committed.push(here - at)
      return { value: here - saved, also: { 'from the commit ms': here - at } }
    })
  rows.show(table, SAVED, CAIRN, {
    unit: 'ms',
    bars: [
      atMost('p50 ≤ 1.5 s', median(rows.values(SAVED, CAIRN)), 1500, ' ms'),
      atMost('p50 ≤ 150 ms from the commit', median(committed), 150, ' ms'),
    ],
    note: 'until the reader has read it; a second of it is the quiet that is waited for',
  })
  rows.throwIfFailed(/Cairn/)
  await rm(folder, { recursive: true, force: true })
})

async function begin(): Promise<{ readonly bootstrap: string; readonly author: Cairn }> {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const [bootstrap] = testnet.bootstrap
  const author = await Cairn.start(await temporaryFolder('bench-author'), bootstrap!)
  await author.goOnline()
  return { bootstrap: bootstrap!, author }
}

/** Its key, in hex. */
async function startPlainAuthor(source: string, bootstrap: string): Promise<string> {
  const script = new URL('plain-author.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, [script, source, await temporaryFolder('bench-plain-author'), bootstrap], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', chunk => resolve(String(chunk)))
    child.once('exit', () => reject(new Error('the plain author ended')))
  })
  return (JSON.parse(line) as { link: string }).link
}
