/** Who has what: what each machine says of the others is what lies on their disks. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import type Hyperswarm from 'hyperswarm'
import Protomux from 'protomux'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import { Archive } from '../../main/archives/archive.ts'
import { openStore } from '../../main/archives/store.ts'
import { descendants } from '../../main/read/entries.ts'
import { storedList } from '../../main/read/stored-list.ts'
import { isReserved } from '../../main/archives/about.ts'
import { encodeWord } from '../../main/availability/gossip.ts'
import { Files, type Placed } from '../../main/availability/files.ts'
import { Layout, placed } from '../../main/availability/layout.ts'
import type { ArchiveRow, Availability, AvailabilitySummary, Holder } from '../../preload/contract/models.ts'
import {
  isDone,
  isFound,
  type Person,
  publicKeyOf,
  publish,
  type RemotePerson,
  startPerson,
  waitFor,
} from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { blocksIn, replicating } from '../helpers/plain.ts'
import { cairn } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const available = (person: RemotePerson, key: string, wanted: (row: Availability) => boolean, milliseconds?: number) =>
  waitFor(signal => person.client.availability.watch({ key }, { signal }), key, wanted, milliseconds)

/** Who join at the same moment may miss each other: they look again until all are connected. */
const meet = (people: readonly Person[], key: string, others: number) =>
  Promise.all(
    people.map(person =>
      expect
        .poll(
          async () => {
            const { connected } = await available(person, key, ({ version }) => version !== null)
            if (connected < others) await person.client.archives.retry({ key })
            return connected
          },
          { interval: 1000, timeout: 45_000 },
        )
        .toBe(others),
    ),
  )

test('what five machines and one of another program say of each other is what lies on their disks', async () => {
  const source = await temporaryFolder('cairn-source')
  const files = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [
      `${index % 2 === 0 ? 'even' : 'odd'}/${index}.bin`,
      randomBytes(600_000),
    ]),
  )
  await writeTree(source, { ...files, 'empty.txt': '' })
  const people = await Promise.all(Array.from({ length: 5 }, () => startPerson(testnet.bootstrap)))
  const [author, whole, parts, looks, nothing] = people as [Person, Person, Person, Person, Person]
  const { key, link } = await publish(author, [source])
  const alone = await available(author, key, ({ now }) => now.name === 'only-here')
  expect(alone.now).toEqual({ name: 'only-here', others: 0, files: 13, bytes: 7_200_000 })

  for (const one of [whole, parts, looks, nothing]) {
    await one.client.archives.open({ link })
    await one.archive(key, isFound)
  }
  await whole.client.archives.keep({ key, keep: true })
  await parts.client.archives.keepParts({ key, patterns: ['/odd/'] })
  const folder = await temporaryFolder()
  const some = { key, version: null, paths: ['/even/2.bin', '/odd/3.bin'], folder, overwrite: false }
  const { transfer } = await looks.client.read.download(some)
  await looks.transfer(transfer, isDone)
  const plainFolder = await temporaryFolder('plain')
  const plain = new Corestore(plainFolder)
  const swarm = replicating(plain, testnet.bootstrap)
  const drive = new Hyperdrive(plain.session(), decodeKey(key))
  await drive.ready()
  swarm.join(drive.discoveryKey, { client: true, server: true })
  await drive.core.update({ wait: true })
  for (const path of ['/even/4.bin', '/odd/5.bin']) await expect.poll(() => drive.get(path)).not.toBeNull()

  const ids = await Promise.all(people.map(publicKeyOf))
  const plainId = encodeKey(swarm.keyPair.publicKey)
  await meet(people, key, 5)
  // Everybody sees everybody, and nothing moves any more.
  const rows = new Map<Person, Availability>()
  for (const person of people)
    rows.set(
      person,
      await available(person, key, row => {
        const blocks = new Map(row.peers.map(peer => [peer.id, peer.blocks]))
        const seen = (id: string, least: number) =>
          person === people[ids.indexOf(id)] || (blocks.get(id) ?? -1) >= least
        const [a, w, p, l] = ids as [string, string, string, string, string]
        return (
          row.connected === 5 &&
          seen(a, 36) &&
          seen(w, 36) &&
          seen(p, 18) &&
          seen(l, 6) &&
          (blocks.get(plainId) ?? 0) >= 6
        )
      }),
    )
  // The table of peers says the same, also to those who have everything.
  await waitFor(
    signal => author.client.peers.watch({ key }, { signal }),
    ids[2]!,
    ({ holds, ofBlocks }) => holds === 18 && ofBlocks === 36,
  )
  const { held } = await looks.client.availability.files({
    key,
    version: null,
    paths: ['/even/2.bin', '/odd/5.bin', '/even', '/', '/empty.txt', '/none'],
  })
  // Three blocks each, in the order of the log; the empty one has none.
  const { version } = rows.get(author)!
  const inParts = await Promise.all(
    Array.from({ length: 37 }, (_, part) => author.client.availability.part({ key, version: version!, part })),
  )
  const named = inParts.map(({ part }) => part)
  expect(named.at(-1)).toBeNull()
  expect(
    named.slice(0, -1).every((part, block) => part?.files === 1 && part.first === named[block - (block % 3)]?.first),
  ).toBe(true)
  expect(new Set(named.slice(0, -1).map(part => part?.last))).toEqual(
    new Set(Object.keys(files).map(name => `/${name}`)),
  )
  expect(await author.client.availability.part({ key, version: version! - 1, part: 0 })).toEqual({ part: null })
  const whoOf = async (path: string) => {
    const { holders } = await looks.client.availability.who({ key, version: null, path })
    return holders.map(({ id, share, connected }) => [id, share, connected]).sort()
  }
  const who = [await whoOf('/odd/5.bin'), await whoOf('/even')]
  await Promise.all(people.map(person => person.close()))
  await swarm.destroy({ force: true })
  await drive.close()
  await plain.close()

  const onDisk = new Map([[plainId, await blocksIn(plainFolder, key)]])
  for (const [index, { storage }] of people.entries())
    onDisk.set(ids[index]!, await blocksIn(join(storage, 'store'), key))
  expect([...onDisk.values()].map(({ length }) => length)).toEqual([6, 36, 36, 18, 6, 0])
  for (const [index, person] of people.entries()) {
    const { peers, bar, now, missing, here } = rows.get(person)!
    const others = [...onDisk].filter(([id]) => id !== ids[index])
    expect(new Map(peers.map(({ id, blocks }) => [id, blocks]))).toEqual(
      new Map(others.map(([id, blocks]) => [id, blocks.length])),
    )
    for (const { id, cairn } of peers) expect(cairn).toBe(id !== plainId)
    expect(bar.least).toEqual(
      Array.from({ length: 36 }, (_, block) => others.filter(([, blocks]) => blocks.includes(block)).length),
    )
    expect(here.blocks).toBe(onDisk.get(ids[index]!)!.length)
    expect([now, missing.files]).toEqual([{ name: 'safe', others: index < 2 ? 1 : 2 }, 0])
  }
  // As one sees them who looked at two of the files.
  expect(held).toEqual([
    { path: '/even/2.bin', others: 2, here: true, files: 1, alone: 0 },
    { path: '/odd/5.bin', others: 4, here: false, files: 1, alone: 0 },
    { path: '/even', others: 2, here: false, files: 6, alone: 0 },
    { path: '/', others: 2, here: false, files: 13, alone: 0 },
    { path: '/empty.txt', others: 4, here: true, files: 1, alone: 0 },
    null,
  ])
  const [a, w, p] = ids as [string, string, string]
  expect(who[0]).toEqual([a, w, p, plainId].map(id => [id, 1, true]).sort())
  expect(who[1]).toEqual(
    [
      [a, 1, true],
      [w, 1, true],
      [plainId, 1 / 6, true],
    ].sort(),
  )
})

/** Another program that holds all of an archive, in a process of its own. */
async function plainProcess(key: string): Promise<ChildProcess> {
  const script = new URL('../helpers/plain-keeper.mjs', import.meta.url).pathname
  const child = spawn(
    process.execPath,
    [script, testnet.bootstrap[0]!, Buffer.from(decodeKey(key)).toString('hex'), await temporaryFolder('plain')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('who stops without a word is noticed within fifteen seconds, and remembered after a restart', async () => {
  const source = await temporaryFolder('cairn-source')
  await writeTree(source, { 'a.bin': randomBytes(600_000), 'b.txt': 'b' })
  const author = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(author, [source])
  const storage = await temporaryFolder('cairn-storage')
  // While somebody fetches it who keeps all of it, they would miss what is here alone.
  const needed = async () => (await author.client.availability.needed()).archives
  await author.client.settings.update({ limits: { up: 100_000, down: null, schedule: [], connections: 64 } })
  const ours = cairn('keep', link, '--storage', storage, '--bootstrap', testnet.bootstrap[0]!)
  await expect.poll(needed, { timeout: 60_000 }).toMatchObject([{ key, peers: 1 }])
  await author.client.settings.update({ limits: { up: null, down: null, schedule: [], connections: 64 } })
  const plain = await plainProcess(key)
  const both = await available(author, key, ({ now }) => now.name === 'safe' && now.others === 2, 60_000)
  expect(both.peers.map(({ cairn, all }) => [cairn, all]).sort()).toEqual([
    [false, true],
    [true, true],
  ])
  expect(await needed()).toEqual([])
  const stopped = performance.now()
  ours.process.kill('SIGSTOP')
  plain.kill('SIGSTOP')
  const alone = await available(author, key, ({ connected }) => connected === 0, 25_000)
  expect(performance.now() - stopped).toBeLessThan(15_000)
  const only = { name: 'only-here', others: 0, files: 2, bytes: 600_001 }
  expect([alone.now, alone.remembered, alone.away]).toEqual([only, { name: 'safe', others: 2 }, 2])
  expect(Date.now() - alone.lastContact!).toBeLessThan(15_000)
  const named = { id: alone.peers[0]!.id, name: 'Ana' }
  await author.client.names.set(named)
  await author.close()

  const again = await startPerson(testnet.bootstrap, { storage: author.storage, join: false })
  const remembered = await available(again, key, ({ version }) => version !== null)
  expect([remembered.now, remembered.remembered]).toEqual([only, { name: 'safe', others: 2 }])
  const known = ({ peers }: Availability) =>
    peers.map(({ id, all, blocks, seenAt }) => [id, all, blocks, seenAt]).sort()
  expect(known(remembered)).toEqual(known(alone))
  await waitFor(
    signal => again.client.names.watch(undefined, { signal }),
    named.id,
    ({ name }) => name === 'Ana',
  )
})

const isKept = (blocks: number) => (row: ArchiveRow) => row.held.blocks === blocks

test('four who free at the same time leave as many copies as were asked for; what was freed is fetched when it is opened', async () => {
  const source = await temporaryFolder('cairn-source')
  const files = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`${index}.bin`, randomBytes(300_000)]))
  await writeTree(source, { ...files, 'copy of 1.bin': files['1.bin']! })
  const author = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(author, [source])
  const friends = await Promise.all(Array.from({ length: 4 }, () => startPerson(testnet.bootstrap)))
  for (const friend of friends) {
    await friend.client.archives.open({ link })
    await friend.archive(key, isFound)
    await friend.client.archives.keep({ key, keep: true })
  }
  const all = 12
  await meet(friends, key, 4)
  for (const friend of friends) {
    await friend.archive(key, isKept(all))
    await available(friend, key, ({ now }) => now.name === 'safe' && now.others === 4)
  }
  await expect(author.client.availability.free({ key, paths: null, others: 1 })).rejects.toThrow(/yours/)

  // What another name shares stays.
  const ana = friends[0]!
  const plan = await ana.client.availability.planFreeing({ key, paths: ['/0.bin', '/1.bin'], others: 4 })
  expect(plan).toMatchObject({ files: 1, bytes: 300_000, shared: { files: 1, bytes: 300_000 }, tooFew: { files: 0 } })
  expect(await ana.client.availability.planFreeing({ key, paths: null, others: 5 })).toMatchObject({
    files: 0,
    tooFew: { files: 7 },
  })

  const done = await Promise.all(friends.map(({ client }) => client.availability.free({ key, paths: null, others: 3 })))
  const freed = done.filter(({ files }) => files === 7).length
  expect([freed, done.map(({ files }) => files).sort()]).toEqual([2, [0, 0, 7, 7]])
  const gone = friends.filter((_, index) => done[index]!.files > 0)
  for (const friend of gone) {
    await friend.archive(key, isKept(0))
    expect((await available(friend, key, row => row.freed.blocks === all)).freed.bytes).toBe(1_800_000)
  }
  await available(author, key, ({ byOthers }) => byOthers[2] === 7)

  // It is fetched when it is opened, and not by itself; what comes later is kept as before.
  const one = gone[0]!
  const { base64 } = await one.client.read.bytes({ key, version: null, path: '/0.bin', start: 0, length: 1000 })
  expect(Buffer.from(base64, 'base64').equals(files['0.bin']!.subarray(0, 1000))).toBe(true)
  await writeTree(source, { 'new.bin': randomBytes(300_000) })
  await one.archive(key, ({ held }) => held.blocks >= 2 && held.ofBlocks === all + 2)
  await one.close()
  const again = await startPerson(testnet.bootstrap, { storage: one.storage })
  const kept = await again.archive(key, row => isFound(row) && row.peers > 0)
  expect(kept.held.blocks).toBeLessThanOrEqual(4)
  await again.client.availability.recall({ key })
  await again.archive(key, isKept(all + 2))
})

/** Says on Cairn's channel whatever it is told to. */
async function liar(
  key: string,
  to: string,
): Promise<{ readonly id: string; say(type: number, bytes: Buffer): void; channels(): number }> {
  const store = new Corestore(await temporaryFolder('plain'))
  const drive = new Hyperdrive(store.session(), decodeKey(key))
  await drive.ready()
  const swarm = replicating(store, testnet.bootstrap)
  onTestFinished(async () => {
    await swarm.destroy({ force: true })
    await store.close()
  })
  // Two connections to one machine may come up at once, of which one ends.
  const channels = new Set<Protomux.Channel<number>>()
  drive.core.on('peer-add', ({ stream }: { readonly stream: Hyperswarm.Connection }) => {
    // The others are liars too.
    if (encodeKey(stream.remotePublicKey) !== to) return
    const streams = Protomux.from(stream)
    const open = async () => {
      const channel = streams.createChannel<number>({
        protocol: 'cairn/holding',
        id: drive.discoveryKey,
        handshake: {
          preencode: state => void state.end++,
          encode: (state, version) => void (state.buffer![state.start++] = version),
          decode: state => state.buffer![state.start++]!,
        },
        messages: [{ onmessage: () => {} }, { onmessage: () => {} }, { onmessage: () => {} }],
        onopen: () => channels.add(channel!),
        onclose: () => channels.delete(channel!),
      })
      channel?.open(1)
    }
    streams.pair({ protocol: 'cairn/holding', id: drive.discoveryKey }, open)
    void open()
  })
  swarm.join(drive.discoveryKey, { client: true, server: true })
  return {
    id: encodeKey(swarm.keyPair.publicKey),
    say: (type, bytes) => {
      for (const channel of channels) channel.messages[type]!.send(bytes)
    },
    channels: () => channels.size,
  }
}

test('whoever says on that channel what cannot be is taken for another program, and gets no further', async () => {
  const source = await temporaryFolder('cairn-source')
  await writeTree(source, { 'a.bin': randomBytes(600_000) })
  const author = await startPerson(testnet.bootstrap)
  const { key } = await publish(author, [source])
  const whole = { start: 0, end: 2 ** 28 }
  const word = { number: 0, whole: true, fork: 0, length: 2 ** 28, gained: [whole], lost: [] }
  const to = await publicKeyOf(author)
  const liars = [await liar(key, to), await liar(key, to), await liar(key, to)] as const
  const [one, wrong, loud] = liars
  const isOpen = (id: string) => (row: Availability) => row.peers.some(peer => peer.id === id && peer.cairn)
  for (const { id, channels } of liars) {
    await available(author, key, isOpen(id))
    await expect.poll(channels).toBe(1)
  }
  one.say(0, encodeWord({ ...word, log: 'content' }))
  wrong.say(0, encodeWord({ ...word, log: 'content' }))
  // What there is not is held by nobody.
  const held = (id: string) => (row: Availability) => row.peers.some(peer => peer.id === id && peer.blocks === 3)
  await available(author, key, held(one.id))
  await available(author, key, held(wrong.id))
  wrong.say(0, Buffer.from('ffffffffffffffffffff01', 'hex'))
  for (let number = 0; number < 3000; number++)
    loud.say(
      0,
      encodeWord({
        ...word,
        number,
        whole: false,
        gained: [{ start: 2 * number, end: 2 * number + 1 }],
        log: 'content',
      }),
    )
  await expect.poll(() => liars.map(({ channels }) => channels())).toEqual([1, 0, 0])
  const { peers } = await available(author, key, ({ peers }) => peers.filter(({ cairn }) => !cairn).length === 2)
  const blocks = new Map(peers.map(({ id, blocks }) => [id, blocks]))
  expect(liars.map(({ id }) => blocks.get(id))).toEqual([3, 0, 0])
})

test.each([
  ['', null],
  [', of a private archive as well', encodeKey(randomBytes(32))],
] as const)('where files stand is carried on from version to version as if it were read anew%s', async (_, secret) => {
  const store = await openStore(await temporaryFolder('cairn-storage'))
  onTestFinished(() => store.close())
  const archive = await Archive.create(store, 'layout', secret)
  const { drive } = archive
  await drive.put('/first.txt', Buffer.from('first'))
  const signal = new AbortController().signal
  let carried: Layout | null = null
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let round = 0; round < 12; round++) {
    const batch = drive.batch()
    for (let edit = 0; edit < 6; edit++) {
      const path = `/folder ${random(3)}/é ${random(8)}${random(2) === 0 ? '' : '/in it'}`
      if (random(3) === 0) await batch.del(path)
      else await batch.put(path, Buffer.alloc(random(3) * 40_000, path))
    }
    await batch.flush()
    carried = await Layout.read(archive, carried, signal)
    const anew = await Layout.read(archive, null, signal)
    expect(carried!.files).toEqual(anew!.files)
    expect([carried!.ranges, carried!.length]).toEqual([anew!.ranges, drive.core.length])
    const { files } = carried!
    // Straight from the store it reads the same as entry by entry.
    const slowly: Placed[] = []
    for await (const entry of descendants(drive, '/'))
      if (entry.kind === 'file') slowly.push(await placed(drive, entry, (await drive.entry(entry.path))!.seq + 1))
    expect(Files.of(slowly)).toEqual(files)
    const stored: string[] = []
    for await (const some of storedList(drive, drive.core.length))
      stored.push(...some.map(({ key }) => key.toString()).filter(path => !isReserved(path)))
    expect(stored.length).toBe(slowly.length)
    const { paths } = files.columns
    paths.forEach((path, index) => expect(files.indexOf(path)).toBe(index))
    const { start, end } = files.below('/folder 1')
    expect(paths.slice(start, end)).toEqual(paths.filter(path => path.startsWith('/folder 1/')))
  }
  // Of several levels.
  expect(carried!.files.length).toBeGreaterThan(10)
})

test('what is not known does not read as safe, and who asks meanwhile is told what is', async () => {
  const source = await temporaryFolder('cairn-source')
  await writeTree(source, { 'a.bin': randomBytes(300_000) })
  const author = await startPerson(testnet.bootstrap)
  const friend = await startPerson(testnet.bootstrap)
  const { key, link } = await publish(author, [source])
  await friend.client.archives.open({ link })
  await friend.archive(key, isFound)
  await friend.client.archives.keep({ key, keep: true })
  const { length } = await author.archive(key, row => isFound(row) && row.source?.state.name === 'watching')
  const summary = (wanted: (summary: AvailabilitySummary) => boolean) =>
    waitFor(signal => author.client.availability.watchAll(undefined, { signal }), key, wanted)
  await summary(({ now }) => now.name === 'safe')

  // What comes now takes the friend half a minute, unless it may pass.
  const { settings, archives } = author.client
  await settings.update({ limits: { up: 50_000, down: null, schedule: [], connections: 64 } })
  await writeTree(source, { 'b.bin': randomBytes(1_500_000) })
  await waitFor(
    signal => archives.watch(undefined, { signal }),
    key,
    row => row.length > length,
  )
  const said = await summary(() => true)
  expect([said.now.name, said.remembered.name]).not.toContain('safe')
  // What the friend held before stands, with the new list or without.
  const { now } = await summary(({ now }) => now.name === 'only-here' && now.files === 1)
  expect(now).toEqual({ name: 'only-here', others: 1, files: 1, bytes: 1_500_000 })

  const asked = cairn('holders', link, '--storage', author.storage, '--bootstrap', testnet.bootstrap[0]!)
  const { availability, holder } = JSON.parse(`[${(await asked.exited).stdout.trim().split('\n').join(',')}]`).reduce(
    (all: object, line: object) => ({ ...all, ...line }),
  ) as { availability: Availability; holder: Holder }
  expect([availability.now.name, availability.unheard, holder.all]).toEqual(['only-here', 0, false])
  expect(Math.abs(Date.now() - availability.asOf)).toBeLessThan(60_000)
  // While it moves, it is not waited for.
  expect((await available(author, key, () => true)).peers.map(({ all }) => all)).toEqual([false])
  await settings.update({ limits: { up: null, down: null, schedule: [], connections: 64 } })
  await summary(({ now }) => now.name === 'safe')
})

test('where the list says what cannot be, it is said who is there now, and nothing that was so before', async () => {
  vi.spyOn(Layout, 'read').mockRejectedValue(new Error('Unsupported block map version'))
  onTestFinished(() => void vi.restoreAllMocks())
  const source = await temporaryFolder('cairn-source')
  await writeTree(source, { 'a.bin': randomBytes(600_000) })
  const [ana, ben] = [await startPerson(testnet.bootstrap), await startPerson(testnet.bootstrap)]
  const { key, link } = await publish(ana, [source])
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound)
  await ben.client.archives.keep({ key, keep: true })
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  // Somebody looks all the time.
  let last: Availability | null = null
  void (async () => {
    for await (const changes of ana.client.availability.watch({ key }, { signal: stop.signal }))
      for (const change of changes) if (change.op === 'put') last = change.item
  })().catch(() => {})
  await expect.poll(() => last?.now).toEqual({ name: 'safe', others: 1 })
  await ben.close()
  await expect.poll(() => [last?.connected, last?.now.name]).toEqual([0, 'only-here'])
})
