/** What an author cannot take away by rewriting history step by step, and what following leaves as it was. */
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { isDone, isFound, type Person, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder } from '../helpers/files.ts'
import { plainPeer, replicating } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const textOf = async (person: Person, key: string, path: string, version: number | null = null) => {
  const { base64 } = await person.client.read.bytes({ key, version, path, start: 0, length: 1000 })
  return Buffer.from(base64, 'base64').toString()
}

/** An author with a plain Hyperdrive, and a reader who keeps all of it. */
async function kept(write: (drive: Hyperdrive) => Promise<unknown>) {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await write(drive)
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const folder = await temporaryFolder('kept')
  await bob.transfer((await bob.client.archives.keepInFolder({ key, folder })).transfer, isDone)
  return { drive, key, bob, folder }
}

test('a list that was rewritten without any loss is no permission to delete content', async () => {
  const { drive, key, bob } = await kept(async drive => {
    for (const name of ['a', 'b', 'c']) await drive.put(`/${name}.txt`, Buffer.from(`this is ${name}`))
  })
  await drive.core.truncate(drive.core.length, { fork: 1 })
  await drive.put('/d.txt', Buffer.from('this is d'))
  await bob.archive(key, row => row.length === drive.core.length && row.held.blocks === 4)
  const { core } = await drive.getBlobs()
  await core.truncate(1, { fork: 1 })
  const row = await bob.archive(key, ({ rewritten }) => rewritten !== null)
  expect(row.rewritten).toMatchObject({ kind: 'taken-back', what: 'content', answer: 'asked' })
  expect(await textOf(bob, key, '/c.txt')).toBe('this is c')
})

test('content that its author replaced is not shown as that of versions that came after it', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (const name of ['a', 'b', 'c']) await drive.put(`/${name}.txt`, Buffer.from(`first of ${name}`))
  const before = drive.core.length
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const folder = await temporaryFolder('kept')
  await bob.transfer((await bob.client.archives.keepInFolder({ key, folder })).transfer, isDone)
  const { core } = await drive.getBlobs()
  await core.truncate(1, { fork: 1 })
  for (const name of ['c', 'd']) await drive.put(`/${name}.txt`, Buffer.from(`other of ${name}`))
  const newest = drive.core.length

  const goesOn = async (person: Person) => {
    await person.archive(key, row => row.length === newest)
    const replaced = (path: string, version: number | null = null) =>
      expect(textOf(person, key, path, version), path).rejects.toMatchObject({ code: 'CONTENT_REPLACED' })
    // At these places stood b and c.
    await replaced('/c.txt')
    await replaced('/d.txt')
    await replaced('/b.txt', newest - 1)
    expect(await textOf(person, key, '/a.txt')).toBe('first of a')
    for (const name of ['a', 'b', 'c'])
      expect(await textOf(person, key, `/${name}.txt`, before)).toBe(`first of ${name}`)
    const { entries } = await person.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 100 })
    expect(entries.map(({ name, held }) => `${name} ${held}`)).toEqual([
      'a.txt all',
      'b.txt none',
      'c.txt none',
      'd.txt none',
    ])
  }
  await goesOn(bob)
  const asked = await bob.archive(key, ({ rewritten }) => rewritten !== null)
  expect(asked).toMatchObject({ rewritten: { what: 'content' }, updates: { kept: before, pending: null } })
  await goesOn(bob)
  const copy = await temporaryFolder('copy')
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/'],
    folder: copy,
    overwrite: false,
  })
  const done = await bob.transfer(transfer, isDone)
  expect(done.skippedCount).toBe(3)
  expect(await readTree(copy)).toMatchObject({ 'a.txt': expect.anything() })

  // Also alone, after a restart.
  await bob.close()
  const alone = await startPerson(testnet.bootstrap, { storage: bob.storage, join: false })
  await goesOn(alone)
  expect(Object.keys(await readTree(folder)).sort()).toEqual(['a.txt', 'b.txt', 'c.txt'])
  await alone.close()

  const later = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await later.archive(key, row => row.peers > 0)
  await later.client.archives.answerRewrite({ key, follow: true })
  await later.archive(key, row => row.rewritten === null)
  expect(await textOf(later, key, '/c.txt')).toBe('other of c')
  expect(await textOf(later, key, '/d.txt')).toBe('other of d')
  const row = await later.archive(key, row => row.updates.pending !== null || row.updates.kept === newest)
  if (row.updates.pending !== null) await later.client.archives.answerUpdate({ key, take: true })
  await expect.poll(async () => Object.keys(await readTree(folder)).length).toBe(4)
})

test('an update is found after following a history that parts from the old one within a batch', async () => {
  const batch = async (drive: Hyperdrive, names: readonly string[]) => {
    const batch = drive.batch()
    for (const name of names) await batch.put(`/${name}.txt`, Buffer.from(name))
    await batch.flush()
  }
  const { drive, key, bob, folder } = await kept(async drive => {
    await drive.put('/a.txt', Buffer.from('a'))
    await batch(drive, ['b', 'c', 'd'])
  })
  const blobs = await drive.getBlobs()
  await drive.core.truncate(2, { fork: 1 })
  await blobs.core.truncate(1, { fork: 1 })
  await batch(drive, ['b', 'c', 'e'])
  await bob.archive(key, ({ rewritten }) => rewritten?.kind === 'taken-back')
  await bob.client.archives.answerRewrite({ key, follow: true })
  const row = await bob.archive(key, row => row.updates.pending !== null || row.updates.kept === drive.core.length)
  if (row.updates.pending !== null) await bob.client.archives.answerUpdate({ key, take: true })
  await bob.archive(key, row => row.updates.kept === drive.core.length)
  await expect
    .poll(async () => Object.keys(await readTree(folder)).sort())
    .toEqual(['a.txt', 'b.txt', 'c.txt', 'e.txt'])
})

test('a download of a version that its author took back ends, and writes nothing of the one in its place', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (const name of ['a', 'b', 'c']) await drive.put(`/${name}.txt`, Buffer.from(`first ${name}`))
  const version = drive.core.length
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, row => isFound(row) && row.length === version)
  expect(await textOf(bob, key, '/a.txt', version)).toBe('first a')
  await bob.client.archives.pause({ key, paused: true })
  const folder = await temporaryFolder('taken')
  const { transfer } = await bob.client.read.download({ key, version, paths: ['/'], folder, overwrite: false })
  await bob.client.transfers.pause({ id: transfer })

  await drive.truncate(2)
  for (const name of ['b', 'c', 'd']) await drive.put(`/${name}.txt`, Buffer.from(`second ${name}`))
  await bob.client.archives.pause({ key, paused: false })
  await bob.archive(key, ({ rewritten }) => rewritten?.kind === 'taken-back')
  await bob.client.archives.answerRewrite({ key, follow: true })
  await bob.archive(key, row => row.rewritten === null && row.length === drive.core.length)
  await bob.client.transfers.resume({ id: transfer })
  const { state } = await bob.transfer(transfer, row => row.state.name === 'failed' || row.state.name === 'done')
  expect(state).toMatchObject({ error: { code: 'VERSION_TAKEN_BACK' } })
  expect(Object.values(await readTree(folder)).join(' ')).not.toContain('second')
})

test('who comes after versions were taken back and first meets somebody who stays on them is not asked', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (const name of ['a', 'b', 'c', 'd']) await drive.put(`/${name}.txt`, Buffer.from(`this is ${name}`))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  await bob.client.archives.keep({ key, keep: true })
  const { length } = await bob.archive(key, row => row.held.blocks === 4)
  await drive.truncate(3)
  await drive.put('/e.txt', Buffer.from('this is e'))
  await bob.archive(key, ({ rewritten }) => rewritten !== null)
  await bob.client.archives.answerRewrite({ key, follow: false })
  await bob.archive(key, ({ rewritten }) => rewritten?.answer === 'stays')
  await swarm.destroy({ force: true })
  await bob.archive(key, row => row.peers === 0)

  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link: key })
  await eve.client.archives.keep({ key, keep: true })
  await eve.archive(key, row => row.length === length)
  const back = replicating(store, testnet.bootstrap)
  await back.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const row = await eve.archive(key, row => row.updates.kept === drive.core.length && row.held.blocks === 3)
  expect(row.rewritten).toBe(null)
  expect(await textOf(eve, key, '/e.txt')).toBe('this is e')
  // The other one still stays.
  expect((await bob.archive(key, isFound)).rewritten).toMatchObject({ answer: 'stays', newest: drive.core.length })
})
