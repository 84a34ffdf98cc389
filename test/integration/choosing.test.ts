/** What is new in a friend's archive, and that a person may take a part of it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArchiveRow, NewFile, UpdatePart } from '../../preload/contract/models.ts'
import { isDone, isFound, type Person, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder } from '../helpers/files.ts'
import { treeOf } from '../helpers/plain.ts'
import { filled, plainAuthor } from '../helpers/plain-author.ts'
import { cairn } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const MB = 1_000_000
const asks = (row: ArchiveRow) => row.updates.pending !== null
const isNewest = (row: ArchiveRow) => row.updates.pending === null && row.updates.kept === row.length

/** What an update would change, by path. */
async function updateOf(person: Person, key: string) {
  let summary: Extract<UpdatePart, { kind: 'summary' }> | null = null
  const files: NewFile[] = []
  for await (const part of person.client.archives.watchUpdate({ key }))
    if (part.kind === 'summary') summary = part
    else files.push(...part.files)
  return { ...summary!, files }
}
const told = (files: readonly NewFile[]) =>
  Object.fromEntries(files.map(({ path, change, from }) => [path, from === null ? change : `${change} ${from}`]))

/** Names and contents, without modes and times, which plain archives do not hold. */
const contents = async (folder: string) =>
  Object.fromEntries(
    Object.entries(await readTree(folder, { times: false }))
      .filter(([path]) => !path.startsWith('.'))
      .map(([path, what]) => [path, what.split(' ')[0]]),
  )
async function contentsOfDrive(drive: Hyperdrive) {
  const tree = await treeOf(drive, drive.version)
  return Object.fromEntries(Object.entries(tree).map(([path, what]) => [path, what.split(' ')[0]]))
}

async function rename(drive: Hyperdrive, from: string, to: string): Promise<void> {
  const batch = drive.batch()
  await batch.putEntry(to, (await drive.entry(from))!.value)
  await batch.del(from)
  await batch.flush()
}

test('of an update a kept folder takes what was chosen, and all of it equals the author’s afterwards', async () => {
  const { drive, key, bob } = await plainAuthor(testnet.bootstrap, {
    '/changed.txt': Buffer.from('as it was'),
    '/mine.txt': Buffer.from('the author’s'),
    '/gone.txt': Buffer.from('gone soon'),
    '/photos/old name.jpg': filled(MB, 'photo'),
    '/photos/left.jpg': Buffer.from('left alone'),
    '/becomes a folder': Buffer.from('a file'),
  })
  const folder = await temporaryFolder('kept')
  await bob.transfer((await bob.client.archives.keepInFolder({ key, folder })).transfer, isDone)
  await bob.client.archives.setUpdates({ key, askFirst: true })
  const before = await contents(folder)
  await writeFile(join(folder, 'mine.txt'), 'my own words')

  await drive.put('/changed.txt', Buffer.from('as it is'))
  await drive.put('/mine.txt', Buffer.from('the author’s again'))
  await drive.put('/passing.txt', filled(3 * MB, 'never seen'))
  await drive.put('/new.txt', filled(2 * MB, 'new'))
  await drive.put('/photos/left.jpg', Buffer.from('changed, and left all the same'))
  await rename(drive, '/photos/old name.jpg', '/photos/name.jpg')
  await drive.del('/passing.txt')
  await drive.del('/gone.txt')
  await drive.del('/becomes a folder')
  await drive.put('/becomes a folder/a.txt', Buffer.from('a'))
  await bob.archive(key, row => asks(row) && row.length === drive.core.length)
  const update = await updateOf(bob, key)
  expect(told(update.files)).toEqual({
    '/changed.txt': 'changed',
    '/mine.txt': 'changed',
    '/new.txt': 'added',
    '/photos/left.jpg': 'changed',
    '/photos/name.jpg': 'renamed /photos/old name.jpg',
    '/gone.txt': 'removed',
    '/becomes a folder': 'removed',
    '/becomes a folder/a.txt': 'added',
  })
  // What came and went again is not fetched for it, and a renamed file is here.
  expect(update.missing).toBe(
    2 * MB + 'as it is'.length + Buffer.byteLength('the author’s again') + 'changed, and left all the same'.length + 1,
  )
  expect(await contents(folder)).toEqual({ ...before, 'mine.txt': expect.any(String) })
  const choose = (...paths: readonly string[]) => bob.client.archives.chooseUpdate({ key, to: update.to, paths })
  await expect(choose('/nothing like it')).rejects.toMatchObject({ code: 'INVALID_INPUT' })

  // A folder stands for what differs below it; a file in the way of a chosen one goes.
  expect(await choose('/new.txt', '/photos/name.jpg', '/mine.txt', '/becomes a folder/')).toEqual({ files: 5, left: 3 })
  const chosen = await bob.archive(key, row => row.updates.pending?.stays === true)
  expect(chosen.updates).toMatchObject({ chosen: update.to, pending: { added: 0, changed: 2, removed: 1 } })
  expect(chosen.updates.kept).toBeLessThan(update.to)
  const mine = `mine (my version ${new Date().toISOString().slice(0, 10)}).txt`
  const now = await contentsOfDrive(drive)
  const part = {
    'changed.txt': before['changed.txt'],
    'gone.txt': before['gone.txt'],
    'photos/left.jpg': before['photos/left.jpg'],
    'photos/name.jpg': now['photos/name.jpg'],
    'new.txt': now['new.txt'],
    'mine.txt': now['mine.txt'],
    'becomes a folder/a.txt': now['becomes a folder/a.txt'],
    [mine]: expect.any(String),
  }
  await expect.poll(() => contents(folder)).toEqual(part)
  expect(await readFile(join(folder, mine), 'utf8')).toBe('my own words')
  expect(told((await updateOf(bob, key)).files)).toEqual({
    '/changed.txt': 'changed',
    '/photos/left.jpg': 'changed',
    '/gone.txt': 'removed',
  })

  // Later versions wait with the rest, also after a restart; what was chosen stays at what it was.
  await drive.put('/new.txt', Buffer.from('newer'))
  await drive.put('/later.txt', Buffer.from('later'))
  await bob.archive(key, row => row.updates.pending?.added === 1 && row.updates.pending.changed === 3)
  await bob.close()
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await again.archive(key, row => isFound(row) && row.updates.pending?.stays === true && row.peers > 0)
  await again.transfer(`folder-${key}`, isDone)
  expect(await contents(folder)).toEqual(part)
  const next = await updateOf(again, key)
  expect(next.files).toHaveLength(5)
  await again.client.archives.chooseUpdate({ key, to: next.to, paths: ['/later.txt'] })
  await expect.poll(() => contents(folder)).toEqual({ ...part, 'later.txt': expect.any(String) })
  await again.client.archives.answerUpdate({ key, take: true })
  await again.archive(key, isNewest)
  await expect.poll(() => contents(folder)).toEqual({ ...(await contentsOfDrive(drive)), [mine]: expect.any(String) })
  expect((await again.archive(key, isFound)).updates.chosen).toBe(null)
})

test('of an update a kept copy holds what was chosen and nothing else, whatever is cleared', async () => {
  const { drive, key, bob } = await plainAuthor(testnet.bootstrap, {
    '/a': filled(MB, 'a'),
    '/b': filled(MB, 'b'),
    '/c': filled(MB, 'c'),
  })
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link: key })
  await eve.archive(key, isFound)
  await bob.client.archives.setUpdates({ key, askFirst: true })
  await eve.client.archives.setUpdates({ key, askFirst: true })
  await bob.client.archives.keep({ key, keep: true })
  await bob.transfer(`keep-${key}`, isDone)
  await eve.transfer((await eve.client.archives.keepParts({ key, patterns: ['/b', '/c', '/d'] })).transfer, isDone)
  await drive.put('/b', filled(2 * MB, 'b again'))
  await drive.put('/c', filled(4 * MB, 'c again'))
  await drive.put('/d', filled(3 * MB, 'd'))
  for (const [person, before, after, files] of [
    [bob, 3 * MB, 5 * MB, 3],
    [eve, 2 * MB, 4 * MB, 3],
  ] as const) {
    await person.archive(key, row => row.updates.pending?.added === 1 && row.updates.pending.changed === 2)
    const update = await updateOf(person, key)
    expect(update).toMatchObject({ missing: 9 * MB, files: { length: files } })
    await person.archive(key, row => row.held.bytes === before)
    expect(await person.client.archives.chooseUpdate({ key, to: update.to, paths: ['/b'] })).toEqual({
      files: 1,
      left: 2,
    })
    await person.archive(key, row => row.held.bytes === after)
    await person.client.disk.clear({ key })
  }
  // Of parts the version before is no name that is kept; of all of it every version up to the kept one is.
  await bob.archive(key, row => row.held.bytes === 5 * MB && row.updates.pending?.bytes === 7 * MB)
  await eve.archive(key, row => row.held.bytes === 3 * MB)

  await bob.client.archives.answerUpdate({ key, take: true })
  await bob.archive(key, row => isNewest(row) && row.held.bytes === 12 * MB && row.updates.chosen === null)
  await eve.client.archives.chooseUpdate({ key, to: drive.core.length, paths: ['/d', '/c'] })
  await eve.archive(key, row => isNewest(row) && row.held.bytes === 10 * MB)
  await eve.client.disk.clear({ key })
  await eve.archive(key, row => row.held.bytes === 9 * MB)
})

test('killed while it writes what was chosen, the next start goes on with it and with nothing else', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `/${index}.bin`)
  const { drive, key, bob } = await plainAuthor(
    testnet.bootstrap,
    Object.fromEntries(names.map(name => [name, Buffer.from(name)])),
  )
  const folder = await temporaryFolder('kept')
  await bob.transfer((await bob.client.archives.keepInFolder({ key, folder })).transfer, isDone)
  await bob.client.archives.setUpdates({ key, askFirst: true })
  await bob.close()
  const before = await contents(folder)
  for (const name of names) await drive.put(name, filled(300_000, name))
  const on = ['--storage', bob.storage, '--bootstrap', testnet.bootstrap[0]!]
  const running = cairn('keep', key, folder, ...on)
  await running.line(line => line['sharing'] ?? null)
  const listed = (await cairn('take', key, '--list', ...on).exited).stdout.trim().split('\n')
  expect(JSON.parse(listed.at(-1)!)).toMatchObject({ update: { key, files: 40, missing: 40 * 300_000 } })
  const { stdout } = await cairn('take', key, '--choose', '/*5.bin', '--choose', '/3*', ...on).exited
  expect(JSON.parse(stdout)).toMatchObject({ chose: { files: 14, left: 26 } })
  const chosen = names.filter(name => /5\.bin$|^\/3/.test(name)).map(name => name.slice(1))
  const written = async () => {
    const now = await contents(folder)
    return chosen.filter(name => now[name] !== before[name]).length
  }
  await expect.poll(written, { interval: 5 }).toBeGreaterThan(0)
  await running.kill('SIGKILL')
  expect(await written()).toBeLessThanOrEqual(chosen.length)

  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  const now = await contentsOfDrive(drive)
  const wanted = Object.fromEntries(
    names.map(name => name.slice(1)).map(name => [name, chosen.includes(name) ? now[name] : before[name]]),
  )
  await expect.poll(() => contents(folder)).toEqual(wanted)
  expect((await again.archive(key, asks)).updates.pending).toMatchObject({ changed: 26, stays: true })
  await again.client.archives.answerUpdate({ key, take: true })
  await expect.poll(() => contents(folder)).toEqual(now)
})

test('what is new since somebody looked is counted by what differs, and told as one changeset', async () => {
  const { drive, key, bob } = await plainAuthor(testnet.bootstrap, {
    '/a': filled(MB, 'a'),
    '/b': Buffer.from('b'),
    '/c': Buffer.from('c'),
  })
  const { length } = await bob.archive(key, row => row.length === drive.core.length)
  expect((await bob.archive(key, isFound)).news).toBe(null)
  await bob.client.archives.markSeen({ key, length })
  await drive.put('/passing', Buffer.from('nothing in the end'))
  for (let round = 0; round < 5; round++) await drive.put('/b', Buffer.from(`round ${round}`))
  await rename(drive, '/a', '/renamed')
  await drive.put('/new', filled(2 * MB, 'new'))
  await drive.del('/passing')
  await drive.del('/c')
  const counts = { added: 1, changed: 1, removed: 1, renamed: 1, more: false }
  const row = await bob.archive(key, ({ news }) => news?.removed === 1 && news.added === 1)
  expect(row.news).toEqual(counts)
  const look = (limit: number) => bob.client.history.news({ key, from: length, to: row.length, limit })
  const news = await look(100)
  expect(told(news.files)).toEqual({ '/b': 'changed', '/c': 'removed', '/new': 'added', '/renamed': 'renamed /a' })
  expect(news).toMatchObject({ counts, missing: 3 * MB + 'round 4'.length })
  expect(await look(2)).toMatchObject({ files: { length: 2 }, counts })

  // A count has an end, and begins anew with a look.
  const batch = drive.batch()
  for (let file = 0; file < 300; file++) await batch.put(`/many/${file}`, Buffer.from('x'))
  await batch.flush()
  const many = await bob.archive(key, ({ news }) => news?.more === true)
  const { added, changed, removed, renamed } = many.news!
  expect(added + changed + removed + renamed).toBeLessThanOrEqual(101)
  await bob.client.archives.markSeen({ key, length: many.length })
  await bob.archive(key, ({ news }) => news === null)
  await bob.client.archives.setNotify({ key, notify: false })
  await bob.close()
  await drive.del('/new')
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  const next = await again.archive(key, ({ news }) => news !== null)
  expect(next).toMatchObject({ notify: false, news: { added: 0, changed: 0, removed: 1, renamed: 0, more: false } })
})
