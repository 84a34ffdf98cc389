/**
 * What this machine does for a friend's archive: nothing but looking, parts of it, all of it, all of it in a folder. Fetches
 * what is kept, takes updates as far as they need no question, and asks about the others.
 *
 * The version that is kept stands in the registry and moves only when an update is taken. Nothing is fetched beyond it.
 */
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import { AppError } from '../../preload/contract/errors.ts'
import type { Keeping as HowKept } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import { bytesOf, countHeld, heldIn } from '../archives/blocks.ts'
import type { ArchiveRecord, UpdatesRecord } from '../archives/registry.ts'
import type { Log } from '../lib/log.ts'
import { Mutex } from '../lib/mutex.ts'
import { requireRoom } from '../lib/room.ts'
import { countOf, EVERYTHING, includes, type Range, type Ranges, without } from '../lib/ranges.ts'
import { unlessAborted } from '../read/blob.ts'
import { requireOwnPlace } from '../read/destination.ts'
import { download, requireWritable } from '../read/download.ts'
import { Manifest } from '../read/manifest.ts'
import { type Control, isEnded, type Transfers } from '../transfers/transfers.ts'
import { type Difference, differenceOf, Selection, wantedBy } from './parts.ts'
import { judge, type Update } from './updates.ts'

/** What is kept follows its archive after this much quiet, in milliseconds. */
const QUIET = 500
/** How long a start waits for what is asked about updates. */
const STARTING = 300
/** Again after this long, when the list could not be read. */
const AGAIN = 5000
const SAMPLE = 250
/** How long peers are asked whether the log of content is longer than it is known to be. */
const ASKING = 5000
/** Runs of blocks that are on their way at once. */
const AT_ONCE = 64

type Taken = NonNullable<UpdatesRecord['taken']>
/** All of it, or what was chosen, at the version that is kept. */
type Goal = { readonly files: number; readonly bytes: number; readonly ranges: Ranges }
type Step = Update & { readonly to: number; readonly blocks: number; readonly difference: Difference }

export class Keeping {
  readonly #storage: string
  readonly #archives: Archives
  readonly #transfers: Transfers
  readonly #log: Log
  readonly #soon = new Map<string, NodeJS.Timeout>()
  readonly #turns = new Map<string, Mutex>()
  /** Of the version that is kept, where only parts are. */
  readonly #selections = new Map<
    string,
    { readonly version: number; readonly of: string; readonly length: number; readonly selection: Selection }
  >()
  /** Ends what is being fetched when something else is to be. */
  readonly #plans = new Map<string, AbortController>()
  /** The version that a kept folder was last brought to. */
  readonly #followed = new Map<string, number>()
  /** With which version a row was begun last: one that failed is not begun again with the same. */
  readonly #begun = new Map<string, number | null>()
  #closed = false

  constructor(storage: string, archives: Archives, transfers: Transfers, log: Log) {
    this.#storage = storage
    this.#archives = archives
    this.#transfers = transfers
    this.#log = log
  }

  /** Goes on with what is kept. Whoever asks first finds the questions that wait, as far as lists are here. */
  async start(): Promise<void> {
    const waiting = this.#archives.records().filter(({ key, updates: { taken } }) => {
      return taken !== null && this.#archives.has(key) && this.#archives.get(key).length !== taken.length
    })
    await Promise.race([
      Promise.allSettled(waiting.map(({ key }) => this.#follow(key))),
      sleep(STARTING, undefined, { ref: false }),
    ])
    this.#archives.onChange(key => this.#followSoon(key))
    for (const { key } of this.#archives.records()) this.#followSoon(key)
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#soon.values()) clearTimeout(timer)
    this.#soon.clear()
  }

  async keep(key: string, keep: boolean): Promise<void> {
    if (this.#archives.record(key).namespace !== null) return
    await this.#set(key, keep ? { how: 'all' } : { how: 'look' })
  }

  /** Throws INVALID_INPUT for patterns that match nothing whatever the archive holds. */
  async keepParts(key: string, patterns: readonly string[]): Promise<string> {
    this.#requireFriends(key)
    if (patterns.every(pattern => /^\s*(#|!|$)/.test(pattern)))
      throw new AppError('INVALID_INPUT', 'Nothing is chosen.', {
        issues: [{ path: 'patterns', message: 'name at least one file, folder or pattern to keep' }],
      })
    return this.#set(key, { how: 'parts', patterns })
  }

  async keepInFolder(key: string, folder: string): Promise<string> {
    this.#requireFriends(key)
    const path = resolve(folder)
    await requireOwnPlace(path, this.#storage, this.#archives.records())
    for (const other of this.#archives.records())
      if (other.key !== key && other.keeping.how === 'folder' && other.keeping.folder === path)
        throw new AppError('FOLDER_IN_USE', `${path} follows another archive.`, { path, key: other.key })
    await requireWritable(path)
    this.#followed.delete(key)
    return this.#set(key, { how: 'folder', folder: path })
  }

  /** How updates are taken from now on; one that waits is judged anew. */
  async setUpdates(
    key: string,
    change: { readonly askFirst?: boolean | undefined; readonly growth?: number | null | undefined },
  ): Promise<void> {
    this.#requireFriends(key)
    await this.#inTurn(key, async () => {
      const { updates } = this.#archives.record(key)
      const { askFirst = updates.askFirst, growth = updates.growth } = change
      await this.#archives.setKept(key, { updates: { ...updates, askFirst, growth } })
    })
    await this.#follow(key)
  }

  /** Takes the update that waits, or stays on the version that is kept. */
  async answer(key: string, take: boolean): Promise<void> {
    this.#requireFriends(key)
    await this.#inTurn(key, async () => {
      const { updates } = this.#archives.record(key)
      if (updates.taken === null) return
      if (!take) return this.#archives.setKept(key, { updates: { ...updates, stays: true } })
      const step = await this.#step(key, updates.taken)
      if (step !== null) await this.#take(key, step, true)
    })
    await this.#follow(key)
  }

  async pause(key: string, paused: boolean): Promise<void> {
    await this.#archives.pause(key, paused)
    const id = idOf(key, this.#archives.record(key).keeping)
    if (id === null || this.#transfers.rows.get(id) === undefined) return
    if (paused) await this.#transfers.pause(id)
    else if (!this.#archives.record(key).updates.paused) await this.#transfers.resume(id)
  }

  /** Blocks that must not be cleared: those of every name that is kept. Throws when that cannot be told. */
  async kept(key: string): Promise<Ranges> {
    const { namespace, keeping, updates } = this.#archives.record(key)
    if (namespace !== null || keeping.how === 'all' || keeping.how === 'folder') return EVERYTHING
    if (keeping.how === 'look') return []
    // Before its first version is known, nothing can be told apart.
    return updates.taken === null ? EVERYTHING : (await this.#selection(key, updates.taken.length)).ranges
  }

  /** Nothing of it is remembered. */
  forget(key: string): void {
    this.#selections.delete(key)
    this.#followed.delete(key)
    this.#begun.delete(key)
    this.#plans.get(key)?.abort()
    this.#plans.delete(key)
  }

  #requireFriends(key: string): void {
    if (this.#archives.record(key).namespace !== null)
      throw new AppError('ARCHIVE_READ_ONLY', 'This archive is yours: all of it is here already.', { key })
  }

  async #set(key: string, keeping: HowKept): Promise<string> {
    await this.#inTurn(key, async () => {
      const { keeping: before, updates } = this.#archives.record(key)
      // All of it and all of it in a folder are the same version of the same thing: what was asked stays asked.
      const same = JSON.stringify(before) === JSON.stringify(keeping) || (isWhole(before) && isWhole(keeping))
      const { taken, stays, mayRemove } = same ? updates : { taken: null, stays: false, mayRemove: false }
      await this.#archives.setKept(key, { keeping, updates: { ...updates, taken, stays, mayRemove, paused: false } })
      this.#replan(key)
    })
    const id = idOf(key, keeping)
    for (const other of [keepId(key), folderId(key)])
      if (other !== id && this.#transfers.rows.get(other) !== undefined) await this.#transfers.cancel(other)
    this.#begun.delete(key)
    if (id !== null && this.#transfers.rows.get(id)?.state.name === 'paused') await this.#transfers.resume(id)
    await this.#follow(key)
    if (id !== null) this.#begin(key)
    return id ?? keepId(key)
  }

  #followSoon(key: string): void {
    if (!this.#archives.has(key)) return this.forget(key)
    const { keeping, namespace } = this.#archives.record(key)
    if (this.#closed || this.#soon.has(key) || namespace !== null || keeping.how === 'look') return
    this.#soon.set(key, setTimeout(() => void this.#followNow(key), QUIET).unref())
  }

  async #followNow(key: string): Promise<void> {
    this.#soon.delete(key)
    try {
      await this.#follow(key)
    } catch (error) {
      if (this.#closed || !this.#archives.has(key)) return
      if (!(error instanceof AppError && error.is('NOT_AVAILABLE')))
        this.#log.warn({ err: error, key }, 'an update could not be looked at')
      if (!this.#soon.has(key)) this.#soon.set(key, setTimeout(() => void this.#followNow(key), AGAIN).unref())
    }
  }

  /** Takes what is new, or asks. */
  async #follow(key: string): Promise<void> {
    await this.#inTurn(key, async () => {
      if (!this.#archives.has(key)) return
      const { keeping, updates, namespace, paused } = this.#archives.record(key)
      if (namespace !== null || keeping.how === 'look') return this.#archives.setPending(key, null)
      const { taken } = updates
      if (taken === null || paused || !this.#archives.get(key).known) return
      const step = await this.#step(key, taken)
      if (step === null) return this.#archives.setPending(key, null)
      const why = judge(step, updates)
      if (why === null && !updates.stays) return this.#take(key, step, false)
      const { to, added, changed, removed, of, bytes } = step
      this.#archives.setPending(key, {
        to,
        why: why ?? 'ask-first',
        added,
        changed,
        removed,
        of,
        bytes: Math.max(0, bytes - taken.bytes),
        stays: updates.stays,
      })
    })
    if (this.#archives.has(key) && !(await this.#isComplete(key))) this.#begin(key)
  }

  /** From the version that is kept to the newest; null: nothing of what is kept is new. */
  async #step(key: string, taken: Taken): Promise<Step | null> {
    const archive = this.#archives.get(key)
    const { keeping, updates } = this.#archives.record(key)
    const to = archive.length
    if (to === taken.length) return this.#rest(key, taken)
    // Its author took versions back: what there is now is all there is.
    const from = to < taken.length ? 1 : taken.length
    const wanted = wantedBy(keeping)
    const difference = await archive.at(to, snapshot => differenceOf(snapshot, from, wanted))
    const { added, changed, removed, grows } = difference
    const { core } = await archive.drive.getBlobs()
    if (difference.blocks > core.length) await asked(core)
    if (difference.entries === 0 && from === taken.length) {
      const { length: _, ...rest } = taken
      await this.#archives.setKept(key, { updates: { ...updates, taken: { ...rest, length: to } } })
      const known = this.#selections.get(key)
      if (known?.version === taken.length) this.#selections.set(key, { ...known, version: to })
      if (this.#followed.get(key) === taken.length) this.#followed.set(key, to)
      return null
    }
    const whole = isWhole(keeping)
    const blocks = whole ? core.length : Math.max(taken.blocks, Math.min(difference.blocks, core.length))
    const bytes = whole ? core.byteLength : Math.max(0, taken.bytes + grows)
    const of = from === taken.length ? await this.#filesOf(key, taken.length) : 0
    return { to, added, changed, removed, of, agreed: taken.agreed, bytes, blocks, difference }
  }

  /** Content that was told of after the list which names it; null: there is none, or it waits for a list and an answer. */
  async #rest(key: string, taken: Taken): Promise<Step | null> {
    const { keeping, updates } = this.#archives.record(key)
    const { core } = await this.#archives.get(key).drive.getBlobs()
    if (!isWhole(keeping) || core.length <= taken.blocks || updates.askFirst || updates.stays) return null
    const difference = {
      entries: 0,
      added: 0,
      changed: 0,
      removed: 0,
      grows: 0,
      blocks: core.length,
      gone: [],
      come: [],
    }
    const { byteLength: bytes, length: blocks } = core
    const step = { to: taken.length, ...difference, of: 0, agreed: taken.agreed, bytes, blocks, difference }
    return judge(step, updates) === null ? step : null
  }

  /** Files that are kept of one version. */
  async #filesOf(key: string, version: number): Promise<number> {
    const archive = this.#archives.get(key)
    if (isWhole(this.#archives.record(key).keeping)) {
      const recorded = await archive.at(version, snapshot => archive.lastChangeset(snapshot))
      if (recorded !== null) return recorded.changeset.files
    }
    return (await this.#selection(key, version)).files
  }

  async #take(key: string, { to, blocks, bytes, difference }: Step, agreed: boolean): Promise<void> {
    const { updates } = this.#archives.record(key)
    const known = this.#selections.get(key)
    if (known !== undefined && known.version === updates.taken?.length && to > known.version) {
      this.#selections.delete(key)
      await known.selection.follow(difference)
      this.#selections.set(key, { ...known, version: to })
    }
    const before = updates.taken?.agreed ?? bytes
    const taken = { length: to, blocks, bytes, agreed: agreed ? Math.max(before, bytes) : before }
    await this.#archives.setKept(key, {
      updates: { ...updates, taken, stays: false, mayRemove: agreed || updates.mayRemove },
    })
    this.#archives.setPending(key, null)
    this.#replan(key)
  }

  /** What is kept of one version where that are parts. */
  async #selection(key: string, version: number): Promise<Selection> {
    const archive = this.#archives.get(key)
    const { keeping } = this.#archives.record(key)
    const of = JSON.stringify(keeping)
    const length = archive.blobs?.core.length ?? 0
    const known = this.#selections.get(key)
    if (known?.version === version && known.of === of && (!known.selection.isProvisional || known.length === length))
      return known.selection
    const selection = await archive.at(version, snapshot => Selection.of(archive.drive, snapshot, wantedBy(keeping)))
    this.#selections.set(key, { version, of, length, selection })
    return selection
  }

  async #goal(key: string, { keeping }: ArchiveRecord, taken: Taken): Promise<Goal> {
    if (!isWhole(keeping)) return this.#selection(key, taken.length)
    const ranges = taken.blocks === 0 ? [] : [{ start: 0, end: taken.blocks }]
    return { files: this.#archives.row(key).files ?? taken.blocks, bytes: taken.bytes, ranges }
  }

  async #isComplete(key: string): Promise<boolean> {
    const record = this.#archives.record(key)
    const { keeping, updates, namespace, paused } = record
    if (namespace !== null || keeping.how === 'look' || paused) return true
    if (updates.taken === null) return false
    if (keeping.how === 'folder' && this.#followed.get(key) !== updates.taken.length) return false
    const archive = this.#archives.get(key)
    const { ranges } = await this.#goal(key, record, updates.taken)
    return isListed(archive.drive.core) && countHeld(archive.blobs?.core, ranges) === countOf(ranges)
  }

  /** Adds the row that fetches what is missing, unless it is there, or failed with the same version. */
  #begin(key: string): void {
    const { keeping, updates, paused } = this.#archives.record(key)
    const id = idOf(key, keeping)
    if (id === null || paused || this.#closed) return
    const state = this.#transfers.rows.get(id)?.state
    if (state !== undefined && !isEnded(state)) return
    const version = updates.taken?.length ?? null
    if (state?.name === 'failed' && this.#begun.get(key) === version) return
    this.#begun.set(key, version)
    this.#transfers.add(
      {
        id,
        kind: keeping.how === 'folder' ? 'folder' : 'keep',
        key,
        title: this.#archives.row(key).title,
        folder: keeping.how === 'folder' ? keeping.folder : null,
        startedAt: Date.now(),
        run: control => this.#run(key, id, control),
        onPaused: async paused => {
          const record = this.#archives.record(key)
          // The row of a paused archive is paused with it, and goes on with it.
          if (!record.paused || !paused) await this.#archives.setKept(key, { updates: { ...record.updates, paused } })
        },
        onEnded: async how => {
          if (how !== 'cancelled' || this.#transfers.rows.get(id)?.state.name !== 'cancelled') return
          if (this.#archives.has(key) && idOf(key, this.#archives.record(key).keeping) === id)
            await this.#set(key, { how: 'look' })
        },
      },
      updates.paused,
    )
  }

  /** Until all of what is kept is here, also of versions that are taken meanwhile. */
  async #run(key: string, id: string, control: Control): Promise<void> {
    const archive = this.#archives.get(key)
    const ended = AbortSignal.any([control.signal, this.#archives.life(key)])
    while (true) {
      const plan = new AbortController()
      this.#plans.set(key, plan)
      const signal = AbortSignal.any([ended, plan.signal])
      try {
        const record = this.#archives.record(key)
        const { keeping, updates } = record
        if (idOf(key, keeping) !== id) return
        if (updates.taken === null) await this.#takeFirst(key, { ...control, signal })
        else {
          const folder = keeping.how === 'folder' ? keeping.folder : null
          let done = { files: 0, bytes: 0 }
          if (folder !== null && this.#followed.get(key) !== updates.taken.length)
            done = await this.#mirror(key, folder, updates, { ...control, signal })
          await this.#listed(key, { ...control, signal })
          const goal = await this.#goal(key, record, updates.taken)
          const { core } = await archive.drive.getBlobs()
          await this.#fetch(core, goal, { ...control, signal }, folder === null ? null : done)
          if (await this.#isComplete(key)) return
        }
      } catch (error) {
        ended.throwIfAborted()
        if (plan.signal.aborted) continue
        if (!(error instanceof AppError && error.is('NOT_AVAILABLE'))) throw error
        await this.#somebody(archive.drive.core, { ...control, signal: ended })
      }
    }
  }

  /** The first version that is kept is the newest when all of its list is here: then it is known what that is. */
  async #takeFirst(key: string, control: Control): Promise<void> {
    await this.#listed(key, control)
    await this.#inTurn(key, async () => {
      const archive = this.#archives.get(key)
      const { keeping, updates } = this.#archives.record(key)
      if (updates.taken !== null || keeping.how === 'look') return
      const { length } = archive
      const { core } = await archive.drive.getBlobs()
      // As far as it is known now; the list may name content that the log is not known to have yet.
      if (core.peers.length > 0) await asked(core)
      const { blocks, bytes } = isWhole(keeping)
        ? { blocks: core.length, bytes: core.byteLength }
        : await this.#selection(key, length)
      const taken = { length, blocks, bytes, agreed: bytes }
      await this.#archives.setKept(key, { updates: { ...updates, taken } })
    })
  }

  async #listed(key: string, control: Control): Promise<void> {
    const archive = this.#archives.get(key)
    while (!archive.known || !isListed(archive.drive.core)) {
      control.waitingForPeers(archive.drive.core.peers.length === 0)
      await sleep(SAMPLE, undefined, { signal: control.signal })
    }
    control.waitingForPeers(false)
  }

  async #somebody(core: Hypercore, control: Control): Promise<void> {
    control.waitingForPeers(true)
    if (core.peers.length === 0) await once(core, 'peer-add', { signal: control.signal })
    else await sleep(SAMPLE, undefined, { signal: control.signal })
    control.waitingForPeers(false)
  }

  /** Writes the version that is kept into its folder. */
  async #mirror(
    key: string,
    folder: string,
    { taken, mayRemove }: UpdatesRecord,
    control: Control,
  ): Promise<{ readonly files: number; readonly bytes: number }> {
    const archive = this.#archives.get(key)
    const manifest = await Manifest.open(this.#storage, key, folder)
    let done = { files: 0, bytes: 0 }
    await archive.at(taken!.length, snapshot =>
      download(
        archive.drive,
        snapshot,
        { paths: ['/'], folder, inTheWay: 'keep-beside', follow: true, mayRemove, manifest },
        {
          ...control,
          totals: (files, bytes) => {
            done = { files, bytes }
            control.totals(files, bytes)
          },
        },
      ),
    )
    this.#followed.set(key, taken!.length)
    const { updates } = this.#archives.record(key)
    if (updates.mayRemove && updates.taken?.length === taken!.length)
      await this.#archives.setKept(key, { updates: { ...updates, mayRemove: false } })
    return done
  }

  /**
   * Fetches what is missing, several runs of blocks at a time. `after`: what was done before in the same row, to which this is
   * what older versions have beside it.
   */
  async #fetch(core: Hypercore, goal: Goal, control: Control, after: { files: number; bytes: number } | null) {
    const { signal } = control
    const held = heldIn(core, goal.ranges)
    const missing = without(goal.ranges, held)
    let bytes = await bytesOf(core, held)
    const before = bytes
    if (after === null) control.totals(goal.files, goal.bytes)
    else control.totals(after.files, after.bytes + Math.max(0, goal.bytes - before))
    const report = () => {
      if (after !== null) return control.progress(after.files, after.bytes + bytes - before, null)
      const share = goal.bytes === 0 ? 1 : Math.min(1, bytes / goal.bytes)
      control.progress(Math.floor(goal.files * share), Math.min(bytes, goal.bytes), null)
    }
    const count = (index: number, size: number) => {
      if (includes(missing, index)) bytes += size
    }
    report()
    if (missing.length === 0) return
    await requireRoom(this.#storage, Math.max(0, goal.bytes - before))
    core.on('download', count)
    const stop = new AbortController()
    let isDone = false
    const done = fetchRuns(core, missing, AbortSignal.any([signal, stop.signal])).finally(() => {
      isDone = true
    })
    done.catch(() => {})
    try {
      while (!isDone) {
        await requireRoom(this.#storage)
        await Promise.race([done, sleep(SAMPLE, undefined, { signal })])
        control.waitingForPeers(core.peers.length === 0 && !isDone)
        report()
      }
    } finally {
      core.off('download', count)
      stop.abort()
    }
  }

  #replan(key: string): void {
    this.#plans.get(key)?.abort()
  }

  #inTurn<T>(key: string, task: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(key) ?? new Mutex()
    this.#turns.set(key, turns)
    return turns.run(task)
  }
}

/** In order. Rejects with the signal's reason, and then nothing is asked for any more. */
async function fetchRuns(core: Hypercore, runs: readonly Range[], signal: AbortSignal): Promise<void> {
  const waiting = new Set<Promise<void>>()
  const downloads = new Set<{ destroy(): void }>()
  try {
    for (const { start, end } of runs) {
      signal.throwIfAborted()
      const one = core.download({ start, end })
      downloads.add(one)
      const done: Promise<void> = one.done().then(() => {
        waiting.delete(done)
        downloads.delete(one)
      })
      waiting.add(done)
      if (waiting.size >= AT_ONCE) await unlessAborted(Promise.race(waiting), signal)
    }
    await unlessAborted(
      Promise.all(waiting).then(() => {}),
      signal,
    )
  } finally {
    for (const one of downloads) one.destroy()
    for (const one of waiting) one.catch(() => {})
  }
}

/** Peers have said how long it is, or did not in time. */
async function asked(core: Hypercore): Promise<void> {
  await Promise.race([core.update({ wait: true }).catch(() => {}), sleep(ASKING, undefined, { ref: false })])
}

const isListed = (list: Hypercore): boolean =>
  list.length > 0 && countHeld(list, [{ start: 0, end: list.length }]) === list.length

const isWhole = ({ how }: HowKept): boolean => how === 'all' || how === 'folder'

const keepId = (key: string) => `keep-${key}`
const folderId = (key: string) => `folder-${key}`
/** Of the row that does it; null: there is none. */
const idOf = (key: string, { how }: HowKept): string | null =>
  how === 'look' ? null : how === 'folder' ? folderId(key) : keepId(key)
