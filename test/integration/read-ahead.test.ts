/** Many entries leave an archive at once, plain and private, with the same result as one after another. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { Archive } from '../../main/archives/archive.ts'
import { readAhead } from '../../main/lib/read-ahead.ts'
import { encodeKey } from '../../main/archives/links.ts'
import { openStore, type Store } from '../../main/archives/store.ts'
import { rememberTree } from '../../main/lib/tree-nodes.ts'
import { knownEntries, linkTo, pendingOf } from '../../main/publish/known.ts'

let store: Store
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-ahead-'))
  store = await openStore(folder)
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

const SECRET = encodeKey(Buffer.alloc(32, 7))
const paths = Array.from({ length: 1500 }, (_, index) => `/folder ${index % 7}/link ${index}`)
const whole = { partial: false, message: '' }
const none = () => null

for (const secret of [null, SECRET])
  test(`a ${secret === null ? 'plain' : 'private'} archive holds what is left of a folder that was moved`, async () => {
    const archive = await Archive.create(store, `moved ${secret}`, secret)
    await archive.commit(
      paths.map(path => pendingOf(path, null, linkTo(`to ${path}`, 1))),
      none,
      whole,
    )
    const moved = paths.filter((_, index) => index % 3 !== 0)
    const gone = moved.map(path => pendingOf(path, linkTo(`to ${path}`, 1), null))
    const come = moved.map(path => pendingOf(`/moved${path}`, null, linkTo(`to ${path}`, 1)))
    await archive.commit([...gone, ...come], none, whole)
    const expected = paths.map((path, index) => (index % 3 === 0 ? path : `/moved${path}`)).toSorted()
    const entries = await knownEntries(archive.drive, null)
    expect([...entries.keys()].toSorted()).toEqual(expected)
    for (const [path, { target }] of entries) expect(`/moved${target?.slice(3)}`).toMatch(new RegExp(`${path}$`))
    await archive.close()
  })

test('reads in the order of the log take one trip for many blocks, and each gets its own', async () => {
  const archive = await Archive.create(store, 'trips', SECRET)
  const { core } = archive.drive
  await core.append(Array.from({ length: 600 }, (_, index) => Buffer.from(`block ${index}`)))
  const { storage } = core.core!.state
  const read = storage.read.bind(storage)
  let trips = 0
  Object.assign(storage, { read: () => (trips++, read()) })
  const ended = readAhead(core)
  const first = core.length - 600
  for (let index = 0; index < 500; index++) expect(String(await core.get(first + index))).toBe(`block ${index}`)
  const ahead = trips
  expect(ahead).toBeLessThan(10)
  ended()
  await core.get(0)
  expect(trips).toBe(ahead + 1)
  await archive.close()
})

const never = new Promise<Buffer>(() => {})

test('a block that nobody has is waited for no longer than the session waits', async () => {
  const archive = await Archive.create(store, 'missing', null)
  const { core } = archive.drive
  await core.append([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')])
  await core.clear(core.length - 2)
  const session = core.session()
  await session.ready()
  session.timeout = 100
  let waiting = 0
  const fetch = () => {
    waiting++
    return { block: never, cancel: () => waiting-- }
  }
  const ended = readAhead(session, { fetch })
  await expect(session.get(core.length - 2)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
  expect(waiting).toBe(1)
  ended()
  expect(waiting).toBe(0)
  await session.close()
  await archive.close()
})

test('of large blocks few are held, whatever was thought of their size', async () => {
  const archive = await Archive.create(store, 'large', null)
  const { core } = archive.drive
  const first = core.length
  await core.append(Array.from({ length: 100 }, () => Buffer.from('a')))
  await core.clear(first, first + 100)
  const waiting = new Map<number, (block: Buffer) => void>()
  const fetch = (index: number) => ({
    block: new Promise<Buffer>(resolve => waiting.set(index, resolve)),
    cancel: () => void waiting.delete(index),
  })
  const ended = readAhead(core, { fetch })
  const got = core.get(first)
  await expect.poll(() => waiting.size).toBe(100)
  for (let index = first; index < first + 20; index++) waiting.get(index)?.(Buffer.alloc(1 << 20))
  expect((await got)?.byteLength).toBe(1 << 20)
  await expect.poll(() => waiting.size).toBe(0)
  ended()
  await archive.close()
})

test('a snapshot goes on showing what it showed when its log is cut off and goes on differently', async () => {
  const archive = await Archive.create(store, 'cut', null)
  const { core } = archive.drive
  await core.append(Array.from({ length: 10 }, (_, index) => Buffer.from(`old ${index}`)))
  const last = core.length - 1
  const snapshot = core.snapshot()
  await snapshot.ready()
  const ended = readAhead(snapshot, { ahead: 1 })
  await core.truncate(last - 3)
  await core.append(Array.from({ length: 10 }, (_, index) => Buffer.from(`new ${index}`)))
  expect(String(await snapshot.get(last))).toBe('old 9')
  ended()
  await snapshot.close()
  await archive.close()
})

test('what is remembered of a tree is read once, and let go after some quiet', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const archive = await Archive.create(store, 'remembered', null)
  const { core } = archive.drive
  await core.append(Array.from({ length: 64 }, (_, index) => Buffer.from(`block ${index}`)))
  const { storage } = core.core!.state
  const read = storage.read.bind(storage)
  let nodes = 0
  Object.assign(storage, {
    read: () => {
      const reads = read()
      const getTreeNode = reads.getTreeNode.bind(reads)
      return Object.assign(reads, { getTreeNode: (index: number) => (nodes++, getTreeNode(index)) })
    },
  })
  const tree = rememberTree(core)
  await tree.prepare([1, 2, 3])
  const once = nodes
  expect(once).toBeGreaterThan(0)
  await tree.prepare([1, 2, 3])
  expect(nodes).toBe(once)
  vi.advanceTimersByTime(60_000)
  await tree.prepare([1, 2, 3])
  expect(nodes).toBe(2 * once)
  await archive.close()
})
