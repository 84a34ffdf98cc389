/** Importing when files and disks misbehave at the worst moment: no file gets the content of another one. */
import { appendFile, type FileHandle, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { onTestFinished, expect, test, vi } from 'vitest'
import { Archive } from '../../main/archives/archive.ts'
import { openStore } from '../../main/archives/store.ts'
import { explain, importChanges } from '../../main/publish/import.ts'
import { knownBelow } from '../../main/publish/known.ts'
import { type Change, plan } from '../../main/publish/plan.ts'
import { scan } from '../../main/publish/scan.ts'
import { SourceIndex } from '../../main/publish/source-index.ts'
import { Upload } from '../../main/publish/upload.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import { temporaryFolder } from '../helpers/files.ts'

const MIB = 1 << 20

async function author() {
  const [storage, source] = await Promise.all([temporaryFolder('storage'), temporaryFolder('source')])
  const store = await openStore(storage)
  const archive = await Archive.create(store, 'author', null)
  onTestFinished(async () => {
    await archive.close()
    await store.close()
  })
  const openIndex = () => SourceIndex.open(storage, archive, [source])
  return { storage, source, archive, openIndex }
}
type Author = Awaited<ReturnType<typeof author>>

async function planned({ source }: Author, index: SourceIndex): Promise<Change[]> {
  const items = [{ path: source, at: '', kind: 'folder' as const }]
  const found = scan(items, new AbortController().signal)
  const changes: Change[] = []
  for await (const change of plan(found, knownBelow(index.known, null), NO_CHOICES, () => {})) changes.push(change)
  return changes
}
const NO_CHOICES = { exclude: [], includeSuspicious: false }

async function bring(author: Author, index: SourceIndex, changes?: Change[]): Promise<readonly Skipped[]> {
  const skipped: Skipped[] = []
  await importChanges(author.archive, changes ?? (await planned(author, index)), index, {
    signal: new AbortController().signal,
    progressive: true,
    message: '',
    about: null,
    onCommitted: () => Promise.resolve(),
    onProgress: () => {},
    onSkipped: one => skipped.push(one),
  })
  return skipped
}

/** Bytes that tell where they are from. */
const content = (name: string, size: number) => {
  const bytes = Buffer.alloc(size, name)
  for (let at = 0; at < size; at += 4096) bytes.writeUInt32LE(at, at)
  return bytes
}

test('a large file that could not be read to its end gets nothing of what was stored after it', async () => {
  const ana = await author()
  const large = content('large', 12 * MIB + 5)
  const small = Array.from({ length: 8 }, (_, at) => content(`small ${at}`, 256 << 10))
  await writeFile(join(ana.source, 'a'), large)
  for (const [at, one] of small.entries()) await writeFile(join(ana.source, `b${at}`), one)
  const index = await ana.openIndex()
  const handle = await open(join(ana.source, 'a'))
  const proto = Object.getPrototypeOf(handle) as { read: FileHandle['read'] }
  await handle.close()
  const { read } = proto
  const failing = vi.spyOn(proto, 'read').mockImplementation(function (this: FileHandle, ...args: unknown[]) {
    if ((args[3] as number) >= 4 * MIB)
      return Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' }))
    return Reflect.apply(read, this, args) as ReturnType<typeof read>
  } as typeof read)
  expect(await bring(ana, index)).toMatchObject([{ path: '/a', reason: 'unreadable' }])
  failing.mockRestore()
  expect(await bring(ana, index)).toEqual([])
  expect((await ana.archive.drive.get('/a'))!.equals(large)).toBe(true)
  for (const [at, one] of small.entries()) expect((await ana.archive.drive.get(`/b${at}`))!.equals(one)).toBe(true)
})

test('a block that waits for a slow disk is not read over by the file that comes next', async () => {
  const ana = await author()
  const index = await ana.openIndex()
  const known = content('known', 12 * MIB)
  await writeFile(join(ana.source, 'a'), known)
  await bring(ana, index)
  const fresh = content('fresh', 8 * MIB)
  await writeFile(join(ana.source, 'b'), fresh)
  await writeFile(join(ana.source, 'c'), known)
  const { storage } = (await ana.archive.drive.getBlobs()).core.core!.state
  const begin = storage.write.bind(storage)
  vi.spyOn(storage, 'write').mockImplementation(() => {
    const transaction = begin()
    const flush = transaction.flush.bind(transaction)
    transaction.flush = async () => {
      await setTimeout(100)
      return flush()
    }
    return transaction
  })
  await bring(ana, index)
  expect((await ana.archive.drive.get('/b'))!.equals(fresh)).toBe(true)
  expect((await ana.archive.drive.get('/c'))!.equals(known)).toBe(true)
})

test('what follows a torn line is not lost to the next start', async () => {
  const ana = await author()
  const file = join(ana.storage, 'index', `${ana.archive.key}.ndjson`)
  await writeFile(join(ana.source, 'a'), 'one')
  await writeFile(join(ana.source, 'z'), 'two')
  await bring(ana, await ana.openIndex())
  const isRecorded = (index: SourceIndex) => [...index.known.values()].every(({ identity }) => identity !== null)
  expect(isRecorded(await ana.openIndex())).toBe(true)
  for (const [place, torn] of ['["file","/z",3,', '["drop"]'].entries()) {
    await appendFile(file, torn)
    const index = await ana.openIndex()
    expect(isRecorded(index)).toBe(true)
    await writeFile(join(ana.source, `y${place}`), 'three')
    await bring(ana, index)
    expect(isRecorded(await ana.openIndex())).toBe(true)
  }
})

test('a name that a folder tells of twice is taken once, and no other file gets its content', async () => {
  const ana = await author()
  const index = await ana.openIndex()
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) await writeFile(join(ana.source, name), `of ${name}`)
  const changes = await planned(ana, index)
  await bring(ana, index, [changes[0]!, ...changes])
  for (const name of names) expect(String(await ana.archive.drive.get(`/${name}`))).toBe(`of ${name}`)
})

test('an upload of which something could not be stored has failed, and names nothing that is not there', async () => {
  const ana = await author()
  const { archive } = ana
  const control = {
    signal: new AbortController().signal,
    totals: () => {},
    progress: () => {},
    skipped: () => {},
    waitingForPeers: () => {},
  }
  const upload = await Upload.begin(
    { archive, folder: '', about: null, message: '', onCommitted: () => Promise.resolve() },
    control,
  )
  const send = (name: string, bytes: Buffer) =>
    upload.receive({ path: name, size: bytes.byteLength, modified: null }, Readable.from([bytes]))
  const { storage } = (await archive.drive.getBlobs()).core.core!.state
  await send('/a', content('a', 1000))
  const failing = vi.spyOn(storage, 'write').mockImplementation(() => {
    throw new Error('IO error: Disk quota exceeded: While appending to file')
  })
  const large = content('large', 2 * MIB)
  await expect(send('/large', large)).rejects.toThrow(/quota/)
  failing.mockRestore()
  await expect(send('/b', content('b', 1000))).rejects.toThrow(/quota/)
  const failure: unknown = await upload.finish().catch((error: unknown) => error)
  expect(failure).toMatchObject({ message: expect.stringMatching(/quota/) as string })
  expect(explain(failure, archive.key)).toMatchObject({ code: 'NO_ROOM' })
  expect(archive.length).toBe(0)
})
