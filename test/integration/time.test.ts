/** Time in an archive: which versions can be opened, what became of a file, what is gone, and how it comes back. */
import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArchiveRow, Moment } from '../../preload/contract/models.ts'
import { encodeKey } from '../../main/archives/links.ts'
import { isFound, type Person, publish, share, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { lookForGone } from '../helpers/gone.ts'
import { plainAuthor } from '../helpers/plain-author.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { readByFriend, steps } from '../helpers/versions.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('every place in the log stands for the end of its changeset, and a file leads to its earlier versions', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'a.txt': 'one', 'b/c.txt': 'same', 'b/d.txt': 'd' })
  const [ana, ben] = await Promise.all([startPerson(testnet.bootstrap), startPerson(testnet.bootstrap)])
  const { key } = await share(ana, ben, [source])
  const first = await ana.archive(key, row => row.source?.state.name === 'watching')
  await writeFile(join(source, 'a.txt'), 'two, and longer')
  const second = await ana.archive(key, row => row.length > first.length)
  await writeTree(source, { 'e.txt': 'e', 'f.txt': 'f' })
  const third = await ana.archive(key, row => row.length > second.length)
  await ben.archive(key, row => row.length === third.length)

  const { moments, before } = await ben.client.history.moments({ key, until: null, limit: 100 })
  expect(before).toBe(null)
  // The archive was made and then filled: parts of one import are one place.
  expect(moments.map(({ version, from }) => [version, from])).toEqual([
    [third.length, second.length],
    [second.length, first.length],
    [first.length, 0],
  ])
  expect(moments.every(({ version, from, time }) => from < version && time !== null)).toBe(true)
  for (let until = 2; until <= third.length; until++) {
    const {
      moments: [moment],
    } = await ben.client.history.moments({ key, until, limit: 1 })
    const { from } = moments.findLast(({ version }) => version >= until)!
    // Somebody who comes with the number of a part sees what was there by then.
    expect(moment).toMatchObject(from === 0 ? { from } : moments.findLast(({ version }) => version >= until)!)
    const page = await ben.client.read.list({ key, version: moment!.version, folder: '/', cursor: null, limit: 10 })
    expect(page.entries.length > 0).toBe(moment!.version >= first.length)
  }

  const { versions, ...rest } = await ben.client.history.file({ key, path: '/a.txt', until: null, limit: 10 })
  expect(versions.map(({ version, change, entry }) => [version, change, entry.size])).toEqual([
    [second.length, 'changed', 15],
    [first.length, 'added', 3],
  ])
  expect(rest).toMatchObject({ absent: true })
  const page = await ben.client.history.file({ key, path: '/a.txt', until: null, limit: 1 })
  expect(page).toMatchObject({ versions: versions.slice(0, 1), before: first.length, absent: false })
})

test('of an archive of another program every version can be opened, by somebody who holds nothing', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (let round = 0; round < 300; round++)
    await drive.put(`/${round % 7 === 0 ? 'often' : `file-${round}`}.txt`, Buffer.from(`${round}`))
  await drive.del('/file-5.txt')
  const begun = drive.version
  const batch = drive.batch()
  for (let index = 0; index < 40; index++) await batch.put(`/batch/${index}`, Buffer.from('some'))
  await batch.flush()
  const ended = drive.version
  swarm.join(drive.discoveryKey, { server: true, client: false })
  await swarm.flush()
  const ben = await startPerson(testnet.bootstrap)
  const key = encodeKey(drive.key)
  await ben.client.archives.open({ link: `hyper://${key}` })
  const row = await ben.archive(key, isFound)
  const { moments } = await ben.client.history.moments({ key, until: 150, limit: 3 })
  expect(moments.map(({ version, from, time }) => [version, from, time])).toEqual([
    [150, 149, null],
    [149, 148, null],
    [148, 147, null],
  ])
  // No version lies inside of a batch.
  for (const until of [begun + 1, begun + 20, ended]) {
    const page = await ben.client.history.moments({ key, until, limit: 2 })
    expect(page.moments.map(({ version, from }) => [version, from])).toEqual([
      [ended, begun],
      [begun, begun - 1],
    ])
  }
  const often: number[] = []
  for (let until: number | null = null; ; ) {
    const page: Awaited<ReturnType<typeof ben.client.history.file>> = await ben.client.history.file({
      key,
      path: '/often.txt',
      until,
      limit: 10,
    })
    often.push(...page.versions.map(({ version }) => version))
    until = page.before
    if (until === null || page.absent) break
  }
  expect(often).toEqual(Array.from({ length: 43 }, (_, index) => 2 + 7 * (42 - index)))
  expect(row.length).toBe(drive.version)
})

test('what was removed from a small archive of another program just before a batch is found', async () => {
  const author = await plainAuthor(testnet.bootstrap, { '/first.txt': Buffer.from('first') })
  const { drive, key, bob: ben } = author
  for (let round = 0; round < 40; round++) await drive.put(`/note ${round % 7}.txt`, Buffer.from(`${round}`))
  const had = drive.version
  await drive.del('/note 3.txt')
  const batch = drive.batch()
  for (let index = 0; index < 200; index++) await batch.put(`/batch/${index}`, Buffer.from('some'))
  await batch.flush()
  await ben.archive(key, row => row.length === drive.version)
  const { found } = await lookForGone(ben, key, { folder: '/' })
  expect(found.map(({ path, gone }) => [path, gone.version])).toEqual([['/note 3.txt', had]])
  await author.leave()
})

const names = async (folder: string) => Object.keys(await readTree(folder)).filter(path => !path.startsWith('.'))

test('a folder that is followed is given back what it was: no content is stored again, and nothing of the person is lost', async () => {
  const source = await temporaryFolder('source')
  const kept = 'k'.repeat(300_000)
  await writeTree(source, { 'a.txt': 'one', 'large.bin': kept, 'b/c.txt': 'c', 'b/d.txt': 'd', 'stays.txt': 'stays' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [source])
  const isFollowed = (row: ArchiveRow) => row.source?.state.name === 'watching'
  const first = await ana.archive(key, isFollowed)
  const before = await readTree(source)

  await writeFile(join(source, 'a.txt'), 'two, and longer')
  await writeFile(join(source, 'large.bin'), 'small now')
  await rm(join(source, 'b'), { recursive: true })
  await writeFile(join(source, 'new.txt'), 'new')
  const second = await ana.archive(key, row => isFollowed(row) && row.length > first.length && row.files === 4)
  // Saved in the very moment in which it is restored: it is published before it is written over.
  await writeFile(join(source, 'a.txt'), 'three, which nobody has seen')
  const {
    before: undo,
    files,
    transfer,
  } = await ana.client.publish.restore({ key, version: first.length, paths: ['/'] })
  expect({ files, transfer }).toEqual({ files: 5, transfer: null })
  expect(undo).toBeGreaterThan(second.length)
  const third = await ana.archive(key, row => row.length > undo && row.files === 5)
  expect(await readTree(source)).toEqual(before)
  expect(await names(source)).toHaveLength(5)
  const { changesets } = await ana.client.history.list({ key, before: null, limit: 2 })
  expect(changesets.map(({ message }) => message)).toEqual([`Restored from version ${first.length}`, ''])
  // Of that alone, nothing of what was restored.
  expect(third.held.ofBytes - second.held.ofBytes).toBe('three, which nobody has seen'.length)
  const entry = await ana.client.read.bytes({ key, version: undo, path: '/a.txt', start: 0, length: 100 })
  expect(Buffer.from(entry.base64, 'base64').toString()).toBe('three, which nobody has seen')

  // What is no version is not taken for one that has lost files.
  for (let version = 2; version < third.length; version++) {
    const { moments } = await ana.client.history.moments({ key, until: version, limit: 1 })
    if (moments[0]!.version === version) continue
    const restored = ana.client.publish.restore({ key, version, paths: ['/'] })
    await expect(restored).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
  }

  // Nothing is found to do by the next look at the folder.
  await ana.client.publish.pause({ key, paused: true })
  await ana.client.publish.pause({ key, paused: false })
  expect(await ana.archive(key, isFollowed)).toMatchObject({ length: third.length })

  // And it is undone by the same.
  await ana.client.publish.restore({ key, version: undo, paths: ['/'] })
  const last = await ana.archive(key, row => row.length > third.length && row.files === 4)
  expect(last.held.ofBytes).toBe(third.held.ofBytes)
  expect(await names(source)).toEqual(['a.txt', 'large.bin', 'new.txt', 'stays.txt'])
  expect(await readFile(join(source, 'a.txt'), 'utf8')).toBe('three, which nobody has seen')
})

test('of a folder that has lost most of its files what is gone is brought back, without taking it out first', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index}.txt`, `${index}`])))
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [source])
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  const before = await readTree(source)
  for (let index = 0; index < 9; index++) await rm(join(source, `f${index}.txt`))
  await writeFile(join(source, 'f10.txt'), 'changed, and not in the archive yet')
  await ana.archive(key, row => row.source?.state.name === 'asks-removal')
  const { skipped } = await ana.client.publish.restore({ key, version: length, paths: ['/'] })
  expect(skipped.map(({ path, reason }) => [path, reason])).toEqual([['/f10.txt', 'exists']])
  const row = await ana.archive(key, row => row.source?.state.name === 'watching' && row.length > length)
  expect(row.files).toBe(12)
  const after = await readTree(source)
  expect(after['f10.txt']).not.toBe(before['f10.txt'])
  expect({ ...after, 'f10.txt': null }).toEqual({ ...before, 'f10.txt': null })
})

test('what is gone is found in its folder and by its name, and is read at the last version that had it', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'a.txt': 'a', 'gone.txt': 'was here', 'b/c.txt': 'c', 'd/e.txt': 'e', 'd/f/g.txt': 'g' })
  const [ana, ben] = await Promise.all([startPerson(testnet.bootstrap), startPerson(testnet.bootstrap)])
  const { key } = await share(ana, ben, [source])
  const first = await ana.archive(key, row => row.source?.state.name === 'watching')
  await rm(join(source, 'gone.txt'))
  const second = await ana.archive(key, row => row.length > first.length)
  await rm(join(source, 'd'), { recursive: true })
  const third = await ana.archive(key, row => row.length > second.length && row.files === 2)
  await writeFile(join(source, 'b/new.txt'), 'new')
  const last = await ana.archive(key, row => row.length > third.length)
  await ben.archive(key, row => row.length === last.length)

  const root = await lookForGone(ben, key, { folder: '/' })
  expect(root.found.map(({ path, kind, gone }) => [path, kind, gone.version])).toEqual([
    ['/d', 'folder', second.length],
    ['/gone.txt', 'file', first.length],
  ])
  expect(root.found.every(({ gone }) => gone.time !== null)).toBe(true)
  expect(root.before).toBe(null)
  const { version } = root.found[1]!.gone
  const { base64 } = await ben.client.read.bytes({ key, version, path: '/gone.txt', start: 0, length: 100 })
  expect(Buffer.from(base64, 'base64').toString()).toBe('was here')
  expect((await lookForGone(ben, key, { folder: '/d' })).found.map(({ path }) => path)).toEqual(['/d/f', '/d/e.txt'])
  expect((await lookForGone(ben, key, { folder: '/b' })).found).toEqual([])
  expect((await lookForGone(ben, key, { folder: '/', name: 'G' })).found.map(({ path }) => path)).toEqual([
    '/d/f/g.txt',
    '/gone.txt',
  ])

  await ana.client.publish.restore({ key, version, paths: ['/gone.txt'] })
  const back = await ana.archive(key, row => row.length > last.length)
  expect(await readFile(join(source, 'gone.txt'), 'utf8')).toBe('was here')
  expect(back.held.ofBytes).toBe(last.held.ofBytes)
  expect((await lookForGone(ana, key, { folder: '/' })).found.map(({ path }) => path)).toEqual(['/d'])
})

test("versions have names: an author's for everybody, a reader's for themselves", async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'a.txt': 'one' })
  const [ana, ben] = await Promise.all([startPerson(testnet.bootstrap), startPerson(testnet.bootstrap)])
  const { key } = await share(ana, ben, [source])
  const first = await ana.archive(key, row => row.source?.state.name === 'watching')
  await writeFile(join(source, 'a.txt'), 'two, and longer')
  const second = await ana.archive(key, row => row.length > first.length)

  await ana.client.history.name({ key, version: first.length, name: 'v1.0' })
  await ana.client.history.name({ key, version: second.length, name: 'as sent to the printer' })
  await ana.client.history.name({ key, version: first.length, name: 'v1' })
  const named = await ana.archive(key, row => row.length > second.length + 5)
  await ben.archive(key, row => row.length === named.length)
  await ben.client.history.name({ key, version: first.length, name: 'the good one' })
  const names = async ({ client }: Person) =>
    (await client.history.names({ key })).names.map(({ version, name, own }) => [version, name, own])
  expect(await names(ana)).toEqual([
    [second.length, 'as sent to the printer', false],
    [first.length, 'v1', false],
  ])
  expect(await names(ben)).toEqual([
    [second.length, 'as sent to the printer', false],
    [first.length, 'the good one', true],
  ])
  // It is told as that, changes no file, costs no content, and is no file of the archive.
  const { changesets } = await ben.client.history.list({ key, before: null, limit: 1 })
  expect(changesets).toMatchObject([{ naming: { version: first.length, name: 'v1' }, added: 0, changed: 0, bytes: 0 }])
  expect([named.files, named.held.ofBytes]).toEqual([second.files, second.held.ofBytes])
  const { entries } = await ben.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 })
  expect(entries.map(({ path }) => path)).toEqual(['/a.txt'])
  const inside = ana.client.history.name({ key, version: first.length - 1, name: 'inside of a changeset' })
  await expect(inside).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })

  await ana.client.history.name({ key, version: first.length, name: null })
  await ben.client.history.name({ key, version: first.length, name: null })
  await ben.archive(key, row => row.length > named.length)
  expect(await names(ben)).toEqual([[second.length, 'as sent to the printer', false]])
})

test('an empty file with another time is the same file, in its versions as in changes', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'empty.txt': '' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [source])
  const first = await ana.archive(key, row => row.source?.state.name === 'watching')
  await utimes(join(source, 'empty.txt'), 1_600_000_000, 1_600_000_000)
  const { length } = await ana.archive(key, row => row.length > first.length)
  const { files } = await ana.client.history.changes({ key, from: first.length, to: length, limit: 10 })
  expect(files).toMatchObject([{ path: '/empty.txt', change: 'touched' }])
  const { versions } = await ana.client.history.file({ key, path: '/empty.txt', until: null, limit: 10 })
  expect(versions.map(({ change }) => change)).toEqual(['touched', 'added'])
})

test('whatever was done to an archive: what is said to be a version is one, and all that is gone is found where it was', async () => {
  const author = await plainPeer(testnet.bootstrap)
  const ben = await startPerson(testnet.bootstrap)
  await fc.assert(
    fc.asyncProperty(steps, fc.infiniteStream(fc.nat()), async (given, random) => {
      const { drive, key, versions } = await readByFriend(author, ben, given)
      if (versions.length === 0) return
      const lengths = versions.map(({ length }) => length)
      const until = 2 + (random.next().value % (drive.core.length - 1))
      const { moments } = await ben.client.history.moments({ key, until, limit: 100 })
      expect(lengths).toEqual(expect.arrayContaining(moments.map(({ version }) => version)))
      expect(moments[0]!.version).toBeGreaterThanOrEqual(until)
      for (const [index, { from }] of moments.slice(0, -1).entries()) expect(from).toBe(moments[index + 1]!.version)

      const now = versions.at(-1)!.contents
      // Of a small list it cannot always be said where a batch of another program has ended.
      const told = new Set<number>()
      for (let until: number | null = null; ; ) {
        const page: { readonly moments: readonly Moment[]; readonly before: number | null } =
          await ben.client.history.moments({ key, until, limit: 100 })
        for (const { version } of page.moments) told.add(version)
        until = page.before
        if (until === null) break
      }
      const ever = new Set(
        versions.filter(({ length }) => told.has(length)).flatMap(({ contents }) => [...contents.keys()]),
      )
      const lost = new Set(versions.flatMap(({ contents }) => [...contents.keys()]).filter(path => !now.has(path)))
      const { found, before } = await lookForGone(ben, key, { folder: '/', name: 'file', limit: 1000 })
      expect(before).toBe(null)
      const paths = found.map(({ path }) => path)
      expect(paths).toEqual(expect.arrayContaining([...ever].filter(path => !now.has(path))))
      expect([...lost]).toEqual(expect.arrayContaining(paths))
      for (const { path, size, gone } of found)
        expect(versions.find(({ length }) => length === gone.version)?.contents.get(path)).toBe(size)

      const path = [...now.keys()][random.next().value % Math.max(1, now.size)]
      if (path === undefined) return
      const file = await ben.client.history.file({ key, path, until: null, limit: 100 })
      for (const { version, entry } of file.versions)
        expect(versions.find(({ length }) => length === version)?.contents.get(path)).toBe(entry.size)
    }),
    { numRuns: 12, endOnFailure: true },
  )
})
