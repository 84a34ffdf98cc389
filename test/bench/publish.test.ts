/** Publishing a folder, beside mirror-drive into the same kind of store. */
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import Localdrive from 'localdrive'
import MirrorDrive from 'mirror-drive'
import { afterAll, test } from 'vitest'
import { publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { writeSource } from './source.ts'
import { Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)
const table = new Table('Publish: Cairn in the shipped path (flushed before announcing, watched) beside mirror-drive')
afterAll(() => table.print())

for (const { name, files, size } of [
  { name: '10,000 × 10 KiB', files: 10_000, size: 10 * 1024 },
  { name: '1 × 1 GiB', files: 1, size: 1 << 30 },
]) {
  test(name, async () => {
    const source = await temporaryFolder('bench-source')
    await writeSource(source, files, size)
    const ours: number[] = []
    const theirs: number[] = []
    const delays: number[] = []
    for (let run = 0; run < RUNS; run++) {
      theirs.push(await withMirrorDrive(source))
      const testnet = await startTestnet()
      const person = await startPerson(testnet.bootstrap)
      const delay = monitorEventLoopDelay({ resolution: 5 })
      delay.enable()
      const began = performance.now()
      await publish(person, [source])
      ours.push((performance.now() - began) / 1000)
      delay.disable()
      delays.push(delay.percentile(99) / 1e6)
      await person.close()
      await testnet.close()
    }
    const bytes = files * size
    table.row(name, ours, theirs, 's', {
      'MB/s': ours.map(seconds => bytes / seconds / 1e6),
      'files/s': ours.map(seconds => files / seconds),
      'loop p99 ms': delays,
      'RSS MB': [process.resourceUsage().maxRSS / 1024],
    })
  })
}

async function withMirrorDrive(source: string): Promise<number> {
  const store = new Corestore(join(await temporaryFolder('bench-plain'), 'store'))
  const drive = new Hyperdrive(store)
  await drive.ready()
  const began = performance.now()
  await new MirrorDrive(new Localdrive(source), drive).done()
  const seconds = (performance.now() - began) / 1000
  await drive.close()
  return seconds
}
