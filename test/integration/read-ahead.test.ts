/** Many entries leave an archive at once, plain and private, with the same result as one after another. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Archive } from '../../main/archives/archive.ts'
import { readAhead } from '../../main/lib/read-ahead.ts'
import { encodeKey } from '../../main/archives/links.ts'
import { openStore, type Store } from '../../main/archives/store.ts'
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
