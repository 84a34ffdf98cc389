/** From archives to people: lists, single entries, bytes and downloads. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type Hyperdrive from 'hyperdrive'
import { AppError, type ErrorCode } from '../../preload/contract/errors.ts'
import type { Entry, EntryPage, FolderSize, Skipped, ZipPart } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import type { DownloadRecord, Registry } from '../archives/registry.ts'
import type { Control, Transfers } from '../transfers/transfers.ts'
import { readAsTaken } from './ahead.ts'
import { download, requireWritable } from './download.ts'
import { requireOwnPlace } from './destination.ts'
import { children, folderEntry, nodeAt, readEntry, shown } from './entries.ts'
import { Manifest } from './manifest.ts'
import { type Measuring, Sizes } from './sizes.ts'
import { rememberTree } from '../lib/tree-nodes.ts'
import { planZip } from './zipping.ts'

/** A page that has to be fetched is given out as far as it is there after so many milliseconds, if it fills a screen. */
const SOON = 250
const SCREEN = 25
/** And after so many if it does not: what is on its way is asked for anew with the next page. */
const LATE = 1000
/** Entries that are fetched ahead of what is given out: two screens at first, then a few more. */
const SCREENS = { first: 50, further: 200 } as const

const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  'VERSION_NOT_FOUND',
  'VERSION_TAKEN_BACK',
  'PATH_NOT_FOUND',
  'NOT_THE_PINNED_VERSION',
])

export class Reading {
  readonly #storage: string
  readonly #archives: Archives
  readonly #registry: Registry
  readonly #transfers: Transfers
  readonly #sizes: Sizes

  constructor(storage: string, archives: Archives, registry: Registry, transfers: Transfers) {
    this.#storage = storage
    this.#archives = archives
    this.#registry = registry
    this.#transfers = transfers
    this.#sizes = new Sizes(archives)
  }

  /** Goes on with downloads. */
  start(): void {
    for (const record of this.#registry.downloads.values()) this.#addDownload(record)
  }

  async list(
    key: string,
    version: number | null,
    {
      folder,
      cursor,
      limit,
      soon = false,
    }: {
      readonly folder: string
      readonly cursor: string | null
      readonly limit: number
      readonly soon?: boolean | undefined
    },
    signal: AbortSignal,
  ): Promise<EntryPage> {
    const archive = this.#archives.get(key)
    const { core } = archive.drive
    if (!core.writable) rememberTree(core)
    const listed = async (snapshot: Hyperdrive, version: number): Promise<EntryPage> => {
      const entries: Entry[] = []
      let last: string | null = null
      const prefix = clean(folder) === '/' ? '' : clean(folder)
      const began = Date.now()
      const wanted = Math.min(limit + 1, soon && cursor === null ? SCREENS.first : SCREENS.further)
      for await (const child of children(snapshot, clean(folder), cursor, { wanted, signal })) {
        const waited = Date.now() - began
        if (
          entries.length === limit ||
          (soon && entries.length > 0 && waited > (entries.length < SCREEN ? LATE : SOON))
        )
          return { entries, cursor: last, version }
        entries.push(child.kind === 'folder' ? folderEntry(`${prefix}/${child.name}`) : shown(snapshot, child.entry))
        last = child.cursor
      }
      return { entries, cursor: null, version }
    }
    const page = await archive.at(version, listed, signal)
    this.#archives.looked(key)
    return page
  }

  /** See `Sizes`. */
  async measure(input: Measuring, signal: AbortSignal, emit: (size: FolderSize) => void): Promise<void> {
    await this.#archives.verifyPin(input.key, input.version)
    const { key, version } = input
    await this.#sizes.measure(
      { ...input, folders: input.folders.map(clean) },
      use => this.#archives.get(key).at(version, use, signal),
      emit,
    )
  }

  async entry(key: string, version: number | null, path: string): Promise<Entry | null> {
    return this.#archives.get(key).at(version, async snapshot => {
      if (clean(path) === '/') return folderEntry('/')
      const node = await nodeAt(snapshot, clean(path))
      const entry = node === null ? null : await readEntry(snapshot, node)
      if (entry !== null) return shown(snapshot, entry)
      for await (const _ of children(snapshot, clean(path), null, { wanted: 1 })) return folderEntry(clean(path))
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
    return this.#archives.get(key).at(version, async snapshot => {
      const node = await nodeAt(snapshot, clean(path))
      const entry = node === null ? null : await readEntry(snapshot, node)
      if (entry === null) throw new AppError('PATH_NOT_FOUND', `There is no ${path} in this version.`, { key, path })
      if (entry.kind !== 'file') throw new AppError('NOT_A_FILE', `${path} is a link.`, { path })
      const parts: Buffer[] = []
      const from = Math.min(start, entry.size)
      for await (const chunk of readAsTaken(
        snapshot,
        entry,
        { start: from, length: Math.min(length, entry.size - from) },
        signal,
      ))
        parts.push(chunk)
      return { base64: Buffer.concat(parts).toString('base64'), size: entry.size }
    })
  }

  async *zip(
    input: { readonly key: string; readonly version: number | null; readonly paths: readonly string[] },
    caller: AbortSignal,
  ): AsyncGenerator<ZipPart> {
    const { key } = input
    const archive = this.#archives.get(key)
    const version = input.version ?? archive.length
    const pinned = await this.#archives.verifyPin(key, input.version)
    const signal = AbortSignal.any([caller, this.#archives.life(key), pinned])
    const { length, files, bytes, skipped, stream } = await planZip(archive, version, input.paths.map(clean), signal)
    yield { kind: 'plan', length, files, bytes, skipped }
    const later: Skipped[] = []
    for await (const chunk of stream(signal, one => later.push(one))) {
      yield { kind: 'bytes', base64: chunk.toString('base64') }
      for (const skipped of later.splice(0)) yield { kind: 'skipped', skipped }
    }
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
    await requireOwnPlace(folder, this.#storage, this.#archives.records())
    const paths = input.paths.map(clean)
    const version = input.version ?? archive.length
    await this.#archives.verifyPin(input.key, input.version)
    // Told to whoever asks, while the question is still before them, and not by a row that never writes anything.
    await requireWritable(folder)
    const same = [...this.#registry.downloads.values()].find(
      record => record.key === input.key && record.folder === folder && record.paths.join('\0') === paths.join('\0'),
    )
    const record: DownloadRecord = {
      id: same?.id ?? `download-${randomUUID()}`,
      key: input.key,
      version,
      fork: archive.drive.core.fork,
      paths,
      folder,
      overwrite: input.overwrite,
      paused: false,
      startedAt: Date.now(),
      pin: input.version === null ? null : archive.pins.of(version),
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

  #addDownload(record: DownloadRecord): string {
    const { id, key, folder, startedAt } = record
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
            await this.#write(record, control)
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

  async #write(record: DownloadRecord, control: Control): Promise<void> {
    const { key, version, fork, pin, paths, folder, overwrite } = record
    const archive = this.#archives.get(key)
    // The link that it was begun with may have been opened before the last start.
    if (pin !== null && archive.pins.of(version) === null) archive.pins.claim(version, pin)
    const manifest = await Manifest.open(this.#storage, key, folder)
    const inTheWay = overwrite ? 'replace' : 'leave'
    while (true) {
      if (fork !== null && !this.#archives.stands(key, version, fork))
        throw new AppError('VERSION_TAKEN_BACK', `Version ${version} was taken back by its author.`, { key, version })
      // Content that is read from then on may be that of another history.
      const replaced = new AbortController()
      const stop = this.#archives.onReplaced(other => other === key && replaced.abort())
      const ended = AbortSignal.any([control.signal, this.#archives.life(key)])
      let signal = AbortSignal.any([ended, replaced.signal])
      try {
        if (pin !== null) signal = AbortSignal.any([signal, await this.#archives.verifyPin(key, version)])
        await archive.at(version, snapshot =>
          download(
            archive.drive,
            snapshot,
            { paths, folder, inTheWay, follow: false, manifest },
            { ...control, signal },
          ),
        )
        return
      } catch (error) {
        if (replaced.signal.aborted && !ended.aborted) continue
        // The list itself is not here yet: it is waited for as content is.
        if (!(error instanceof AppError && error.is('NOT_AVAILABLE')) || signal.aborted) throw error
        control.waitingForPeers(true)
        if (archive.drive.core.peers.length === 0) await once(archive.drive.core, 'peer-add', { signal: ended })
        control.waitingForPeers(false)
      } finally {
        stop()
      }
    }
  }
}

/** Without a slash at the end. */
const clean = (path: string): string => (path === '/' ? '/' : path.replace(/\/+$/, '') || '/')
