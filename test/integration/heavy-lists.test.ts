/** Whoever writes a list decides how large its blocks are: what a reader holds of them is bounded all the same. */
import { readFile } from 'node:fs/promises'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { connectLocal } from '../../main/lib/local-socket.ts'
import type { Contract } from '../../preload/contract/index.ts'
import { connect } from '../../preload/wire/connect.ts'
import { isFound, waitersOf } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { plainAuthor } from '../helpers/plain-author.ts'
import { plainPeer } from '../helpers/plain.ts'
import { cairn } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const MIB = 1 << 20
const HEAVY = 10

/** Peak memory of a process, in bytes. */
async function peakOf(pid: number | undefined): Promise<number> {
  const said = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(said)![1]) * 1024
}

test('entries of 4 MiB each are not held by who looks at their history, their list and their differences', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/a.txt', Buffer.from('a'))
  for (let index = 0; index < HEAVY; index++)
    await drive.putEntry(`/heavy-${index}.txt`, { metadata: { of: `${index}`.padStart(2).repeat(2 * MIB) } })
  await drive.put('/z.txt', Buffer.from('z'))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const storage = await temporaryFolder('heavy')
  const reader = cairn('serve', '--storage', storage, '--bootstrap', testnet.bootstrap[0]!)
  await reader.line(line => (typeof line['url'] === 'string' ? line : null))
  const atFirst = await peakOf(reader.process.pid)
  const transport = (await connectLocal(storage))!
  const client = connect<Contract>(transport)
  await client.settings.update({ consented: true })
  await client.archives.open({ link: key })
  await waitersOf(client).archive(key, row => isFound(row) && row.length === drive.version)
  const { changesets } = await client.history.list({ key, before: null, limit: 50 })
  expect(changesets.at(0)?.length).toBe(drive.version)
  const { entries } = await client.read.list({ key, version: null, folder: '/', cursor: null, limit: 50 })
  await client.history.changes({ key, from: 2, to: 1 + HEAVY, limit: 50 })
  // About 100 MiB, and without a bound 300.
  expect(await peakOf(reader.process.pid)).toBeLessThan(atFirst + 180 * MIB)
  expect(entries.map(({ name }) => name)).toEqual(['a.txt', 'z.txt'])
  transport.close()
  await reader.kill('SIGTERM')
})

test('a name of 100 KiB hides no other one', async () => {
  const { drive, key, bob } = await plainAuthor(testnet.bootstrap, {
    '/a.txt': Buffer.from('a'),
    '/m/z.txt': Buffer.from('z'),
  })
  const long = `/m/${'long '.repeat(20_000)}`
  const before = drive.version
  for (const path of [`${long}1`, `${long}2`]) await drive.putEntry(path, { metadata: null })
  await drive.put('/m/y.txt', Buffer.from('y'))
  await bob.archive(key, ({ length }) => length === drive.version)
  const page = { key, version: null, cursor: null, limit: 100 }
  const names = async (folder: string) =>
    (await bob.client.read.list({ ...page, folder })).entries.map(({ name }) => name)
  expect(await names('/')).toEqual(['a.txt', 'm'])
  expect(await names('/m')).toEqual(['y.txt', 'z.txt'])
  const { changesets } = await bob.client.history.list({ key, before: null, limit: 10 })
  expect(changesets.at(0)?.length).toBe(drive.version)
  const { files } = await bob.client.history.changes({ key, from: before, to: drive.version, limit: 10 })
  expect(files.map(({ path }) => path)).toEqual(['/m/y.txt'])
})
