/** TCP between machines of one network: it carries where it can, and nothing depends on it. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type Net from 'node:net'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import SecretStream from '@hyperswarm/secret-stream'
import Hypercore from 'hypercore'
import Hyperswarm from 'hyperswarm'
import Protomux from 'protomux'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import { isDone, isFound, publish, type RemotePerson, startPerson, waitFor } from '../helpers/backend.ts'
import { keptFolder, readTree, writeTree } from '../helpers/files.ts'
import { type Islands, startIslands } from '../helpers/islands.ts'
import { hostOf, nodeBeside, startTestnet, type Testnet } from '../helpers/testnet.ts'

const doors = vi.hoisted((): Server[] => [])
vi.mock('node:net', async original => {
  const net = await original<typeof Net>()
  const createServer = (...args: Parameters<typeof net.createServer>) => {
    const server = net.createServer(...args)
    doors.push(server)
    return server
  }
  return { ...net, default: net, createServer }
})

let islands: Islands
let testnet: Testnet
beforeAll(async () => {
  ;[islands, testnet] = await Promise.all([startIslands(), startTestnet()])
})
afterAll(() => Promise.all([islands.close(), testnet.close()]))

const LARGE = 40 << 20
const newFolder = async () => {
  const folder = await keptFolder('cairn-direct')
  onTestFinished(() => folder.remove())
  return folder.path
}

/** Waits for a peer that is reached so. */
const peerOf = (person: RemotePerson, key: string, local: boolean) =>
  waitFor(
    signal => person.client.peers.watch({ key }, { signal }),
    null,
    row => (row.way === 'local' || row.way === 'machine') === local,
  )

test('TCP carries between two machines, and the other way takes over in the middle of a file when TCP stops', async () => {
  const [here, there] = [await islands.island(), await islands.island()]
  const [author, reader] = [await there.person(await newFolder()), await here.person(await newFolder())]
  const source = await newFolder()
  await writeTree(source, { 'large.bin': randomBytes(LARGE) })
  const { key, link } = await publish(author, [source])
  await reader.client.archives.open({ link })
  await reader.archive(key, isFound)
  expect((await peerOf(reader, key, true)).address).toMatch(/^10\./)

  const target = await newFolder()
  const whole = { key, version: null, paths: ['/'], folder: target, overwrite: false }
  const { transfer } = await reader.client.read.download(whole)
  await reader.transfer(transfer, ({ bytes }) => bytes > 0)
  await here.tcp(false)
  await reader.transfer(transfer, isDone)
  expect(await readTree(target)).toEqual(await readTree(source))
  // What has passed between the two goes on being counted where the other way takes over.
  const { bytesDown, wireDown } = await peerOf(reader, key, false)
  expect(bytesDown).toBeGreaterThanOrEqual(LARGE)
  expect(wireDown).toBeGreaterThan(bytesDown)
})

test('where TCP does not come through, nothing is missing', async () => {
  const [here, there] = [await islands.island(), await islands.island()]
  await there.tcp(false)
  const [author, reader] = [await there.person(await newFolder()), await here.person(await newFolder())]
  const source = await newFolder()
  await writeTree(source, { 'a.txt': 'a' })
  const { key, link } = await publish(author, [source])
  await reader.client.archives.open({ link })
  await reader.archive(key, isFound)
  await peerOf(reader, key, false)
})

test('strangers get nothing, and keep nobody out', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const doorOf = () => doors.map(door => door.address()).find(address => typeof address === 'object')
  await expect.poll(doorOf).toBeTruthy()
  const { port } = doorOf()!
  const heard: Buffer[] = []
  const strangers = Array.from({ length: 40 }, (_, index) => {
    const socket = connect({ host: hostOf(testnet.bootstrap), port })
    socket.on('error', () => {})
    socket.on('data', data => heard.push(data))
    if (index % 3 === 0) socket.write(randomBytes(32))
    if (index % 3 === 1) socket.write(randomBytes(5))
    return new Promise(resolve => socket.once('close', resolve))
  })
  const source = await newFolder()
  await writeTree(source, { 'a.txt': 'a' })
  const { key, link } = await publish(ana, [source])
  const ben = await startPerson(testnet.bootstrap)
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound)
  await Promise.all(strangers)
  expect(heard).toEqual([])
  // Whoever comes when they are gone comes by TCP.
  const cem = await startPerson(testnet.bootstrap)
  await cem.client.archives.open({ link })
  expect((await peerOf(cem, key, true)).way).toBe('machine')
})

const raw: Protomux.Encoding<Buffer> = {
  preencode(state, bytes) {
    state.end += bytes.byteLength
  },
  encode(state, bytes) {
    state.buffer!.set(bytes, state.start)
    state.start += bytes.byteLength
  },
  decode: ({ buffer, start, end }) => Buffer.from(buffer!.subarray(start, end)),
}

type Word = 'given up' | Buffer

/** A peer of this archive that says over the channel what it likes. `said`: what it answers to the token that it was told. */
async function stranger(key: string, how: { readonly server: boolean }, said: (token: Buffer) => Buffer | null) {
  const swarm = new Hyperswarm({ dht: nodeBeside(testnet.bootstrap) })
  onTestFinished(() => swarm.destroy({ force: true }))
  const token = randomBytes(32)
  const heard = new Promise<{ readonly word: Word; readonly connection: Hyperswarm.Connection }>(resolve => {
    swarm.on('connection', (connection: Hyperswarm.Connection) => {
      connection.on('error', () => {})
      const channel = Protomux.from(connection).createChannel<Buffer>({
        protocol: 'cairn/direct',
        handshake: raw,
        messages: [
          { onmessage: () => resolve({ word: 'given up', connection }) },
          { onmessage: bytes => resolve({ word: Buffer.from(bytes), connection }) },
        ],
        onopen: theirs => {
          const answer = said(theirs)
          if (answer !== null) channel?.messages[1]!.send(answer)
        },
        onclose: () => {},
      })
      channel?.open(token)
    })
  })
  await swarm.join(Hypercore.discoveryKey(decodeKey(key)), { server: how.server, client: !how.server }).flushed()
  return { heard, token, keyPair: swarm.keyPair }
}

test('no peer makes this machine knock at a door that is not its own', async () => {
  const knocks: unknown[] = []
  const door = createServer(socket => knocks.push(socket.destroy()))
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void door.close())
  const { port } = door.address() as AddressInfo
  const ben = await startPerson(testnet.bootstrap)
  for (const theirs of [(token: Buffer) => randomBytes(token.byteLength), (token: Buffer) => token.subarray(1)]) {
    const key = encodeKey(randomBytes(32))
    const liar = await stranger(key, { server: true }, token =>
      Buffer.concat([Buffer.of(port & 0xff, port >> 8), theirs(token)]),
    )
    await ben.client.archives.open({ link: `hyper://${key}/` })
    expect((await liar.heard).word).toBe('given up')
  }
  expect(knocks).toEqual([])
})

test('one who was told a token comes in once', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const source = await newFolder()
  await writeTree(source, { 'a.txt': 'a' })
  const { key } = await publish(ana, [source])
  const guest = await stranger(key, { server: false }, () => null)
  const { word, connection } = await guest.heard
  const port = (word as Buffer).readUInt16LE(0)
  expect((word as Buffer).subarray(2)).toEqual(guest.token)
  const { keyPair } = guest
  const knock = async (token: Buffer) => {
    const socket = connect({ host: hostOf(testnet.bootstrap), port })
    socket.write(token)
    await once(socket, 'connect')
    return socket
  }
  const sockets = [await knock(guest.token), await knock(guest.token), await knock(guest.token)]
  // When a stranger has been turned away, those before it have been met.
  await once(await knock(randomBytes(32)), 'close')
  const ends: unknown[] = []
  const ways = sockets.map(socket => {
    const way = new SecretStream(true, socket, { pattern: 'IK', keyPair, remotePublicKey: connection.remotePublicKey })
    way.on('error', () => {})
    way.on('close', () => ends.push(way))
    onTestFinished(() => void way.destroy())
    return way
  })
  await expect.poll(() => ends.length).toBe(2)
  expect(ways.filter(way => !way.destroyed)).toHaveLength(1)
})
