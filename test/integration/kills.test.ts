/** `kill -9` of an author at random moments: nothing that anybody heard of is lost, and what is in is not stored again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectKillsSurvived, KilledAuthor } from '../helpers/kills.ts'
import { progressOf } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('kills at random moments of importing and of following', () => expectKillsSurvived(testnet.bootstrap, 4), 120_000)

test('a changeset that is killed again and again goes on where it stopped, and is seen as a whole', async () => {
  const author = await KilledAuthor.create(testnet.bootstrap)
  await author.write('before', 5, 100)
  await author.complete()
  const known = author.heard.length
  await author.write('many', 1500, 40_000)
  let kills = 0
  for (const bytes of [10e6, 25e6, 40e6]) {
    const program = await author.start()
    const come = await program.line(line =>
      (progressOf(line)?.bytes ?? 0) > bytes ? 'so far' : line['imported'] === undefined ? null : 'to its end',
    )
    if (come === 'to its end') {
      await program.kill('SIGTERM')
      break
    }
    await author.kill(program)
    kills++
  }
  expect(kills).toBeGreaterThan(0)
  await author.expectNothingLost()
  expect(author.heard.slice(known)).toHaveLength(1)
})
