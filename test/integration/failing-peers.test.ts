/** Peers that have only a part, that never answer, and that lie: what is there is taken, and the row says how it is. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Hypercore from 'hypercore'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import { isDone, isFound, type Person, publish, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const BLOCK = 256 << 10

/** Somebody with nothing of ours who holds the list and these blocks of the content, and serves them. */
async function holder(key: string, holds: (block: number) => boolean) {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store, decodeKey(key))
  await drive.ready()
  const discovery = swarm.join(drive.discoveryKey, { client: true, server: true })
  await expect.poll(() => drive.core.peers.length).toBeGreaterThan(0)
  await expect.poll(() => drive.core.length).toBeGreaterThan(1)
  await drive.core.download({ start: 0, end: drive.core.length }).done()
  const { core } = await drive.getBlobs()
  await expect.poll(() => core.length).toBeGreaterThan(0)
  const blocks = [...Array(core.length).keys()].filter(holds)
  await Promise.all(blocks.map(block => core.get(block)))
  await discovery.flushed()
  return { drive, core, swarm }
}

async function source(bytes: number): Promise<string> {
  const folder = await temporaryFolder('source')
  await writeFile(join(folder, 'large.bin'), randomBytes(bytes))
  for (let index = 0; index < 40; index++) await writeFile(join(folder, `small-${index}`), randomBytes(3000))
  return folder
}

async function take(person: Person, key: string) {
  await person.client.archives.open({ link: key })
  await person.archive(key, isFound)
  const target = await temporaryFolder('target')
  const wanted = { key, version: null, paths: ['/'], folder: target, overwrite: false }
  return { target, ...(await person.client.read.download(wanted)) }
}

test('two who have every other block each complete each other while the author is away', async () => {
  const folder = await source(40 * BLOCK)
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  await Promise.all([holder(key, block => block % 2 === 0), holder(key, block => block % 2 === 1)])
  await ana.close()
  const bob = await startPerson(testnet.bootstrap)
  const { target, transfer } = await take(bob, key)
  await bob.transfer(transfer, isDone)
  expect(await readTree(target)).toEqual(await readTree(folder))
})

test('what one has comes although nobody has the rest, which comes when somebody does', async () => {
  const folder = await source(20 * BLOCK)
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  // Not the first files of the log, nor the last ones.
  const { core } = await holder(key, block => block > 5 && block < 50)
  const { length } = core
  await ana.close()
  const bob = await startPerson(testnet.bootstrap)
  const { target, transfer } = await take(bob, key)
  await bob.transfer(transfer, row => row.state.name === 'waiting-for-peers' && row.files > 20)
  const { held } = await bob.archive(key, isFound)
  expect(held.blocks).toBeGreaterThan(20)
  expect(held.blocks).toBeLessThan(length)
  await startPerson(testnet.bootstrap, { storage: ana.storage })
  await bob.transfer(transfer, isDone)
  expect(await readTree(target)).toEqual(await readTree(folder))
})

/** Of its own side of a connection: what it does with requests for content, and with what it sends. */
type Inside = {
  onrequest(message: unknown): Promise<void>
  readonly wireData: { send(message: { request: number; block: { value: Buffer } | null }): void }
  readonly wireNoData: { send(message: { request: number; reason: number }): void }
}
const eachPeer = (core: Hypercore, change: (peer: Inside) => void) => {
  for (const peer of core.peers) change(peer as unknown as Inside)
  core.on('peer-add', change)
}

test('of one who takes requests and never answers others take over, and the row says that nothing comes', async () => {
  const folder = await source(60 * BLOCK)
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  const staller = await holder(key, () => true)
  eachPeer(staller.core, peer => {
    peer.onrequest = () => Promise.resolve()
  })
  await ana.close()
  const bob = await startPerson(testnet.bootstrap)
  const { target, transfer } = await take(bob, key)
  const waiting = await bob.transfer(transfer, row => row.state.name === 'waiting-for-peers')
  expect(waiting).toMatchObject({ bytes: 0, rate: 0 })
  await startPerson(testnet.bootstrap, { storage: ana.storage })
  await bob.transfer(transfer, isDone)
  expect(await readTree(target)).toEqual(await readTree(folder))
})

test('one who sends wrong blocks is let go, and the others give the right ones', async () => {
  const folder = await source(60 * BLOCK)
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  const liar = await holder(key, () => true)
  let lies = 0
  eachPeer(liar.core, peer => {
    const { send } = peer.wireData
    peer.wireData.send = message => {
      if (message.block !== null) {
        lies++
        message.block.value = Buffer.from(message.block.value)
        message.block.value[0]! ^= 1
      }
      send.call(peer.wireData, message)
    }
  })
  const bob = await startPerson(testnet.bootstrap)
  const { target, transfer } = await take(bob, key)
  await bob.transfer(transfer, isDone)
  expect(lies).toBeGreaterThan(0)
  expect(await readTree(target)).toEqual(await readTree(folder))
})

type Refuse = (peer: Inside, message: { request: number }, send: (message: object) => void) => void
const nothing: Refuse = (_peer, message, send) => send({ ...message, block: null })
const none: Refuse = ({ wireNoData }, { request }) => wireNoData.send({ request, reason: 0 })

test.for([
  ['nothing', nothing],
  ['that it is not there', none],
] as const)('one who answers at once, and %s, is soon not asked any more, and others are', async ([, refuse]) => {
  const folder = await source(40 * BLOCK)
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder])
  const refuser = await holder(key, () => true)
  let refused = 0
  eachPeer(refuser.core, peer => {
    const send = peer.wireData.send.bind(peer.wireData)
    peer.wireData.send = message => {
      if (message.block === null) return send(message)
      refused++
      refuse(peer, message, message => send(message as Parameters<typeof send>[0]))
    }
  })
  await ana.close()
  const bob = await startPerson(testnet.bootstrap)
  const { target, transfer } = await take(bob, key)
  await bob.transfer(transfer, row => row.state.name === 'waiting-for-peers')
  await startPerson(testnet.bootstrap, { storage: ana.storage })
  await bob.transfer(transfer, isDone)
  expect(await readTree(target)).toEqual(await readTree(folder))
  expect(refused).toBeGreaterThan(0)
  expect(refused).toBeLessThan(200)
})
