/** A source that goes away while it is looked through, as an unplugged disk does: nothing of it is taken for deleted. */
import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plan } from '../../main/publish/plan.ts'
import { openFound, readFiles } from '../../main/publish/disk.ts'
import { scan, type ScannedFile } from '../../main/publish/scan.ts'
import { entryOf } from '../../main/publish/known.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'

for (const only of [null, ['/a', '/folder/b', '/z/c']])
  test(`${only === null ? 'as a whole' : 'where something changed'}`, async () => {
    const outside = await temporaryFolder('source')
    const source = join(outside, 'disk')
    await mkdir(source)
    await writeTree(source, { a: 'a', 'folder/b': 'b', 'z/c': 'c' })
    const known = new Map(['/a', '/folder/b', '/z/c'].map(path => [path, entryOf({ blob: null } as never)]))
    const found = scan([{ path: source, at: '', kind: 'folder' }], new AbortController().signal, { only })
    const changes = plan(found, known, { exclude: [], includeSuspicious: false }, () => {})
    const deleted: string[] = []
    const all = (async () => {
      for await (const change of changes) {
        if (change.kind === 'remove') deleted.push(change.path)
        if (change.path === '/a') await rename(source, join(outside, 'gone'))
      }
    })()
    await expect(all).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
    expect(deleted).toEqual([])
  })

test('rules that cannot be read publish nothing that they may leave out', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { 'left-out': 'a', '.cairnignore': { link: '.cairnignore' } })
  const look = async () => {
    const found: string[] = []
    for await (const one of scan([{ path: source, at: '', kind: 'folder' }], new AbortController().signal))
      if (one.kind === 'file') found.push(one.path)
    return found
  }
  await expect(look()).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
  await rm(join(source, '.cairnignore'))
  await symlink('/not/there/.cairnignore', join(source, '.cairnignore'))
  await expect(look()).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
  await rm(join(source, '.cairnignore'))
  expect(await look()).toEqual(['/left-out'])
})

test('a folder that becomes a link before its turn comes is not followed', async () => {
  const source = await temporaryFolder('source')
  const elsewhere = await temporaryFolder('elsewhere')
  const folders = Array.from({ length: 40 }, (_, index) => `folder ${index + 10}`)
  await writeTree(source, Object.fromEntries(folders.map(folder => [`${folder}/in/file`, folder])))
  await writeTree(elsewhere, { 'in/secret': 'secret', secret: 'secret' })
  const last = join(source, folders.at(-1)!)
  const found: string[] = []
  for await (const one of scan([{ path: source, at: '', kind: 'folder' }], new AbortController().signal)) {
    if (found.length === 0) {
      await rm(last, { recursive: true })
      await symlink(elsewhere, last)
    }
    found.push(`${one.kind} ${one.path}`)
  }
  expect(found).toEqual([
    ...folders.slice(0, -1).map(folder => `file /${folder}/in/file`),
    `skipped /${folders.at(-1)}`,
  ])
})

test('a folder that becomes a link between being found and being read is not followed; a file saved anew is read', async () => {
  const source = await temporaryFolder('source')
  const elsewhere = await temporaryFolder('elsewhere')
  const names = ['swapped/small', 'swapped/large', 'saved']
  await writeTree(source, Object.fromEntries(names.map(name => [name, 'public'])))
  await writeTree(elsewhere, { small: 'secret', large: 'secret' })
  const found = new Map<string, ScannedFile>()
  for await (const one of scan([{ path: source, at: '', kind: 'folder' }], new AbortController().signal))
    if (one.kind === 'file') found.set(one.path.slice(1), one)
  await rename(join(source, 'swapped'), join(source, 'away'))
  await symlink(elsewhere, join(source, 'swapped'))
  await writeTree(source, { fresh: 'public, and newer' })
  await rename(join(source, 'fresh'), join(source, 'saved'))

  const [small, saved] = await readFiles([found.get('swapped/small')!, found.get('saved')!])
  expect(small).toMatchObject({ content: null, error: { code: 'ENOTDIR' } })
  expect(saved?.content?.toString()).toBe('public, and newer')
  await expect(openFound(found.get('swapped/large')!)).rejects.toMatchObject({ code: 'ENOTDIR' })
  const handle = await openFound(found.get('saved')!)
  expect(await handle.readFile('utf8')).toBe('public, and newer')
  await handle.close()
})
