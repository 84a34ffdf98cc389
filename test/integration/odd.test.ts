/** What lies about on disks beside files and folders: it is named, it hangs nothing, and nothing else suffers. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, open, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parseLink } from '../../main/archives/links.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import { isDone, type Person, publish, startPerson } from '../helpers/backend.ts'
import { digestOf, readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { follow } from '../helpers/plain.ts'
import { cairnWithoutPrivileges, linkOf, type Program } from '../helpers/program.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

const run = promisify(execFile)
let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const named = (skipped: readonly Skipped[]) => skipped.map(({ reason, path }) => `${reason} ${path}`).sort()

test('pipes, sockets, devices, links in circles, and names of all kinds', async () => {
  const source = await temporaryFolder('source')
  const levels = (count: number) => Array.from({ length: count }, (_, level) => `l${level}`).join('/')
  const fine = {
    'a.txt': 'a',
    empty: '',
    'folder/b.txt': 'b',
    ['x'.repeat(255)]: 'a name of 255 bytes',
    [`${'ü'.repeat(127)}x`]: 'another one',
    [`${levels(63)}/64 names`]: 'deep',
    'line\nbreak': 'n',
    ' spaces ': 's',
    '-rf': 'r',
    '...': 'd',
    '🪨': 'stone',
    CON: 'c',
    'Case.txt': 'upper',
    'case.txt': 'lower',
    // All of them lead in circles, and none of them is followed.
    self: { link: 'self' },
    here: { link: '.' },
    one: { link: 'other' },
    other: { link: 'one' },
    'folder/up': { link: '..' },
  } as const
  await writeTree(source, fine)
  const equal = await readTree(source)
  await mkdir(join(source, 'empty folder/below'), { recursive: true })
  await run('mkfifo', [join(source, 'pipe')])
  await run('mknod', [join(source, 'zero'), 'c', '1', '5'])
  await run('mknod', [join(source, 'disk'), 'b', '7', '77'])
  const socket = createServer().listen(join(source, 'socket'))
  onTestFinished(() => void socket.close())
  await symlink('/etc/passwd', join(source, 'passwd'))
  await symlink('../elsewhere', join(source, 'elsewhere'))
  await writeFile(join(source, 'back\\slash'), 'x')
  const notUtf8 = (name: string) => Buffer.concat([Buffer.from(`${source}/${name}`), Buffer.from([0xff, 0xfe])])
  await writeFile(notUtf8('file'), 'x')
  await mkdir(notUtf8('folder'))
  await writeFile(Buffer.concat([notUtf8('folder'), Buffer.from('/inside')]), 'x')
  await mkdir(join(source, levels(64)), { recursive: true })
  await writeFile(join(source, levels(64), '65 names'), 'too deep')

  const ana = await startPerson(testnet.bootstrap)
  const skipped = [
    'link-outside /elsewhere',
    'link-outside /passwd',
    'name-not-allowed /back\\slash',
    'name-not-utf8 /fileÿþ',
    'name-not-utf8 /folderÿþ',
    'not-a-file /disk',
    'not-a-file /pipe',
    'not-a-file /socket',
    'not-a-file /zero',
    `too-deep /${levels(64)}`,
  ]
  expect(named((await ana.client.publish.review({ paths: [source] })).skipped)).toEqual(skipped)
  const { key } = await publish(ana, [source])
  const transfer = await ana.transfer(`import-${key}`, isDone)
  expect(named(transfer.skipped)).toEqual(skipped)
  const { length } = await ana.archive(key, row => row.source?.state.name === 'watching')
  const follower = await follow(testnet.bootstrap, key)
  await follower.knows(length)
  expect(await follower.tree(length)).toEqual(equal)

  // What was read once and cannot be read now is not taken for deleted, and what stands beside it is followed.
  await rm(join(source, 'a.txt'))
  await run('mkfifo', [join(source, 'a.txt')])
  await rm(join(source, 'empty'))
  await symlink('/etc/passwd', join(source, 'empty'))
  await rm(join(source, 'zero'))
  await writeFile(join(source, 'zero'), 'a file now')
  const after = await ana.archive(key, row => row.length > length)
  await follower.knows(after.length)
  const zero: unknown = expect.stringContaining(digestOf(Buffer.from('a file now')))
  expect(await follower.tree(after.length)).toEqual({ ...equal, zero })
})

test('what this program may not read is named, stays as it was, and is followed again when it may', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, {
    'open/a.txt': 'a',
    'closed/b.txt': 'b',
    'closed/deep/c.txt': 'c',
    'file.txt': 'file',
    'never/d.txt': 'd',
  })
  await chmod(join(source, 'never'), 0)
  const storage = await temporaryFolder('author')
  const bootstrap = testnet.bootstrap[0]!
  const start = () => cairnWithoutPrivileges('publish', source, '--storage', storage, '--bootstrap', bootstrap)
  const imported = (program: Program) =>
    program.line(line => line['imported'] as { readonly skipped: Skipped[]; readonly length: number } | undefined)
  const first = start()
  const follower = await follow(testnet.bootstrap, parseLink(await first.line(linkOf)).key)
  const { skipped, length } = await imported(first)
  expect(skipped).toMatchObject([
    { path: '/never', reason: 'unreadable', detail: expect.stringContaining('may not read') as string },
  ])
  await follower.knows(length)
  const before = await follower.tree(length)
  expect(Object.keys(before).sort()).toEqual(['closed/b.txt', 'closed/deep/c.txt', 'file.txt', 'open/a.txt'])

  // While it is followed, and when it starts.
  await chmod(join(source, 'closed'), 0)
  await chmod(join(source, 'file.txt'), 0)
  await writeFile(join(source, 'open/new.txt'), 'new')
  const changed = await follower.after(length)
  expect(Object.keys(await follower.tree(changed)).sort()).toEqual([...Object.keys(before), 'open/new.txt'].sort())
  await first.kill('SIGTERM')
  const second = start()
  await imported(second)
  await writeFile(join(source, 'open/newer.txt'), 'newer')
  const newer = await follower.after(changed)
  expect(Object.keys(await follower.tree(newer)).sort()).toEqual(
    [...Object.keys(before), 'open/new.txt', 'open/newer.txt'].sort(),
  )

  for (const name of ['closed', 'never']) await chmod(join(source, name), 0o755)
  await writeFile(join(source, 'closed/b.txt'), 'changed')
  await rm(join(source, 'closed/deep'), { recursive: true })
  await expect
    .poll(() => follower.tree(follower.drive.core.length))
    .toEqual({
      ...(await readTree(source)),
      // Still closed.
      'file.txt': before['file.txt'],
    })
})

test('a folder with 20,000 entries, and a file of 300 MiB of which nothing is on the disk', async () => {
  const source = await temporaryFolder('source')
  await mkdir(join(source, 'many'))
  for (let start = 0; start < 20_000; start += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        writeFile(join(source, 'many', `${start + index}`), `${start + index}`),
      ),
    )
  const size = 300 << 20
  const sparse = await open(join(source, 'sparse'), 'w')
  await sparse.truncate(size)
  await sparse.write('end', size - 3)
  await sparse.close()
  const ana = await startPerson(testnet.bootstrap, { join: false })
  const { key } = await publish(ana, [source])
  await ana.archive(key, row => row.source?.state.name === 'watching' && row.files === 20_001)
  expect(new Set(await listed(ana, key, '/many'))).toEqual(
    new Set(Array.from({ length: 20_000 }, (_, index) => `${index}`)),
  )
  const end = await ana.client.read.bytes({ key, version: null, path: '/sparse', start: size - 5, length: 10 })
  expect(Buffer.from(end.base64, 'base64').toString()).toBe('\0\0end')

  await rm(join(source, 'many/777'))
  await writeFile(join(source, 'many/new'), 'new')
  const { length } = await ana.archive(key, () => true)
  await ana.archive(key, row => row.length > length && row.files === 20_001)
  const entry = (path: string) => ana.client.read.entry({ key, version: null, path })
  expect([await entry('/many/new'), await entry('/many/777')]).toMatchObject([{ size: 3 }, null])
})

async function listed(person: Person, key: string, folder: string): Promise<readonly string[]> {
  const names: string[] = []
  let cursor: string | null = null
  do {
    const page = await person.client.read.list({ key, version: null, folder, cursor, limit: 5000 })
    names.push(...page.entries.map(({ name }) => name))
    cursor = page.cursor
  } while (cursor !== null)
  return names
}
