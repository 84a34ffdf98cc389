/** `npm run soak`: hundreds of rounds of `kill -9` at random moments, of importing, of following and of downloading. */
import { execFile } from 'node:child_process'
import { appendFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'
import { cairn, linkOf } from '../helpers/program.ts'
import { writeRealTree } from '../helpers/real-tree.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const run = promisify(execFile)
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 100)
let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test(`${ROUNDS} kills of the author while importing and following`, async () => {
  const source = await temporaryFolder('soak-source')
  await writeRealTree(source, 5000)
  const storage = await temporaryFolder('soak-author')
  const options = ['--storage', storage, '--bootstrap', testnet.bootstrap[0]!]
  let link: string | null = null
  const starts: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    const author = cairn('publish', source, ...options)
    const shown = await author.line(linkOf)
    starts.push(performance.now() - began)
    link ??= shown
    expect(shown).toBe(link)
    await edit(source, round)
    await setTimeout(Math.random() * 2500)
    await author.kill('SIGKILL')
  }
  const last = cairn('publish', source, ...options)
  await last.line(line => line['imported'], 120_000)
  await expectEqual(link!, source)
  await last.kill('SIGKILL')
  console.log(
    `start to link after a kill: median ${Math.round(starts.sort((a, b) => a - b)[starts.length >> 1]!)} ms, slowest ${Math.round(starts.at(-1)!)} ms`,
  )
})

test(`${ROUNDS} kills of the reader while downloading`, async () => {
  const source = await temporaryFolder('soak-source')
  await writeRealTree(source, 5000, 2)
  const author = cairn(
    'publish',
    source,
    '--storage',
    await temporaryFolder('soak-author'),
    '--bootstrap',
    testnet.bootstrap[0]!,
  )
  const link = await author.line(linkOf)
  await author.line(line => line['imported'], 120_000)
  let storage = await temporaryFolder('soak-reader')
  let target = await temporaryFolder('soak-target')
  let kills = 0
  while (kills < ROUNDS) {
    const reader = cairn('get', link, target, '--storage', storage, '--bootstrap', testnet.bootstrap[0]!)
    const ended = await Promise.race([
      reader.exited.then(({ code }) => code),
      setTimeout(300 + Math.random() * 2500, 'kill' as const),
    ])
    if (ended === 'kill') {
      await reader.kill('SIGKILL')
      kills++
      continue
    }
    expect(ended).toBe(0)
    await run('diff', ['-r', '--no-dereference', source, target])
    storage = await temporaryFolder('soak-reader')
    target = await temporaryFolder('soak-target')
  }
  const reader = cairn('get', link, target, '--storage', storage, '--bootstrap', testnet.bootstrap[0]!)
  expect((await reader.exited).code).toBe(0)
  await run('diff', ['-r', '--no-dereference', source, target])
})

async function edit(source: string, round: number): Promise<void> {
  await writeFile(join(source, `round-${round}.txt`), `${round}`.repeat(round * 100))
  const entries = (await readdir(source, { withFileTypes: true })).filter(entry => entry.isFile())
  const [some, other] = [entries[round % entries.length], entries[(round * 7) % entries.length]]
  if (some !== undefined && round % 3 === 0) await appendFile(join(source, some.name), 'more')
  if (other !== undefined && round % 5 === 0)
    await rename(join(source, other.name), join(source, `moved-${round}-${other.name}`))
  if (other !== undefined && round % 7 === 0) await rm(join(source, other.name), { force: true })
}

async function expectEqual(link: string, source: string): Promise<void> {
  const target = await temporaryFolder('soak-copy')
  const reader = cairn(
    'get',
    link,
    target,
    '--storage',
    await temporaryFolder('soak-reader'),
    '--bootstrap',
    testnet.bootstrap[0]!,
  )
  const { code, stderr } = await reader.exited
  expect(`${code} ${stderr}`).toMatch(/^0 /)
  await run('diff', ['-r', '--no-dereference', source, target])
}
