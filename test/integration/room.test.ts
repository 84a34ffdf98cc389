/** In one room, without internet and without a DHT: Cairns find each other, and nobody else learns or gets anything by it. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { decodeBeacon, sharedIn, secretOf } from '../../main/network/beacon.ts'
import { decodeKey } from '../../main/archives/links.ts'
import type { ArchiveRow, NetworkStatus } from '../../preload/contract/models.ts'
import { isFound, publish, type RemotePerson, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'

/** Nobody answers there. */
const NOBODY = ['127.0.0.1:9']
const GROUP = '239.255.67.114'
let ports = 47_000 + (process.pid % 1000) * 8
const newRoom = () => ({ name: 'loopback', port: ports++ }) as const
type Here = ReturnType<typeof newRoom>

const networkOf = (person: RemotePerson, wanted: (status: NetworkStatus) => boolean) =>
  waitFor(signal => person.client.network.watch(undefined, { signal }), null, wanted)

async function publishSongs(person: RemotePerson) {
  const folder = await temporaryFolder('songs')
  await writeTree(folder, { 'one.txt': 'la', 'two.txt': 'la la' })
  return { folder, ...(await publish(person, [folder])) }
}

test('two who know the same link find each other, and follow each other', async () => {
  const room = newRoom()
  const [ana, ben] = [await startPerson(NOBODY, { room }), await startPerson(NOBODY, { room })]
  const { key, link, folder } = await publishSongs(ana)
  await ben.client.archives.open({ link })
  const row = await ben.archive(key, row => isFound(row) && row.files === 2)
  expect(row.peers).toBe(1)
  const status = await networkOf(ben, ({ room }) => room.peers === 1)
  expect(status.room).toEqual({ state: 'on', near: 1, peers: 1 })
  await writeTree(folder, { 'three.txt': 'la la la' })
  await ben.archive(key, ({ files }) => files === 3)
})
