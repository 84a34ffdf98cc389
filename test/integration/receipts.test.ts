/** Receipts: made by who holds no more than the file, checked by who has nothing but the two, and worth nothing once a bit is another one. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { lookUp, NoList } from '../../main/proofs/list.ts'
import {
  type FileReader,
  formatReceipt,
  parseReceipt,
  type Receipt,
  type SignedLog,
  type Statement,
  verify,
} from '../../main/proofs/receipt.ts'
import { isFound, type Person, publish, share, startPerson } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const reading = (file: Uint8Array): FileReader => {
  let at = 0
  return size => Promise.resolve(file.subarray(at, (at += size)))
}
const check = (text: string | Uint8Array, file: Uint8Array): Promise<Statement> =>
  Promise.resolve().then(() => verify(parseReceipt(Buffer.from(text)), reading(file)))
const wrong = { code: 'RECEIPT_WRONG' }

/** One who publishes and one who has looked at nothing yet. */
async function shared(tree: Record<string, string | Buffer>) {
  const folder = await temporaryFolder('source')
  await writeTree(folder, {})
  for (const [name, content] of Object.entries(tree)) await writeFile(join(folder, name), content)
  const ana = await startPerson(testnet.bootstrap)
  const bob = await startPerson(testnet.bootstrap)
  const { key } = await share(ana, bob, [folder])
  const { length } = await bob.archive(key, row => isFound(row) && row.files === Object.keys(tree).length)
  return { ana, bob, key, folder, version: length }
}
const receiptOf = async ({ client }: Person, key: string, version: number | null, path: string) =>
  (await client.read.receipt({ key, version, path })).text

test('who holds nothing but the file proves that it was there, also when it has been changed and removed since', async () => {
  const large = randomBytes(3_000_000)
  const { ana, bob, key, folder, version } = await shared({
    ...Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`other-${index}`, randomBytes(2000)])),
    'large.bin': large,
    'empty.txt': '',
    'ünïcode %2e.txt': 'named',
  })
  await writeFile(join(folder, 'large.bin'), 'changed')
  await ana.archive(key, row => row.length > version)
  const { length } = await bob.archive(key, row => row.length > version)
  const text = await receiptOf(bob, key, version, '/large.bin')
  expect(await check(text, large)).toEqual({ key, version, path: '/large.bin', size: large.byteLength })
  expect(text).toMatch(
    new RegExp(`^Cairn receipt, format 1\nA file of 3000000 bytes was in hyper://${key}\\+${version}/large.bin\n`),
  )
  expect(text.length).toBeLessThan(60_000)
  // Nobody else's blocks were needed for it.
  const { held } = await bob.archive(key, () => true)
  expect(held.bytes).toBeLessThan(large.byteLength + 300_000)
  expect(await check(await receiptOf(bob, key, null, '/large.bin'), Buffer.from('changed'))).toMatchObject({
    version: length,
  })
  expect(await check(await receiptOf(bob, key, version, '/empty.txt'), Buffer.alloc(0))).toMatchObject({ size: 0 })
  expect(await check(await receiptOf(ana, key, version, '/ünïcode %2e.txt'), Buffer.from('named'))).toMatchObject({
    path: '/ünïcode %2e.txt',
  })
  await expect(check(text, Buffer.from('changed'))).rejects.toMatchObject(wrong)
  for (const bent of [
    large.subarray(1),
    large.subarray(0, -1),
    Buffer.concat([large, Buffer.alloc(1)]),
    Buffer.alloc(0),
  ])
    await expect(check(text, bent)).rejects.toMatchObject(wrong)
})

test('whatever bit is another one, of a file or of its receipt, nothing is proven', async () => {
  const file = randomBytes(700_000)
  const { bob, key, version } = await shared({
    'a.bin': file,
    'b.bin': randomBytes(100),
    'c.bin': randomBytes(700_000),
  })
  const text = Buffer.from(await receiptOf(bob, key, version, '/a.bin'))
  const other = Buffer.from(await receiptOf(bob, key, version, '/c.bin'))
  await check(text, file)
  await expect(check(other, file)).rejects.toMatchObject(wrong)
  // What people read of it, and some of the rest: that is bent byte by byte below.
  for (let index = 0; index < text.byteLength; index += index < 200 ? 1 : 7) {
    const bent = Buffer.from(text)
    bent[index]! ^= 1 << (index % 8)
    await expect(check(bent, file), `byte ${index} of ${text.byteLength}`).rejects.toMatchObject(wrong)
  }
  const lines = text.toString().split('\n')
  const raw = Buffer.from(lines.slice(3).join(''), 'base64')
  const written = (bytes: Buffer) =>
    [...lines.slice(0, 3), ...(bytes.toString('base64').match(/.{1,76}/g) ?? []), ''].join('\n')
  await check(written(raw), file)
  for (let index = 0; index < raw.byteLength; index++) {
    const bent = Buffer.from(raw)
    bent[index]! ^= 1 << (index % 8)
    await expect(check(written(bent), file), `raw byte ${index}`).rejects.toMatchObject(wrong)
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(file.byteLength - 1), fc.nat(7), async (at, bit) => {
      const bent = Buffer.from(file)
      bent[at]! ^= 1 << bit
      await expect(check(text, bent)).rejects.toMatchObject(wrong)
    }),
    { numRuns: 100 },
  )
  // Cut, lengthened, and patched with parts of another one that is right.
  await fc.assert(
    fc.asyncProperty(fc.nat(raw.byteLength - 1), fc.uint8Array({ maxLength: 40 }), async (at, bytes) => {
      for (const bent of [
        raw.subarray(0, at),
        Buffer.concat([raw.subarray(0, at), bytes]),
        Buffer.concat([raw, bytes, Buffer.alloc(1)]),
      ])
        await expect(check(written(bent), file)).rejects.toMatchObject(wrong)
      const patch = other.subarray(at, at + bytes.length)
      const patched = Buffer.concat([text.subarray(0, at), patch, text.subarray(at + patch.byteLength)])
      if (!patched.equals(text)) await expect(check(patched, file)).rejects.toMatchObject(wrong)
    }),
    { numRuns: 100 },
  )
})

test('a receipt that says something else, in the right form, is worth nothing either', async () => {
  const file = randomBytes(600_000)
  const { bob, key, version } = await shared({ 'a.bin': file, 'b.bin': file, 'c.bin': randomBytes(10) })
  const right = parseReceipt(Buffer.from(await receiptOf(bob, key, version, '/a.bin')))
  const { signer, list, content } = right
  const bent = (bytes: Buffer, at = 0) => {
    const other = Buffer.from(bytes)
    other[at % other.byteLength]! ^= 1
    return other
  }
  const [first, second] = [...list.blocks.keys()].slice(-2)
  const blocks = (change: (blocks: Map<number, Buffer>) => void) => {
    const changed = new Map(list.blocks)
    change(changed)
    return { ...right, list: { ...list, blocks: changed } }
  }
  const logs = (change: (log: SignedLog) => Partial<SignedLog>): Receipt[] => [
    { ...right, list: { ...list, ...change(list) } },
    { ...right, content: { ...content!, ...change(content!) } },
  ]
  const nodes = (change: (nodes: SignedLog['nodes']) => SignedLog['nodes']) =>
    logs(log => ({ nodes: change(log.nodes) }))
  const others: Receipt[] = [
    { ...right, path: '/b.bin' },
    { ...right, path: '/a.bi' },
    { ...right, version: version - 1 },
    { ...right, version: version + 1 },
    { ...right, version: 1 },
    { ...right, signer: { ...signer, version: 2 } },
    { ...right, signer: { ...signer, publicKey: bent(signer.publicKey) } },
    { ...right, signer: { ...signer, namespace: bent(signer.namespace) } },
    { ...right, content: null },
    { ...right, content: { ...content!, sizes: [...content!.sizes, { count: 1, size: 1 }] } },
    { ...right, content: { ...content!, sizes: content!.sizes.slice(1) } },
    { ...right, content: { ...content!, sizes: [...content!.sizes].reverse() } },
    ...logs(({ fork }) => ({ fork: fork + 1 })),
    ...logs(({ length }) => ({ length: length + 1 })),
    ...logs(({ length }) => ({ length: length - 1 })),
    ...logs(() => ({ length: 2 ** 52 })),
    ...logs(({ signature }) => ({ signature: bent(signature, 40) })),
    ...nodes(all => all.slice(1)),
    ...nodes(all => [...all, { size: 1, hash: Buffer.alloc(32) }]),
    ...[...list.blocks.keys()].map(seq => blocks(all => all.delete(seq))),
    ...[...list.blocks.keys()].map(seq => blocks(all => all.set(seq, bent(all.get(seq)!, seq * 7)))),
    blocks(all => all.set(version - 2, all.get(version - 1)!)),
    blocks(all => all.set(first!, all.get(second!)!)),
  ]
  for (let at = 0; at < Math.max(list.nodes.length, content!.nodes.length); at++)
    others.push(
      ...nodes(all => all.map((node, index) => (index === at ? { ...node, hash: bent(node.hash, at) } : node))),
      ...nodes(all => all.map((node, index) => (index === at ? { ...node, size: node.size + 1 } : node))),
    )
  const isOther = (receipt: Receipt) => formatReceipt(receipt) !== formatReceipt(right)
  await verify(right, reading(file))
  for (const [index, other] of others.filter(isOther).entries())
    await expect(verify(other, reading(file)), `${index} of ${others.length}`).rejects.toMatchObject(wrong)
})

test('garbage is no receipt, and costs nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async bytes => {
      const text = `Cairn receipt, format 1\nsaid\n\n${Buffer.from(bytes).toString('base64')}\n`
      await expect(check(text, Buffer.alloc(10))).rejects.toMatchObject(wrong)
      await expect(check(Buffer.from(bytes), Buffer.alloc(10))).rejects.toMatchObject(wrong)
    }),
  )
})

test('what no receipt can be made for is refused in words', async () => {
  const { ana, key, version } = await shared({ 'a.txt': 'a', 'b.txt': 'b' })
  const { client } = ana
  await expect(client.read.receipt({ key, version, path: '/none' })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  await expect(client.read.receipt({ key, version: version - 1, path: '/a.txt' })).rejects.toMatchObject({
    code: 'VERSION_NOT_FOUND',
  })
  const other = await temporaryFolder('private')
  await writeTree(other, { 'a.txt': 'a' })
  const { key: hidden } = await publish(ana, [other], { private: true })
  await expect(client.read.receipt({ key: hidden, version: null, path: '/a.txt' })).rejects.toMatchObject({
    code: 'RECEIPT_IMPOSSIBLE',
    data: { why: expect.stringContaining('private') },
  })
})

test('a list is looked up as Hyperbee does it, in every version', async () => {
  const store = new Corestore(join(await temporaryFolder('store'), 'store'))
  onTestFinished(() => store.close())
  const drive = new Hyperdrive(store)
  await drive.ready()
  const names = Array.from(
    { length: 120 },
    (_, index) => `/${createHash('md5').update(`${index}`).digest('hex').slice(0, 4)}`,
  )
  const versions = [drive.version]
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ name: fc.constantFrom(...names), remove: fc.boolean() }), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      async (edits, together) => {
        const target = together ? drive.batch() : drive
        for (const { name, remove } of edits) {
          if (remove) await target.del(name)
          else await target.putEntry(name, { metadata: { at: drive.version, name } })
          if (!together) versions.push(drive.version)
        }
        if (together) {
          await target.flush()
          versions.push(drive.version)
        }
      },
    ),
    { numRuns: 25 },
  )
  const read = async (seq: number) => (await drive.core.get(seq))!
  for (const version of versions.filter((_, index) => index % 7 === 0)) {
    const snapshot = drive.checkout(version)
    for (const name of names.filter((_, index) => index % 5 === 0)) {
      const expected = await snapshot.entry(name)
      expect(await lookUp(read, version, name)).toEqual(expected?.value ?? null)
    }
    await snapshot.close()
  }
})

test('a list that leads round in circles, or out of the log, comes to an end', async () => {
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
  const block = (key: string, keys: number[], children: number[]) =>
    Buffer.concat([
      field(1, field(1, Buffer.concat([field(1, Buffer.from(keys)), field(2, Buffer.from(children))]))),
      field(2, Buffer.from(`files\0${key}`)),
      field(3, Buffer.from('{}')),
    ])
  const find = (...blocks: Buffer[]) => lookUp(seq => Promise.resolve(blocks[seq - 1]!), blocks.length + 1, '/wanted')
  expect(await find(block('/wanted', [1], []))).toEqual({})
  for (const hostile of [
    [block('/a', [1], [1, 0, 1, 0])],
    [block('/a', [1], [2, 0, 2, 0]), block('/b', [2], [1, 0, 1, 0])],
    [block('/a', [1], [7, 0, 7, 0])],
    [block('/a', [1], [0, 0, 0, 0])],
    [block('/a', [1], [1, 9, 1, 9])],
    [block('/a', [3], [])],
  ])
    await expect(find(...hostile)).rejects.toThrow(NoList)
})

test('a file that another program wrote in blocks of its own sizes has a receipt too', async () => {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store.namespace('author'))
  await drive.ready()
  const file = randomBytes(200_000)
  await drive.put('/before', randomBytes(1000))
  const stream = drive.createWriteStream('/file')
  for (const [from, to] of [
    [0, 7],
    [7, 100_000],
    [100_000, 100_007],
    [100_007, 200_000],
  ])
    stream.write(file.subarray(from, to))
  stream.end()
  await once(stream, 'close')
  await drive.put('/after', randomBytes(1000))
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, row => isFound(row) && row.length === drive.version)
  const text = await receiptOf(bob, key, drive.version - 1, '/file')
  expect(await check(text, file)).toEqual({ key, version: drive.version - 1, path: '/file', size: 200_000 })
  expect(text.length).toBeLessThan(3000)
})

test('a client checks a file that it sends in pieces of any size; a check that was left, or has ended, takes no more of them', async () => {
  const large = randomBytes(700_001)
  const { ana, key } = await shared({ 'large.bin': large })
  const receipt = Buffer.from(await receiptOf(ana, key, null, '/large.bin'))
  const { proofs } = ana.client
  const run = (file: Buffer, sizes: readonly number[], signal?: AbortSignal) => {
    let begun = false
    const send = async (check: string) => {
      for (let at = 0, turn = 0; at < file.length; turn++) {
        const size = sizes[turn % sizes.length]!
        await proofs.feed({ check, piece: file.subarray(at, at + size).toString('base64') })
        at += size
      }
      await proofs.feed({ check, piece: '' })
    }
    let settle: { resolve: () => void; reject: (error: unknown) => void }
    const sent = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject }
    })
    const verdict = proofs.check(
      { receipt: receipt.toString('base64') },
      {
        ...(signal && { signal }),
        onProgress({ check }) {
          if (begun) return
          begun = true
          send(check).then(settle.resolve, settle.reject)
        },
      },
    )
    return { verdict, sent }
  }
  const good = run(large, [1, 100_000, 262_144])
  expect(await good.verdict).toMatchObject({ key, path: '/large.bin', size: large.byteLength })
  await good.sent
  // It is wrong before it has ended.
  const bad = run(Buffer.concat([randomBytes(300_000), large]), [100_000])
  await Promise.all([
    expect(bad.verdict).rejects.toMatchObject(wrong),
    expect(bad.sent).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' }),
  ])
  const stop = new AbortController()
  const left = run(large, [10], stop.signal)
  stop.abort()
  await expect(left.verdict).rejects.toMatchObject({ code: 'CANCELLED' })
})
