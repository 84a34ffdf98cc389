/** `npm run soak`: beyond what fits into 32 bits. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('a file of 4 GiB and some bytes, of which nothing is on the disk', async () => {
  const source = await temporaryFolder('source')
  const size = 2 ** 32 + 5
  const sparse = await open(join(source, 'sparse'), 'w')
  await sparse.truncate(size)
  await sparse.write('end', size - 3)
  await sparse.close()
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key } = await publish(ana, [source], { milliseconds: 600_000 })
  await ana.archive(key, row => row.source?.state.name === 'watching' && row.bytes === size)
  for (const [start, expected] of [
    [0, '\0'.repeat(5)],
    [2 ** 32 - 2, '\0\0\0\0end'],
  ] as const) {
    const { base64 } = await ana.client.read.bytes({
      key,
      version: null,
      path: '/sparse',
      start,
      length: expected.length,
    })
    expect(Buffer.from(base64, 'base64').toString()).toBe(expected)
  }
})
