/** What is shown to have passed is what has: at the network card, and in the logs of somebody who is no Cairn. */
import { randomBytes } from 'node:crypto'
import Hyperdrive from 'hyperdrive'
import type Hyperswarm from 'hyperswarm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import type { NetworkStatus, PeerRow, TrafficRow } from '../../preload/contract/models.ts'
import { isFound, publish, type RemotePerson, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { type Islands, startIslands } from '../helpers/islands.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let islands: Islands
let testnet: Testnet
beforeAll(async () => {
  ;[islands, testnet] = await Promise.all([startIslands(), startTestnet()])
})
afterAll(() => Promise.all([islands.close(), testnet.close()]))

const statusOf = (person: RemotePerson): Promise<NetworkStatus> =>
  waitFor(
    signal => person.client.network.watch(undefined, { signal }),
    'network',
    () => true,
  )
const trafficOf = (person: RemotePerson, id: string, wanted: (row: TrafficRow) => boolean): Promise<TrafficRow> =>
  waitFor(signal => person.client.peers.watchTraffic(undefined, { signal }), id, wanted)
const peerOf = (person: RemotePerson, key: string, wanted: (row: PeerRow) => boolean): Promise<PeerRow> =>
  waitFor(signal => person.client.peers.watch({ key }, { signal }), null, wanted)

async function source(bytes: number): Promise<string> {
  const folder = await temporaryFolder('cairn-traffic')
  await writeTree(folder, { 'large.bin': randomBytes(bytes), 'small.txt': 'small', 'deep/er.txt': 'deep' })
  return folder
}

/** Around what UDP carries: Ethernet, IPv4 and UDP. */
const UDP_HEADERS = 14 + 20 + 8

test('bytes of the network are those at the network card', async () => {
  const [here, there] = [await islands.island(), await islands.island()]
  for (const island of [here, there]) await island.tcp(false)
  const [author, reader] = [
    await there.person(await temporaryFolder('cairn-traffic')),
    await here.person(await temporaryFolder('cairn-traffic')),
  ]
  const { key, link } = await publish(author, [await source(8 << 20)])
  await reader.client.archives.open({ link })
  await reader.archive(key, isFound)
  await reader.client.archives.keep({ key, keep: true })
  await reader.archive(key, ({ held }) => held.ofBlocks > 0 && held.blocks === held.ofBlocks)
  for (const [island, person] of [
    [here, reader],
    [there, author],
  ] as const) {
    // Told of every quarter of a second; and the system's own few packets are not Cairn's.
    const difference = async (direction: 'down' | 'up') => {
      const passed = (await island.passed())[direction]
      const atCard = passed.bytes - UDP_HEADERS * passed.packets
      const status = await statusOf(person)
      return Math.abs((direction === 'down' ? status.bytesDown : status.bytesUp) - atCard) - atCard * 0.001
    }
    for (const direction of ['down', 'up'] as const) await expect.poll(() => difference(direction)).toBeLessThan(4000)
  }
})

test('blocks and bytes of a peer are those of its logs, and totals outlast a restart', async () => {
  let ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [await source(3 << 20)])
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store, decodeKey(key))
  await drive.ready()
  swarm.join(drive.discoveryKey, { client: true, server: false })
  await drive.core.update({ wait: true })
  const { core: content } = await drive.getBlobs()
  await drive.core.download({ start: 0, end: drive.core.length }).done()
  await content.download({ start: 0, end: content.length }).done()
  const blocks = drive.core.length + content.length
  const bytes = drive.core.byteLength + content.byteLength
  const row = await peerOf(ana, key, ({ blocksUp }) => blocksUp >= blocks)
  expect(row).toMatchObject({ blocksUp: blocks, bytesUp: bytes, blocksDown: 0, bytesDown: 0, way: 'straight' })
  const [{ rawStream: theirs }] = [...swarm.connections] as [Hyperswarm.Connection]
  await peerOf(ana, key, ({ wireUp, wireDown }) => {
    const [up, down] = [theirs.bytesReceived, theirs.bytesTransmitted]
    return Math.abs(wireUp - up) < up * 0.001 && Math.abs(wireDown - down) < down * 0.01
  })
  const total = { bytesUp: bytes, blocksUp: blocks, bytesDown: 0, blocksDown: 0 }
  expect(await trafficOf(ana, key, ({ ever }) => ever.blocksUp >= blocks)).toMatchObject({ today: total, ever: total })
  const before = await trafficOf(ana, 'all', ({ ever }) => ever.blocksUp >= blocks)
  expect(before.ever).toEqual(total)
  await ana.close()
  ana = await startPerson(testnet.bootstrap, { storage: ana.storage, join: false })
  const after = await trafficOf(ana, 'all', () => true)
  expect(after.ever).toEqual(total)
  expect(after.wire!.ever.up).toBeGreaterThanOrEqual(before.wire!.ever.up)
})
