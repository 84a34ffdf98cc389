/**
 * Files that are dragged out of the window. Electron's drag names files that are there when it begins, so they are written
 * before: into a folder of ours, as copies, since macOS moves what is dragged within a disk, and what is published or
 * kept must not be moved. Promises that are kept on the drop exist on macOS alone, and not in Electron. What takes longer than
 * the drag is fetched all the same, and dragged the next time. Knows no Electron.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { Contract } from '../../preload/contract/index.ts'
import type { Entry } from '../../preload/contract/models.ts'
import type { Client } from '../../preload/wire/connect.ts'
import { ZipNamePolicy } from '../lib/names.ts'
import { requireRoom } from '../lib/room.ts'

/** What is more is downloaded, where it can be paused and stands in a list. */
export const MOST_BYTES = 1_000_000_000
/** Drags whose files are kept for another try. */
const KEPT = 20

type Wanted = { readonly key: string; readonly version: number; readonly paths: readonly string[] }
type Prepared = {
  readonly id: string
  readonly folder: string
  readonly files: readonly string[]
  readonly bytes: number
}

export class DragOut {
  readonly #folder: string
  readonly #client: Pick<Client<Contract>, 'read'>
  readonly #content: (request: Request) => Promise<Response>
  readonly #names: ZipNamePolicy
  /** The oldest first. */
  readonly #prepared = new Map<string, Prepared>()

  /** `folder` is ours: what is in it is deleted. `content`: the bytes of archives, by the addresses of the web shell. */
  constructor(
    folder: string,
    client: Pick<Client<Contract>, 'read'>,
    content: (request: Request) => Promise<Response>,
    platform: NodeJS.Platform = process.platform,
  ) {
    this.#folder = folder
    this.#client = client
    this.#content = content
    this.#names = new ZipNamePolicy(platform)
  }

  /** Deletes what an earlier run has left. */
  clear(): Promise<void> {
    this.#prepared.clear()
    return rm(this.#folder, { recursive: true, force: true })
  }

  /**
   * Resolves when all of them can be dragged. Waits for peers as long as it takes, until `signal`. Throws PATH_NOT_FOUND, NOT_A_FILE,
   * TOO_MUCH_TO_DRAG, NO_ROOM, NOT_AVAILABLE, and INVALID_INPUT for names that this system has no place for.
   */
  async prepare(
    { key, version, paths }: Wanted,
    signal: AbortSignal,
    progress: (now: { readonly bytes: number; readonly ofBytes: number }) => void,
  ): Promise<Prepared> {
    const entries: Entry[] = []
    for (const path of paths) entries.push(await this.#entry({ key, version, path }, signal))
    const ofBytes = entries.reduce((sum, { size }) => sum + size, 0)
    if (ofBytes > MOST_BYTES) {
      const data = { bytes: ofBytes, most: MOST_BYTES }
      throw new AppError('TOO_MUCH_TO_DRAG', 'This is too much to be dragged: download it.', data)
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await requireRoom(this.#folder, ofBytes)
    const { grant } = await this.#client.read.grant({ key, version }, { signal })
    const id = randomUUID()
    const folder = join(this.#folder, id)
    const files: string[] = []
    let bytes = 0
    try {
      for (const [index, { path, size }] of entries.entries()) {
        // Each has a folder of its own, so that files of one name do not meet.
        const own = join(folder, String(index))
        await mkdir(own, { recursive: true, mode: 0o700 })
        const file = this.#names.localPath(own, nameOf(path))
        await this.#write(file, { key, path, grant, size }, signal, more => {
          bytes += more
          progress({ bytes, ofBytes })
        })
        files.push(file)
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw signal.aborted ? new AppError('CANCELLED', 'Cancelled') : error
    }
    const prepared = { id, folder, files, bytes }
    this.#prepared.set(id, prepared)
    await this.#forgetOldest()
    return prepared
  }

  /** Where they lie. Throws SOURCE_NOT_FOUND where they are gone: they have to be prepared again. */
  async files(id: string): Promise<readonly string[]> {
    const prepared = this.#prepared.get(id)
    for (const path of prepared?.files ?? [])
      await stat(path).catch(() => {
        this.#prepared.delete(id)
      })
    const files = this.#prepared.get(id)?.files
    if (files === undefined) throw new AppError('SOURCE_NOT_FOUND', 'It is gone.', { path: this.#folder })
    return files
  }

  async #entry(wanted: { key: string; version: number; path: string }, signal: AbortSignal): Promise<Entry> {
    const { key, path } = wanted
    const entry = await this.#client.read.entry(wanted, { signal })
    if (entry === null) throw new AppError('PATH_NOT_FOUND', 'There is no such file.', { key, path })
    if (entry.kind !== 'file') throw new AppError('NOT_A_FILE', 'Only files are dragged.', { path })
    const refusal = this.#names.check(nameOf(path))
    if (refusal === null) return entry
    throw new AppError('INVALID_INPUT', refusal.detail, { issues: [{ path: 'paths', message: refusal.detail }] })
  }

  async #write(
    file: string,
    { key, path, grant, size }: { key: string; path: string; grant: string; size: number },
    signal: AbortSignal,
    more: (bytes: number) => void,
  ): Promise<void> {
    const address = `http://archive/${grant}/${path.split('/').filter(Boolean).map(encodeURIComponent).join('/')}`
    const response = await this.#content(new Request(address, { signal }))
    const gone = () => new AppError('NOT_AVAILABLE', 'Not all of it could be read.', { key, path })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw gone()
    }
    const target = await open(file, 'wx', 0o600)
    try {
      let written = 0
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        written += chunk.byteLength
        if (written > size) throw gone()
        await target.writeFile(chunk)
        more(chunk.byteLength)
      }
      if (written < size) throw gone()
    } finally {
      await target.close()
    }
  }

  async #forgetOldest(): Promise<void> {
    let bytes = 0
    for (const prepared of this.#prepared.values()) bytes += prepared.bytes
    for (const { id, folder, bytes: size } of this.#prepared.values()) {
      // What was made last may be on its way.
      if (this.#prepared.size <= 1 || (this.#prepared.size <= KEPT && bytes <= MOST_BYTES)) return
      this.#prepared.delete(id)
      bytes -= size
      await rm(folder, { recursive: true, force: true })
    }
  }
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/'))
