/** The disk is full: said in plain words, nothing that was in is lost, and it goes on by itself once there is room. */
import { open, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isDone, isFound, type Person, publish, share, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, readTree } from '../helpers/files.ts'
import { smallDisk } from '../helpers/mounts.ts'
import { follow } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

async function begin(person: Person, path: string) {
  const review = await person.client.publish.review({ paths: [path] })
  expect(review.roomNeeded).toBeGreaterThan(review.roomFree)
  return person.client.publish.start({
    review: review.id,
    title: review.title,
    private: false,
    exclude: [],
    includeSuspicious: false,
    into: null,
  })
}

const writeMany = async (folder: string, prefix: string, files: number, size: number) => {
  for (let index = 0; index < files; index++)
    await writeFile(join(folder, `${prefix}${index}`), Buffer.alloc(size, `${prefix}${index};`))
}

const isFull = { error: { code: 'NO_ROOM', message: expect.stringMatching(/disk is full.*make room/i) as string } }

// At the same time, because most of it is waiting until the disk is looked at again, every 5 s.
test('a first import and a changeset end in NO_ROOM, and go on once there is room', () =>
  Promise.all([upload(), firstImport(), changeset()]))

async function upload(): Promise<void> {
  const disk = await smallDisk(100)
  const ana = await startPerson(testnet.bootstrap, { storage: join(disk.folder, 'storage') })
  const { key, upload, transfer } = await ana.client.publish.startUpload({
    title: 'dropped',
    private: false,
    files: 2,
    bytes: 60 << 20,
    into: null,
  })
  async function* bytes(megabytes: number) {
    for (let part = 0; part < megabytes; part++) yield Buffer.alloc(1 << 20, `${part} `)
  }
  await ana.backend.receive(upload, { path: '/first', size: 1 << 20, modified: null }, bytes(1))
  const tooMuch = ana.backend.receive(upload, { path: '/second', size: 60 << 20, modified: null }, bytes(60))
  await expect(tooMuch).rejects.toMatchObject({
    code: 'NO_ROOM',
    message: expect.stringMatching(/drop the files again/),
  })
  const { state } = await ana.transfer(transfer, row => row.state.name === 'failed')
  expect(state).toMatchObject(isFull)
  await expect(ana.client.publish.finishUpload({ upload })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  await disk.resize(512)
  await vi.waitFor(
    async () => {
      const again = await ana.client.publish.startUpload({
        title: 'dropped',
        private: false,
        files: 2,
        bytes: 60 << 20,
        into: { key, folder: '/' },
      })
      await ana.backend.receive(again.upload, { path: '/first', size: 1 << 20, modified: null }, bytes(1))
      await ana.backend.receive(again.upload, { path: '/second', size: 60 << 20, modified: null }, bytes(60))
      await ana.client.publish.finishUpload({ upload: again.upload })
    },
    { interval: 500, timeout: 30_000 },
  )
  await ana.archive(key, row => row.files === 2 && row.bytes === 61 << 20 && !row.stillBeingAdded)
}

async function firstImport(): Promise<void> {
  const disk = await smallDisk(150)
  const source = await temporaryFolder('source')
  // As much as is committed at once, and then some that does not fit.
  await writeMany(source, 'a', 300, 256 << 10)
  await writeMany(source, 'large', 1, 90 << 20)
  const ana = await startPerson(testnet.bootstrap, { storage: join(disk.folder, 'storage') })
  const { key, link, transfer } = await begin(ana, source)
  const failed = await ana.transfer(transfer, row => row.state.name === 'failed')
  expect(failed.state).toMatchObject(isFull)
  const { source: state, length } = await ana.archive(key, row => row.source?.state.name === 'failed')
  expect(state?.state).toMatchObject(isFull)

  // It lives, and so does what is in.
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link })
  await bob.archive(key, row => row.length >= length && isFound(row))
  const { entries } = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 5000 })
  expect(entries.length).toBeGreaterThan(200)
  for (const { path } of entries.slice(-3)) {
    const { base64 } = await bob.client.read.bytes({ key, version: null, path, start: 0, length: 1 << 20 })
    expect(Buffer.from(base64, 'base64')).toEqual(await readFile(join(source, path)))
  }

  await disk.resize(512)
  await ana.archive(key, row => row.source?.state.name === 'watching' && !row.stillBeingAdded)
  expect((await ana.transfer(transfer, isDone)).skipped).toEqual([])
  await expectEqual(ana, key, source)
}

async function changeset(): Promise<void> {
  const disk = await smallDisk(100)
  const source = await temporaryFolder('source')
  await writeMany(source, 'before', 20, 1000)
  const ana = await startPerson(testnet.bootstrap, { storage: join(disk.folder, 'storage') })
  const { key } = await publish(ana, [source])
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  const follower = await follow(testnet.bootstrap, key)
  await follower.knows(length)
  const before = await readTree(source)

  // Each of one block: its beginning is all that it is known by.
  await writeMany(source, 'later', 240, 250_000)
  const { source: failed } = await ana.archive(key, row => row.source?.state.name === 'failed')
  expect(failed?.state).toMatchObject(isFull)
  for (const version of follower.heard) expect(await follower.tree(version)).toEqual(before)

  await disk.resize(512)
  const after = await ana.archive(key, row => row.source?.state.name === 'watching' && row.files === 260)
  await follower.knows(after.length)
  expect(await follower.tree(after.length)).toEqual(await readTree(source))
  for (const version of follower.heard.slice(0, -1)) expect(await follower.tree(version)).toEqual(before)
}

async function expectEqual(person: Person, key: string, source: string): Promise<void> {
  const folder = await temporaryFolder('taken')
  const { transfer } = await person.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder,
    overwrite: false,
  })
  await person.transfer(transfer, isDone)
  expect(await readTree(folder)).toEqual(await readTree(source))
}

test('what is kept stops in NO_ROOM, and goes on once there is room', async () => {
  const disk = await smallDisk(100)
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap, { storage: join(disk.folder, 'storage') })
  const source = await temporaryFolder('source')
  await writeMany(source, 'large', 2, 50 << 20)
  const { key } = await share(ana, bob, [source])
  await bob.client.archives.keep({ key, keep: true })
  const { state } = await bob.transfer(`keep-${key}`, row => row.state.name === 'failed')
  expect(state).toMatchObject({ error: { code: 'NO_ROOM', data: { needed: 100 << 20 } } })
  await disk.resize(512)
  await bob.transfer(`keep-${key}`, row => row.state.name === 'done')
  await bob.archive(key, row => row.held.bytes === 100 << 20)
})

test('on a full disk copies can be freed, and room is held for the next time', async () => {
  const disk = await smallDisk(300)
  const ana = await startPerson(testnet.bootstrap)
  const storage = join(disk.folder, 'storage')
  const bob = await startPerson(testnet.bootstrap, { storage })
  const source = await temporaryFolder('source')
  await writeMany(source, 'part', 10, 7 << 20)
  const { key } = await share(ana, bob, [source])
  await bob.client.archives.keep({ key, keep: true })
  await bob.transfer(`keep-${key}`, isDone)
  const { version } = await waitFor(
    signal => bob.client.availability.watch({ key }, { signal }),
    key,
    ({ now, version }) => now.name === 'safe' && version !== null,
  )
  expect(version).not.toBeNull()
  const reserved = () =>
    stat(join(storage, 'reserve')).then(
      ({ size }) => size >> 20,
      () => 0,
    )
  await expect.poll(reserved, { timeout: 20_000 }).toBe(16)

  const other = join(disk.folder, 'other')
  await fill(other)
  // Nothing can be written, and a few of the files go all the same, and then the rest.
  await expect(writeFile(join(storage, 'anything'), Buffer.alloc(100_000))).rejects.toThrow('ENOSPC')
  const some = await bob.client.availability.free({ key, paths: ['/part0', '/part1'], others: 1 })
  expect(some).toMatchObject({ files: 2, bytes: 14 << 20 })
  const rest = await bob.client.availability.free({ key, paths: null, others: 1 })
  expect(rest).toMatchObject({ files: 8, bytes: 56 << 20 })
  await bob.archive(key, ({ held }) => held.bytes === 0)
  const { bavail, bsize } = await statfs(disk.folder)
  expect((bavail * bsize) >> 20).toBeGreaterThan(40)
  // Once there is enough of it, room is held again; and what was freed is remembered after a start.
  await rm(other)
  await bob.close()
  const again = await startPerson(testnet.bootstrap, { storage })
  await again.archive(key, isFound)
  const { freed } = await waitFor(
    signal => again.client.availability.watch({ key }, { signal }),
    key,
    row => row.version !== null,
  )
  expect(freed.bytes).toBe(70 << 20)
  expect(await readFile(join(source, 'part0'))).toHaveLength(7 << 20)
})

/** Until nothing more can be written there. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (let size = 1 << 20; size >= 4096; size = size >> 1)
      for (let written = size; written === size; )
        written = await file.write(Buffer.alloc(size, 1)).then(
          ({ bytesWritten }) => bytesWritten,
          () => 0,
        )
  } finally {
    await file.close()
  }
}

test('what is forgotten while there is little room left is gone at once, and gives its room back when it can', async () => {
  const disk = await smallDisk(200)
  const ana = await startPerson(testnet.bootstrap)
  const storage = join(disk.folder, 'storage')
  const bob = await startPerson(testnet.bootstrap, { storage })
  const archive = async (name: string, files: number) => {
    const source = await temporaryFolder(name)
    await writeMany(source, name, files, 1 << 20)
    return (await share(ana, bob, [source])).key
  }
  const [stays, goes] = [await archive('stays', 48), await archive('goes', 16)]
  // At the same time, so that they stand in the same files.
  for (const key of [stays, goes]) await bob.client.archives.keep({ key, keep: true })
  for (const key of [stays, goes]) await bob.transfer(`keep-${key}`, isDone)
  const { bavail, bsize } = await statfs(disk.folder)
  await writeFile(join(disk.folder, 'other'), Buffer.alloc(bavail * bsize - (24 << 20)))
  await bob.client.archives.forget({ key: goes })
  await bob.archive(stays, row => row.held.bytes === 48 << 20)
  await bob.close()
  await disk.resize(300)
  const again = await startPerson(testnet.bootstrap, { storage })
  await expect.poll(async () => (await again.client.disk.use()).store >> 20).toBeLessThan(60)
})
