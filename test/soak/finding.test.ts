/** A reader who came long before the author, longer than the longest pause between two lookups: how soon they meet. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { isFound, publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'

const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 5)
/** Seconds: in the midst of pauses of 32 and 60 seconds. */
const WAITS = [45, 75, 100, 155, 185]

test('the author who comes late is met within ten seconds', async () => {
  const testnet = await startTestnet()
  const times = await Promise.all(
    WAITS.slice(0, ROUNDS).map(async wait => {
      const storage = await temporaryFolder('cairn-author')
      const folder = await temporaryFolder('songs')
      await writeTree(folder, { 'one.txt': 'la' })
      const before = await startPerson(testnet.bootstrap, { storage })
      const { key, link } = await publish(before, [folder])
      await before.close()
      const reader = await startPerson(testnet.bootstrap)
      await reader.client.archives.open({ link })
      await reader.archive(key, row => row.state.name === 'unreachable', 60_000)
      await sleep(wait * 1000)
      const came = performance.now()
      await startPerson(testnet.bootstrap, { storage })
      await reader.archive(key, isFound, 70_000)
      return performance.now() - came
    }),
  )
  console.log(`After waiting ${WAITS.join(', ')} s they met after ${times.map(Math.round).join(', ')} ms`)
  for (const time of times) expect(time).toBeLessThan(10_000)
  await testnet.close()
})
