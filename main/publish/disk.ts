/**
 * Reads folders and small files on threads of its own: the loop is left to the network and the page, and thousands of
 * files cost as many synchronous calls instead of as many promises.
 */
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Threads } from '../lib/threads.ts'
import {
  type Answer,
  diskThread,
  type Failure,
  type FailureAnswer,
  FIELD,
  FIELDS,
  type ListAnswer,
  type ReadAnswer,
  type Request,
} from './disk-thread.ts'

/** One can wait for a disk or a network drive while the other one works. */
const THREADS = 2

/** What a file looks like on this machine. Times are milliseconds with microseconds behind the point. */
export type Stats = {
  readonly size: number
  readonly modified: number
  /** When its content, name or mode last changed: the time that nobody can set. */
  readonly changed: number
  readonly born: number
  readonly inode: number
  readonly mode: number
}

/** Which file of this machine it was. */
export type Identity = Pick<Stats, 'inode' | 'born' | 'changed'>

export type Listed = {
  /** null: its name is not UTF-8; then `bytes` has it. */
  readonly name: string | null
  readonly bytes: Uint8Array | null
  readonly stats: Stats
  readonly target: string | null
  readonly error: DiskError | null
}
export type ReadFile =
  | { readonly content: Buffer; readonly stats: Stats }
  | { readonly content: null; readonly error: DiskError }

/** `code`: that of the system, or NO_FILE, or CHANGING for what did not hold still for three tries. */
export class DiskError extends Error {
  readonly code: string
  /** Whom the system's code is about, for those who tell errors of files from others. */
  readonly syscall = 'read'

  constructor({ code, message }: Failure) {
    super(message)
    this.name = 'DiskError'
    this.code = code
  }
}

const threads = new Threads<Request, Answer>(diskThread, THREADS)

async function ask(request: Request): Promise<ListAnswer | ReadAnswer> {
  const answer = await threads.ask(request)
  if ('failure' in answer) throw new DiskError((answer as FailureAnswer).failure)
  return answer
}

/** What stands in a folder at or below `root`. Throws a DiskError when it cannot be read, or is behind a link there. */
export async function listFolder(folder: string, root: string): Promise<readonly Listed[]> {
  const { names, stats, targets, errors } = (await ask({ list: folder, root })) as ListAnswer
  return names.map((name, index) => ({
    name: typeof name === 'string' ? name : null,
    bytes: typeof name === 'string' ? null : name,
    stats: statsAt(stats, index),
    target: targets[index] ?? null,
    error: errors[index] === undefined ? null : new DiskError(errors[index]),
  }))
}

/** A file as it was when it was found. Below `root` no link is followed. */
export type Found = {
  readonly local: string
  readonly root: string
  readonly size: number
  readonly identity: Identity
}

/** Whole files of up to a few MiB together, each as it is at one moment. */
export async function readFiles(files: readonly Found[]): Promise<readonly ReadFile[]> {
  const answer = (await ask({
    read: files.map(({ local, root }) => `${local}\0${root}\0`).join(''),
    sizes: Float64Array.from(files, ({ size }) => size),
    inodes: Float64Array.from(files, ({ identity }) => identity.inode),
  })) as ReadAnswer
  return answer.contents.map((content, index) =>
    content === null
      ? { content, error: new DiskError(answer.errors[index] ?? { code: 'UNKNOWN', message: 'it cannot be read' }) }
      : {
          content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
          stats: statsAt(answer.stats, index),
        },
  )
}

/** A large file, without following a link or waiting for the other end of a pipe that stands there since it was found. */
export async function openFound({ local, root, identity }: Found): Promise<FileHandle> {
  const handle = await open(local, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  try {
    // Another file than the one that was found: saved anew, or one that a link leads to.
    if (statsOf(await handle.stat({ bigint: true })).inode !== identity.inode)
      for (let path = dirname(local); path.length > root.length; path = dirname(path))
        if ((await lstat(path)).isSymbolicLink())
          throw new DiskError({ code: 'ENOTDIR', message: 'it has become a link' })
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

function statsAt(rows: Float64Array, index: number): Stats {
  const at = index * FIELDS
  return {
    size: rows[at + FIELD.size]!,
    modified: rows[at + FIELD.modified]!,
    changed: rows[at + FIELD.changed]!,
    born: rows[at + FIELD.born]!,
    inode: rows[at + FIELD.inode]!,
    mode: rows[at + FIELD.mode]!,
  }
}

export const statsOf = (stats: BigIntStats): Stats => ({
  size: Number(stats.size),
  modified: milliseconds(stats.mtimeNs),
  changed: milliseconds(stats.ctimeNs),
  born: milliseconds(stats.birthtimeNs),
  inode: Number(stats.ino),
  mode: Number(stats.mode),
})

const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1000n) / 1000
