/** What is kept of friends' archives, what may go, and that it does. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { isDone, isFound, type Person, publish, share, startPerson } from '../helpers/backend.ts'
import { readTree, sizeOf, temporaryFolder, writeTree } from '../helpers/files.ts'
import { type Content, filled, plainAuthor } from '../helpers/plain-author.ts'
import { cairn } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const MB = 1_000_000
/** Reads files to their end, as a viewer does. */
async function look(person: Person, key: string, ...paths: readonly string[]): Promise<void> {
  for (const path of paths)
    for (let start = 0; ; ) {
      const { base64, size } = await person.client.read.bytes({ key, version: null, path, start, length: 1 << 20 })
      start += Buffer.from(base64, 'base64').byteLength
      if (start >= size) break
    }
}

/** Which of its files are on this device. */
async function heldBy(person: Person, key: string): Promise<Record<string, string | null>> {
  const { entries } = await person.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 1000 })
  return Object.fromEntries(entries.filter(({ kind }) => kind === 'file').map(({ name, held }) => [name, held]))
}

const useOf = async (person: Person, key: string) =>
  (await person.client.disk.use()).archives.find(one => one.key === key)!

const author = (content: Content) => plainAuthor(testnet.bootstrap, content)

const isIdle = (row: ArchiveRow) => row.updates.pending === null

test('chosen parts are kept in every version, and served on when their author is gone', async () => {
  const { drive, key, bob, leave } = await author({
    '/photos/a.jpg': filled(MB, 'a'),
    '/photos/raw/a.raw': filled(MB, 'raw'),
    '/film.mkv': filled(3 * MB, 'film'),
    '/notes.md': Buffer.from('notes'),
  })
  await expect(bob.client.archives.keepParts({ key, patterns: ['!/photos/', '# nothing'] })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  const { transfer } = await bob.client.archives.keepParts({ key, patterns: ['/photos/', '!/photos/raw/', '*.md'] })
  const done = await bob.transfer(transfer, isDone)
  expect(done).toMatchObject({ kind: 'keep', files: 2, ofFiles: 2, bytes: MB + 5, ofBytes: MB + 5 })
  expect(await useOf(bob, key)).toMatchObject({ content: MB + 5, cached: 0 })

  await drive.put('/photos/b.jpg', filled(2 * MB, 'b'))
  await drive.put('/film.mkv', filled(4 * MB, 'another'))
  await bob.archive(key, row => row.held.bytes === 3 * MB + 5 && row.updates.kept === row.length)
  const { entries, older } = await bob.client.disk.folder({ key, folder: '/' })
  expect(Object.fromEntries(entries.map(({ name, held, size }) => [name, [held, size]]))).toEqual({
    photos: [3 * MB, 4 * MB],
    'notes.md': [5, 5],
    'film.mkv': [0, 4 * MB],
  })
  expect(older).toBe(0)

  await leave()
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link: key })
  await eve.archive(key, isFound)
  await look(eve, key, '/photos/b.jpg', '/notes.md')
  await eve.archive(key, row => row.held.bytes === 2 * MB + 5)
})

test('clearing leaves what is kept, also under other names, and what stays can still be served', async () => {
  const { drive, key, bob, leave } = await author({
    '/left': filled(MB, 'left'),
    '/one': filled(2 * MB, 'shared'),
    '/right': filled(MB, 'right'),
    '/end': filled(100_000, 'end'),
  })
  const { value } = (await drive.entry('/one'))!
  await drive.putEntry('/two', value)
  await bob.archive(key, row => row.length === drive.core.length)
  await bob.transfer((await bob.client.archives.keepParts({ key, patterns: ['/two', '/left'] })).transfer, isDone)
  await look(bob, key, '/one', '/right')
  expect(await useOf(bob, key)).toMatchObject({ content: 4 * MB, cached: MB })
  expect(await bob.client.disk.clear({ key })).toEqual({ cleared: MB })
  const held = { left: 'all', one: 'all', two: 'all', right: 'none', end: 'none' }
  expect(await heldBy(bob, key)).toEqual(held)
  await bob.archive(key, row => row.held.bytes === 3 * MB)

  // An older version is no name that is kept.
  await drive.put('/left', filled(MB, 'newer'))
  await bob.archive(key, row => row.held.bytes === 4 * MB && row.updates.kept === row.length)
  expect(await useOf(bob, key)).toMatchObject({ content: 4 * MB, cached: MB })
  expect(await bob.client.disk.clear({ key: null })).toEqual({ cleared: MB })

  await leave()
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link: key })
  await eve.archive(key, isFound)
  await look(eve, key, '/one', '/left')
  expect(await heldBy(eve, key)).toEqual(held)
})

test('beyond its budget the cache loses what was used least recently, also after a restart', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const { key, bob } = await author(Object.fromEntries(names.map(name => [`/${name}`, filled(4 * MB, name)])))
  await look(bob, key, ...names.map(name => `/${name}`))
  await look(bob, key, '/a')
  expect(await useOf(bob, key)).toMatchObject({ content: 20 * MB, cached: 20 * MB })
  await bob.close()
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await again.archive(key, isFound)
  await look(again, key, '/c')
  const before = await sizeOf(join(bob.storage, 'store'))
  await again.client.settings.update({ cache: 14.5 * MB })
  const row = await again.archive(key, row => row.held.bytes > 0 && row.held.bytes < 14.5 * MB)
  expect(row.held.bytes).toBeGreaterThan(10 * MB)
  // Places are remembered by some blocks at a time, so that the edges of two files may stay together.
  const held = await heldBy(again, key)
  expect(held).toMatchObject({ a: 'all', c: 'all', e: 'all' })
  expect([held['b'], held['d']]).not.toContain('all')
  await expect.poll(() => sizeOf(join(bob.storage, 'store'))).toBeLessThan(before - 6 * MB)

  // What is kept does not count, and does not go.
  await again.transfer((await again.client.archives.keepParts({ key, patterns: ['/b'] })).transfer, isDone)
  await again.client.settings.update({ cache: 0 })
  await again.archive(key, row => row.held.bytes === 4 * MB)
  expect(await heldBy(again, key)).toEqual({ a: 'none', b: 'all', c: 'none', d: 'none', e: 'none' })
})

test('what grows beyond the budget waits for an answer, and nothing of it is fetched before', async () => {
  const { drive, key, bob } = await author({ '/a': filled(MB, 'a') })
  await bob.client.archives.keep({ key, keep: true })
  // How many files they are, its author's program did not say.
  expect(await bob.transfer(`keep-${key}`, isDone)).toMatchObject({ files: 1, ofFiles: 1, bytes: MB })
  await bob.client.archives.setUpdates({ key, growth: 3 * MB })
  await drive.put('/b', filled(2 * MB, 'b'))
  await bob.archive(key, row => row.held.bytes === 3 * MB && row.updates.kept === row.length)
  await drive.put('/c', filled(2 * MB, 'c'))
  const asks = await bob.archive(key, row => row.updates.pending !== null)
  expect(asks.updates.pending).toMatchObject({ why: 'grows', added: 1, removed: 0, of: 2, bytes: 2 * MB, stays: false })
  expect(asks.held.bytes).toBe(3 * MB)

  await bob.client.archives.answerUpdate({ key, take: false })
  await bob.archive(key, row => row.updates.pending?.stays === true)
  await bob.close()
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  await again.archive(key, row => row.updates.pending?.stays === true && row.held.bytes === 3 * MB && row.peers === 1)
  await again.client.archives.answerUpdate({ key, take: true })
  await again.archive(key, row => row.held.bytes === 5 * MB && isIdle(row))

  await again.client.archives.setUpdates({ key, askFirst: true, growth: null })
  await drive.put('/d', Buffer.from('d'))
  const first = await again.archive(key, row => row.updates.pending !== null)
  expect(first.updates.pending).toMatchObject({ why: 'ask-first', added: 1 })
  await again.client.archives.setUpdates({ key, askFirst: false })
  await again.archive(key, row => isIdle(row) && row.held.bytes === 5 * MB + 1)
})

test('a large removal asks before a kept copy or a kept folder follows it', async () => {
  const paths = Array.from({ length: 8 }, (_, index) => `/${index}.txt`)
  const { drive, key, bob } = await author(Object.fromEntries(paths.map(path => [path, Buffer.from(path)])))
  const eve = await startPerson(testnet.bootstrap)
  const target = await temporaryFolder('kept')
  await bob.transfer((await bob.client.archives.keepInFolder({ key, folder: target })).transfer, isDone)
  await eve.client.archives.open({ link: key })
  await eve.archive(key, isFound)
  await eve.client.archives.keep({ key, keep: true })
  await eve.transfer(`keep-${key}`, isDone)

  // Another name for the same content is no removal.
  for (const path of paths.slice(0, 6)) {
    const { value } = (await drive.entry(path))!
    await drive.putEntry(`/moved${path}`, value)
    await drive.del(path)
  }
  await bob.archive(key, row => isIdle(row) && row.length === drive.core.length && row.updates.kept === row.length)
  const moved = paths.map((path, index) => (index < 6 ? `moved${path}` : path.slice(1))).sort()
  await expect.poll(async () => Object.keys(await readTree(target)).sort()).toEqual(moved)
  await writeFile(join(target, '7.txt'), 'mine')

  const batch = drive.batch()
  for (const path of paths.slice(0, 6)) await batch.del(`/moved${path}`)
  await batch.putEntry('/7.txt', (await drive.entry('/6.txt'))!.value)
  await batch.flush()
  for (const person of [bob, eve]) {
    const { updates } = await person.archive(key, row => row.updates.pending !== null)
    expect(updates.pending).toMatchObject({ why: 'removes', added: 0, changed: 1, removed: 6, of: 8, stays: false })
    expect(updates.pending!.to).toBeGreaterThan(updates.kept!)
  }
  expect(Object.keys(await readTree(target)).sort()).toEqual(moved)
  await bob.client.archives.answerUpdate({ key, take: true })
  const mine = `7 (my version ${new Date().toISOString().slice(0, 10)}).txt`
  await expect.poll(async () => Object.keys(await readTree(target)).sort()).toEqual(['6.txt', mine, '7.txt'].sort())
  expect(await readFile(join(target, mine), 'utf8')).toBe('mine')
  const { updates } = await bob.archive(key, row => isIdle(row) && row.updates.kept === row.length)
  await eve.client.archives.answerUpdate({ key, take: false })
  const stays = await eve.archive(key, row => row.updates.pending?.stays === true)
  expect(stays.updates.kept).toBeLessThan(updates.kept!)
})

test('a paused archive is neither fetched nor served, also after a restart; a paused row fetches nothing', async () => {
  const { drive, key, bob, leave } = await author({ '/a': filled(MB, 'a') })
  await bob.client.archives.keep({ key, keep: true })
  await bob.transfer(`keep-${key}`, isDone)
  await bob.client.transfers.clear()
  // So slow that there is time to pause it.
  await bob.client.archives.setLimits({ key, down: 2 * MB, up: null })
  await drive.put('/b', filled(10 * MB, 'b'))
  await bob.transfer(`keep-${key}`, row => row.state.name === 'running' && row.bytes > MB)
  await bob.client.transfers.pause({ id: `keep-${key}` })
  const still = await stopped(bob, key)
  expect(still).toBeLessThan(11 * MB)

  await bob.client.archives.pause({ key, paused: true })
  await bob.client.transfers.resume({ id: `keep-${key}` })
  expect(await stopped(bob, key)).toBe(still)
  expect(drive.core.peers).toHaveLength(0)
  await bob.close()
  const again = await startPerson(testnet.bootstrap, { storage: bob.storage })
  const row = await again.archive(key, row => row.paused)
  expect(row.keeping).toEqual({ how: 'all' })
  // What is here can be looked at, and nobody gets it from here.
  await look(again, key, '/a')
  const other = await publish(again, [await temporaryFolder('other')])
  await leave()
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link: other.link })
  await eve.client.archives.open({ link: key })
  // Connected, and about this one they do not speak.
  await eve.archive(other.key, row => row.peers === 1)
  await eve.archive(other.key, row => row.state.name === 'empty')
  expect(await again.archive(key, row => row.paused)).toMatchObject({ peers: 0 })
  expect(await eve.archive(key, () => true)).toMatchObject({ length: 0, peers: 0 })
  await again.client.archives.pause({ key, paused: false })
  await eve.archive(key, isFound)
  await look(eve, key, '/a')

  // Its author is gone, and the rest is waited for until the person has enough of it.
  await again.transfer(`keep-${key}`, row => row.ofBytes === 11 * MB && row.bytes < 11 * MB)
  await again.client.transfers.cancel({ id: `keep-${key}` })
  await again.archive(key, row => row.keeping.how === 'look')
})

/** Bytes that are held once nothing has come for half a second. */
async function stopped(person: Person, key: string): Promise<number> {
  for (let before = -1; ; ) {
    const { content } = await useOf(person, key)
    if (content === before) return content
    before = content
    await setTimeout(500)
  }
}

test('killed in the middle of forgetting, the next start gives the room back', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'large.bin': filled(40 * MB, 'large') })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key, link } = await share(ana, bob, [folder])
  const { link: other } = await publish(ana, [await temporaryFolder('other')])
  await bob.client.archives.open({ link: other })
  await bob.client.archives.keep({ key, keep: true })
  await bob.transfer(`keep-${key}`, isDone)
  await bob.close()
  const known = async () => {
    const { archives } = JSON.parse(await readFile(join(bob.storage, 'registry.json'), 'utf8')) as {
      readonly archives: readonly { readonly key: string }[]
    }
    return archives.map(archive => archive.key)
  }
  expect(await known()).toContain(key)
  const program = cairn('forget', link, '--storage', bob.storage, '--bootstrap', testnet.bootstrap[0]!)
  await expect.poll(known, { interval: 1 }).not.toContain(key)
  await program.kill('SIGKILL')
  expect(await sizeOf(join(bob.storage, 'store'))).toBeGreaterThan(35 * MB)
  const start = await startPerson(testnet.bootstrap, { storage: bob.storage, join: false })
  await expect.poll(() => sizeOf(join(bob.storage, 'store'))).toBeLessThan(20 * MB)
  expect((await start.client.disk.use()).archives.map(one => one.key)).not.toContain(key)
})
