/**
 * A large file that was taken out is brought back: in the archive alone, and into the folder that the archive follows. What that
 * writes to the store, and how long it takes; beside a plain Hyperdrive, which copies it from the version that had it.
 */
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, onTestFinished, test } from 'vitest'
import { sizeOf, temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess, now } from './measured.ts'
import { atLeast, atMost, figuresOf, most, Rows } from './rows.ts'
import { makeSource } from './source.ts'
import { Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)
const BYTES = Number(process.env['BENCH_BYTES'] ?? 2 ** 30)

const rows = new Rows()
const table = new Table('Restoring: Cairn beside plain Hyperdrive')
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

const what = `a file of ${Math.round(BYTES / 2 ** 20).toLocaleString('en')} MiB is restored`
const IN_ARCHIVE = 'Cairn, in the archive'
const IN_FOLDER = 'Cairn, into the folder that it follows'
const PLAIN = 'plain Hyperdrive, from checkout() into a write stream'

test.runIf(rows.wants(what, ''))('restore', async () => {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const bootstrap = testnet.bootstrap[0]!
  for (let run = 0; run < RUNS; run++) {
    const { folder, pathOf } = await makeSource(await temporaryFolder('bench-restore'), 1, BYTES)
    const file = join(folder, pathOf(0))
    await writeFile(join(folder, 'stays.txt'), 'stays')
    /** What it appends to the log of content, and what the store grows by. */
    const cairn = async (
      prepare: (author: Cairn) => Promise<{ key: string; version: number }>,
      isBack: () => Promise<boolean>,
    ) => {
      const author = await Cairn.start(await temporaryFolder('bench-storage'), bootstrap)
      await author.goOnline()
      const { key, version } = await prepare(author)
      const content = async () => {
        for await (const changes of author.client.archives.watch())
          for (const change of changes)
            if (change.op === 'put' && change.item.id === key) return change.item.held.ofBytes
        throw new Error('A collection does not end')
      }
      const before = { content: await content(), store: await sizeOf(join(author.storage, 'store')) }
      await author.figures()
      const began = now()
      const { transfer } = await author.client.publish.restore({ key, version, paths: ['/'] })
      if (transfer !== null) await author.ended(transfer)
      const value = (now() - began) / 1000
      if (!(await isBack())) throw new Error('It is not back')
      const also = {
        ...figuresOf(await author.figures()),
        'content bytes': (await content()) - before.content,
        'store MB': ((await sizeOf(join(author.storage, 'store'))) - before.store) / 1e6,
      }
      await author.end()
      return { value, also }
    }
    await rows.measure(what, IN_ARCHIVE, () =>
      cairn(
        async author => {
          const { key, upload } = await author.client.publish.startUpload({
            title: 'Restored',
            private: false,
            files: 0,
            bytes: 0,
            into: null,
          })
          await author.client.publish.finishUpload({ upload })
          const { id } = await author.client.publish.review({ paths: [file], into: { key, folder: '/' } })
          const into = { key, folder: '/' }
          const { transfer } = await author.client.publish.start({
            review: id,
            title: 'Restored',
            private: false,
            exclude: [],
            includeSuspicious: false,
            into,
          })
          await author.ended(transfer)
          const { before } = await author.client.publish.remove({ key, paths: ['/0.bin'] })
          return { key, version: before }
        },
        () => Promise.resolve(true),
      ),
    )
    await rows.measure(what, IN_FOLDER, () =>
      cairn(
        async author => {
          const { key, row } = await author.publish(folder, () => {})
          const { length } = await author.follow(
            key,
            () => rm(file),
            async version => (await author.size(key, version, `/${pathOf(0)}`)) === null,
          )
          if (length <= row.length) throw new Error('It was not taken out')
          return { key, version: row.length }
        },
        async () => (await stat(file)).size === BYTES,
      ),
    )
    await rows.measure(what, PLAIN, async () => {
      const plain = await MeasuredProcess.start(new URL('plain-restorer.mjs', import.meta.url).pathname)
      const { took, bytes, store } = await plain.ask<{ took: number; bytes: number; store: number }>('restore', {
        storage: await temporaryFolder('bench-plain'),
        file,
      })
      await plain.end('SIGKILL')
      return { value: took / 1000, also: { 'content bytes': bytes, 'store MB': store / 1e6 } }
    })
    await rm(folder, { recursive: true })
  }
  for (const who of [IN_ARCHIVE, IN_FOLDER])
    rows.show(table, what, who, {
      unit: 's',
      note: '',
      bars: [
        atMost('0 bytes of content', most(rows.also(what, who)['content bytes']), 0, ' bytes'),
        ...(who === IN_ARCHIVE
          ? [atLeast('10× sooner than copying', rows.ratio(what, IN_ARCHIVE, PLAIN), 10, '×')]
          : [atMost('p99 ≤ 50 ms', most(rows.also(what, who)['loop p99 ms']), 50, ' ms')]),
      ],
    })
  rows.show(table, what, PLAIN, {
    unit: 's',
    note: 'in the archive alone',
    bars: [],
    ratio: rows.ratio(what, IN_ARCHIVE, PLAIN),
  })
  rows.throwIfFailed(/Cairn/)
})
