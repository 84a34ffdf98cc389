/** From a person's files to an archive: the sheet, the yes, uploads, edits, and the sources that are followed. */
import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { basename, join, posix, resolve, sep } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { OnClash, PublishReview, ReviewProgress, RulesReview, SourceRules } from '../../preload/contract/models.ts'
import type { About } from '../archives/about.ts'
import type { Archive, Pending } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import type { SourceRecord } from '../archives/registry.ts'
import type { ReceivedFile } from '../backend-options.ts'
import type { Log } from '../lib/log.ts'
import { Mutex } from '../lib/mutex.ts'
import { onWaking } from '../lib/waking.ts'
import type { Transfers } from '../transfers/transfers.ts'
import { clashesWith, type Move, moving, removing, restoring } from './edits.ts'
import { Committer, explain, importChanges } from './import.ts'
import { importId, LiveSource, takesIn, unfinished } from './live.ts'
import { placeOf, refuseOthers, resemblance } from './moved.ts'
import { knownEntries } from './known.ts'
import { type Change, type Choices, plan } from './plan.ts'
import { type Decisions, reviewDecisions, reviewDropped, reviewItems, room, titleOf } from './review.ts'
import { itemsOf, outermost, type Scanned, scan, type SourceItem } from './scan.ts'
import { type Download, messageOf, type Restored } from './restore.ts'
import { SourceIndex } from './source-index.ts'
import { canStand, Upload } from './upload.ts'

const REVIEW_LIFE = 60 * 60_000
const SILENCE = 60_000
const PAUSING = 5000

type Edited = { readonly before: number; readonly files: number }
type Destination = { readonly key: string; readonly folder: string }
type Copying = Choices & Decisions & { readonly onClash?: OnClash | undefined; readonly message?: string | undefined }
type Reviewed = {
  readonly items: readonly SourceItem[]
  readonly decisions: Decisions
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
  readonly #download: Download
  readonly #reviews = new Map<string, Reviewed>()
  readonly #live = new Map<string, LiveSource>()
  readonly #uploads = new Map<string, RunningUpload>()
  readonly #stopWatchingSleep = onWaking(() => this.rescan())
  #stopReplaced: () => void = () => {}
  /** Changes of what is followed, and how, come one after another: the last word counts. */
  readonly #deciding = new Mutex()
  /** An edit is planned from what the archive holds: the next one waits until it is written. */
  readonly #editing = new Mutex()

  constructor(
    storage: string,
    archives: Archives,
    transfers: Transfers,
    log: Log,
    download: Download,
    silence = SILENCE,
  ) {
    this.#download = download
    this.#silence = silence
    this.#storage = storage
    this.#archives = archives
    this.#transfers = transfers
    this.#log = log
  }

  /** Looks at every folder that is followed: changes may have been told to nobody. */
  rescan(): void {
    for (const live of this.#live.values()) live.rescan()
  }

  /**
   * Goes on with what was live or unfinished when the backend was last closed or killed. An upload cannot: nobody has
   * its files but a page that is gone.
   */
  start(): void {
    // What the archive holds is not what was last compared with the folder.
    this.#stopReplaced = this.#archives.onReplaced(key => this.#live.get(key)?.rescan())
    for (const { key, namespace, source } of this.#archives.records()) {
      if (source !== null) this.#follow(key)
      else if (namespace !== null)
        void this.#archives
          .importLeft(key)
          .catch(error => this.#log.warn({ err: error, key }, 'an archive could not say that its import was left'))
    }
  }

  async review(
    input: {
      readonly paths: readonly string[]
      readonly rules?: string | undefined
      readonly exclude?: readonly string[] | undefined
      readonly into?: Destination | null | undefined
    },
    signal: AbortSignal,
    emit: (progress: ReviewProgress) => void,
  ): Promise<PublishReview> {
    const into = input.into ?? null
    const absolute = input.paths.map(path => resolve(path))
    for (const path of absolute) await this.#refuseStorage(path)
    const items = await itemsOf(absolute)
    const known = this.#archives.records().find(({ source }) => source !== null && sameItems(source.items, items))
    // What was decided about an archive that is made from this holds when it is published again.
    const before = into === null ? (known?.source ?? null) : null
    const decisions = {
      rules: input.rules || (before?.rules ?? ''),
      exclude: [...new Set([...(before?.exclude ?? []), ...(input.exclude ?? [])])],
    }
    const found: string[] = []
    const counted = await reviewItems(into === null ? items : placedIn(into, items), decisions, {
      signal,
      emit,
      ...(into === null ? {} : { onFound: ({ item }) => found.push(item.path) }),
    })
    const clashes = into === null ? [] : await clashesWith(this.#editable(into.key).drive, into.folder, found)
    const already = known === undefined ? null : { key: known.key, link: this.#archives.link(known.key) }
    const id = randomUUID()
    for (const [old, { expires }] of this.#reviews) if (expires < Date.now()) this.#reviews.delete(old)
    this.#reviews.set(id, { items, decisions, already, expires: Date.now() + REVIEW_LIFE })
    return {
      id,
      title: titleOf(absolute),
      ...counted,
      ...(await room(this.#storage, counted.files, counted.bytes)),
      already,
      clashes,
    }
  }

  async reviewDropped(
    input: {
      readonly title: string
      readonly items: readonly { readonly path: string; readonly size: number }[]
      readonly rules: string | null
      readonly ownRules?: string | undefined
      readonly exclude?: readonly string[] | undefined
      readonly into?: Destination | null | undefined
    },
    signal: AbortSignal,
  ): Promise<PublishReview & { readonly ignoredPaths: readonly string[] }> {
    const { title, items, rules } = input
    const into = input.into ?? null
    const decisions = { rules: input.ownRules ?? '', exclude: input.exclude ?? [] }
    const counted = await reviewDropped(items, rules, decisions, signal)
    let clashes: PublishReview['clashes'] = []
    if (into !== null) {
      const ignored = new Set(counted.ignoredPaths)
      const coming = items.filter(({ path }) => !ignored.has(path) && canStand(path))
      const paths = coming.map(({ path }) => posix.join(into.folder, path))
      clashes = await clashesWith(this.#editable(into.key).drive, into.folder, paths)
    }
    return {
      id: randomUUID(),
      title,
      ...counted,
      ...(await room(this.#storage, counted.files, counted.bytes)),
      already: null,
      clashes,
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
    readonly onClash?: OnClash | undefined
    readonly message?: string | undefined
  }): Promise<{ readonly key: string; readonly link: string; readonly transfer: string }> {
    const reviewed = this.#reviews.get(input.review)
    if (reviewed === undefined)
      throw new AppError('REVIEW_EXPIRED', 'This was counted too long ago. Look at what becomes public once more.', {
        id: input.review,
      })
    const { items, decisions, already } = reviewed
    const { rules } = decisions
    const exclude = [...new Set([...decisions.exclude, ...input.exclude])]
    if (input.into !== null)
      return this.#copyInto(input.into, items, { onClash: 'replace', message: '', ...input, rules, exclude })
    if (already !== null && this.#archives.has(already.key)) {
      const source = this.#archives.record(already.key).source!
      await this.#archives.setSource(already.key, {
        ...source,
        paused: false,
        exclude: [...new Set([...source.exclude, ...exclude])],
        rules: rules === '' ? source.rules : rules,
        includeSuspicious: source.includeSuspicious || input.includeSuspicious,
        message: source.complete ? '' : (input.message ?? source.message),
      })
      this.#follow(already.key)
      this.#live.get(already.key)?.say(input.message ?? '')
      return { ...already, transfer: importId(already.key) }
    }
    const archive = await this.#archives.create(input.title, input.private, {
      items: [...items],
      exclude,
      rules,
      includeSuspicious: input.includeSuspicious,
      paused: false,
      complete: false,
      message: input.message ?? '',
      restoring: [],
    })
    this.#follow(archive.key)
    return { key: archive.key, link: this.#archives.link(archive.key), transfer: importId(archive.key) }
  }

  /** Once, and without following it afterwards. */
  #copyInto(
    into: Destination,
    items: readonly SourceItem[],
    { onClash = 'replace', message = '', ...choices }: Copying,
  ): { readonly key: string; readonly link: string; readonly transfer: string } {
    const { key } = into
    const archive = this.#editable(key)
    const placed = placedIn(into, items)
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
        const scanned: Scanned[] = []
        for await (const one of scan(placed, control.signal, { ownRules: choices.rules })) scanned.push(one)
        const free = new Map<string, string>()
        if (onClash !== 'replace') {
          const paths = scanned.flatMap(one => (one.kind === 'ignored' || one.kind === 'skipped' ? [] : [one.path]))
          for (const clash of await clashesWith(archive.drive, into.folder, paths)) free.set(clash.path, clash.free)
        }
        const changes: Change[] = []
        const coming = scanned.flatMap(one => asideOf(one, free, onClash))
        for await (const change of plan(coming, known, choices, one => control.skipped(one)))
          if (change.kind !== 'remove') changes.push(change)
        control.totals(
          changes.length,
          changes.reduce((sum, change) => sum + (change.kind === 'file' ? change.file.size : 0), 0),
        )
        await importChanges(archive, changes, await SourceIndex.inMemory(archive), {
          signal: control.signal,
          progressive: true,
          message,
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
    readonly message?: string | undefined
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
      // Only the page has the files.
      retriedByOwner: true,
      run: async control => {
        control.totals(input.files, input.bytes)
        const finished = new Promise<void>((resolve, reject) => {
          const begun = Upload.begin(
            {
              archive,
              folder,
              about,
              message: input.message ?? '',
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
        } catch (error) {
          // Nothing more is coming: the archive says so, as far as there is room to.
          if (!control.signal.aborted) await this.#archives.importLeft(key).catch(() => {})
          throw error
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
    try {
      await (await running.begun).receive(file, bytes)
    } catch (error) {
      throw this.#failUpload(running, error)
    }
  }

  async finishUpload(upload: string): Promise<void> {
    const running = this.#uploadOf(upload)
    try {
      await (await running.begun).finish()
      // Of one before it, which had no room to say that nothing more was coming.
      if ([...this.#uploads.values()].every(other => other === running || other.key !== running.key))
        await this.#archives.importLeft(running.key)
      running.finish()
    } catch (error) {
      throw this.#failUpload(running, error, true)
    }
  }

  /** A full disk ends an upload, which is no use to go on with; other failures are those of one file. */
  #failUpload(running: RunningUpload, thrown: unknown, always = false): unknown {
    const error = explain(thrown, running.key, 'Make room and drop the files again; what has come so far is kept.')
    if (always || (error instanceof AppError && error.is('NO_ROOM'))) running.fail(error)
    return error
  }

  remove(key: string, paths: readonly string[], message?: string): Promise<Edited> {
    return this.#edit(key, archive => removing(archive, paths), message)
  }

  rename(key: string, from: string, to: string, message?: string): Promise<Edited> {
    return this.#edit(key, archive => moving(archive, [{ from, to }]), message)
  }

  /** Into another folder of the archive, under the same names. */
  move(key: string, paths: readonly string[], folder: string, message?: string): Promise<Edited> {
    const moves: Move[] = outermost(paths).map(from => ({ from, to: posix.join(folder, posix.basename(from)) }))
    return this.#edit(key, archive => moving(archive, moves), message)
  }

  /**
   * As a new version that names the content of the old one. Where the archive follows a folder, that is changed first: the
   * next look at it would undo what was changed in the archive alone.
   */
  async restore(key: string, version: number, paths: readonly string[], message = ''): Promise<Restored> {
    this.#archives.writable(key)
    const says = message || messageOf(version)
    if (this.#archives.record(key).source !== null) {
      const live = this.#live.get(key)
      if (live !== undefined) return live.restore(version, paths, says)
    }
    return {
      ...(await this.#edit(key, archive => restoring(archive, version, paths), says)),
      skipped: [],
      transfer: null,
    }
  }

  rules(key: string): SourceRules {
    const { rules, exclude, includeSuspicious } = this.#source(key)
    return { rules, exclude, includeSuspicious }
  }

  async reviewRules(
    key: string,
    decisions: SourceRules,
    signal: AbortSignal,
    emit: (progress: ReviewProgress) => void,
  ): Promise<RulesReview> {
    const { items } = this.#source(key)
    const known = await knownEntries(this.#archives.get(key).drive, null)
    return reviewDecisions(items, decisions, known, { signal, emit })
  }

  /**
   * The person has seen that `leaving` files leave the next version: so many are not asked about again. Except where
   * they were asked about what is gone from the folder, or left it paused: other rules are no answer to that question.
   */
  changeRules(key: string, decisions: SourceRules, leaving: number, message = ''): Promise<void> {
    return this.#deciding.run(async () => {
      this.#archives.writable(key)
      const { rules, exclude, includeSuspicious } = decisions
      const before = this.#source(key)
      const change = (source: SourceRecord) => ({ ...source, rules, exclude: [...exclude], includeSuspicious })
      const agreed = before.paused || this.#live.get(key)?.isAsking === true ? 0 : leaving
      if (takesIn(before) === takesIn({ rules })) {
        await this.#archives.setSource(key, change(before))
        this.#live.get(key)?.agreeTo(agreed)
        this.#live.get(key)?.say(message)
        this.#follow(key)
      } else {
        // Other folders are watched from now on.
        await this.#begin(key, change)
        this.#live.get(key)?.agreeTo(agreed)
        this.#live.get(key)?.say(message)
      }
    })
  }

  /** Followed at its new place from now on. Nothing is read again that has kept its size and time. */
  moveSource(key: string, from: string, to: string, force: boolean): Promise<void> {
    return this.#deciding.run(async () => {
      const archive = this.#archives.writable(key)
      const item = this.#source(key).items.find(({ path }) => path === resolve(from))
      if (item === undefined)
        throw new AppError('SOURCE_NOT_FOUND', `This archive is not made from ${from}.`, { path: from })
      const place = await placeOf(item, resolve(to))
      await this.#refuseStorage(place)
      await refuseOthers(item, place, this.#archives.records())
      if (!force) {
        const { found, of } = await resemblance(archive, item, place)
        if (found * 2 < of)
          throw new AppError(
            'SOURCE_DIFFERS',
            `This ${item.kind} holds few of the files of this archive: ${found} of ${of}.`,
            { path: place, found, of },
          )
      }
      await this.#begin(key, source => ({
        ...source,
        items: source.items.map(other => (other.path === item.path ? { ...other, path: place } : other)),
      }))
    })
  }

  pause(key: string, paused: boolean): Promise<void> {
    return this.#deciding.run(() => this.#pause(key, paused))
  }

  async #pause(key: string, paused: boolean): Promise<void> {
    await this.#archives.setSource(key, { ...this.#source(key), paused })
    if (paused && this.#transfers.rows.get(importId(key))?.state.name === 'running')
      await this.#transfers.pause(importId(key))
    if (paused) {
      // What was going on is let come to its end: nothing that is changed from now on is published. A disk that hangs is
      // not waited for.
      await Promise.race([this.#live.get(key)?.idle(), setTimeout(PAUSING, null, { ref: false })])
      this.#archives.setSourceState(key, { name: 'paused' })
      await this.#archives.refresh(key)
    }
    this.#follow(key)
  }

  /** Follows it anew with what was changed; an import that is going on is planned once more. */
  async #begin(key: string, change: (source: SourceRecord) => SourceRecord): Promise<void> {
    const { paused, restoring } = this.#source(key)
    if (restoring.length > 0) throw unfinished(key)
    if (this.#transfers.rows.get(importId(key))?.state.name === 'running') await this.#transfers.pause(importId(key))
    await this.#stop(key)
    await this.#archives.setSource(key, { ...change(this.#source(key)), paused })
    // What was said of it before is over as soon as this returns.
    this.#archives.setSourceState(key, { name: paused ? 'paused' : 'importing' })
    await this.#archives.refresh(key)
    this.#follow(key)
  }

  /** Throws SOURCE_NOT_FOUND for an archive that follows nothing. */
  #source(key: string): SourceRecord {
    const { source } = this.#archives.record(key)
    if (source === null)
      throw new AppError('SOURCE_NOT_FOUND', 'This archive follows no folder of this machine.', { path: '' })
    return source
  }

  async answerRemoval(key: string, remove: boolean, message = ''): Promise<void> {
    const live = this.#live.get(key)
    if (live === undefined) return
    if (remove) this.#archives.setSourceState(key, { name: 'importing' })
    if (remove) live.say(message)
    await live.answerRemoval(remove)
    await this.#archives.refresh(key)
  }

  async forget(key: string): Promise<void> {
    await this.#stop(key)
    await SourceIndex.forget(this.#storage, key)
  }

  async #stop(key: string): Promise<void> {
    await this.#live.get(key)?.close()
    this.#live.delete(key)
  }

  async close(): Promise<void> {
    this.#stopWatchingSleep()
    this.#stopReplaced()
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
      download: this.#download,
    })
    this.#live.set(key, live)
    live.restoreOn()
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

  /** One changeset, planned and written without another edit between. Nothing to do makes none. */
  #edit(key: string, planned: (archive: Archive) => Promise<readonly Pending[]>, message = ''): Promise<Edited> {
    return this.#editing.run(async () => {
      const archive = this.#editable(key)
      const pending = await planned(archive)
      const before = archive.length
      const committer = new Committer(archive, {
        progressive: false,
        message,
        onCommitted: () => this.#archives.published(key),
      })
      for (const one of pending) committer.add(one)
      await committer.commit(true)
      return { before, files: new Set(pending.map(({ path }) => path)).size }
    })
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

/** Where things come to lie that are copied into a folder of an archive: each under its own name. */
function placedIn({ folder }: Destination, items: readonly SourceItem[]): readonly SourceItem[] {
  const target = folder === '/' ? '' : folder
  return items.map(item => ({ ...item, at: `${target}${item.at === '' ? `/${basename(item.path)}` : item.at}` }))
}

/** What becomes of one that would go where another file stands: `free` has the names beside those. */
function asideOf(one: Scanned, free: ReadonlyMap<string, string>, onClash: OnClash): readonly Scanned[] {
  const path = free.get(one.path)
  if (path === undefined || one.kind === 'ignored' || one.kind === 'skipped') return [one]
  if (onClash === 'skip') return []
  return [one.kind === 'private' ? { ...one, path, item: { ...one.item, path } } : { ...one, path }]
}

const sameItems = (a: readonly SourceItem[], b: readonly SourceItem[]): boolean =>
  a.length === b.length && a.every(({ path }) => b.some(other => other.path === path))
