/** Giving a folder back what it was: what cannot be given back is said, and a kill on the way is gone on from. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { isDone, publish, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { cairn, progressOf } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const isWatched = (row: ArchiveRow) => row.source?.state.name === 'watching'

test('what never was, or would not be published, is not restored, and that is said', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'stays.txt': 'stays', 'sub/draft.log': 'as it was', id_rsa: 'secret', 'left.txt': 'left' })
  const ana = await startPerson(testnet.bootstrap)
  const { client } = ana
  const review = await client.publish.review({ paths: [source] })
  const choices = { title: 'Notes', private: false, exclude: [], includeSuspicious: true, into: null }
  const { key, transfer } = await client.publish.start({ review: review.id, ...choices })
  await ana.transfer(transfer, isDone)
  const first = await ana.archive(key, isWatched)
  const decided = { key, rules: '*.log', exclude: ['/left.txt'], includeSuspicious: false }
  await client.publish.changeRules({ ...decided, leaving: 3, message: 'Less of it' })
  const second = await ana.archive(key, row => isWatched(row) && row.length > first.length)
  expect(second.files).toBe(1)
  const { changesets } = await client.history.list({ key, before: null, limit: 1 })
  expect(changesets).toMatchObject([{ removed: 3, message: 'Less of it' }])

  const never = client.publish.restore({ key, version: first.length, paths: ['/never.txt'] })
  await expect(never).rejects.toMatchObject({ code: 'PATH_NOT_FOUND', data: { path: '/never.txt' } })
  await writeFile(join(source, 'sub/draft.log'), 'as it is')
  await writeFile(join(source, 'stays.txt'), 'changed')
  const { files, skipped } = await client.publish.restore({ key, version: first.length, paths: ['/'] })
  expect(files).toBe(1)
  expect(
    skipped.map(({ path, reason, detail }) => [path, reason, detail.match(/rule|taken out|private/)?.[0]]),
  ).toEqual([
    ['/id_rsa', 'left-out', 'private'],
    ['/left.txt', 'left-out', 'taken out'],
    ['/sub/draft.log', 'left-out', 'rule'],
  ])
  expect(await readFile(join(source, 'stays.txt'), 'utf8')).toBe('stays')
  expect(await readFile(join(source, 'sub/draft.log'), 'utf8')).toBe('as it is')
  const nothing = await client.publish.restore({ key, version: first.length, paths: ['/sub'] })
  expect([nothing.files, nothing.skipped.length]).toEqual([0, 1])

  const edited = await client.publish.startUpload({ title: 'Edited', private: false, files: 0, bytes: 0, into: null })
  await client.publish.finishUpload({ upload: edited.upload })
  const { length } = await ana.archive(edited.key, row => row.length > 1 && !row.stillBeingAdded)
  const empty = client.publish.restore({ key: edited.key, version: length, paths: ['/never.txt'] })
  await expect(empty).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('a restore that is killed goes on by itself, before anything of the half of it is published', async () => {
  const [source, storage] = [await temporaryFolder('source'), await temporaryFolder('storage')]
  await writeTree(source, Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`d${at % 7}/${at}.txt`, `${at}`])))
  for (let at = 0; at < 2; at++) await writeFile(join(source, `large ${at}.bin`), Buffer.alloc(25_000_000, at))
  const ana = await startPerson(testnet.bootstrap, { storage })
  const { key, link } = await publish(ana, [source])
  const first = await ana.archive(key, isWatched)
  const before = await readTree(source)
  await rm(join(source, 'd0'), { recursive: true })
  for (let at = 0; at < 2; at++) await writeFile(join(source, `large ${at}.bin`), 'small')
  await writeFile(join(source, 'later.txt'), 'later')
  const second = await ana.archive(key, row => isWatched(row) && row.length > first.length)
  await ana.close()

  const given = ['--storage', storage, '--bootstrap', testnet.bootstrap[0]!]
  const restoring = ['restore', link, '/', '--version', String(first.length), '--message', 'Back to the start']
  const program = cairn(...restoring, ...given)
  await program.line(line => (progressOf(line)?.bytes ?? 0) > 0 || null)
  await program.kill('SIGKILL')
  type Registry = { archives: { source: { restoring: { begun: boolean }[] } }[] }
  const registry = JSON.parse(await readFile(join(storage, 'registry.json'), 'utf8')) as Registry
  expect(registry.archives[0]!.source.restoring).toMatchObject([{ begun: true }])
  expect(await readTree(source)).not.toEqual(before)

  const again = await startPerson(testnet.bootstrap, { storage })
  const last = await again.archive(key, row => isWatched(row) && row.length > second.length, 60_000)
  expect(await readTree(source)).toEqual(before)
  expect(last.files).toBe(first.files)
  const { changesets } = await again.client.history.list({ key, before: null, limit: 2 })
  expect(changesets).toMatchObject([
    { message: 'Back to the start', from: second.length, length: last.length },
    { length: second.length },
  ])
  const after = JSON.parse(await readFile(join(storage, 'registry.json'), 'utf8')) as Registry
  expect(after.archives[0]!.source.restoring).toEqual([])
})
