/** Who holds what, after history and the ways between machines have changed: still what lies on the disks. */
import { randomBytes } from 'node:crypto'
import type Net from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import type { Availability } from '../../preload/contract/models.ts'
import { isDone, isFound, type Person, publicKeyOf, publish, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { blocksIn, plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

/** Those that came in by TCP. */
const sockets = vi.hoisted((): Set<Socket> => new Set())
vi.mock('node:net', async original => {
  const net = await original<typeof Net>()
  const createServer = (...args: Parameters<typeof net.createServer>) => {
    const server = net.createServer(...args)
    server.on('connection', socket => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    return server
  }
  return { ...net, default: net, createServer }
})

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

type Known = { readonly id: string; readonly blocks: number }

/** What each of them shows, once it shows so many blocks of each of the others. */
const shownBy = async (people: readonly Person[], ids: readonly string[], key: string, all: readonly Known[]) => {
  const shown = (person: Person, index: number) =>
    waitFor(
      signal => person.client.availability.watch({ key }, { signal }),
      key,
      ({ version, peers, here }) =>
        version !== null &&
        here.blocks === all.find(({ id }) => id === ids[index])!.blocks &&
        all.every(({ id, blocks }) => id === ids[index] || peers.some(one => one.id === id && one.blocks === blocks)),
    )
  return Promise.all(people.map(shown))
}

/** Block by block, against the bitfields in the stores. */
function expectOnDisk(
  rows: readonly Availability[],
  ids: readonly string[],
  disks: ReadonlyMap<string, readonly number[]>,
) {
  for (const [index, { peers, bar, here }] of rows.entries()) {
    const others = [...disks].filter(([id]) => id !== ids[index])
    expect(new Map(peers.map(({ id, blocks }) => [id, blocks]))).toEqual(
      new Map(others.map(([id, blocks]) => [id, blocks.length])),
    )
    expect(bar.least).toEqual(bar.least.map((_, block) => others.filter(([, held]) => held.includes(block)).length))
    expect(here.blocks).toBe(disks.get(ids[index]!)!.length)
  }
}

async function disksOf(people: readonly Person[], ids: readonly string[], key: string) {
  await Promise.all(people.map(person => person.close()))
  const disks = new Map<string, readonly number[]>()
  for (const [index, { storage }] of people.entries())
    disks.set(ids[index]!, await blocksIn(join(storage, 'store'), key))
  return disks
}

test('after an author has taken versions back', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (const name of ['a', 'b', 'c']) await drive.put(`/${name}.bin`, randomBytes(200_000))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const [key, author] = [encodeKey(drive.key), encodeKey(swarm.keyPair.publicKey)]
  const people = await Promise.all(Array.from({ length: 3 }, () => startPerson(testnet.bootstrap)))
  const [whole, parts, looks] = people as [Person, Person, Person]
  const ids = await Promise.all(people.map(publicKeyOf))
  for (const { client, archive } of people) {
    await client.archives.open({ link: key })
    await archive(key, isFound)
  }
  await whole.client.archives.keep({ key, keep: true })
  await parts.client.archives.keepParts({ key, patterns: ['/a.bin', '/c.bin'] })
  const take = async (path: string) => {
    const some = { key, version: null, paths: [path], folder: await temporaryFolder(), overwrite: true }
    const { transfer } = await looks.client.read.download(some)
    await looks.transfer(transfer, isDone)
  }
  await take('/c.bin')
  const held = (...blocks: readonly number[]): Known[] =>
    [author, ...ids].map((id, index) => ({ id, blocks: blocks[index]! }))
  await shownBy(people, ids, key, held(12, 12, 8, 4))

  // What was b and c is gone, and d stands in its place.
  await drive.truncate(2)
  await drive.put('/d.bin', randomBytes(260_000))
  for (const { archive } of people) await archive(key, ({ rewritten }) => rewritten?.kind === 'taken-back')
  for (const { client } of people) await client.archives.answerRewrite({ key, follow: true })
  for (const { archive } of people)
    await archive(key, row => row.rewritten === null && row.length === drive.core.length)
  await take('/d.bin')
  const rows = await shownBy(people, ids, key, held(8, 8, 4, 4))
  await swarm.destroy({ force: true })
  const disks = await disksOf(people, ids, key)
  const { core } = await drive.getBlobs()
  disks.set(
    author,
    Array.from({ length: core.length }, (_, index) => index),
  )
  expect([author, ...ids].map(id => disks.get(id)!.length)).toEqual([8, 8, 4, 4])
  expectOnDisk(rows, ids, disks)
})

test('after TCP has gone and come back while somebody was fetching', async () => {
  const source = await temporaryFolder('cairn-source')
  const names = Array.from({ length: 8 }, (_, index) => `${index % 2 === 0 ? 'even' : 'odd'}/${index}.bin`)
  await writeTree(source, Object.fromEntries(names.map(name => [name, randomBytes(500_000)])))
  const people = await Promise.all(Array.from({ length: 3 }, () => startPerson(testnet.bootstrap)))
  const [author, whole, parts] = people as [Person, Person, Person]
  const ids = await Promise.all(people.map(publicKeyOf))
  const { key, link } = await publish(author, [source])
  for (const { client, archive } of [whole, parts]) {
    await client.archives.open({ link })
    await archive(key, isFound)
  }
  const way = (person: Person, isTcp: boolean) =>
    waitFor(
      signal => person.client.peers.watch({ key }, { signal }),
      ids[0]!,
      row => (row.way === 'machine') === isTcp,
    )
  await Promise.all([way(whole, true), way(parts, true)])
  const limits = { down: null, schedule: [], connections: 64 }
  await author.client.settings.update({ limits: { ...limits, up: 1_000_000 } })
  await whole.client.archives.keep({ key, keep: true })
  await parts.client.archives.keepParts({ key, patterns: ['/odd/'] })
  await whole.archive(key, ({ held }) => held.blocks > 0)
  for (const socket of sockets) socket.destroy()
  await Promise.all([way(whole, false), way(parts, false)])
  const { held } = await whole.archive(key, () => true)
  expect(held.blocks).toBeLessThan(16)
  await whole.archive(key, row => row.held.blocks > held.blocks)
  // Where they meet anew, it carries again.
  for (const paused of [true, false]) await author.client.settings.update({ paused })
  await Promise.all([way(whole, true), way(parts, true)])
  await author.client.settings.update({ limits: { ...limits, up: null } })
  const all = ids.map((id, index) => ({ id, blocks: index === 2 ? 8 : 16 }))
  const rows = await shownBy(people, ids, key, all)
  expectOnDisk(rows, ids, await disksOf(people, ids, key))
})
