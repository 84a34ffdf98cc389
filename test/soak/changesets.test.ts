/** `npm run soak`: thousands of random edits of random trees. */
import { afterAll, beforeAll, test } from 'vitest'
import { startPerson } from '../helpers/backend.ts'
import { expectAnyEditsFollowed } from '../helpers/changesets.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 100)
let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test(`${ROUNDS * 10} trees whose edits are followed`, async () => {
  const person = await startPerson(testnet.bootstrap)
  await expectAnyEditsFollowed(testnet.bootstrap, person, { paused: ROUNDS * 9, watched: ROUNDS })
})
