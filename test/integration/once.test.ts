/** Of what several peers have each block comes once, whether it is kept, taken into a folder, or one of them is slow. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NetworkStatus } from '../../preload/contract/models.ts'
import { isDone, isFound, type Person, publish, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const BYTES = 24 << 20

const bytesDown = async (person: Person): Promise<number> => {
  const of = (signal: AbortSignal) => person.client.network.watch(undefined, { signal })
  const { bytesDown }: NetworkStatus = await waitFor(of, 'network', () => true)
  return bytesDown
}

const isWhole = ({ held }: { held: { blocks: number; ofBlocks: number } }) =>
  held.ofBlocks > 0 && held.blocks === held.ofBlocks

/** So many who have all of an archive with one file. */
async function holders(count: number): Promise<{ readonly key: string; readonly people: readonly Person[] }> {
  const folder = await temporaryFolder('once')
  await writeTree(folder, { 'large.bin': randomBytes(BYTES) })
  const author = await startPerson(testnet.bootstrap)
  const { key } = await publish(author, [folder])
  const people = [author]
  while (people.length < count) {
    const friend = await startPerson(testnet.bootstrap)
    await friend.client.archives.open({ link: key })
    await friend.archive(key, isFound)
    await friend.client.archives.keep({ key, keep: true })
    await friend.archive(key, isWhole)
    people.push(friend)
  }
  return { key, people }
}

/** One who is connected to all of them and has nothing of the content yet. */
async function reader(key: string, peers: number): Promise<Person> {
  const person = await startPerson(testnet.bootstrap)
  await person.client.archives.open({ link: key })
  await person.archive(key, row => isFound(row) && row.peers === peers)
  return person
}

/** How many times its bytes have come. */
async function times(person: Person): Promise<number> {
  await expect.poll(() => bytesDown(person)).toBeGreaterThan(BYTES)
  return (await bytesDown(person)) / BYTES
}

test('of three who have the same each gives a part, and no block comes twice', async () => {
  const { key } = await holders(3)
  const keeper = await reader(key, 3)
  await keeper.client.archives.keep({ key, keep: true })
  await keeper.archive(key, isWhole)
  expect(await times(keeper)).toBeLessThan(1.1)
  await keeper.close()
  const taker = await reader(key, 3)
  const folder = await temporaryFolder('once')
  const { transfer } = await taker.client.read.download({ key, version: null, paths: ['/'], folder, overwrite: false })
  await taker.transfer(transfer, isDone)
  expect(await times(taker)).toBeLessThan(1.1)
})
