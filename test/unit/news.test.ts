/** What is said of what is new, and the tree in which files of an update are ticked. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ArchiveRow, NewFile } from '../../preload/contract/models.ts'
import { pathsOf, shownOf, ticksOf, toggled, treeOf } from '../../renderer/features/keeping/update-tree.ts'
import { sayArchive, sayChanges } from '../../renderer/stores/notice-words.ts'
import { sayNews } from '../../renderer/stores/words.ts'
import { archive } from '../renderer/fixtures.ts'

const file = (path: string, missing = 1): NewFile => ({
  path,
  change: 'added',
  from: null,
  before: null,
  after: missing,
  missing,
})

describe('the files of an update', () => {
  test('stand in a tree, folders first, and a filter shows what leads to a match', () => {
    const { root, files } = treeOf(['/b.txt', '/a b/x', '/a/z/1', '/a.txt', '/a/y', '/a'].map(path => file(path)))
    const open = new Set(['/a/', '/a/z/'])
    const shown = (filter: string) => shownOf(root, files, open, filter).map(({ path, level }) => `${level} ${path}`)
    expect(shown('')).toEqual(['1 /a b/', '1 /a/', '2 /a/z/', '3 /a/z/1', '2 /a/y', '1 /a', '1 /a.txt', '1 /b.txt'])
    expect(shown(' X')).toEqual(['1 /a b/', '2 /a b/x', '1 /a.txt', '1 /b.txt'])
    expect(shown('nothing')).toEqual([])
    expect(root.children.map(({ position, of }) => [position, of])).toEqual([1, 2, 3, 4, 5].map(at => [at, 5]))
  })

  test('are named in few paths, which mean what was ticked and nothing else', () => {
    const segment = fc.constantFrom('a', 'b', 'a b', 'a.b')
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map(parts => `/${parts.join('/')}`)
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 30 }), fc.array(fc.nat(29)), (paths, clicks) => {
        const { root, files } = treeOf(paths.map(path => file(path)))
        const nodes = shownOf(root, files, new Set(paths.flatMap(path => foldersOf(path))), '')
        let ticked: readonly boolean[] = files.map(() => false)
        for (const click of clicks) ticked = toggled(nodes[click % nodes.length]!, ticked)
        const ticks = ticksOf(files, ticked)
        const named = pathsOf(root, ticks)
        const isNamed = ({ path }: NewFile) =>
          named.some(name => (name.endsWith('/') ? path.startsWith(name) : path === name))
        expect(files.map(isNamed)).toEqual(ticked)
        expect(ticks.files).toBe(ticked.filter(Boolean).length)
        expect(ticks.missing).toBe(ticks.files)
        for (const node of nodes) {
          const inIt = ticked.slice(node.first, node.end)
          expect(ticks.of(node)).toBe(inIt.every(Boolean) ? 'all' : inIt.some(Boolean) ? 'some' : 'none')
        }
      }),
    )
  })
})

const foldersOf = (path: string) => path.split('/').map((_, end, parts) => `${parts.slice(0, end).join('/')}/`)

const none = { added: 0, changed: 0, removed: 0, renamed: 0, more: false }
const row = (title: string, news: Partial<ArchiveRow['news']>, more: Partial<ArchiveRow> = {}) =>
  archive({ number: 10, title, length: 50, seenLength: 42, news: { ...none, ...news }, ...more })

describe('what is new', () => {
  test('is counted as far as it was, and nothing is said where there is nothing', () => {
    expect(sayNews(row('a', { added: 3, changed: 1 }))).toEqual({ count: '4', words: '3 added, 1 changed' })
    expect(sayNews(row('a', { added: 99, removed: 2, more: true }))?.count).toBe('99+')
    expect(sayNews(row('a', { renamed: 50, more: true }))).toEqual({ count: '50+', words: 'more than 50 renamed' })
    expect(sayNews(row('a', {}))).toBe(null)
    expect(sayNews(row('a', {}, { news: null }))).toEqual({ count: null, words: 'new changes' })
    for (const nothing of [{ seenLength: 50 }, { seenLength: 0 }, { ownership: 'yours' }] as const)
      expect(sayNews(row('a', { added: 1 }, nothing))).toBe(null)
  })

  test('is told in one notification, in which a title can claim no more than a line', () => {
    const titleOf = ({ title }: ArchiveRow) => title
    const mixes = row('Mixes', { added: 3, changed: 1 })
    expect(sayChanges([mixes], titleOf, false)).toEqual({ title: 'Mixes', body: '3 added, 1 changed.', key: mixes.id })
    const pending = { to: 50, why: 'ask-first', ...none, of: 9, bytes: 0, stays: false } as const
    const updates = { askFirst: true, growth: null, kept: 42, chosen: null, pending }
    expect(sayChanges([row('Mixes', { added: 3 }, { updates })], titleOf, false)?.body).toBe(
      'An update waits for your answer: 3 added.',
    )
    const many = ['A', 'B', 'C', 'D', 'E'].map(title => row(title, { added: 1 }))
    expect(sayChanges([...many, row('nothing', {})], titleOf, false)).toEqual({
      title: '5 archives changed',
      body: 'A: 1 added.\nB: 1 added.\nC: 1 added.\nAnd 2 more.',
      key: null,
    })
    expect(sayChanges([row('nothing', {})], titleOf, false)).toBe(null)
    const sayTitle = (title: string) => sayArchive({ private: false }, title, false)
    expect(sayTitle(`Pay\n\n  now \u202Efdp.exe ${'x'.repeat(200)}`)).toMatch(
      /^Pay\[U\+000A\].* \[U\+202E\]fdp\.exe x+…$/,
    )
    expect(Array.from(sayTitle('😀'.repeat(100)))).toHaveLength(60)
  })

  test('says what a private archive is called to who wants that alone', () => {
    const titleOf = ({ title }: ArchiveRow) => title
    const secret = row('Our divorce', { added: 1 }, { private: true })
    expect(sayChanges([secret], titleOf, false)).toEqual({
      title: 'A private archive',
      body: '1 added.',
      key: secret.id,
    })
    expect(sayChanges([secret, row('Mixes', { added: 1 })], titleOf, false)?.body).toBe(
      'A private archive: 1 added.\nMixes: 1 added.',
    )
    expect(sayChanges([secret], titleOf, true)?.title).toBe('Our divorce')
    // It is not in the library: nobody knows.
    expect(sayArchive(undefined, 'Our divorce', false)).toBe('An archive')
  })
})
