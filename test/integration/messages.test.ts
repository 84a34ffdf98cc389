/** What the person who makes a version says of it, then or afterwards, and what their friends see of that. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { isDone, type Person, share, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const listed = async ({ client }: Person, key: string) =>
  (await client.history.list({ key, before: null, limit: 100 })).changesets

test('a folder is described as it is published, when a question is answered, and afterwards; readers see the last word', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`f${index}.txt`, `${index}`])))
  const [ana, ben] = await Promise.all([startPerson(testnet.bootstrap), startPerson(testnet.bootstrap)])
  const { key } = await share(ana, ben, [source], { message: ' Photos of the summer\n' })
  const isFollowed = (length: number) => (row: ArchiveRow) =>
    row.length > length && row.source?.state.name === 'watching'
  const first = await ana.archive(key, isFollowed(1))
  // Committed in parts, and one thing to whoever looks back.
  expect(await listed(ana, key)).toMatchObject([
    {
      from: 0,
      length: first.length,
      added: 8,
      changed: 0,
      removed: 0,
      message: 'Photos of the summer',
      partial: false,
    },
  ])

  await Promise.all(Array.from({ length: 6 }, (_, index) => rm(join(source, `f${index}.txt`))))
  await ana.archive(key, row => row.source?.state.name === 'asks-removal')
  await ana.client.publish.answerRemoval({ key, remove: true, message: 'Only the best' })
  const second = await ana.archive(key, isFollowed(first.length))
  await writeFile(join(source, 'f7.txt'), 'changed by itself')
  const third = await ana.archive(key, isFollowed(second.length))
  // What was said of one version is not said of the next.
  expect((await listed(ana, key)).map(({ message }) => message)).toEqual(['', 'Only the best', 'Photos of the summer'])

  const hostile = 'line\n\n\u202Eexe.fdp\u200B'
  await ana.client.history.name({ key, version: second.length, name: 'v2' })
  await ana.client.history.describe({ key, version: second.length, message: 'The best six' })
  await ana.client.history.describe({ key, version: third.length, message: hostile })
  const described = await ana.archive(key, row => row.length > third.length + 5)
  await ben.archive(key, row => row.length === described.length)
  expect(await ben.client.history.names({ key })).toMatchObject({
    names: [{ version: second.length, name: 'v2', own: false }],
    descriptions: [
      { version: third.length, message: hostile },
      { version: second.length, message: 'The best six' },
    ],
  })
  const [newest] = await listed(ben, key)
  expect(newest).toMatchObject({ describing: { version: third.length, message: hostile }, added: 0, bytes: 0 })

  // Nothing more is said of any of them; the name stays.
  for (const { length } of [second, third]) await ana.client.history.describe({ key, version: length, message: null })
  const { names, descriptions } = await ana.client.history.names({ key })
  expect(names).toMatchObject([{ version: second.length, name: 'v2' }])
  expect(descriptions).toEqual([{ version: second.length, message: '' }])
  expect((await listed(ana, key))[0]).toMatchObject({ describing: { version: third.length, message: null } })

  const refused = (person: Person, version: number, message: string) =>
    expect(person.client.history.describe({ key, version, message })).rejects
  await refused(ben, second.length, 'not mine').toMatchObject({ code: 'ARCHIVE_READ_ONLY' })
  await refused(ana, first.length - 1, 'inside of a changeset').toMatchObject({ code: 'VERSION_NOT_FOUND' })
  await refused(ana, second.length, 'x'.repeat(501)).toMatchObject({ code: 'INVALID_INPUT' })
})

test('edits on the page, what is added to an archive, and restores say what the person says', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'one.txt': 'one', 'two.txt': 'two' })
  const ana = await startPerson(testnet.bootstrap)
  const { client } = ana
  const upload = { title: 'Edited', private: false, files: 0, bytes: 0, message: 'An empty beginning' }
  const { key, upload: id } = await client.publish.startUpload({ ...upload, into: null })
  await client.publish.finishUpload({ upload: id })
  const review = await client.publish.review({ paths: [source] })
  const choices = { title: 'Edited', private: false, exclude: [], includeSuspicious: false }
  const into = { key, folder: '/' }
  const begun = await client.publish.start({ review: review.id, ...choices, into, message: 'Two texts' })
  await ana.transfer(begun.transfer, isDone)
  const [added] = await listed(ana, key)
  const path = (name: string) => `/${source.split('/').at(-1)}/${name}`
  await client.publish.rename({ key, from: path('one.txt'), to: '/1.txt', message: 'Shorter' })
  await client.publish.move({ key, paths: ['/1.txt'], folder: '/numbers', message: 'In order' })
  await client.publish.remove({ key, paths: [path('two.txt')], message: 'Enough' })
  await client.publish.restore({ key, version: added!.length, paths: ['/'] })
  await client.publish.restore({ key, version: added!.from, paths: ['/'], message: 'Begun anew' })
  expect((await listed(ana, key)).map(({ message, parts }) => [message, parts])).toEqual([
    ['Begun anew', 1],
    [`Restored from version ${added!.length}`, 1],
    ['Enough', 1],
    ['In order', 1],
    ['Shorter', 1],
    ['Two texts', 1],
    ['An empty beginning', 2],
  ])
})
