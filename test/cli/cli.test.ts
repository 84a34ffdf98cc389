import { randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { Machine, objects } from './program.ts'

/** Milliseconds: nothing is waited for, and yet a busy machine may start and end processes slowly. */
const GENEROUS = 10_000

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const machine = () => Machine.make(testnet.bootstrap)

async function sources(extra: Parameters<typeof writeTree>[1] = {}): Promise<string> {
  const folder = await temporaryFolder('cairn-source')
  await writeTree(folder, {
    'a.txt': 'hello',
    'Grüße ☃.txt': 'unicode',
    empty: '',
    'sub/deep/b.bin': randomBytes(300_000),
    'sub/run.sh': { content: '#!/bin/sh\n', executable: true },
    link: { link: 'sub/run.sh' },
    ...extra,
  })
  // Whole milliseconds: what the file system adds behind the microseconds does not travel.
  const now = new Date()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), now, now)
  }
  return folder
}

const shared = (out: string) => out.includes('Everything is in') || out.includes('"imported"')

test('publish, ls, get, history, status and forget, between two machines', async () => {
  const [anna, ben] = [await machine(), await machine()]
  const folder = await sources()
  const publishing = anna.start('publish', folder, '--title', 'Holiday')
  const link = await publishing.firstLine()
  expect(link).toMatch(/^hyper:\/\/[a-z0-9]{52}$/)
  await publishing.until(shared)
  expect(await publishing.until((_, error) => error)).toContain('IP address')

  const listed = await ben.run('ls', link, '--recursive')
  expect(listed.code).toBe(0)
  expect(listed.out.split('\n').map(line => line.slice(11))).toEqual(
    expect.arrayContaining([
      'Grüße ☃.txt',
      'a.txt',
      'empty',
      'link -> sub/run.sh',
      'sub/',
      'sub/deep/',
      'sub/deep/b.bin',
      'sub/run.sh',
    ]),
  )
  const inJson = objects((await ben.run('ls', `${link}/sub`, '--json')).out)
  expect(inJson.map(({ kind, path }) => [kind, path])).toEqual([
    ['folder', '/sub/deep'],
    ['file', '/sub/run.sh'],
  ])

  const dest = join(await temporaryFolder(), 'new', 'folder')
  const got = await ben.run('get', link, dest)
  expect([got.code, got.error.includes('cairn:')]).toEqual([0, false])
  expect(await readTree(dest)).toEqual(await readTree(folder))
  const one = await temporaryFolder()
  expect((await ben.run('get', `${link}/sub/deep/b.bin`, one)).code).toBe(0)
  expect(Object.keys(await readTree(one))).toEqual(['b.bin'])

  const history = objects((await ben.run('history', link, '--changes', '--json')).out)
  expect(history.flatMap(({ changes }) => (changes ?? []).map(({ path }) => path)).sort()).toEqual(
    Object.keys(await readTree(folder))
      .map(path => `/${path}`)
      .sort(),
  )

  const versions = ['0', String(history[0]?.length)]
  const text = await ben.run('diff', `${link}/a.txt`, ...versions)
  expect(text.out).toMatch(/@@ -0,0 \+1(,1)? @@\n\+hello/)
  const files = objects((await ben.run('diff', `${link}/sub`, ...versions, '--json')).out)
  expect(files).toMatchObject([
    { change: 'added', path: '/sub/deep/b.bin' },
    { change: 'added', path: '/sub/run.sh' },
  ])
  // What is in neither is no path that stayed the same, and history is never that of a part.
  const nowhere = objects((await ben.run('diff', `${link}/nope`, ...versions, '--json')).error)
  expect(nowhere.at(-1)).toMatchObject({ error: { code: 'PATH_NOT_FOUND' } })
  expect((await ben.run('history', `${link}/sub`)).code).toBe(2)

  const missing = await ben.run('get', `${link}/nope`, dest, '--json')
  expect(missing.code).toBe(1)
  expect(objects(missing.error).at(-1)).toMatchObject({ error: { code: 'PATH_NOT_FOUND' } })

  expect((await ben.run('notify', link, '--off')).out).toContain('does not notify you')
  expect((await ben.run('status')).out).toMatch(/Holiday.*; no notifications\n/)
  expect((await ben.run('forget', link)).code).toBe(0)
  expect((await ben.run('status')).out).not.toContain('Holiday')
  expect((await ben.run('forget', link)).code).toBe(1)

  // Nobody could change an archive of one's own any more.
  const refused = await anna.run('forget', link, '--json')
  expect(refused.code).toBe(1)
  expect(objects(refused.error).at(-1)).toMatchObject({ error: { code: 'NEEDS_A_YES' } })
  expect((await anna.run('status')).out).toContain('Holiday')
  const stopped = await publishing.stop()
  expect(stopped.code).toBe(0)
  expect((await anna.run('forget', link, '--yes')).code).toBe(0)
  expect((await anna.run('status')).out).not.toContain('Holiday')
  expect(stopped.milliseconds).toBeLessThan(GENEROUS)
})

test('a look that found nothing leaves nothing behind, but for what was there before', async () => {
  const [anna, ben] = [await machine(), await machine()]
  const folder = await sources()
  const publishing = anna.start('publish', folder, '--title', 'Holiday')
  const link = await publishing.firstLine()
  await publishing.until(shared)
  const nobodys = `hyper://${encodeKey(randomBytes(32))}`
  const looked = await ben.run('ls', nobodys, '--timeout', '1')
  expect(looked.code).toBe(3)
  expect((await ben.run('status')).out).toContain('none yet')
  expect((await ben.run('ls', link)).code).toBe(0)
  await publishing.stop()
  expect((await ben.run('ls', `${link}+999`, '--timeout', '1')).code).toBe(1)
  expect((await ben.run('status')).out).toContain('Holiday')
})

test('what looks private is named and nothing is published, unless it stays out or is meant', async () => {
  const anna = await machine()
  const folder = await sources({ 'sub/.env': 'TOKEN=1', 'notes.log': 'x' })
  const refused = await anna.run('publish', folder, '--exit', '--json')
  expect(refused.code).toBe(4)
  expect(objects(refused.error).at(-1)).toMatchObject({
    error: { code: 'LOOKS_PRIVATE', data: { paths: [{ path: '/sub/.env' }] } },
  })
  expect(refused.out).toBe('')
  expect((await anna.run('status')).out).toContain('none yet')

  const publishing = anna.start('publish', folder, '--exclude', '.env', '--exclude', '*.log')
  const link = await publishing.firstLine()
  await publishing.until(shared)
  const ben = await machine()
  const names = (await ben.run('ls', link, '-r')).out
  expect(names).toContain('run.sh')
  expect(names).not.toMatch(/\.env|\.log/)

  // Published again, it has its rules, and what looks private stays out by itself.
  await writeTree(folder, { 'sub/id_rsa': 'key', 'sub/new.txt': 'new' })
  const again = await anna.run('publish', folder, '--exit')
  expect([again.code, again.out.includes(link)]).toEqual([0, true])
  expect(again.error).toMatch(/^1 file looks private and stays out:\n {2}\/sub\/id_rsa: /m)
  const rules = (await anna.run('rules', link)).out
  expect(rules).toMatch(/^Published: 6 files, .*\n(.*\n)*1 file looks private and stays out:\n {2}\/sub\/id_rsa: /)
})

test('a private archive opens with its whole link only, which may come from standard input', async () => {
  const [anna, ben] = [await machine(), await machine()]
  const publishing = anna.start('publish', await sources(), '--private')
  const link = await publishing.firstLine()
  expect(link).toMatch(/#[a-z0-9]{52}$/)
  await publishing.until(shared)
  const without = await ben.run('ls', link.split('#')[0] ?? '', '--json')
  expect(objects(without.error).at(-1)).toMatchObject({ error: { code: 'ARCHIVE_SECRET_NEEDED' } })
  const withIt = await ben.startWith(`${link}\n`, 'ls', '-').ended
  expect([withIt.code, withIt.out.includes('a.txt')]).toEqual([0, true])
})

test('rules are shown and changed, a folder is paused, and followed where it was moved', async () => {
  const anna = await machine()
  const home = await temporaryFolder('cairn-home')
  const folder = join(home, 'Garden')
  await writeTree(folder, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', 'drafts/d.md': 'd', 'node_modules/x.js': 'x' })
  const published = await anna.run('publish', folder, '--exit')
  expect(published.code).toBe(0)
  const link = published.out.split('\n')[0] ?? ''

  const shown = await anna.run('rules', folder)
  expect(shown.out).toContain('Published: 4 files')
  expect(shown.out).toContain("Left out by node_modules (Cairn's own rule): 1")
  const changed = await anna.run('rules', link, '--include', 'node_modules', '--ignore', '/drafts', '--ignore', 'b.*')
  expect(changed.code).toBe(0)
  expect(changed.out).toMatch(/Leave the next version: 2 files, 2 B\n {2}\/b\.txt\n {2}\/drafts\/d\.md/)
  expect(changed.out).toContain('Come in: 1 file, 1 B')
  expect(changed.out).toContain('copies that others have, keep what left')
  const now = await anna.run('rules', link, '--json')
  expect(objects(now.out)).toMatchObject([{ rules: { rules: 'b.*\n!node_modules', exclude: ['/drafts'], files: 3 } }])

  const moved = join(home, 'Park')
  await rename(folder, moved)
  await writeTree(home, { 'Other/a.txt': 'a' })
  const wrong = await anna.run('move-source', link, join(home, 'Other'), '--json')
  expect(wrong.code).toBe(1)
  expect(objects(wrong.error).at(-1)).toMatchObject({ error: { code: 'SOURCE_DIFFERS', data: { found: 1, of: 3 } } })
  const paused = await anna.run('pause', link)
  expect([paused.code, paused.out.includes('not published until')]).toEqual([0, true])
  expect((await anna.run('move-source', folder, moved)).code).toBe(0)
  expect((await anna.run('status')).out).toContain(`from ${moved} (paused)`)
  expect((await anna.run('pause', home)).error).toContain('No archive of yours is made from')

  // What is asked about can be answered without a page.
  await Promise.all(['a.txt', 'c.txt', 'node_modules'].map(name => rm(join(moved, name), { recursive: true })))
  const asked = await anna.run('resume', link, '--json')
  expect(asked.code).not.toBe(0)
  expect(objects(asked.error).at(-1)).toMatchObject({ error: { code: 'ASKS_REMOVAL' } })
  const answered = await anna.run('resume', link, '--remove')
  expect(answered).toMatchObject({ code: 0, error: '' })
  expect(answered.out).toContain('3 entries left the next version')
})

test('nobody there: a reason in time, and an exit code of its own', async () => {
  const ben = await machine()
  const { code, error, milliseconds } = await ben.run(
    'ls',
    `hyper://${encodeKey(randomBytes(32))}`,
    '--timeout',
    '4',
    '--json',
  )
  expect(code).toBe(3)
  expect(objects(error).at(-1)).toMatchObject({ error: { code: 'NOBODY_REACHABLE' } })
  expect(milliseconds).toBeLessThan(4000 + GENEROUS)
})

test('killed while downloading: run again, it goes on and ends equal', async () => {
  const [anna, ben] = [await machine(), await machine()]
  const folder = await sources({ 'large.bin': randomBytes(40_000_000) })
  const publishing = anna.start('publish', folder)
  const link = await publishing.firstLine()
  await publishing.until(shared)
  const dest = await temporaryFolder()
  const getting = ben.start('get', link, dest, '--json')
  await getting.until(out =>
    objects(out.slice(0, out.lastIndexOf('\n') + 1)).some(({ progress }) => (progress?.bytes ?? 0) > 4_000_000),
  )
  await getting.stop('SIGKILL')
  expect(await readdir(dest)).not.toContain('large.bin')
  expect((await ben.run('get', link, dest)).code).toBe(0)
  expect(await readTree(dest)).toEqual(await readTree(folder))
  expect(await readdir(dest)).not.toContain('.cairn-part')
})

test('stopped while downloading: politely, within two seconds, and it goes on when run again', async () => {
  const [anna, ben] = [await machine(), await machine()]
  const folder = await sources({ 'large.bin': randomBytes(40_000_000) })
  const publishing = anna.start('publish', folder)
  const link = await publishing.firstLine()
  await publishing.until(shared)
  const dest = await temporaryFolder()
  const getting = ben.start('get', link, dest, '--json')
  await getting.until(out =>
    objects(out.slice(0, out.lastIndexOf('\n') + 1)).some(({ progress }) => (progress?.bytes ?? 0) > 1_000_000),
  )
  const stopped = await getting.stop('SIGINT')
  expect(stopped.code).toBe(130)
  expect(stopped.milliseconds).toBeLessThan(GENEROUS)
  expect(stopped.error).toContain('run the same command again')
  expect((await ben.run('status')).out).not.toContain('transfer')
  expect((await ben.run('get', link, dest)).code).toBe(0)
  expect(await readTree(dest)).toEqual(await readTree(folder))
})

test('one backend for a storage: other commands talk to the one that runs', async () => {
  const anna = await machine()
  const publishing = anna.start('publish', await sources())
  await publishing.until(shared)
  expect((await anna.run('status')).out).toContain(`process ${publishing.child.pid}`)
  const other = await anna.run('publish', await sources())
  expect(other.code).toBe(0)
  expect(other.error).toContain('running Cairn goes on')
  const ben = await machine()
  expect((await ben.run('ls', other.out.split('\n')[0] ?? '')).code).toBe(0)
})

test('a change by the author is what the friend gets next; --overwrite decides about the own', async () => {
  const [anna, ben] = [await machine(), await machine()]
  const folder = await sources()
  const publishing = anna.start('publish', folder)
  const link = await publishing.firstLine()
  await publishing.until(shared)
  const dest = await temporaryFolder()
  await ben.run('get', link, dest)
  await writeFile(join(folder, 'a.txt'), 'hello again')
  await rm(join(folder, 'empty'))
  await expect
    .poll(async () => (await anna.run('history', link, '--json')).out, { interval: 500 })
    .toContain('"removed":1')
  expect((await ben.run('get', link, dest)).code).toBe(0)
  expect(await readFile(join(dest, 'a.txt'), 'utf8')).toBe('hello again')
  await writeFile(join(dest, 'a.txt'), 'my own')
  const left = await ben.run('get', link, dest)
  expect([left.code, left.out]).toEqual([0, expect.stringContaining('skipped  /a.txt')])
  expect((await ben.run('get', link, dest, '--overwrite')).out).not.toContain('skipped')
  expect(await readFile(join(dest, 'a.txt'), 'utf8')).toBe('hello again')
})

test('keep: who holds a copy serves a newcomer when the author is gone', async () => {
  const [anna, ben, clara] = [await machine(), await machine(), await machine()]
  const folder = await sources()
  const publishing = anna.start('publish', folder)
  const link = await publishing.firstLine()
  await publishing.until(shared)
  const kept = await temporaryFolder()
  const keeping = ben.start('keep', link, kept)
  await keeping.until(out => out.includes('All of it is here'))
  expect(await readTree(kept)).toEqual(await readTree(folder))
  await publishing.stop('SIGKILL')
  const dest = await temporaryFolder()
  const got = await clara.run('get', link, dest)
  expect(got.code).toBe(0)
  expect(await readTree(dest)).toEqual(await readTree(folder))
  expect((await keeping.stop('SIGTERM')).code).toBe(0)
  expect((await ben.run('keep', link, '--exit', '--timeout', '20')).code).toBe(0)
})

test('serve: the address first, a fresh one from the second, stopped within two seconds', async () => {
  const anna = await machine()
  const serving = anna.start('serve', '--json')
  const url = objects(await serving.firstLine())[0]?.url ?? ''
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/.*#/)
  const page = await fetch(url)
  expect([page.status, (await page.text()).toLowerCase().includes('<!doctype html>')]).toEqual([200, true])
  const second = await anna.run('serve', '--json')
  expect(second.code).toBe(0)
  const again = objects(second.out)[0]
  expect(again).toMatchObject({ running: true, pid: serving.child.pid })
  expect(again?.url?.split('#')[0]).toBe(url.split('#')[0])
  expect(again?.url).not.toBe(url)
  expect((await anna.run('status')).out).toContain('page')
  const stopped = await serving.stop('SIGTERM')
  expect([stopped.code, stopped.milliseconds < 2500]).toEqual([0, true])
})

test('what is not understood ends at once with 2, and no storage is made', async () => {
  const ben = await machine()
  await rm(ben.storage, { recursive: true })
  for (const args of [['ls', 'hyper://nope'], ['ls'], ['nonsense'], ['get', `dat://${'0'.repeat(64)}`, 'x']]) {
    const { code, error, out } = await ben.run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(error).toMatch(/^cairn: .+\n$/)
    expect(error).not.toMatch(/ {4}at /)
  }
  await expect(readdir(ben.storage)).rejects.toThrow('ENOENT')
})

test('a second Ctrl-C ends at once', async () => {
  const anna = await machine()
  const publishing = anna.start('publish', await sources({ 'large.bin': randomBytes(60_000_000) }))
  await publishing.firstLine()
  publishing.child.kill('SIGINT')
  const ended = await publishing.stop('SIGINT')
  expect(ended.milliseconds).toBeLessThan(GENEROUS)
})
