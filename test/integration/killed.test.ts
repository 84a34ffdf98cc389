/** `kill -9` of both sides in the middle of their work: nothing is lost, nothing is half there, and they go on. */
import { execFile } from 'node:child_process'
import { appendFile, readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder } from '../helpers/files.ts'
import { cairn, linkOf, progressOf } from '../helpers/program.ts'
import { writeRealTree } from '../helpers/real-tree.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const run = promisify(execFile)
let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('a stranger publishes 2,000 files, both sides are killed in mid-transfer, and the copy is equal', async () => {
  const source = await temporaryFolder('source')
  await writeRealTree(source, 2000)
  const [authorStorage, readerStorage, target] = await Promise.all(
    ['author', 'reader', 'target'].map(name => temporaryFolder(name)),
  )
  const bootstrap = ['--bootstrap', testnet.bootstrap[0]!]
  const publish = () => cairn('publish', source, '--storage', authorStorage!, ...bootstrap)
  const first = publish()
  const link = await first.line(linkOf)
  await first.line(line => ((progressOf(line)?.files ?? 0) > 600 ? true : null))
  await first.kill('SIGKILL')

  const second = publish()
  expect(await second.line(linkOf)).toBe(link)
  await second.line(line => line['imported'])

  const get = () => cairn('get', link, target!, '--storage', readerStorage!, ...bootstrap)
  const reading = get()
  await reading.line(line => ((progressOf(line)?.files ?? 0) > 500 ? true : null))
  await Promise.all([reading.kill('SIGKILL'), second.kill('SIGKILL')])

  const third = publish()
  await third.line(linkOf)
  const again = get()
  const { code, stderr } = await again.exited
  expect(`${code} ${stderr}`).toMatch(/^0 /)
  // An unchanged tree is equal with nothing listed: no empty folders are in it, and no names that an archive cannot hold.
  await run('diff', ['-r', '--no-dereference', source, target!])
  expect(await readTree(target!)).toEqual(await readTree(source))
  expect(await readdir(target!)).not.toContain('.cairn-part')
}, 240_000)

test('killed inside of one large file, the import goes on inside of it', async () => {
  const source = await temporaryFolder('source')
  const path = join(source, 'large.bin')
  for (let part = 0; part < 6; part++) await appendFile(path, Buffer.alloc(50_000_000, `${part}`))
  const storage = await temporaryFolder('author')
  const publish = () => cairn('publish', source, '--storage', storage, '--bootstrap', testnet.bootstrap[0]!, '--exit')
  const first = publish()
  await first.line(line => ((progressOf(line)?.bytes ?? 0) > 120_000_000 ? true : null))
  await first.kill('SIGKILL')
  const second = publish()
  const begun = await second.line(line => {
    const bytes = progressOf(line)?.bytes ?? 0
    return bytes > 0 ? bytes : null
  })
  expect(begun).toBeGreaterThan(70_000_000)
  expect((await second.exited).code).toBe(0)
  const ana = await startPerson(testnet.bootstrap, { storage, join: false })
  for await (const changes of ana.client.archives.watch()) {
    const row = changes.find(change => change.op === 'put')
    if (row?.op !== 'put') continue
    expect(row.item).toMatchObject({ files: 1, bytes: 300_000_000 })
    expect(row.item.held.ofBytes).toBe(300_000_000)
    break
  }
})

test('after a power cut nothing is missing that a peer has heard of', async () => {
  const image = join(await temporaryFolder('disk'), 'image')
  const mount = await temporaryFolder('mounted')
  await writeFile(image, '')
  await truncate(image, 512 << 20)
  await run('mkfs.ext4', ['-q', image])
  await run('mount', ['-o', 'loop', image, mount])
  onTestFinished(async () => void (await run('umount', ['-l', mount])))
  const source = await temporaryFolder('source')
  for (let index = 0; index < 60; index++)
    await writeFile(join(source, `${index}.bin`), Buffer.alloc(3_000_000, `${index}`))
  const bob = await startPerson(testnet.bootstrap)

  const author = cairn('publish', source, '--storage', join(mount, 'storage'), '--bootstrap', testnet.bootstrap[0]!)
  const { key } = await bob.client.archives.open({ link: await author.line(linkOf) })
  await bob.client.archives.keep({ key, keep: true })
  // In the middle of it, and as soon as the friend holds what was announced.
  const heard = await bob.archive(key, row => row.held.blocks >= 200)
  // Nothing more is written while the disk is copied; what the author had not synced stays in memory.
  author.process.kill('SIGSTOP')
  const copy = join(await temporaryFolder('copy'), 'image')
  await run('dd', [`if=${image}`, `of=${copy}`, 'bs=16M', 'status=none'])
  await author.kill('SIGKILL')

  const after = await temporaryFolder('after')
  await run('mount', ['-o', 'loop', copy, after])
  onTestFinished(async () => void (await run('umount', ['-l', after])))
  const ana = await startPerson([testnet.bootstrap[0]!], { storage: join(after, 'storage'), join: false })
  const kept = await ana.archive(key, row => row.length > 0)
  expect(kept.length).toBeGreaterThanOrEqual(heard.length)
  expect(kept.held.ofBlocks).toBeGreaterThanOrEqual(heard.held.blocks)
})
