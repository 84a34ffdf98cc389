/** Homes behind routers of every kind: what Cairn says of each, who reaches whom, and what a link that is tried there shows. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import type { Check, NetworkStatus, PeerRow, ReachVerdict } from '../../preload/contract/models.ts'
import { isFound, publish, type RemotePerson, waitFor } from '../helpers/backend.ts'
import { keptFolder, writeTree } from '../helpers/files.ts'
import { type Home, type Internet, type Router, startInternet } from '../helpers/internet.ts'
import { cairn } from '../helpers/program.ts'

let internet: Internet
beforeAll(async () => {
  internet = await startInternet()
})
afterAll(() => internet.close())

const MINUTE = 60_000
const newFolder = async () => {
  const folder = await keptFolder('cairn-routers')
  onTestFinished(() => folder.remove())
  return folder.path
}
const personIn = async (home: Home) => {
  const person = await home.person(await newFolder())
  onTestFinished(() => person.close())
  return person
}
const publishIn = async (person: RemotePerson) => {
  const folder = await newFolder()
  await writeTree(folder, { 'a.txt': 'a', 'b/c.txt': 'c' })
  return publish(person, [folder])
}
const network = (person: RemotePerson, wanted: (row: NetworkStatus) => boolean) =>
  waitFor(signal => person.client.network.watch(undefined, { signal }), 'network', wanted, MINUTE)
const stands = (person: RemotePerson, verdict: ReachVerdict) =>
  network(person, ({ reach }) => reach.verdict === verdict)
const peerOf = (person: RemotePerson, key: string, wanted: (row: PeerRow) => boolean = () => true) =>
  waitFor(signal => person.client.peers.watch({ key }, { signal }), null, wanted, MINUTE)
const RELAY = new URL('../helpers/relay.mjs', import.meta.url).pathname
const RELAYED = new URL('../helpers/plain-relayed.mjs', import.meta.url).pathname
const shortly = ({ verdict, title, steps }: Check) =>
  `${verdict}: ${title} (${steps.map(({ said }) => said).join('; ')})`

/** What the command line says of it, in a process of its own: what its first line with this field has there. */
async function told<T>(person: RemotePerson, field: string, ...command: readonly string[]): Promise<T> {
  const { stdout } = await cairn(...command, '--storage', person.storage, '--bootstrap', internet.bootstrap).exited
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, T>)
  return lines.find(line => field in line)![field]!
}

test.each<[Router, ReachVerdict, RegExp]>([
  ['none', 'open', /reached a port here that nothing had been sent from/],
  ['open', 'open', /reached a port here that nothing had been sent from/],
  ['full-cone', 'nat', /did not get through/],
  ['port-restricted', 'nat', /did not get through/],
  ['symmetric', 'strict-nat', /each at another port; \d+ answers said so/],
  ['blocks', 'dht-silent', /None of the nodes that were asked answered/],
])('behind a router that is %s: %s, and the reason is told', async (router, verdict, evidence) => {
  const home = await internet.home(router)
  const ana = await personIn(home)
  await stands(ana, verdict)
  const seen = await network(ana, ({ reach }) => reach.evidence.some(line => evidence.test(line)))
  const status = await told<NetworkStatus>(ana, 'status', 'network')
  expect(status.reach.verdict).toBe(verdict)
  console.log(`${router}: ${status.reach.title}\n  ${status.reach.evidence.join('\n  ')}`)
  if (verdict !== 'dht-silent') {
    expect(seen.address).toContain(home.address)
    // Those who were asked to knock are known all the same.
    expect(status.reach.evidence[0]).toMatch(/^1[01] nodes of the network are known here/)
  }
  // The link is announced where anything can be, and tried from the same home: what cannot be tried is not called wrong.
  const { link } = await publishIn(ana)
  const check = await ana.client.network.check({ link })
  console.log(`  ${shortly(check)}`)
  expect(check.verdict).toBe(router === 'none' ? 'reachable' : router === 'blocks' ? 'dht-silent' : 'unclear')
  expect(/Most likely/.test(check.title)).toBe(router === 'open')

  await home.connect(false)
  await stands(ana, 'offline')
  await home.connect(true)
  await stands(ana, verdict)
})

test.each<[Router, Router, PeerRow['way'], PeerRow['way']]>([
  ['port-restricted', 'port-restricted', 'punched', 'punched'],
  ['full-cone', 'port-restricted', 'punched', 'punched'],
  ['symmetric', 'port-restricted', 'punched', 'punched'],
  ['port-restricted', 'symmetric', 'punched', 'punched'],
  ['symmetric', 'open', 'straight', 'straight'],
  ['open', 'port-restricted', 'straight', 'straight'],
])('%s and %s meet: %s', async (one, other, way, theirWay) => {
  const [here, there] = [await internet.home(one), await internet.home(other)]
  const [ana, ben] = [await personIn(here), await personIn(there)]
  const { key, link } = await publishIn(ana)
  await Promise.all([ana, ben].map(person => network(person, ({ reach }) => !/starting|unknown/.test(reach.verdict))))
  const stranger = await ben.client.network.check({ link })
  expect(stranger.verdict).toBe('reachable')
  const began = performance.now()
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound, 2 * MINUTE)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const peer = await told<PeerRow>(ben, 'peer', 'peers', link)
  const theirs = await peerOf(ana, key)
  console.log(`${one} and ${other}: after ${seconds} s, ${peer.way} and ${theirs.way}; ${shortly(stranger)}`)
  expect([peer.way, theirs.way]).toEqual([way, theirWay])
  expect(peer.address.startsWith(`${here.address}:`)).toBe(true)
  expect(theirs.address.startsWith(`${there.address}:`)).toBe(true)
  const worked: ReachVerdict = other === 'symmetric' ? 'strict-nat' : other === 'open' ? 'open' : 'nat-works'
  const { reach } = await stands(ben, worked)
  expect(reach.evidence.join()).toMatch(/1 connection (came in from elsewhere|to machines elsewhere succeeded)/)
  expect(reach.evidence.join()).not.toMatch(/no way through/)
})

test('two behind strict routers do not meet, are told so, and get it from whoever both reach', async () => {
  const [ana, ben] = [
    await personIn(await internet.home('symmetric')),
    await personIn(await internet.home('symmetric')),
  ]
  const { key, link } = await publishIn(ana)
  await Promise.all([ana, ben].map(person => stands(person, 'strict-nat')))
  const stranger = await ben.client.network.check({ link })
  console.log(shortly(stranger))
  expect(stranger.verdict).toBe('unreachable')
  expect(stranger.steps[2]!.said).toContain('no direct way to them was found')
  await ben.client.archives.open({ link })
  const { state } = await ben.archive(key, ({ state }) => state.name === 'unreachable', MINUTE)
  expect(state).toMatchObject({ reason: 'peers-unreachable', candidates: 1, attempts: { blocked: 1 } })
  const { reach } = await network(ben, ({ reach }) => reach.evidence.some(line => /no way through/.test(line)))
  expect(reach.meaning).toContain('those with one like yours cannot')
  // That he announces it now does not make it his: nobody is told that a friend may get it from here.
  const own = await ben.client.network.check({ link })
  console.log(shortly(own))
  expect(own.verdict).toBe('unreachable')

  const cem = await personIn(await internet.home('port-restricted'))
  await cem.client.archives.open({ link })
  await cem.archive(key, isFound, 2 * MINUTE)
  await ben.archive(key, isFound, 2 * MINUTE)
  await expect
    .poll(async () => (await ben.client.network.check({ link })).verdict, { timeout: 2 * MINUTE })
    .toBe('others-only')
})

test.each<[Router, Router, readonly PeerRow['way'][]]>([
  ['symmetric', 'symmetric', ['relayed']],
  ['port-restricted', 'symmetric', ['relayed', 'punched']],
  ['symmetric', 'port-restricted', ['relayed', 'punched']],
])('%s meets a peer behind one that is %s, which has named a relay: %j', async (one, other, wanted) => {
  const [here, there, between] = [await internet.home(one), await internet.home(other), await internet.home('none')]
  const relay = await between.program(RELAY, internet.bootstrap)
  const ana = await personIn(here)
  const folder = await newFolder()
  await writeTree(folder, { 'large.bin': randomBytes(16 << 20) })
  const { key } = await publish(ana, [folder])
  await network(ana, ({ reach }) => !/starting|unknown/.test(reach.verdict))
  const before = await network(ana, () => true)

  // What was said of it, in this order, until it has everything and goes by its last way.
  const said: PeerRow['way'][] = []
  const last = { relayed: '', punched: '' } as Partial<Record<PeerRow['way'], string>>
  const watching = peerOf(ana, key, row => {
    if (said.at(-1) !== row.way) said.push(row.way)
    last[row.way] = row.address
    return row.way === wanted.at(-1) && row.ofBlocks > 0 && row.holds === row.ofBlocks
  })
  await there.program(
    RELAYED,
    internet.bootstrap,
    relay,
    await newFolder(),
    Buffer.from(decodeKey(key)).toString('hex'),
  )
  const row = await watching
  console.log(`${one} and ${other}, with a relay: ${said.join(', then ')}; ${JSON.stringify(row)}`)
  expect(said).toEqual(wanted)
  expect(last.relayed!.startsWith(`${between.address}:`)).toBe(true)
  if (wanted.includes('punched')) expect(last.punched!.startsWith(`${there.address}:`)).toBe(true)
  expect(row.wireUp).toBeGreaterThan(row.bytesUp)
  // Only what came without the relay says anything of the router.
  const far = /1 connection (came in from elsewhere|to machines elsewhere succeeded)/
  const lines = await network(ana, ({ reach }) => wanted.length === 1 || reach.evidence.some(line => far.test(line)))
  expect(lines.reach.evidence.some(line => far.test(line))).toBe(wanted.length > 1)
  expect(lines.reach.evidence.some(line => /goes over a third machine/.test(line))).toBe(wanted.length === 1)
  if (wanted.length === 1) expect(lines.reach.verdict).toBe(before.reach.verdict)
})

test('behind strict routers the archive of a peer that has named a relay is got over that', async () => {
  const [here, there, between] = [
    await internet.home('symmetric'),
    await internet.home('symmetric'),
    await internet.home('none'),
  ]
  const relay = await between.program(RELAY, internet.bootstrap)
  const key = encodeKey(Buffer.from(await there.program(RELAYED, internet.bootstrap, relay, await newFolder()), 'hex'))
  const ben = await personIn(here)
  await stands(ben, 'strict-nat')
  const link = `hyper://${key}`
  const check = await ben.client.network.check({ link })
  expect(check.verdict).toBe('reachable')
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound, 2 * MINUTE)
  await ben.client.archives.keep({ key, keep: true })
  await ben.archive(key, ({ held }) => held.ofBlocks > 0 && held.blocks === held.ofBlocks, 2 * MINUTE)
  const row = await peerOf(ben, key, ({ way }) => way === 'relayed')
  console.log(`symmetric from symmetric, with a relay: ${JSON.stringify(row)}; ${shortly(check)}`)
  expect(row.address.startsWith(`${between.address}:`)).toBe(true)
  expect([row.direction, row.wireDown > row.bytesDown]).toEqual(['out', true])
})

test('a link is found out to be announced and not reachable, and not announced', async () => {
  const home = await internet.home('open')
  const [ana, ben] = [await personIn(home), await personIn(await internet.home('port-restricted'))]
  const { link } = await publishIn(ana)
  await stands(ana, 'open')
  await stands(ben, 'nat')
  await expect.poll(async () => (await ben.client.network.check({ link })).verdict).toBe('reachable')
  await home.change('blocks')
  const gone = await ben.client.network.check({ link })
  console.log(shortly(gone))
  expect(gone.verdict).toBe('unreachable')
  expect(gone.steps.map(({ state }) => state)).toEqual(['passed', 'passed', 'failed', 'skipped'])
  const dark = await ana.client.network.check({ link })
  console.log(shortly(dark))
  expect(dark.verdict).toBe('dht-silent')
  await home.change('open')
  await expect
    .poll(async () => (await ben.client.network.check({ link })).verdict, { timeout: MINUTE })
    .toBe('reachable')
  await ana.client.settings.update({ paused: true })
  await expect
    .poll(async () => (await ben.client.network.check({ link })).verdict, { timeout: MINUTE })
    .toBe('not-announced')
})
