/** TCP between machines of one network: it carries where it can, and nothing depends on it. */
import { randomBytes } from 'node:crypto'
import type Net from 'node:net'
import { connect, type Server } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { isDone, isFound, publish, type RemotePerson, startPerson, waitFor } from '../helpers/backend.ts'
import { keptFolder, readTree, writeTree } from '../helpers/files.ts'
import { type Islands, startIslands } from '../helpers/islands.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

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

const newFolder = async () => {
  const folder = await keptFolder('cairn-direct')
  onTestFinished(() => folder.remove())
  return folder.path
}

/** Waits for a peer that is reached so. */
const peerOf = (person: RemotePerson, key: string, direct: boolean) =>
  waitFor(
    signal => person.client.peers.watch({ key }, { signal }),
    null,
    row => row.direct === direct,
  )

test('TCP carries between two machines, and the other way takes over in the middle of a file when TCP stops', async () => {
  const [here, there] = [await islands.island(), await islands.island()]
  const [author, reader] = [await there.person(await newFolder()), await here.person(await newFolder())]
  const source = await newFolder()
  await writeTree(source, { 'large.bin': randomBytes(100 << 20) })
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
  await peerOf(reader, key, false)
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
    const socket = connect({ host: '127.0.0.1', port })
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
  await peerOf(cem, key, true)
})
