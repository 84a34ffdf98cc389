/**
 * Keeps one archive equal to what it is made from on this machine: a first import, then changesets after a second of
 * quiet (ten seconds at most under constant writing), and a whole rescan at start, when the watcher loses count, and
 * now and then. A source that is gone or has suddenly lost most of its files is never taken for an intention.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { About } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import type { RestoringRecord, SourceRecord } from '../archives/registry.ts'
import type { Log } from '../lib/log.ts'
import { Mutex } from '../lib/mutex.ts'
import type { Control, Transfers } from '../transfers/transfers.ts'
import { explain, importChanges } from './import.ts'
import { knownBelow } from './known.ts'
import { type Change, lost, plan, type Recognition } from './plan.ts'
import { type Download, planRestoration, type Restoration, type Restored, writeRestoration } from './restore.ts'
import { publishable, type ScannedFile, scan } from './scan.ts'
import { SourceIndex } from './source-index.ts'
import { MISSES_THE_SHORT_LIVED, type Watching, watchItem } from './watch.ts'

const QUIET = 1000
const CEILING = 10_000
const RESCAN = 10 * 60_000
const RESCAN_UNWATCHED = 60_000
/** Until the archive may be written to it is asked after this often. */
const WAITING = 500
const MISSING_AGAIN = 2000
/** Changesets from this size on have a row in transfers. */
const ROW_BYTES = 32 << 20
const ROW_FILES = 500
/** Where what came and went at once is not told, a scan may have seen it: what is younger than this is looked at once more. */
const YOUNG = 1000
/** More of them than this, and everything is looked at. */
const MANY_YOUNG = 1000
/** More removals than this are asked about, and more than half of all. */
const MANY_REMOVALS = 1000
const FEW_REMOVALS = 5

/** Of what is done before anybody could look. */
const UNWATCHED: Omit<Control, 'signal'> = {
  totals: () => {},
  progress: () => {},
  skipped: () => {},
  waitingForPeers: () => {},
}

export type LiveOptions = {
  readonly key: string
  readonly archives: Archives
  readonly transfers: Transfers
  readonly storage: string
  readonly log: Log
  readonly download: Download
}

/** What is to be brought into the archive: all that the folder holds (`first`), or what has changed in it. */
type Work = {
  readonly index: SourceIndex
  /** Taken over, and empty in the end. */
  readonly changes: Change[]
  readonly files: number
  readonly bytes: number
  readonly skipped: readonly Skipped[]
  readonly first: boolean
  readonly message: string
}

type Dirty = { readonly all: boolean; readonly paths: Set<string> }

export class LiveSource {
  readonly #options: LiveOptions
  readonly #life = new AbortController()
  #dirty: Dirty = { all: true, paths: new Set() }
  #firstDirtyAt: number | null = null
  #lastDirtyAt = 0
  /** A person waits for it: no quiet is waited for. */
  #isUrgent = false
  /** A folder that cannot be watched is looked at more often. */
  #rescanAfter = RESCAN
  /** It is tried again every few seconds while a folder is missing, and said once. */
  #isUnwatchedTold = false
  #wake: () => void = () => {}
  /** By the path of what is watched. */
  #watching: ReadonlyMap<string, Watching> | null = null
  /** How many removals the person was asked about, and how many they have agreed to: more than those are asked about anew. */
  #removalsAsked = 0
  #removalsAgreed = 0
  #loop: Promise<void> | null = null
  #index: SourceIndex | null = null
  #sources: readonly string[] | null = null
  /** The folder is read for the archive, or written from it, by one at a time. */
  readonly #turns = new Mutex()
  /** What the person says of the next version. Is forgotten where the folder is found to hold nothing new. */
  #message = ''

  constructor(options: LiveOptions) {
    this.#options = options
  }

  get #record(): SourceRecord {
    return this.#options.archives.record(this.#options.key).source!
  }

  start(): void {
    if (this.#loop !== null || this.#life.signal.aborted || this.#record.paused) return
    this.#dirty = { all: true, paths: new Set() }
    this.#loop = this.#run().finally(() => {
      this.#loop = null
      // Resumed while it was coming to its end.
      this.start()
    })
  }

  /** An `asks-removal` waits for its answer. */
  get isAsking(): boolean {
    return this.#removalsAsked > 0
  }

  /** The person's answer to `asks-removal`. */
  async answerRemoval(remove: boolean): Promise<void> {
    const { archives, key } = this.#options
    if (!remove) {
      // The files stay in the archive, and nothing follows the folder until it is resumed.
      await archives.setSource(key, { ...this.#record, paused: true })
      archives.setSourceState(key, { name: 'paused' })
    } else this.#removalsAgreed = this.#removalsAsked
    this.#removalsAsked = 0
    this.poke()
  }

  /** The person has just agreed to so many removals, with a change of what is published: they are not asked about again. */
  agreeTo(removals: number): void {
    this.#removalsAgreed = removals
  }

  /** Of the version that comes of what the person has just done, if one does. */
  say(message: string): void {
    if (message !== '') this.#message = message
  }

  /** Set in the record before this is called: what runs now may have begun with how it was before. */
  poke(): void {
    this.#isUrgent = true
    this.#mark(null)
    if (!this.#record.paused) this.start()
  }

  /** Resolves when what was going on when it was paused has come to its end. */
  async idle(): Promise<void> {
    this.#wake()
    await this.#loop?.catch(() => {})
  }

  /** Nobody has told what happened for a while: everything is looked at again. */
  rescan(): void {
    this.#mark(null)
  }

  async close(): Promise<void> {
    this.#life.abort()
    this.#wake()
    await this.#loop?.catch(() => {})
    await this.#unwatch()
  }

  /**
   * What lies at and below these paths becomes what it was, on the disk and then in the archive. What the folder holds and
   * the archive does not is published first. Throws SOURCE_PAUSED while nothing is followed, RESTORE_UNFINISHED while
   * another restoration stands half done, and what `planRestoration` throws.
   */
  async restore(version: number, paths: readonly string[], message: string): Promise<Restored> {
    const { archives, transfers, key } = this.#options
    if (this.#record.paused || !this.#record.complete)
      throw new AppError(
        'SOURCE_PAUSED',
        'The folder of this archive is paused, or is still being added. Go on with it first.',
        { path: this.#record.items[0]?.path ?? '' },
      )
    const same = this.#record.restoring.find(one => one.version === version && isSame(one.paths, paths))
    const row = same && transfers.rows.get(same.id)
    if (same !== undefined && row !== undefined) {
      if (row.state.name === 'paused' || row.state.name === 'failed') await transfers.resume(same.id)
      return { before: archives.get(key).length, files: same.files, skipped: [], transfer: same.id }
    }
    const { before, left, files, bytes } = await this.#turns.run(async () => {
      if (this.#halfRestored !== null) throw unfinished(key)
      const { wanted, gone, left, bytes } = await this.#planRestoration(version, paths)
      return { before: archives.get(key).length, left, files: wanted.size + gone.length, bytes }
    })
    if (files === 0) return { before, files, skipped: left, transfer: null }
    const id = `restore-${randomUUID()}`
    const record = { id, version, paths, message, files, startedAt: Date.now(), begun: false, paused: false }
    await this.#setRestoring([...this.#record.restoring, record])
    if (bytes >= ROW_BYTES || files >= ROW_FILES) {
      this.#addRestoring(record)
      return { before, files, skipped: [], transfer: id }
    }
    const skipped: Skipped[] = []
    try {
      await this.#restore(id, { ...UNWATCHED, skipped: one => skipped.push(one), signal: this.#life.signal })
    } catch (error) {
      // There is no row that could be gone on with. After a kill, and when Cairn is closed, it is gone on with by itself.
      if (!this.#life.signal.aborted) await this.#endRestoring(id)
      throw error
    }
    return { before, files, skipped, transfer: null }
  }

  /** Goes on with what was to be given back when Cairn was last closed or killed. Before anything of the folder is published. */
  restoreOn(): void {
    for (const record of this.#record.restoring) this.#addRestoring(record)
  }

  /** The folder holds a part of what it is to be given. */
  get #halfRestored(): RestoringRecord | null {
    return this.#record.restoring.find(({ begun }) => begun) ?? null
  }

  async #setRestoring(restoring: readonly RestoringRecord[]): Promise<void> {
    await this.#options.archives.setSource(this.#options.key, { ...this.#record, restoring })
  }

  #changeRestoring(id: string, change: Partial<RestoringRecord>): Promise<void> {
    return this.#setRestoring(this.#record.restoring.map(one => (one.id === id ? { ...one, ...change } : one)))
  }

  async #endRestoring(id: string): Promise<void> {
    if (this.#record.restoring.some(one => one.id === id))
      await this.#setRestoring(this.#record.restoring.filter(one => one.id !== id))
    this.#wake()
  }

  #addRestoring({ id, startedAt, paused }: RestoringRecord): void {
    const { archives, transfers, key } = this.#options
    transfers.add(
      {
        id,
        kind: 'restore',
        key,
        title: archives.row(key).title,
        folder: this.#record.items[0]?.path ?? null,
        startedAt,
        run: control => this.#restore(id, control),
        onPaused: async paused => {
          await this.#changeRestoring(id, { paused })
          this.#wake()
        },
        onEnded: () => this.#endRestoring(id),
      },
      paused,
    )
  }

  async #planRestoration(version: number, paths: readonly string[]): Promise<Restoration> {
    const outcome = await this.#sync(paths.includes('/') ? null : paths, '')
    return this.#planned({ version, paths, equal: outcome === 'done' })
  }

  async #planned(wanted: { readonly version: number; readonly paths: readonly string[]; readonly equal: boolean }) {
    const archive = this.#options.archives.writable(this.#options.key)
    return planRestoration(archive, await this.#openIndex(archive), await publishable(this.#record), wanted)
  }

  #restore(id: string, control: Control): Promise<void> {
    const { archives, key } = this.#options
    const signal = AbortSignal.any([control.signal, this.#life.signal])
    return this.#turns.run(async () => {
      const record = this.#record.restoring.find(one => one.id === id)
      if (record === undefined) return
      const { version, paths, message, begun } = record
      // It may have to catch up after a start.
      while (!archives.mayWrite(key)) await setTimeout(WAITING, null, { signal })
      // What was half done is not published: of that the index knows which content it is.
      const restoration = begun
        ? await this.#planned({ version, paths, equal: false })
        : await this.#planRestoration(version, paths)
      for (const one of restoration.left) control.skipped(one)
      if (!begun) await this.#changeRestoring(id, { begun: true })
      const archive = archives.writable(key)
      const index = await this.#openIndex(archive)
      const { items } = this.#record
      await writeRestoration(archive, index, items, restoration, this.#options.download, { ...control, signal })
      this.#removalsAgreed = restoration.gone.length
      await this.#sync(paths.includes('/') ? null : paths, message)
      await this.#endRestoring(id)
      await archives.refresh(key)
    })
  }

  async #run(): Promise<void> {
    const { archives, key, log } = this.#options
    const { signal } = this.#life
    while (!signal.aborted && !this.#record.paused) {
      let said = ''
      try {
        if (!archives.mayWrite(key)) {
          archives.setSourceState(key, { name: 'waiting' })
          await this.#woken(WAITING)
          continue
        }
        const half = this.#halfRestored
        if (half !== null) {
          const row = this.#options.transfers.rows.get(half.id)
          const rests = row?.state.name === 'paused' || row?.state.name === 'failed'
          archives.setSourceState(
            key,
            rests ? { name: 'failed', error: unfinished(key).toJSON() } : { name: 'importing' },
          )
          await this.#woken(MISSING_AGAIN)
          continue
        }
        await this.#watch()
        archives.setSourceState(key, { name: 'importing' })
        const dirty = this.#take()
        said = this.#message
        this.#message = ''
        const outcome = await this.#turns.run(async () =>
          this.#halfRestored === null ? this.#sync(dirty.all ? null : [...dirty.paths], said) : 'restoring',
        )
        if (signal.aborted) return
        if (outcome !== 'done') this.say(this.#message || said)
        if (outcome === 'restoring') {
          this.#dirty = { all: true, paths: new Set() }
          continue
        }
        if (outcome === 'asks') {
          await this.#quiet()
          this.#dirty = { all: true, paths: new Set() }
          continue
        }
        if (this.#record.paused) break
        // An import that was paused and resumed, or cancelled, has not been all of it.
        if (outcome === 'paused') this.#dirty = { all: true, paths: new Set() }
        else archives.setSourceState(key, { name: 'watching' })
        await this.#quiet()
      } catch (thrown) {
        if (signal.aborted) return
        const error = explain(thrown, key)
        this.say(this.#message || said)
        this.#dirty = { all: true, paths: new Set() }
        const known = error instanceof AppError ? error : null
        // Its history was found to be another one meanwhile.
        if (known?.is('ARCHIVE_BEHIND') || known?.is('ARCHIVE_CONFLICT')) continue
        if (known?.is('SOURCE_NOT_FOUND') || known?.is('SOURCE_UNREADABLE')) {
          await this.#unwatch()
          archives.setSourceState(key, { name: 'missing', path: (known.data as { path: string }).path })
        } else if (known !== null) archives.setSourceState(key, { name: 'failed', error: known.toJSON() })
        else {
          const incident = crypto.randomUUID()
          log.error({ incident, err: error, key }, 'following a folder failed')
          archives.setSourceState(key, {
            name: 'failed',
            error: new AppError('INTERNAL', 'Something went wrong.', { incident }).toJSON(),
          })
        }
        await this.#woken(MISSING_AGAIN)
      }
    }
    await this.#unwatch()
    if (!signal.aborted && archives.has(key)) archives.setSourceState(key, { name: 'paused' })
  }

  /**
   * Brings the archive up to the folder, at the given archive paths or (null) as a whole. `message`: of the changeset that
   * comes of it, if one does.
   */
  async #sync(only: readonly string[] | null, message: string): Promise<'done' | 'asks' | 'paused'> {
    const { archives, key } = this.#options
    const record = this.#record
    const archive = archives.writable(key)
    const first = !record.complete
    const skipped: Skipped[] = []
    const changes: Change[] = []
    let bytes = 0
    const young = Date.now() - YOUNG
    const index = await this.#openIndex(archive)
    const scanned = scan(record.items, this.#life.signal, {
      only,
      ownRules: record.rules,
      onFolder: (local, item) => this.#watching?.get(item.path)?.folder(local),
    })
    const skip = (one: Skipped) => skipped.push(one)
    const recognised: ScannedFile[] = []
    const recognition: Recognition = {
      moved: file => index.moved(file),
      recognised: file => recognised.push(file),
    }
    for await (const change of plan(scanned, knownBelow(index.known, only), record, skip, recognition)) {
      changes.push(change)
      if (change.kind === 'file') bytes += change.file.size
    }
    if (recognised.length > 0) await index.recognised(recognised)
    const total = index.known.size
    const removals = lost(changes)
    if (asksFirst(removals, total) && removals > this.#removalsAgreed) {
      // What was moved may have come to be somewhere that has not been told of yet.
      if (only !== null) return this.#sync(null, message)
      this.#removalsAgreed = 0
      this.#removalsAsked = removals
      archives.setSourceState(key, { name: 'asks-removal', removals, of: total })
      return 'asks'
    }
    // Agreed to with another record than this one: it is for the next round.
    if (this.#record === record) this.#removalsAgreed = 0
    this.#removalsAsked = 0
    if (this.#record.paused) return 'paused'
    if (changes.length === 0 && !first) return 'done'
    const fresh = changes.filter(change => isYounger(change, young)).map(({ path }) => path)
    const files = changes.filter(change => change.kind !== 'remove').length
    const outcome = await this.#import({
      index,
      changes,
      files,
      bytes,
      skipped,
      first,
      message: first ? record.message : message,
    })
    if (outcome === 'done' && fresh.length > 0 && MISSES_THE_SHORT_LIVED)
      this.#mark(fresh.length > MANY_YOUNG ? null : fresh)
    return outcome
  }

  /** Large imports have a row, which can be paused and cancelled; small ones just happen. */
  async #import(work: Work): Promise<'done' | 'paused'> {
    const { archives, transfers, key } = this.#options
    const { files, bytes, first } = work
    const run = (control: Control) => this.#apply(work, control)
    if (!first && bytes < ROW_BYTES && files < ROW_FILES) {
      await run({ ...UNWATCHED, signal: this.#life.signal })
      return 'done'
    }
    const id = importId(key)
    const failed = new Promise<'done' | 'paused'>((resolve, reject) => {
      transfers.add({
        id,
        kind: 'import',
        key,
        title: archives.row(key).title,
        folder: this.#record.items[0]?.path ?? null,
        startedAt: Date.now(),
        retriedByOwner: true,
        run: async control => {
          try {
            await run(control)
            resolve('done')
          } catch (error) {
            if (control.signal.aborted) resolve('paused')
            else reject(error as Error)
            throw error
          }
        },
        onPaused: async paused => {
          await this.#pauseRecord(paused)
          return 'added-anew'
        },
        onEnded: async how => {
          if (how === 'cancelled') await this.#cancelled()
        },
      })
    })
    return failed
  }

  async #apply({ index, changes, files, bytes, skipped, first, message }: Work, control: Control): Promise<void> {
    const { archives, key } = this.#options
    const archive = archives.writable(key)
    const signal = AbortSignal.any([control.signal, this.#life.signal])
    control.totals(files, bytes)
    for (const one of skipped) control.skipped(one)
    await importChanges(archive, changes, index, {
      signal,
      progressive: first,
      message,
      about: first ? await this.#firstAbout() : null,
      onProgress: ({ files, bytes, current }) => control.progress(files, bytes, current),
      onSkipped: one => control.skipped(one),
      onCommitted: () => archives.published(key),
    })
    if (first) await archives.setSource(key, { ...this.#record, complete: true, message: '' })
  }

  /** One for as long as the folders are the same; what others wrote to the archive meanwhile is taken over. */
  async #openIndex(archive: Archive): Promise<SourceIndex> {
    const sources = this.#record.items.map(({ path }) => path)
    const isSame = this.#sources?.length === sources.length && sources.every((path, at) => path === this.#sources![at])
    if (this.#index === null || !isSame) this.#index = await SourceIndex.open(this.#options.storage, archive, sources)
    else await this.#index.catchUp()
    this.#sources = sources
    return this.#index
  }

  async #firstAbout(): Promise<About> {
    const { archives, key } = this.#options
    const about = await archives.get(key).about()
    return (
      about ?? {
        cairn: 1,
        title: archives.record(key).title,
        description: '',
        author: '',
        importing: true,
        createdAt: Date.now(),
      }
    )
  }

  async #pauseRecord(paused: boolean): Promise<void> {
    const { archives, key } = this.#options
    await archives.setSource(key, { ...this.#record, paused })
    this.poke()
  }

  /** What was committed stays; the archive says of itself that nothing more is coming. */
  async #cancelled(): Promise<void> {
    await this.#pauseRecord(true)
    await this.#options.archives.importLeft(this.#options.key)
  }

  async #watch(): Promise<void> {
    if (this.#watching !== null) return
    const { log } = this.#options
    const withoutUsual = !takesIn(this.#record)
    this.#rescanAfter = RESCAN
    const watching = new Map<string, Watching>()
    this.#watching = watching
    for (const item of this.#record.items)
      watching.set(
        item.path,
        await watchItem(item, {
          withoutUsual,
          onChange: paths => this.#mark(paths),
          onFailure: error => {
            this.#rescanAfter = RESCAN_UNWATCHED
            if (!this.#isUnwatchedTold)
              log.warn({ err: error }, 'a folder cannot be watched; it is looked through now and then')
            this.#isUnwatchedTold = true
          },
        }),
      )
  }

  async #unwatch(): Promise<void> {
    const watching = [...(this.#watching?.values() ?? [])]
    this.#watching = null
    await Promise.all(watching.map(one => one.close().catch(() => {})))
  }

  /** null: anything may have changed. */
  #mark(paths: readonly string[] | null): void {
    const now = performance.now()
    this.#firstDirtyAt ??= now
    this.#lastDirtyAt = now
    const rules = paths?.some(path => path.endsWith('/.cairnignore')) === true
    if (paths === null || rules || this.#dirty.all) this.#dirty = { all: true, paths: new Set() }
    else for (const path of paths) this.#dirty.paths.add(path)
    this.#wake()
  }

  #take(): Dirty {
    const dirty = this.#dirty
    this.#dirty = { all: false, paths: new Set() }
    this.#firstDirtyAt = null
    this.#isUrgent = false
    return dirty
  }

  /** Until something has changed and a second of quiet has passed, or ten seconds, or it is time for a rescan. */
  async #quiet(): Promise<void> {
    const { signal } = this.#life
    if (this.#firstDirtyAt === null) {
      await this.#woken(this.#rescanAfter)
      if (this.#firstDirtyAt === null) {
        // What is watched may have become another folder without a word.
        await this.#unwatch()
        this.#dirty = { all: true, paths: new Set() }
      }
    }
    while (this.#firstDirtyAt !== null && !this.#isUrgent && !signal.aborted && !this.#record.paused) {
      const now = performance.now()
      const left = Math.min(this.#lastDirtyAt + QUIET, this.#firstDirtyAt + CEILING) - now
      if (left <= 0) return
      await this.#woken(left)
    }
  }

  async #woken(milliseconds: number): Promise<void> {
    const end = new AbortController()
    const signal = AbortSignal.any([end.signal, this.#life.signal])
    const woken = new Promise<void>(resolve => {
      this.#wake = resolve
    })
    await Promise.race([woken, setTimeout(milliseconds, null, { signal, ref: false }).catch(() => {})])
    end.abort()
  }
}

/** Whether the person's rules take something in, which may be what nobody would watch otherwise. */
export const takesIn = ({ rules }: Pick<SourceRecord, 'rules'>): boolean => /^!/m.test(rules)

/** Came to where it is after this time, as far as that can be told. */
function isYounger(change: Change, time: number): boolean {
  switch (change.kind) {
    case 'file':
      return change.before === null && (change.moved !== null || change.file.identity.changed > time)
    case 'link':
      return change.before === null && change.link.modified > time
    case 'mode':
    case 'remove':
      return false
    default:
      return assertNever(change)
  }
}

const isSame = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((one, index) => one === b[index])

export const unfinished = (key: string) =>
  new AppError(
    'RESTORE_UNFINISHED',
    'Files are still being restored in the folder of this archive. Nothing of it is published before that is done, or cancelled.',
    { key },
  )

export const importId = (key: string): string => `import-${key}`

/** More than half, or more than a thousand; a few out of a few are an everyday thing, all of them are not. */
export const asksFirst = (removals: number, of: number): boolean =>
  removals > MANY_REMOVALS || (removals * 2 > of && (removals >= FEW_REMOVALS || removals >= of))
