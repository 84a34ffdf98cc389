/** Folders of this machine, for choosing one where the shell has no dialog. Names alone, and only folders. */
import { mkdir, readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { FolderListing } from '../../preload/contract/models.ts'
import { NamePolicy } from './names.ts'

const MOST = 2000

/** null: the home folder. Throws SOURCE_NOT_FOUND or SOURCE_UNREADABLE. */
export async function listFolders(path: string | null, downloads: string): Promise<FolderListing> {
  const folder = resolve(path ?? homedir())
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new AppError('SOURCE_NOT_FOUND', `There is no folder ${folder}.`, { path: folder })
    throw new AppError('SOURCE_UNREADABLE', `${folder} cannot be read: ${error.message}.`, {
      path: folder,
      why: error.message,
    })
  })
  const folders = entries
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => ({ name, path: join(folder, name) }))
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(0, MOST)
  const parent = dirname(folder)
  return { path: folder, parent: parent === folder ? null : parent, folders, places: await places(downloads) }
}

/** Throws INVALID_INPUT for what is no name, FOLDER_NOT_WRITABLE. */
export async function createFolder(parent: string, name: string): Promise<string> {
  const refusal = new NamePolicy(process.platform).check(`/${name}`)
  if (refusal !== null || name.includes('/'))
    throw new AppError('INVALID_INPUT', 'This cannot be the name of a folder.', {
      issues: [{ path: 'name', message: refusal?.detail ?? 'A name holds no /.' }],
    })
  const path = join(resolve(parent), name)
  await mkdir(path).catch((error: Error) => {
    throw new AppError('FOLDER_NOT_WRITABLE', `${path} cannot be made: ${error.message}.`, { path, why: error.message })
  })
  return path
}

async function places(downloads: string): Promise<FolderListing['places']> {
  const home = homedir()
  const candidates = [
    home,
    join(home, 'Desktop'),
    join(home, 'Documents'),
    downloads,
    join(home, 'Pictures'),
    join(home, 'Music'),
    join(home, 'Videos'),
    '/',
  ]
  const there = await Promise.all(
    [...new Set(candidates)].map(async path => ((await stat(path).catch(() => null))?.isDirectory() ? path : null)),
  )
  return there
    .filter(path => path !== null)
    .map(path => ({ name: path === home ? 'Home' : path === '/' ? 'Computer' : basename(path), path }))
}
