/** What becomes of an archive whose history itself is changed: by its author, or by two copies of one key. */
import { execFile } from 'node:child_process'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { checkWarrant } from '../../main/archives/warrant.ts'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { isDone, isFound, type RemotePerson, share, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { cairn } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const run = promisify(execFile)

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const isHealed = ({ rewritten }: ArchiveRow) => rewritten === null
const isForked = ({ rewritten }: ArchiveRow) => rewritten?.kind === 'forked'
const textOf = async (person: RemotePerson, key: string, path: string, version: number | null = null) => {
  const { base64 } = await person.client.read.bytes({ key, version, path, start: 0, length: 1000 })
  return Buffer.from(base64, 'base64').toString()
}

/** The same author on two machines that know nothing of each other. Both have written since; `bob` has what the first one wrote. */
async function twoCopies({
  second = { 'b.txt': 'b of the second', 'c.txt': 'c' },
  asks = false,
  ...options
}: {
  readonly private?: boolean
  /** `bob` is asked about updates, and has looked at the file. */
  readonly asks?: boolean
  readonly second?: Readonly<Record<string, string>>
} = {}) {
  const folder = await temporaryFolder('copied')
  await writeTree(folder, { 'a.txt': 'a', 'gone.txt': 'gone since' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link } = await share(ana, bob, [folder], options)
  await bob.transfer((await bob.client.archives.keepParts({ key, patterns: ['*'] })).transfer, isDone)
  if (asks) await bob.client.archives.setUpdates({ key, askFirst: true })
  const { length: older } = await ana.archive(key, row => row.files === 2 && !row.stillBeingAdded)
  await rm(join(folder, 'gone.txt'))
  await ana.archive(key, row => row.files === 1)
  await bob.archive(key, row => row.files === 1)
  await ana.close()
  // Nothing more was told of when she left.
  const { length: common } = await bob.archive(key, row => row.peers === 0)
  const copy = await temporaryFolder('copy')
  await run('cp', ['-a', `${ana.storage}/.`, copy])
  await rm(join(copy, 'store', 'CORESTORE'))

  const again = await startPerson(testnet.bootstrap, { storage: ana.storage })
  await writeFile(join(folder, 'b.txt'), 'b of the first')
  await again.archive(key, row => row.files === 2)
  if (asks) {
    await bob.archive(key, row => row.files === 2 && row.updates.pending !== null)
    await textOf(bob, key, '/b.txt')
  } else await bob.archive(key, row => row.files === 2 && row.held.blocks === row.held.ofBlocks)
  await again.close()

  await writeTree(folder, second)
  // It is known for a copy, and the person insists all the same.
  const alone = await startPerson(testnet.bootstrap, { storage: copy, join: false })
  await alone.archive(key, ({ state }) => state.name === 'behind' && state.alone)
  await alone.client.archives.insist({ key })
  const { length } = await alone.archive(key, row => row.files === 1 + Object.keys(second).length)
  await alone.close()
  return { folder, key, link, bob, first: ana.storage, second: copy, common, older, length }
}

/** Every bit of it is turned once; of a long one some. */
const turned = function* (text: string): Generator<string> {
  const bytes = Buffer.from(text)
  for (let bit = 0; bit < bytes.length * 8; bit += 3) {
    const other = Buffer.from(bytes)
    other[bit >> 3]! ^= 1 << (bit & 7)
    yield other.toString('latin1')
  }
}

test('two histories of one key freeze an archive, are proven, and take nothing away until their author has chosen one', async () => {
  const { folder, key, link, bob, first, second, common } = await twoCopies()
  const clone = await startPerson(testnet.bootstrap, { storage: second })
  const row = await bob.archive(key, isForked)
  expect(row.rewritten).toMatchObject({ kind: 'forked', proof: true, mended: null, answer: 'asked' })
  await clone.archive(key, isForked)
  // Nothing is written to either of them any more, and all that was there can be read.
  await expect(clone.client.archives.describe({ key, title: 'x', description: '', author: '' })).rejects.toMatchObject({
    code: 'ARCHIVE_CONFLICT',
  })
  expect(await textOf(bob, key, '/b.txt')).toBe('b of the first')
  expect(await textOf(bob, key, '/a.txt')).toBe('a')
  expect(await textOf(clone, key, '/c.txt')).toBe('c')

  const proofOf = async (person: RemotePerson) => checkWarrant((await person.client.archives.warrant({ key })).text)
  for (const person of [bob, clone])
    await expect.poll(() => proofOf(person)).toMatchObject({ archive: key, log: 'list', fork: 0 })
  const { text } = await bob.client.archives.warrant({ key })
  const proven = checkWarrant(text)
  expect(proven.signed.some(length => length === row.length)).toBe(true)
  expect(await proofOf(clone)).toEqual(proven)
  await clone.archive(key, ({ rewritten }) => rewritten?.kind === 'forked' && rewritten.common === common)
  for (const other of turned(text)) expect(() => checkWarrant(other), other).toThrow()
  await clone.close()

  // After a restart it is frozen before anybody is met, and whoever has only one of the two is shown the other.
  await bob.close()
  const later = await startPerson(testnet.bootstrap, { storage: bob.storage, join: false })
  expect((await later.archive(key, isForked)).rewritten).toMatchObject({ kind: 'forked', proof: true })
  expect(await textOf(later, key, '/b.txt')).toBe('b of the first')
  await later.close()
  const reader = await startPerson(testnet.bootstrap, { storage: bob.storage })
  // What its folder holds is not published before it has heard of the fork.
  await rename(folder, `${folder}-away`)
  const author = await startPerson(testnet.bootstrap, { storage: first })
  await author.archive(key, isForked)
  await rename(`${folder}-away`, folder)

  // A third one, who has nothing yet, reads what there is and sees what it is.
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link })
  await eve.archive(key, isForked)
  expect(await textOf(eve, key, '/b.txt')).toBe('b of the first')

  // The author decides for what is here. Whoever has it already loses nothing, and is asked all the same.
  const { length } = await author.client.archives.repair({ key, version: null })
  await author.archive(key, isHealed)
  const asked = await reader.archive(key, ({ rewritten }) => rewritten?.kind === 'forked' && rewritten.mended !== null)
  expect(asked.rewritten).toMatchObject({ mended: { common: length }, answer: 'asked' })
  await writeFile(join(folder, 'd.txt'), 'd')
  await author.archive(key, row => row.files === 4)
  await reader.client.archives.answerRewrite({ key, follow: true })
  await reader.archive(key, row => isHealed(row) && row.files === 4)
  expect(await textOf(reader, key, '/d.txt')).toBe('d')
  // What proves it stays.
  expect((await reader.client.archives.warrant({ key })).text).toBe(text)

  // The other copy gives up what it wrote.
  const given = await startPerson(testnet.bootstrap, { storage: second })
  const offered = await given.archive(key, ({ rewritten }) => rewritten?.kind === 'forked' && rewritten.mended !== null)
  expect(offered.rewritten!.kind === 'forked' && offered.rewritten!.mended!.common).toBeLessThan(length)
  await given.client.archives.answerRewrite({ key, follow: true })
  await given.archive(key, row => isHealed(row) && row.files === 4)
})

test('the proof is on the disk before anything else, also when the reader is killed at that moment', async () => {
  const { key, link, bob, second } = await twoCopies()
  await bob.close()
  const program = cairn('keep', link, '--storage', bob.storage, '--bootstrap', testnet.bootstrap[0]!)
  await program.line(line => line['keep'] ?? line['kept'] ?? line['progress'] ?? line['sharing'])
  const clone = await startPerson(testnet.bootstrap, { storage: second })
  const folder = join(bob.storage, 'warrants')
  const proofs = async () => (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.json'))
  await expect.poll(proofs, { timeout: 20_000, interval: 2 }).not.toEqual([])
  await program.kill('SIGKILL')
  await clone.close()
  for (const name of await proofs())
    expect(checkWarrant(await readFile(join(folder, name), 'utf8'))).toMatchObject({ archive: key, fork: 0 })

  const later = await startPerson(testnet.bootstrap, { storage: bob.storage, join: false })
  expect((await later.archive(key, isForked)).rewritten).toMatchObject({ kind: 'forked', proof: true })
  expect(await textOf(later, key, '/b.txt')).toBe('b of the first')
  await later.close()

  // By the command line: the proof, and that it is one.
  const given = ['--storage', bob.storage, '--bootstrap', testnet.bootstrap[0]!]
  const file = join(await temporaryFolder('proof'), 'a.cairn-warrant')
  expect((await cairn('warrant', link, '--out', file, ...given).exited).code).toBe(0)
  const checked = await cairn('warrant', '--check', file, '--storage', join(folder, 'none'), ...given.slice(2)).exited
  expect(checked).toMatchObject({ code: 0 })
  expect(JSON.parse(checked.stdout)).toMatchObject({ proven: { archive: key, fork: 0 } })
  await writeFile(file, (await readFile(file, 'utf8')).replace(/"signature": "01(..)/, '"signature": "02$1'))
  const refused = await cairn('warrant', '--check', file, ...given).exited
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('NOT_A_WARRANT')
  const reader = await startPerson(testnet.bootstrap, { storage: bob.storage })
  const again = await startPerson(testnet.bootstrap, { storage: second })
  await again.archive(key, isForked)
  await Promise.all([again.close(), reader.close()])
  const asked = await cairn('repair', link, '--storage', second, ...given.slice(2)).exited
  expect(asked.stderr).toContain('NEEDS_A_YES')
  const mended = await cairn('repair', link, '--yes', '--storage', second, ...given.slice(2)).exited
  expect(JSON.parse(mended.stdout)).toMatchObject({ repaired: { key } })
})

test('two histories that are as long as each other are told apart when they meet', async () => {
  const { key, bob, second, length, common } = await twoCopies({ second: { 'b.txt': 'b of the second' }, asks: true })
  expect(await bob.archive(key, isFound)).toMatchObject({ length, updates: { pending: { why: 'ask-first' } } })
  const clone = await startPerson(testnet.bootstrap, { storage: second })
  const [row] = await Promise.all([bob.archive(key, isForked), clone.archive(key, isForked)])
  // What waits to be taken is of one of the two.
  expect(row).toMatchObject({ length, rewritten: { kind: 'forked', proof: true }, updates: { pending: null } })
  await clone.archive(key, ({ rewritten }) => rewritten?.kind === 'forked' && rewritten.common === common)
  const { text } = await bob.client.archives.warrant({ key })
  expect(checkWarrant(text)).toMatchObject({ archive: key, log: 'list', fork: 0, length, signed: [length, length] })
  expect(await textOf(bob, key, '/b.txt')).toBe('b of the first')
  expect(await textOf(clone, key, '/b.txt')).toBe('b of the second')
})

/** An author with a plain Hyperdrive, who is there as long as the test. */
async function author(files: Readonly<Record<string, string>>) {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (const [path, text] of Object.entries(files)) await drive.put(path, Buffer.from(text))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  return { drive, key: encodeKey(drive.key) }
}

test('versions that their author took back stay until the person follows, also in a kept folder', async () => {
  const names = Array.from({ length: 9 }, (_, index) => `/${index}.txt`)
  const { drive, key } = await author(Object.fromEntries(names.map(name => [name, `first ${name}`])))
  const common = drive.version
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const folder = await temporaryFolder('kept')
  await bob.transfer((await bob.client.archives.keepInFolder({ key, folder })).transfer, isDone)
  for (const name of names) await drive.put(name, Buffer.from(`second ${name}`))
  await drive.put('/more.txt', Buffer.from('more'))
  const here = drive.version
  const waits = await bob.archive(key, row => row.updates.pending !== null || row.updates.kept === here)
  if (waits.updates.pending !== null) await bob.client.archives.answerUpdate({ key, take: true })
  await bob.archive(key, row => row.updates.kept === here && row.held.blocks === row.held.ofBlocks)
  await expect.poll(async () => Object.keys(await readTree(folder)).length).toBe(10)
  const before = await readTree(folder)

  await drive.truncate(common)
  const heard = await bob.archive(key, ({ rewritten }) => rewritten !== null)
  expect(heard.rewritten).toMatchObject({ kind: 'taken-back', common, here, answer: 'asked' })
  for (const name of names.slice(0, 6)) await drive.put(name, Buffer.from(`third ${name}`))
  const newest = drive.version
  await bob.archive(key, ({ rewritten }) => rewritten?.kind === 'taken-back' && rewritten.newest === newest)
  expect(await textOf(bob, key, '/more.txt')).toBe('more')
  expect(await textOf(bob, key, '/0.txt', common)).toBe('first /0.txt')

  // Who stays has what they had, also after a restart, and hears no question again.
  await bob.client.archives.answerRewrite({ key, follow: false })
  await bob.close()
  const later = await startPerson(testnet.bootstrap, { storage: bob.storage })
  const stays = await later.archive(key, row => row.peers > 0)
  expect(stays.rewritten).toMatchObject({ kind: 'taken-back', common, here, answer: 'stays' })
  expect(stays.length).toBe(here)
  expect(await textOf(later, key, '/more.txt')).toBe('more')

  // Who follows is asked about the folder as about any update that overwrites most of it.
  await later.client.archives.answerRewrite({ key, follow: true })
  const asks = await later.archive(key, row => row.rewritten === null && row.updates.pending !== null)
  expect(asks).toMatchObject({ length: newest, updates: { pending: { to: newest, why: 'removes' } } })
  expect(await textOf(later, key, '/0.txt')).toBe('third /0.txt')
  expect(await readTree(folder)).toEqual(before)
  await later.client.archives.answerUpdate({ key, take: true })
  await later.archive(key, row => row.updates.kept === newest && row.updates.pending === null)
  await expect.poll(async () => readFile(join(folder, '8.txt'), 'utf8').catch(() => '')).toBe('first /8.txt')
  expect(await readFile(join(folder, '0.txt'), 'utf8')).toBe('third /0.txt')
  await expect.poll(() => readdir(folder)).not.toContain('more.txt')
})

test('who has nothing of what was taken back is not asked', async () => {
  const { drive, key } = await author({ '/a.txt': 'a', '/b.txt': 'b' })
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  const { length } = await bob.archive(key, row => isFound(row) && row.length === drive.core.length)
  await expect
    .poll(async () => (await bob.client.disk.use()).archives.find(one => one.key === key)?.list)
    .toBeGreaterThan(0)
  await bob.client.archives.pause({ key, paused: true })
  await drive.put('/c.txt', Buffer.from('c'))
  await drive.truncate(length)
  await drive.put('/d.txt', Buffer.from('d'))
  await bob.client.archives.pause({ key, paused: false })
  const row = await bob.archive(key, row => row.length === drive.core.length)
  expect(row.rewritten).toBe(null)
  expect(await textOf(bob, key, '/d.txt')).toBe('d')
})

test('whoever says that they follow while nobody is there follows later, and is asked again the next time', async () => {
  const { drive, key } = await author({ '/a.txt': 'a' })
  const common = drive.version
  await drive.put('/b.txt', Buffer.from('b'))
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  await bob.client.archives.keep({ key, keep: true })
  await bob.archive(key, row => row.held.blocks === 2)
  await drive.truncate(common)
  await drive.put('/c.txt', Buffer.from('c'))
  await bob.archive(key, row => row.rewritten !== null)
  await bob.close()
  const alone = await startPerson(testnet.bootstrap, { storage: bob.storage, join: false })
  await alone.archive(key, ({ rewritten }) => rewritten?.answer === 'asked')
  await alone.client.archives.answerRewrite({ key, follow: true })
  await alone.archive(key, ({ rewritten }) => rewritten?.answer === 'follows')
  expect(await textOf(alone, key, '/b.txt')).toBe('b')
  await alone.close()
  const later = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await later.archive(key, row => isHealed(row) && row.length === drive.core.length && row.updates.kept === row.length)
  expect(await textOf(later, key, '/c.txt')).toBe('c')
  await drive.truncate(common)
  await later.archive(key, ({ rewritten }) => rewritten?.answer === 'asked')
})

test('an author may go back to what both histories have, and the other copy publishes again after it has followed', async () => {
  const { folder, key, bob, first, second, common, older } = await twoCopies({ private: true })
  const clone = await startPerson(testnet.bootstrap, { storage: second })
  await bob.archive(key, isForked)
  await clone.archive(key, ({ rewritten }) => rewritten?.kind === 'forked' && rewritten.common === common)
  expect(await clone.client.archives.repair({ key, version: common })).toEqual({ length: common })
  expect(await textOf(clone, key, '/gone.txt', older)).toBe('gone since')
  // What the folder holds is added again.
  await clone.archive(key, row => isHealed(row) && row.files === 3 && row.length > common)
  await bob.archive(key, ({ rewritten }) => rewritten?.kind === 'forked' && rewritten.mended !== null)
  await bob.client.archives.answerRewrite({ key, follow: true })
  await bob.archive(key, row => isHealed(row) && row.files === 3)
  expect(await textOf(bob, key, '/b.txt')).toBe('b of the second')
  const other = await startPerson(testnet.bootstrap, { storage: first })
  await other.archive(key, ({ rewritten }) => rewritten !== null && rewritten.answer === 'asked')
  await clone.close()
  await other.client.archives.answerRewrite({ key, follow: true })
  await other.archive(key, row => isHealed(row) && row.files === 3)
  await writeFile(join(folder, 'd.txt'), 'd')
  await other.archive(key, row => row.files === 4)
  await bob.archive(key, row => row.files === 4)
})
