/** What is said of the past: by its author's Cairn in the changeset, and by comparing any two versions. */
import { chmod, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('what has another name is renamed, what was only touched is not changed, and a reader sees the same', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, {
    'a/one.txt': 'one',
    'a/two.txt': 'two',
    'twin.txt': 'twin',
    'stays.txt': 'stays',
    'touched.txt': 'touched',
    'tool.sh': 'tool',
    'changed.txt': 'before',
    'gone.txt': 'gone',
  })
  const ana = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [source])
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  const ben = await startPerson(testnet.bootstrap)
  await ben.client.archives.open({ link })

  await ana.client.publish.pause({ key, paused: true })
  await rename(join(source, 'a'), join(source, 'b'))
  await rename(join(source, 'twin.txt'), join(source, 'other twin.txt'))
  await utimes(join(source, 'touched.txt'), 1_600_000_000, 1_600_000_000)
  await chmod(join(source, 'tool.sh'), 0o755)
  await writeFile(join(source, 'changed.txt'), 'after, and longer')
  await rm(join(source, 'gone.txt'))
  await writeFile(join(source, 'new.txt'), 'new')
  await ana.client.publish.pause({ key, paused: false })
  const row = await ben.archive(key, row => row.length > length)

  const { changesets } = await ben.client.history.list({ key, before: null, limit: 1 })
  expect(changesets).toMatchObject([{ added: 1, changed: 3, renamed: 3, removed: 1 }])
  const { files, more } = await ben.client.history.changes({ key, from: length, to: row.length, limit: 100 })
  expect(more).toBe(false)
  expect(files.map(({ change, from, path }) => `${change} ${from === null ? '' : `${from} → `}${path}`)).toEqual([
    'renamed /a/one.txt → /b/one.txt',
    'renamed /a/two.txt → /b/two.txt',
    'changed /changed.txt',
    'removed /gone.txt',
    'added /new.txt',
    'renamed /twin.txt → /other twin.txt',
    'touched /tool.sh',
    'touched /touched.txt',
  ])
  const first = await ben.client.history.changes({ key, from: length, to: row.length, limit: 2 })
  expect(first).toEqual({ files: files.slice(0, 2), more: true })
})
