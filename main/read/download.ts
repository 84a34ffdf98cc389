/**
 * Writes one version of an archive, or parts of it, into a folder: whole files under their names and nothing else.
 *
 * A file grows in a hidden folder beside the others (`.cairn-part/`) under a name made from what it is, so that a killed
 * download goes on inside of it; it is moved to its place when it is whole. Names come from strangers: what the
 * platform would not write as it stands is left out and listed, no link is ever followed, links are written last. What
 * is in the way and not from us is the person's own, and stays.
 */
import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  statfs,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { Control } from '../transfers/transfers.ts'
import { readBlob, unlessAborted } from './blob.ts'
import { type ArchiveEntry, type ArchiveFile, type ArchiveLink, descendants, isPossible, nameOf } from './entries.ts'
import type { Manifest, Written } from './manifest.ts'
import { NameClaims, NamePolicy } from '../lib/names.ts'

const PARTS = '.cairn-part'
const WRITERS = 8
/** Content that is asked for ahead of the files that are being written, in bytes. */
const AHEAD = 48 << 20
/** Left free on the disk, of what is free. */
const SPARE = 0.05
/** Files above this size are synced one by one; for thousands of small ones that would take minutes. */
const SYNCED = 1 << 20
const STALLED = 3000
const MANY_REMOVALS = 1000

const NOT_THERE = { reason: 'not-available', detail: 'The archive names more content than it has.' } as const

export type InTheWay =
  /** The person's own file stays, and is listed. */
  | 'leave'
  | 'replace'
  /** The person's own file is moved aside under a name that says so. */
  | 'keep-beside'

export type DownloadOptions = {
  readonly paths: readonly string[]
  readonly folder: string
  readonly inTheWay: InTheWay
  /** Take away what an earlier version had and this one has not, if it is still as we wrote it. */
  readonly follow: boolean
  /** That, too, where it is most of what there was. Otherwise such files are left, and listed. */
  readonly mayRemove?: boolean
  readonly manifest: Manifest
}

type Target = { readonly path: string; readonly local: string; readonly relative: string }
type FileTarget = Target & { readonly file: ArchiveFile }
type LinkTarget = Target & { readonly link: ArchiveLink }

/** Throws FOLDER_NOT_WRITABLE, NO_ROOM, PATH_NOT_FOUND, NOT_AVAILABLE; the signal's reason when ended. */
export async function download(
  drive: Hyperdrive,
  snapshot: Hyperdrive,
  options: DownloadOptions,
  control: Control,
): Promise<void> {
  const { signal } = control
  const policy = new NamePolicy(process.platform)
  await makeRoot(options.folder)
  const { files, links, wanted } = await unlessAborted(list(snapshot, options, policy, control), signal)
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0)
  control.totals(files.length + links.length, bytes)
  files.sort((a, b) => (a.file.blob?.blockOffset ?? 0) - (b.file.blob?.blockOffset ?? 0))

  const writer = new Writer(drive, options, control)
  try {
    if (options.follow) await writer.removeWhatIsGone(wanted, 'in-the-way')
    const missing = await writer.takeWhatIsThere(files)
    await requireRoom(options.folder, await writer.bytesToWrite(missing))
    await writer.writeFiles(missing)
    for (const link of links) await writer.writeLink(link, policy)
    signal.throwIfAborted()
    if (options.follow) await writer.removeWhatIsGone(wanted, 'all')
    await rm(partsOf(options, drive), { recursive: true, force: true })
    // Stays if another download is using it.
    await rmdir(join(options.folder, PARTS)).catch(() => {})
  } finally {
    await options.manifest.close()
  }
}

async function list(snapshot: Hyperdrive, { paths, folder }: DownloadOptions, policy: NamePolicy, control: Control) {
  const claims = new NameClaims(policy)
  const files: FileTarget[] = []
  const links: LinkTarget[] = []
  const wanted = new Set<string>()
  const later: { entry: ArchiveLink; relative: string }[] = []
  const target = (entry: ArchiveEntry, relative: string): Target => ({
    path: entry.path,
    relative,
    local: policy.localPath(folder, relative),
  })
  for (const path of paths) {
    const base = path === '/' ? '' : dirname(path) === '/' ? '' : dirname(path)
    let found = false
    for await (const entry of descendants(snapshot, path)) {
      control.signal.throwIfAborted()
      found = true
      const relative = entry.path.slice(base.length)
      if (relative.split('/')[1] === PARTS) {
        control.skipped({
          path: entry.path,
          reason: 'name-not-allowed',
          detail: 'Cairn keeps this name for itself.',
        })
        continue
      }
      if (entry.kind === 'link') {
        later.push({ entry, relative })
        continue
      }
      const refusal = claims.claim(relative, 'file')
      if (refusal !== null) control.skipped({ path: entry.path, ...refusal })
      else if (!isPossible(snapshot, entry)) control.skipped({ path: entry.path, ...NOT_THERE })
      else {
        wanted.add(relative)
        files.push({ ...target(entry, relative), file: entry })
      }
    }
    if (!found && path !== '/')
      throw new AppError('PATH_NOT_FOUND', `There is no ${path} in this version.`, { key: '', path })
  }
  for (const { entry, relative } of later) {
    const refusal =
      process.platform === 'win32'
        ? ({ reason: 'link-not-supported', detail: 'Windows needs special rights for links.' } as const)
        : (claims.claim(relative, 'link') ?? policy.checkTarget(relative, entry.target))
    if (refusal !== null) control.skipped({ path: entry.path, ...refusal })
    else {
      wanted.add(relative)
      links.push({ ...target(entry, relative), link: entry })
    }
  }
  return { files, links, wanted }
}

class Writer {
  readonly #drive: Hyperdrive
  readonly #options: DownloadOptions
  readonly #control: Control
  readonly #folders = new Map<string, Promise<Skipped | null>>()
  readonly #parts: string
  /** A truncated log gives the same places to other bytes. */
  readonly #fork: number
  #files = 0
  #bytes = 0
  #lastByteAt = performance.now()

  constructor(drive: Hyperdrive, options: DownloadOptions, control: Control) {
    this.#drive = drive
    this.#options = options
    this.#control = control
    this.#parts = partsOf(options, drive)
    this.#fork = drive.blobs?.core.fork ?? 0
  }

  /** Counts the files that are there already, and returns the others. */
  async takeWhatIsThere(files: readonly FileTarget[]): Promise<readonly FileTarget[]> {
    const missing: FileTarget[] = []
    for (let start = 0; start < files.length; start += 64) {
      this.#control.signal.throwIfAborted()
      const part = files.slice(start, start + 64)
      const there = await Promise.all(part.map(async target => this.#isEqual(target, await statOf(target.local))))
      for (const [index, target] of part.entries()) {
        if (!there[index]) missing.push(target)
        else {
          await setMode(target)
          this.#done(target.file.size, target.path)
        }
      }
    }
    return missing
  }

  /** Without what parts of an earlier run hold already. */
  async bytesToWrite(files: readonly FileTarget[]): Promise<number> {
    const parts = new Set(await readdir(this.#parts).catch(() => []))
    let bytes = 0
    for (const target of files) {
      const name = this.#partName(target)
      const there = parts.has(name) ? ((await statOf(join(this.#parts, name)))?.size ?? 0) : 0
      bytes += Math.max(0, target.file.size - there)
    }
    return bytes
  }

  async writeFiles(files: readonly FileTarget[]): Promise<void> {
    const { signal } = this.#control
    if (files.length > 0) await mkdir(this.#parts, { recursive: true })
    const stop = new AbortController()
    const ahead = new Ahead(this.#drive, files)
    const watchdog = setInterval(
      () =>
        this.#control.waitingForPeers(
          performance.now() - this.#lastByteAt > STALLED && (this.#drive.blobs?.core.peers.length ?? 0) === 0,
        ),
      1000,
    )
    let next = 0
    const work = async () => {
      while (next < files.length) {
        const target = files[next++]!
        ahead.advance(next - 1)
        await this.#writeFile(target, AbortSignal.any([signal, stop.signal]))
      }
    }
    try {
      await Promise.all(
        Array.from({ length: WRITERS }, () =>
          work().catch(error => {
            stop.abort(error)
            throw error
          }),
        ),
      )
    } finally {
      clearInterval(watchdog)
      ahead.end()
    }
  }

  async #writeFile(target: FileTarget, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { file, local, relative, path } = target
    const refused = (await this.#makeFolder(dirname(local), path)) ?? (await this.#clearTheWay(target, false))
    if (refused !== null) {
      this.#control.skipped(refused)
      return this.#done(file.size, path)
    }
    const part = join(this.#parts, this.#partName(target))
    try {
      const handle = await open(part, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o644)
      let written: number
      try {
        written = await this.#fill(handle, file, signal)
        if (file.size > SYNCED) await handle.sync()
      } finally {
        await handle.close()
      }
      if (written !== file.size) throw new Error('short')
      if (file.executable) await chmod(part, 0o755)
      if (file.modified !== null) await setTime(part, file.modified)
      // Where the archive has no time, the one on the disk tells whether the person has changed it since.
      const modified = file.modified ?? (await lstat(part)).mtimeMs
      await rename(part, local)
      await this.#options.manifest.set(relative, { size: file.size, modified, content: this.#contentOf(file) })
      this.#done(0, path)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof AppError && error.is('NOT_AVAILABLE')) {
        this.#control.skipped({ path, ...NOT_THERE })
        return this.#done(0, path)
      }
      throw explain(error, local)
    }
  }

  /** Goes on where the part ends. Blocks are verified by their core; what a part holds was written by us. */
  async #fill(handle: FileHandle, file: ArchiveFile, signal: AbortSignal): Promise<number> {
    let position = Math.min((await handle.stat()).size, file.size)
    this.#count(position, file.path)
    for await (const chunk of readBlob(
      this.#drive,
      file,
      { start: position, length: file.size - position },
      signal,
      null,
    )) {
      let offset = 0
      while (offset < chunk.byteLength) {
        const { bytesWritten } = await handle.write(chunk, offset, chunk.byteLength - offset, position + offset)
        offset += bytesWritten
      }
      position += chunk.byteLength
      this.#lastByteAt = performance.now()
      this.#count(chunk.byteLength, file.path)
    }
    return position
  }

  async writeLink(target: LinkTarget, policy: NamePolicy): Promise<void> {
    this.#control.signal.throwIfAborted()
    const { link, local, relative, path } = target
    const refused = (await this.#makeFolder(dirname(local), path)) ?? policy.checkTarget(relative, link.target)
    const there = await statOf(local)
    if (refused !== null) this.#control.skipped({ ...refused, path })
    else if (!(there?.isSymbolicLink() && (await readlink(local)) === link.target)) {
      const inTheWay = await this.#clearTheWay(target, true)
      if (inTheWay !== null) this.#control.skipped(inTheWay)
      else {
        await symlink(link.target, local)
        await this.#options.manifest.set(relative, { size: 0, modified: null, content: linkContent(link.target) })
      }
    }
    this.#done(0, path)
  }

  /** `in-the-way`: a file that has become a folder, or a folder that has become a file, before the new one is written. */
  async removeWhatIsGone(wanted: ReadonlySet<string>, which: 'in-the-way' | 'all'): Promise<void> {
    const { manifest, folder, mayRemove = false } = this.#options
    const gone = manifest.paths().filter(relative => !wanted.has(relative))
    if (gone.length === 0) return
    const all = manifest.paths().length
    if (!mayRemove && (gone.length > MANY_REMOVALS || (gone.length * 2 > all && gone.length >= 5))) {
      if (which === 'in-the-way') return
      for (const relative of gone.slice(0, 1000))
        this.#control.skipped({
          path: relative,
          reason: 'exists',
          detail: 'Its author removed it together with most of the archive. It was left here.',
        })
      return
    }
    const folders = which === 'all' ? null : new Set([...wanted].flatMap(above))
    for (const relative of gone) {
      if (folders !== null && !folders.has(relative) && !above(relative).some(path => wanted.has(path))) continue
      const local = join(folder, ...relative.slice(1).split('/'))
      const stats = await statOf(local)
      if (
        stats !== null &&
        (await this.#makeFolder(dirname(local), relative)) === null &&
        (await isOurs(local, stats, manifest.get(relative)))
      ) {
        await unlink(local)
        await removeEmptyFolders(dirname(local), folder)
      }
      await manifest.delete(relative)
    }
    this.#folders.clear()
  }

  /** null: `local` is free to be written. Never removes what is not ours. */
  async #clearTheWay({ local, path, relative }: Target, remove: boolean): Promise<Skipped | null> {
    const { manifest, inTheWay } = this.#options
    const stats = await statOf(local)
    if (stats === null) return null
    if (stats.isDirectory()) return { path, reason: 'exists', detail: 'A folder of this name is there.' }
    if (!(await isOurs(local, stats, manifest.get(relative)))) {
      if (inTheWay === 'leave')
        return { path, reason: 'exists', detail: 'Another file of this name is there, and was left as it is.' }
      if (inTheWay === 'keep-beside') await rename(local, await besideName(local))
    }
    if (remove) await rm(local, { force: true })
    return null
  }

  /** Every folder on the way is a folder, and no link to one. */
  async #makeFolder(folder: string, path: string): Promise<Skipped | null> {
    if (folder === this.#options.folder || folder.length < this.#options.folder.length) return null
    let made = this.#folders.get(folder)
    if (made === undefined) {
      made = (async () => {
        const above = await this.#makeFolder(dirname(folder), path)
        if (above !== null) return above
        const stats = await statOf(folder)
        if (stats === null) {
          await mkdir(folder).catch(error => {
            throw explain(error, folder)
          })
          return null
        }
        if (stats.isDirectory()) return null
        return stats.isSymbolicLink()
          ? { path, reason: 'under-a-link' as const, detail: `${folder} is a link.` }
          : { path, reason: 'exists' as const, detail: `${folder} is a file.` }
      })()
      this.#folders.set(folder, made)
    }
    const refused = await made
    return refused === null ? null : { ...refused, path }
  }

  /** By name, size and time alone two contents look alike; of what we wrote ourselves we know which one it is. */
  async #isEqual({ file, local, relative }: FileTarget, stats: Stats | null): Promise<boolean> {
    if (stats === null || !stats.isFile() || stats.size !== file.size) return false
    if (file.modified !== null && !sameTime(stats, file.modified)) return false
    const written = this.#options.manifest.get(relative)
    if (written !== null && written.content !== null && (await isOurs(local, stats, written)))
      return written.content === this.#contentOf(file)
    return file.modified !== null
  }

  #contentOf({ blob, size }: ArchiveFile): string {
    return size === 0 || blob === null ? 'empty' : `${this.#fork}.${blob.blockOffset}.${blob.byteOffset}`
  }

  /** The same content under the same name has the same part, and another content another one. */
  #partName({ relative, file }: FileTarget): string {
    return createHash('sha256')
      .update(`${relative}\0${file.size}\0${this.#contentOf(file)}`)
      .digest('hex')
      .slice(0, 40)
  }

  #count(bytes: number, path: string): void {
    this.#bytes += bytes
    this.#control.progress(this.#files, this.#bytes, path)
  }

  #done(bytes: number, path: string): void {
    this.#files++
    this.#count(bytes, path)
  }
}

/** Asks for the blocks of the next files, so that no writer waits for one round trip after another. */
class Ahead {
  readonly #drive: Hyperdrive
  readonly #files: readonly FileTarget[]
  #requested = 0
  #bytes = 0
  #downloads: { readonly index: number; readonly bytes: number; destroy(): void }[] = []

  constructor(drive: Hyperdrive, files: readonly FileTarget[]) {
    this.#drive = drive
    this.#files = files
  }

  /** The file at `index` is being written now. */
  advance(index: number): void {
    const core = this.#drive.blobs?.core
    if (core === undefined) return
    for (const passed of this.#downloads.filter(download => download.index < index - WRITERS * 2)) {
      passed.destroy()
      this.#bytes -= passed.bytes
    }
    this.#downloads = this.#downloads.filter(download => download.index >= index - WRITERS * 2)
    this.#requested = Math.max(this.#requested, index)
    while (this.#requested < this.#files.length && this.#bytes < AHEAD) {
      // Neighbours in the core are asked for as one range.
      const first = this.#files[this.#requested]!.file.blob
      let bytes = 0
      let end = first?.blockOffset ?? 0
      const index = this.#requested
      while (this.#requested < this.#files.length && bytes < AHEAD / 8) {
        const { blob, size } = this.#files[this.#requested]!.file
        if (blob !== null && (blob.blockMap === true || blob.blockOffset !== end)) break
        end += blob?.blockLength ?? 0
        bytes += size
        this.#requested++
      }
      if (this.#requested === index) this.#requested++
      if (first === null || end === first?.blockOffset) continue
      const range = core.download({ start: first!.blockOffset, end, linear: true })
      this.#downloads.push({ index: this.#requested - 1, bytes, destroy: () => range.destroy() })
      this.#bytes += bytes
    }
  }

  end(): void {
    for (const download of this.#downloads) download.destroy()
    this.#downloads = []
  }
}

/** Of this selection alone: another one may be on its way into the same folder. */
const partsOf = ({ folder, paths, follow }: DownloadOptions, drive: Hyperdrive) =>
  join(
    folder,
    PARTS,
    createHash('sha256')
      .update(`${drive.discoveryKey.toString('hex')}\0${follow ? 'follow' : ''}\0${paths.join('\0')}`)
      .digest('hex')
      .slice(0, 16),
  )

/** The folders that lie above a path. */
function above(relative: string): readonly string[] {
  const folders: string[] = []
  for (let end = relative.indexOf('/', 1); end !== -1; end = relative.indexOf('/', end + 1))
    folders.push(relative.slice(0, end))
  return folders
}

/** The file system may keep coarser times than the archive. */
const sameTime = (stats: Stats, modified: number) =>
  Math.abs(stats.mtimeMs - modified) < 0.01 ||
  (Math.floor(stats.mtimeMs / 1000) * 1000 === stats.mtimeMs && Math.abs(stats.mtimeMs - modified) < 2000)

const linkContent = (target: string) => `link ${target}`

/** It is still as we wrote it. */
async function isOurs(local: string, stats: Stats, written: Written | null): Promise<boolean> {
  if (written === null) return false
  if (stats.isSymbolicLink()) return written.content === linkContent(await readlink(local))
  return (
    stats.isFile() && stats.size === written.size && (written.modified === null || sameTime(stats, written.modified))
  )
}

async function setMode({ local, file }: FileTarget): Promise<void> {
  const stats = await statOf(local)
  if (stats === null || process.platform === 'win32' || ((stats.mode & 0o111) !== 0) === file.executable) return
  await chmod(local, file.executable ? stats.mode | 0o111 : stats.mode & ~0o111)
}

/**
 * `utimes` takes seconds as a double, exact to a quarter of a microsecond, and cuts off what follows the nanosecond:
 * aimed at the middle of the microsecond, it hits the one that was recorded.
 */
const setTime = (path: string, modified: number) => utimes(path, (modified + 0.0005) / 1000, (modified + 0.0005) / 1000)

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw explain(error, path)
  }
}

async function makeRoot(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw explain(error, folder)
  }
}

async function requireRoom(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = Math.floor(bavail * bsize * (1 - SPARE))
  if (needed > free)
    throw new AppError('NO_ROOM', `There is not enough room in ${folder}.`, { path: folder, needed, free })
}

async function besideName(local: string): Promise<string> {
  const extension = extname(nameOf(local.replaceAll('\\', '/')))
  const stem = local.slice(0, local.length - extension.length)
  const day = new Date().toISOString().slice(0, 10)
  for (let number = 1; ; number++) {
    const name = `${stem} (my version ${day}${number === 1 ? '' : ` ${number}`})${extension}`
    if ((await statOf(name)) === null) return name
  }
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let above = folder; above.length > root.length; above = dirname(above)) {
    if ((await readdir(above).catch(() => ['?'])).length > 0) return
    await rmdir(above).catch(() => {})
  }
}

function explain(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AppError('NO_ROOM', 'The disk is full. Make room; the download goes on from where it stopped.', {
      path,
      needed: 0,
      free: 0,
    })
  if (code !== undefined && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EIO', 'EISDIR'].includes(code))
    return new AppError('FOLDER_NOT_WRITABLE', `${path} cannot be written: ${message}.`, { path, why: message })
  return error
}
