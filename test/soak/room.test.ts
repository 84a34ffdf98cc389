/** A room that has a DHT too: of two ways to one machine one carries, and the other goes on. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { PeerRow } from '../../preload/contract/models.ts'
import { isDone, isFound, publish, type RemotePerson, waitFor } from '../helpers/backend.ts'
import { keptFolder, readTree, writeTree } from '../helpers/files.ts'
import { type Islands, startIslands } from '../helpers/islands.ts'

let islands: Islands
beforeAll(async () => {
  islands = await startIslands()
})
afterAll(() => islands.close())

const newFolder = async () => {
  const folder = await keptFolder('cairn-room')
  onTestFinished(() => folder.remove())
  return folder.path
}
const peerOf = (person: RemotePerson, key: string, wanted: (row: PeerRow) => boolean) =>
  waitFor(signal => person.client.peers.watch({ key }, { signal }), null, wanted)

test('where there is a DHT too one way carries, and the other one goes on when TCP stops in the middle of a file', async () => {
  const [here, there] = [await islands.island(), await islands.island()]
  const [author, reader] = [
    await there.person(await newFolder(), { room: true }),
    await here.person(await newFolder(), { room: true }),
  ]
  const source = await newFolder()
  await writeTree(source, { 'large.bin': randomBytes(40 << 20) })
  const { key, link } = await publish(author, [source])
  await reader.client.archives.open({ link })
  await reader.archive(key, isFound)
  expect(await peerOf(reader, key, () => true)).toMatchObject({ way: 'local' })
  expect((await reader.archive(key, ({ peers }) => peers > 0)).peers).toBe(1)

  const target = await newFolder()
  const whole = { key, version: null, paths: ['/'], folder: target, overwrite: false }
  const { transfer } = await reader.client.read.download(whole)
  await reader.transfer(transfer, ({ bytes }) => bytes > 0)
  await here.tcp(false)
  await reader.transfer(transfer, isDone, 50_000)
  expect(await readTree(target)).toEqual(await readTree(source))
  await peerOf(reader, key, ({ way }) => way !== 'local')
  expect((await reader.archive(key, ({ peers }) => peers > 0)).peers).toBe(1)
})
