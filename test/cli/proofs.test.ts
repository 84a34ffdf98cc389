/** Pinned links and receipts on a terminal. */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { Machine, Running } from './program.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('a link is pinned and refused when it was bent; a receipt is made, and checked with nothing but the two files', async () => {
  const anna = await Machine.make(testnet.bootstrap)
  const ben = await Machine.make(testnet.bootstrap)
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'a.txt': 'first', 'b/large.bin': randomBytes(600_000) })
  const publishing = anna.start('publish', folder)
  const link = await publishing.firstLine()
  await publishing.until(out => out.includes('Everything is in'))

  const made = await ben.run('link', `${link}/a.txt`, '--pin')
  expect(made).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^hyper:\/\/[a-z0-9]{52}\+\d+\.\d+\.[a-z0-9]{52}\/a\.txt\n$/),
  })
  const pinned = made.out.trim()
  expect(await ben.run('ls', pinned)).toMatchObject({ code: 0, out: expect.stringContaining('a.txt') })
  const [, hash = ''] = /\.([a-z0-9]{52})\/a\.txt$/.exec(pinned) ?? []
  const bent = pinned.replace(hash, `${hash.startsWith('b') ? 'y' : 'b'}${hash.slice(1)}`)
  const refused = await ben.run('ls', bent, '--json')
  expect(refused).toMatchObject({ code: 1, out: '' })
  const { error } = JSON.parse(refused.error.trim().split('\n').at(-1)!) as { error: { code: string; data: object } }
  expect(error).toMatchObject({
    code: 'NOT_THE_PINNED_VERSION',
    message: expect.stringContaining(hash),
    data: { found: hash },
  })

  const target = await temporaryFolder('target')
  const receipt = await ben.run('receipt', `${link}/b/large.bin`, target)
  expect([receipt.code, receipt.error.includes('cairn:')]).toEqual([0, false])
  await publishing.stop()

  const [file, proof] = [join(target, 'large.bin'), join(target, 'large.bin.cairn-receipt')]
  // No storage, and nobody to ask.
  const verify = (...args: string[]) => new Running(['verify', ...args], ['127.0.0.1:1'], '').ended
  const proven = await verify(file, proof)
  expect([proven.code, proven.error]).toEqual([0, ''])
  expect(proven.out).toContain(`${link}+`)
  const inJson = JSON.parse((await verify(file, proof, '--json')).out) as object
  expect(inJson).toMatchObject({ verified: { path: '/b/large.bin', size: 600_000 } })
  const bytes = await readFile(file)
  bytes[300_000]! ^= 1
  await writeFile(file, bytes)
  expect(await verify(file, proof)).toMatchObject({
    code: 1,
    out: '',
    error: expect.stringContaining('not for this file'),
  })
  expect(await verify(proof, file)).toMatchObject({ code: 1, error: expect.stringContaining('no receipt') })
})
