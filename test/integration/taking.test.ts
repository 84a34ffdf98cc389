/** Taking what one wants from archives of others, who may mean harm. */
import { lstat, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { isDone, isFound, share, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { hostOf, nodeBeside, startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

async function hostileArchive(write: (drive: Hyperdrive) => Promise<void>): Promise<string> {
  const store = new Corestore(join(await temporaryFolder('hostile'), 'store'))
  const drive = new Hyperdrive(store)
  await drive.ready()
  await write(drive)
  const swarm = new Hyperswarm({ dht: nodeBeside(testnet.bootstrap) })
  swarm.on('connection', connection => store.replicate(connection))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  onTestFinished(async () => {
    await swarm.destroy({ force: true })
    await store.close()
  })
  return encodeKey(drive.key)
}

/** Past Hyperdrive's own normalising of paths. */
const rawPut = async (drive: Hyperdrive, key: string, value: unknown) => {
  const bee = drive.db as unknown as { sub(name: string): { put(key: string, value: unknown): Promise<void> } }
  await bee.sub('files').put(key, value)
}

test('evil names and values write nothing outside of the folder, and each is listed or left out', async () => {
  const key = await hostileArchive(async drive => {
    await drive.put('/good.txt', Buffer.from('good'))
    const { value } = (await drive.entry('/good.txt'))!
    for (const path of [
      '/../escaped.txt',
      '/a/../../escaped.txt',
      '//double',
      '/./dot',
      '/nul\0byte',
      '/',
      '',
      'no-slash',
      `/${'x'.repeat(300)}`,
      `/${'d/'.repeat(70)}deep.txt`,
    ])
      await rawPut(drive, path, value)
    for (const [index, broken] of [
      null,
      7,
      'text',
      {},
      { blob: 'x' },
      { blob: { blockOffset: -1, blockLength: 1, byteOffset: 0, byteLength: 1 } },
      { blob: { blockOffset: 0, blockLength: 1e9, byteOffset: 0, byteLength: 1e15 } },
      { linkname: 5 },
      { linkname: '' },
    ].entries())
      await rawPut(drive, `/broken-${index}`, broken)
    await drive.symlink('/up', '../../..')
    await drive.symlink('/absolute', '/etc/passwd')
    await drive.symlink('/inside', 'good.txt')
    await rawPut(drive, '/up/owned.txt', value)
    await rawPut(drive, '/both', value)
    await rawPut(drive, '/both/child.txt', value)
    await rawPut(drive, '/.cairn/archive', { metadata: { cairn: 1, title: 'x'.repeat(1000) } })
  })
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const listed = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 1000 })
  for (const { path } of listed.entries) expect(path).not.toMatch(/\/\.\.?(\/|$)|\/\//)
  const parent = await temporaryFolder('around')
  const target = join(parent, 'a/b/c')
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  const done = await bob.transfer(transfer, isDone)
  expect(await readdir(parent)).toEqual(['a'])
  expect(await readdir(join(parent, 'a'))).toEqual(['b'])
  expect(await readdir(join(parent, 'a/b'))).toEqual(['c'])
  const tree = await readTree(target)
  expect(Object.keys(tree)).toEqual(expect.arrayContaining(['good.txt', 'inside']))
  expect(tree['inside']).toBe('link good.txt')
  expect(Object.keys(tree)).not.toEqual(expect.arrayContaining(['absolute', 'escaped.txt']))
  const skipped = done.skipped.map(({ path, reason }) => `${reason} ${path}`)
  expect(skipped).toEqual(expect.arrayContaining(['link-outside /absolute', 'not-available /broken-6']))
})

test('a link that stands where a folder should be is not written through', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'sub/file.txt': 'x', 'other.txt': 'y' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  const outside = await temporaryFolder('outside')
  const target = await temporaryFolder('target')
  await symlink(outside, join(target, 'sub'))
  await symlink(join(outside, 'planted'), join(target, 'other.txt'))
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  const done = await bob.transfer(transfer, isDone)
  expect(done.skipped.map(({ path, reason }) => `${reason} ${path}`).sort()).toEqual([
    'exists /other.txt',
    'under-a-link /sub/file.txt',
  ])
  expect(await readdir(outside)).toEqual([])
})

test('a selection goes to the folder by its names; files of the person stay unless they say otherwise', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'photos/2024/a.jpg': 'a', 'photos/2024/b.jpg': 'b', 'photos/c.jpg': 'c', 'd.txt': 'd' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  const target = await temporaryFolder('target')
  await writeFile(join(target, 'd.txt'), 'my own')
  const take = async (paths: readonly string[], overwrite: boolean) =>
    bob.transfer(
      (await bob.client.read.download({ key, version: null, paths, folder: target, overwrite })).transfer,
      isDone,
    )
  const first = await take(['/photos/2024', '/d.txt'], false)
  expect(first).toMatchObject({ skipped: [{ path: '/d.txt', reason: 'exists' }], files: 2, ofFiles: 2, bytes: 2 })
  expect(Object.keys(await readTree(target)).sort()).toEqual(['2024/a.jpg', '2024/b.jpg', 'd.txt'])
  expect(await readFile(join(target, 'd.txt'), 'utf8')).toBe('my own')
  await take(['/d.txt'], true)
  expect(await readFile(join(target, 'd.txt'), 'utf8')).toBe('d')
  await expect(take(['/nothing'], false)).rejects.toThrow(/PATH_NOT_FOUND/)
})

test('a folder that takes nothing is refused when it is chosen, and leaves no row', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [source])
  const mine = join(await temporaryFolder('refused'), 'mine')
  await writeFile(mine, 'mine')
  // Nothing can be made in the last one, whatever its mode says and whoever asks.
  for (const folder of [
    mine,
    join(mine, 'deeper'),
    ...(process.platform === 'linux' ? ['/proc', '/proc/deeper'] : []),
  ]) {
    const refused = expect.objectContaining({ code: 'FOLDER_NOT_WRITABLE' })
    const asked = { key, version: null, paths: ['/'], folder, overwrite: false }
    await expect(bob.client.read.download(asked)).rejects.toEqual(refused)
    await expect(bob.client.archives.keepInFolder({ key, folder })).rejects.toEqual(refused)
  }
  expect((await bob.archive(key, isFound)).keeping).toEqual({ how: 'look' })
  const { value } = await bob.client.transfers.watch()[Symbol.asyncIterator]().next()
  expect(value).toEqual([{ op: 'reset' }])
  expect(await readFile(mine, 'utf8')).toBe('mine')
})

test('a kept folder follows, keeps what is mine beside, and removes only what it wrote', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', 'deep/d.txt': 'd', 'e.txt': 'e' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  const target = await temporaryFolder('kept')
  const { transfer } = await bob.client.archives.keepInFolder({ key, folder: target })
  await bob.transfer(transfer, isDone)
  expect(await readTree(target)).toEqual(await readTree(folder))

  await writeFile(join(target, 'b.txt'), 'changed by me')
  await writeFile(join(target, 'mine.txt'), 'mine')
  await writeFile(join(folder, 'b.txt'), 'changed by the author')
  await rm(join(folder, 'a.txt'))
  await rm(join(folder, 'deep'), { recursive: true })
  await writeFile(join(folder, 'new.txt'), 'new')
  await expect
    .poll(async () => (await readdir(target)).sort())
    .toEqual([
      `b (my version ${new Date().toISOString().slice(0, 10)}).txt`,
      'b.txt',
      'c.txt',
      'e.txt',
      'mine.txt',
      'new.txt',
    ])
  expect(await readFile(join(target, 'b.txt'), 'utf8')).toBe('changed by the author')
  expect(await readFile(join(target, `b (my version ${new Date().toISOString().slice(0, 10)}).txt`), 'utf8')).toBe(
    'changed by me',
  )

  await bob.close()
  await writeFile(join(folder, 'while-away.txt'), 'x')
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await expect.poll(() => readdir(target)).toContain('while-away.txt')
  await again.archive(key, row => row.keeping.how === 'folder')
})

test('what is equal already is not fetched again, and a finished download leaves nothing of its own', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'large.bin': Buffer.alloc(5_000_000, 'x'), 'small.txt': 'small', 'old.txt': 'old' })
  await utimes(join(folder, 'old.txt'), 0, 0)
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  const target = await temporaryFolder('target')
  await writeFile(join(target, 'large.bin'), Buffer.alloc(5_000_000, 'x'))
  const { mtimeMs } = await stat(join(folder, 'large.bin'))
  await utimes(join(target, 'large.bin'), mtimeMs / 1000, mtimeMs / 1000)
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  const done = await bob.transfer(transfer, isDone)
  expect(done).toMatchObject({ files: 3, ofFiles: 3, skippedCount: 0 })
  expect(done.bytes).toBe(done.ofBytes)
  expect((await bob.archive(key, row => row.held.blocks > 0)).held.blocks).toBeLessThan(5)
  expect((await readdir(target)).sort()).toEqual(['large.bin', 'old.txt', 'small.txt'])
  expect((await lstat(join(target, 'old.txt'))).mtimeMs).toBe(0)
})

test('the author goes in mid-transfer, and another who holds it goes on', async () => {
  const folder = await temporaryFolder('source')
  for (let index = 0; index < 8; index++)
    await writeFile(join(folder, `${index}.bin`), Buffer.alloc(15_000_000, `${index}`))
  const ana = await startPerson(testnet.bootstrap)
  const keeper = await startPerson(testnet.bootstrap)
  const eve = await startPerson(testnet.bootstrap)
  const { key, link } = await share(ana, keeper, [folder])
  await keeper.client.archives.keep({ key, keep: true })
  await keeper.transfer(`keep-${key}`, isDone, 60_000)
  await eve.client.archives.open({ link })
  await eve.archive(key, isFound)
  const target = await temporaryFolder('target')
  const { transfer } = await eve.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  await eve.transfer(transfer, row => row.bytes > 20_000_000)
  await ana.close()
  await eve.transfer(transfer, isDone, 60_000)
  expect(await readTree(target)).toEqual(await readTree(folder))
})

test('peers are shown with what they hold and what has travelled', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'large.bin': Buffer.alloc(3_000_000, 'x') })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  await mkdir(join(folder, 'unused'))
  const target = await temporaryFolder('target')
  await bob.transfer(
    (await bob.client.read.download({ key, version: null, paths: ['/'], folder: target, overwrite: false })).transfer,
    isDone,
  )
  const peerOf = async (person: typeof bob, wanted: (row: { bytesDown: number; bytesUp: number }) => boolean) => {
    for await (const changes of person.client.peers.watch({ key }, { signal: AbortSignal.timeout(10_000) }))
      for (const change of changes) if (change.op === 'put' && wanted(change.item)) return change.item
    throw new Error('no such peer')
  }
  const seenByBob = await peerOf(bob, row => row.bytesDown >= 3_000_000)
  expect(seenByBob).toMatchObject({ holds: 12, ofBlocks: 12 })
  expect(seenByBob.address).toMatch(new RegExp(`^${hostOf(testnet.bootstrap).replaceAll('.', '\\.')}:\\d+$`))
  const seenByAna = await peerOf(ana, row => row.bytesUp >= 3_000_000)
  expect([seenByBob.direction, seenByAna.direction].sort()).toEqual(['in', 'out'])
})
