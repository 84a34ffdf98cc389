/** Publishing and staying live: what goes in, what stays out, and what is never taken for an intention. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { begin, isDone, isFound, publish, share, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { endsWithin } from '../helpers/order.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const run = promisify(execFile)
let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const names = async (person: Awaited<ReturnType<typeof startPerson>>, key: string, folder = '/') =>
  (await person.client.read.list({ key, version: null, folder, cursor: null, limit: 1000 })).entries.map(
    ({ name }) => name,
  )

test('the sheet says what becomes public, and changes nothing', async () => {
  const folder = await temporaryFolder('sheet')
  await writeTree(folder, {
    'a.txt': 'a',
    'large.bin': Buffer.alloc(2_000_000),
    '.env': 'SECRET=1',
    'keys/id_rsa': '-----BEGIN',
    'node_modules/x/index.js': 'x',
    '.DS_Store': 'x',
    'out/me.txt': { link: '../../outside' },
    'in/me.txt': { link: '../a.txt' },
    'back\\slash': 'x',
  })
  await run('mkfifo', [join(folder, 'pipe')])
  const ana = await startPerson(testnet.bootstrap)
  const review = await ana.client.publish.review({ paths: [folder] })
  expect(review).toMatchObject({ files: 4, links: 1, already: null })
  expect(review.largest[0]).toEqual({ path: '/large.bin', size: 2_000_000 })
  expect(review.ignored.map(({ path }) => path).sort()).toEqual(['/.DS_Store', '/node_modules'])
  expect(review.suspicious.map(({ path }) => path).sort()).toEqual(['/.env', '/keys/id_rsa'])
  expect(review.skipped.map(({ path, reason }) => `${reason} ${path}`).sort()).toEqual([
    'link-outside /out/me.txt',
    'name-not-allowed /back\\slash',
    'not-a-file /pipe',
  ])
  expect(review.roomFree).toBeGreaterThan(review.roomNeeded)
  for await (const changes of ana.client.archives.watch()) {
    expect(changes).toEqual([{ op: 'reset' }])
    break
  }
  const { key } = await publish(ana, [folder])
  expect(await names(ana, key)).toEqual(['a.txt', 'in', 'large.bin'])
})

test('a folder whose own name says that it is private is noticed', async () => {
  const folder = join(await temporaryFolder('home'), '.ssh')
  await writeTree(folder, { config: 'Host example' })
  const ana = await startPerson(testnet.bootstrap)
  expect((await ana.client.publish.review({ paths: [folder] })).suspicious.map(({ path }) => path)).toEqual(['/config'])
})

test('paths that cannot be published are refused in plain words', async () => {
  const ana = await startPerson(testnet.bootstrap)
  await expect(ana.client.publish.review({ paths: ['/does/not/exist'] })).rejects.toMatchObject({
    code: 'SOURCE_NOT_FOUND',
  })
  await expect(ana.client.publish.review({ paths: [ana.storage] })).rejects.toMatchObject({
    code: 'SOURCE_HOLDS_STORAGE',
  })
  await expect(
    ana.client.publish.start({
      review: 'none',
      title: 'x',
      private: false,
      exclude: [],
      includeSuspicious: false,
      into: null,
    }),
  ).rejects.toMatchObject({ code: 'REVIEW_EXPIRED' })
})

test('describing an archive is a change of its own, with a time', async () => {
  const folder = await temporaryFolder('described')
  await writeTree(folder, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  await ana.client.archives.describe({ key, title: 'Better', description: 'Words', author: 'Ana' })
  await ana.archive(key, row => row.title === 'Better' && row.author === 'Ana' && row.files === 1)
  const { changesets } = await ana.client.history.list({ key, before: null, limit: 1 })
  expect(changesets).toMatchObject([{ source: 'recorded', added: 0, changed: 0, removed: 0 }])
})

test('several folders and files stand in the root by their names', async () => {
  const folder = await temporaryFolder('several')
  await writeTree(folder, { 'one/a.txt': 'a', 'two/b.txt': 'b', 'three.txt': 'c' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(
    ana,
    ['one', 'two', 'three.txt'].map(name => join(folder, name)),
  )
  expect(await names(ana, key)).toEqual(['one', 'three.txt', 'two'])
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  await writeFile(join(folder, 'three.txt'), 'changed')
  await writeFile(join(folder, 'one/new.txt'), 'new')
  await ana.archive(key, row => row.length > length && row.files === 4)
  await expect
    .poll(
      async () =>
        Buffer.from(
          (await ana.client.read.bytes({ key, version: null, path: '/three.txt', start: 0, length: 100 })).base64,
          'base64',
        ).toString(),
      { timeout: 10_000 },
    )
    .toBe('changed')
})

test('publishing the same folder again is the same archive, also after a restart', async () => {
  const folder = await temporaryFolder('again')
  await writeTree(folder, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  await ana.close()
  await writeFile(join(folder, 'b.txt'), 'b')
  const later = await startPerson(testnet.bootstrap, { storage: ana.storage })
  await later.archive(key, row => row.files === 2)
  expect((await later.client.publish.review({ paths: [folder] })).already?.key).toBe(key)
})

test('mode, kind and ignore rules follow', async () => {
  const folder = await temporaryFolder('kinds')
  await writeTree(folder, {
    'run.sh': 'x',
    swap: 'file',
    'gone/a.txt': 'a',
    'gone/b.txt': 'b',
    'stay.txt': 's',
    'more.txt': 'm',
  })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  await ana.archive(key, row => row.source?.state.name === 'watching')
  await chmod(join(folder, 'run.sh'), 0o755)
  await rm(join(folder, 'swap'))
  await mkdir(join(folder, 'swap'))
  await writeFile(join(folder, 'swap/inside.txt'), 'inside')
  await writeFile(join(folder, '.cairnignore'), 'gone/\n')
  await symlink('stay.txt', join(folder, 'link'))
  await ana.archive(key, row => row.files === 4)
  expect(await names(ana, key)).toEqual(['link', 'more.txt', 'run.sh', 'stay.txt', 'swap'])
  expect(await ana.client.read.entry({ key, version: null, path: '/run.sh' })).toMatchObject({ executable: true })
})

test('a folder that loses most of its files asks first; one that is gone is waited for', async () => {
  const folder = await temporaryFolder('loss')
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}.txt`, `${index}`]))
  await writeTree(folder, files)
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  for (let index = 0; index < 15; index++) await rm(join(folder, `${index}.txt`))
  const asks = await ana.archive(key, row => row.source?.state.name === 'asks-removal')
  expect(asks.source?.state).toEqual({ name: 'asks-removal', removals: 15, of: 20 })
  expect(asks.length).toBe(length)
  await ana.client.publish.answerRemoval({ key, remove: true })
  await ana.archive(key, row => row.files === 5 && row.source?.state.name === 'watching')

  await rename(folder, `${folder}-away`)
  const missing = await ana.archive(
    key,
    row => row.source?.state.name === 'missing' || row.source?.state.name === 'asks-removal',
  )
  expect(missing.files).toBe(5)
  await rename(`${folder}-away`, folder)
  await ana.archive(key, row => row.source?.state.name === 'watching')
  await writeFile(join(folder, 'back.txt'), 'back')
  await ana.archive(key, row => row.files === 6)
})

test('a cancelled import leaves a consistent archive, and resuming completes it', async () => {
  const folder = await temporaryFolder('cancel')
  for (let index = 0; index < 20; index++)
    await writeFile(join(folder, `${String(index).padStart(2, '0')}.bin`), Buffer.alloc(20_000_000, `${index}`))
  const ana = await startPerson(testnet.bootstrap)
  const { key, transfer } = await begin(ana, [folder], { title: 'x' })
  const row = await ana.transfer(transfer, row => row.files >= 6)
  expect(row.ofBytes).toBe(400_000_000)
  await ana.client.transfers.cancel({ id: transfer })
  const after = await ana.archive(key, row => row.source?.state.name === 'paused' && !row.stillBeingAdded)
  expect(after.files).toBeGreaterThan(0)
  expect(after.files).toBeLessThan(20)
  expect(await names(ana, key)).toHaveLength(after.files!)
  await ana.client.publish.pause({ key, paused: false })
  await ana.archive(key, row => row.files === 20 && row.source?.state.name === 'watching', 60_000)
})

test('a friend looks around while the first import is still going on', async () => {
  const folder = await temporaryFolder('progressive')
  for (let index = 0; index < 30; index++)
    await writeFile(join(folder, `${String(index).padStart(2, '0')}.bin`), Buffer.alloc(20_000_000, `${index}`))
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link, transfer } = await begin(ana, [folder], { title: 'Long' })
  await bob.client.archives.open({ link })
  const early = await bob.archive(key, row => row.state.name === 'found' && row.stillBeingAdded)
  expect(early.title).toBe('Long')
  expect((await names(bob, key)).length).toBeLessThan(30)
  await ana.transfer(transfer, isDone, 60_000)
  await bob.archive(key, row => !row.stillBeingAdded && row.files === 30)
})

test('closing is bounded with an import and a download running, and both go on after it', async () => {
  const folder = await temporaryFolder('closing')
  for (let index = 0; index < 10; index++)
    await writeFile(join(folder, `${index}.bin`), Buffer.alloc(16_000_000, `${index}`))
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  const target = await temporaryFolder('target')
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  await bob.transfer(transfer, row => row.bytes > 16_000_000)
  await endsWithin(2100, bob.close())
  await endsWithin(2100, ana.close())
  await startPerson(testnet.bootstrap, { storage: ana.storage })
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await again.transfer(transfer, isDone, 60_000)
  expect(await readTree(target)).toEqual(await readTree(folder))
})

test('files that a page streams in become an archive, which is then edited without a folder', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const reviewed = await ana.client.publish.reviewDropped({
    rules: null,
    title: 'Dropped',
    items: [
      { path: 'Trip/a.txt', size: 5, modified: 1000 },
      { path: 'Trip/.git/config', size: 5, modified: null },
      { path: 'Trip/.env', size: 5, modified: null },
    ],
  })
  expect(reviewed.ignoredPaths).toEqual(['Trip/.git/config'])
  expect(reviewed.suspicious).toHaveLength(1)
  const large = Buffer.alloc(3_000_000, 'large')
  const { key, link, upload, transfer } = await ana.client.publish.startUpload({
    title: 'Dropped',
    private: false,
    files: 2,
    bytes: 5 + large.byteLength,
    into: null,
  })
  async function* bytes(content: Buffer) {
    for (let start = 0; start < content.length; start += 100_000) yield content.subarray(start, start + 100_000)
  }
  await ana.backend.receive(
    upload,
    { path: '/a.txt', size: 5, modified: 1_600_000_000_000 },
    bytes(Buffer.from('hello')),
  )
  await ana.backend.receive(upload, { path: '/deep/large.bin', size: large.byteLength, modified: null }, bytes(large))
  await expect(
    ana.backend.receive(upload, { path: '/../evil', size: 1, modified: null }, bytes(Buffer.from('x'))),
  ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  await expect(
    ana.backend.receive(upload, { path: '/short', size: 10, modified: null }, bytes(Buffer.from('x'))),
  ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  await ana.client.publish.finishUpload({ upload })
  await ana.transfer(transfer, isDone)
  await bob.client.archives.open({ link })
  await bob.archive(key, row => isFound(row) && row.files === 2)
  expect(await names(bob, key)).toEqual(['a.txt', 'deep'])
  expect(await bob.client.read.entry({ key, version: null, path: '/a.txt' })).toMatchObject({
    size: 5,
    modified: 1_600_000_000_000,
  })
  // What is in the archive already, under any name, is not stored again.
  const { held } = await ana.archive(key, row => row.files === 2)
  const second = await ana.client.publish.startUpload({
    title: 'Dropped',
    private: false,
    files: 2,
    bytes: 10,
    into: { key, folder: '/' },
  })
  const hello = { size: 5, modified: 1_600_000_000_000 }
  await ana.backend.receive(second.upload, { path: '/copy.txt', ...hello }, bytes(Buffer.from('hello')))
  await ana.backend.receive(second.upload, { path: '/a.txt', ...hello }, bytes(Buffer.from('hello')))
  await ana.client.publish.finishUpload({ upload: second.upload })
  const three = await ana.archive(key, row => row.files === 3)
  expect(three.held.ofBytes).toBe(held.ofBytes)
  const { changesets: latest } = await ana.client.history.list({ key, before: null, limit: 1 })
  expect(latest).toMatchObject([{ added: 1, changed: 0, bytes: 0 }])
  await ana.client.publish.remove({ key, paths: ['/copy.txt'] })
  await ana.client.publish.rename({ key, from: '/deep', to: '/shallow' })
  await ana.client.publish.remove({ key, paths: ['/a.txt'] })
  await bob.archive(key, row => row.files === 1)
  expect(await names(bob, key)).toEqual(['shallow'])
  const { changesets } = await bob.client.history.list({ key, before: null, limit: 10 })
  expect(changesets.slice(0, 2)).toMatchObject([
    { removed: 1, added: 0, bytes: 0 },
    { added: 0, removed: 0, renamed: 1, bytes: 0 },
  ])
  await expect(bob.client.publish.remove({ key, paths: ['/shallow'] })).rejects.toMatchObject({
    code: 'ARCHIVE_READ_ONLY',
  })
})

test('files of this machine are copied into a folder of an archive without a folder', async () => {
  const folder = await temporaryFolder('more')
  await writeTree(folder, { 'a.txt': 'a', 'sub/run.sh': { content: 'b', executable: true }, '.env': 'SECRET=1' })
  const ana = await startPerson(testnet.bootstrap)
  const { key, upload, transfer } = await ana.client.publish.startUpload({
    title: 'Box',
    private: false,
    files: 0,
    bytes: 0,
    into: null,
  })
  await ana.client.publish.finishUpload({ upload })
  await ana.transfer(transfer, isDone)
  const review = await ana.client.publish.review({ paths: [folder] })
  expect(review.suspicious).toMatchObject([{ path: '/.env', size: 8 }])
  const copied = await ana.client.publish.start({
    review: review.id,
    title: 'x',
    private: false,
    exclude: [],
    includeSuspicious: false,
    into: { key, folder: '/inbox' },
  })
  expect(copied.key).toBe(key)
  await ana.transfer(copied.transfer, isDone)
  const [, name] = /([^/]+)$/.exec(folder)!
  expect(await names(ana, key, `/inbox/${name}`)).toEqual(['a.txt', 'sub'])
  expect(await ana.client.read.entry({ key, version: null, path: `/inbox/${name}/sub/run.sh` })).toMatchObject({
    executable: true,
  })
})

test('a page that is closed in the middle of an upload ends it, and what came is kept and counted once', async () => {
  const ana = await startPerson(testnet.bootstrap, { uploadSilence: 1000 })
  const { key, upload, transfer } = await ana.client.publish.startUpload({
    title: 'Cut',
    private: false,
    files: 3,
    bytes: 30,
    into: null,
  })
  async function* bytes(content: Buffer) {
    yield content
  }
  for (let round = 0; round < 3; round++)
    await ana.backend.receive(upload, { path: '/a.txt', size: 5, modified: 7 }, bytes(Buffer.from('hello')))
  const row = await ana.transfer(transfer, row => row.state.name === 'failed')
  expect(row.state).toMatchObject({ error: { code: 'UPLOAD_NOT_FOUND' } })
  expect(row).toMatchObject({ files: 1, bytes: 5 })
  const archive = await ana.archive(key, row => row.files === 1 && !row.stillBeingAdded)
  expect(archive.held.ofBytes).toBe(5)
  const dropped = await ana.client.publish.reviewDropped({
    title: 'x',
    rules: null,
    items: [{ path: 'x/back\\slash.txt', size: 5, modified: null }],
  })
  expect(dropped).toMatchObject({ files: 0, skipped: [{ reason: 'name-not-allowed' }] })
})
