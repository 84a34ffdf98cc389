/**
 * The library: every archive that this machine knows, open for as long as the backend runs. Holds what the page may
 * see of them in `rows`, and is the one place that changes the registry.
 */
import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import type {
  ArchiveRow,
  ArchiveSource,
  ArchiveState,
  News,
  OpenedLink,
  PendingUpdate,
} from '../../preload/contract/models.ts'
import { Collection } from '../lib/collection.ts'
import type { Log } from '../lib/log.ts'
import { Mutex } from '../lib/mutex.ts'
import { EVERYTHING } from '../lib/ranges.ts'
import { shortKey } from '../lib/short-key.ts'
import type { Network } from '../network/network.ts'
import { type About, BESIDE_RESERVED } from './about.ts'
import { Archive, type Labelling } from './archive.ts'
import { clearBlocks } from './blocks.ts'
import { catchUp } from './catch-up.ts'
import { HistoryGuard } from './history-guard.ts'
import { decodeKey, encodeKey, formatLink, type Link, parseLink } from './links.ts'
import { type ArchiveRecord, FRESH, type Registry, type SourceRecord, type SummaryRecord } from './registry.ts'
import { Rewrites } from './rewrites.ts'
import { type Finding, noAttempts, pursue } from './search.ts'
import type { Store } from './store.ts'

const SAMPLE = 250
/** Archives that are opened at the same time when the backend starts. */
const OPENING = 64
/** How long a start waits to learn whether an archive is empty. */
const ASSESSING = 300
/** What a person looks at comes before the rest of the list, which is begun with after this long. */
const LIST_AFTER = 3000

type Opened = {
  readonly archive: Archive
  readonly life: AbortController
  state: ArchiveState
  /** Ends the pause between two searches. */
  retry: () => void
  /** Somebody waits for it: before the archives that nobody looks at. */
  urgent: boolean
  searchingSince: number
  about: About | null
  files: number | null
  bytes: number | null
  changedAt: number | null
  /** The version that `about` and the counts are of, and the one that was found to be empty or not. */
  readAt: number
  assessedAt: number
  /** What the row says is on its way from a peer. */
  asking: boolean
  source: ArchiveSource['state'] | null
  /** Ends the waiting for peers who may have more of it, while it may be older than what was published. */
  insist: (() => void) | null
  /** Of ours: the log is as long as what was published, and another one. */
  differs: boolean
  /** An update that what is kept does not take unasked. */
  pending: PendingUpdate | null
  /** What differs between the version that the person saw last and the newest one. */
  news: (News & { readonly seen: number; readonly length: number }) | null
  /** Ends the search, when the archive is paused or its life ends. */
  search: AbortController
  downloads: readonly { destroy(): void }[]
  /** The whole list is on its way. */
  fetchesList: boolean
  /** Begins with that. */
  looked: () => void
  /** When somebody was shown a part of the list last, by `performance.now`; 0: not since the start. */
  lookedAt: number
}

/** What is left is rewritten to give room back, as long as it is not more than this many times what was freed. */
const WORTH_REWRITING = 4

export class Archives {
  readonly rows = new Collection<ArchiveRow>()
  readonly #opened = new Map<string, Opened>()
  readonly #turns = new Map<string, Mutex>()
  readonly #dirty = new Set<string>()
  /** Discovery keys that peers are answered about. */
  readonly #shared = new Set<string>()
  readonly #listeners = new Set<(key: string) => void>()
  readonly #replaced = new Set<(key: string) => void>()
  #rewrites!: Rewrites
  readonly #storage: string
  readonly #store: Store
  readonly #registry: Registry
  readonly #network: Network
  readonly #log: Log
  /** Of each archive that a look has brought into the library since the start: how many looks at it were not given up. */
  readonly #looks = new Map<string, number>()
  /** Rows that may have changed are looked at some times a second; null: none has, or it is not time for it yet. */
  #sampler: NodeJS.Timeout | null = null
  #samples = false

  constructor(storage: string, store: Store, registry: Registry, network: Network, log: Log) {
    this.#storage = storage
    this.#store = store
    this.#registry = registry
    this.#network = network
    this.#log = log
  }

  async start(): Promise<void> {
    this.#network.onReturn(() => {
      for (const opened of this.#inOrder()) opened.retry()
    })
    this.#rewrites = await Rewrites.open({
      storage: this.#storage,
      registry: this.#registry,
      log: this.#log,
      isLookedAt: key => (this.#opened.get(key)?.lookedAt ?? 0) > 0,
      changed: key => this.touch(key),
      replaced: key => this.#historyReplaced(key),
      flush: () => this.#store.flush(),
    })
    this.#store.answerOnly(discoveryKey => this.#shared.has(discoveryKey.toString('hex')))
    const records = this.records().values()
    const openInTurn = async () => {
      for (const record of records)
        await this.#admit(record, { urgent: false }).catch(error => {
          // One that does not open takes none of the others along. It stays in the registry for the next start.
          this.#log.error({ err: error, key: record.key }, 'an archive could not be opened')
        })
    }
    await Promise.all(Array.from({ length: OPENING }, openInTurn))
    this.#samples = true
    this.#sampleSoon()
    void this.#forgetTheRest().catch(error => this.#log.error({ err: error }, 'what was forgotten is not gone yet'))
  }

  /** The archive is open. Throws ARCHIVE_NOT_FOUND. */
  get(key: string): Archive {
    return this.#of(key).archive
  }

  has(key: string): boolean {
    return this.#opened.has(key)
  }

  record(key: string): ArchiveRecord {
    const record = this.#registry.archives.get(key)
    if (record === undefined) throw notFound(key)
    return record
  }

  records(): readonly ArchiveRecord[] {
    return [...this.#registry.archives.values()]
  }

  row(key: string): ArchiveRow {
    const row = this.rows.get(key)
    if (row === undefined) throw notFound(key)
    return row
  }

  link(key: string): string {
    const { secret } = this.record(key)
    return formatLink({ key, version: null, blobsLength: null, hash: null, path: '/', secret })
  }

  /** Calls back after anything of an archive has changed that its row shows. Returns how to stop. */
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Ends when the archive is forgotten or the backend closes. */
  life(key: string): AbortSignal {
    return this.#of(key).life.signal
  }

  /** A writable archive of ours. Its key was never used before. */
  async create(title: string, isPrivate: boolean, source: SourceRecord | null): Promise<Archive> {
    const namespace = `archive/${randomBytes(32).toString('hex')}`
    const secret = isPrivate ? encodeKey(randomBytes(32)) : null
    const archive = await Archive.create(this.#store, namespace, secret)
    const record: ArchiveRecord = {
      key: archive.key,
      namespace,
      secret,
      title,
      addedAt: Date.now(),
      keeping: { how: 'all' },
      source,
      ...FRESH,
    }
    await this.#registry.setArchive(record)
    await this.#admit(record, { archive, urgent: true })
    return archive
  }

  /** What a link says, of an archive that need not be known. Throws as `open` does. */
  readLink(text: string): OpenedLink {
    return saidBy(parseLink(text))
  }

  /** Adds a friend's archive, or finds the one that is known. Returns at once. */
  async open(text: string): Promise<OpenedLink> {
    const link = parseLink(text)
    return this.#inTurn(link.key, () => this.#open(link))
  }

  async #open(link: Link): Promise<OpenedLink> {
    const known = this.#registry.archives.get(link.key)
    if (known === undefined) {
      const record: ArchiveRecord = {
        key: link.key,
        namespace: null,
        secret: link.secret,
        title: '',
        addedAt: Date.now(),
        keeping: { how: 'look' },
        source: null,
        ...FRESH,
      }
      await this.#registry.setArchive(record)
      await this.#admit(record, { urgent: true })
      this.#looks.set(link.key, 1)
    } else if (
      link.secret !== null &&
      known.secret !== link.secret &&
      known.namespace === null &&
      (known.secret === null || this.#of(link.key).state.name === 'secret-needed')
    ) {
      await this.#reopen(await this.#registry.update(link.key, { secret: link.secret, summary: null }))
    }
    const looks = this.#looks.get(link.key)
    if (known !== undefined && looks !== undefined) this.#looks.set(link.key, looks + 1)
    const said = saidBy(link)
    this.#of(link.key).archive.pins.claim(said.version, said.pin)
    return said
  }

  /** Takes one `open` back. What was found, or is wanted by anybody else, stays. */
  giveUp(key: string): Promise<void> {
    return this.#store.reserve.lend(() =>
      this.#inTurn(key, async () => {
        const looks = this.#looks.get(key)
        if (looks === undefined) return
        this.#looks.set(key, looks - 1)
        const { watched, keeping } = this.record(key)
        if (looks > 1 || watched !== null || keeping.how !== 'look' || this.get(key).length > 0) return
        await this.#forget(key)
      }),
    )
  }

  retry(key: string): void {
    const opened = this.#of(key)
    opened.urgent = true
    opened.retry()
  }

  /** Whether the person is to be told when it is found. Nothing is left to tell of one that is here. */
  async tellWhenFound(key: string, tell: boolean): Promise<void> {
    const { state } = this.#of(key)
    const { watched } = this.record(key)
    if (tell ? watched !== null || isHere(state) : watched === null) return
    await this.#registry.update(key, { watched: tell ? { since: Date.now(), foundAt: null } : null })
    await this.refresh(key)
  }

  async describe(key: string, said: Pick<About, 'title' | 'description' | 'author'>): Promise<void> {
    await this.#writeAbout(key, said)
    await this.#registry.update(key, { title: said.title })
  }

  /** A first import that was left: nothing more is coming for now, and the archive says so. */
  async importLeft(key: string): Promise<void> {
    if ((await this.get(key).about())?.importing === true) await this.#writeAbout(key, { importing: false }, 'further')
  }

  /** Somebody has been shown a part of the list: the rest may come now. */
  looked(key: string): void {
    const opened = this.#opened.get(key)
    if (opened === undefined) return
    opened.lookedAt = performance.now()
    this.#network.hurry(opened.archive.drive.discoveryKey)
    opened.looked()
  }

  async markSeen(key: string, length: number): Promise<void> {
    const record = this.record(key)
    const told = record.watched !== null && record.watched.foundAt !== null
    const isNews = length > record.seenLength && length <= this.get(key).length
    if (!told && !isNews) return
    await this.#registry.update(key, {
      ...(isNews ? { seenLength: length } : {}),
      ...(told ? { watched: null } : {}),
    })
    this.touch(key)
  }

  /** How it is kept, and how its updates are taken. */
  async setKept(key: string, change: Partial<Pick<ArchiveRecord, 'keeping' | 'updates'>>): Promise<void> {
    await this.#registry.update(key, change)
    if (change.keeping !== undefined) this.#fetchList(this.#of(key))
    await this.refresh(key)
  }

  /** What the person calls a version (null: nothing any more): in an archive of theirs for everybody, of a friend's for themselves. */
  async nameVersion(key: string, version: number, name: string | null): Promise<void> {
    const { namespace, names } = this.record(key)
    if (namespace === null) {
      const others = names.filter(one => one.version !== version)
      await this.#registry.update(key, {
        names: name === null ? others : [...others, { version, name, time: Date.now() }],
      })
      return
    }
    await this.#label(key, { version, name })
  }

  /** What a version is, for everybody. null: what its changeset says. Throws ARCHIVE_READ_ONLY for a friend's. */
  async describeVersion(key: string, version: number, message: string | null): Promise<void> {
    await this.#label(key, { version, message })
  }

  async #label(key: string, label: Labelling): Promise<void> {
    await this.writable(key).commit([], () => null, { partial: false, message: '', label })
    await this.published(key)
  }

  setPending(key: string, pending: PendingUpdate | null): void {
    const opened = this.#opened.get(key)
    if (opened === undefined || JSON.stringify(opened.pending) === JSON.stringify(pending)) return
    opened.pending = pending
    this.touch(key)
  }

  /** What is new in version `length` since the person saw `seen`. */
  async setNews(key: string, seen: number, length: number, news: News): Promise<void> {
    const opened = this.#opened.get(key)
    if (opened === undefined) return
    opened.news = { ...news, seen, length }
    await this.refresh(key)
  }

  async setNotify(key: string, notify: boolean): Promise<void> {
    await this.#registry.update(key, { notify })
    await this.refresh(key)
  }

  /** Bytes per second; null: no limit of its own. */
  async setLimits(key: string, limits: ArchiveRecord['limits']): Promise<void> {
    await this.#registry.update(key, { limits })
    await this.refresh(key)
  }

  /** A friend's archive leaves the swarm and every peer, or comes back. What is here stays and can be looked at. */
  pause(key: string, paused: boolean): Promise<void> {
    return this.#inTurn(key, async () => {
      const opened = this.#of(key)
      const { namespace, paused: before } = this.record(key)
      if (namespace !== null)
        throw new AppError('ARCHIVE_READ_ONLY', 'An archive of yours is paused at its folder.', { key })
      if (paused === before) return
      await this.#registry.update(key, { paused })
      if (paused) await this.#withdraw(opened)
      else {
        for (const core of coresOf(opened.archive)) this.#share(opened.archive, core)
        if (this.#network.started) this.#search(opened)
      }
      this.#fetchList(opened)
      await this.refresh(key)
    })
  }

  /** Nobody is answered about it any more, and nobody is asked. */
  async #withdraw({ archive, search, downloads }: Opened): Promise<void> {
    search.abort()
    for (const download of downloads) download.destroy()
    for (const core of coresOf(archive)) this.#shared.delete(core.discoveryKey.toString('hex'))
    this.#network.unshare(archive.drive.key)
    archive.leavePeers()
    await this.#network.leave(archive.drive.discoveryKey)
  }

  async setSource(key: string, source: SourceRecord | null): Promise<void> {
    await this.#registry.update(key, { source })
    this.touch(key)
  }

  setSourceState(key: string, state: ArchiveSource['state'] | null): void {
    const opened = this.#opened.get(key)
    if (opened === undefined) return
    opened.source = state
    this.touch(key)
  }

  /** Throws unless the archive is ours and may be written to now. */
  writable(key: string): Archive {
    const { archive, state, differs } = this.#of(key)
    if (this.record(key).namespace === null)
      throw new AppError('ARCHIVE_READ_ONLY', 'Only its author can change this archive.', { key })
    if (state.name === 'behind')
      throw new AppError(
        'ARCHIVE_BEHIND',
        state.published === null
          ? 'This storage was copied or restored, and may be older than what was published from it. It catches up from a friend before anything is added.'
          : 'This storage is older than what was published from it. It catches up from a friend before anything is added.',
        { key, length: state.length, published: state.published },
      )
    const rewritten = this.#rewrites.of(archive, differs)
    if (rewritten?.kind === 'forked')
      throw new AppError('ARCHIVE_CONFLICT', 'Two different histories were signed for this archive. It is frozen.', {
        key,
      })
    if (rewritten?.kind === 'taken-back')
      throw new AppError(
        'ARCHIVE_CONFLICT',
        'Another copy of this archive has taken versions back. It is frozen here until you say whether to follow it.',
        { key },
      )
    return archive
  }

  /** Whether `writable` would return it. It becomes so by itself, or by an answer. */
  mayWrite(key: string): boolean {
    const { archive, state, differs } = this.#of(key)
    return state.name !== 'behind' && this.#rewrites.of(archive, differs) === null
  }

  /** An archive of ours that may be older than what was published is written to from now on, whatever becomes of that. */
  async insist(key: string): Promise<void> {
    const opened = this.#of(key)
    if (opened.insist === null) return
    opened.insist()
    await this.#isCurrent(opened)
  }

  /** Follows another history, or stays on the one that is here. */
  async answerRewrite(key: string, follow: boolean): Promise<void> {
    await this.#rewrites.answer(this.get(key), follow)
    await this.refresh(key)
  }

  /** Makes what is here, up to this version (null: all of it), the one history of an archive of ours. Returns its length. */
  async repair(key: string, version: number | null): Promise<number> {
    const opened = this.#of(key)
    const { archive } = opened
    if (this.record(key).namespace === null)
      throw new AppError('ARCHIVE_READ_ONLY', 'Only its author can repair this archive.', { key })
    if (this.#rewrites.of(archive, opened.differs) === null)
      throw new AppError('NO_WARRANT', 'There is nothing to repair: this archive has one history.', { key })
    const length = await archive.alone(() => this.#rewrites.repair(archive, version))
    opened.differs = false
    await this.refresh(key)
    return length
  }

  warrant(key: string): Promise<{ readonly name: string; readonly text: string }> {
    this.get(key)
    return this.#rewrites.warrant(key)
  }

  /** Calls back when the versions of an archive are other ones than they were. Returns how to stop. */
  onReplaced(listener: (key: string) => void): () => void {
    this.#replaced.add(listener)
    return () => this.#replaced.delete(listener)
  }

  #historyReplaced(key: string): void {
    const opened = this.#opened.get(key)
    if (opened === undefined) return
    opened.readAt = -1
    opened.assessedAt = -1
    opened.differs = false
    if (this.record(key).namespace !== null) {
      this.#fetchRest(opened)
      void this.published(key).catch(error =>
        this.#log.error({ err: error, key }, 'a history could not be written down'),
      )
    }
    for (const listener of this.#replaced) listener(key)
    void this.#assess(opened)
    this.touch(key)
  }

  /** Remembers outside the store what peers may have seen by now. */
  async published(key: string): Promise<void> {
    await this.#registry.update(key, { published: await this.get(key).fingerprint() })
    await this.#refreshRow(key)
  }

  /**
   * What a pinned link says of a version is proven before anything of it is shown: for what does not come from `Archive.at`,
   * or outlasts it. The signal is aborted once it is so no longer. Throws what `Pins.check` throws.
   */
  async verifyPin(key: string, version: number | null): Promise<AbortSignal> {
    const pinned = version === null || version === 0 ? null : await this.get(key).pins.check(version)
    return pinned?.signal ?? NEVER
  }

  /** What is here of the content of this version is what it names, as far as that is known. See `Rewrites.isWhole`. */
  isWhole(key: string, version: number): boolean {
    return this.#rewrites.isWhole(key, version)
  }

  /** Whether a version is still what it was when the list had this fork, as far as that is known. */
  stands(key: string, version: number, fork: number): boolean {
    const now = this.get(key).drive.core.fork
    const { rewrite } = this.record(key)
    return fork === now || (rewrite?.log === 'list' && rewrite.fork === now && version <= rewrite.common)
  }

  /** Throws what `Archive.pin` throws. */
  async pinnedLink(key: string, version: number, path: string, signal?: AbortSignal): Promise<string> {
    if (version === 0)
      throw new AppError('VERSION_NOT_FOUND', 'There is no version 0.', { key, version, newest: this.get(key).length })
    const { blobsLength, hash } = await this.get(key).pin(version, signal)
    return formatLink({ key, version, blobsLength, hash, path, secret: this.record(key).secret })
  }

  /** Leaves, deletes the blocks and gives their room back. */
  forget(key: string): Promise<void> {
    return this.#store.reserve.lend(() => this.#inTurn(key, () => this.#forget(key)))
  }

  async #forget(key: string): Promise<void> {
    const opened = this.#of(key)
    const { archive } = opened
    const cores = coresOf(archive)
    const bytes = await archive.heldBytes()
    this.#dismiss(opened)
    this.#opened.delete(key)
    this.#looks.delete(key)
    this.rows.delete(key)
    await this.#registry.removeArchive(
      key,
      cores.map(core => encodeKey(core.key)),
      bytes,
    )
    for (const listener of this.#listeners) listener(key)
    await this.#withdraw(opened)
    await archive.writing.run(async () => {
      for (const core of cores) await clearBlocks(core, EVERYTHING)
      await archive.close()
    })
    await this.#rewrites.forget(key)
    await this.#registry.setGone(key)
    await this.compact()
  }

  /** A kill in the middle of forgetting left blocks that nobody would ever find. */
  async #forgetTheRest(): Promise<void> {
    for (const { key, cores } of [...this.#registry.forgotten.values()])
      await this.#inTurn(key, async () => {
        // It was opened anew since, and what is here of it is wanted again.
        if (!this.#opened.has(key))
          for (const id of cores) {
            const core = this.#store.corestore.get({ key: decodeKey(id) })
            await core.ready()
            await clearBlocks(core, EVERYTHING)
            await core.close()
          }
        await this.#registry.setGone(key)
      })
    if (this.#registry.garbage > 0) await this.compact()
  }

  /** Blocks of so many bytes were cleared. Their room is given back by `compact`, also after a kill in between. */
  async cleared(bytes: number): Promise<void> {
    await this.#registry.setGarbage(this.#registry.garbage + bytes)
  }

  /** Gives the room of what was cleared back to the disk, as far as it has room for that. Where it has none, that is left to the next time. */
  async compact(): Promise<void> {
    const { garbage } = this.#registry
    try {
      await this.#store.flush()
      let left = 0
      for (const { archive } of this.#opened.values()) left += await archive.heldBytes()
      // What is rewritten stands there twice until all of it is.
      const { free } = await this.#store.room()
      const thorough = left < Math.min(garbage * WORTH_REWRITING, free)
      await this.#store.compact(thorough)
      // What a quick one leaves behind is counted on, until there is enough of it.
      if (thorough) await this.#registry.setGarbage(Math.max(0, this.#registry.garbage - garbage))
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOSPC') throw error
      this.#log.warn({ err: error }, 'there is no room to give room back')
    }
  }

  /** The network may be used from now on. */
  networkStarted(): void {
    for (const one of this.#inOrder()) {
      if (one.state.name === 'unreachable') this.#setState(one, this.#initialState(one.archive))
      this.#search(one)
    }
  }

  /** The person has paused everything: nothing is looked for until `networkStarted`. */
  networkStopped(): void {
    for (const opened of this.#opened.values()) {
      opened.search.abort()
      const { name } = opened.state
      if (name === 'looking' || name === 'reading' || name === 'unreachable')
        this.#setState(opened, this.#initialState(opened.archive))
    }
  }

  /** What was looked at last, then those of which nothing is known yet and that somebody waits for, then the others. */
  #inOrder(): readonly Opened[] {
    const rank = ({ archive, lookedAt }: Opened) => (lookedAt > 0 ? lookedAt : archive.known ? -2 : -1)
    return [...this.#opened.values()]
      .filter(({ archive }) => !this.record(archive.key).paused)
      .sort((a, b) => rank(b) - rank(a))
  }

  touch(key: string): void {
    this.#dirty.add(key)
    this.#sampleSoon()
  }

  /** The row says now what has been changed: whoever asked for it must not meet what was before. */
  async refresh(key: string): Promise<void> {
    this.#dirty.delete(key)
    await this.#refreshRow(key)
  }

  async close(): Promise<void> {
    this.#samples = false
    if (this.#sampler !== null) clearTimeout(this.#sampler)
    this.#sampler = null
    for (const opened of this.#opened.values()) this.#dismiss(opened)
    await Promise.allSettled([...this.#opened.values()].map(({ archive }) => archive.close()))
  }

  async #writeAbout(key: string, change: Partial<About>, part: 'further' | null = null): Promise<void> {
    const { title } = this.record(key)
    const empty: About = { cairn: 1, importing: false, createdAt: Date.now(), title, description: '', author: '' }
    await this.writable(key).commit([], before => ({ ...empty, ...before, ...change }), {
      partial: false,
      message: '',
      part,
    })
    await this.published(key)
  }

  /** One archive is opened and forgotten by one at a time: its topic, its blocks and its sessions are the same things. */
  #inTurn<T>(key: string, task: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(key) ?? new Mutex()
    this.#turns.set(key, turns)
    return turns.run(task)
  }

  #of(key: string): Opened {
    const opened = this.#opened.get(key)
    if (opened === undefined) throw notFound(key)
    return opened
  }

  async #admit(
    record: ArchiveRecord,
    { archive: created, urgent }: { readonly archive?: Archive; readonly urgent: boolean },
  ): Promise<void> {
    const archive = created ?? (await Archive.open(this.#store, record))
    const opened: Opened = {
      archive,
      life: new AbortController(),
      state: this.#initialState(archive),
      retry: () => {},
      urgent,
      searchingSince: Date.now(),
      about: null,
      files: null,
      bytes: null,
      changedAt: null,
      readAt: -1,
      assessedAt: -1,
      asking: false,
      insist: null,
      differs: false,
      pending: null,
      news: null,
      search: new AbortController(),
      source: record.source === null ? null : { name: record.source.paused ? 'paused' : 'importing' },
      downloads: [],
      fetchesList: false,
      looked: () => {},
      lookedAt: 0,
    }
    // As many readers as there are listen for the end of an archive.
    setMaxListeners(0, opened.life.signal)
    this.#opened.set(record.key, opened)
    if (record.namespace !== null) archive.mayWrite = () => void this.writable(record.key)
    else archive.contentUpTo = (version, signal) => this.#rewrites.contentUpTo(record.key, version, signal)
    const { core } = archive.drive
    const touch = () => this.touch(record.key)
    let refreshed = Number.NEGATIVE_INFINITY
    core.on('append', () => {
      // A version after some quiet is what somebody waits for: it does not wait for the next sample.
      if (performance.now() - refreshed > SAMPLE) {
        refreshed = performance.now()
        void this.refresh(record.key)
      } else touch()
      void this.#assess(opened)
    })
    core.on('peer-add', touch)
    core.on('peer-remove', touch)
    this.#rewrites.guard(archive, 'list', core)
    if (archive.blobs !== null) this.#rewrites.guard(archive, 'content', archive.blobs.core)
    const known = archive.blobs
    for (const shared of coresOf(archive)) this.#shareUnlessPaused(archive, shared)
    void archive.drive.getBlobs().then(
      blobs => {
        if (blobs === null || opened.life.signal.aborted) return
        if (known === null) this.#rewrites.guard(archive, 'content', blobs.core)
        this.#shareUnlessPaused(archive, blobs.core)
        blobs.core.on('download', touch)
        blobs.core.on('append', touch)
        touch()
      },
      () => {},
    )
    if (record.namespace !== null) {
      const published = record.published?.length ?? null
      // Before anything that may fail: until it is known, nothing is written.
      if (record.doubt || core.length < (published ?? 0)) this.#catchUp(opened, published)
      if (record.published !== null) await this.#compareWithPublished(opened, record.published)
      this.#fetchRest(opened)
    }
    // A block may be missing and nobody there: the start does not wait for it.
    if (!this.#recall(opened, record.summary))
      await Promise.race([this.#assess(opened), sleep(ASSESSING, undefined, { ref: false })])
    await this.#refreshRow(record.key)
    this.#fetchList(opened)
    if (this.#network.started && !record.paused) this.#search(opened)
  }

  /** Takes over what was read of this very version before. false: it has to be read. */
  #recall(opened: Opened, summary: SummaryRecord | null): boolean {
    const { archive } = opened
    const { core } = archive.drive
    if (summary === null || !archive.known || summary.length !== core.length || summary.fork !== core.fork) return false
    const { about, files, bytes, changedAt, length } = summary
    Object.assign(opened, { about, files, bytes, changedAt, readAt: length, assessedAt: length })
    if (opened.state.name === 'found' && summary.empty) opened.state = { name: 'empty' }
    return true
  }

  #remember({ archive, state, readAt, assessedAt, about, files, bytes, changedAt }: Opened): void {
    const { length, fork } = archive.drive.core
    if (length !== readAt || length !== assessedAt || (state.name !== 'found' && state.name !== 'empty')) return
    const summary = { length, fork, empty: state.name === 'empty', about, files, bytes, changedAt }
    if (JSON.stringify(summary) !== JSON.stringify(this.record(archive.key).summary))
      this.#registry.remember(archive.key, { summary })
  }

  #share(archive: Archive, core: Hypercore): void {
    // Before the first block of it passes.
    const log = core === archive.drive.core ? 'list' : 'content'
    this.#network.assign(core.discoveryKey, { archive: archive.key, log })
    this.#shared.add(core.discoveryKey.toString('hex'))
    this.#store.offer(core)
    if (core.listeners('verification-error').length === 0)
      core.on('verification-error', (_error, _request, _answer, peer: { readonly remotePublicKey: Buffer }) => {
        if (!HistoryGuard.isFrozen(core.core) && this.#network.lied(peer.remotePublicKey))
          this.#log.warn({ peer: encodeKey(peer.remotePublicKey) }, 'a peer sends wrong blocks and is let go')
      })
  }

  #shareUnlessPaused(archive: Archive, core: Hypercore): void {
    if (!this.record(archive.key).paused) this.#share(archive, core)
  }

  #initialState(archive: Archive): ArchiveState {
    if (archive.known) return { name: 'found' }
    if (archive.writable) return { name: 'empty' }
    if (!this.#network.allowed || this.#network.paused)
      return {
        name: 'unreachable',
        reason: this.#network.allowed ? 'paused' : 'offline',
        since: Date.now(),
        lastTried: Date.now(),
        candidates: 0,
        attempts: noAttempts,
      }
    return this.#network.started
      ? { name: 'looking', since: Date.now(), dhtAnswered: false, candidates: 0, attempts: noAttempts }
      : { name: 'waiting-for-consent' }
  }

  /** An own log that is shorter than peers have seen it, or another one, must not be written to. */
  async #compareWithPublished(opened: Opened, published: NonNullable<ArchiveRecord['published']>): Promise<void> {
    const { core } = opened.archive.drive
    opened.differs =
      // A repair was begun, and ended by a kill.
      core.fork < published.fork ||
      (core.length >= published.length &&
        core.fork === published.fork &&
        (await core.has(published.length - 1)) &&
        encodeKey(await core.treeHash(published.length)) !== published.hash)
  }

  /** Nothing is added to it before peers have said that nobody has more of it. */
  #catchUp(opened: Opened, published: number | null): void {
    const { archive, life } = opened
    const insisted = new AbortController()
    opened.insist = () => insisted.abort()
    // What was published is known to be more; with as much as that here it is only in doubt.
    const say = (alone: boolean) => {
      const { length } = archive
      const known = published !== null && published > length ? published : null
      if (!insisted.signal.aborted) this.#setState(opened, { name: 'behind', length, published: known, alone })
    }
    say(!this.#network.allowed)
    const signal = AbortSignal.any([insisted.signal, life.signal])
    catchUp({
      archive,
      published: published ?? 0,
      signal,
      network: () => {
        const { allowed, started, online, hasNeighbours } = this.#network
        return !allowed ? 'never' : started && (online || hasNeighbours) ? 'online' : 'offline'
      },
      onAlone: say,
    }).then(
      () => this.#isCurrent(opened),
      error => {
        if (!signal.aborted) this.#log.error({ err: error, key: archive.key }, 'an archive could not catch up')
      },
    )
  }

  /** What is here of an archive of ours is what there is of it. */
  async #isCurrent(opened: Opened): Promise<void> {
    const { archive } = opened
    opened.insist = null
    await this.#registry.update(archive.key, { doubt: false, published: await archive.fingerprint() })
    this.#fetchRest(opened)
    this.#setState(opened, archive.known ? { name: 'found' } : { name: 'empty' })
    await this.#assess(opened)
    await this.refresh(archive.key)
  }

  /** All of an archive of ours belongs here; after it has caught up, some of it may only be with peers. */
  #fetchRest(opened: Opened): void {
    for (const core of coresOf(opened.archive))
      if (core.contiguousLength < core.length)
        opened.downloads = [...opened.downloads, core.download({ start: 0, end: core.length })]
  }

  #search(opened: Opened): void {
    const { archive } = opened
    const network = this.#network
    const topic = archive.drive.discoveryKey
    opened.searchingSince = Date.now()
    opened.search = new AbortController()
    const { signal } = opened.search
    setMaxListeners(0, signal)
    // Looking alone is quicker than announcing. What is not known is announced right after it, whether somebody was found
    // or not: an author who comes later finds those who wait, and friends of friends find those who hold it.
    const announced = archive.known || archive.writable
    network.share(archive.drive.key)
    void network.ask(topic, { announce: announced, urgent: opened.urgent }).then(async () => {
      if (!announced && !signal.aborted) await network.ask(topic, { announce: true, urgent: false })
    })
    void pursue({
      archive,
      signal,
      whereabouts: {
        announce: async () => {
          if (!signal.aborted) await network.ask(topic, { announce: true, urgent: opened.urgent && !archive.known })
        },
        investigate: signal => network.investigate(topic, signal),
        attempts: announcers => network.attempts(announcers),
        onChange: listener => network.onChange(listener),
        get online() {
          return network.online
        },
        get hasNeighbours() {
          return network.hasNeighbours
        },
      },
      onRetry: listener => {
        opened.retry = listener
      },
      report: finding => this.#report(opened, finding),
    })
  }

  #report(opened: Opened, finding: Finding): void {
    const { state, searchingSince: since } = opened
    if (state.name === 'secret-needed' || state.name === 'behind') return
    switch (finding.name) {
      case 'known':
        if (finding.peers || (state.name !== 'found' && state.name !== 'empty')) void this.#assess(opened)
        if (!opened.fetchesList) setTimeout(() => opened.looked(), LIST_AFTER).unref()
        break
      case 'looking':
      case 'reading':
        this.#setState(opened, { ...finding, since })
        break
      case 'unreachable':
        this.#setState(opened, { ...finding, since, lastTried: Date.now() })
        break
      default:
        assertNever(finding)
    }
  }

  /** Reads whether a known archive is found, empty, illegible, or still behind what we published. */
  async #assess(opened: Opened): Promise<void> {
    const { archive, state, life } = opened
    if (!archive.known || life.signal.aborted || state.name === 'behind') return
    try {
      if (!(await archive.legible())) return this.#setState(opened, { name: 'secret-needed' })
      const { found, version } = await archive.at(null, async (snapshot, version) => {
        // One is enough: without a limit Hyperbee would fetch thousands ahead.
        for (const beside of BESIDE_RESERVED)
          for await (const _ of snapshot.entries({ ...beside, limit: 1 })) return { found: true, version }
        return { found: false, version }
      })
      opened.assessedAt = version
      this.#setState(opened, { name: found ? 'found' : 'empty' })
      this.#remember(opened)
    } catch (error) {
      if (error instanceof AppError && error.is('ARCHIVE_DAMAGED')) this.#setState(opened, { name: 'damaged' })
      if (!life.signal.aborted) this.#log.warn({ err: error, key: archive.key }, 'an archive could not be read')
    }
  }

  #setState(opened: Opened, state: ArchiveState): void {
    if (JSON.stringify(opened.state) === JSON.stringify(state)) return
    opened.state = state
    const { key } = opened.archive
    const watched = this.#registry.archives.get(key)?.watched ?? null
    if (watched !== null && watched.foundAt === null && isHere(state))
      void this.#registry.update(key, { watched: { ...watched, foundAt: Date.now() } }).then(
        () => this.touch(key),
        error => this.#log.error({ err: error, key }, 'that an archive was found could not be written down'),
      )
    void this.#refreshRow(key)
  }

  /** Friends' lists are always fetched, since they are small: at once where content is kept, else after the first look. */
  #fetchList(opened: Opened): void {
    const { archive, downloads } = opened
    const { namespace, keeping, paused } = this.record(archive.key)
    for (const download of downloads) download.destroy()
    opened.downloads = []
    opened.fetchesList = false
    opened.looked = () => {}
    if (namespace !== null || paused) return
    const fetchList = () => {
      if (opened.life.signal.aborted || opened.fetchesList) return
      opened.fetchesList = true
      opened.downloads = [archive.drive.core.download({ start: 0, end: -1 })]
    }
    opened.looked = fetchList
    if (keeping.how !== 'look') fetchList()
  }

  async #reopen(record: ArchiveRecord): Promise<void> {
    const opened = this.#of(record.key)
    this.#dismiss(opened)
    this.#opened.delete(record.key)
    await opened.archive.close()
    const archive = await Archive.open(this.#store, record)
    archive.pins.inherit(opened.archive.pins)
    await this.#admit(record, { archive, urgent: true })
  }

  #dismiss(opened: Opened): void {
    opened.life.abort()
    opened.search.abort()
    for (const download of opened.downloads) download.destroy()
  }

  #sampleSoon(): void {
    if (!this.#samples || this.#dirty.size === 0) return
    this.#sampler ??= setTimeout(() => {
      this.#sampler = null
      void this.#flushDirty()
    }, SAMPLE).unref()
  }

  async #flushDirty(): Promise<void> {
    const keys = [...this.#dirty]
    this.#dirty.clear()
    for (const key of keys) await this.#refreshRow(key)
  }

  async #refreshRow(key: string): Promise<void> {
    const opened = this.#opened.get(key)
    if (opened === undefined) return
    await this.#readCounts(opened)
    const bytes = await opened.archive.heldBytes()
    // Nothing is waited for from here on: an older row would come after a newer one.
    const record = this.#registry.archives.get(key)
    if (record === undefined || this.#opened.get(key) !== opened) return
    const { archive, state, about } = opened
    const { held, of } = archive.heldBlocks()
    const ofBytes = archive.blobs?.core.byteLength ?? 0
    const rewritten = this.#rewrites.of(archive, opened.differs)
    const row: ArchiveRow = {
      id: key,
      link: this.link(key),
      title: about?.title || record.title || `Archive ${shortKey(key)}`,
      description: about?.description ?? '',
      author: about?.author ?? '',
      ownership: record.namespace === null ? 'friends' : 'yours',
      private: record.secret !== null,
      state,
      rewritten,
      watched: record.watched,
      length: archive.length,
      files: opened.files,
      bytes: opened.bytes,
      peers: archive.drive.core.peers.filter(peer => !this.#network.isDisregarded(peer.remotePublicKey)).length,
      keeping: record.keeping,
      updates: {
        askFirst: record.updates.askFirst,
        growth: record.updates.growth,
        kept: record.updates.taken?.length ?? null,
        chosen: record.updates.chosen.at(-1)?.length ?? null,
        // Between two histories there is no update that could be taken.
        pending: rewritten?.kind === 'forked' ? null : opened.pending,
      },
      paused: record.paused,
      limits: record.limits,
      held: { blocks: held, ofBlocks: of, bytes, ofBytes },
      source:
        record.source === null
          ? null
          : { paths: record.source.items.map(({ path }) => path), state: opened.source ?? { name: 'watching' } },
      stillBeingAdded: about?.importing ?? false,
      seenLength: record.seenLength,
      news: newsOf(opened, record),
      notify: record.notify,
      changedAt: opened.changedAt,
      addedAt: record.addedAt,
    }
    this.#remember(opened)
    if (JSON.stringify(this.rows.get(key)) !== JSON.stringify(row)) this.rows.put(row)
    if (!archive.isCounted) this.touch(key)
    for (const listener of this.#listeners) listener(key)
  }

  async #readCounts(opened: Opened): Promise<void> {
    const { archive } = opened
    if (archive.length === opened.readAt || archive.length < 2 || opened.state.name === 'secret-needed') return
    const length = archive.length
    // A row never waits for a peer: what is not here is asked for, and brings another look.
    try {
      await this.#take(opened, length, archive.writable ? {} : { wait: false })
    } catch {
      if (opened.asking || archive.drive.core.peers.length === 0) return
      opened.asking = true
      void this.#take(opened, length, { timeout: LIST_AFTER * 2 })
        .catch(() => {})
        .finally(() => {
          opened.asking = false
          this.touch(archive.key)
        })
    }
  }

  async #take(
    opened: Opened,
    length: number,
    options: { readonly wait?: boolean; readonly timeout?: number },
  ): Promise<void> {
    const { archive } = opened
    const about = await archive.about(options)
    const last = await archive.lastChangeset(archive.drive, options)
    opened.about = about
    opened.readAt = length
    if (about !== null && about.title !== this.record(archive.key).title)
      await this.#registry.update(archive.key, { title: about.title })
    if (last === null) return
    opened.files = last.changeset.files
    opened.bytes = last.changeset.total
    opened.changedAt = last.changeset.time
  }
}

/** The list, and the content as soon as anything is known of it. */
const coresOf = ({ drive, blobs }: Archive): readonly Hypercore[] =>
  blobs === null ? [drive.core] : [drive.core, blobs.core]

/** As long as it is of the version that the person saw last. Of a version before the newest it is what was new then. */
function newsOf({ news: counted, archive }: Opened, { seenLength, namespace }: ArchiveRecord): News | null {
  if (namespace !== null || seenLength === 0 || archive.length <= seenLength || counted?.seen !== seenLength)
    return null
  const { seen: _, length: __, ...news } = counted
  return news
}

/** Somebody who has it was found: there is nothing more to wait for. */
function isHere({ name }: ArchiveState): boolean {
  switch (name) {
    case 'found':
    case 'empty':
    case 'secret-needed':
    case 'damaged':
    case 'behind':
      return true
    case 'looking':
    case 'reading':
    case 'unreachable':
    case 'waiting-for-consent':
      return false
    default:
      return assertNever(name)
  }
}

const NEVER = new AbortController().signal
setMaxListeners(0, NEVER)

const notFound = (key: string) =>
  new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library. Open its link first.', { key })

function saidBy({ key, version, path, blobsLength, hash }: Link): OpenedLink {
  return { key, version, path, pin: blobsLength === null || hash === null ? null : { blobsLength, hash } }
}
