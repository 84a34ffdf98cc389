/** From a person's files to an archive: the sheet, the yes, uploads, edits, and the sources that are followed. */
import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { PublishReview, ReviewProgress } from '../../preload/contract/models.ts'
import type { About } from '../archives/about.ts'
import type { Pending } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import type { ReceivedFile } from '../backend-options.ts'
import type { Log } from '../lib/log.ts'
import { Mutex } from '../lib/mutex.ts'
import type { Transfers } from '../transfers/transfers.ts'
import { Committer, importChanges } from './import.ts'
import { Journal } from './journal.ts'
import { importId, list, LiveSource } from './live.ts'
import { type Change, type Choices, type Known, knownEntries, plan } from './plan.ts'
import { reviewDropped, reviewItems, room, titleOf } from './review.ts'
import { itemsOf, scan, type SourceItem } from './scan.ts'
import { receivedPath, Upload } from './upload.ts'

const REVIEW_LIFE = 60 * 60_000
const SILENCE = 60_000

type Destination = { readonly key: string; readonly folder: string }
type Reviewed = {
  readonly items: readonly SourceItem[]
  readonly suspicious: PublishReview['suspicious']
  readonly already: PublishReview['already']
  readonly expires: number
}
type RunningUpload = {
  readonly key: string
  readonly begun: Promise<Upload>
  readonly finish: () => void
  readonly fail: (error: unknown) => void
}

export class Publishing {
  readonly #storage: string
  readonly #silence: number
  readonly #archives: Archives
  readonly #transfers: Transfers
  readonly #log: Log
  readonly #reviews = new Map<string, Reviewed>()
  readonly #live = new Map<string, LiveSource>()
  readonly #uploads = new Map<string, RunningUpload>()
  readonly #pausing = new Mutex()

  constructor(storage: string, archives: Archives, transfers: Transfers, log: Log, silence = SILENCE) {
    this.#silence = silence
    this.#storage = storage
    this.#archives = archives
    this.#transfers = transfers
    this.#log = log
  }

  /**
   * Goes on with what was live or unfinished when the backend was last closed or killed. An upload cannot: nobody has
   * its files but a page that is gone.
   */
  start(): void {
    for (const { key, namespace, source } of this.#archives.records()) {
      if (source !== null) this.#follow(key)
      else if (namespace !== null)
        void this.#archives
          .importLeft(key)
          .catch(error => this.#log.warn({ err: error, key }, 'an archive could not say that its import was left'))
    }
  }

  async review(
    paths: readonly string[],
    signal: AbortSignal,
    emit: (progress: ReviewProgress) => void,
  ): Promise<PublishReview> {
    const absolute = paths.map(path => resolve(path))
    for (const path of absolute) await this.#refuseStorage(path)
    const items = await itemsOf(absolute)
    const counted = await reviewItems(items, signal, emit)
    const known = this.#archives.records().find(({ source }) => source !== null && sameItems(source.items, items))
    const already = known === undefined ? null : { key: known.key, link: this.#archives.link(known.key) }
    const id = randomUUID()
    for (const [old, { expires }] of this.#reviews) if (expires < Date.now()) this.#reviews.delete(old)
    this.#reviews.set(id, { items, suspicious: counted.suspicious, already, expires: Date.now() + REVIEW_LIFE })
    return {
      id,
      title: titleOf(absolute),
      ...counted,
      ...(await room(this.#storage, counted.files, counted.bytes)),
      already,
    }
  }

  async reviewDropped(
    title: string,
    items: readonly { readonly path: string; readonly size: number }[],
    rules: string | null,
  ): Promise<PublishReview & { readonly ignoredPaths: readonly string[] }> {
    const counted = reviewDropped(items, rules)
    return {
      id: randomUUID(),
      title,
      ...counted,
      ...(await room(this.#storage, counted.files, counted.bytes)),
      already: null,
    }
  }

  /** The link exists when this returns. Publishing the same paths again finds the archive that they are. */
  async begin(input: {
    readonly review: string
    readonly title: string
    readonly private: boolean
    readonly exclude: readonly string[]
    readonly includeSuspicious: boolean
    readonly into: Destination | null
  }): Promise<{ readonly key: string; readonly link: string; readonly transfer: string }> {
    const reviewed = this.#reviews.get(input.review)
    if (reviewed === undefined)
      throw new AppError('REVIEW_EXPIRED', 'This was counted too long ago. Look at what becomes public once more.', {
        id: input.review,
      })
    const { items, already } = reviewed
    if (input.into !== null) return this.#copyInto(input.into, items, input)
    if (already !== null && this.#archives.has(already.key)) {
      const source = this.#archives.record(already.key).source!
      await this.#archives.setSource(already.key, {
        ...source,
        paused: false,
        exclude: [...new Set([...source.exclude, ...input.exclude])],
        includeSuspicious: source.includeSuspicious || input.includeSuspicious,
      })
      this.#follow(already.key)
      return { ...already, transfer: importId(already.key) }
    }
    const archive = await this.#archives.create(input.title, input.private, {
      items: [...items],
      exclude: [...input.exclude],
      rules: '',
      includeSuspicious: input.includeSuspicious,
      paused: false,
      complete: false,
    })
    this.#follow(archive.key)
    return { key: archive.key, link: this.#archives.link(archive.key), transfer: importId(archive.key) }
  }

  /** Once, and without following it afterwards. */
  #copyInto(
    { key, folder }: Destination,
    items: readonly SourceItem[],
    choices: Choices,
  ): { readonly key: string; readonly link: string; readonly transfer: string } {
    const archive = this.#editable(key)
    const target = folder === '/' ? '' : folder
    const placed = items.map(item => ({
      ...item,
      at: `${target}${item.at === '' ? `/${basename(item.path)}` : item.at}`,
    }))
    const transfer = `copy-${randomUUID()}`
    this.#transfers.add({
      id: transfer,
      kind: 'import',
      key,
      title: this.#archives.row(key).title,
      folder: items[0]?.path ?? null,
      startedAt: Date.now(),
      run: async control => {
        const known = await knownEntries(
          archive.drive,
          placed.map(({ at }) => at),
        )
        const changes: Change[] = []
        for await (const change of plan(scan(placed, control.signal), known, choices, one => control.skipped(one)))
          if (change.kind !== 'remove') changes.push(change)
        control.totals(
          changes.length,
          changes.reduce((sum, change) => sum + (change.kind === 'file' ? change.file.size : 0), 0),
        )
        await importChanges(archive, list(changes), new Journal(this.#storage, key), {
          signal: control.signal,
          progressive: true,
          message: '',
          about: null,
          onProgress: ({ files, bytes, current }) => control.progress(files, bytes, current),
          onSkipped: one => control.skipped(one),
          onCommitted: () => this.#archives.published(key),
        })
      },
    })
    return { key, link: this.#archives.link(key), transfer }
  }

  async startUpload(input: {
    readonly title: string
    readonly private: boolean
    readonly files: number
    readonly bytes: number
    readonly into: Destination | null
  }): Promise<{ readonly key: string; readonly link: string; readonly upload: string; readonly transfer: string }> {
    const archive =
      input.into === null
        ? await this.#archives.create(input.title, input.private, null)
        : this.#editable(input.into.key)
    const { key } = archive
    const upload = `upload-${randomUUID()}`
    const folder = input.into === null || input.into.folder === '/' ? '' : input.into.folder
    const about: About | null =
      input.into === null
        ? { cairn: 1, title: input.title, description: '', author: '', importing: true, createdAt: Date.now() }
        : null
    this.#transfers.add({
      id: upload,
      kind: 'import',
      key,
      title: this.#archives.row(key).title,
      folder: null,
      startedAt: Date.now(),
      run: async control => {
        control.totals(input.files, input.bytes)
        const finished = new Promise<void>((resolve, reject) => {
          const begun = Upload.begin(
            {
              archive,
              folder,
              about,
              journal: new Journal(this.#storage, key),
              onCommitted: () => this.#archives.published(key),
            },
            control,
          )
          begun.catch(reject)
          this.#uploads.set(upload, { key, begun, finish: resolve, fail: reject })
          control.signal.addEventListener('abort', () => reject(control.signal.reason as Error))
        })
        const watchdog = setInterval(() => void this.#leaveIfSilent(upload), this.#silence / 10)
        try {
          await finished
        } finally {
          clearInterval(watchdog)
          this.#uploads.delete(upload)
        }
      },
      onEnded: async how => {
        if (how === 'cancelled') await this.#archives.importLeft(key)
      },
    })
    return { key, link: this.#archives.link(key), upload, transfer: upload }
  }

  /** A page that was closed or reloaded says nothing more. What it sent stays, and the transfer says that it is not all. */
  async #leaveIfSilent(id: string): Promise<void> {
    const running = this.#uploads.get(id)
    if (running === undefined) return
    const upload = await running.begun.catch(() => null)
    if (upload === null || upload.silence < this.#silence) return
    this.#uploads.delete(id)
    try {
      await upload.finish()
      running.fail(
        new AppError(
          'UPLOAD_NOT_FOUND',
          'The page that sent these files was closed. Drop them again to send the rest.',
          {
            id,
          },
        ),
      )
    } catch (error) {
      running.fail(error)
    }
  }

  async receive(upload: string, file: ReceivedFile, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const running = this.#uploadOf(upload)
    await (await running.begun).receive(file, bytes)
  }

  async finishUpload(upload: string): Promise<void> {
    const running = this.#uploadOf(upload)
    try {
      await (await running.begun).finish()
      running.finish()
    } catch (error) {
      running.fail(error)
      throw error
    }
  }

  async remove(key: string, paths: readonly string[]): Promise<void> {
    const archive = this.#editable(key)
    const known = await knownEntries(archive.drive, paths)
    if (known.size === 0)
      throw new AppError('PATH_NOT_FOUND', 'There is nothing of this name in the archive any more.', {
        key,
        path: paths[0]!,
      })
    await this.#edit(
      key,
      [...known].map(([path, before]) => removal(path, before)),
    )
  }

  /** Moves a file, or a folder with all that is in it: entries alone, no bytes. */
  async rename(key: string, from: string, to: string): Promise<void> {
    const archive = this.#editable(key)
    const target = receivedPath('', to)
    const known = await knownEntries(archive.drive, [from])
    if (known.size === 0)
      throw new AppError('PATH_NOT_FOUND', 'There is nothing of this name in the archive any more.', {
        key,
        path: from,
      })
    if (from === target) return
    const taken = await knownEntries(archive.drive, [target])
    if (taken.size > 0 || target.startsWith(`${from}/`))
      throw new AppError('INVALID_INPUT', 'Something of this name is there already.', {
        issues: [{ path: 'to', message: 'is taken' }],
      })
    await this.#edit(
      key,
      [...known].flatMap(([path, before]) => [
        removal(path, before),
        addition(`${target}${path.slice(from.length)}`, before),
      ]),
    )
  }

  /** One after another: the last word counts. */
  pause(key: string, paused: boolean): Promise<void> {
    return this.#pausing.run(() => this.#pause(key, paused))
  }

  async #pause(key: string, paused: boolean): Promise<void> {
    const { source } = this.#archives.record(key)
    if (source === null)
      throw new AppError('SOURCE_NOT_FOUND', 'This archive follows no folder of this machine.', { path: '' })
    await this.#archives.setSource(key, { ...source, paused })
    if (paused && this.#transfers.rows.get(importId(key))?.state.name === 'running')
      await this.#transfers.pause(importId(key))
    if (paused) this.#archives.setSourceState(key, { name: 'paused' })
    this.#follow(key)
  }

  async answerRemoval(key: string, remove: boolean): Promise<void> {
    await this.#live.get(key)?.answerRemoval(remove)
  }

  async forget(key: string): Promise<void> {
    await this.#live.get(key)?.close()
    this.#live.delete(key)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#live.values()].map(live => live.close()))
  }

  #follow(key: string): void {
    const known = this.#live.get(key)
    if (known !== undefined) return known.poke()
    const live = new LiveSource({
      key,
      archives: this.#archives,
      transfers: this.#transfers,
      storage: this.#storage,
      log: this.#log,
    })
    this.#live.set(key, live)
    live.start()
  }

  /** An archive of ours without a folder, which would undo what is edited here. */
  #editable(key: string) {
    const archive = this.#archives.writable(key)
    const { source } = this.#archives.record(key)
    if (source !== null)
      throw new AppError(
        'ARCHIVE_READ_ONLY',
        `This archive follows ${source.items[0]?.path ?? 'a folder'}. Change the files there.`,
        { key },
      )
    return archive
  }

  async #edit(key: string, pending: readonly Pending[]): Promise<void> {
    const committer = new Committer(this.#archives.writable(key), {
      progressive: false,
      message: '',
      onCommitted: () => this.#archives.published(key),
    })
    for (const one of pending) committer.add(one)
    await committer.commit(true, false)
  }

  #uploadOf(id: string): RunningUpload {
    const running = this.#uploads.get(id)
    if (running === undefined)
      throw new AppError('UPLOAD_NOT_FOUND', 'This upload has ended. Drop the files again to send what is missing.', {
        id,
      })
    return running
  }

  /** A storage that publishes itself would grow for ever, and give its secrets away. */
  async #refuseStorage(path: string): Promise<void> {
    const real = await realpath(path).catch(() => path)
    const storage = await realpath(this.#storage)
    if (storage === real || storage.startsWith(join(real, sep)) || real.startsWith(join(storage, sep)))
      throw new AppError(
        'SOURCE_HOLDS_STORAGE',
        `${path} and Cairn's own storage lie in one another. Publish another folder, or move the storage with --storage.`,
        { path, storage: this.#storage },
      )
  }
}

const removal = (path: string, before: Known): Pending => ({
  path,
  value: null,
  before: before.size,
  size: 0,
  bytes: 0,
  isFile: false,
  wasFile: before.target === null,
})

const addition = (path: string, known: Known): Pending => ({
  path,
  value: {
    blob: known.blob,
    linkname: known.target,
    executable: known.executable,
    metadata: known.modified === null ? null : { mtime: known.modified },
  },
  before: null,
  size: known.size,
  bytes: 0,
  isFile: known.target === null,
  wasFile: false,
})

const sameItems = (a: readonly SourceItem[], b: readonly SourceItem[]): boolean =>
  a.length === b.length && a.every(({ path }) => b.some(other => other.path === path))
