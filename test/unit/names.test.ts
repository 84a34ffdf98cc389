import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix, win32 } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NameClaims, NamePolicy } from '../../main/lib/names.ts'

const linux = new NamePolicy('linux')
const mac = new NamePolicy('darwin')
const windows = new NamePolicy('win32')

const hostile = fc.constantFrom(
  '..',
  '.',
  '',
  '\0',
  '\\',
  '..\\..',
  'C:',
  'a:b',
  'CON',
  'nul.txt',
  'x.',
  'x ',
  '\ud800',
  '...',
  '\n',
  '~',
  '%2e%2e',
  'a',
)
const anyPath = fc
  .array(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 8 })
  .map(all => `/${all.join('/')}`)

describe('paths', () => {
  test.each([
    '/a.txt',
    '/My photos/café ☃.jpg',
    '/.hidden',
    '/..foo',
    '/foo..',
    '/a:b',
    '/line\nbreak',
    '/Icon\r',
    '/CON',
    '/x. ',
    '/back\\slash',
    `/${'é'.repeat(127)}`,
    `/${Array(64).fill('d').join('/')}`,
  ])('Linux and macOS take %j', path => {
    expect(linux.check(path)).toBeNull()
    expect(mac.check(path)).toBeNull()
  })

  test.each([
    ['a', 'name-not-allowed'],
    ['', 'name-not-allowed'],
    ['/', 'name-not-allowed'],
    ['/a//b', 'name-not-allowed'],
    ['/a/', 'name-not-allowed'],
    ['/../x', 'name-not-allowed'],
    ['/a/../../x', 'name-not-allowed'],
    ['/a/./b', 'name-not-allowed'],
    ['/a\0b', 'name-not-allowed'],
    ['/\ud800', 'name-not-utf8'],
    [`/${'é'.repeat(128)}`, 'name-not-allowed'],
    [`/${Array(65).fill('d').join('/')}`, 'too-deep'],
  ])('nobody takes %j', (path, reason) => {
    for (const policy of [linux, mac]) expect(policy.check(path)?.reason).toBe(reason)
    if (!path.includes('é')) expect(windows.check(path)?.reason).toBe(reason)
  })

  test.each([
    'CON',
    'con',
    'nul.txt',
    'NUL .txt',
    'aux.tar.gz',
    'COM1',
    'com¹.log',
    'LPT9',
    'CONIN$',
    'a.',
    'a ',
    'a<b',
    'a>b',
    'a:b',
    'a"b',
    'a|b',
    'a?b',
    'a*b',
    'a\\b',
    '..\\x',
    'C:',
    'file.txt:stream',
    'tab\there',
    'x'.repeat(256),
  ])('Windows refuses %j, also as a folder', name => {
    expect(windows.check(`/${name}`)?.reason).toBe('name-not-allowed')
    expect(windows.check(`/${name}/x`)?.reason).toBe('name-not-allowed')
  })

  test.each(['console.log', 'nul1', 'COM10', 'auxiliary.txt', '.config', 'a.b', 'é'.repeat(200)])(
    'Windows takes %j',
    name => expect(windows.check(`/${name}`)).toBeNull(),
  )

  test('whatever is taken lies below the root', () => {
    const below = (policy: NamePolicy, { resolve, sep, relative }: typeof posix, root: string) =>
      fc.assert(
        fc.property(anyPath, path => {
          if (policy.check(path)) {
            expect(() => policy.localPath(root, path)).toThrow()
            return
          }
          const local = resolve(policy.localPath(root, path))
          expect(local.startsWith(root + sep)).toBe(true)
          expect(relative(root, local).split(sep)).toEqual(path.slice(1).split('/'))
        }),
        { numRuns: 3000 },
      )
    below(linux, posix, '/home/anna/get')
    below(mac, posix, '/Users/anna/get')
    below(windows, win32, 'C:\\Users\\anna\\get')
  })
})

describe('link targets', () => {
  test.each([
    ['/a', 'b'],
    ['/a', './b/c'],
    ['/d/a', '../b'],
    ['/d/a', '..'],
    ['/d/e/a', '../../x/y'],
    ['/a', 'b/'],
    ['/a', 'missing'],
  ])('%s -> %s stays inside', (path, target) => {
    for (const policy of [linux, mac, windows]) expect(policy.checkTarget(path, target)).toBeNull()
  })

  test.each([
    ['/a', ''],
    ['/a', '/etc/passwd'],
    ['/a', '..'],
    ['/a', '../x'],
    ['/d/a', '../../x'],
    ['/d/a', './../../x'],
    ['/a', 'd/../../x'],
    ['/a', 'd/e/link/..'],
    ['/a', 'x\0y'],
  ])('%s -> %j does not', (path, target) => {
    for (const policy of [linux, mac, windows]) expect(policy.checkTarget(path, target)?.reason).toBe('link-outside')
  })

  test.each(['C:\\x', 'c:x', '\\\\host\\share', '\\x', '..\\x', 'a\\..\\..\\x'])('on Windows neither does %s', target =>
    expect(windows.checkTarget('/a', target)?.reason).toBe('link-outside'),
  )

  test('no chain of taken links leads out of the folder', async () => {
    const parent = await realpath(await mkdtemp(join(tmpdir(), 'names-')))
    try {
      const root = join(parent, 'root')
      await writeFile(join(parent, 'secret'), 'secret')
      for (const folder of ['', 'd', 'd/e']) await mkdir(join(root, folder), { recursive: true })
      // Lexically the last one stays inside; the system would follow the first and then climb out of the root.
      const links = { '/d/e/up': '../..', '/d/side': 'e/up', '/out': 'd/e/up/../secret', '/out2': 'd/side/../secret' }
      for (const [path, target] of Object.entries(links)) {
        if (!linux.checkTarget(path, target)) await symlink(target, join(root, path))
      }
      expect(await realpath(join(root, 'd/side'))).toBe(root)
      for (const path of ['/out', '/out2']) await expect(readFile(join(root, path))).rejects.toThrow('ENOENT')
    } finally {
      await rm(parent, { recursive: true })
    }
  })

  test('a lexical walk from the folder of the link never leaves', () => {
    const target = fc.array(fc.constantFrom('..', '.', '', 'a', 'b'), { maxLength: 8 }).map(all => all.join('/'))
    fc.assert(
      fc.property(fc.constantFrom('/a', '/d/a', '/d/e/a'), target, (path, target) => {
        if (linux.checkTarget(path, target)) return
        expect(`${posix.resolve('/root', `.${dirname(path)}`, target)}/`.startsWith('/root/')).toBe(true)
      }),
    )
  })
})

describe('collisions', () => {
  test('names that differ in case or composition are one file on Windows and macOS, and two on Linux', () => {
    for (const [one, two] of [
      ['/README.md', '/readme.md'],
      ['/caf\u00e9', '/cafe\u0301'],
      ['/straße', '/STRASSE'],
      ['/K', '/\u212a'],
      ['/ſ', '/s'],
      ['/ς', '/σ'],
    ] as const) {
      for (const policy of [mac, windows]) {
        const claims = new NameClaims(policy)
        expect(claims.claim(one, 'file')).toBeNull()
        expect(claims.claim(two, 'file')).toMatchObject({
          reason: 'name-collides',
          detail: expect.stringContaining(one),
        })
        expect(claims.claim(one, 'file')).toBeNull()
      }
      const claims = new NameClaims(linux)
      expect(claims.claim(one, 'file')).toBeNull()
      expect(claims.claim(two, 'file')).toBeNull()
    }
  })

  test('folders too: the second spelling does not flow into the first', () => {
    const claims = new NameClaims(mac)
    expect(claims.claim('/Docs/a', 'file')).toBeNull()
    expect(claims.claim('/docs/b', 'file')?.reason).toBe('name-collides')
    expect(claims.claim('/Docs/b', 'file')).toBeNull()
  })

  test('a name is a file or a folder, and nothing is written through a link', () => {
    const claims = new NameClaims(linux)
    expect(claims.claim('/a', 'file')).toBeNull()
    expect(claims.claim('/a/b', 'file')?.reason).toBe('name-collides')
    expect(claims.claim('/d/x', 'file')).toBeNull()
    expect(claims.claim('/d', 'link')?.reason).toBe('name-collides')
    expect(claims.claim('/l', 'link')).toBeNull()
    expect(claims.claim('/l/x', 'file')?.reason).toBe('under-a-link')
    expect(claims.claim('/../x', 'file')?.reason).toBe('name-not-allowed')
  })

  test('what is refused claims nothing', () => {
    const claims = new NameClaims(mac)
    expect(claims.claim('/a', 'file')).toBeNull()
    expect(claims.claim('/A/b/c', 'file')?.reason).toBe('name-collides')
    expect(claims.claim('/B', 'file')).toBeNull()
  })
})
