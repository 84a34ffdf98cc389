/** Looking back where it takes longer: large folders that are restored, paused and killed on the way, and long logs. */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { isDone, isFound, publish, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { lookForGone } from '../helpers/gone.ts'
import { plainPeer } from '../helpers/plain.ts'
import { cairn } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const MB = 1_000_000
/** How often a restore is killed. */
const KILLS = 8

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const isWatched = (row: { readonly source: { readonly state: { readonly name: string } } | null }) =>
  row.source?.state.name === 'watching'

/** Many small files and some large ones, of which most are then changed or taken out. */
async function changed(source: string, storage?: string) {
  await writeTree(source, Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`d${at % 7}/${at}.txt`, `${at}`])))
  for (let at = 0; at < 4; at++) await writeFile(join(source, `large ${at}.bin`), Buffer.alloc(40 * MB, at))
  const ana = await startPerson(testnet.bootstrap, storage === undefined ? {} : { storage })
  const { key, link } = await publish(ana, [source])
  const first = await ana.archive(key, isWatched)
  const before = await readTree(source)
  for (let at = 0; at < 3; at++) await rm(join(source, `d${at}`), { recursive: true })
  for (let at = 0; at < 4; at++) await writeFile(join(source, `large ${at}.bin`), 'small')
  const second = await ana.archive(key, row => isWatched(row) && row.files === first.files! - 300)
  return { ana, key, link, first, second, before }
}

test('a large folder is given back as a transfer, which is paused and goes on', async () => {
  const source = await temporaryFolder('source')
  const { ana, key, first, second, before } = await changed(source)
  const { transfer } = await ana.client.publish.restore({ key, version: first.length, paths: ['/'] })
  await ana.client.transfers.pause({ id: transfer! })
  await ana.transfer(transfer!, row => row.state.name === 'paused')
  await ana.client.transfers.resume({ id: transfer! })
  const { skippedCount } = await ana.transfer(transfer!, isDone, 60_000)
  expect(skippedCount).toBe(0)
  const third = await ana.archive(key, row => isWatched(row) && row.files === first.files)
  expect(third.held.ofBytes).toBe(second.held.ofBytes)
  expect(await readTree(source)).toEqual(before)
  expect(await readdir(source)).not.toContain('.cairn-part')
})

test(`a restore that is killed ${KILLS} times is finished by the next one, and stores next to nothing twice`, async () => {
  const [source, storage] = [await temporaryFolder('source'), await temporaryFolder('storage')]
  const { ana, key, link, first, second, before } = await changed(source, storage)
  await ana.close()
  const restore = () =>
    cairn(
      'restore',
      link,
      '/',
      '--version',
      String(first.length),
      '--storage',
      storage,
      '--bootstrap',
      testnet.bootstrap[0]!,
    )
  for (let kill = 0; kill < KILLS; kill++) {
    const program = restore()
    await Promise.race([setTimeout(900 + kill * 250), program.exited])
    await program.kill('SIGKILL')
  }
  expect((await restore().exited).code).toBe(0)
  expect(await readTree(source)).toEqual(before)
  const again = await startPerson(testnet.bootstrap, { storage })
  const last = await again.archive(key, row => isWatched(row) && row.files === first.files)
  // Of a file that was there whole and not noted yet, once for each kill.
  expect(last.held.ofBytes - second.held.ofBytes).toBeLessThanOrEqual(KILLS * 40 * MB)
  console.log(`${((last.held.ofBytes - second.held.ofBytes) / MB).toFixed(1)} MB of content were stored again`)
  expect(await readdir(source)).not.toContain('.cairn-part')
})

test('among many versions of another program, what is gone is looked for part by part', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/old.txt', Buffer.from('old'))
  await drive.del('/old.txt')
  const batch = drive.batch()
  for (let index = 0; index < 12_000; index++) await batch.putEntry(`/many/${index}`, {})
  await batch.flush()
  for (let index = 0; index < 30; index++) await drive.put(`/some-${index}`, Buffer.from('some'))
  for (let index = 0; index < 30; index++) await drive.del(`/some-${index}`)
  swarm.join(drive.discoveryKey, { server: true, client: false })
  await swarm.flush()
  const ben = await startPerson(testnet.bootstrap)
  const key = encodeKey(drive.key)
  await ben.client.archives.open({ link: `hyper://${key}` })
  await ben.archive(key, isFound)
  const newest = await lookForGone(ben, key, { folder: '/', limit: 10 })
  expect(newest.found.slice(0, 10).map(({ path }) => path)).toEqual(
    Array.from({ length: 10 }, (_, index) => `/some-${29 - index}`),
  )
  expect(newest.before).toBeGreaterThan(drive.version - 32)
  const next = await lookForGone(ben, key, { folder: '/', until: newest.before })
  // Told on the way how far it is, and a bounded part of the log at a time.
  expect(next.found).toHaveLength(30 - newest.found.length)
  expect(next.at.length).toBeGreaterThan(5)
  expect(newest.before! - next.before!).toBeLessThan(10_100)
  const rest = await lookForGone(ben, key, { folder: '/', until: next.before })
  expect(rest.found.map(({ path, size, gone }) => [path, size, gone])).toEqual([
    ['/old.txt', 3, { version: 2, time: null }],
  ])
  expect(rest.before).toBe(null)
})
