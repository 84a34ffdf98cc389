/**
 * Somebody who is reached over a third machine, as peers are that have named a relay. The relay is the one of the field, in a
 * process of its own. On loopback everybody would go straight: so this peer tells nobody where it is, hears nothing of where
 * others are, and goes there when the test says so. That a hole is made meanwhile, from both sides, is in the soak (`routers`).
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import type DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import type Hyperswarm from 'hyperswarm'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import { Ways } from '../../main/network/ways.ts'
import type { NetworkStatus, PeerRow } from '../../preload/contract/models.ts'
import { type Person, publish, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const KB = 1000
const BLOCK = 256 << 10

type Payload = { readonly udx: { readonly id: number } | null }
type Handshake = { send(payload: object): Promise<Buffer>; recv(message: Buffer): Promise<Payload> }
const hyperdht = createRequire(createRequire(import.meta.url).resolve('hyperdht'))
const NoiseWrap = hyperdht('./lib/noise-wrap') as new (keyPair: DHT.KeyPair, remotePublicKey: Buffer) => Handshake

async function startRelay(): Promise<Buffer> {
  const program = new URL('../helpers/relay.mjs', import.meta.url).pathname
  const relay = spawn(process.execPath, [program, testnet.bootstrap[0]!], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void relay.kill('SIGKILL'))
  const [line] = (await once(relay.stdout, 'data')) as [Buffer]
  return Buffer.from(line.toString().trim(), 'hex')
}

/** A plain peer whose connections go over the relay, until they are told to go straight. */
async function relayedPeer(relay: Buffer) {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const ids: number[] = []
  const nodes = testnet.nodes.map(({ host, port }) => ({ host, port }))
  class Silent extends NoiseWrap {
    override send(payload: object) {
      return super.send({ ...payload, firewall: 0, addresses4: [] })
    }
    override async recv(message: Buffer) {
      const payload = await super.recv(message)
      if (payload.udx !== null) ids.push(payload.udx.id)
      const relays = [{ relayAddress: nodes[0], peerAddress: nodes[0] }]
      return { ...payload, firewall: 0, holepunch: { id: 0, relays } }
    }
  }
  const dht = swarm.dht as DHT & { readonly socket: DHT.Socket }
  const connect = dht.connect.bind(dht)
  const over = {
    relayThrough: relay,
    // Those who pass on what two say to each other first; a Cairn that anybody reaches is one of them itself.
    relayAddresses: nodes,
    createHandshake: (keyPair: DHT.KeyPair, publicKey: Buffer) => new Silent(keyPair, publicKey),
  }
  dht.connect = (publicKey, options) => connect(publicKey, relay.equals(publicKey) ? options : { ...options, ...over })
  const goStraight = (host: string, port: number) => {
    const [connection] = swarm.connections as ReadonlySet<Hyperswarm.Connection & { readonly rawStream: Movable }>
    // Done at once, or when what was on its way has come, which is nothing to wait for.
    void connection!.rawStream.changeRemote(dht.socket, ids.at(-1)!, port, host)?.catch(() => {})
  }
  return { store, swarm, ways: new Ways(dht), goStraight }
}
type Movable = { changeRemote(socket: DHT.Socket, id: number, port: number, host: string): Promise<void> | null }

const statusOf = (person: Person, wanted: (row: NetworkStatus) => boolean) =>
  waitFor(signal => person.client.network.watch(undefined, { signal }), 'network', wanted)

test('a peer is said to be relayed as long as it is, and everything is counted and limited as with others', async () => {
  const relay = await startRelay()
  const ana = await startPerson(testnet.bootstrap)
  const folder = await temporaryFolder('cairn-relayed')
  await writeTree(folder, { 'large.bin': randomBytes(8 * BLOCK) })
  const { key } = await publish(ana, [folder])
  await ana.client.settings.update({ limits: { down: null, up: 500 * KB, schedule: [], connections: 64 } })

  const { store, swarm, ways, goStraight } = await relayedPeer(relay)
  const drive = new Hyperdrive(store, decodeKey(key))
  await drive.ready()
  swarm.join(drive.discoveryKey, { client: true, server: false })
  await drive.core.update({ wait: true })
  const { core } = await drive.getBlobs()
  await core.update({ wait: true })
  const logs = [drive.core, core]
  const whole = Promise.all(logs.map(log => log.download({ start: 0, end: log.length }).done()))
  const connection = () => [...swarm.connections][0]!
  const raw = () => connection().rawStream
  await expect.poll(() => raw().bytesReceived).toBeGreaterThan(BLOCK)

  const peer = (wanted: (row: PeerRow) => boolean) =>
    waitFor(signal => ana.client.peers.watch({ key }, { signal }), encodeKey(swarm.keyPair.publicKey), wanted)
  const relayed = await peer(() => true)
  expect(relayed.way).toBe('relayed')
  // Neither is where the other one thinks.
  const own = await statusOf(ana, ({ reach }) => reach.evidence.some(line => / third machine/.test(line)))
  const [host, port] = own.address!.split(':') as [string, string]
  expect(relayed.address).toBe(`${raw().remoteHost}:${raw().remotePort}`)
  expect(relayed.address).not.toBe(own.address)
  expect(own.reach.evidence.join(' ')).not.toMatch(/on this machine/)

  const [before, at] = [raw().bytesReceived, performance.now()]
  await sleep(1500)
  const seconds = (performance.now() - at) / 1000
  expect((raw().bytesReceived - before) / seconds).toBeLessThan(500 * KB * 1.05 + BLOCK / seconds)
  expect((await peer(() => true)).way).toBe('relayed')

  // What it sends goes straight from here on; what comes to it does not. Each end is told its own way.
  expect(ways.of(connection())).toBe('relayed')
  goStraight(host, Number(port))
  expect(ways.of(connection())).toBe('straight')

  await ana.client.settings.update({ limits: { down: null, up: null, schedule: [], connections: 64 } })
  await whole
  // Of both ways together, as it was counted at the other end.
  const blocks = core.length + drive.core.length
  const done = await peer(row => row.blocksUp >= blocks)
  expect([done.way, done.blocksUp]).toEqual(['relayed', blocks])
  expect(Math.abs(done.wireUp / raw().bytesReceived - 1)).toBeLessThan(0.02)
  expect(Math.abs(done.wireDown / raw().bytesTransmitted - 1)).toBeLessThan(0.05)

  const last = connection()
  await swarm.destroy({ force: true })
  expect([last.rawStream.socket, ways.of(last)]).toEqual([null, 'straight'])
})
