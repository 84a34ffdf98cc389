/** Limits, a pause of everything, and what has passed, on a terminal. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { Machine, objects } from './program.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('limits, peers, and a pause of everything', async () => {
  const [anna, ben] = [await Machine.make(testnet.bootstrap), await Machine.make(testnet.bootstrap)]
  const folder = await temporaryFolder('cairn-source')
  await writeTree(folder, { 'a.txt': 'one', 'b.txt': 'two' })
  const publishing = anna.start('publish', folder, '--title', 'Texts')
  const link = await publishing.firstLine()
  await publishing.until(out => out.includes('Everything is in'))

  expect((await anna.run('limits', '--up', '2MB', '--down', '5MB', '--connections', '20')).out).toMatch(
    /down at most 5\.0 MB\/s, up at most 2\.0 MB\/s\n.*20 machines at most/s,
  )
  expect((await anna.run('limits', '--at', 'daily 0:00-24:00', '--up', '1MB')).out).toMatch(
    /daily 0:00-0:00: .*up at most 1\.0 MB\/s\n.*now +down at most 5\.0 MB\/s, up at most 1\.0 MB\/s/s,
  )
  expect(objects((await anna.run('limits', '--at', 'none', '--down', '6MB', '--json')).out)[0]).toEqual({
    limits: { down: 6_000_000, up: 2_000_000, schedule: [], connections: 20 },
  })
  expect((await anna.run('limits', link, '--up', '900kB')).out).toContain(
    'Texts: down as quickly as it goes, up at most',
  )
  expect((await anna.run('limits')).out).toMatch(/^archive +Texts: .*up at most 900 kB\/s$/m)

  const target = await temporaryFolder('cairn-target')
  expect((await ben.run('get', link, target)).code).toBe(0)
  const traffic = async () => objects((await anna.run('peers', '--json')).out).filter(one => 'traffic' in one)
  // Told of once a second.
  let passed: Awaited<ReturnType<typeof traffic>> = []
  await expect.poll(async () => (passed = await traffic()).length).toBe(2)
  expect(passed).toMatchObject([{ traffic: { ever: { bytesDown: 0 } } }, { traffic: { id: 'all' } }])
  expect((passed.at(-1) as { traffic: { ever: { bytesUp: number } } }).traffic.ever.bytesUp).toBeGreaterThan(0)

  expect((await anna.run('pause', '--all')).out).toContain('Everything is paused')
  const status = (await anna.run('status')).out
  expect(status).toMatch(/^limits +down at most 6\.0 MB\/s, up at most 2\.0 MB\/s$/m)
  expect(status).toContain('everything is paused: cairn resume --all goes on')
  expect((await ben.run('pause', '--all')).code).toBe(0)
  const other = link.replace(/\/\/(.)/, (_, first) => (first === 'o' ? '//y' : '//o'))
  const resting = await ben.run('get', other, target)
  expect([resting.code, resting.error]).toEqual([3, expect.stringContaining('cairn resume --all')])
  expect((await ben.run('resume', '--all')).out).toContain('whenever Cairn runs')
  expect((await anna.run('resume', '--all')).out).toContain('Everything goes on.')
  expect((await ben.run('get', link, target, '--overwrite')).code).toBe(0)
  await publishing.stop()
})
