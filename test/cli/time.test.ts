/** Looking back on a terminal: the versions of a file, what is gone, and how it comes back. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { Machine, objects } from './program.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('versions, gone and restore', async () => {
  const anna = await Machine.make(testnet.bootstrap)
  const folder = await temporaryFolder('cairn-source')
  await writeTree(folder, {
    'a.txt': 'one',
    'sub/b.txt': 'b',
    'stays/c.txt': 'c',
    'stays/deep/d.txt': 'd',
    'stays/deep/e.txt': 'e',
  })
  const publishing = anna.start('publish', folder, '--message', 'Two texts')
  const link = await publishing.firstLine()
  await publishing.until(out => out.includes('Everything is in'))
  await writeFile(join(folder, 'a.txt'), 'two, and longer')
  const versions = async () => objects((await anna.run('versions', `${link}/a.txt`, '--json')).out)
  await expect.poll(async () => (await versions()).length).toBe(2)
  const [changed, added] = (await versions()) as { version: number; change: string; entry: { size: number } }[]
  expect([changed!.change, changed!.entry.size, added!.change]).toEqual(['changed', 15, 'added'])

  await rm(join(folder, 'sub'), { recursive: true })
  await expect.poll(async () => (await anna.run('gone', link)).out).toMatch(/ \/sub\/$/m)
  const [gone] = objects((await anna.run('gone', link, '--find', 'B.TX', '--json')).out).filter(one => 'gone' in one)
  expect(gone).toMatchObject({ path: '/sub/b.txt', gone: { version: changed!.version } })

  await rm(join(folder, 'stays/deep/d.txt'))
  // Of a folder that is still there, and of one that goes with all that was in it.
  await expect.poll(async () => (await anna.run('gone', link)).out).toMatch(/ \/stays\/deep\/d\.txt$/m)
  expect((await anna.run('gone', `${link}/stays`)).out).toMatch(/ \/stays\/deep\/d\.txt$/m)
  await rm(join(folder, 'stays/deep'), { recursive: true })
  await expect.poll(async () => (await anna.run('gone', link)).out).toMatch(/ \/stays\/deep\/$/m)
  expect((await anna.run('gone', link)).out).not.toContain('.txt')

  const restored = await anna.run('restore', link, 'sub', '--version', String(changed!.version))
  expect(restored.out).toMatch(/^Restored 1 file of version \d+\. --version \d+ undoes it\.$/m)
  expect(await readFile(join(folder, 'sub/b.txt'), 'utf8')).toBe('b')

  expect((await anna.run('name', link, 'as sent', '--version', String(changed!.version))).code).toBe(0)
  expect(objects((await anna.run('versions', link, '--json')).out)).toMatchObject([
    { version: changed!.version, name: 'as sent', own: false },
  ])
  expect(
    (await anna.run('describe', link, 'As it was sent,\nwith both texts', '--version', String(changed!.version))).code,
  ).toBe(0)
  const told = (await anna.run('history', link)).out
  expect(told).toMatch(/^version \d+ .* published 5 files .* Two texts$/m)
  expect(told).toMatch(new RegExp(`^version ${changed!.version} .* As it was sent, with both texts$`, 'm'))
  expect(objects((await anna.run('history', link, '--json')).out).at(-1)).toMatchObject({
    from: 0,
    message: 'Two texts',
  })
  expect((await anna.run('describe', link, 'x'.repeat(501))).code).toBe(2)
  await publishing.stop()
  // Without a running Cairn as well.
  expect((await anna.run('restore', `${link}+${added!.version}/a.txt`)).code).toBe(0)
  expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('one')
  expect((await anna.run('restore', link, 'a.txt')).error).toContain('Which version?')
  expect((await anna.run('restore', link, 'a.txt', '--version', '100000')).code).toBe(1)
})
