/** Nothing that happens in a live folder stays unseen, however its folders came to be where they are. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { follow } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

/** A published folder, or some that lie in it; `equal` waits until the archive is what the folder is. */
async function live(tree: Record<string, string>, folders: readonly string[] = ['']) {
  const source = await temporaryFolder('source')
  await writeTree(source, tree)
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(
    ana,
    folders.map(folder => join(source, folder)),
  )
  await ana.archive(key, row => row.source?.state.name === 'watching')
  const follower = await follow(testnet.bootstrap, key)
  const equal = async () => {
    const expected = await readTree(source)
    await expect
      .poll(async () => {
        const { length } = await ana.archive(key, () => true)
        await follower.knows(length)
        return follower.tree(length)
      })
      .toEqual(expected)
  }
  /** The cheap way for many. */
  const counts = async (files: number) => void (await ana.archive(key, row => row.files === files))
  return { source, equal, counts }
}

test('in folders in folders that were made at once, moved in, renamed, and moved out and in again', async () => {
  const { source, equal } = await live({ 'in/sub/file': 'here from the beginning' })
  await mkdir(join(source, 'made/at/once'), { recursive: true })
  await writeFile(join(source, 'made/at/once/first'), 'first')
  await equal()
  await writeFile(join(source, 'made/at/once/second'), 'second')
  await equal()

  const outside = await mkdtemp(join(tmpdir(), 'outside-'))
  await writeTree(outside, { 'album/summer/photo': 'photo', 'album/winter/deep/photo': 'photo 2' })
  await rename(join(outside, 'album'), join(source, 'album'))
  await equal()
  await writeFile(join(source, 'album/summer/photo'), 'another photo')
  await writeFile(join(source, 'album/winter/deep/more'), 'more')
  await equal()

  await rename(join(source, 'in'), join(source, 'renamed'))
  await equal()
  await writeFile(join(source, 'renamed/sub/file'), 'changed under its new name')
  await equal()
  // Another folder of the name that the renamed one had.
  await mkdir(join(source, 'in/sub'), { recursive: true })
  await writeFile(join(source, 'in/sub/file'), 'another one')
  await equal()
  await writeFile(join(source, 'in/sub/file'), 'another one, changed')
  await writeFile(join(source, 'renamed/sub/file'), 'changed once more')
  await equal()

  await rename(join(source, 'album/winter'), join(outside, 'winter'))
  await equal()
  await rename(join(outside, 'winter'), join(source, 'album/winter'))
  await equal()
  await rm(join(source, 'album/winter/deep/more'))
  await equal()
  await rm(outside, { recursive: true })
})

test('in a folder that is called like the one that it lies in', async () => {
  const { source, equal } = await live({ 'same/same/same': 'file' })
  await writeFile(join(source, 'same/same/same'), 'changed')
  await equal()
  await rename(join(source, 'same/same'), join(source, 'other'))
  await equal()
  await writeFile(join(source, 'other/same'), 'changed again')
  await equal()
})

test('among more of what happens than the system can count', async () => {
  const { source, equal, counts } = await live({ 'many/one': '1', quiet: 'quiet' })
  // Four for each round, and nothing is taken out of the queue of 16,384 meanwhile.
  for (let round = 0; round < 4200; round++) {
    renameSync(join(source, 'many/one'), join(source, 'many/renamed'))
    renameSync(join(source, 'many/renamed'), join(source, 'many/one'))
  }
  for (let index = 0; index < 300; index++) writeFileSync(join(source, `many/${index}`), `${index}`)
  writeFileSync(join(source, 'quiet'), 'changed in the noise')
  await counts(302)
  await equal()
  await writeFile(join(source, 'many/299'), 'changed after it')
  await equal()
})

test('after the folder itself was replaced by another one, and what happened in several was more than could be told', async () => {
  const { source, equal } = await live({ 'a/sub/file': 'a', 'b/sub/file': 'b', 'c/sub/file': 'c' }, ['a', 'b', 'c'])
  const outside = await mkdtemp(join(tmpdir(), 'outside-'))
  await writeTree(outside, { 'new/sub/file': 'another one' })
  await rename(join(source, 'a'), join(outside, 'old'))
  await rename(join(outside, 'new'), join(source, 'a'))
  await equal()
  await writeFile(join(source, 'a/sub/file'), 'another one, changed')
  await equal()
  await rm(outside, { recursive: true })

  // Few enough in each of them, too many for the queue of the system, and nothing is taken out of it meanwhile.
  for (const folder of ['a', 'b', 'c'])
    for (let round = 0; round < 1900; round++) {
      renameSync(join(source, folder, 'sub/file'), join(source, folder, 'sub/renamed'))
      renameSync(join(source, folder, 'sub/renamed'), join(source, folder, 'sub/file'))
    }
  renameSync(join(source, 'c/sub'), join(source, 'c/old'))
  mkdirSync(join(source, 'c/sub'))
  writeFileSync(join(source, 'c/sub/file'), 'in a folder of the same name')
  await equal()
  await writeFile(join(source, 'c/sub/file'), 'in a folder of the same name, changed')
  await equal()
})
