/** An archive that leaves the library and comes back while the process runs is the same as one that is new. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDone, isFound, share, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const tree = { 'a.txt': 'a', 'b/c.txt': 'c', 'large.bin': 'l'.repeat(600_000) }

test('what was forgotten and opened again can be taken again', async () => {
  const [ana, ben] = [await startPerson(testnet.bootstrap), await startPerson(testnet.bootstrap)]
  const source = await temporaryFolder('source')
  await writeTree(source, tree)
  const { key, link } = await share(ana, ben, [source])
  const take = async () => {
    const folder = await temporaryFolder('taken')
    const { transfer } = await ben.client.read.download({ key, version: null, paths: ['/'], folder, overwrite: false })
    await ben.transfer(transfer, isDone)
    return readTree(folder)
  }
  const taken = await take()
  await ben.client.archives.forget({ key })
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound)
  expect(await take()).toEqual(taken)
})

test('what was taken is a cache like what was looked at, and can be cleared', async () => {
  const [ana, ben] = [await startPerson(testnet.bootstrap), await startPerson(testnet.bootstrap)]
  const source = await temporaryFolder('source')
  await writeTree(source, tree)
  const { key } = await share(ana, ben, [source])
  const folder = await temporaryFolder('taken')
  const { transfer } = await ben.client.read.download({ key, version: null, paths: ['/'], folder, overwrite: false })
  await ben.transfer(transfer, isDone)
  const bytes = Object.values(tree).join('').length
  expect(await ben.client.disk.clear({ key })).toEqual({ cleared: bytes })
})
