/** Whatever is done to a folder, its archive is the folder: in one step for everybody, and for no bytes but new ones. */
import { appendFileSync } from 'node:fs'
import { mkdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { expectAnyEditsFollowed, expectFollowed, publishFollowed } from '../helpers/changesets.ts'
import { type Person, publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

// At the same time, since most of it is waiting: for quiet, or for the end of patience with what is never quiet.
test('any edits of any tree are followed, in one step, and so is a folder in which something is always written', async () => {
  const person = await startPerson(testnet.bootstrap)
  await Promise.all([
    expectAnyEditsFollowed(testnet.bootstrap, person, { paused: 12, watched: 6 }),
    expectFollowedWithoutQuiet(person),
  ])
})

async function expectFollowedWithoutQuiet(person: Person): Promise<void> {
  const source = await temporaryFolder('log')
  await writeTree(source, { log: '' })
  const { key } = await publish(person, [source])
  const { length } = await person.archive(key, row => row.source?.state.name === 'watching')
  const writing = setInterval(() => appendFileSync(join(source, 'log'), 'something happened\n'), 100)
  onTestFinished(() => clearInterval(writing))
  await writeTree(source, { other: 'other' })
  await person.archive(key, row => row.length > length && row.files === 2)
}

test('a folder of 500 files that is renamed, and one that is moved, cost no bytes and are never seen half', async () => {
  const person = await startPerson(testnet.bootstrap)
  const published = await publishFollowed(testnet.bootstrap, person, async source => {
    await mkdir(join(source, 'photos/2024'), { recursive: true })
    for (let index = 0; index < 500; index++)
      await writeFile(join(source, `photos/2024/${index}.jpg`), `photo ${index}`)
  })
  const { source } = published
  const before = await person.archive(published.key, row => row.files === 500)
  // All of it is gone from where it was, and all of it is there: nothing that would have to be asked about.
  let asked = false
  void person
    .archive(published.key, row => row.source?.state.name === 'asks-removal', 30_000)
    .then(
      () => {
        asked = true
      },
      () => {},
    )
  await expectFollowed(published, 'watched', () => rename(join(source, 'photos'), join(source, 'Photos')))
  const after = await expectFollowed(published, 'paused', async () => {
    await mkdir(join(source, 'archive'))
    await rename(join(source, 'Photos/2024'), join(source, 'archive/2024'))
  })
  expect(after.held.ofBytes).toBe(before.held.ofBytes)
  expect(asked).toBe(false)
})

test('two files of one size and one time that swap their names are swapped', async () => {
  const person = await startPerson(testnet.bootstrap)
  const published = await publishFollowed(testnet.bootstrap, person, async source => {
    await writeTree(source, { one: 'first', other: 'later', 'folder/one': 'FIRST', 'Folder/one': 'LATER' })
    for (const name of ['one', 'other', 'folder/one', 'Folder/one'])
      await utimes(join(source, name), 1_600_000_000, 1_600_000_000)
  })
  const { source } = published
  await expectFollowed(published, 'watched', () => swap(source, 'one', 'other'))
  await expectFollowed(published, 'watched', () => swap(source, 'folder', 'Folder'))
})

async function swap(folder: string, one: string, other: string): Promise<void> {
  await rename(join(folder, one), join(folder, 'aside'))
  await rename(join(folder, other), join(folder, one))
  await rename(join(folder, 'aside'), join(folder, other))
}
