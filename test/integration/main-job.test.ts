/** Two people, two storages, a local DHT, one folder: published, opened, looked at, taken, followed. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDone, isFound, publish, share, startPerson } from '../helpers/backend.ts'
import { readTree, setTime, temporaryFolder, writeTree } from '../helpers/files.ts'
import { endsWithin } from '../helpers/order.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const tree = {
  'readme.md': '# Hello\n',
  'empty.txt': '',
  'run.sh': { content: '#!/bin/sh\necho hi\n', executable: true },
  'photos/beach.jpg': Buffer.alloc(700_000, 'beach'),
  'photos/2024/Ünïcödé ⛰.txt': 'grüße',
  'photos/latest': { link: '2024' },
  'video.bin': Buffer.alloc(5_000_000, 'moving'),
} as const

test('publish, open, look, take, follow', async () => {
  const folder = await temporaryFolder('holiday')
  await writeTree(folder, tree)
  await setTime(join(folder, 'readme.md'), 1_500_000_000.123)
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)

  const { key, link } = await publish(ana, [folder])
  expect(link).toMatch(/^hyper:\/\/[a-z0-9]{52}\/?$/)
  await ana.archive(key, row => row.source?.state.name === 'watching' && row.files === 6)

  await bob.client.archives.open({ link })
  const found = await bob.archive(key, isFound)
  expect(found.ownership).toBe('friends')
  const root = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 100 })
  expect(root.entries.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'file empty.txt',
    'folder photos',
    'file readme.md',
    'file run.sh',
    'file video.bin',
  ])
  expect(root.entries.find(({ name }) => name === 'video.bin')?.held).toBe('none')
  const { base64 } = await bob.client.read.bytes({ key, version: null, path: '/readme.md', start: 0, length: 100 })
  expect(Buffer.from(base64, 'base64').toString()).toBe('# Hello\n')
  // What is no path of an archive is one at which nothing is.
  for (const path of ['/../readme.md', '/photos/../readme.md', '//readme.md', '/.']) {
    const asked = { key, version: null, path }
    expect(await bob.client.read.entry(asked)).toBeNull()
    const none = { code: 'PATH_NOT_FOUND' }
    await expect(bob.client.read.bytes({ ...asked, start: 0, length: 100 })).rejects.toMatchObject(none)
    await expect(bob.client.availability.who(asked)).rejects.toMatchObject(none)
  }
  const row = await bob.archive(key, row => row.held.blocks > 0)
  expect(row.held.blocks).toBeLessThan(5)

  const target = await temporaryFolder('taken')
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  const done = await bob.transfer(transfer, isDone)
  expect(done.skipped).toEqual([])
  expect(done.bytes).toBe(done.ofBytes)
  expect(await readTree(target)).toEqual(await readTree(folder))

  const seen = found.length
  await writeFile(join(folder, 'readme.md'), '# Hello again\n')
  await writeFile(join(folder, 'new.txt'), 'new')
  await rename(join(folder, 'empty.txt'), join(folder, 'renamed.txt'))
  await mkdir(join(folder, 'later'))
  await writeFile(join(folder, 'later/inside.txt'), 'inside')
  await rm(join(folder, 'run.sh'))
  await bob.archive(key, row => row.length > seen && row.files === 7)
  const now = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 100 })
  expect(now.entries.map(({ name }) => name)).toEqual([
    'later',
    'new.txt',
    'photos',
    'readme.md',
    'renamed.txt',
    'video.bin',
  ])
  const { changesets } = await bob.client.history.list({ key, before: null, limit: 10 })
  expect(changesets[0]).toMatchObject({ source: 'recorded', added: 3, changed: 1, removed: 2 })
  const { files } = await bob.client.history.changes({
    key,
    from: changesets[0]!.from,
    to: changesets[0]!.length,
    limit: 100,
  })
  expect(files.map(({ path, change }) => `${change} ${path}`).sort()).toEqual([
    'added /later/inside.txt',
    'added /new.txt',
    'added /renamed.txt',
    'changed /readme.md',
    'removed /empty.txt',
    'removed /run.sh',
  ])
  const before = await bob.client.read.bytes({
    key,
    version: changesets[0]!.from,
    path: '/readme.md',
    start: 0,
    length: 100,
  })
  expect(Buffer.from(before.base64, 'base64').toString()).toBe('# Hello\n')

  const again = await bob.client.read.download({ key, version: null, paths: ['/'], folder: target, overwrite: false })
  await bob.transfer(again.transfer, isDone)
  expect((await readTree(target))['readme.md']).toEqual((await readTree(folder))['readme.md'])
})

test('a keeper serves a newcomer when the author is gone, after a restart', async () => {
  const folder = await temporaryFolder('holiday')
  await writeTree(folder, tree)
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link } = await share(ana, bob, [folder])
  await bob.client.archives.keep({ key, keep: true })
  await bob.transfer(`keep-${key}`, isDone)
  await endsWithin(2100, ana.close())
  await endsWithin(2100, bob.close())

  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await again.archive(key, row => isFound(row) && row.keeping.how === 'all' && row.held.blocks === row.held.ofBlocks)
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link })
  await eve.archive(key, isFound)
  const target = await temporaryFolder('taken')
  const { transfer } = await eve.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  await eve.transfer(transfer, isDone)
  expect(await readTree(target)).toEqual(await readTree(folder))
})
