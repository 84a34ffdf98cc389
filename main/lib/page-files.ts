/**
 * The built page, read into memory once. A request is answered by looking a name up in a map, so no path from outside
 * ever reaches the file system, and rebuilding or removing the folder cannot hurt a running backend.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import mime from 'mime'

export type PageFile = {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
  /** Its name changes when its content does. */
  readonly immutable: boolean
}

/** Finds a file of the page by the path of its address, still percent-encoded; null: there is none. */
export type PageFiles = (path: string) => PageFile | null

export async function loadPage(folder: string): Promise<PageFiles> {
  const files = new Map<string, PageFile>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.') || entry.name.endsWith('.map')) continue
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(folder.length).split(sep).filter(Boolean).join('/')
    files.set(`/${name}`, {
      bytes: new Uint8Array(await readFile(path)),
      type: typeOf(name),
      immutable: /^assets\/.*-[\w-]{8}\.\w+$/.test(name),
    })
  }
  if (!files.has('/index.html')) throw new Error(`There is no page in ${folder}: run the build first`)
  return path => files.get(path === '/' ? '/index.html' : decoded(path)) ?? null
}

function typeOf(name: string): string {
  const type = mime.getType(name) ?? 'application/octet-stream'
  return /^text\/|javascript$|json$/.test(type) ? `${type}; charset=utf-8` : type
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
