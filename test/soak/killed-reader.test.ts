/** `kill -9` of somebody who reads: what has passed is remembered but for the last seconds, and what was given up stays given up. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Availability, TrafficRow } from '../../preload/contract/models.ts'
import { isFound, publish, type RemotePerson, startPerson, waitFor } from '../helpers/backend.ts'
import { keptFolder, writeTree } from '../helpers/files.ts'
import { HEADLESS, type Inhabitant, inhabitant } from '../helpers/namespaces.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const MB = 1_000_000
const newFolder = async () => {
  const folder = await keptFolder('cairn-killed')
  onTestFinished(() => folder.remove())
  return folder.path
}
const start = async (storage: string): Promise<Inhabitant> => {
  const args = [HEADLESS, '--storage', storage, '--bootstrap', testnet.bootstrap[0]!]
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, CAIRN_ROOM: 'off' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  return inhabitant(child, storage)
}
const available = (person: RemotePerson, key: string, wanted: (row: Availability) => boolean) =>
  waitFor(signal => person.client.availability.watch({ key }, { signal }), key, wanted)

test('what has passed is remembered but for the last twenty seconds, and nothing is counted twice', async () => {
  const ana = await startPerson(testnet.bootstrap)
  const source = await newFolder()
  await writeTree(source, { 'large.bin': randomBytes(90 * MB) })
  const { key, link } = await publish(ana, [source])
  await ana.client.settings.update({ limits: { down: null, up: MB, schedule: [], connections: 64 } })
  const storage = await newFolder()
  let ben = await start(storage)
  const traffic = (id: string, wanted: (row: TrafficRow) => boolean = () => true) =>
    waitFor(signal => ben.client.peers.watchTraffic(undefined, { signal }), id, wanted)
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound)
  await ben.client.archives.keep({ key, keep: true })
  let known = 0
  for (const seconds of [24, 5, 27]) {
    await traffic(key, ({ ever }) => ever.bytesDown > known + MB)
    await sleep(seconds * 1000)
    const shown = await traffic(key)
    await ben.close()
    ben = await start(storage)
    const after = await traffic(key)
    const lost = shown.ever.bytesDown - after.ever.bytesDown
    console.log(
      `killed after ${seconds} s: ${(shown.ever.bytesDown / MB).toFixed(1)} MB, of which ${(lost / MB).toFixed(1)} are forgotten`,
    )
    // Twenty seconds, one in which it is looked at, and what a limit lets through at once.
    expect(lost).toBeLessThan(22 * MB)
    const { held } = await ben.archive(key, row => row.held.ofBlocks > 0)
    // What is here has come once; lists are beside it.
    expect(after.ever.bytesDown).toBeLessThanOrEqual(held.bytes + MB / 4)
    expect((await traffic('all')).ever.bytesDown).toBe((await traffic(key)).ever.bytesDown)
    known = after.ever.bytesDown
  }
}, 600_000)

test('what was given up stays given up, nobody counts on it, and it comes back when it is wanted', async () => {
  const [ana, cem] = [await startPerson(testnet.bootstrap), await startPerson(testnet.bootstrap)]
  const source = await newFolder()
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.bin`, randomBytes(300_000)]))
  await writeTree(source, files)
  const { key, link } = await publish(ana, [source])
  const storage = await newFolder()
  let ben = await start(storage)
  for (const friend of [cem, ben]) {
    await friend.client.archives.open({ link })
    await friend.archive(key, isFound)
    await friend.client.archives.keep({ key, keep: true })
    await friend.archive(key, ({ held }) => held.ofBlocks === 80 && held.blocks === 80)
  }
  let between = 0
  for (let round = 0; round < 6; round++) {
    await available(ben, key, ({ now }) => now.name === 'safe' && now.others === 2)
    const watcher = watch(storage)
    const { process: child } = ben
    const written = new Promise<void>(resolve =>
      watcher.on('change', (_, name) => {
        if (name === 'freed.json') resolve()
      }),
    )
    const freeing = ben.client.availability.free({ key, paths: null, others: 2 }).catch(() => null)
    await written
    await sleep((round % 4) * 8)
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    watcher.close()
    await freeing

    ben = await start(storage)
    await available(ben, key, ({ connected, version }) => connected === 2 && version !== null)
    const { held } = await ben.archive(key, row => row.held.ofBlocks === 80 + round)
    if (held.blocks > 0) between++
    // Whatever of it is here still, others are not told that it stays.
    await available(cem, key, ({ connected }) => connected === 2)
    expect(await cem.client.availability.free({ key, paths: null, others: 2 })).toMatchObject({ files: 0 })
    // What comes later is fetched, and of the rest nothing by itself.
    await writeTree(source, { [`later ${round}.txt`]: `${round}` })
    await ben.archive(key, row => row.held.ofBlocks === 81 + round && row.held.blocks === held.blocks + 1)
    await ben.client.availability.recall({ key })
    await ben.archive(key, row => row.held.blocks === 81 + round)
    await cem.archive(key, row => row.held.blocks === 81 + round)
  }
  console.log(`killed ${between} of 6 times between the word and the deed`)
  expect(between).toBeGreaterThan(0)
}, 600_000)
