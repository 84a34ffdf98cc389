/**
 * What people do to a folder, drawn at random with fast-check and done to a real one. Every content is new and every
 * time its own, so that what a test finds tells where it came from.
 */
import { cp, mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile, chmod, appendFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'

const KINDS = [
  'create',
  'change',
  'grow',
  'rename file',
  'rename folder',
  'move file',
  'move folder',
  'copy file',
  'copy folder',
  'swap files',
  'swap folders',
  'file to folder',
  'file into folder of its name',
  'folder to file',
  'link to file',
  'file to link',
  'folder to link',
  'case of a file',
  'case of a folder',
  'delete file',
  'delete folder',
  'mode',
  'touch',
  'link',
  'bend link',
  'empty folder',
] as const

/** Numbers are taken modulo what there is to choose from. */
export type Edit = {
  readonly kind: (typeof KINDS)[number]
  readonly one: number
  readonly other: number
  readonly name: string
  readonly size: number
}

const NAMES = ['a', 'b', 'B', 'c.txt', 'C.txt', 'd e', 'ä', 'a\u0308', 'photo.JPG', '0', '#', '%41', 'x'.repeat(255)]
/** None, within one block, beyond one, beyond what is read ahead. */
const SIZES = [0, 1, 1, 100, 100, 5000, 5000, 300_000, 1_200_000]

const number = fc.nat({ max: 1000 })
const edit = (kinds: readonly Edit['kind'][]): fc.Arbitrary<Edit> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    one: number,
    other: number,
    name: fc.constantFrom(...NAMES),
    size: fc.constantFrom(...SIZES),
  })

/** A tree to begin with, and what is done to it in each of some rounds. */
export const rounds: fc.Arbitrary<{ readonly tree: readonly Edit[]; readonly rounds: readonly (readonly Edit[])[] }> =
  fc.record({
    tree: fc.array(edit(['create', 'create', 'create', 'copy file', 'link', 'mode']), { minLength: 3, maxLength: 12 }),
    rounds: fc.array(fc.array(edit(KINDS), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
  })

let counter = 0
/** A content that never was before. */
const fresh = (size: number) => {
  const word = `${++counter};`
  return Buffer.alloc(size, word).fill(word, 0, Math.min(size, word.length))
}
const stamp = async (path: string) => {
  counter++
  await utimes(path, 1_500_000_000 + counter, 1_500_000_000 + counter + 0.25)
}
const writeFresh = async (path: string, size: number) => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, fresh(size))
  await stamp(path)
}

/** Does it, or nothing where the file system would refuse it: a folder into itself, a name that is taken, a link that leads to itself. */
export async function apply(root: string, given: Edit): Promise<void> {
  try {
    await change(root, given)
  } catch (error) {
    const refusals = [
      'ENOTEMPTY',
      'EINVAL',
      'ENOTDIR',
      'EISDIR',
      'EEXIST',
      'ENOENT',
      'ENAMETOOLONG',
      'ELOOP',
      'ERR_FS_CP_EINVAL',
    ]
    const kinds = ['ERR_FS_CP_DIR_TO_NON_DIR', 'ERR_FS_CP_NON_DIR_TO_DIR', 'ERR_FS_CP_EEXIST', 'ERR_FS_EISDIR']
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || ![...refusals, ...kinds].includes(code)) throw error
  }
}

async function change(root: string, { kind, one, other, name, size }: Edit): Promise<void> {
  const { files, links, folders } = await list(root)
  const pick = (paths: readonly string[], index: number) => paths[index % Math.max(1, paths.length)]
  const folder = join(root, pick(['', ...folders], other)!)
  const aside = join(root, `aside-${++counter}`)
  const target = join(folder, name)
  const file = pick(files, one) === undefined ? null : join(root, pick(files, one)!)
  const second = pick(files, other) === undefined ? null : join(root, pick(files, other)!)
  const aFolder = pick(folders, one) === undefined ? null : join(root, pick(folders, one)!)
  const secondFolder = pick(folders, other) === undefined ? null : join(root, pick(folders, other)!)
  const link = pick(links, one) === undefined ? null : join(root, pick(links, one)!)
  switch (kind) {
    case 'create':
      return writeFresh(one % 3 === 0 ? join(folder, `folder ${one % 7}`, name) : target, size)
    case 'change':
      return file === null ? undefined : writeFresh(file, size)
    case 'grow':
      if (file === null) return
      await appendFile(file, fresh(size + 1))
      return stamp(file)
    case 'rename file':
      return file === null ? undefined : rename(file, join(dirname(file), name))
    case 'rename folder':
      return aFolder === null ? undefined : rename(aFolder, join(dirname(aFolder), name))
    case 'move file':
      return file === null ? undefined : rename(file, join(folder, basename(file)))
    case 'move folder':
      return aFolder === null ? undefined : rename(aFolder, join(folder, basename(aFolder)))
    case 'copy file':
    case 'copy folder': {
      const from = kind === 'copy file' ? file : aFolder
      if (from === null || from === target) return
      await cp(from, target, {
        recursive: true,
        errorOnExist: true,
        force: false,
        verbatimSymlinks: true,
        preserveTimestamps: one % 2 === 0,
      })
      return
    }
    case 'swap files':
      return file === null || second === null || file === second ? undefined : swap(file, second, aside)
    case 'swap folders':
      return aFolder === null || secondFolder === null || aFolder === secondFolder
        ? undefined
        : swap(aFolder, secondFolder, aside)
    case 'file to folder':
      if (file === null) return
      await rm(file)
      return writeFresh(join(file, name), size)
    case 'file into folder of its name':
      if (file === null) return
      await rename(file, aside)
      await mkdir(file)
      return rename(aside, join(file, name))
    case 'folder to file':
      if (aFolder === null) return
      await rm(aFolder, { recursive: true })
      return writeFresh(aFolder, size)
    case 'link to file':
      if (link === null) return
      await rm(link)
      return writeFresh(link, size)
    case 'file to link':
    case 'folder to link': {
      const path = kind === 'file to link' ? file : aFolder
      if (path === null) return
      await rm(path, { recursive: true })
      return symlink(name, path)
    }
    case 'case of a file':
      return file === null ? undefined : rename(file, join(dirname(file), otherCase(basename(file))))
    case 'case of a folder':
      return aFolder === null ? undefined : rename(aFolder, join(dirname(aFolder), otherCase(basename(aFolder))))
    case 'delete file':
      return file === null ? undefined : rm(file)
    case 'delete folder':
      return aFolder === null ? undefined : rm(aFolder, { recursive: true })
    case 'mode':
      return file === null ? undefined : chmod(file, ((await stat(file)).mode & 0o100) === 0 ? 0o755 : 0o644)
    case 'touch':
      return file === null ? undefined : stamp(file)
    case 'link':
      return symlink(name, join(folder, `link ${one % 5}`))
    case 'bend link':
      if (link === null) return
      await rm(link)
      return symlink(`${name}/${one}`, link)
    case 'empty folder':
      await mkdir(target, { recursive: true })
      return
  }
}

async function swap(one: string, other: string, aside: string): Promise<void> {
  if (one.startsWith(`${other}/`) || other.startsWith(`${one}/`)) return
  await rename(one, aside)
  await rename(other, one)
  await rename(aside, other)
}

const otherCase = (name: string) => (name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase())

/** Sorted, so that the same numbers choose the same things again. */
async function list(
  root: string,
): Promise<{ readonly files: string[]; readonly links: string[]; readonly folders: string[] }> {
  const found = { files: [] as string[], links: [] as string[], folders: [] as string[] }
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1)
    if (entry.isDirectory()) found.folders.push(path)
    else if (entry.isSymbolicLink()) found.links.push(path)
    else found.files.push(path)
  }
  for (const paths of Object.values(found)) paths.sort()
  return found
}
