/** Nothing of ours on the other side: a plain Hyperdrive over a plain Hyperswarm reads what Cairn published, and is read. */
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import { isDone, isFound, publish, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('a plain client reads what Cairn published', async () => {
  const folder = await temporaryFolder('holiday')
  const large = Buffer.alloc(3_000_000, 'large')
  await writeTree(folder, {
    'a.txt': 'one',
    'deep/er/b.txt': 'two',
    'large.bin': large,
    'run.sh': { content: 'x', executable: true },
    link: { link: 'a.txt' },
    empty: '',
  })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])

  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store, decodeKey(key))
  await drive.ready()
  const found = drive.findingPeers()
  swarm.join(drive.discoveryKey, { client: true, server: false })
  void swarm.flush().then(found)
  await drive.update({ wait: true })
  const names: string[] = []
  for await (const entry of drive.list('/')) names.push(entry.key)
  expect(names.filter(name => !name.startsWith('/.cairn/')).sort()).toEqual([
    '/a.txt',
    '/deep/er/b.txt',
    '/empty',
    '/large.bin',
    '/link',
    '/run.sh',
  ])
  expect((await drive.get('/a.txt'))?.toString()).toBe('one')
  expect(large.equals((await drive.get('/large.bin')) ?? Buffer.alloc(0))).toBe(true)
  expect((await drive.entry('/run.sh'))?.value.executable).toBe(true)
  expect((await drive.entry('/link'))?.value.linkname).toBe('a.txt')
})

test('Cairn opens what a plain client published, with versions and later changes', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/hello.txt', Buffer.from('hello'))
  await drive.put('/folder/big.bin', Buffer.alloc(1_000_000, 'big'), { executable: true })
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()

  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: `hyper://${drive.key.toString('hex')}` })
  await bob.archive(key, isFound)
  const { entries } = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 })
  expect(entries).toMatchObject([
    { kind: 'folder', name: 'folder' },
    { kind: 'file', name: 'hello.txt', size: 5, modified: null },
  ])
  const target = await temporaryFolder('taken')
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: target,
    overwrite: false,
  })
  await bob.transfer(transfer, isDone)
  expect(Object.keys(await readTree(target)).sort()).toEqual(['folder/big.bin', 'hello.txt'])
  expect((await readTree(target, { times: false }))['folder/big.bin']).toMatch(/ x$/)

  await drive.put('/later.txt', Buffer.from('later'))
  await drive.del('/hello.txt')
  await bob.archive(key, row => row.length === 5)
  const { changesets } = await bob.client.history.list({ key, before: null, limit: 10 })
  expect(changesets).toMatchObject([{ source: 'inferred', from: 0, length: 5, added: 2, removed: 0 }])
  const { files } = await bob.client.history.changes({ key, from: 3, to: 5, limit: 10 })
  expect(files.map(({ path, change }) => `${change} ${path}`).sort()).toEqual([
    'added /later.txt',
    'removed /hello.txt',
  ])
})

test('a plain client with the key of a private archive and without its secret reads nothing, and all of it with it', async () => {
  const folder = await temporaryFolder('private')
  const words = 'dear diary '.repeat(2000)
  await writeTree(folder, { 'diary/of-mine.txt': words })
  const ana = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [folder], { private: true })
  const [, secret = ''] = link.split('#')

  const reader = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(reader.store, decodeKey(key), { encryptionKey: decodeKey(secret) })
  await drive.ready()
  reader.swarm.join(drive.discoveryKey, { client: true, server: false })
  await expect.poll(() => drive.core.length).toBeGreaterThan(1)
  expect((await drive.get('/diary/of-mine.txt'))?.toString()).toBe(words)
  const blobs = (await drive.getBlobs()).core.key

  // The key of the content stands in the list, which cannot be read: it is told here, so that there is something to try.
  const eve = await plainPeer(testnet.bootstrap)
  const seen: string[] = []
  for (const place of [decodeKey(key), blobs]) {
    const core = eve.store.get({ key: place })
    await core.ready()
    eve.swarm.join(drive.discoveryKey, { client: true, server: false })
    await expect.poll(() => core.length).toBeGreaterThan(0)
    for (let index = 0; index < core.length; index++) {
      const block = await core.get(index, { timeout: 60_000 })
      if (block !== null) seen.push(block.toString('latin1'))
    }
  }
  expect(seen.length).toBeGreaterThan(3)
  expect(seen.filter(block => /hyperbee|diary|mine|mtime|cairn|changeset/.test(block))).toEqual([])
  const locked = new Hyperdrive(eve.store.session(), decodeKey(key))
  const names = async () => {
    await locked.ready()
    const found: string[] = []
    for await (const entry of locked.list('/')) found.push(entry.key)
    return found
  }
  await expect(names()).rejects.toThrow()
  await locked.close().catch(() => {})
})
