/** The network told truthfully: a link tried as a stranger would, a lookup seen step by step, what was announced. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import DHT from 'hyperdht'
import Hypercore from 'hypercore'
import Hyperdrive from 'hyperdrive'
import { expect, onTestFinished, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import { Announces } from '../../main/network/announces.ts'
import { AppError } from '../../preload/contract/errors.ts'
import type { AnnounceRow, Change, Check, LookupNode, NetworkStatus, PeerRow } from '../../preload/contract/models.ts'
import { connect } from '../../preload/wire/connect.ts'
import type { Contract } from '../../preload/contract/index.ts'
import type { ClientFrame, ServerFrame } from '../../preload/wire/frames.ts'
import { memoryPair } from '../../preload/wire/transports.ts'
import { startBackend } from '../../main/backend.ts'
import { SettingsService } from '../../main/settings/settings.ts'
import { isFound, type Person, publish, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { nowhere, startTestnet } from '../helpers/testnet.ts'

async function testnet(size: number) {
  const net = await startTestnet(size)
  onTestFinished(() => net.close())
  return net
}

async function holiday(): Promise<string> {
  const folder = join(await temporaryFolder('explained'), 'Holiday')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'beach.txt'), 'waves')
  return folder
}

const announced = (person: Person, key: string, wanted: (row: AnnounceRow) => boolean = () => true) =>
  waitFor(
    signal => person.client.network.watchAnnounces(undefined, { signal }),
    topicOf(key).toString('hex'),
    wanted,
    30_000,
  )

const topicOf = (key: string) => Hypercore.discoveryKey(decodeKey(key))
const addressOf = ({ host, port }: { readonly host: string; readonly port: number }) => `${host}:${port}`
const stepsOf = ({ steps }: Check) => steps.map(({ name, state }) => `${name} ${state}`)

test('a link that is announced and can be reached passes each step, and leaves nothing behind', async () => {
  const { bootstrap } = await testnet(6)
  const ana = await startPerson(bootstrap)
  const { key, link } = await publish(ana, [await holiday()], { private: true })
  const told: Check[] = []
  const check = await ana.client.network.check({ link }, { onProgress: one => void told.push(one) })
  expect(check.verdict).toBe('reachable')
  expect(stepsOf(check)).toEqual(['network passed', 'announce passed', 'connect passed', 'content passed'])
  const row = await ana.archive(key, () => true)
  expect(check.steps[3]?.said).toContain(`Version ${row.length} `)
  // It is told as it goes, each step after the one before.
  expect([...new Set(told.map(one => stepsOf(one).findIndex(step => step.endsWith(' running'))))]).toEqual([
    0, 1, 2, 3, -1,
  ])
  // Nobody from elsewhere was seen, and the stranger is nobody.
  const status = await waitFor(
    signal => ana.client.network.watch(undefined, { signal }),
    'network',
    () => true,
  )
  expect(status.reach.verdict).toBe('this-machine')
  expect(status.reach.evidence.join()).not.toContain('connection')
  const known = await waitFor(
    signal => ana.client.availability.watch({ key }, { signal }),
    null,
    () => true,
  )
  expect(known.peers).toEqual([])
  expect(await readdir(ana.storage)).not.toContain('check')
})

test('whoever tries a link is nobody while it does', async () => {
  const { bootstrap } = await testnet(6)
  const author = await plainPeer(bootstrap)
  const drive = new Hyperdrive(author.store)
  await drive.ready()
  await drive.put('/large.bin', randomBytes(1 << 20))
  // Blocks of a list that are as large as this one wait like content.
  await drive.put('/last.txt', Buffer.from('last'), { metadata: 'much '.repeat(4000) })
  await author.swarm.join(drive.discoveryKey).flushed()
  const key = encodeKey(drive.key)
  const ana = await startPerson(bootstrap)
  await ana.client.archives.open({ link: key })
  await ana.archive(key, isFound)
  await ana.client.archives.keep({ key, keep: true })
  await ana.archive(key, ({ held }) => held.ofBlocks > 0 && held.blocks === held.ofBlocks)
  await author.swarm.destroy({ force: true })

  // What is sent to somebody else then is paid off for a while, in which whoever comes has to wait.
  await ana.client.settings.update({ limits: { down: null, up: 10_000, schedule: [], connections: 64 } })
  const { store, swarm } = await plainPeer(bootstrap)
  const copy = new Hyperdrive(store, drive.key)
  await copy.ready()
  swarm.join(copy.discoveryKey, { client: true, server: false })
  await expect.poll(() => copy.core.length).toBe(drive.core.length)
  void copy.get('/large.bin').catch(() => {})
  const reader = encodeKey(swarm.keyPair.publicKey)
  const row = (wanted: (row: PeerRow) => boolean) =>
    waitFor(signal => ana.client.peers.watch({ key }, { signal }), reader, wanted)
  await row(({ bytesUp }) => bytesUp > 64_000)
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const said: Check[] = []
  const checking = ana.client.network.check({ link: key }, { signal: stop.signal, onProgress: one => said.push(one) })
  const ended = checking.then(
    () => true,
    () => true,
  )
  await expect.poll(() => said.at(-1) && stepsOf(said.at(-1)!)[3]).toBe('content running')
  // It is connected, and all that is sampled has been since.
  const status = () =>
    waitFor(
      signal => ana.client.network.watch(undefined, { signal }),
      'network',
      () => true,
    )
  const { bytesUp } = await status()
  await expect.poll(async () => (await status()).bytesUp).toBeGreaterThan(bytesUp)
  const { peers, reach } = await status()
  const watched = ana.client.peers.watch({ key })[Symbol.asyncIterator]()
  const { value } = await watched.next()
  const { peers: known } = await waitFor(
    signal => ana.client.availability.watch({ key }, { signal }),
    key,
    ({ version }) => version !== null,
  )
  expect(await Promise.race([ended, Promise.resolve(false)])).toBe(false)
  expect(peers).toBe(1)
  expect(reach.evidence.join()).toContain('1 connection stands now')
  const rows = value as readonly Change<PeerRow>[]
  expect(rows.flatMap(change => (change.op === 'put' ? [change.item.id] : []))).toEqual([reader])
  expect(known.filter(({ connected }) => connected).map(({ id }) => id)).toEqual([reader])
})

test('one that only a machine announces that is gone is announced and cannot be reached', async () => {
  const { bootstrap } = await testnet(6)
  const bert = await startPerson(bootstrap)
  const { swarm } = await plainPeer(bootstrap)
  const key = Buffer.from(DHT.keyPair().publicKey)
  await swarm.join(Hypercore.discoveryKey(key)).flushed()
  // As when its plug is pulled: nobody is told.
  await swarm.dht.destroy({ force: true })
  const link = `hyper://${encodeKey(key)}`
  const check = await bert.client.network.check({ link })
  expect(check.verdict).toBe('unreachable')
  expect(stepsOf(check)).toEqual(['network passed', 'announce passed', 'connect failed', 'content skipped'])
  expect(await bert.client.archives.watch(undefined)[Symbol.asyncIterator]().next()).toEqual({
    done: false,
    value: [{ op: 'reset' }],
  })
})

test('one that is connected to and has nothing of it does not give it; one that nobody announces is not announced', async () => {
  const { bootstrap } = await testnet(6)
  const bert = await startPerson(bootstrap)
  const { swarm } = await plainPeer(bootstrap)
  const key = Buffer.from(DHT.keyPair().publicKey)
  const link = `hyper://${encodeKey(key)}`
  const nobody = await bert.client.network.check({ link })
  expect(nobody.verdict).toBe('not-announced')
  expect(stepsOf(nobody)).toEqual(['network passed', 'announce failed', 'connect skipped', 'content skipped'])
  await swarm.join(Hypercore.discoveryKey(key)).flushed()
  const check = await bert.client.network.check({ link })
  expect(check.verdict).toBe('lacks')
  expect(stepsOf(check)).toEqual(['network passed', 'announce passed', 'connect passed', 'content failed'])
})

test('a check ends when nobody waits for it, and says so where there is no network', async () => {
  const { bootstrap } = await testnet(3)
  const ana = await startPerson(bootstrap)
  const { link } = await publish(ana, [await holiday()])
  const stop = new AbortController()
  const check = ana.client.network.check({ link }, { signal: stop.signal, onProgress: () => stop.abort() })
  await expect(check).rejects.toMatchObject({ code: 'CANCELLED' })
  const bert = await startPerson(nowhere())
  const silent = await bert.client.network.check({ link })
  expect(silent.verdict).toBe('dht-silent')
  expect(stepsOf(silent)).toEqual(['network failed', 'announce skipped', 'connect skipped', 'content skipped'])
  // Both have a node of their own, which would go on by itself.
  const begun = new AbortController()
  const asked = [
    bert.client.network.lookup({ link, fresh: true }),
    bert.client.network.check({ link }, { onProgress: () => begun.abort() }),
  ].map(async one => one.catch((error: AppError) => error.code))
  await once(begun.signal, 'abort')
  await bert.client.settings.update({ paused: true })
  expect(await Promise.all(asked)).toEqual(['NETWORK_OFF', 'NETWORK_OFF'])
  const off = await startPerson(bootstrap, { join: false })
  await expect(off.client.network.check({ link })).rejects.toSatisfy(
    error => error instanceof AppError && error.is('NETWORK_OFF'),
  )
})

test('a record that the nodes have forgotten is told anew', async () => {
  const { bootstrap, nodes } = await testnet(26)
  const { swarm } = await plainPeer(bootstrap)
  const topic = randomBytes(32)
  const id = topic.toString('hex')
  const announces = new Announces(swarm, () => {}, 300)
  onTestFinished(() => announces.close())
  await swarm.join(topic, { client: false, server: true }).flushed()
  await expect.poll(() => announces.get(id)?.holders).toBe(20)
  await expect.poll(() => announces.get(id)?.confirmedAt).not.toBeNull()
  // What is said to be kept is what the nodes keep.
  const kept = () => nodes.filter(node => node._persistent?.records.get(id, 20).length === 1)
  expect(kept().length).toBe(20)
  for (const node of kept()) node._persistent!.records.remove(id, swarm.keyPair.publicKey)
  await expect.poll(() => announces.get(id)).toMatchObject({ renewals: 1, holders: 20 })
  expect(kept().length).toBe(20)
  // When it is taken back nothing brings it back.
  await swarm.leave(topic)
  expect(announces.topics()).toEqual([])
  expect(kept()).toEqual([])
})

test('a lookup that is watched is the one that was made: nodes, distances, who was found', async () => {
  const { bootstrap, nodes } = await testnet(24)
  const ana = await startPerson(bootstrap)
  const { key, link } = await publish(ana, [await holiday()])
  await announced(ana, key)
  const seen = new Map<number, LookupNode>()
  const result = await ana.client.network.lookup(
    { link, fresh: true },
    { onProgress: batch => batch.forEach(node => seen.set(node.node, node)) },
  )
  const rows = [...seen.values()]
  expect(rows.length).toBe(result.asked)
  expect(result).toMatchObject({ topic: topicOf(key).toString('hex'), silent: 0, cut: false })
  expect(rows.every(({ answer, endedAt }) => answer === 'answered' && endedAt !== null)).toBe(true)
  const addresses = new Set(nodes.map(node => addressOf(node.address()!)))
  for (const { address } of rows) expect(addresses).toContain(address)
  // Whoever told of a node was asked before it, and is one hop less away.
  for (const { teller, hop, askedAt } of rows) {
    if (teller === null) expect(hop).toBe(1)
    else {
      expect(seen.get(teller)!.hop).toBe(hop - 1)
      expect(seen.get(teller)!.endedAt!).toBeLessThanOrEqual(askedAt)
    }
  }
  const distances = result.closest.map(node => seen.get(node)!.distance)
  expect(distances).toEqual([...distances].sort((a, b) => a - b))
  expect(Math.min(...rows.map(({ distance }) => distance))).toBe(distances[0])
  const table = await ana.client.network.watchTable(undefined)[Symbol.asyncIterator]().next()
  if (table.done === true) throw new Error('No table')
  for (const bucket of table.value.buckets) for (const address of bucket.nodes) expect(addresses).toContain(address)
  await expect(ana.client.network.lookup({ link: 'nonsense', fresh: false })).rejects.toMatchObject({
    code: 'INVALID_LINK',
  })
})

test('nodes of one’s own are begun with, and others as soon as they are chosen', async () => {
  const [first, second] = [await testnet(4), await testnet(4)]
  const storage = await temporaryFolder('own-nodes')
  await writeFile(join(storage, 'settings.json'), JSON.stringify({ bootstrap: first.bootstrap }))
  // Nobody else is to be asked, should the test be wrong.
  expect((await SettingsService.open(storage)).current).toMatchObject({ consented: false, bootstrap: first.bootstrap })
  const backend = await startBackend({ storage, bootstrap: null, join: true, log: 'stderr' })
  onTestFinished(() => backend.close())
  const [server, ours] = memoryPair<ServerFrame, ClientFrame>()
  backend.accept(server)
  const client = connect<Contract>(ours)
  const status = (wanted: (row: NetworkStatus) => boolean) =>
    waitFor(signal => client.network.watch(undefined, { signal }), 'network', wanted)
  expect((await status(() => true)).bootstrap).toEqual({ nodes: first.bootstrap, chosen: 'settings' })
  await client.settings.update({ consented: true })
  // Nothing leaves this machine then: not to the local network either.
  const { room } = await status(({ reach }) => reach.verdict === 'this-machine')
  expect(room.state).toBe('off')
  const bert = await startPerson(second.bootstrap)
  const { key, link } = await publish(bert, [await holiday()])
  await client.archives.open({ link })
  const { lookup } = client.network
  expect((await lookup({ link, fresh: false })).found).not.toContainEqual(
    expect.objectContaining({ publicKey: (await bertStatus()).publicKey }),
  )
  await client.settings.update({ bootstrap: second.bootstrap })
  await waitFor(signal => client.archives.watch(undefined, { signal }), key, isFound)
  expect((await status(() => true)).bootstrap).toEqual({ nodes: second.bootstrap, chosen: 'settings' })
  for (const nonsense of ['127.0.0.1', '127.0.0.1:0', '127.0.0.1:70000', 'a b:3', 'http://x:3', 'user@host:3'])
    await expect(client.settings.update({ bootstrap: [nonsense] })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  function bertStatus() {
    return waitFor(
      signal => bert.client.network.watch(undefined, { signal }),
      'network',
      () => true,
    )
  }
})
