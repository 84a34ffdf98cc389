/**
 * An author saves a file, and it stands on a reader's page: from the end of the write on the author's disk to the row in a real
 * Chromium, on loopback. The author is a process of its own that follows its folder; the reader's backend, its page and a
 * plain Hyperdrive, which hears of the same version over a plain Hyperswarm, see the same save in the same run.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { paste, startStage } from '../helpers/browser.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { follow } from '../helpers/plain.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { now } from './measured.ts'
import { atMost, Rows } from './rows.ts'
import { writeSource } from './source.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 10)
const FILES = 1000
/** After a save an author waits for this much quiet before a version is made, in milliseconds. */
const QUIET = 1000

const rows = new Rows()
const table = new Table('Updates: from the author’s save to the reader’s page, on loopback')
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

const saved = `a file saved in a folder of ${FILES.toLocaleString('en')}`
const counted = 'the library counts it'
const PAGE = 'Cairn, row on the page'
const BACKEND = 'Cairn, reader’s backend'
const LIBRARY = 'Cairn, number in the library'
const PLAIN = 'plain Hyperdrive, append and entry()'

test.runIf(rows.wants(saved, '') || rows.wants(counted, ''))('author’s save to reader’s page', async () => {
  const stage = await startStage()
  onTestFinished(() => stage.close())
  const author = await Cairn.start(await temporaryFolder('bench-author'), stage.bootstrap[0]!)
  onTestFinished(() => author.end())
  await author.goOnline()
  const source = await temporaryFolder('bench-source')
  await writeSource(source, FILES, 1000)
  const { key, row } = await author.publish(source, () => {})
  const plain = await follow(stage.bootstrap, key)
  await plain.knows(row.length)
  const reader = await stage.person()
  const { page } = await reader.open()
  await paste(page, row.link)
  const list = page.getByRole('grid')
  await list.getByRole('row', { name: /folder 0/ }).waitFor()
  for (let run = 0; run < RUNS; run++) {
    await author.calm(key)
    const name = `0 saved in round ${run}.txt`
    const { length } = await reader.archive(key, () => true)
    // Whoever is shown the list knows what it holds, and begins to count from there.
    await reader.client.archives.markSeen({ key, length })
    const inLibrary = page
      .getByRole('navigation', { name: 'Library' })
      .getByRole('button', { name: /1 added since you looked/ })
    await inLibrary.waitFor({ state: 'detached' })
    const onPage = list.getByRole('row', { name: new RegExp(name) }).waitFor({ timeout: 60_000 })
    const timed = async (what: Promise<unknown>) => {
      await what
      return now()
    }
    const seen = Promise.all([
      timed(onPage),
      timed(reader.archive(key, row => row.length > length, 60_000)),
      timed(inLibrary.waitFor({ timeout: 60_000 })),
      timed(
        plain.after(length, 60_000).then(async () => {
          expect(await plain.drive.entry(`/${name}`, { timeout: 60_000 })).not.toBe(null)
        }),
      ),
    ])
    await writeFile(join(source, name), `saved ${run}`)
    const begun = now()
    const [shown, known, counts, heard] = await seen
    for (const [what, who, at] of [
      [saved, PAGE, shown],
      [saved, BACKEND, known],
      [saved, PLAIN, heard],
      [counted, LIBRARY, counts],
    ] as const)
      rows.add(what, who, { value: at - begun, also: { 'without the quiet ms': at - begun - QUIET } })
  }
  rows.show(table, saved, PAGE, {
    unit: 'ms',
    note: `an author waits for ${QUIET} ms of quiet`,
    bars: [atMost('p50 under 2 s', median(rows.values(saved, PAGE)), 2000, ' ms')],
  })
  for (const who of [BACKEND, PLAIN])
    rows.show(table, saved, who, { unit: 'ms', note: '', bars: [], ratio: rows.ratio(saved, PAGE, who) })
  rows.show(table, counted, LIBRARY, { unit: 'ms', note: '', bars: [] })
})
