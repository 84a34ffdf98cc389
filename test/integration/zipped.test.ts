/** What is taken as one zip: by the browser, from the content host, and through the bridge. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { share, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { readZip } from '../helpers/zip.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('a browser gets one zip of known length: names, bytes, modes, times and links as they were', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, {
    'Grüße ☃.txt': 'unicode',
    empty: '',
    'sub/deep/large.bin': randomBytes(3_000_000),
    'sub/run.sh': { content: '#!/bin/sh\n', executable: true },
    'sub/link': { link: 'run.sh' },
    'other/not-chosen': 'x',
  })
  await utimes(join(folder, 'sub/run.sh'), 1_600_000_001, 1_600_000_001)
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])

  const ask = async (zip: readonly string[] | undefined, address: string, method = 'GET') => {
    const { grant } = await bob.client.read.grant({ key, version: null, zip })
    return bob.backend.content(new Request(`http://content.localhost/${grant}/${address}`, { method }))
  }
  const response = await ask(['/sub', '/Grüße ☃.txt', '/empty'], encodeURIComponent('Ana’s (things).zip'))
  const headers = Object.fromEntries(response.headers)
  expect(headers).toMatchObject({
    'content-type': 'application/zip',
    'content-disposition': "attachment; filename*=UTF-8''Ana%E2%80%99s%20%28things%29.zip",
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  expect(bytes.byteLength).toBe(Number(headers['content-length']))
  const head = await ask(['/sub', '/Grüße ☃.txt', '/empty'], 'x.zip', 'HEAD')
  expect(head.headers.get('content-length')).toBe(headers['content-length'])
  const zip = readZip(bytes)
  expect([...zip.keys()].sort()).toEqual(
    ['Grüße ☃.txt', 'empty', 'sub/deep/large.bin', 'sub/run.sh', 'sub/link'].sort(),
  )
  expect(zip.get('sub/run.sh')).toMatchObject({ mode: 0o100755, seconds: 1_600_000_001 })
  expect(zip.get('sub/link')).toMatchObject({ mode: 0o120777, content: Buffer.from('run.sh') })

  // Unpacked by another program, it is what was published.
  if (spawnSync('unzip', ['-v']).status === 0) {
    const target = await temporaryFolder('unpacked')
    await writeFile(join(target, 'all.zip'), bytes)
    await mkdir(join(target, 'out'))
    const unpacked = spawnSync('unzip', ['-q', join(target, 'all.zip'), '-d', join(target, 'out')], {
      encoding: 'utf8',
    })
    expect({ code: unpacked.status, said: unpacked.stderr }).toEqual({ code: 0, said: '' })
    const { 'other/not-chosen': _, ...source } = await readTree(folder, { times: false })
    expect(await readTree(join(target, 'out'), { times: false })).toEqual(source)
  }

  // What is not there is said before anything is.
  expect((await ask(['/nothing'], 'x.zip')).status).toBe(404)
  // Who leaves is not sent on to.
  const left = await ask(['/'], 'x.zip')
  const reader = left.body!.getReader()
  await reader.read()
  await reader.cancel()
})
