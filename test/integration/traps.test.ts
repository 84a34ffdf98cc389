/** The calls of the Hyper* modules that hang, lie or lose, each met through Cairn's front door. */
import { execFile } from 'node:child_process'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { isFound, publish, share, startPerson } from '../helpers/backend.ts'
import { sizeOf, temporaryFolder, writeTree } from '../helpers/files.ts'
import { nowhere, startTestnet, type Testnet } from '../helpers/testnet.ts'

const run = promisify(execFile)
let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('a fresh link never looks empty: nobody announces it, and that is what is said', async () => {
  const bob = await startPerson(testnet.bootstrap)
  const key = encodeKey(Buffer.alloc(32, 7))
  await bob.client.archives.open({ link: key })
  const row = await bob.archive(key, row => row.state.name === 'unreachable')
  expect(row.state).toMatchObject({ reason: 'nobody', candidates: 0 })
  await expect(
    bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 }),
  ).rejects.toMatchObject({ code: 'ARCHIVE_NOT_READY' })
})

test('an archive that is truly empty is said to be empty', async () => {
  const folder = await temporaryFolder('nothing')
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [folder])
  await bob.client.archives.open({ link })
  await bob.archive(key, row => row.state.name === 'empty')
  await writeFile(join(folder, 'first.txt'), 'first')
  await bob.archive(key, isFound)
})

test('the DHT that does not answer is told apart from nobody being there', async () => {
  const silent = await startPerson(nowhere())
  const key = encodeKey(Buffer.alloc(32, 8))
  await silent.client.archives.open({ link: key })
  await silent.archive(key, row => row.state.name === 'unreachable' && row.state.reason === 'dht-silent')
})

test('before consent nobody is asked', async () => {
  const bob = await startPerson(testnet.bootstrap, { consented: false })
  const key = encodeKey(Buffer.alloc(32, 9))
  await bob.client.archives.open({ link: key })
  await bob.archive(key, row => row.state.name === 'waiting-for-consent')
  await bob.client.settings.update({ consented: true })
  await bob.archive(key, row => row.state.name === 'unreachable')
})

test('a reader who comes before the author meets the author', async () => {
  const folder = await temporaryFolder('late')
  await writeTree(folder, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [folder])
  await ana.close()
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link })
  await bob.archive(key, row => row.state.name === 'unreachable')
  await startPerson(testnet.bootstrap, { storage: ana.storage })
  // Long before the minute after which the search is repeated.
  await bob.archive(key, isFound)
})

test('forgetting gives the room back, and the link can be opened again', async () => {
  const folder = await temporaryFolder('large')
  await writeTree(folder, { 'large.bin': Buffer.alloc(40_000_000, 'x') })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [folder])
  const other = await publish(ana, [await temporaryFolder('other')])
  await bob.client.archives.open({ link: other.link })
  await bob.client.archives.open({ link })
  await bob.archive(key, isFound)
  await bob.client.archives.keep({ key, keep: true })
  await bob.transfer(`keep-${key}`, row => row.state.name === 'done')
  expect(await sizeOf(bob.storage)).toBeGreaterThan(40_000_000)
  await ana.archive(key, row => row.peers === 1)
  await bob.client.archives.forget({ key })
  // The database's own log and tables stay, whose size does not depend on the archive's.
  expect(await sizeOf(bob.storage)).toBeLessThan(25_000_000)
  // The author sees at once that one holder less is there, also while another archive keeps the connection open.
  await ana.archive(key, row => row.peers === 0)
  await bob.client.archives.open({ link })
  await bob.archive(key, isFound)
})

test('what was forgotten, and opened again after a restart while nobody is there, is looked for and blocks nothing', async () => {
  const folder = await temporaryFolder('forgotten')
  await writeTree(folder, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link } = await share(ana, bob, [folder])
  await bob.client.archives.forget({ key })
  await bob.close()
  await ana.close()
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await again.client.archives.open({ link })
  await again.archive(key, row => row.state.name === 'unreachable')
  await expect(
    again.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 }),
  ).rejects.toMatchObject({ code: 'ARCHIVE_NOT_READY' })
  await again.close()
  const third = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await third.archive(key, row => row.state.name === 'unreachable')
  await startPerson(testnet.bootstrap, { storage: ana.storage })
  await third.archive(key, isFound)
  expect(
    (await third.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 })).entries,
  ).toHaveLength(1)
})

test('a second backend on the same storage is refused in plain words', async () => {
  const ana = await startPerson(testnet.bootstrap)
  await expect(startPerson(testnet.bootstrap, { storage: ana.storage })).rejects.toMatchObject({
    code: 'STORAGE_IN_USE',
  })
})

test('every version that history names can be looked at', async () => {
  const folder = await temporaryFolder('versions')
  await writeTree(folder, { 'a.txt': 'a', 'b.txt': 'b' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  for (const round of [1, 2, 3]) {
    const { length } = await ana.archive(key, isFound)
    await writeFile(join(folder, 'a.txt'), `a${'!'.repeat(round)}`)
    await ana.archive(key, row => row.length > length)
  }
  const { changesets, before } = await ana.client.history.list({ key, before: null, limit: 100 })
  expect(before).toBeNull()
  expect(changesets.length).toBeGreaterThanOrEqual(4)
  for (const { length, from } of changesets) {
    await ana.client.read.list({ key, version: length, folder: '/', cursor: null, limit: 10 })
    await ana.client.history.changes({ key, from, to: length, limit: 10 })
  }
})

test('a version inside of a changeset is refused in words, also where it looks like a whole one', async () => {
  const folder = await temporaryFolder('inside')
  await writeTree(folder, Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}.txt`, `${index}`])))
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  const first = await ana.archive(key, row => row.source?.state.name === 'watching' && row.files === 60)
  await writeFile(join(folder, '7.txt'), 'changed')
  const second = await ana.archive(key, row => row.length > first.length)
  const { changesets } = await ana.client.history.list({ key, before: null, limit: 100 })
  const told: number[] = []
  for (let version = 2; version <= second.length; version++) {
    const codeOf = (answer: Promise<unknown>) =>
      answer.then(
        () => 'told',
        (error: { code: string }) => error.code,
      )
    const answers = await Promise.all([
      codeOf(ana.client.read.list({ key, version, folder: '/', cursor: null, limit: 100 })),
      codeOf(ana.client.read.entry({ key, version, path: '/7.txt' })),
      codeOf(ana.client.history.changes({ key, from: version, to: second.length, limit: 100 })),
      codeOf(ana.client.history.list({ key, before: version, limit: 1 })),
      codeOf(ana.client.archives.pinnedLink({ key, version, path: '/' })),
    ])
    const expected = answers.includes('told') ? 'told' : 'VERSION_NOT_FOUND'
    expect({ version, answers }).toEqual({ version, answers: Array.from(answers, () => expected) })
    if (expected === 'told') told.push(version)
  }
  expect(told).toEqual(expect.arrayContaining(changesets.map(({ length }) => length)))
  expect(told).toHaveLength(changesets.reduce((sum, { parts }) => sum + parts, 0))
})

test('nothing of ours lies in the folder of the store, which moves foreign files away', async () => {
  const ana = await startPerson(testnet.bootstrap)
  await ana.client.settings.update({ author: 'Ana' })
  await ana.close()
  const again = await startPerson(testnet.bootstrap, { storage: ana.storage })
  expect(await readdir(again.storage)).toEqual(
    expect.arrayContaining(['registry.json', 'settings.json', 'store'].filter(name => name !== 'registry.json')),
  )
  for await (const [change] of again.client.settings.watch()) {
    expect(change).toMatchObject({ op: 'reset' })
    break
  }
  expect(await readdir(join(again.storage, 'store'))).not.toContain('settings.json')
})

test('a private archive cannot be read without its secret, and can with it', async () => {
  const folder = await temporaryFolder('secret')
  await writeTree(folder, { 'diary.txt': 'dear diary' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [folder], { private: true })
  expect(link).toContain('#')
  await bob.client.archives.open({ link: link.split('#')[0]! })
  await bob.archive(key, row => row.state.name === 'secret-needed')
  await expect(
    bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 }),
  ).rejects.toMatchObject({ code: 'ARCHIVE_SECRET_NEEDED' })
  await bob.client.archives.open({ link })
  await bob.archive(key, isFound)
  const { base64 } = await bob.client.read.bytes({ key, version: null, path: '/diary.txt', start: 0, length: 100 })
  expect(Buffer.from(base64, 'base64').toString()).toBe('dear diary')
})

test('a storage that is older than what was published is not written to', async () => {
  const folder = await temporaryFolder('older')
  await writeTree(folder, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  await ana.close()
  const backup = await temporaryFolder('backup')
  await run('cp', ['-a', `${ana.storage}/.`, backup])

  const later = await startPerson(testnet.bootstrap, { storage: ana.storage })
  await writeFile(join(folder, 'b.txt'), 'b')
  const { length } = await later.archive(key, row => row.files === 2)
  await bob.client.archives.keep({ key, keep: true })
  await bob.archive(key, row => row.length === length && row.held.blocks === row.held.ofBlocks)
  await later.close()

  // The blocks from the backup, and what the registry outside of the store remembers.
  await rm(join(ana.storage, 'store'), { recursive: true })
  await run('cp', ['-a', join(backup, 'store'), ana.storage])
  await rm(join(ana.storage, 'store', 'CORESTORE'), { force: true })
  const restored = await startPerson(testnet.bootstrap, { storage: ana.storage })
  const behind = await restored.archive(
    key,
    row => row.state.name === 'behind' || (isFound(row) && row.length === length),
  )
  expect(behind.state.name === 'behind' || behind.length === length).toBe(true)
  await restored.archive(key, row => isFound(row) && row.length === length)
  await writeFile(join(folder, 'c.txt'), 'c')
  const after = await restored.archive(key, row => row.files === 3)
  await bob.archive(key, row => row.length === after.length && row.state.name === 'found')
})
