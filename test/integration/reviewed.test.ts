/** What a reviewer broke once: each of these failed before it was mended. */
import { execFile } from 'node:child_process'
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { readBlob } from '../../main/read/blob.ts'
import { download } from '../../main/read/download.ts'
import { Manifest } from '../../main/read/manifest.ts'
import { begin, isDone, isFound, type Person, publish, share, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { endsWithin } from '../helpers/order.ts'
import { nodeBeside, startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

async function* whole(content: Uint8Array) {
  yield content
}

/** What a page drops, as one upload: into a new archive, or into one that is there. Returns its key. */
async function drop(
  person: Person,
  files: Readonly<Record<string, Uint8Array>>,
  into: string | null = null,
): Promise<string> {
  const { key, upload, transfer } = await person.client.publish.startUpload({
    title: 'Box',
    private: false,
    files: Object.keys(files).length,
    bytes: 0,
    into: into === null ? null : { key: into, folder: '/' },
  })
  for (const [path, content] of Object.entries(files))
    await person.backend.receive(upload, { path, size: content.byteLength, modified: null }, whole(content))
  await person.client.publish.finishUpload({ upload })
  await person.transfer(transfer, isDone)
  return key
}

async function take(person: Person, key: string, paths: readonly string[], folder: string) {
  const { transfer } = await person.client.read.download({ key, version: null, paths, folder, overwrite: false })
  return person.transfer(transfer, isDone)
}

/** Each of its blocks is another one. */
function numbered(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 4096) bytes.writeUInt32LE(at, at)
  return bytes
}

test('an import that is paused and at once resumed goes on', async () => {
  const source = await temporaryFolder('source')
  await writeFile(join(source, 'large.bin'), Buffer.alloc(150 << 20, 'x'))
  await writeFile(join(source, 'small.txt'), 'x')
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key, transfer } = await begin(ana, [source], { title: 'Large' })
  for (let round = 0; round < 3; round++) {
    await ana.transfer(transfer, row => row.state.name === 'running' && row.bytes > 0)
    const paused = ana.client.transfers.pause({ id: transfer })
    await ana.transfer(transfer, row => row.state.name === 'paused')
    await ana.client.transfers.resume({ id: transfer })
    await paused
  }
  await ana.transfer(transfer, isDone)
  await ana.archive(key, row => row.files === 2 && row.source?.state.name === 'watching')
})

test('following that is paused and at once resumed goes on', async () => {
  const source = await temporaryFolder('source')
  await writeFile(join(source, 'large.bin'), Buffer.alloc(100 << 20, 'x'))
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key, transfer } = await begin(ana, [source], { title: 'Large' })
  await ana.transfer(transfer, row => row.state.name === 'running' && row.bytes > 0)
  await Promise.all([ana.client.publish.pause({ key, paused: true }), ana.client.publish.pause({ key, paused: false })])
  await ana.archive(key, row => row.files === 1 && row.source?.state.name === 'watching' && !row.stillBeingAdded)
  const paused = ana.client.publish.pause({ key, paused: true })
  await ana.client.publish.pause({ key, paused: false })
  await paused
  await writeFile(join(source, 'later.txt'), 'x')
  await ana.archive(key, row => row.files === 2 && row.source?.state.name === 'watching')
})

test('a large file that was left half-way goes on with the right bytes, though others were added meanwhile', async () => {
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const key = await drop(ana, {})
  const content = numbered(80 << 20)
  const large = join(await temporaryFolder(), 'large.bin')
  await writeFile(large, content)
  const left = await begin(ana, [large], { into: key })
  await ana.transfer(left.transfer, row => row.bytes > 0)
  await ana.client.transfers.cancel({ id: left.transfer })
  await drop(ana, { '/other.bin': numbered(600_000) }, key)
  await ana.transfer((await begin(ana, [large], { into: key })).transfer, isDone)
  const folder = await temporaryFolder()
  await take(ana, key, ['/large.bin'], folder)
  expect((await readFile(join(folder, 'large.bin'))).equals(content)).toBe(true)
})

test.each(['public', 'private'])(
  'a large file of a %s archive that became another of the same size and time is not mixed',
  async kind => {
    const source = await temporaryFolder()
    const large = join(source, 'large.bin')
    const write = async (content: Buffer) => {
      await writeFile(large, content)
      await utimes(large, 1_600_000_000, 1_600_000_000)
    }
    await write(Buffer.alloc(80 << 20, 'a'))
    const ana = await startPerson(testnet.bootstrap, { join: false })
    const { key, transfer } = await begin(ana, [source], { private: kind === 'private' })
    const pauseInside = async () => {
      await ana.transfer(transfer, row => row.state.name === 'running' && row.bytes > 0)
      await ana.client.transfers.pause({ id: transfer })
    }
    await pauseInside()
    const content = numbered(80 << 20)
    await write(content)
    await ana.client.transfers.resume({ id: transfer })
    await pauseInside()
    await ana.client.transfers.resume({ id: transfer })
    await ana.transfer(transfer, isDone)
    const folder = await temporaryFolder()
    await take(ana, key, ['/large.bin'], folder)
    expect((await readFile(join(folder, 'large.bin'))).equals(content)).toBe(true)
  },
)

test('what is said of an archive while files are still coming in is not unsaid at their end', async () => {
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const input = { title: 'Box', private: false, files: 1, bytes: 1, into: null }
  const { key, upload, transfer } = await ana.client.publish.startUpload(input)
  await ana.backend.receive(upload, { path: '/a', size: 1, modified: null }, whole(Buffer.from('a')))
  await ana.client.archives.describe({ key, title: 'Named', description: 'Described', author: 'Ana' })
  await ana.client.publish.finishUpload({ upload })
  await ana.transfer(transfer, isDone)
  const row = await ana.archive(key, ({ files, stillBeingAdded }) => files === 1 && !stillBeingAdded)
  expect(row).toMatchObject({ title: 'Named', description: 'Described', author: 'Ana' })
})

test('an upload that ended with the backend does not say for ever that it is still going on', async () => {
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const input = { title: 'Box', private: false, files: 2, bytes: 2, into: null }
  const { key } = await ana.client.publish.startUpload(input)
  await ana.archive(key, row => row.stillBeingAdded)
  await ana.close()
  const again = await startPerson(testnet.bootstrap, { join: false, storage: ana.storage })
  await again.archive(key, row => !row.stillBeingAdded && row.files !== null)
})

test('reading a large file keeps nothing of what was read, and stops when it is told to', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const store = new Corestore(join(await temporaryFolder(), 'store'))
  onTestFinished(() => store.close())
  const drive = new Hyperdrive(store)
  await drive.ready()
  const { core } = drive.blobs!
  const size = 150 << 20
  for (let at = 0; at < size; at += 1 << 20) await core.append([Buffer.alloc(1 << 20, 'x')])
  const blob = { blockOffset: 0, blockLength: core.length, byteOffset: 0, byteLength: size }
  const file = { kind: 'file', path: '/large', size, modified: null, executable: false, blob } as const
  const end = new AbortController()
  const { sessions } = core as unknown as { sessions: readonly unknown[] }
  const before = sessions.length
  const held = () => {
    collect()
    return process.memoryUsage().external
  }
  let read = 0
  let early = 0
  for await (const chunk of readBlob(drive, file, { start: 0, length: size }, end.signal)) {
    read += chunk.byteLength
    if (early === 0 && read >= size * 0.4) early = held()
    if (read === size) expect(held() - early).toBeLessThan(40 << 20)
  }
  expect(read).toBe(size)
  await expect(
    (async () => {
      for await (const _ of readBlob(drive, file, { start: 0, length: size }, end.signal))
        end.abort(new Error('enough'))
    })(),
  ).rejects.toThrow('enough')
  expect(sessions).toHaveLength(before)
})

test('two selections are downloaded into one folder at once, and the first to end takes nothing from the other', async () => {
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const key = await drop(ana, { '/large.bin': numbered(150 << 20), '/small.bin': numbered(100) })
  const folder = await temporaryFolder()
  const input = { key, version: null, paths: ['/large.bin'], folder, overwrite: false }
  const { transfer } = await ana.client.read.download(input)
  await ana.transfer(transfer, row => row.bytes > 0)
  await take(ana, key, ['/small.bin'], folder)
  await ana.transfer(transfer, isDone)
  expect((await readdir(folder)).sort()).toEqual(['large.bin', 'small.bin'])
})

test('another content of the same size arrives, though the archive has no times', async () => {
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const key = await drop(ana, { '/a': Buffer.from('hello') })
  const folder = await temporaryFolder()
  await take(ana, key, ['/'], folder)
  await drop(ana, { '/a': Buffer.from('world') }, key)
  await take(ana, key, ['/'], folder)
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('world')
})

test('what the person wrote into a downloaded file stays, though its size is the same and the archive has no times', async () => {
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const key = await drop(ana, { '/a': Buffer.from('hello') })
  const folder = await temporaryFolder()
  await take(ana, key, ['/'], folder)
  await writeFile(join(folder, 'a'), 'mine!')
  await drop(ana, { '/a': Buffer.from('worlds') }, key)
  const { skipped } = await take(ana, key, ['/'], folder)
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('mine!')
  expect(skipped).toMatchObject([{ path: '/a', reason: 'exists' }])
})

test('a kept folder follows a file that becomes a folder, and a folder that becomes a file', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { a: 'file', 'b/x': 'below', c: { link: 'a' }, d: '1', e: '2', f: '3' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [source])
  const folder = join(await temporaryFolder(), 'kept')
  await bob.client.archives.keepInFolder({ key, folder })
  const isEqual = async () => expect.poll(() => readTree(folder).catch(() => null)).toEqual(await readTree(source))
  await isEqual()
  for (const name of ['a', 'b', 'c']) await rm(join(source, name), { recursive: true })
  await writeTree(source, { 'a/y': 'now a folder', b: 'now a file', 'c/z': 'was a link' })
  await isEqual()
})

test('a download goes on where there is room for the rest of it, though not for all of it', async () => {
  const small = await temporaryFolder('small')
  await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'none', small])
  onTestFinished(async () => void (await promisify(execFile)('umount', ['-l', small])))
  const store = new Corestore(join(await temporaryFolder(), 'store'))
  onTestFinished(() => store.close())
  const drive = new Hyperdrive(store)
  const content = numbered(48 << 20)
  await drive.put('/large', content)
  const storage = await temporaryFolder()
  const once = async (signal: AbortSignal, progress: (bytes: number) => void) => {
    const manifest = await Manifest.open(storage, 'key', small)
    const options = { paths: ['/'], folder: small, inTheWay: 'leave', follow: false, manifest } as const
    const nothing = () => {}
    const control = { signal, totals: nothing, skipped: nothing, waitingForPeers: nothing }
    await download(drive, drive, options, { ...control, progress: (_, bytes) => progress(bytes) })
  }
  const end = new AbortController()
  await expect(
    once(end.signal, bytes => {
      if (bytes > 40 << 20) end.abort(new Error('enough'))
    }),
  ).rejects.toThrow('enough')
  await once(new AbortController().signal, () => {})
  expect((await readFile(join(small, 'large'))).equals(content)).toBe(true)
})

/** A stranger's archive, in which anything may stand. */
async function strangers(write: (drive: Hyperdrive) => Promise<void>): Promise<string> {
  const store = new Corestore(join(await temporaryFolder('stranger'), 'store'))
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/good.txt', Buffer.from('good'))
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

/** Past what Hyperdrive itself would write. */
async function putRaw(drive: Hyperdrive, entries: readonly (readonly [Buffer, unknown])[]): Promise<void> {
  type Raw = { put(key: Buffer, value: unknown, options: object): Promise<void>; flush(): Promise<void> }
  const batch = (drive.db as unknown as { batch(): Raw }).batch()
  const keyEncoding = {
    encode: (key: Buffer) => Buffer.concat([Buffer.from('files\0'), key]),
    decode: (key: Buffer) => key,
  }
  for (const [key, value] of entries) await batch.put(key, value, { keyEncoding })
  await batch.flush()
}

async function listed(key: string): Promise<readonly string[]> {
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const page = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 100 })
  return page.entries.map(({ path }) => path)
}

test('names that are no UTF-8 do not make a listing go round in circles', async () => {
  const evil = Array.from(
    { length: 600 },
    (_, index) => [Buffer.from([0x2f, 0xff, index >> 8, index & 255]), null] as const,
  )
  expect(await listed(await strangers(drive => putRaw(drive, evil)))).toEqual(['/good.txt'])
})

test.each([
  ['that is beyond the end', { blockOffset: 1000, blockLength: 1 }],
  ['that is too long', { blockOffset: 0, blockLength: 100 }],
  ['that is none', { blockOffset: 0, blockLength: 1 }],
])(
  'an entry whose map of blocks is one %s is left out, and hides no other',
  async (_, place) => {
    const blob = { ...place, byteOffset: 0, byteLength: 5, blockMap: true }
    const key = await strangers(drive => putRaw(drive, [[Buffer.from('/map'), { blob }]]))
    expect(await listed(key)).toEqual(['/good.txt'])
  },
  20_000,
)

test('a link that is opened by several at once is there for each of them', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { a: '1' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [source])
  const { length } = await ana.archive(key, isFound)
  const { link } = await ana.client.archives.pinnedLink({ key, version: length, path: '/' })
  const bob = await startPerson(testnet.bootstrap)
  const opened = Array.from({ length: 4 }, async () => {
    await bob.client.archives.open({ link })
    await bob.client.read.grant({ key, version: null })
  })
  await Promise.all(opened)
  await bob.archive(key, isFound)
  const forgotten = bob.client.archives.forget({ key })
  await bob.client.archives.open({ link })
  await forgotten
  await bob.client.archives.open({ link })
  await bob.archive(key, row => isFound(row) && row.files === 1)
})

test('a download that waits for a list that nobody has can be paused and closed at once', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`${at % 30}/${at}`, `${at}`])))
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [source])
  await ana.close()
  await bob.archive(key, row => row.peers === 0)
  const input = { key, version: null, paths: ['/'], folder: await temporaryFolder(), overwrite: false }
  const { transfer } = await bob.client.read.download(input)
  await bob.transfer(transfer, row => row.state.name === 'running')
  // Nothing tells from outside that it has come to the first name that is not here.
  await new Promise(resolve => setTimeout(resolve, 500))
  await bob.client.transfers.pause({ id: transfer })
  await bob.client.transfers.resume({ id: transfer })
  await endsWithin(2100, bob.close())
  // What still waited would hold the storage.
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await again.transfer(transfer, row => row.state.name === 'running' || row.state.name === 'waiting-for-peers')
})

test('a kept folder that is paused stays paused when its author goes on', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { a: '1' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [source])
  const folder = await temporaryFolder('kept')
  const { transfer } = await bob.client.archives.keepInFolder({ key, folder })
  await bob.transfer(transfer, isDone)
  await writeFile(join(source, 'large.bin'), numbered(60 << 20))
  await bob.transfer(transfer, row => row.state.name === 'running')
  await bob.client.transfers.pause({ id: transfer })
  const { length } = await bob.archive(key, row => row.files === 2)
  await writeTree(source, { later: '1' })
  await bob.archive(key, row => row.length > length && row.files === 3)
  // Longer than a new version is waited with.
  await new Promise(resolve => setTimeout(resolve, 1200))
  expect((await bob.transfer(transfer, () => true)).state.name).toBe('paused')
  await bob.client.transfers.resume({ id: transfer })
  await expect.poll(() => readTree(folder)).toEqual(await readTree(source))
})

test('agreeing to removals is agreeing to those that were asked about, and to no later ones', async () => {
  const source = await temporaryFolder('source')
  const names = Array.from({ length: 20 }, (_, at) => `f${at}`)
  await writeTree(source, Object.fromEntries(names.map(name => [name, name])))
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key } = await publish(ana, [source])
  await ana.archive(key, row => row.source?.state.name === 'watching' && row.files === 20)
  for (const name of names.slice(0, 12)) await rm(join(source, name))
  await ana.archive(key, row => row.source?.state.name === 'asks-removal')
  // The disk goes away in the moment of the answer.
  for (const name of names.slice(12)) await rm(join(source, name))
  await ana.client.publish.answerRemoval({ key, remove: true })
  const { source: asked } = await ana.archive(
    key,
    ({ source }) => source?.state.name === 'asks-removal' && source.state.removals === 20,
  )
  expect(asked?.state).toMatchObject({ name: 'asks-removal', of: 20 })
  await ana.client.publish.answerRemoval({ key, remove: true })
  await ana.archive(key, row => row.files === 0)
})
