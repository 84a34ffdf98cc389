/**
 * What one thread of `disk.ts` does: lists folders and reads small files with the synchronous calls, which take a tenth
 * of what as many promises take, and would hold the loop if they ran on it.
 *
 * The function is handed to the thread as text, so that it needs no file of its own in the build: it must use nothing
 * from outside of itself but `require`.
 */
import type FileSystem from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type Path from 'node:path'
import type Threads from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Numbered } from '../lib/threads.ts'

/** `root`: the folder at or above it below which no link is followed. */
export type ListRequest = { readonly list: string; readonly root: string }
/**
 * `read`: for each file its path and the folder below which no link is followed, each followed by a zero byte: one string
 * crosses faster than hundreds. `inodes`: as they were when the files were found.
 */
export type ReadRequest = { readonly read: string; readonly sizes: Float64Array; readonly inodes: Float64Array }
export type Request = ListRequest | ReadRequest

/** A row of numbers for each file: bytes, times in milliseconds with microseconds behind the point, inode, mode. */
export const FIELD = { size: 0, modified: 1, changed: 2, born: 3, inode: 4, mode: 5 } as const
export const FIELDS = 6

export type ListAnswer = {
  readonly id: number
  /** Names that are not UTF-8 come as bytes. */
  readonly names: readonly (string | Uint8Array)[]
  readonly stats: Float64Array
  /** By index: where a link points to. */
  readonly targets: Readonly<Record<number, string>>
  /** By index: the error's code and words. */
  readonly errors: Readonly<Record<number, Failure>>
}
export type ReadAnswer = {
  readonly id: number
  readonly stats: Float64Array
  /** null: it could not be read; the reason is in `errors`. */
  readonly contents: readonly (Uint8Array | null)[]
  readonly errors: Readonly<Record<number, Failure>>
}
/** `code` is that of the system, or one of ours: NO_FILE, CHANGING. */
export type Failure = { readonly code: string; readonly message: string }
export type FailureAnswer = { readonly id: number; readonly failure: Failure }
export type Answer = ListAnswer | ReadAnswer | FailureAnswer

export function diskThread(load: NodeJS.Require): void {
  const fs = load('node:fs') as typeof FileSystem
  const { dirname } = load('node:path') as typeof Path
  const port = (load('node:worker_threads') as typeof Threads).parentPort as MessagePort
  const { O_RDONLY, S_IFMT, S_IFLNK, S_IFDIR } = fs.constants
  /** Without following a link, or waiting for the other end of a pipe; Windows has neither flag. */
  const { O_NOFOLLOW, O_NONBLOCK } = fs.constants as Partial<typeof fs.constants>
  const HOW = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)
  const fields = 6
  const TRIES = 3
  /** How much larger than expected a file may have become to be read with the small ones all the same. */
  const GROWN = 4 << 20

  const failureOf = (error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    return { code: code ?? 'UNKNOWN', message }
  }
  const put = (stats: Float64Array, index: number, from: BigIntStats) => {
    const at = index * fields
    stats[at] = Number(from.size)
    stats[at + 1] = Number(from.mtimeNs / 1000n) / 1000
    stats[at + 2] = Number(from.ctimeNs / 1000n) / 1000
    stats[at + 3] = Number(from.birthtimeNs / 1000n) / 1000
    stats[at + 4] = Number(from.ino)
    stats[at + 5] = Number(from.mode)
  }

  /** A folder above it may have become a link since it was found: what that leads to is nobody's to publish. */
  const refuseLinks = (folder: string, root: string) => {
    for (let path = folder; path.length > root.length; path = dirname(path))
      if (fs.lstatSync(path).isSymbolicLink())
        throw Object.assign(new Error('it has become a link'), { code: 'ENOTDIR' })
  }

  const list = (id: number, folder: string, root: string) => {
    const entries = fs.readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })
    const names: (string | Uint8Array)[] = []
    const stats = new Float64Array(entries.length * fields)
    const targets: Record<number, string> = {}
    const errors: Record<number, { code: string; message: string }> = {}
    for (const [index, entry] of entries.entries()) {
      const name = entry.name as unknown as Buffer
      const text = name.toString('utf8')
      if (text.includes('\uFFFD') && !Buffer.from(text, 'utf8').equals(name)) {
        names.push(new Uint8Array(name))
        continue
      }
      names.push(text)
      if (entry.isDirectory()) {
        stats[index * fields + 5] = S_IFDIR
        continue
      }
      const path = `${folder}/${text}`
      try {
        const found = fs.lstatSync(path, { bigint: true })
        put(stats, index, found)
        if ((Number(found.mode) & S_IFMT) === S_IFLNK) targets[index] = fs.readlinkSync(path)
      } catch (error) {
        errors[index] = failureOf(error)
      }
    }
    refuseLinks(folder, root)
    port.postMessage({ id, names, stats, targets, errors }, [stats.buffer])
  }

  const readFull = (file: number, into: Uint8Array): number => {
    let filled = 0
    while (filled < into.byteLength) {
      const count = fs.readSync(file, into, filled, into.byteLength - filled, filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  const read = (id: number, names: readonly string[], sizes: Float64Array, inodes: Float64Array) => {
    const stats = new Float64Array(sizes.length * fields)
    const errors: Record<number, { code: string; message: string }> = {}
    const shared = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
    const contents: (Uint8Array | null)[] = []
    const buffers = new Set([stats.buffer, shared.buffer])
    let used = 0
    for (const [index, expected] of sizes.entries()) {
      const path = names[index * 2] as string
      let content: Uint8Array | null = null
      try {
        for (let attempt = 1; content === null; attempt++) {
          const file = fs.openSync(path, HOW)
          try {
            const before = fs.fstatSync(file, { bigint: true })
            if (!before.isFile()) throw Object.assign(new Error('it is no file any more'), { code: 'NO_FILE' })
            // Another file than the one that was found: saved anew, or one that a link leads to.
            if (Number(before.ino) !== inodes[index]) refuseLinks(dirname(path), names[index * 2 + 1] as string)
            const size = Number(before.size)
            if (size > expected + GROWN) attempt = TRIES
            else {
              const room = size === expected ? shared.subarray(used, used + size) : new Uint8Array(size)
              const filled = readFull(file, room)
              const after = fs.fstatSync(file, { bigint: true })
              if (
                filled === size &&
                before.size === after.size &&
                before.mtimeNs === after.mtimeNs &&
                before.ctimeNs === after.ctimeNs
              ) {
                put(stats, index, after)
                content = room
                if (size !== expected) buffers.add(room.buffer)
              }
            }
          } finally {
            fs.closeSync(file)
          }
          if (content === null && attempt >= TRIES)
            throw Object.assign(new Error('it kept changing while it was read'), { code: 'CHANGING' })
        }
      } catch (error) {
        errors[index] = failureOf(error)
      }
      used += expected
      contents.push(content)
    }
    port.postMessage({ id, stats, contents, errors }, [...buffers])
  }

  port.on('message', (request: Numbered<Request>) => {
    try {
      if ('list' in request) list(request.id, request.list, request.root)
      else read(request.id, request.read.split('\0'), request.sizes, request.inodes)
    } catch (error) {
      port.postMessage({ id: request.id, failure: failureOf(error) })
    }
  })
}
