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
  mkdtemp,
  open,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { Control } from '../transfers/transfers.ts'
import { NamePolicy } from '../lib/names.ts'
import { unlessAborted } from './blob.ts'
import { type ArchiveFile, nameOf } from './entries.ts'
import type { Manifest, Written } from './manifest.ts'
import { contentsOf, fromTheStart, type Piece, placeAfter, SetAside } from './pipeline.ts'
import {
  inFetchOrder,
  type Instead,
  NOT_THERE,
  PARTS,
  select,
  type SelectedFile,
  type SelectedLink,
} from './selection.ts'
import { type SmallFile, writeSmallFiles } from './writing.ts'

/** Files up to this size are written many at once, on a thread of their own; in bytes. */
const SMALL = 256 << 10
const BATCH_FILES = 128
const BATCH_BYTES = 2 << 20
/** A batch waits this long for more, in milliseconds. */
const BATCH_TIME = 300
/** Handed to that thread and not written yet. */
const BATCHES = 3
/** Of one large file, taken over and not written yet; in bytes. */
const UNWRITTEN = 2 << 20
/** A large file is synced while it grows, so that the end of it does not wait for all of it; in bytes. */
const SYNC_EVERY = 64 << 20
/** Left free on the disk, of what is free. */
const SPARE = 0.05
const STALLED = 3000
/** Between two rounds in which nothing came. */
const ROUND = 1000
const MANY_REMOVALS = 1000

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
  /** What stands in place of entries of the snapshot. */
  readonly instead?: Instead
  readonly manifest: Ledger
  /** Each lies below the folder under its path without this; otherwise under what was chosen. */
  readonly base?: string
  /** Of what lies there, only this. */
  readonly only?: (path: string) => boolean
}

/** What of the folder is ours. */
export type Ledger = Pick<Manifest, 'get' | 'paths' | 'announce' | 'settle' | 'withdraw' | 'delete' | 'close'>

type Target = { readonly path: string; readonly local: string; readonly relative: string }
type FileTarget = Target & SelectedFile
type LinkTarget = Target & SelectedLink

/** Throws FOLDER_NOT_WRITABLE, NO_ROOM, PATH_NOT_FOUND, NOT_AVAILABLE; the signal's reason when ended. */
export async function download(
  drive: Hyperdrive,
  snapshot: Hyperdrive,
  options: DownloadOptions,
  control: Control,
): Promise<void> {
  const { signal } = control
  const policy = new NamePolicy(process.platform)
  await requireWritable(options.folder)
  const skipped = (one: Skipped) => control.skipped(one)
  const selection = await unlessAborted(
    select(
      {
        drive,
        snapshot,
        paths: options.paths,
        base: options.base,
        only: options.only,
        instead: options.instead,
        policy,
      },
      skipped,
      signal,
      waiting => control.waitingForPeers(waiting),
    ),
    signal,
  )
  const local = (relative: string) => policy.localPath(options.folder, relative)
  const files = inFetchOrder(selection.files).map(
    ({ file, relative }): FileTarget => ({ path: file.path, relative, local: local(relative), file }),
  )
  const links = selection.links.map(
    ({ link, relative }): LinkTarget => ({ path: link.path, relative, local: local(relative), link }),
  )
  const wanted = new Set([...files, ...links].map(({ relative }) => relative))
  const total = { files: files.length + links.length, bytes: files.reduce((sum, { file }) => sum + file.size, 0) }
  const writer = new Writer(drive, options, policy, control, total)
  try {
    if (options.follow) await writer.removeWhatIsGone(wanted, 'in-the-way')
    const missing = await writer.takeWhatIsThere(files)
    await requireRoom(options.folder, await writer.bytesToWrite(missing))
    await writer.writeFiles(missing)
    for (const link of links) await writer.writeLink(link)
    signal.throwIfAborted()
    if (options.follow) await writer.removeWhatIsGone(wanted, 'all')
    await rm(partsOf(options, drive), { recursive: true, force: true })
    // Stays if another download is using it.
    await rmdir(join(options.folder, PARTS)).catch(() => {})
  } finally {
    await options.manifest.close()
  }
}

class Writer {
  readonly #drive: Hyperdrive
  readonly #options: DownloadOptions
  readonly #policy: NamePolicy
  readonly #control: Control
  readonly #folders = new Map<string, Promise<Skipped | null>>()
  readonly #parts: string
  /** A truncated log gives the same places to other bytes. */
  readonly #fork: number
  /** Without what turned out to be left out: of that nothing is done. */
  #total: { readonly files: number; readonly bytes: number }
  #files = 0
  #bytes = 0
  /** Of the large file that is being written, and of those that were set aside. */
  #growing = 0
  readonly #aside = new Map<string, number>()
  #heardAt = performance.now()
  /** Nobody had what was asked for since then. */
  #inVain = false
  #stuck = false

  constructor(
    drive: Hyperdrive,
    options: DownloadOptions,
    policy: NamePolicy,
    control: Control,
    total: { readonly files: number; readonly bytes: number },
  ) {
    this.#drive = drive
    this.#total = total
    control.totals(total.files, total.bytes)
    this.#policy = policy
    this.#options = options
    this.#control = control
    this.#parts = partsOf(options, drive)
    this.#fork = drive.blobs?.core.fork ?? 0
  }

  /** Counts the files that are there already, and returns the others. */
  async takeWhatIsThere(files: readonly FileTarget[]): Promise<readonly FileTarget[]> {
    const firstName = (path: string) => this.#policy.fold(path.split('/')[0]!)
    const there = new Set((await readdir(this.#options.folder)).map(firstName))
    const missing = files.filter(({ relative }) => !there.has(firstName(relative.slice(1))))
    const perhaps = files.filter(({ relative }) => there.has(firstName(relative.slice(1))))
    for (let start = 0; start < perhaps.length; start += 64) {
      this.#control.signal.throwIfAborted()
      const part = perhaps.slice(start, start + 64)
      const equal = await Promise.all(part.map(async target => this.#isEqual(target, await statOf(target.local))))
      for (const [index, target] of part.entries()) {
        if (!equal[index]) missing.push(target)
        else {
          await setMode(target)
          const { manifest } = this.#options
          if (manifest.get(target.relative).length > 1)
            await manifest.settle(target.relative, this.#contentOf(target.file))
          this.#done(target.file.size, target.path)
        }
      }
    }
    return perhaps.length === 0 ? missing : inFetchOrder(missing)
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
    if (files.length === 0) return
    const { signal } = this.#control
    await mkdir(this.#parts, { recursive: true })
    const { core } = await unlessAborted(this.#drive.getBlobs(), signal)
    const watchdog = setInterval(() => this.#tellWhetherStuck(core), ROUND)
    try {
      for (let left = files; left.length > 0; ) {
        const before = this.#progress
        left = await this.#writeRound(core, left)
        if (left.length > 0 && this.#progress === before) await sleep(ROUND, undefined, { signal })
      }
    } finally {
      clearInterval(watchdog)
    }
  }

  /** Returns what nobody had. */
  async #writeRound(core: Hypercore, files: readonly FileTarget[]): Promise<readonly FileTarget[]> {
    const { signal } = this.#control
    const again: FileTarget[] = []
    let batch: SmallFile[] = []
    let targets: FileTarget[] = []
    let bytes = 0
    let begun = 0
    const writing: Promise<void>[] = []
    const flush = async () => {
      if (batch.length === 0) return
      const writes = this.#writeSmall(targets, batch)
      // Its failure is met below.
      writes.catch(() => {})
      writing.push(writes)
      batch = []
      targets = []
      bytes = 0
      if (writing.length >= BATCHES) await writing.shift()
    }
    try {
      for await (const { target, from, chunks } of contentsOf(this.#drive, await this.#pieces(core, files), signal)) {
        const { file, local, path } = target
        try {
          const refused = await this.#makeFolder(dirname(local), path)
          if (refused !== null) this.#skip(target, refused)
          else if (file.size > SMALL) {
            await flush()
            await this.#writeLarge(target, from, chunks)
          } else {
            const content: Buffer[] = []
            for await (const chunk of chunks) content.push(chunk)
            this.#heard()
            const part = join(this.#parts, this.#partName(target))
            if (batch.length === 0) begun = performance.now()
            // Whoever wrote it knows the time of it beforehand: see `Manifest.announce`.
            batch.push({ ...file, part, local, content, modified: file.modified ?? Date.now() })
            targets.push(target)
            bytes += file.size
            const waited = performance.now() - begun
            if (batch.length >= BATCH_FILES || bytes >= BATCH_BYTES || waited > BATCH_TIME) await flush()
          }
        } catch (error) {
          signal.throwIfAborted()
          if (error instanceof SetAside) {
            this.#inVain = true
            again.push(target)
            await flush()
          } else if (error instanceof AppError && error.is('NOT_AVAILABLE')) this.#skip(target, { path, ...NOT_THERE })
          else throw explain(error, local)
        }
      }
      await flush()
    } finally {
      await Promise.allSettled(writing)
    }
    await Promise.all(writing)
    return again
  }

  /** Where each begins: behind what its part holds of it. */
  async #pieces(core: Hypercore, files: readonly FileTarget[]): Promise<readonly Piece<FileTarget>[]> {
    const parts = new Set(await readdir(this.#parts))
    const pieces: Piece<FileTarget>[] = []
    for (const target of files) {
      const { file } = target
      const name = this.#partName(target)
      const held = file.size > SMALL && parts.has(name) ? ((await statOf(join(this.#parts, name)))?.size ?? 0) : 0
      const from = Math.min(held, file.size)
      // Of a part that is whole, the last byte is asked for again: it shows where the others end.
      const place = from === 0 ? fromTheStart(file) : await placeAfter(core, file, Math.min(from, file.size - 1))
      pieces.push({ target, file, place })
    }
    return pieces
  }

  async #writeSmall(targets: readonly FileTarget[], batch: readonly SmallFile[]): Promise<void> {
    // Together, since all of it is noted in one call then.
    await Promise.all(batch.map(({ modified }, index) => this.#announce(targets[index]!, modified)))
    const outcomes = await writeSmallFiles(batch)
    await Promise.all(
      outcomes.map(async (outcome, index) => {
        if (outcome.name === 'written') await this.#settle(targets[index]!)
      }),
    )
    for (const [index, outcome] of outcomes.entries()) {
      const target = targets[index]!
      if (outcome.name === 'failed') throw explain(outcome.error, target.local)
      if (outcome.name === 'in-the-way') await this.#putInPlace(target, batch[index]!.part, batch[index]!.modified)
    }
  }

  async #writeLarge(target: FileTarget, from: number, chunks: AsyncIterable<Buffer>): Promise<void> {
    const { file, path } = target
    const refused = await this.#clearTheWay(target, false)
    if (refused !== null) return this.#skip(target, refused)
    const part = join(this.#parts, this.#partName(target))
    const handle = await open(part, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o644)
    this.#aside.delete(path)
    this.#growing = from
    try {
      await handle.truncate(from)
      const growing = new GrowingFile(handle, from)
      try {
        for await (const chunk of chunks) {
          await growing.write(chunk)
          this.#heard()
          this.#growing += chunk.byteLength
          this.#tell(path)
        }
      } finally {
        await growing.written()
      }
      await handle.sync()
    } catch (error) {
      if (error instanceof SetAside) this.#aside.set(path, this.#growing)
      throw error
    } finally {
      this.#growing = 0
      await handle.close()
    }
    if (file.executable) await chmod(part, 0o755)
    if (file.modified !== null) await setTime(part, file.modified)
    await this.#putInPlace(target, part, file.modified ?? (await lstat(part)).mtimeMs)
  }

  /** Where the archive has no time, the one on the disk tells later whether the person has changed it. */
  async #putInPlace(target: FileTarget, part: string, modified: number): Promise<void> {
    const refused = await this.#clearTheWay(target, false)
    if (refused !== null) {
      await rm(part, { force: true })
      await this.#options.manifest.withdraw(target.relative, this.#written(target, modified))
      return this.#skip(target, refused)
    }
    await this.#announce(target, modified)
    await rename(part, target.local).catch(error => {
      throw explain(error, target.local)
    })
    await this.#settle(target)
  }

  #announce(target: FileTarget, modified: number): Promise<void> {
    return this.#options.manifest.announce(target.relative, this.#written(target, modified))
  }

  #written({ file }: FileTarget, modified: number): Written {
    return { size: file.size, modified, content: this.#contentOf(file) }
  }

  async #settle({ file, relative, path }: FileTarget): Promise<void> {
    await this.#options.manifest.settle(relative, this.#contentOf(file))
    this.#done(file.size, path)
  }

  #skip({ file, path }: FileTarget, skipped: Skipped): void {
    this.#aside.delete(path)
    this.#leaveOut(skipped, file.size)
    this.#tell(path)
  }

  #leaveOut(skipped: Skipped, bytes: number): void {
    this.#control.skipped(skipped)
    this.#total = { files: this.#total.files - 1, bytes: this.#total.bytes - bytes }
    this.#control.totals(this.#total.files, this.#total.bytes)
  }

  #heard(): void {
    this.#heardAt = performance.now()
    this.#inVain = false
  }

  #tellWhetherStuck(core: Hypercore): void {
    const stuck = performance.now() - this.#heardAt > STALLED && (core.peers.length === 0 || this.#inVain)
    if (stuck === this.#stuck) return
    this.#stuck = stuck
    this.#control.waitingForPeers(stuck)
  }

  async writeLink(target: LinkTarget): Promise<void> {
    this.#control.signal.throwIfAborted()
    const { link, local, relative, path } = target
    const refused = (await this.#makeFolder(dirname(local), path)) ?? this.#policy.checkTarget(relative, link.target)
    const there = await statOf(local)
    if (refused !== null) return this.#leaveOut({ ...refused, path }, 0)
    if (!(there?.isSymbolicLink() && (await readlink(local)) === link.target)) {
      const inTheWay = await this.#clearTheWay(target, true)
      if (inTheWay !== null) return this.#leaveOut(inTheWay, 0)
      await this.#options.manifest.announce(relative, { size: 0, modified: null, content: linkContent(link.target) })
      await symlink(link.target, local)
    }
    await this.#options.manifest.settle(relative, linkContent(link.target))
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
    const ours: (string | null)[] = []
    for (const written of this.#options.manifest.get(relative))
      if (written.content !== null && (await isOne(local, stats, written))) ours.push(written.content)
    // Where it may be either of two, it is neither.
    return ours.length === 0 ? file.modified !== null : ours.every(content => content === this.#contentOf(file))
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

  get #progress(): number {
    return [...this.#aside.values()].reduce((sum, bytes) => sum + bytes, this.#bytes + this.#growing)
  }

  #tell(path: string): void {
    this.#control.progress(this.#files, this.#progress, path)
  }

  #done(bytes: number, path: string): void {
    this.#files++
    this.#bytes += bytes
    this.#tell(path)
  }
}

/**
 * A file that is written from one place on, in order: whenever it is cut off, what is there is right. What comes while a
 * write is on its way to the disk is written together.
 */
class GrowingFile {
  readonly #handle: FileHandle
  #position: number
  #chunks: Buffer[] = []
  #unwritten = 0
  #unsynced = 0
  #writing: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(handle: FileHandle, position: number) {
    this.#handle = handle
    this.#position = position
  }

  /** Resolves when the next one may come. Throws what went wrong with an earlier one. */
  async write(chunk: Buffer): Promise<void> {
    this.#chunks.push(chunk)
    this.#unwritten += chunk.byteLength
    this.#writing ??= this.#run()
    while (this.#unwritten > UNWRITTEN && this.#failure === null) await this.#writing
    if (this.#failure !== null) throw this.#failure.error
  }

  async written(): Promise<void> {
    await this.#writing
    if (this.#failure !== null) throw this.#failure.error
  }

  async #run(): Promise<void> {
    try {
      while (this.#chunks.length > 0) {
        const chunks = this.#chunks
        this.#chunks = []
        const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
        await this.#writeAll(chunks, bytes)
        this.#unwritten -= bytes
        this.#unsynced += bytes
        if (this.#unsynced >= SYNC_EVERY) {
          await this.#handle.datasync()
          this.#unsynced = 0
        }
      }
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#writing = null
    }
  }

  async #writeAll(chunks: readonly Buffer[], bytes: number): Promise<void> {
    const { bytesWritten } = await this.#handle.writev(chunks, this.#position)
    this.#position += bytesWritten
    if (bytesWritten === bytes) return
    // A disk that takes a part of it says why with the next write.
    for (let rest = Buffer.concat(chunks).subarray(bytesWritten); rest.byteLength > 0; ) {
      const { bytesWritten } = await this.#handle.write(rest, 0, rest.byteLength, this.#position)
      this.#position += bytesWritten
      rest = rest.subarray(bytesWritten)
    }
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

/** In milliseconds: those of FAT and of some servers are whole seconds, those of exFAT hundredths. */
const COARSE = [
  { kept: 1000, apart: 2000 },
  { kept: 10, apart: 10 },
] as const

/** The file system may keep coarser times than the archive. */
const sameTime = ({ mtimeMs }: Stats, modified: number) => {
  const apart = Math.abs(mtimeMs - modified)
  return apart < 0.01 || COARSE.some(coarse => mtimeMs % coarse.kept === 0 && apart < coarse.apart)
}

const linkContent = (target: string) => `link ${target}`

/** It is still as we wrote it. */
async function isOurs(local: string, stats: Stats, known: readonly Written[]): Promise<boolean> {
  for (const written of known) if (await isOne(local, stats, written)) return true
  return false
}

async function isOne(local: string, stats: Stats, written: Written): Promise<boolean> {
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

/** Without `recursive`: Node's own never ends where a file system says of a folder that stands that it does not. */
async function makeFolders(folder: string): Promise<void> {
  const isThere = async () => (await stat(folder).catch(() => null))?.isDirectory() ?? false
  if (await isThere()) return
  if (dirname(folder) !== folder) await makeFolders(dirname(folder))
  await mkdir(folder).catch(async error => {
    // Another download may have been quicker.
    if (!(await isThere())) throw error
  })
}

/** Makes the folder where it is not there yet. Throws FOLDER_NOT_WRITABLE, also where it stands and takes nothing; NO_ROOM. */
export async function requireWritable(folder: string): Promise<void> {
  try {
    await makeFolders(folder)
    // Modes alone do not tell: a disk may be mounted for reading, and an administrator passes them.
    await rmdir(await mkdtemp(join(folder, `${PARTS}-`)))
  } catch (error) {
    const explained = explain(error, folder)
    throw explained instanceof AppError ? explained : notWritable(folder, 'nothing can be made there')
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
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AppError('NO_ROOM', 'The disk is full. Make room; the download goes on from where it stopped.', {
      path,
      needed: 0,
      free: 0,
    })
  const why = code === undefined ? undefined : WHY[code]
  return why === undefined ? error : notWritable(path, why)
}

const STANDS = 'a file stands where a folder is needed'
const DENIED = 'this account may not write there'
const WHY: Readonly<Record<string, string>> = {
  EEXIST: STANDS,
  ENOTDIR: STANDS,
  EACCES: DENIED,
  EPERM: DENIED,
  EROFS: 'that disk can only be read',
  EIO: 'the disk reports a fault',
  EISDIR: 'a folder stands where a file is needed',
}

const notWritable = (path: string, why: string) =>
  new AppError('FOLDER_NOT_WRITABLE', `${path} cannot be written to: ${why}. Choose another folder.`, { path, why })
