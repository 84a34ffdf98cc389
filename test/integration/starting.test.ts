/** A start with hundreds of archives reads none of them: what it knows of a version, and believes of no other. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFound, publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

type Summary = { readonly length: number; readonly files: number; readonly empty: boolean }

/** Changes what was written down of the one archive, as nobody does but a test. */
async function rewrite(storage: string, change: (summary: Summary) => Partial<Summary>): Promise<void> {
  const path = join(storage, 'registry.json')
  const file = JSON.parse(await readFile(path, 'utf8')) as { archives: { summary: Summary }[] }
  const [archive] = file.archives
  archive!.summary = { ...archive!.summary, ...change(archive!.summary) }
  await writeFile(path, JSON.stringify(file))
}

test('what was read of a version is known at the next start, and is believed of this version alone', async () => {
  const storage = await temporaryFolder('cairn-storage')
  const folder = await temporaryFolder('songs')
  await writeTree(folder, { 'one.txt': 'la', 'two.txt': 'la la' })
  const ana = await startPerson(testnet.bootstrap, { storage })
  const { key } = await publish(ana, [folder])
  await ana.archive(key, row => isFound(row) && row.files === 2)
  await ana.close()

  await rewrite(storage, () => ({ files: 77 }))
  const recalled = await startPerson(testnet.bootstrap, { storage })
  expect((await recalled.archive(key, () => true)).files).toBe(77)
  await recalled.close()

  await rewrite(storage, ({ length }) => ({ length: length - 1, empty: true }))
  const read = await startPerson(testnet.bootstrap, { storage })
  expect(await read.archive(key, () => true)).toMatchObject({ files: 2, state: { name: 'found' } })
})

test('a start that fails leaves nothing on the network', async () => {
  const storage = await temporaryFolder('cairn-storage')
  const folder = await temporaryFolder('songs')
  await writeTree(folder, { 'one.txt': 'la' })
  const ana = await startPerson(testnet.bootstrap, { storage })
  const { key, link } = await publish(ana, [folder])
  await ana.close()
  const ben = await startPerson(testnet.bootstrap)
  await ben.client.archives.open({ link })
  await ben.archive(key, row => row.state.name === 'unreachable')
  // A folder where the socket for the command line belongs.
  await mkdir(join(storage, 'cairn.sock', 'in the way'), { recursive: true })
  await expect(startPerson(testnet.bootstrap, { storage })).rejects.toThrow()
  await ben.client.archives.retry({ key })
  const { state } = await ben.archive(key, row => row.state.name === 'unreachable')
  expect(state).toMatchObject({ attempts: { connected: 0 } })
})
