/**
 * Opening a link and taking everything, author and reader in two processes on loopback. Beside it a plain Hyperdrive
 * over a plain Hyperswarm, reading what mirror-drive published.
 */
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import Localdrive from 'localdrive'
import MirrorDrive from 'mirror-drive'
import { afterAll, onTestFinished, test } from 'vitest'
import { isDone, isFound, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { cairn, linkOf } from '../helpers/program.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { writeSource } from './source.ts'
import { Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)
const table = new Table('Open and get: Cairn beside plain Hyperdrive over Hyperswarm, two processes on loopback')
afterAll(() => table.print())

for (const { name, files, size } of [
  { name: '10,000 × 10 KiB', files: 10_000, size: 10 * 1024 },
  { name: '1 × 1 GiB', files: 1, size: 1 << 30 },
]) {
  test(name, async () => {
    const testnet = await startTestnet()
    onTestFinished(() => testnet.close())
    const [bootstrap] = testnet.bootstrap
    const source = await temporaryFolder('bench-source')
    await writeSource(source, files, size)
    const author = cairn(
      'publish',
      source,
      '--storage',
      await temporaryFolder('bench-author'),
      '--bootstrap',
      bootstrap!,
    )
    const link = await author.line(linkOf)
    await author.line(line => line['imported'], 120_000)
    const plain = await startPlainAuthor(source, bootstrap!)

    const opened: number[] = []
    const openedPlain: number[] = []
    const got: number[] = []
    const gotPlain: number[] = []
    const delays: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const theirs = await withPlainReader(plain, bootstrap!)
      openedPlain.push(theirs.opened)
      gotPlain.push(theirs.got)

      const reader = await startPerson(testnet.bootstrap)
      const delay = monitorEventLoopDelay({ resolution: 5 })
      delay.enable()
      let began = performance.now()
      const { key } = await reader.client.archives.open({ link })
      await reader.archive(key, isFound)
      await reader.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 1000 })
      opened.push(performance.now() - began)
      began = performance.now()
      const { transfer } = await reader.client.read.download({
        key,
        version: null,
        paths: ['/'],
        folder: await temporaryFolder('bench-target'),
        overwrite: false,
      })
      await reader.transfer(transfer, isDone, 600_000)
      got.push((performance.now() - began) / 1000)
      delay.disable()
      delays.push(delay.percentile(99) / 1e6)
      await reader.close()
    }
    table.compare(`${name}: link to first listing`, opened, 'plain Hyperdrive', openedPlain, 'ms')
    table.compare(`${name}: get into a folder`, got, 'plain Hyperdrive', gotPlain, 's', {
      'MB/s': got.map(seconds => (files * size) / seconds / 1e6),
      'loop p99 ms': delays,
      'RSS MB': [process.resourceUsage().maxRSS / 1024],
    })
  })
}

async function startPlainAuthor(source: string, bootstrap: string): Promise<string> {
  const child = spawn(
    process.execPath,
    [
      new URL('plain-author.mjs', import.meta.url).pathname,
      source,
      await temporaryFolder('bench-plain-author'),
      bootstrap,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', chunk => resolve(String(chunk)))
    child.once('exit', () => reject(new Error('the plain author ended')))
  })
  return (JSON.parse(line) as { link: string }).link
}

async function withPlainReader(
  link: string,
  bootstrap: string,
): Promise<{ readonly opened: number; readonly got: number }> {
  const store = new Corestore(join(await temporaryFolder('bench-plain'), 'store'))
  const swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
  swarm.on('connection', connection => {
    connection.on('error', () => {})
    store.replicate(connection)
  })
  let began = performance.now()
  const drive = new Hyperdrive(store, Buffer.from(link, 'hex'))
  await drive.ready()
  const found = drive.findingPeers()
  swarm.join(drive.discoveryKey, { client: true, server: false })
  void swarm.flush().then(found)
  await drive.update({ wait: true })
  const names = (drive as unknown as { readdir(folder: string): AsyncIterable<string> }).readdir('/')
  for await (const _ of names);
  const opened = performance.now() - began
  began = performance.now()
  await drive.download('/').done()
  const target = await temporaryFolder('bench-plain-target')
  await mkdir(target, { recursive: true })
  await new MirrorDrive(drive, new Localdrive(target)).done()
  const got = (performance.now() - began) / 1000
  await swarm.destroy({ force: true })
  await drive.close()
  return { opened, got }
}
