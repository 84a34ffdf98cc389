/** Files that are dragged out of the window: what lies there when the drag begins, from a real backend. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DragOut } from '../../main/electron/drag-out.ts'
import { begin, isDone, isFound, type Person, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'

async function dragOutOf(person: Person, platform: NodeJS.Platform = process.platform) {
  const folder = join(await temporaryFolder('cairn-drags'), 'drag')
  const content = (request: Request) => person.backend.content(request)
  return { folder, dragOut: new DragOut(folder, person.client, content, platform) }
}
const forever = new AbortController().signal
const quiet = () => {}

test('what is here or at a friend’s lies ready as copies, and nothing else does', async () => {
  const { bootstrap, close } = await startTestnet()
  onTestFinished(close)
  const ana = await startPerson(bootstrap)
  const source = await temporaryFolder('cairn-source')
  const large = Buffer.alloc(3_000_000, 'cairn')
  await writeFile(join(source, 'ä b.txt'), 'one')
  await writeFile(join(source, 'large.bin'), large)
  await writeFile(join(source, 'con.txt'), 'device')
  await writeFile(join(source, 'empty'), '')
  const { key, link, transfer } = await begin(ana, [source])
  await ana.transfer(transfer, isDone)
  const { length: version } = await ana.archive(key, isFound)

  const own = await dragOutOf(ana)
  const told: number[] = []
  const paths = ['/ä b.txt', '/large.bin', '/empty']
  const ready = await own.dragOut.prepare({ key, version, paths }, forever, ({ bytes }) => told.push(bytes))
  expect(ready.files.map(file => basename(file))).toEqual(['ä b.txt', 'large.bin', 'empty'])
  expect(await own.dragOut.files(ready.id)).toEqual(ready.files)
  expect((await readFile(ready.files[1]!)).equals(large)).toBe(true)
  expect(await readFile(ready.files[0]!, 'utf8')).toBe('one')
  expect(told.at(-1)).toBe(3_000_003)
  // A copy, which may be moved away, and not the file that is published.
  expect((await stat(ready.files[0]!)).ino).not.toBe((await stat(join(source, 'ä b.txt'))).ino)
  await rm(ready.files[0]!)
  await expect(own.dragOut.files(ready.id)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })

  const wrong = (path: string) => own.dragOut.prepare({ key, version, paths: [path] }, forever, quiet)
  await expect(wrong('/')).rejects.toMatchObject({ code: expect.stringMatching(/NOT_A_FILE|PATH_NOT_FOUND/) as string })
  await expect(wrong('/nothing')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  const windows = await dragOutOf(ana, 'win32')
  await expect(windows.dragOut.prepare({ key, version, paths: ['/con.txt'] }, forever, quiet)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })

  // A friend's, of which nothing is here: fetched on the way. Given up, it leaves nothing behind.
  const ben = await startPerson(bootstrap)
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound)
  const theirs = await dragOutOf(ben)
  const fetched = await theirs.dragOut.prepare({ key, version, paths: ['/ä b.txt'] }, forever, quiet)
  expect(await readFile(fetched.files[0]!, 'utf8')).toBe('one')
  await ana.close()
  await ben.archive(key, row => row.peers === 0)
  const stop = new AbortController()
  const waiting = theirs.dragOut.prepare({ key, version, paths: ['/large.bin'] }, stop.signal, quiet)
  const ended = expect(waiting).rejects.toMatchObject({
    code: expect.stringMatching(/CANCELLED|NOT_AVAILABLE/) as string,
  })
  stop.abort()
  await ended
  expect(await readdir(theirs.folder)).toEqual([fetched.id])
  await theirs.dragOut.clear()
  await expect(readdir(theirs.folder)).rejects.toThrow()
})

test('an author who lies about sizes fills no disk', async () => {
  const folder = join(await temporaryFolder('cairn-drags'), 'drag')
  const entry = { kind: 'file', name: 'x', path: '/x', modified: null, executable: false, target: null, held: 'none' }
  const dragOut = (size: number, sent: number) =>
    new DragOut(
      folder,
      {
        read: {
          entry: () => Promise.resolve({ ...entry, size }),
          grant: () => Promise.resolve({ grant: 'g' }),
        },
      } as unknown as ConstructorParameters<typeof DragOut>[1],
      () => Promise.resolve(new Response(Buffer.alloc(sent))),
    ).prepare({ key: 'k', version: 1, paths: ['/x'] }, forever, quiet)
  await expect(dragOut(5_000_000_000, 1)).rejects.toMatchObject({ code: 'TOO_MUCH_TO_DRAG' })
  await expect(dragOut(10, 11)).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
  await expect(dragOut(10, 9)).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
  expect(await readdir(folder)).toEqual([])
  expect((await dragOut(10, 10)).bytes).toBe(10)
})
