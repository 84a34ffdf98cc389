/** Time in an archive: which versions can be opened, what became of a file, what is gone, and how it comes back. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { isFound, share, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('every place in the log stands for the end of its changeset, and a file leads to its earlier versions', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'a.txt': 'one', 'b/c.txt': 'same', 'b/d.txt': 'd' })
  const [ana, ben] = await Promise.all([startPerson(testnet.bootstrap), startPerson(testnet.bootstrap)])
  const { key } = await share(ana, ben, [source])
  const first = await ana.archive(key, row => row.source?.state.name === 'watching')
  await writeFile(join(source, 'a.txt'), 'two, and longer')
  const second = await ana.archive(key, row => row.length > first.length)
  await writeTree(source, { 'e.txt': 'e', 'f.txt': 'f' })
  const third = await ana.archive(key, row => row.length > second.length)
  await ben.archive(key, row => row.length === third.length)

  const { moments, before } = await ben.client.history.moments({ key, until: null, limit: 100 })
  expect(before).toBe(null)
  expect(moments.slice(0, 3).map(({ version }) => version)).toEqual([third.length, second.length, first.length])
  expect(moments.every(({ version, from, time }) => from < version && time !== null)).toBe(true)
  for (let until = 2; until <= third.length; until++) {
    const {
      moments: [moment],
    } = await ben.client.history.moments({ key, until, limit: 1 })
    expect(moment).toEqual(moments.findLast(({ version }) => version >= until))
    const page = await ben.client.read.list({ key, version: moment!.version, folder: '/', cursor: null, limit: 10 })
    expect(page.entries.length > 0).toBe(moment!.version !== moments.at(-1)!.version)
  }

  const { versions, ...rest } = await ben.client.history.file({ key, path: '/a.txt', until: null, limit: 10 })
  expect(versions.map(({ version, change, entry }) => [version, change, entry.size])).toEqual([
    [second.length, 'changed', 15],
    [first.length, 'added', 3],
  ])
  expect(rest).toMatchObject({ absent: true })
  const page = await ben.client.history.file({ key, path: '/a.txt', until: null, limit: 1 })
  expect(page).toMatchObject({ versions: versions.slice(0, 1), before: first.length, absent: false })
})

test('of an archive of another program every version can be opened, by somebody who holds nothing', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (let round = 0; round < 300; round++)
    await drive.put(`/${round % 7 === 0 ? 'often' : `file-${round}`}.txt`, Buffer.from(`${round}`))
  await drive.del('/file-5.txt')
  swarm.join(drive.discoveryKey, { server: true, client: false })
  await swarm.flush()
  const ben = await startPerson(testnet.bootstrap)
  const key = encodeKey(drive.key)
  await ben.client.archives.open({ link: `hyper://${key}` })
  const row = await ben.archive(key, isFound)
  const { moments } = await ben.client.history.moments({ key, until: 150, limit: 3 })
  expect(moments.map(({ version, from, time }) => [version, from, time])).toEqual([
    [150, 149, null],
    [149, 148, null],
    [148, 147, null],
  ])
  const often: number[] = []
  for (let until: number | null = null; ; ) {
    const page: Awaited<ReturnType<typeof ben.client.history.file>> = await ben.client.history.file({
      key,
      path: '/often.txt',
      until,
      limit: 10,
    })
    often.push(...page.versions.map(({ version }) => version))
    until = page.before
    if (until === null || page.absent) break
  }
  expect(often).toEqual(Array.from({ length: 43 }, (_, index) => 2 + 7 * (42 - index)))
  expect(row.length).toBe(drive.version)
})
