/**
 * Found, or told why not: each cause is made by breaking the network, or by somebody who really is so, and each is
 * followed by what mends it.
 */
import Hypercore from 'hypercore'
import Hyperswarm from 'hyperswarm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import type { ArchiveRow, UnreachableReason } from '../../preload/contract/models.ts'
import { isFound, publish, type RemotePerson, startPerson } from '../helpers/backend.ts'
import { keptFolder, temporaryFolder, writeTree } from '../helpers/files.ts'
import { type Island, type Islands, startIslands } from '../helpers/islands.ts'
import { nodeBeside, startTestnet, type Testnet } from '../helpers/testnet.ts'

const unreachable = (reason: UnreachableReason) => (row: ArchiveRow) =>
  row.state.name === 'unreachable' && row.state.reason === reason
const keyOf = (number: number) => encodeKey(Buffer.alloc(32, number))
/** An archive of its own, so that no test finds what another one has left. */
const publishSongs = async (author: RemotePerson) => {
  const folder = await temporaryFolder('songs')
  await writeTree(folder, { 'one.txt': 'la', 'two.txt': 'la la' })
  return publish(author, [folder])
}

/** On islands of their own, and all at once: they wait for one another's silence. */
const BREAKS: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  async 'without a network it says offline, and finds by itself once the network is back'({ here, author, newReader }) {
    const { key, link } = await author.publish()
    await here.plug(false)
    const reader = await newReader()
    await reader.client.archives.open({ link })
    await reader.archive(key, unreachable('offline'), 5000)
    await here.plug(true)
    await reader.archive(key, isFound)
  },

  async 'nodes that do not answer are another cause, and it heals by itself'({ islands, author, newReader }) {
    const { key, link } = await author.publish()
    islands.dht.kill('SIGSTOP')
    const reader = await newReader()
    await reader.client.archives.open({ link })
    await reader.archive(key, unreachable('dht-silent'))
    islands.dht.kill('SIGCONT')
    await reader.archive(key, isFound)
  },

  async 'somebody announces it, answers, and no packet goes through between the two'({
    here,
    there,
    author,
    newReader,
  }) {
    const { key, link } = await author.publish()
    await Promise.all([here.apart(true), there.apart(true)])
    const reader = await newReader()
    await reader.client.archives.open({ link })
    const blocked = (row: ArchiveRow) => unreachable('peers-unreachable')(row) && attemptsOf(row).blocked === 1
    const row = await reader.archive(key, blocked)
    expect(row.state).toMatchObject({ candidates: 1, attempts: { silent: 0, connected: 0 } })
    await Promise.all([here.apart(false), there.apart(false)])
    await reader.archive(key, isFound)
  },

  async 'who announced it and has gone does not answer, and is found within seconds of coming back'({
    there,
    author,
    newReader,
  }) {
    const { key, link } = await author.publish()
    await there.plug(false)
    const reader = await newReader()
    await reader.client.archives.open({ link })
    const silent = (row: ArchiveRow) => unreachable('peers-unreachable')(row) && attemptsOf(row).silent === 1
    const row = await reader.archive(key, silent)
    expect(row.state).toMatchObject({ candidates: 1 })
    await there.plug(true)
    await reader.archive(key, isFound)
  },
}

type Scene = {
  readonly islands: Islands
  readonly here: Island
  readonly there: Island
  readonly author: { publish(): Promise<{ readonly key: string; readonly link: string }> }
  /** One connection carries all archives: who was connected before would not have to be found. */
  newReader(): Promise<RemotePerson>
}

const closing: (() => Promise<void>)[] = []
const running = new Map<string, Promise<void>>()

// They run while the other tests do, and those of them come last.
beforeAll(() => {
  for (const [name, play] of Object.entries(BREAKS)) {
    const played = prepare().then(play)
    played.catch(() => {
      // Its test says so.
    })
    running.set(name, played)
  }
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

const newFolder = async () => {
  const folder = await keptFolder('cairn-finding')
  closing.push(() => folder.remove())
  return folder.path
}
const prepare = async (): Promise<Scene> => {
  const islands = await startIslands()
  closing.push(() => islands.close())
  const here = await islands.island()
  const there = await islands.island()
  const author = await there.person(await newFolder())
  return {
    islands,
    here,
    there,
    author: {
      async publish() {
        const folder = await newFolder()
        await writeTree(folder, { 'one.txt': 'la', 'two.txt': 'la la' })
        return publish(author, [folder])
      },
    },
    newReader: async () => here.person(await newFolder()),
  }
}

function attemptsOf({ state }: ArchiveRow) {
  if (state.name !== 'unreachable' && state.name !== 'looking') throw new Error(`There are none in ${state.name}`)
  return state.attempts
}

describe('with others who are really so', () => {
  let testnet: Testnet
  beforeAll(async () => {
    testnet = await startTestnet()
  })
  afterAll(() => testnet.close())

  /** A program that announces a key and does with connections what it likes. */
  const announce = async (key: string, options: { readonly firewall?: () => boolean } = {}) => {
    const swarm = new Hyperswarm({ dht: nodeBeside(testnet.bootstrap), ...options })
    swarm.on('connection', (connection: Hyperswarm.Connection) => connection.on('error', () => {}))
    onTestFinished(() => swarm.destroy({ force: true }))
    await swarm.join(Hypercore.discoveryKey(decodeKey(key)), { client: false, server: true }).flushed()
    return swarm
  }

  test('who declines says nothing, and is not taken for one behind a router', async () => {
    const key = keyOf(21)
    await announce(key, { firewall: () => true })
    const bob = await startPerson(testnet.bootstrap)
    await bob.client.archives.open({ link: key })
    const { state } = await bob.archive(key, unreachable('peers-unreachable'))
    expect(state).toMatchObject({ candidates: 1, attempts: { silent: 1, blocked: 0 } })
  })

  test('who announces it, is connected and shares nothing of it does not have it', async () => {
    const key = keyOf(22)
    await announce(key)
    const bob = await startPerson(testnet.bootstrap)
    await bob.client.archives.open({ link: key })
    const { state } = await bob.archive(key, unreachable('peer-lacks'))
    expect(state).toMatchObject({ candidates: 1, attempts: { connected: 1 } })
  })

  test('two who wait for the same author wait together, and both have it when the author comes', async () => {
    const storage = await temporaryFolder('cairn-author')
    const before = await startPerson(testnet.bootstrap, { storage })
    const { key, link } = await publishSongs(before)
    await before.close()
    const [bob, cid] = await Promise.all([startPerson(testnet.bootstrap), startPerson(testnet.bootstrap)])
    await bob.client.archives.open({ link })
    await bob.archive(key, row => row.state.name === 'unreachable')
    await cid.client.archives.open({ link })
    await cid.archive(key, unreachable('peer-lacks'))
    await bob.archive(key, unreachable('peer-lacks'))
    await startPerson(testnet.bootstrap, { storage })
    await Promise.all([bob.archive(key, isFound), cid.archive(key, isFound)])
  })

  test('an author who is gone leaves the list, and nothing is passed off as connected', async () => {
    const ana = await startPerson(testnet.bootstrap)
    const { key, link } = await publishSongs(ana)
    const bob = await startPerson(testnet.bootstrap)
    await bob.client.archives.open({ link })
    await bob.archive(key, row => isFound(row) && row.peers === 1)
    await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 })
    await ana.close()
    const row = await bob.archive(key, row => row.peers === 0)
    expect(row.state.name).toBe('found')
    const { entries } = await bob.client.read.list({ key, version: null, folder: '/', cursor: null, limit: 10 })
    expect(entries.map(({ name }) => name)).toEqual(['one.txt', 'two.txt'])
  })

  test('a wrong secret is no missing one, and neither looks empty', async () => {
    const ana = await startPerson(testnet.bootstrap)
    const folder = await temporaryFolder('songs')
    await writeTree(folder, { 'one.txt': 'la' })
    const { key, link } = await publish(ana, [folder], { private: true })
    const [none, wrong] = await Promise.all([startPerson(testnet.bootstrap), startPerson(testnet.bootstrap)])
    await none.client.archives.open({ link: `hyper://${key}` })
    await wrong.client.archives.open({ link: `hyper://${key}#${keyOf(5)}` })
    expect((await none.archive(key, row => row.state.name === 'secret-needed')).private).toBe(false)
    expect((await wrong.archive(key, row => row.state.name === 'secret-needed')).private).toBe(true)
    await wrong.client.archives.open({ link })
    await wrong.archive(key, isFound)
  })

  test('a version that is not there yet is said so, and is there when it is published', async () => {
    const ana = await startPerson(testnet.bootstrap)
    const folder = await temporaryFolder('songs')
    await writeTree(folder, { 'one.txt': 'la' })
    const { key, link } = await publish(ana, [folder])
    const bob = await startPerson(testnet.bootstrap)
    await bob.client.archives.open({ link })
    const { length } = await bob.archive(key, isFound)
    const next = { key, version: length + 1, folder: '/', cursor: null, limit: 10 }
    await expect(bob.client.read.list(next)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      data: { newest: length },
    })
  })

  test('who watches for an archive is told when it is found, also after a restart, and once only', async () => {
    const storage = await temporaryFolder('cairn-author')
    const before = await startPerson(testnet.bootstrap, { storage })
    const { key, link } = await publishSongs(before)
    await before.close()
    const own = await temporaryFolder('cairn-reader')
    const bob = await startPerson(testnet.bootstrap, { storage: own })
    await bob.client.archives.open({ link })
    await bob.client.archives.tellWhenFound({ key, tell: true })
    await bob.archive(key, ({ watched }) => watched !== null && watched.foundAt === null)
    await bob.close()
    const again = await startPerson(testnet.bootstrap, { storage: own })
    await again.archive(key, ({ watched, state }) => watched?.foundAt === null && state.name !== 'found')
    await startPerson(testnet.bootstrap, { storage })
    const row = await again.archive(key, ({ watched }) => watched !== null && watched.foundAt !== null)
    expect(row.state.name).toBe('found')
    await again.client.archives.markSeen({ key, length: row.length })
    await again.archive(key, ({ watched }) => watched === null)
    await again.client.archives.tellWhenFound({ key, tell: true })
    expect((await again.archive(key, () => true)).watched).toBeNull()
  })
})

describe('on a network that breaks', () => {
  test.each(Object.keys(BREAKS))('%s', async name => {
    await running.get(name)
  })
})
