/** `npm run soak`: hundreds of kills of an author, with somebody who hears every version. */
import { afterAll, beforeAll, test } from 'vitest'
import { expectKillsSurvived } from '../helpers/kills.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 100)
let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test(`${ROUNDS} kills of an author: small files, large ones, and folders that are renamed`, () =>
  expectKillsSurvived(testnet.bootstrap, ROUNDS))
