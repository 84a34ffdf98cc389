/** Looking at what somebody else has: lists and parts of files come right, and no more is fetched than is looked at. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import Hyperdrive from 'hyperdrive'
import type Hypercore from 'hypercore'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import type { Entry } from '../../preload/contract/models.ts'
import { isFound, type Person, startPerson } from '../helpers/backend.ts'
import { endsWithin } from '../helpers/order.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

/** A plain author, who says how many blocks went out. */
async function author(fill: (drive: Hyperdrive) => Promise<void>): Promise<{
  readonly drive: Hyperdrive
  readonly key: string
  readonly link: string
  readonly sent: { list: number; bytes: number }
}> {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await fill(drive)
  const sent = { list: 0, bytes: 0 }
  drive.core.on('upload', () => sent.list++)
  ;(await drive.getBlobs()).core.on('upload', (_: number, bytes: number) => {
    sent.bytes += bytes
  })
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  return { drive, key: encodeKey(drive.key), link: `hyper://${drive.key.toString('hex')}`, sent }
}

async function entriesInto(drive: Hyperdrive, paths: Iterable<string>): Promise<void> {
  const batch = drive.batch()
  for (const path of paths) await batch.putEntry(path, { blob: null, metadata: null })
  await batch.flush()
}

async function listed(person: Person, key: string, folder: string, limit: number): Promise<readonly Entry[]> {
  const all: Entry[] = []
  let cursor: string | null = null
  do {
    const page = await person.client.read.list({ key, version: null, folder, cursor, limit })
    all.push(...page.entries)
    cursor = page.cursor
  } while (cursor !== null)
  return all
}

/** What lies directly in a folder, by nothing but the paths of all files. */
function childrenOf(paths: readonly string[], folder: string): readonly string[] {
  const prefix = folder === '/' ? '/' : `${folder}/`
  const names = new Set<string>()
  for (const path of paths) {
    if (!path.startsWith(prefix)) continue
    const rest = path.slice(prefix.length)
    names.add(rest.includes('/') ? `${rest.slice(0, rest.indexOf('/'))}/` : rest)
  }
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
const named = (entries: readonly Entry[]) => entries.map(({ kind, name }) => (kind === 'folder' ? `${name}/` : name))

test('every folder of a tree is listed as it is, in pages of any size, and measured', async () => {
  const paths = new Set<string>()
  for (let index = 0; index < 3000; index++) {
    const one = (index * 7919) % 3001
    paths.add(`/flat/${one}.txt`)
    paths.add(`/nested/${one % 40}/${one % 7}/file ${one}`)
    if (index % 100 === 0) for (const end of ['', '!', '0', '.txt', '/x', ' /ü/⛰']) paths.add(`/odd${index}${end}`)
  }
  const all = [...paths]
  const ana = await author(async drive => {
    await entriesInto(drive, all.slice(0, 4000))
    // Later versions lie elsewhere in the log, and what is gone is gone.
    await entriesInto(drive, [...all.slice(4000), '/flat/gone.txt', '/gone/gone'])
    await drive.del('/flat/gone.txt')
    await drive.del('/gone/gone')
    await entriesInto(drive, all.slice(100, 200))
  })
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: ana.link })
  await bob.archive(ana.key, isFound)
  for (const folder of ['/', '/flat', '/nested', '/nested/3', '/nested/39/6', '/odd0', '/odd100 ', '/nothing'])
    for (const limit of [7, 200, 5000]) {
      if (folder === '/flat' && limit === 7) continue
      const entries = await listed(bob, ana.key, folder, limit)
      expect([folder, limit, named(entries)]).toEqual([folder, limit, childrenOf(all, folder)])
    }
  const sizes: unknown[] = []
  await bob.client.read.measure(
    { key: ana.key, version: null, folders: ['/', '/flat', '/nested/3'], limit: 4000, fetch: true },
    { onProgress: size => size.state !== 'counting' && sizes.push(size) },
  )
  expect(sizes).toEqual([
    { path: '/', files: 4000, bytes: 0, state: 'more' },
    { path: '/flat', files: 3001 - 1, bytes: 0, state: 'whole' },
    { path: '/nested/3', files: all.filter(path => path.startsWith('/nested/3/')).length, bytes: 0, state: 'whole' },
  ])
})

test('the first page of a long list costs as many blocks as it shows, and nothing is said of what is not here', async () => {
  const files = Array.from({ length: 20_000 }, (_, index) => `/flat/a file of many ${index}`)
  const folders = Array.from({ length: 10_000 }, (_, index) => `/folders/folder ${index % 500}/file ${index}`)
  const ana = await author(drive => entriesInto(drive, [...files, ...folders]))
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: ana.link })
  await bob.archive(ana.key, isFound)
  // Found means that it has been looked into: some blocks at the root.
  expect(ana.sent.list).toBeLessThan(200)
  const sizes: unknown[] = []
  await bob.client.read.measure(
    { key: ana.key, version: null, folders: ['/flat', '/folders'], limit: 100_000, fetch: false },
    { onProgress: size => sizes.push(size) },
  )
  expect(sizes).toEqual([])
  const before = ana.sent.list
  const first = await bob.client.read.list({ key: ana.key, version: null, folder: '/flat', cursor: null, limit: 200 })
  const cost = ana.sent.list - before
  expect(first.entries).toHaveLength(200)
  expect(cost).toBeLessThan(1200)
})

const codeOf = (error: { readonly code: string }) => error.code

/** What a list can be that leads round in circles: nodes that name themselves. */
const circles: readonly ((own: number) => {
  readonly keys: readonly number[]
  readonly children: readonly number[]
})[] = [
  own => ({ keys: [own], children: [own, 0, own, 0] }),
  own => ({ keys: [], children: [own, 0] }),
  own => ({ keys: [own, own], children: [own, 0, own, 0, own, 0] }),
]

test('a list that leads out of its log is called broken', async () => {
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
  const bob = await startPerson(testnet.bootstrap)
  const ana = await author(async drive => {
    await drive.putEntry('/before.txt', { blob: null })
    const own = drive.core.length
    const level = Buffer.concat([field(1, Buffer.from([own])), field(2, Buffer.from([own + 40, 0, own + 50, 0]))])
    const name = field(2, Buffer.from('files\0/out.txt'))
    await drive.core.append(Buffer.concat([field(1, field(1, level)), name, field(3, Buffer.from('{}'))]))
  })
  await bob.client.archives.open({ link: ana.link })
  await bob.archive(ana.key, ({ state }) => state.name === 'damaged')
  const listed = bob.client.read.list({ key: ana.key, version: null, folder: '/', cursor: null, limit: 10 })
  await expect(listed).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
})

test('a list that leads round in circles comes to an end, and holds nothing else up', async () => {
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
  const bob = await startPerson(testnet.bootstrap)
  for (const circle of circles) {
    const ana = await author(async drive => {
      await drive.putEntry('/before.txt', { blob: null })
      const { keys, children } = circle(drive.core.length)
      const level = Buffer.concat([field(1, Buffer.from(keys)), field(2, Buffer.from(children))])
      const name = field(2, Buffer.from('files\0/round.txt'))
      await drive.core.append(Buffer.concat([field(1, field(1, level)), name, field(3, Buffer.from('{}'))]))
    })
    await bob.client.archives.open({ link: ana.link })
    await bob.archive(ana.key, row => row.length > 0)
    const asked = { key: ana.key, version: null, folder: '/', cursor: null, limit: 10 }
    await expect
      .poll(() =>
        bob.client.read.list(asked).then(
          ({ entries }) => entries.length,
          (error: { readonly code: string }) => error.code,
        ),
      )
      .toBeLessThan(3)
    const entry = bob.client.read.entry({ key: ana.key, version: null, path: '/nothing' })
    await expect(entry).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
    // Neither does its history.
    const page = { key: ana.key, before: null, limit: 100 }
    const told = bob.client.history.list(page).then(({ changesets }) => changesets.length > 0, codeOf)
    expect([true, 'ARCHIVE_DAMAGED']).toContain(await told)
    const changes = bob.client.history.changes({ key: ana.key, from: 2, to: 3, limit: 10 })
    expect(['ARCHIVE_DAMAGED', 'VERSION_NOT_FOUND']).toContain(await changes.then(() => 'told', codeOf))
    // It never looks as if it were still being read.
    await bob.archive(ana.key, ({ state }) => ['damaged', 'found', 'empty'].includes(state.name))
    await bob.client.archives.forget({ key: ana.key })
  }
})

/** Blocks of one size as programs write them, and of any size as they need not. */
const shapes: readonly (readonly [name: string, blocks: (bytes: Buffer) => readonly Buffer[]])[] = [
  ['64 KiB', bytes => cut(bytes, () => 65_536)],
  ['256 KiB', bytes => cut(bytes, () => 262_144)],
  ['any size', bytes => cut(bytes, at => 1 + ((at * 7919) % 90_000))],
  ['small ones and a large one', bytes => cut(bytes, at => (at === 0 ? bytes.length - 200 : 40))],
]
function cut(bytes: Buffer, sizeAt: (at: number) => number): readonly Buffer[] {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += blocks.at(-1)!.length) blocks.push(bytes.subarray(at, at + sizeAt(at)))
  return blocks
}

test('any part of a file is what it is, however its blocks were cut', async () => {
  const bytes = Buffer.from(Array.from({ length: 1_000_003 }, (_, index) => (index * 31 + (index >> 8)) & 255))
  const ana = await author(async drive => {
    const { core } = await drive.getBlobs()
    await core.append(Buffer.from('somebody else'))
    for (const [name, blocks] of shapes) {
      const place = { blockOffset: core.length, byteOffset: core.byteLength }
      const cut = blocks(bytes)
      await core.append([...cut])
      await drive.putEntry(`/${name}`, { blob: { ...place, blockLength: cut.length, byteLength: bytes.length } })
    }
  })
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: ana.link })
  await bob.archive(ana.key, isFound)
  const { grant } = await bob.client.read.grant({ key: ana.key, version: null })
  const ask = (name: string, headers: Record<string, string>) =>
    bob.backend.content(new Request(`http://content/${grant}/${encodeURIComponent(name)}`, { headers }))
  for (const [name] of shapes) {
    for (const [start, end] of [
      [500_000, 500_000],
      [999_900, null],
      [65_535, 65_536],
      [262_144, 524_287],
      [0, 10],
      [1, null],
    ] as const) {
      const response = await ask(name, { range: `bytes=${start}-${end ?? ''}` })
      expect([name, response.status, response.headers.get('content-range')]).toEqual([
        name,
        206,
        `bytes ${start}-${end ?? bytes.length - 1}/${bytes.length}`,
      ])
      const got = Buffer.from(await response.arrayBuffer())
      expect([name, start, got.equals(bytes.subarray(start, (end ?? bytes.length) + 1))]).toEqual([name, start, true])
    }
    const tag = (await ask(name, {})).headers.get('etag')!
    expect((await ask(name, { 'if-none-match': tag })).status).toBe(304)
    expect((await ask(name, { range: 'bytes=1-2', 'if-range': tag })).status).toBe(206)
    expect((await ask(name, { range: 'bytes=1-2', 'if-range': '"another"' })).status).toBe(200)
  }
})

test('"from here on" fetches little ahead of what is taken, and nothing after its reader has left', async () => {
  const bytes = Buffer.alloc(64 << 20, 'a film')
  const ana = await author(async drive => {
    const { core } = await drive.getBlobs()
    for (const size of [65_536, 262_144]) {
      const place = { blockOffset: core.length, byteOffset: core.byteLength }
      const cuts = cut(bytes, () => size)
      await core.append([...cuts])
      await drive.putEntry(`/${size}`, { blob: { ...place, blockLength: cuts.length, byteLength: bytes.length } })
    }
  })
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: ana.link })
  await bob.archive(ana.key, isFound)
  const { grant } = await bob.client.read.grant({ key: ana.key, version: null })
  for (const name of ['65536', '262144']) {
    const before = ana.sent.bytes
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const response = await bob.backend.content(
      new Request(`http://content/${grant}/${name}`, { headers: { range: 'bytes=33000000-' }, signal: stop.signal }),
    )
    expect(response.status).toBe(206)
    const reader = response.body!.getReader()
    await reader.read()
    // Nobody takes more: nothing more comes.
    await settled(() => ana.sent.bytes)
    expect(ana.sent.bytes - before).toBeLessThanOrEqual(2 << 20)
    for (let taken = 0; taken < 8 << 20; ) taken += (await reader.read()).value!.byteLength
    stop.abort()
    const left = ana.sent.bytes
    await settled(() => ana.sent.bytes)
    expect(ana.sent.bytes - before).toBeLessThan(13 << 20)
    expect(ana.sent.bytes - left).toBeLessThanOrEqual(2 << 20)
    // The place is let go: no session stays behind on the log of content.
    const { core } = await ana.drive.getBlobs()
    expect(core.peers).toHaveLength(1)
  }
})

test('who jumps within a film sees every place at once', async () => {
  const bytes = Buffer.alloc(48 << 20, 'a film')
  const ana = await author(async drive => {
    const { core } = await drive.getBlobs()
    const cuts = cut(bytes, () => 65_536)
    await core.append([...cuts])
    const blob = { blockOffset: 0, byteOffset: 0, blockLength: cuts.length, byteLength: bytes.length }
    await drive.putEntry('/film', { blob })
  })
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: ana.link })
  await bob.archive(ana.key, isFound)
  const { grant } = await bob.client.read.grant({ key: ana.key, version: null })
  for (let place = 0; place < bytes.length; place += 3 << 20) {
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const response = await bob.backend.content(
      new Request(`http://content/${grant}/film`, { headers: { range: `bytes=${place}-` }, signal: stop.signal }),
    )
    expect([place, response.status]).toEqual([place, 206])
    const reader = response.body!.getReader()
    // So much that more is waited for than a peer is asked for at once.
    for (let taken = 0; taken < 256 << 10; ) taken += (await reader.read()).value!.byteLength
    stop.abort()
    // What was on its way has come, or never will.
    await sleep(50)
  }
})

test('who leaves before the list is there is not waited for', async () => {
  const ana = await author(drive =>
    entriesInto(
      drive,
      Array.from({ length: 2000 }, (_, index) => `/${index}`),
    ),
  )
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: ana.link })
  await bob.archive(ana.key, isFound)
  const core: Hypercore = ana.drive.core
  const gone = Promise.all([...core.peers].map(peer => once(peer.stream as never, 'close')))
  await ana.drive.close()
  void gone.catch(() => {})
  const stop = new AbortController()
  const asked = bob.client.read.list(
    { key: ana.key, version: null, folder: '/', cursor: '/1500', limit: 100 },
    { signal: stop.signal },
  )
  stop.abort()
  const error = await endsWithin(
    10_000,
    asked.catch((error: { readonly code: string }) => error),
  )
  expect('code' in error ? error.code : 'listed').toMatch(/^(CANCELLED|listed)$/)
})

/** Waits until a number stays as it is. */
async function settled(value: () => number): Promise<void> {
  for (let before = Number.NaN; before !== value(); await new Promise(resolve => setTimeout(resolve, 300)))
    before = value()
}
