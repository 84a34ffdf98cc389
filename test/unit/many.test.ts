/** Very many of something take a moment, and not the loop or the stack. */
import { expect, test, vi } from 'vitest'
import type { Listed } from '../../main/publish/disk.ts'
import { plan } from '../../main/publish/plan.ts'
import { outermost, scan } from '../../main/publish/scan.ts'
import { entryOf } from '../../main/publish/known.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { workOf } from '../helpers/order.ts'

const listing = vi.hoisted(() => ({ of: null as unknown as (folder: string) => readonly Listed[] }))
vi.mock('../../main/publish/disk.ts', async original => ({
  ...(await original<object>()),
  listFolder: (folder: string) => Promise.resolve(listing.of(folder)),
}))

const paths = Array.from({ length: 20_000 }, (_, at) => `/folder ${at % 100}/name of a file ${at}`)
/** Milliseconds of work. */
const MOMENT = 1000

test('as many changed files as a checkout changes', async () => {
  const work = await workOf(() => {
    expect(outermost(paths)).toHaveLength(paths.length)
    expect(outermost([...paths, '/folder 1', '/folder 1-2', '/folder 1/name of a file 1/x'])).toHaveLength(
      paths.length - 200 + 2,
    )
    expect(outermost([...paths, ''])).toEqual([''])
  })
  expect(work).toBeLessThan(MOMENT)
})

test('as many files that may not be read', async () => {
  const known = new Map(paths.map(path => [path, entryOf({ blob: null } as never)]))
  known.set('/folder 1', entryOf({ blob: null } as never))
  const skipped = paths.map(path => ({
    kind: 'skipped' as const,
    path: path === paths[7] ? '/folder 7' : path,
    skipped: { path, reason: 'unreadable' as const, detail: '' },
  }))
  const changes: unknown[] = []
  const work = await workOf(async () => {
    for await (const change of plan(skipped, known, { exclude: [], includeSuspicious: false }, () => {}))
      changes.push(change)
  })
  expect(changes).toMatchObject([{ kind: 'remove', path: '/folder 1' }])
  expect(work).toBeLessThan(MOMENT)
})

test('as many folders in one', async () => {
  const source = await temporaryFolder('source')
  const stats = { size: 0, modified: 0, changed: 0, born: 0, inode: 0, mode: 0o40755 }
  const folders = Array.from({ length: 200_000 }, (_, at) => ({
    name: `${at}`,
    bytes: null,
    stats,
    target: null,
    error: null,
  }))
  listing.of = folder => (folder === source ? folders : [])
  const items = [{ path: source, at: '', kind: 'folder' as const }]
  for await (const _ of scan(items, new AbortController().signal)) throw new Error('there is no file')
})
