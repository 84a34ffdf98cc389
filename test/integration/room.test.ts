/** In one room, without internet and without a DHT: Cairns find each other, and nobody else learns or gets anything by it. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { connect, createServer } from 'node:net'
import Hypercore from 'hypercore'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { decodeBeacon, encodeBeacon, NONCE, secretOf, sharedIn } from '../../main/network/beacon.ts'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import type { ArchiveRow, NetworkStatus, PeerRow } from '../../preload/contract/models.ts'
import { isFound, publish, type RemotePerson, startPerson, waitFor } from '../helpers/backend.ts'
import { keptFolder, readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { type Islands, startIslands } from '../helpers/islands.ts'
import { nowhere } from '../helpers/testnet.ts'

const NOBODY = nowhere()
const GROUP = '239.255.67.114'
let ports = 47_000 + (process.pid % 1000) * 8
const newRoom = () => ({ name: 'loopback', port: ports++ }) as const

const networkOf = (person: RemotePerson, wanted: (status: NetworkStatus) => boolean) =>
  waitFor(signal => person.client.network.watch(undefined, { signal }), null, wanted)
const peerOf = (person: RemotePerson, key: string, wanted: (row: PeerRow) => boolean) =>
  waitFor(signal => person.client.peers.watch({ key }, { signal }), null, wanted)
const unreachable = (reason: string) => (row: ArchiveRow) =>
  row.state.name === 'unreachable' && row.state.reason === reason

async function publishSongs(person: RemotePerson) {
  const folder = await temporaryFolder('songs')
  await writeTree(folder, { 'one.txt': 'la', 'two.txt': 'la la' })
  return { folder, ...(await publish(person, [folder])) }
}

/** Somebody at the same port of this machine who hears and says what they like, from another of its addresses. */
async function stranger(port: number, address = '127.0.0.1') {
  const heard: { readonly bytes: Buffer; readonly from: string }[] = []
  const ear = createSocket({ type: 'udp4', reuseAddr: true })
  ear.on('message', (bytes, from) => heard.push({ bytes, from: from.address }))
  await new Promise<void>(resolve => ear.bind({ port, address: GROUP }, resolve))
  ear.addMembership(GROUP, '127.0.0.1')
  const mouth = createSocket('udp4')
  await new Promise<void>(resolve => mouth.bind({ port: 0, address }, resolve))
  mouth.setMulticastInterface('127.0.0.1')
  onTestFinished(() => {
    ear.close()
    mouth.close()
  })
  const say = (bytes: Buffer) => new Promise<void>(resolve => mouth.send(bytes, port, GROUP, () => resolve()))
  /** The beacons that speak of this archive. */
  const beaconsOf = (key: string) =>
    heard.flatMap(({ bytes, from }) => {
      const beacon = decodeBeacon(bytes)
      return beacon !== null && sharedIn(beacon, from, [secretOf(decodeKey(key))]) !== null
        ? [{ ...beacon, bytes }]
        : []
    })
  return { heard, say, beaconsOf }
}

/** Counts who comes to a door, and lets nobody in. */
async function trap(address: string, port = 0) {
  const knocks: unknown[] = []
  const server = createServer(socket => knocks.push(socket.destroy()))
  server.listen(port, address)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { knocks, port: (server.address() as { readonly port: number }).port }
}

test('two who know the same link find each other and follow each other, until one of them switches it off', async () => {
  const room = newRoom()
  const [ana, ben] = [await startPerson(NOBODY, { room }), await startPerson(NOBODY, { room })]
  const { key, link, folder } = await publishSongs(ana)
  await ben.client.archives.open({ link })
  expect((await ben.archive(key, row => isFound(row) && row.files === 2)).peers).toBe(1)
  const status = await networkOf(ben, ({ room }) => room.peers === 1)
  expect(status).toMatchObject({ peers: 1, room: { state: 'on', near: 1, peers: 1 } })
  const row = await peerOf(ben, key, () => true)
  expect(row).toMatchObject({ way: 'machine', roundTrip: null })
  expect(row.address).toMatch(/^127\.0\.0\.1:\d+$/)
  await writeTree(folder, { 'three.txt': 'la la la' })
  await ben.archive(key, ({ files }) => files === 3)

  await ben.client.settings.update({ room: false })
  await networkOf(ben, ({ room }) => room.state === 'off' && room.peers === 0)
  await ana.archive(key, ({ peers }) => peers === 0)
  const { heard } = await stranger(room.port)
  await writeTree(folder, { 'four.txt': 'la' })
  await ana.archive(key, ({ files }) => files === 4)
  expect(await ben.archive(key, ({ files }) => files !== null)).toMatchObject({ files: 3, peers: 0 })
  await ben.client.settings.update({ room: true })
  await ben.archive(key, ({ files, peers }) => files === 4 && peers === 1)
  expect(heard.length).toBeGreaterThan(0)
})

test('nothing is said before consent, nor of what is paused, and what is said is noise to whoever has no link', async () => {
  const room = newRoom()
  const { heard, beaconsOf } = await stranger(room.port)
  const ana = await startPerson(NOBODY, { room, consented: false })
  const { key } = await publishSongs(ana)
  const paused = encodeKey(randomBytes(32))
  await ana.client.archives.open({ link: `hyper://${paused}/` })
  await ana.client.archives.pause({ key: paused, paused: true })
  expect(heard).toEqual([])
  await ana.client.settings.update({ consented: true })
  await expect.poll(() => beaconsOf(key).length).toBeGreaterThan(1)
  const [one, two] = beaconsOf(key)
  expect([...one!.marks].filter(mark => two!.marks.has(mark))).toEqual([])
  expect(one!.nonce).not.toEqual(two!.nonce)
  expect(beaconsOf(paused)).toEqual([])
  const publicKey = decodeKey(key)
  for (const known of [Buffer.from(publicKey), Hypercore.discoveryKey(publicKey), secretOf(publicKey)])
    for (const { bytes } of heard) expect(bytes.includes(known.subarray(0, 8))).toBe(false)

  // Who comes to the door without a link is told a number, and nothing more whatever they say.
  const doors = Array.from({ length: 30 }, async (_, index) => {
    const socket = connect({ host: '127.0.0.1', port: one!.port })
    socket.on('error', () => {})
    let bytes = 0
    socket.on('data', data => {
      bytes += data.byteLength
    })
    socket.write(randomBytes(index * 3))
    if (index % 2 === 0) socket.write(randomBytes(100))
    await new Promise(resolve => socket.once('close', resolve))
    return bytes
  })
  for (const bytes of await Promise.all(doors)) expect([0, NONCE]).toContain(bytes)
  const ben = await startPerson(NOBODY, { room })
  await ben.client.archives.open({ link: `hyper://${key}/` })
  await ben.archive(key, isFound)
})

test('beacons that are forged, repeated from elsewhere or too many lead nobody astray', async () => {
  const room = newRoom()
  const key = encodeKey(randomBytes(32))
  const { say, beaconsOf } = await stranger(room.port, '127.0.0.2')
  const ana = await startPerson(NOBODY, { room })
  await ana.client.archives.open({ link: `hyper://${key}/` })
  await expect.poll(() => beaconsOf(key).length).toBeGreaterThan(0)
  const [said] = beaconsOf(key)
  await ana.close()

  // What somebody said is said again from another address, where somebody listens at the same port.
  const elsewhere = await trap('127.0.0.2', said!.port)
  const ben = await startPerson(NOBODY, { room })
  await ben.client.archives.open({ link: `hyper://${key}/` })
  await networkOf(ben, ({ room }) => room.state === 'on')
  for (let time = 0; time < 10; time++) await say(said!.bytes)
  await networkOf(ben, ({ room }) => room.near > 0)

  // Who has the link can be gone to, which is theirs to ask for: not often, and not at the door of a service.
  const theirs = await trap('127.0.0.2')
  const forged = (port: number) =>
    encodeBeacon([secretOf(decodeKey(key))], { address: '127.0.0.2', port }, randomBytes(NONCE))[0]!
  expect(decodeBeacon(forged(22))).toBe(null)
  for (let time = 0; time < 300; time++) {
    await say(forged(theirs.port))
    await say(Buffer.concat([forged(theirs.port).subarray(0, 24), randomBytes(2), randomBytes(8 * 100)]))
    await say(randomBytes(time * 4))
  }
  await expect.poll(() => theirs.knocks.length).toBeGreaterThan(0)

  const cem = await startPerson(NOBODY, { room })
  const { key: songs, link } = await publishSongs(cem)
  await ben.client.archives.open({ link })
  await ben.archive(songs, isFound, 30_000)
  expect(elsewhere.knocks).toEqual([])
  expect(theirs.knocks.length).toBeLessThan(10)
  expect((await networkOf(ben, () => true)).room.near).toBeLessThanOrEqual(256)
})

describe('between machines', () => {
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
  const publishIn = async (person: RemotePerson) => {
    const folder = await newFolder()
    await writeTree(folder, { 'one.txt': 'la', 'two.txt': 'la la' })
    return { folder, ...(await publish(person, [folder])) }
  }

  test('without a way to the internet all works, groups that are cut apart go on, and meet again', async () => {
    const places = [await islands.island(), await islands.island(), await islands.island()]
    const alone = { room: true, alone: true }
    const [ana, ben, cem] = await Promise.all(places.map(async place => place.person(await newFolder(), alone)))
    const { key, link, folder } = await publishIn(ana!)
    const copy = await newFolder()
    const nobodys = encodeKey(randomBytes(32))
    await ben!.client.archives.open({ link: `hyper://${nobodys}/` })
    await ben!.client.archives.open({ link })
    await ben!.archive(key, isFound)
    expect((await peerOf(ben!, key, () => true)).address).toMatch(/^10\.203\./)
    await networkOf(ben!, ({ state }) => state.name === 'room')
    await ben!.archive(nobodys, unreachable('nobody-near'))
    await ben!.client.archives.keepInFolder({ key, folder: copy })
    await expect.poll(() => readTree(copy)).toEqual(await readTree(folder))
    await waitFor(
      signal => ana!.client.availability.watchAll(undefined, { signal }),
      key,
      ({ now }) => now.name === 'safe' && now.others === 1,
    )

    await Promise.all([places[1]!.move(1), places[2]!.move(1)])
    await ben!.archive(key, ({ peers }) => peers === 0)
    await writeTree(folder, { 'three.txt': 'la la la' })
    await ana!.archive(key, ({ files }) => files === 3)
    // Who comes to the other group has it from who holds it there.
    await cem!.client.archives.open({ link })
    expect(await cem!.archive(key, row => isFound(row) && row.files !== null)).toMatchObject({ files: 2, peers: 1 })
    const other = await publishIn(cem!)

    await places[0]!.move(1)
    for (const person of [ben!, cem!])
      await person.archive(key, ({ files, peers }) => files === 3 && peers === 2, 30_000)
    await expect.poll(() => readTree(copy)).toEqual(await readTree(folder))
    await ana!.client.archives.open({ link: other.link })
    await ana!.archive(other.key, isFound)
  })
})
