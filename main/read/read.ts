/** From archives to people: lists, single entries, bytes, downloads, and copies that are kept. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, realpath } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Hyperdrive from 'hyperdrive'
import { AppError, type ErrorCode } from '../../preload/contract/errors.ts'
import type { Entry, EntryPage } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import type { DownloadRecord, Registry } from '../archives/registry.ts'
import type { Control, Transfers } from '../transfers/transfers.ts'
import { readBlob } from './blob.ts'
import { download } from './download.ts'
import { type ArchiveEntry, children, heldOf, nameOf, readEntry } from './entries.ts'
import { Manifest } from './manifest.ts'

/** A folder follows its archive after this much quiet, in milliseconds. */
const QUIET = 500
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['VERSION_NOT_FOUND', 'PATH_NOT_FOUND', 'NOT_THE_PINNED_VERSION'])

export class Reading {
  readonly #storage: string
  readonly #archives: Archives
  readonly #registry: Registry
  readonly #transfers: Transfers
  /** The version that a kept folder was last brought to. */
  readonly #followed = new Map<string, number>()
  /** Kept archives whose first filling has had its row. */
  readonly #filled = new Set<string>()
  readonly #soon = new Map<string, NodeJS.Timeout>()

  constructor(storage: string, archives: Archives, registry: Registry, transfers: Transfers) {
    this.#storage = storage
    this.#archives = archives
    this.#registry = registry
    this.#transfers = transfers
  }

  /** Goes on with downloads and kept copies. */
  start(): void {
    for (const record of this.#registry.downloads.values()) this.#addDownload(record)
    this.#archives.onChange(key => this.#followSoon(key))
    for (const { key } of this.#archives.records()) this.#followSoon(key)
  }

  close(): void {
    for (const timer of this.#soon.values()) clearTimeout(timer)
    this.#soon.clear()
  }

  async list(
    key: string,
    version: number | null,
    folder: string,
    cursor: string | null,
    limit: number,
  ): Promise<EntryPage> {
    await this.#archives.verifyPin(key, version)
    const page = await this.#page(key, version, folder, cursor, limit)
    this.#archives.looked(key)
    return page
  }

  #page(key: string, version: number | null, folder: string, cursor: string | null, limit: number): Promise<EntryPage> {
    return this.#archives.get(key).at(version, async (snapshot, version) => {
      const entries: Entry[] = []
      let last: string | null = null
      for await (const child of children(snapshot, clean(folder), cursor)) {
        if (entries.length === limit) return { entries, cursor: last, version }
        const prefix = clean(folder) === '/' ? '' : clean(folder)
        entries.push(
          child.kind === 'folder' ? folderEntry(`${prefix}/${child.name}`) : await shown(snapshot, child.entry),
        )
        last = child.cursor
      }
      return { entries, cursor: null, version }
    })
  }

  async entry(key: string, version: number | null, path: string): Promise<Entry | null> {
    await this.#archives.verifyPin(key, version)
    return this.#archives.get(key).at(version, async snapshot => {
      if (clean(path) === '/') return folderEntry('/')
      const node = await snapshot.entry(clean(path))
      const entry = node === null ? null : await readEntry(snapshot, node)
      if (entry !== null) return shown(snapshot, entry)
      for await (const _ of children(snapshot, clean(path), null)) return folderEntry(clean(path))
      return null
    })
  }

  async bytes(
    key: string,
    version: number | null,
    path: string,
    start: number,
    length: number,
    signal: AbortSignal,
  ): Promise<{ readonly base64: string; readonly size: number }> {
    await this.#archives.verifyPin(key, version)
    return this.#archives.get(key).at(version, async snapshot => {
      const node = clean(path) === '/' ? null : await snapshot.entry(clean(path))
      const entry = node === null ? null : await readEntry(snapshot, node)
      if (entry === null) throw new AppError('PATH_NOT_FOUND', `There is no ${path} in this version.`, { key, path })
      if (entry.kind !== 'file') throw new AppError('NOT_A_FILE', `${path} is a link.`, { path })
      const parts: Buffer[] = []
      const from = Math.min(start, entry.size)
      for await (const chunk of readBlob(
        snapshot,
        entry,
        { start: from, length: Math.min(length, entry.size - from) },
        signal,
      ))
        parts.push(chunk)
      return { base64: Buffer.concat(parts).toString('base64'), size: entry.size }
    })
  }

  /** Asking twice for the same finds the transfer that is there. */
  async download(input: {
    readonly key: string
    readonly version: number | null
    readonly paths: readonly string[]
    readonly folder: string
    readonly overwrite: boolean
  }): Promise<string> {
    const archive = this.#archives.get(input.key)
    if (!archive.known)
      throw new AppError('ARCHIVE_NOT_READY', 'Nothing of this archive has been found yet.', { key: input.key })
    const folder = resolve(input.folder)
    await this.#refuseSources(folder)
    const paths = input.paths.map(clean)
    const version = input.version ?? archive.length
    await this.#archives.verifyPin(input.key, version)
    const same = [...this.#registry.downloads.values()].find(
      record => record.key === input.key && record.folder === folder && record.paths.join('\0') === paths.join('\0'),
    )
    const record: DownloadRecord = {
      id: same?.id ?? `download-${randomUUID()}`,
      key: input.key,
      version,
      paths,
      folder,
      overwrite: input.overwrite,
      paused: false,
      startedAt: Date.now(),
    }
    // Another version is what the person asks for now.
    if (
      same !== undefined &&
      (same.version !== version || same.overwrite !== input.overwrite) &&
      this.#transfers.rows.get(same.id) !== undefined
    )
      await this.#transfers.pause(same.id)
    await this.#registry.setDownload(record)
    return this.#addDownload(record)
  }

  async keep(key: string, keep: boolean): Promise<void> {
    if (this.#archives.record(key).namespace !== null) return
    await this.#archives.setKeeping(key, keep ? { how: 'all' } : { how: 'look' })
    if (!keep)
      for (const id of [keepId(key), folderId(key)])
        if (this.#transfers.rows.get(id) !== undefined) await this.#transfers.cancel(id)
    if (keep) this.#addKeep(key)
  }

  async keepInFolder(key: string, folder: string): Promise<string> {
    if (this.#archives.record(key).namespace !== null)
      throw new AppError('ARCHIVE_READ_ONLY', 'This archive is yours: it is in its folder already.', { key })
    const path = resolve(folder)
    await this.#refuseSources(path)
    for (const other of this.#archives.records())
      if (other.key !== key && other.keeping.how === 'folder' && other.keeping.folder === path)
        throw new AppError('FOLDER_IN_USE', `${path} follows another archive.`, { path, key: other.key })
    await mkdir(path, { recursive: true }).catch((error: Error) => {
      throw new AppError('FOLDER_NOT_WRITABLE', `${path} cannot be made: ${error.message}.`, {
        path,
        why: error.message,
      })
    })
    await this.#archives.setKeeping(key, { how: 'folder', folder: path })
    this.#followed.delete(key)
    this.#addFolder(key)
    this.#addKeep(key)
    return folderId(key)
  }

  #addDownload(record: DownloadRecord): string {
    const { id, key, version, folder, startedAt } = record
    return this.#transfers.add(
      {
        id,
        kind: 'download',
        key,
        title: this.#archives.row(key).title,
        folder,
        startedAt,
        run: async control => {
          try {
            await this.#write(
              key,
              version,
              record.paths,
              folder,
              record.overwrite ? 'replace' : 'leave',
              false,
              control,
            )
          } catch (error) {
            // What can never succeed is not tried again at every start.
            if (error instanceof AppError && HOPELESS.has(error.code)) await this.#registry.removeDownload(id)
            throw error
          }
        },
        onPaused: paused => this.#registry.setDownload({ ...record, paused }),
        onEnded: () => this.#registry.removeDownload(id),
      },
      record.paused,
    )
  }

  async #write(
    key: string,
    version: number,
    paths: readonly string[],
    folder: string,
    inTheWay: 'leave' | 'replace' | 'keep-beside',
    follow: boolean,
    control: Control,
  ): Promise<void> {
    const archive = this.#archives.get(key)
    const signal = AbortSignal.any([control.signal, this.#archives.life(key)])
    const manifest = await Manifest.open(this.#storage, key, folder)
    while (true) {
      try {
        await archive.at(version, snapshot =>
          download(archive.drive, snapshot, { paths, folder, inTheWay, follow, manifest }, { ...control, signal }),
        )
        return
      } catch (error) {
        // The list itself is not here yet: it is waited for as content is.
        if (!(error instanceof AppError && error.is('NOT_AVAILABLE')) || signal.aborted) throw error
        control.waitingForPeers(true)
        if (archive.drive.core.peers.length === 0) await once(archive.drive.core, 'peer-add', { signal })
        control.waitingForPeers(false)
      }
    }
  }

  #followSoon(key: string): void {
    if (this.#soon.has(key) || !this.#archives.has(key)) return
    const { keeping, namespace } = this.#archives.record(key)
    if (namespace !== null || keeping.how === 'look') return
    this.#soon.set(
      key,
      setTimeout(() => {
        this.#soon.delete(key)
        if (!this.#archives.has(key)) return
        const { keeping } = this.#archives.record(key)
        const archive = this.#archives.get(key)
        if (keeping.how === 'look' || !archive.known) return
        const { held, of } = archive.heldBlocks()
        if ((of === 0 || held < of) && !this.#filled.has(key)) this.#addKeep(key)
        const state = this.#transfers.rows.get(folderId(key))?.state.name
        // Until the person lets it go on: a new version is no reason to.
        if (state === 'paused' || state === 'cancelled') return
        if (keeping.how === 'folder' && this.#followed.get(key) !== archive.length) this.#addFolder(key)
      }, QUIET).unref(),
    )
  }

  /** The row shows the first filling; later versions are fetched as they come, without one. */
  #addKeep(key: string): void {
    const row = this.#transfers.rows.get(keepId(key))
    if (row !== undefined && row.state.name !== 'cancelled') return
    this.#filled.add(key)
    this.#transfers.add({
      id: keepId(key),
      kind: 'keep',
      key,
      title: this.#archives.row(key).title,
      folder: null,
      startedAt: Date.now(),
      run: control => this.#fill(key, control),
    })
  }

  async #fill(key: string, control: Control): Promise<void> {
    const archive = this.#archives.get(key)
    const signal = AbortSignal.any([control.signal, this.#archives.life(key)])
    while (!signal.aborted) {
      const blobs = archive.blobs
      const { held, of } = archive.heldBlocks()
      const list = archive.drive.core
      const listed = list.core?.bitfield.countSet(0, list.length) ?? 0
      const { files, bytes } = this.#archives.row(key)
      if (blobs !== null && blobs.core.length > 0) {
        const all = blobs.core.byteLength
        const done = of === 0 ? 0 : held / of
        control.totals(files ?? of, all)
        control.progress(Math.floor((files ?? of) * done), Math.round(all * done), null)
      }
      // An archive whose only content is empty files has no blobs at all.
      const nothingToFetch = bytes === 0 && list.length > 1
      if (listed === list.length && list.length > 0 && ((of > 0 && held === of) || nothingToFetch)) return
      const alone = list.peers.length === 0
      control.waitingForPeers(alone)
      await sleep(250, undefined, { signal })
    }
    signal.throwIfAborted()
  }

  #addFolder(key: string): void {
    const { keeping } = this.#archives.record(key)
    if (keeping.how !== 'folder') return
    const { folder } = keeping
    this.#transfers.add({
      id: folderId(key),
      kind: 'folder',
      key,
      title: this.#archives.row(key).title,
      folder,
      startedAt: Date.now(),
      run: async control => {
        const archive = this.#archives.get(key)
        const signal = AbortSignal.any([control.signal, this.#archives.life(key)])
        while (!archive.known) await sleep(QUIET, undefined, { signal })
        const version = archive.length
        await this.#write(key, version, ['/'], folder, 'keep-beside', true, control)
        this.#followed.set(key, version)
        // What came meanwhile.
        if (archive.length !== version) this.#followSoon(key)
      },
    })
  }

  /** Writing into a folder that is published would publish what is written. */
  async #refuseSources(folder: string): Promise<void> {
    const real = await realpath(folder).catch(() => folder)
    const inside = (a: string, b: string) => a === b || a.startsWith(join(b, sep))
    if (inside(real, await realpath(this.#storage)))
      throw new AppError('FOLDER_IN_USE', `${folder} is Cairn's own storage. Choose another folder.`, {
        path: folder,
        key: '',
      })
    for (const { key, source } of this.#archives.records())
      for (const item of source?.items ?? [])
        if (item.kind === 'folder' && inside(real, item.path))
          throw new AppError('FOLDER_IN_USE', `${folder} lies in a folder that you publish. Choose another one.`, {
            path: folder,
            key,
          })
  }
}

const keepId = (key: string) => `keep-${key}`
const folderId = (key: string) => `folder-${key}`

/** Without a slash at the end. */
const clean = (path: string): string => (path === '/' ? '/' : path.replace(/\/+$/, '') || '/')

const folderEntry = (path: string): Entry => ({
  kind: 'folder',
  name: nameOf(path),
  path,
  size: 0,
  modified: null,
  executable: false,
  target: null,
  held: null,
})

async function shown(snapshot: Hyperdrive, entry: ArchiveEntry): Promise<Entry> {
  const { kind, path, modified } = entry
  const held = heldOf(snapshot, entry)
  if (entry.kind === 'link')
    return { kind, name: nameOf(path), path, size: 0, modified, executable: false, target: entry.target, held }
  return {
    kind,
    name: nameOf(path),
    path,
    size: entry.size,
    modified,
    executable: entry.executable,
    target: null,
    held,
  }
}
