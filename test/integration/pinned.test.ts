/** Links to one version, and whoever would have them show another one: authors who write history anew, peers who lie, and bent links. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import type Hypercore from 'hypercore'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { OpenedLink } from '../../preload/contract/models.ts'
import { decodeKey, encodeKey, formatLink, parseLink } from '../../main/archives/links.ts'
import { digest } from '../../main/archives/pins.ts'
import { openStore } from '../../main/archives/store.ts'
import { isFound, type Person, publish, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer, replicating } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

/** An author with two versions, somebody who reads them, and the pinned link to the first. */
async function pinned(tree: Record<string, string> = { 'a.txt': 'first', 'b/c.txt': 'below' }) {
  const author = await plainAuthor(tree)
  const { drive, key } = author
  const version = drive.version
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const { link } = await bob.client.archives.pinnedLink({ key, version, path: '/' })
  await drive.put('/a.txt', Buffer.from('second'))
  await bob.archive(key, row => row.length > version)
  return { ...author, bob, version, link }
}

const list = async ({ client }: Person, { key, version }: Pick<OpenedLink, 'key' | 'version'>): Promise<string[]> => {
  const { entries } = await client.read.list({ key, version, folder: '/', cursor: null, limit: 10 })
  return entries.map(({ path }) => path)
}

const text = async ({ client }: Person, { key, version }: Pick<OpenedLink, 'key' | 'version'>, path: string) =>
  Buffer.from((await client.read.bytes({ key, version, path, start: 0, length: 100 })).base64, 'base64').toString()

/** Every way to what is in a version, by name. Each answers, or refuses. */
const WAYS: Record<
  string,
  (person: Person, at: { readonly key: string; readonly version: number }) => Promise<unknown>
> = {
  list,
  entry: ({ client }, at) => client.read.entry({ ...at, path: '/a.txt' }),
  measure: ({ client }, at) => client.read.measure({ ...at, folders: ['/b'], limit: 10, fetch: true }),
  bytes: (person, at) => text(person, at, '/a.txt'),
  zip: async ({ client }, at) => {
    for await (const _ of client.read.watchZip({ ...at, paths: ['/'] })) return
  },
  download: async ({ client }, at) =>
    client.read.download({ ...at, paths: ['/'], folder: await temporaryFolder('target'), overwrite: false }),
  content: async ({ client, backend }, at) => {
    const { grant } = await client.read.grant(at)
    const { status } = await backend.content(new Request(`http://content/${grant}/a.txt`))
    if (status !== 200) throw Object.assign(new Error('refused'), { code: 'NOT_THE_PINNED_VERSION', status })
  },
  'content of a zip': async ({ client, backend }, at) => {
    const { grant } = await client.read.grant({ ...at, zip: ['/'] })
    const { status } = await backend.content(new Request(`http://content/${grant}/all.zip`))
    if (status !== 200) throw Object.assign(new Error('refused'), { code: 'NOT_THE_PINNED_VERSION', status })
  },
  history: ({ client }, { key, version }) => client.history.list({ key, before: version, limit: 1 }),
  changes: ({ client }, { key, version }) => client.history.changes({ key, from: 0, to: version, limit: 10 }),
}

test('a pinned link shows its version on every way', async () => {
  const { bob, key, version, link } = await pinned()
  expect(await bob.client.archives.open({ link })).toMatchObject({
    key,
    version,
    pin: { hash: expect.stringMatching(/^\w{52}$/) },
  })
  await bob.archive(key, isFound)
  expect(await list(bob, { key, version })).toEqual(['/a.txt', '/b'])
  expect(await text(bob, { key, version }, '/a.txt')).toBe('first')
  expect(await text(bob, { key, version: null }, '/a.txt')).toBe('second')
  for (const [name, way] of Object.entries(WAYS)) await expect(way(bob, { key, version }), name).resolves.not.toThrow()
})

test('a link whose hash is another one is refused on every way, with both hashes, and shows what it is when asked without it', async () => {
  const { bob, key, version, link } = await pinned()
  const { pin } = await bob.client.archives.open({ link })
  const wrong = encodeKey(Buffer.alloc(32, 7))
  await bob.archive(key, isFound)
  const bent = link.replace(pin!.hash, wrong)
  await bob.client.archives.open({ link: bent })
  for (const [name, way] of Object.entries(WAYS))
    await expect(way(bob, { key, version }), name).rejects.toMatchObject({ code: 'NOT_THE_PINNED_VERSION' })
  await expect(list(bob, { key, version })).rejects.toMatchObject({ data: { key, expected: wrong, found: pin!.hash } })
  // Now is not what the link spoke of.
  expect(await text(bob, { key, version: null }, '/a.txt')).toBe('second')
  await bob.client.archives.open({ link: `hyper://${key}+${version}` })
  expect(await text(bob, { key, version }, '/a.txt')).toBe('first')
})

test('whatever is changed in a pinned link, it shows what it showed or nothing', async () => {
  const { bob: eve, key, version, link } = await pinned()
  await eve.client.archives.open({ link })
  expect(await list(eve, { key, version })).toEqual(['/a.txt', '/b'])
  const begins = `hyper://${key}+`.length
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: begins, max: link.length - 1 }),
      fc.constantFrom(...'ybndrfg8ejkmcpqxot1uwisza345h769.0'),
      fc.constantFrom('replace', 'insert', 'remove'),
      async (at, character, how) => {
        const bent = `${link.slice(0, at)}${how === 'remove' ? '' : character}${link.slice(how === 'insert' ? at : at + 1)}`
        if (bent === link) return
        try {
          const opened = await eve.client.archives.open({ link: bent })
          // Without a hash it says nothing, and is no pinned link any more.
          if (opened.pin === null) return
          await list(eve, opened)
          expect.fail(`shown: ${bent}`)
        } catch (error) {
          const { code } = error as { code: string }
          seen.add(code)
          expect(['INVALID_LINK', 'NOT_THE_PINNED_VERSION', 'VERSION_NOT_FOUND', 'NOT_AVAILABLE']).toContain(code)
        }
      },
    ),
    // Few of what chance brings have a version that is not there, and in one of twenty rounds none.
    {
      numRuns: 300,
      examples: [
        [begins, '9', 'insert'],
        [link.length - 2, link.at(-2) === 'y' ? 'b' : 'y', 'replace'],
      ],
    },
  )
  expect([...seen]).toEqual(expect.arrayContaining(['INVALID_LINK', 'NOT_THE_PINNED_VERSION', 'VERSION_NOT_FOUND']))
  await eve.client.archives.open({ link })
  expect(await list(eve, { key, version })).toEqual(['/a.txt', '/b'])
})

test('a link is not made to a version within a changeset, nor to one that is not there', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { a: '1', b: '2', c: '3', d: '4' })
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key } = await publish(ana, [folder])
  const { length: version } = await ana.archive(key, isFound)
  for (const wrong of [0, version - 2, version + 1000])
    await expect(ana.client.archives.pinnedLink({ key, version: wrong, path: '/' })).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    })
})

test('a link to more than anybody has says that this version was not found, and shows nothing newer or older', async () => {
  const { bob, key, version, link } = await pinned()
  const parsed = parseLink(link)
  await bob.client.archives.open({ link: formatLink({ ...parsed, version: version + 500 }) })
  await bob.archive(key, isFound)
  await expect(list(bob, { key, version: version + 500 })).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
})

test('a link that pins less content than its version has shows nothing of the rest', async () => {
  const { bob, drive, key, version, link } = await pinned({ 'a.txt': 'first', 'z.txt': 'last' })
  const { blobsLength } = parseLink(link)
  // As its author could make it, to write the content anew later.
  const trees = [
    await drive.core.treeHash(version),
    await (await drive.getBlobs()).core.treeHash(blobsLength! - 1),
  ] as const
  const hash = digest({ version, blobsLength: blobsLength! - 1, trees, forks: [0, 0] })
  await bob.client.archives.open({ link: formatLink({ ...parseLink(link), blobsLength: blobsLength! - 1, hash }) })
  expect(await list(bob, { key, version })).toEqual(['/a.txt'])
  await expect(text(bob, { key, version }, '/z.txt')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('a private archive has pinned links as well, which say nothing without their secret', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'diary.txt': 'dear diary' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [folder], { private: true })
  const { length: version } = await ana.archive(key, isFound)
  const { link } = await ana.client.archives.pinnedLink({ key, version, path: '/' })
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: link.split('#')[0]! })
  await bob.archive(key, row => row.state.name === 'secret-needed')
  await expect(list(bob, { key, version })).rejects.toMatchObject({ code: 'ARCHIVE_SECRET_NEEDED' })
  await bob.client.archives.open({ link })
  await bob.archive(key, isFound)
  expect(await text(bob, { key, version }, '/diary.txt')).toBe('dear diary')
  await bob.client.archives.open({ link: formatLink({ ...parseLink(link), hash: encodeKey(Buffer.alloc(32, 7)) }) })
  await expect(list(bob, { key, version })).rejects.toMatchObject({ code: 'NOT_THE_PINNED_VERSION' })
})

async function plainReader(key: string): Promise<Hyperdrive> {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store, decodeKey(key))
  await drive.ready()
  swarm.join(drive.discoveryKey, { client: true, server: true })
  await expect.poll(() => drive.core.length).toBeGreaterThan(1)
  return drive
}

/** An author with a plain Hyperdrive, who can write history anew. */
async function plainAuthor(tree: Record<string, string> = { 'kept.txt': 'kept', 'said.txt': 'what I said' }) {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store.namespace('author'))
  await drive.ready()
  for (const [name, content] of Object.entries(tree)) await drive.put(`/${name}`, Buffer.from(content))
  let current = swarm
  const join = () => current.join(drive.discoveryKey, { client: true, server: true }).flushed()
  await join()
  return {
    drive,
    key: encodeKey(drive.key),
    leave: () => current.destroy({ force: true }),
    join: () => {
      current = replicating(store, testnet.bootstrap)
      return join()
    },
  }
}

test('an author who writes history anew is found out, by who looked before and by who comes later', async () => {
  const { drive, key } = await plainAuthor()
  const version = drive.version
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const { link } = await bob.client.archives.pinnedLink({ key, version, path: '/' })
  await bob.client.archives.open({ link })
  expect(await text(bob, { key, version }, '/said.txt')).toBe('what I said')
  await drive.truncate(version - 1)
  await drive.put('/said.txt', Buffer.from('what I wish'))
  expect(drive.version).toBe(version)
  await drive.put('/more.txt', Buffer.from('and more'))

  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link })
  await eve.archive(key, row => isFound(row) && row.length > version)
  for (const [name, way] of Object.entries(WAYS))
    await expect(way(eve, { key, version }), name).rejects.toMatchObject({ code: 'NOT_THE_PINNED_VERSION' })
  // Whether he follows is his to say; what he is shown under this link is what it stands for, or nothing.
  const said = await text(bob, { key, version }, '/said.txt').catch((error: { code: string }) => error.code)
  expect(['what I said', 'NOT_THE_PINNED_VERSION']).toContain(said)
})

test('a link stands when its author takes back only what came later', async () => {
  const { drive, key } = await plainAuthor()
  const version = drive.version
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, row => isFound(row) && row.length === version)
  const { link } = await bob.client.archives.pinnedLink({ key, version, path: '/' })
  await drive.put('/more.txt', Buffer.from('and more'))
  await drive.truncate(version)
  await drive.put('/other.txt', Buffer.from('other'))
  await drive.put('/another.txt', Buffer.from('other'))
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link })
  await eve.archive(key, row => isFound(row) && row.length > version + 1)
  expect(await text(eve, { key, version }, '/said.txt')).toBe('what I said')
  // Nor does it matter who of the two has made it.
  const { link: later } = await eve.client.archives.pinnedLink({ key, version, path: '/' })
  expect(later).not.toBe(link)
  await bob.client.archives.open({ link: later })
  expect(await text(bob, { key, version }, '/said.txt')).toBe('what I said')
})

test('a link to what its author cut off says that this version was not found', async () => {
  const { drive, key } = await plainAuthor()
  const version = drive.version
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, row => isFound(row) && row.length === version)
  const { link } = await bob.client.archives.pinnedLink({ key, version, path: '/' })
  await drive.truncate(version - 1)
  const eve = await startPerson(testnet.bootstrap)
  await eve.client.archives.open({ link })
  await eve.archive(key, isFound)
  await expect(list(eve, { key, version })).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
})

type Node = { size: number; hash: Buffer }
type Answer = {
  readonly block: { value: Buffer | null; nodes: Node[] } | null
  readonly hash: { nodes: Node[] } | null
  readonly seek: { nodes: Node[] } | null
  readonly upgrade: { nodes: Node[]; additionalNodes: Node[] } | null
}
/** Whatever somebody sends of a log passes through here. */
const bend = (core: Hypercore, change: (answer: Answer) => void) => {
  const bendPeer = (peer: unknown) => {
    const { wireData } = peer as { readonly wireData: { send(answer: Answer): void } }
    const { send } = wireData
    wireData.send = answer => {
      change(answer)
      send.call(wireData, answer)
    }
  }
  for (const peer of core.peers) bendPeer(peer)
  core.on('peer-add', bendPeer)
}

const LIES: Record<string, (node: Node) => void> = {
  hashes: node => {
    node.hash = Buffer.from(node.hash)
    node.hash[0]! ^= 1
  },
  sizes: node => {
    node.size += 1
  },
}
for (const [lie, change] of Object.entries(LIES))
  test(`a peer who lies about the ${lie} of the tree shows nothing wrong, and accuses nobody`, async () => {
    const { bob, leave, join, key, version, link } = await pinned()
    await bob.close()
    const liar = await plainReader(key)
    await liar.core.download({ start: 0, end: liar.core.length }).done()
    const { core: content } = await liar.getBlobs()
    await expect.poll(() => content.length).toBeGreaterThan(0)
    await content.download({ start: 0, end: content.length }).done()
    let lies = 0
    for (const core of [liar.core, content])
      bend(core, ({ block, hash, seek, upgrade }) => {
        const nodes = [block?.nodes, hash?.nodes, seek?.nodes, upgrade?.nodes, upgrade?.additionalNodes].flatMap(
          list => list ?? [],
        )
        lies += nodes.length
        for (const node of nodes) change(node)
      })
    await leave()
    const eve = await startPerson(testnet.bootstrap)
    await eve.client.archives.open({ link })
    await expect.poll(() => lies).toBeGreaterThan(0)
    const alone = await list(eve, { key, version }).catch((error: { code: string }) => error.code)
    expect([['/a.txt', '/b'], 'ARCHIVE_NOT_READY', 'NOT_AVAILABLE', 'VERSION_NOT_FOUND']).toContainEqual(alone)
    await join()
    await expect
      .poll(() => list(eve, { key, version }).catch((error: { code: string }) => error.code))
      .toEqual(['/a.txt', '/b'])
    expect(await text(eve, { key, version }, '/a.txt')).toBe('first')
  })

test('a node of the tree that comes alone is not believed to have another size', async () => {
  const { drive, key } = await plainAuthor()
  const { corestore, close } = await openStore(await temporaryFolder('storage'))
  onTestFinished(close)
  const core = corestore.get({ key: decodeKey(key) })
  await core.ready()
  const [ours, theirs] = [core.replicate(true), drive.core.replicate(false)]
  ours.pipe(theirs).pipe(ours)
  await core.get(2)
  const inner = core.core!
  const nodeAt = async (index: number) => {
    const reads = inner.state.storage.read()
    const node = reads.getTreeNode(index)
    reads.tryFlush()
    return (await node)!
  }
  const root = await nodeAt(1)
  const nothing = { fork: 0, block: null, hash: null, seek: null, upgrade: null, manifest: null }
  const lie = { ...root, size: root.size + 1 }
  await expect(inner.verify({ ...nothing, seek: { bytes: 1, nodes: [lie] } })).rejects.toMatchObject({
    code: 'INVALID_CHECKSUM',
  })
  await expect(inner.verify({ ...nothing, hash: { index: 1, nodes: [lie] } })).rejects.toMatchObject({
    code: 'INVALID_CHECKSUM',
  })
  expect(await nodeAt(1)).toEqual(root)
  expect(await inner.verify({ ...nothing, seek: { bytes: 1, nodes: [root] } })).toBe(true)
})

test('a download of a pinned version is checked anew when it goes on after a restart', async () => {
  const { drive, key, leave } = await plainAuthor()
  const version = drive.version
  const storage = await temporaryFolder('storage')
  const bob = await startPerson(testnet.bootstrap, { storage })
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  const { link } = await bob.client.archives.pinnedLink({ key, version, path: '/' })
  await bob.client.archives.open({ link })
  await list(bob, { key, version })
  await leave()
  await bob.archive(key, row => row.peers === 0)
  const folder = await temporaryFolder('target')
  const { transfer } = await bob.client.read.download({ key, version, paths: ['/kept.txt'], folder, overwrite: false })
  await bob.transfer(transfer, row => row.state.name === 'waiting-for-peers')
  await bob.close()
  // What the link said is remembered with the download, and not what was found then.
  const registry = join(storage, 'registry.json')
  const said = parseLink(link).hash!
  const written = await readFile(registry, 'utf8')
  expect(written).toContain(said)
  await writeFile(registry, written.replaceAll(said, encodeKey(Buffer.alloc(32, 7))))
  const again = await startPerson(testnet.bootstrap, { storage, join: false })
  const { state } = await again.transfer(transfer, row => row.state.name === 'failed')
  expect(state).toMatchObject({ error: { code: 'NOT_THE_PINNED_VERSION' } })
  expect(await readTree(folder)).toEqual({})
})
