/** A storage that is an older copy of itself: it is recognised before the first write, and no second history begins. */
import { execFile } from 'node:child_process'
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { isFound, type Person, publish, share, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { cairn } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const run = promisify(execFile)

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const isBehind = ({ state }: ArchiveRow) => state.name === 'behind'

/** Every state that an archive has been in since. */
function statesOf(person: Person, key: string): readonly string[] {
  const names: string[] = []
  const watch = async () => {
    for await (const changes of person.client.archives.watch())
      for (const change of changes)
        if (change.op === 'put' && change.item.id === key) names.push(change.item.state.name)
  }
  watch().catch(() => {})
  return names
}

/** Ana has published; a backup of all of her storage was made; she has published more since, which Bob has. */
async function backedUp() {
  const folder = await temporaryFolder('backed-up')
  await writeTree(folder, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  await ana.close()
  const backup = await temporaryFolder('backup')
  await run('cp', ['-a', `${ana.storage}/.`, backup])
  const later = await startPerson(testnet.bootstrap, { storage: ana.storage })
  await writeFile(join(folder, 'b.txt'), 'b')
  const { length } = await later.archive(key, row => row.files === 2 && row.source?.state.name === 'watching')
  await bob.client.archives.keep({ key, keep: true })
  await bob.archive(key, row => row.length === length && row.held.blocks === row.held.ofBlocks)
  await later.close()
  return { folder, key, bob, storage: ana.storage, backup, length }
}

/** As a program does that leaves alone what is the same: the device file has not changed, and storage sees nothing. */
async function restore(backup: string, storage: string): Promise<void> {
  for (const name of await readdir(storage)) if (name !== 'store') await rm(join(storage, name), { recursive: true })
  await rm(join(storage, 'store', 'db'), { recursive: true })
  const kept = join(backup, 'store', 'CORESTORE')
  await cp(backup, storage, { recursive: true, preserveTimestamps: true, filter: path => path !== kept })
}

test('a restored storage catches up from friends before anything is added, and goes on by itself', async () => {
  const { folder, key, bob, storage, backup, length } = await backedUp()
  await restore(backup, storage)
  await writeFile(join(folder, 'c.txt'), 'c')

  // Nobody is there: nothing is added, and it says so.
  const alone = await startPerson(testnet.bootstrap, { storage, join: false })
  const row = await alone.archive(key, row => isBehind(row) && row.source?.state.name === 'waiting')
  expect(row.state).toMatchObject({ name: 'behind', published: null, alone: true })
  expect(row.length).toBeLessThan(length)
  await expect(alone.client.archives.describe({ key, title: 'x', description: '', author: '' })).rejects.toMatchObject({
    code: 'ARCHIVE_BEHIND',
  })
  await alone.close()

  // It is not forgotten by a restart.
  const ana = await startPerson(testnet.bootstrap, { storage })
  await ana.archive(key, isBehind)
  const after = await ana.archive(key, row => isFound(row) && row.files === 3)
  expect(after.length).toBeGreaterThan(length)
  expect(after.rewritten).toBe(null)
  const followed = await bob.archive(key, row => row.length === after.length)
  expect(followed.rewritten).toBe(null)
  // What only friends had is here again.
  await ana.archive(key, row => row.held.blocks === row.held.ofBlocks)
  await ana.close()

  const again = await startPerson(testnet.bootstrap, { storage })
  const states = statesOf(again, key)
  await again.archive(key, row => row.source?.state.name === 'watching')
  expect(states).not.toContain('behind')
})

test('a copied storage is refused in words, and adopted on purpose', async () => {
  const { folder, key, bob, backup, length } = await backedUp()
  await expect(startPerson(testnet.bootstrap, { storage: backup })).rejects.toMatchObject({
    code: 'STORAGE_UNUSABLE',
    message: expect.stringContaining('two histories with one key'),
  })
  const given = ['--storage', backup, '--bootstrap', testnet.bootstrap[0]!]
  const refused = await cairn('status', ...given).exited
  expect(refused.code).toBe(5)
  expect(refused.stderr).toContain('--adopt')
  await writeFile(join(folder, 'c.txt'), 'c')
  const adopted = await cairn('status', '--adopt', ...given).exited
  expect(adopted.code).toBe(0)
  expect(adopted.stdout).toContain('"name":"behind"')

  const ana = await startPerson(testnet.bootstrap, { storage: backup })
  const after = await ana.archive(key, row => isFound(row) && row.files === 3)
  expect(after.length).toBeGreaterThan(length)
  expect((await bob.archive(key, row => row.length === after.length)).rewritten).toBe(null)
})

test('whoever knows that nobody has more may insist, and an ordinary start is not held up', async () => {
  const folder = await temporaryFolder('insisted')
  await writeTree(folder, { 'a.txt': 'a' })
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key } = await publish(ana, [folder])
  await ana.close()
  const again = await startPerson(testnet.bootstrap, { storage: ana.storage, join: false })
  const states = statesOf(again, key)
  await writeFile(join(folder, 'b.txt'), 'b')
  await again.archive(key, row => row.files === 2)
  expect(states).not.toContain('behind')
  await again.close()

  const copy = await temporaryFolder('copy')
  await run('cp', ['-a', `${ana.storage}/.`, copy])
  const adopted = await startPerson(testnet.bootstrap, { storage: copy, join: false, adopt: true })
  await adopted.archive(key, isBehind)
  await writeFile(join(folder, 'c.txt'), 'c')
  await adopted.client.archives.insist({ key })
  await adopted.archive(key, row => isFound(row) && row.files === 3)
})
