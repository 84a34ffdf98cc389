import { expect, test } from 'vitest'
import { outgoingFiles } from '../../renderer/features/publish/choices.ts'
import { archivePath, soleFolder, titleOf, walk } from '../../renderer/features/publish/dropped.ts'

type Tree = { readonly [name: string]: Tree | string | Error }

/** Answers like Chromium: in tasks of their own, and at most 100 children at a time. */
function entryOf(name: string, node: Tree | string | Error, parent = ''): FileSystemEntry {
  const fullPath = `${parent}/${name}`
  const later = (answer: () => void) => void setImmediate(answer)
  if (typeof node === 'string' || node instanceof Error) {
    const file = (resolve: (file: File) => void, reject: (error: Error) => void) =>
      later(() => (node instanceof Error ? reject(node) : resolve(new File([node], name, { lastModified: 5 }))))
    return { name, fullPath, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry
  }
  const createReader = () => {
    const rest = Object.entries(node).map(([child, content]) => entryOf(child, content, fullPath))
    return { readEntries: (resolve: (some: FileSystemEntry[]) => void) => later(() => resolve(rest.splice(0, 100))) }
  }
  return { name, fullPath, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry
}

const ignore = () => {}

test('every file of every folder is found, with its path and what it weighs', async () => {
  const many = Object.fromEntries(Array.from({ length: 1050 }, (_, index) => [`${index}.txt`, 'x']))
  const roots = [
    entryOf('Holiday', { many, deep: { er: { 'beach.jpg': 'sand' } }, empty: {} }),
    entryOf('note.txt', 'hi'),
  ]
  const progress: number[] = []
  const { files, unreadable } = await walk(roots, {
    signal: new AbortController().signal,
    onProgress: now => progress.push(now.files, now.bytes),
  })
  expect(files.map(found => found.path).toSorted()).toEqual(
    [...Object.keys(many).map(name => `Holiday/many/${name}`), 'Holiday/deep/er/beach.jpg', 'note.txt'].toSorted(),
  )
  expect(unreadable).toEqual([])
  expect(progress.slice(-2)).toEqual([1052, 1056])
})

test('what cannot be read is named, and the rest goes on', async () => {
  const { files, unreadable } = await walk([entryOf('a', { 'locked.txt': new Error('no permission'), 'b.txt': 'b' })], {
    signal: new AbortController().signal,
    onProgress: ignore,
  })
  expect(files.map(found => found.path)).toEqual(['a/b.txt'])
  expect(unreadable).toEqual([{ path: 'a/locked.txt', why: 'no permission' }])
})

test('a walk stops when it is told to', async () => {
  const stop = new AbortController()
  let looked = 0
  const endless = (): FileSystemEntry =>
    ({
      fullPath: '/again',
      isDirectory: true,
      createReader: () => {
        let given = false
        looked++
        if (looked === 500) stop.abort(new Error('enough'))
        return {
          readEntries: (resolve: (some: FileSystemEntry[]) => void) =>
            setImmediate(() => {
              resolve(given ? [] : [endless()])
              given = true
            }),
        }
      },
    }) as unknown as FileSystemEntry
  await expect(walk([endless()], { signal: stop.signal, onProgress: ignore })).rejects.toThrow('enough')
  expect(looked).toBe(500)
})

test('titles and archive paths come out as if the items had been published by path', () => {
  expect(titleOf(['Holiday/a.jpg', 'Holiday/b/c.jpg'])).toBe('Holiday')
  expect(titleOf(['beach.jpg'])).toBe('beach')
  expect(titleOf(['.env'])).toBe('.env')
  expect(titleOf(['v1.2/readme'])).toBe('v1.2')
  expect(titleOf(['a.txt', 'b.txt', 'c/d.txt'])).toBe('a.txt and 2 more')
  expect([...titleOf([`${'🏖'.repeat(300)}/a`])].length).toBe(200)

  expect(soleFolder(['Holiday/a.jpg', 'Holiday/b/c.jpg'])).toBe('Holiday')
  expect(soleFolder(['beach.jpg'])).toBe(null)
  expect(soleFolder(['a/x', 'b/y'])).toBe(null)

  expect(archivePath('Holiday/b/c.jpg', 'Holiday')).toBe('/b/c.jpg')
  expect(archivePath('beach.jpg', null)).toBe('/beach.jpg')
  expect(archivePath('Holiday/c.jpg', null)).toBe('/Holiday/c.jpg')
})

test('what is left out stays out under either of its names, and nothing else does', () => {
  const file = new File(['x'], 'x', { lastModified: 7 })
  const files = ['Holiday/a', 'Holiday/Holiday/a', 'Holiday/.env', 'Holiday/b/c'].map(path => ({ path, file }))
  const paths = (leftOut: readonly string[], into: { key: string; folder: string } | null = null) =>
    outgoingFiles(files, leftOut, 'Holiday', into).map(each => each.path)
  expect(paths([])).toEqual(['/a', '/Holiday/a', '/.env', '/b/c'])
  expect(paths(['Holiday/a', '/.env'])).toEqual(['/Holiday/a', '/b/c'])
  expect(paths(['/a', '/b/c'], { key: 'k', folder: '/in' })).toEqual(['/Holiday/Holiday/a', '/Holiday/.env'])
})
