/** What the person decides about an archive of theirs: what becomes public, later changes of it, and a moved folder. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { isDone, isFound, type Person, publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const start = (options: { readonly storage?: string } = {}) =>
  startPerson(testnet.bootstrap, { ...options, join: false })
const list = async (person: Person, key: string, folder = '/', version: number | null = null) =>
  (await person.client.read.list({ key, version, folder, cursor: null, limit: 1000 })).entries.map(({ name }) => name)
const text = async (person: Person, key: string, path: string) =>
  Buffer.from(
    (await person.client.read.bytes({ key, version: null, path, start: 0, length: 1000 })).base64,
    'base64',
  ).toString()
const watching = (row: ArchiveRow) => row.source?.state.name === 'watching'
const added = async (person: Person, key: string) =>
  (await person.client.history.list({ key, before: null, limit: 200 })).changesets

test('the sheet counts again under the rules of the person, and what is published follows them', async () => {
  const folder = await temporaryFolder('rules')
  await writeTree(folder, {
    '.cairnignore': 'raw/\n',
    'a.txt': 'a',
    'film.mov': Buffer.alloc(5000),
    'node_modules/x/index.js': 'x',
    'raw/1.raw': 'raw',
    'drafts/one.md': '1',
    'drafts/two.md': '2',
    'notes.log': 'log',
  })
  const ana = await start()
  const first = await ana.client.publish.review({ paths: [folder] })
  expect(first.files).toBe(5)
  expect(first.ignoredBy).toEqual(
    expect.arrayContaining([
      { rule: 'node_modules', origin: 'default', count: 1 },
      { rule: 'raw/', origin: 'folder', count: 1 },
    ]),
  )
  const decisions = { rules: '!node_modules\n*.log', exclude: ['/drafts'] }
  const review = await ana.client.publish.review({ paths: [folder], ...decisions })
  expect(review.files).toBe(3)
  expect(review.bytes).toBe(5002)
  expect(review.ignoredBy).toEqual(
    expect.arrayContaining([
      { rule: '*.log', origin: 'own', count: 1 },
      { rule: '/drafts', origin: 'chosen', count: 2 },
      { rule: 'raw/', origin: 'folder', count: 1 },
    ]),
  )
  const { key, transfer } = await ana.client.publish.start({
    review: review.id,
    title: 'Rules',
    private: false,
    exclude: ['/film.mov'],
    includeSuspicious: false,
    into: null,
  })
  await ana.transfer(transfer, isDone)
  expect(await list(ana, key)).toEqual(['a.txt', 'node_modules'])
  expect(await ana.client.publish.rules({ key })).toEqual({
    rules: decisions.rules,
    exclude: ['/drafts', '/film.mov'],
    includeSuspicious: false,
  })
})

test('rules are changed later: the difference is told first, and what leaves stays in older versions', async () => {
  const folder = await temporaryFolder('later')
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`drafts/${index}.md`, 'draft']))
  await writeTree(folder, { ...files, 'a.txt': 'a', 'b.txt': 'b', 'node_modules/x.js': 'x' })
  const ana = await start()
  const { key } = await publish(ana, [folder])
  const before = await ana.archive(key, watching)
  const decisions = { rules: '!node_modules\ndrafts/', exclude: ['/b.txt'], includeSuspicious: false }
  const review = await ana.client.publish.reviewRules({ key, ...decisions })
  expect(review).toMatchObject({ files: 2, leaving: { files: 21, bytes: 101 }, coming: { files: 1, bytes: 1 } })
  expect(review.coming.paths).toEqual(['/node_modules/x.js'])
  expect(review.leaving.paths).toContain('/drafts/0.md')
  expect(await list(ana, key)).toEqual(['a.txt', 'b.txt', 'drafts'])
  // More than half of it leaves, and that has just been agreed to.
  await ana.client.publish.changeRules({ key, ...decisions, leaving: review.leaving.files })
  const asked: string[] = []
  await ana.archive(key, row => {
    asked.push(row.source?.state.name ?? '')
    return row.files === 2
  })
  expect(asked).not.toContain('asks-removal')
  expect(await list(ana, key)).toEqual(['a.txt', 'node_modules'])
  expect(await list(ana, key, '/', before.length)).toEqual(['a.txt', 'b.txt', 'drafts'])
  expect((await added(ana, key))[0]).toMatchObject({ removed: 21, added: 1 })

  // They hold after a restart too.
  await ana.close()
  const again = await start({ storage: ana.storage })
  expect(await again.client.publish.rules({ key })).toEqual(decisions)
  await again.archive(key, watching)
  await writeFile(join(folder, 'drafts/new.md'), 'new')
  await writeFile(join(folder, 'node_modules/y.js'), 'y')
  await writeFile(join(folder, 'c.txt'), 'c')
  await again.archive(key, row => row.files === 4)
  expect(await list(again, key)).toEqual(['a.txt', 'c.txt', 'node_modules'])
})

test('more than was agreed to is asked about', async () => {
  const folder = await temporaryFolder('more')
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`drafts/${index}.md`, 'draft']))
  await writeTree(folder, { ...files, 'a.txt': 'a' })
  const ana = await start()
  const { key } = await publish(ana, [folder])
  await ana.archive(key, watching)
  const decisions = { rules: 'drafts/', exclude: [], includeSuspicious: false }
  await ana.client.publish.changeRules({ key, ...decisions, leaving: 3 })
  const row = await ana.archive(key, row => row.source?.state.name === 'asks-removal')
  expect(row).toMatchObject({ files: 21, source: { state: { removals: 20 } } })
})

test.each(['asked', 'paused'])('other rules are no answer to what is gone from the folder: %s', async how => {
  const folder = await temporaryFolder('gone')
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`drafts/${index}.md`, 'draft']))
  await writeTree(folder, { ...files, 'a.txt': 'a', 'b.pdf': 'b' })
  const ana = await start()
  const { key } = await publish(ana, [folder])
  await ana.archive(key, watching)
  await rm(join(folder, 'drafts'), { recursive: true })
  await ana.archive(key, row => row.source?.state.name === 'asks-removal')
  if (how === 'paused') {
    await ana.client.publish.answerRemoval({ key, remove: false })
    await ana.archive(key, row => row.source?.state.name === 'paused')
  }
  const decisions = { rules: '*.pdf', exclude: [], includeSuspicious: false }
  const review = await ana.client.publish.reviewRules({ key, ...decisions })
  expect(review.leaving.files).toBe(21)
  await ana.client.publish.changeRules({ key, ...decisions, leaving: review.leaving.files })
  await ana.client.publish.pause({ key, paused: false })
  const row = await ana.archive(
    key,
    ({ source, files }) => files !== 22 || (source?.state.name === 'asks-removal' && source.state.removals === 21),
  )
  expect(row.files).toBe(22)
  await ana.client.publish.answerRemoval({ key, remove: true })
  await ana.archive(key, row => row.files === 1)
  expect(await list(ana, key)).toEqual(['a.txt'])
})

test('several files and folders: rules hold below each folder, and for each file', async () => {
  const folder = await temporaryFolder('several')
  await writeTree(folder, { 'one/a.txt': 'a', 'one/b.log': 'b', 'two/node_modules/x': 'x', 'three.log': 'c' })
  const paths = ['one', 'two', 'three.log'].map(name => join(folder, name))
  const ana = await start()
  const review = await ana.client.publish.review({ paths, rules: '*.log\n!node_modules' })
  expect(review.files).toBe(2)
  expect(review.ignored.map(({ path }) => path).sort()).toEqual(['/one/b.log', '/three.log'])
})

test('a drop of very many names is looked at in slices, and can be cancelled', async () => {
  const ana = await start()
  const items = Array.from({ length: 100_000 }, (_, index) => ({
    path: `Many/${index % 100}/photo ${index}.jpg`,
    size: 1,
    modified: null,
  }))
  const stop = new AbortController()
  const cancelled = ana.client.publish.reviewDropped({ title: 'Many', items, rules: null }, { signal: stop.signal })
  setTimeout(() => stop.abort(), 50)
  await expect(cancelled).rejects.toThrow()
  let turns = 0
  const beat = setInterval(() => turns++, 5)
  const review = await ana.client.publish.reviewDropped({
    title: 'Many',
    items,
    rules: null,
    ownRules: '*1.jpg',
    exclude: ['Many/2'],
  })
  clearInterval(beat)
  expect(review.files).toBe(89_000)
  expect(review.ignoredBy).toEqual(
    expect.arrayContaining([
      { rule: '*1.jpg', origin: 'own', count: 10_000 },
      { rule: 'Many/2', origin: 'chosen', count: 1000 },
    ]),
  )
  // In one piece there would be two or three, however quick or busy the machine is.
  expect(turns).toBeGreaterThan(10)
})

test('a folder that was moved is followed where it is now, without importing it again', async () => {
  const home = await temporaryFolder('moved')
  const folder = join(home, 'Pictures')
  await mkdir(folder)
  const files = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`b/${index}.txt`, `${index}`]))
  await writeTree(folder, { 'a.txt': 'a', ...files, 'd.txt': 'd' })
  const ana = await start()
  const { key } = await publish(ana, [folder])
  await ana.archive(key, watching)
  const moved = join(home, 'Elsewhere')
  await rename(folder, moved)
  const { length } = await ana.archive(key, row => row.source?.state.name === 'missing')
  const wrong = await temporaryFolder('wrong')
  await writeTree(wrong, { 'a.txt': 'a', 'other.txt': 'x' })
  const move = (to: string, force = false) => ana.client.publish.moveSource({ key, from: folder, to, force })
  await expect(move(wrong)).rejects.toMatchObject({ code: 'SOURCE_DIFFERS', data: { found: 1, of: 10 } })
  await expect(move(join(moved, 'a.txt'))).rejects.toMatchObject({ code: 'SOURCE_WRONG_KIND' })
  await expect(move(join(home, 'nowhere'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  await expect(move(ana.storage)).rejects.toMatchObject({ code: 'SOURCE_HOLDS_STORAGE' })
  const other = await temporaryFolder('other')
  await writeTree(other, { 'a.txt': 'a', ...files, 'd.txt': 'd' })
  await publish(ana, [other])
  await expect(move(other)).rejects.toMatchObject({ code: 'SOURCE_IN_USE' })
  await move(moved)
  // That it is missing at the old place is over: whoever waits for the new one must not meet it again.
  const states = new Set<string>()
  const row = await ana.archive(key, row => {
    states.add(row.source?.state.name ?? '')
    return row.source?.paths[0] === moved && watching(row)
  })
  expect(states).not.toContain('missing')
  expect(row.source?.paths).toEqual([moved])
  expect(row.length).toBe(length)
  // Followed there, and not at the old place.
  await mkdir(folder)
  await writeFile(join(folder, 'ghost.txt'), 'x')
  await writeFile(join(moved, 'new.txt'), 'new')
  await ana.archive(key, row => row.files === 11)
  expect(await list(ana, key)).toEqual(['a.txt', 'b', 'd.txt', 'new.txt'])
  expect((await added(ana, key))[0]).toMatchObject({ added: 1, changed: 0, removed: 0, bytes: 3 })

  // Another folder altogether, if the person insists: what is missing there is asked about.
  await ana.client.publish.moveSource({ key, from: moved, to: wrong, force: true })
  await ana.archive(key, row => row.source?.state.name === 'asks-removal')
  expect(await list(ana, key)).toContain('new.txt')
})

test('a folder that is moved, under new rules, while it is being imported for the first time', async () => {
  const home = await temporaryFolder('importing')
  const folder = join(home, 'Films')
  const names = Array.from({ length: 30 }, (_, index) => `${index}.mov`)
  await writeTree(folder, Object.fromEntries(names.map((name, index) => [name, Buffer.alloc(4_000_000, index + 1)])))
  const ana = await start()
  const review = await ana.client.publish.review({ paths: [folder] })
  const { key, transfer } = await ana.client.publish.start({
    review: review.id,
    title: 'Films',
    private: false,
    exclude: [],
    includeSuspicious: false,
    into: null,
  })
  await ana.transfer(transfer, row => row.bytes > 20_000_000)
  const decisions = { rules: '!.git', exclude: ['/3.mov'], includeSuspicious: false }
  await ana.client.publish.changeRules({ key, ...decisions, leaving: 0 })
  await ana.transfer(transfer, row => row.state.name === 'running')
  await rename(folder, join(home, 'Moved'))
  await ana.client.publish.moveSource({ key, from: folder, to: join(home, 'Moved'), force: true })
  await ana.archive(key, row => watching(row) && !row.stillBeingAdded)
  expect(await list(ana, key)).toEqual(names.filter(name => name !== '3.mov').sort())
})

test('a paused archive stays paused when its folder is moved, and after a restart', async () => {
  const home = await temporaryFolder('paused')
  await writeTree(join(home, 'one'), { 'a.txt': 'a' })
  const ana = await start()
  const { key } = await publish(ana, [join(home, 'one')])
  await ana.archive(key, watching)
  await ana.client.publish.pause({ key, paused: true })
  await rename(join(home, 'one'), join(home, 'two'))
  await ana.client.publish.moveSource({ key, from: join(home, 'one'), to: join(home, 'two'), force: false })
  await writeFile(join(home, 'two/b.txt'), 'b')
  await ana.close()
  const again = await start({ storage: ana.storage })
  const row = await again.archive(key, row => row.source?.state.name === 'paused')
  expect(row).toMatchObject({ files: 1, source: { paths: [join(home, 'two')] } })
  await again.client.publish.pause({ key, paused: false })
  await again.archive(key, row => row.files === 2 && watching(row))
})

test('an archive without a folder is edited in whole changesets that move no bytes, and each can be undone', async () => {
  const home = await temporaryFolder('edited')
  await writeTree(home, { 'Trip/a.txt': 'first', 'Trip/b/c.txt': 'c', 'Trip/b/d.txt': 'd', 'more/a.txt': 'second' })
  const ana = await start()
  const upload = await ana.client.publish.startUpload({ title: 'Trip', private: false, files: 0, bytes: 0, into: null })
  await ana.client.publish.finishUpload({ upload: upload.upload })
  const { key } = upload
  const add = async (path: string, onClash: 'replace' | 'keep-both' | 'skip', folder = '/') => {
    const into = { key, folder }
    const review = await ana.client.publish.review({ paths: [join(home, path)], into })
    const { transfer } = await ana.client.publish.start({
      review: review.id,
      title: 'x',
      private: false,
      exclude: [],
      includeSuspicious: false,
      into,
      onClash,
    })
    await ana.transfer(transfer, isDone)
    return review.clashes
  }
  expect(await add('Trip', 'replace')).toEqual([])
  expect(await list(ana, key, '/Trip')).toEqual(['a.txt', 'b'])
  const blobs = async () => (await ana.archive(key, isFound)).held.ofBytes
  const bytes = await blobs()
  const versions = async () => (await added(ana, key)).length

  const count = await versions()
  const moved = await ana.client.publish.move({ key, paths: ['/Trip/b', '/Trip/b/c.txt', '/Trip/a.txt'], folder: '/' })
  expect(moved.files).toBe(6)
  expect(await list(ana, key)).toEqual(['a.txt', 'b'])
  expect(await list(ana, key, '/b')).toEqual(['c.txt', 'd.txt'])
  const renamed = await ana.client.publish.rename({ key, from: '/b', to: '/B' })
  expect(await list(ana, key)).toEqual(['B', 'a.txt'])
  const removed = await ana.client.publish.remove({ key, paths: ['/B', '/a.txt'] })
  expect(removed.files).toBe(3)
  expect(await versions()).toBe(count + 3)
  await ana.archive(key, row => row.files === 0)

  await ana.client.publish.restore({ key, version: removed.before, paths: ['/B', '/a.txt'] })
  expect(await list(ana, key)).toEqual(['B', 'a.txt'])
  expect((await ana.client.history.list({ key, before: null, limit: 1 })).changesets[0]).toMatchObject({
    message: `Restored from version ${removed.before}`,
  })
  await ana.client.publish.restore({ key, version: renamed.before, paths: ['/b', '/B'] })
  expect(await list(ana, key)).toEqual(['a.txt', 'b'])
  const paths = ['/Trip/b', '/Trip/a.txt', '/b', '/a.txt']
  await ana.client.publish.restore({ key, version: moved.before, paths })
  expect(await list(ana, key)).toEqual(['Trip'])
  expect(await text(ana, key, '/Trip/b/d.txt')).toBe('d')
  await ana.archive(key, row => row.files === 3 && row.bytes === 7)
  expect(await blobs()).toBe(bytes)
  const still = await versions()
  await ana.client.publish.restore({ key, version: moved.before, paths })
  expect(await versions()).toBe(still)

  await expect(ana.client.publish.move({ key, paths: ['/Trip'], folder: '/Trip/b' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  await expect(ana.client.publish.rename({ key, from: '/Trip/a.txt', to: '/Trip/b' })).rejects.toMatchObject({
    code: 'PATH_TAKEN',
    data: { path: '/Trip/b' },
  })
  await expect(ana.client.publish.move({ key, paths: ['/gone'], folder: '/b' })).rejects.toMatchObject({
    code: 'PATH_NOT_FOUND',
  })

  // A file of the same name is told of, and goes where the person says.
  const clash = { path: '/Trip/a.txt', free: '/Trip/a (2).txt' }
  expect(await add('more/a.txt', 'skip', '/Trip')).toEqual([clash])
  expect(await text(ana, key, '/Trip/a.txt')).toBe('first')
  expect(await add('more/a.txt', 'keep-both', '/Trip')).toEqual([clash])
  expect(await text(ana, key, '/Trip/a (2).txt')).toBe('second')
  expect(await add('more/a.txt', 'replace', '/Trip')).toEqual([{ ...clash, free: '/Trip/a (3).txt' }])
  expect(await text(ana, key, '/Trip/a.txt')).toBe('second')
  const dropped = await ana.client.publish.reviewDropped({
    title: 'a',
    items: ['a.txt', 'new.txt', 'b/c.txt'].map(path => ({ path, size: 1, modified: null })),
    rules: null,
    into: { key, folder: '/Trip' },
  })
  expect(dropped.clashes.map(({ path }) => path)).toEqual(['/Trip/a.txt', '/Trip/b/c.txt'])

  const followed = await publish(ana, [join(home, 'more')])
  await expect(ana.client.publish.remove({ key: followed.key, paths: ['/a.txt'] })).rejects.toMatchObject({
    code: 'ARCHIVE_READ_ONLY',
  })
})
