/** An archive that leaves the library and comes back while the process runs is the same as one that is new. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
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

test('a look that is given up takes along what it brought, and nothing that anybody else wants', async () => {
  const ben = await startPerson(testnet.bootstrap)
  const { archives } = ben.client
  const look = async (number: number) => {
    const { key } = await archives.open({ link: `hyper://${encodeKey(Buffer.alloc(32, number))}` })
    return key
  }
  const library = async () => {
    for await (const changes of archives.watch())
      return changes.flatMap(change => (change.op === 'put' ? [change.item.id] : []))
    return []
  }
  const key = await look(1)
  await archives.giveUp({ key })
  expect(await library()).toEqual([])

  // The page opens it while a command looks at it.
  expect(await look(1)).toBe(key)
  await look(1)
  await archives.giveUp({ key })
  expect(await library()).toEqual([key])
  // Both were commands.
  await archives.giveUp({ key })
  expect(await library()).toEqual([])
  await archives.giveUp({ key })

  const watched = await look(2)
  await archives.tellWhenFound({ key: watched, tell: true })
  const kept = await look(3)
  await archives.keep({ key: kept, keep: true })
  for (const one of [watched, kept]) await archives.giveUp({ key: one })
  expect((await library()).toSorted()).toEqual([watched, kept].toSorted())

  // What was there before stays, whoever looks at it now.
  const { storage } = ben
  const before = await look(4)
  await ben.close()
  const again = await startPerson(testnet.bootstrap, { storage })
  await again.client.archives.open({ link: `hyper://${before}` })
  await again.client.archives.giveUp({ key: before })
  await again.archive(before, row => row.length === 0)
})
