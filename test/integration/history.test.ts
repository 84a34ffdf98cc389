/** What is said of the past: by its author's Cairn in the changeset, and by comparing any two versions. */
import { chmod, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChangedFile, Changeset } from '../../preload/contract/models.ts'
import { encodeKey } from '../../main/archives/links.ts'
import { type Person, publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { apply, differing, fold, netOf, readByFriend, steps, type Version } from '../helpers/versions.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('what has another name is renamed, what was only touched is not changed, and a reader sees the same', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, {
    'a/one.txt': 'one',
    'a/two.txt': 'two',
    'twin.txt': 'twin',
    'stays.txt': 'stays',
    'touched.txt': 'touched',
    'tool.sh': 'tool',
    'changed.txt': 'before',
    'gone.txt': 'gone',
  })
  const ana = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(ana, [source])
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  const ben = await startPerson(testnet.bootstrap)
  await ben.client.archives.open({ link })

  await ana.client.publish.pause({ key, paused: true })
  await rename(join(source, 'a'), join(source, 'b'))
  await rename(join(source, 'twin.txt'), join(source, 'other twin.txt'))
  await utimes(join(source, 'touched.txt'), 1_600_000_000, 1_600_000_000)
  await chmod(join(source, 'tool.sh'), 0o755)
  await writeFile(join(source, 'changed.txt'), 'after, and longer')
  await rm(join(source, 'gone.txt'))
  await writeFile(join(source, 'new.txt'), 'new')
  await ana.client.publish.pause({ key, paused: false })
  const row = await ben.archive(key, row => row.length > length)

  const { changesets } = await ben.client.history.list({ key, before: null, limit: 1 })
  expect(changesets).toMatchObject([{ added: 1, changed: 1, renamed: 3, removed: 1, touched: 2 }])
  const { files, more } = await ben.client.history.changes({ key, from: length, to: row.length, limit: 100 })
  expect(more).toBe(false)
  expect(files.map(({ change, from, path }) => `${change} ${from === null ? '' : `${from} → `}${path}`)).toEqual([
    'renamed /a/one.txt → /b/one.txt',
    'renamed /a/two.txt → /b/two.txt',
    'changed /changed.txt',
    'removed /gone.txt',
    'added /new.txt',
    'renamed /twin.txt → /other twin.txt',
    'touched /tool.sh',
    'touched /touched.txt',
  ])
  const first = await ben.client.history.changes({ key, from: length, to: row.length, limit: 2 })
  expect(first).toEqual({ files: files.slice(0, 2), more: true })
})

/** All of it, page by page, newest first. */
async function timeline({ client }: Person, key: string, limit = 200): Promise<readonly Changeset[]> {
  const all: Changeset[] = []
  for (let before: number | null = null; ; ) {
    const page = await client.history.list({ key, before, limit, soon: limit < 200 })
    all.push(...page.changesets)
    before = page.before
    if (before === null) return all
  }
}

async function changes({ client }: Person, key: string, from: number, to: number): Promise<readonly ChangedFile[]> {
  const { files, more } = await client.history.changes({ key, from, to, limit: 1000 })
  expect(more).toBe(false)
  return files
}

test('a changeset applied to what was gives what is, and changesets folded over a range are what differs between its ends', async () => {
  const author = await plainPeer(testnet.bootstrap)
  const ben = await startPerson(testnet.bootstrap)
  await fc.assert(
    fc.asyncProperty(steps, fc.infiniteStream(fc.nat()), async (given, random) => {
      const { key, versions } = await readByFriend(author, ben, given)
      if (versions.length === 0) return

      const changesets = (await timeline(ben, key, 1 + (random.next().value % 9))).toReversed()
      expect(changesets.map(({ from }) => from)).toEqual([0, ...changesets.slice(0, -1).map(({ length }) => length)])
      const beginning: Version = { length: 0, contents: new Map() }
      const at = (length: number) => [beginning, ...versions].find(version => version.length === length)!.contents
      const nets = []
      for (const { from, length, source, added, changed, removed, renamed, touched, written } of changesets) {
        const files = await changes(ben, key, from, length)
        expect(apply(at(from), files)).toEqual(at(length))
        nets.push(netOf(files))
        if (source === 'recorded') continue
        const came = files.filter(({ after }) => after !== null).length
        expect(added + changed + renamed + touched + written).toBe(came)
        expect(removed).toBeGreaterThanOrEqual(files.filter(({ change }) => change === 'removed').length)
        if (from === 0) expect(added).toBe(files.length)
      }
      const ends = [random.next().value, random.next().value].map(number => number % changesets.length)
      const [first, last] = [Math.min(...ends), Math.max(...ends)]
      const whole = netOf(await changes(ben, key, changesets[first]!.from, changesets[last]!.length))
      expect(differing(fold(nets.slice(first, last + 1)))).toEqual(differing(whole))

      // Any two versions, also those that no changeset begins or ends with.
      const [one, other] = [random.next().value, random.next().value].map(number => versions[number % versions.length]!)
      const [before, after] = one!.length < other!.length ? [one!, other!] : [other!, one!]
      expect(apply(before.contents, await changes(ben, key, before.length, after.length))).toEqual(after.contents)
    }),
    { numRuns: 12, endOnFailure: true },
  )
})

test('at whatever place somebody looks, there is a version with all that it has, or none', async () => {
  const author = await plainPeer(testnet.bootstrap)
  const ben = await startPerson(testnet.bootstrap)
  await fc.assert(
    fc.asyncProperty(steps, async given => {
      const { drive, key, versions } = await readByFriend(author, ben, given)
      for (let version = 2; version < drive.core.length; version++) {
        const contents = versions.find(({ length }) => length === version)?.contents
        const seen = sizesAt(ben, key, version)
        if (contents === undefined)
          await expect(seen, `${version}`).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
        else expect(await seen, `${version}`).toEqual(contents)
      }
    }),
    { numRuns: 8, endOnFailure: true },
  )
})

async function sizesAt({ client }: Person, key: string, version: number): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  const page = { key, version, cursor: null, limit: 1000 }
  for (const { path } of (await client.read.list({ ...page, folder: '/' })).entries)
    for (const file of (await client.read.list({ ...page, folder: path })).entries) sizes.set(file.path, file.size)
  return sizes
}

test('of a batch that is too long to be read its end is told, and where it begins is a version', async () => {
  const author = await plainPeer(testnet.bootstrap)
  const ben = await startPerson(testnet.bootstrap)
  const drive = new Hyperdrive(author.store)
  await drive.ready()
  for (let index = 0; index < 30; index++) await drive.put(`/early ${index}`, Buffer.from('early'))
  const before = drive.core.length
  const batch = drive.batch()
  for (let index = 0; index < 1500; index++) await batch.putEntry(`/file ${index}`, { metadata: null })
  await batch.flush()
  const after = drive.core.length
  await drive.put('/last', Buffer.from('last'))
  author.swarm.join(drive.discoveryKey, { server: true, client: false })
  const key = encodeKey(drive.key)
  await ben.client.archives.open({ link: `hyper://${key}` })
  await ben.archive(key, ({ state }) => state.name === 'found')

  const [newest, long, ...rest] = await timeline(ben, key)
  expect(newest).toMatchObject({ from: after, length: after + 1, more: false })
  expect(long).toMatchObject({ length: after, more: true })
  expect(long!.added + long!.written).toBe(1000)
  const { from } = long!
  expect(from).toBeLessThanOrEqual(before)
  expect(await changes(ben, key, from, before)).toHaveLength(before - Math.max(1, from))
  expect(rest.at(-1)?.from ?? from).toBe(0)
  await expect(changes(ben, key, before + 7, after)).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
  for (let inside = before + 1; inside < after; inside += 97)
    await expect(sizesAt(ben, key, inside), `${inside}`).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
  expect((await sizesAt(ben, key, before)).size).toBe(0)
})

test('a log of nonsense comes to an end in history, and is called what it is', async () => {
  const author = await plainPeer(testnet.bootstrap)
  const ben = await startPerson(testnet.bootstrap)
  const blocks = fc.array(nonsense, { minLength: 20, maxLength: 120 })
  const allowed = ['told', 'ARCHIVE_DAMAGED', 'VERSION_NOT_FOUND']
  const codeOf = (error: { readonly code: string }) => error.code
  let count = 0
  await fc.assert(
    fc.asyncProperty(blocks, fc.nat(), fc.nat(), async (given, one, other) => {
      const drive = new Hyperdrive(author.store.namespace(`nonsense ${count++}`))
      await drive.ready()
      for (let index = 0; index < 10; index++) await drive.putEntry(`/before ${index}`, { metadata: null })
      await drive.core.append([...given])
      await author.swarm.join(drive.discoveryKey, { server: true, client: false }).flushed()
      const key = encodeKey(drive.key)
      await ben.client.archives.open({ link: `hyper://${key}` })
      const isRead = ['found', 'empty', 'damaged']
      await ben.archive(key, ({ state, length }) => isRead.includes(state.name) && length === drive.core.length)
      const told = () => 'told'
      expect(allowed).toContain(await timeline(ben, key, 10).then(told, codeOf))
      const ends = [one, other].map(number => 2 + (number % (drive.core.length - 1))).sort((a, b) => a - b)
      const [from, to] = ends as [number, number]
      expect(allowed).toContain(await ben.client.history.changes({ key, from, to, limit: 50 }).then(told, codeOf))
      await ben.client.archives.forget({ key })
    }),
    { numRuns: 5, endOnFailure: true },
  )
})

const varint = (value: number): readonly number[] => (value < 128 ? [value] : [(value & 127) | 128, value >> 7])
const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes])
const numbers = (values: readonly number[]) => Buffer.from(values.flatMap(varint))
/** A block as Hyperbee writes it, whose nodes name any of the first others. */
const nonsense = fc
  .record({
    levels: fc.array(
      fc.record({
        keys: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 9 }),
        children: fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 3 })), {
          maxLength: 10,
        }),
      }),
      { maxLength: 4 },
    ),
    path: fc.integer({ min: 0, max: 20 }),
    isDeleted: fc.boolean(),
  })
  .map(({ levels, path, isDeleted }) =>
    Buffer.concat([
      field(
        1,
        Buffer.concat(
          levels.map(({ keys, children }) =>
            field(1, Buffer.concat([field(1, numbers(keys)), field(2, numbers(children.flat()))])),
          ),
        ),
      ),
      field(2, Buffer.from(`files\0/file ${path}`)),
      ...(isDeleted ? [] : [field(3, Buffer.from('{"metadata":null}'))]),
    ]),
  )
