/**
 * Reads folders and small files on threads of its own: the loop is left to the network and the page, and thousands of
 * files cost as many synchronous calls instead of as many promises.
 */
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

/** Whole files of up to a few MiB together, each as it was at one moment. `size`: as it was when last looked at. */
export async function readFiles(
  files: readonly { readonly local: string; readonly size: number }[],
): Promise<readonly ReadFile[]> {
  const answer = (await ask({
    read: files.map(({ local }) => `${local}\0`).join(''),
    sizes: Float64Array.from(files, ({ size }) => size),
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
