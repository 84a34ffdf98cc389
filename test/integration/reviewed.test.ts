/** What a reviewer broke once: each of these failed before it was mended. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { isDone, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('an import that is paused and at once resumed goes on', async () => {
  const source = await temporaryFolder('source')
  await writeFile(join(source, 'large.bin'), Buffer.alloc(150 << 20, 'x'))
  await writeFile(join(source, 'small.txt'), 'x')
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const review = await ana.client.publish.review({ paths: [source] })
  const { key, transfer } = await ana.client.publish.start({
    review: review.id,
    title: 'Large',
    private: false,
    exclude: [],
    includeSuspicious: false,
    into: null,
  })
  for (let round = 0; round < 3; round++) {
    await ana.transfer(transfer, row => row.state.name === 'running' && row.bytes > 0)
    const paused = ana.client.transfers.pause({ id: transfer })
    await ana.transfer(transfer, row => row.state.name === 'paused')
    await ana.client.transfers.resume({ id: transfer })
    await paused
  }
  await ana.transfer(transfer, isDone)
  await ana.archive(key, row => row.files === 2 && row.source?.state.name === 'watching')
})

test('following that is paused and at once resumed goes on', async () => {
  const source = await temporaryFolder('source')
  await writeFile(join(source, 'large.bin'), Buffer.alloc(100 << 20, 'x'))
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const review = await ana.client.publish.review({ paths: [source] })
  const { key, transfer } = await ana.client.publish.start({
    review: review.id,
    title: 'Large',
    private: false,
    exclude: [],
    includeSuspicious: false,
    into: null,
  })
  await ana.transfer(transfer, row => row.state.name === 'running' && row.bytes > 0)
  await Promise.all([ana.client.publish.pause({ key, paused: true }), ana.client.publish.pause({ key, paused: false })])
  await ana.archive(key, row => row.files === 1 && row.source?.state.name === 'watching' && !row.stillBeingAdded)
  const paused = ana.client.publish.pause({ key, paused: true })
  await ana.client.publish.pause({ key, paused: false })
  await paused
  await writeFile(join(source, 'later.txt'), 'x')
  await ana.archive(key, row => row.files === 2 && row.source?.state.name === 'watching')
})
