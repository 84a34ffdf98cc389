/** Trees of files for tests: made, compared and thrown away. */
import { createHash } from 'node:crypto'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export async function temporaryFolder(name = 'cairn'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  return folder
}

export type KeptFolder = { readonly path: string; remove(): Promise<void> }

/** One that outlives the test, for what a whole file of tests shares. */
export async function keptFolder(name: string): Promise<KeptFolder> {
  const path = await mkdtemp(join(tmpdir(), `${name}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) }
}

export type Tree = {
  readonly [path: string]:
    | string
    | Uint8Array
    | { readonly link: string }
    | { readonly content: string; readonly executable: true }
}

export async function writeTree(root: string, tree: Tree): Promise<void> {
  for (const [path, value] of Object.entries(tree)) {
    const local = join(root, path)
    await mkdir(dirname(local), { recursive: true })
    if (typeof value === 'string' || value instanceof Uint8Array) await writeFile(local, value)
    else if ('link' in value) await symlink(value.link, local)
    else {
      await writeFile(local, value.content)
      await chmod(local, 0o755)
    }
  }
}

export const setTime = (path: string, seconds: number) => utimes(path, seconds, seconds)

/** Every file and link below a folder, by what makes it equal to another: kind, bytes, mode, time to the microsecond. */
export async function readTree(
  root: string,
  options: { readonly times: boolean } = { times: true },
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const walk = async (folder: string) => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      const local = join(root, path)
      if (entry.isDirectory()) await walk(path)
      else if (entry.isSymbolicLink()) found[path] = `link ${await readlink(local)}`
      else if (entry.isFile()) {
        const stats = await lstat(local, { bigint: true })
        found[path] =
          `${digestOf(await readFile(local))} ${(stats.mode & 0o111n) === 0n ? '-' : 'x'}${options.times ? ` ${stats.mtimeNs / 1000n}` : ''}`
      }
    }
  }
  await walk('')
  return found
}

export const digestOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex').slice(0, 16)

/** What the files below a folder hold, each by itself. */
export async function contentsOf(
  root: string,
): Promise<readonly { readonly path: string; readonly digest: string; readonly size: number }[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Promise.all(
    files.map(async path => {
      const content = await readFile(path)
      return { path, digest: digestOf(content), size: content.byteLength }
    }),
  )
}

/** Bytes of all files in a folder. */
export async function sizeOf(folder: string): Promise<number> {
  let size = 0
  // A database deletes files while they are counted.
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) size += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  return size
}
