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
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Keeping as HowKept, UpdatePart } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import { bytesOf, countHeld, heldIn } from '../archives/blocks.ts'
import type { ArchiveRecord, UpdatesRecord } from '../archives/registry.ts'
import type { Moments } from '../history/moments.ts'
import type { Log } from '../lib/log.ts'
import { Mutex } from '../lib/mutex.ts'
import { requireRoom } from '../lib/room.ts'
import { countOf, EVERYTHING, includes, type Range, type Ranges, rangesOf, within, without } from '../lib/ranges.ts'
import { unlessAborted } from '../read/blob.ts'
import { requireOwnPlace } from '../read/destination.ts'
import { download, requireWritable } from '../read/download.ts'
import { type Differing, differing } from '../read/difference.ts'
import { type ArchiveEntry, descendants, parseEntry, textOf, valueOf } from '../read/entries.ts'
import { Manifest } from '../read/manifest.ts'
import { walk } from '../read/walk.ts'
import { type Control, isEnded, type Transfers } from '../transfers/transfers.ts'
import { missingOfAll, shown } from './missing.ts'
import { type Difference, differenceOf, NO_DIFFERENCE, Selection, wantedBy } from './parts.ts'
import { choose, type Chosen, chosenPairs, pairsFrom, Standing, taken as takenOf } from './standing.ts'
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
/** Entries that are looked ahead for. */
const AHEAD = 1000
/** Files of an update that are told at once, and at most. */
const TOLD = 500
const MOST_TOLD = 50_000

type Taken = NonNullable<UpdatesRecord['taken']>
/** All of it, or what was chosen, at the version that is kept. */
type Goal = { readonly bytes: number; readonly ranges: Ranges }
type Step = Update & { readonly to: number; readonly blocks: number; readonly difference: Difference }
/** What a Selection was made of: as long as these are the same, it is. */
type Made = { readonly base: number; readonly chosen: Chosen; readonly of: string; readonly length: number }
/** What was chosen out of later versions: `files` more than the base has. */
type Beside = {
  readonly entries: ReadonlyMap<string, ArchiveEntry | null>
  readonly files: number
  readonly selection: Selection
}

/** What was given up on this machine, and is not fetched until somebody opens it. */
export type Freed = {
  /** Blocks of the log of content, while that has this fork. */
  of(key: string, fork: number): Ranges
  /** All of it is kept again. */
  remove(key: string): Promise<void>
}

export class Keeping {
  readonly #storage: string
  readonly #archives: Archives
  readonly #transfers: Transfers
  readonly #moments: Moments
  readonly #log: Log
  readonly #freed: Freed
  readonly #soon = new Map<string, NodeJS.Timeout>()
  readonly #turns = new Map<string, Mutex>()
  /** Of the version that is kept, where only parts are. */
  readonly #selections = new Map<string, Made & { readonly selection: Selection }>()
  /** Of what was chosen out of later versions. */
  readonly #besides = new Map<string, Made & Beside>()
  /** Files in a version that does not say how many they are. */
  readonly #counted = new Map<string, { readonly version: number; readonly fork: number; readonly files: number }>()
  /** Ends what is being fetched when something else is to be. */
  readonly #plans = new Map<string, AbortController>()
  /** What a kept folder was last brought to. */
  readonly #followed = new Map<string, Standing>()
  /** With what a row was begun last: one that failed is not begun again with the same. */
  readonly #begun = new Map<string, Standing | null>()
  #closed = false

  constructor(storage: string, archives: Archives, transfers: Transfers, moments: Moments, log: Log, freed: Freed) {
    this.#storage = storage
    this.#archives = archives
    this.#transfers = transfers
    this.#moments = moments
    this.#log = log
    this.#freed = freed
  }

  /** Goes on with what is kept. Whoever asks first finds the questions that wait, as far as lists are here. */
  async start(): Promise<void> {
    const waiting = this.#archives.records().filter(({ key, updates: { taken } }) => {
      return (
        taken !== null && this.#archives.has(key) && (taken.rewound || this.#archives.get(key).length !== taken.length)
      )
    })
    await Promise.race([
      Promise.allSettled(waiting.map(({ key }) => this.#follow(key))),
      sleep(STARTING, undefined, { ref: false }),
    ])
    this.#archives.onChange(key => this.#followSoon(key))
    this.#archives.onReplaced(key => {
      this.#selections.delete(key)
      this.#followed.delete(key)
      this.#begun.delete(key)
      this.#replan(key)
    })
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

  /** What differs between what is kept and the newest version, file by file. Throws what `Archive.at` throws. */
  async *update(key: string, signal: AbortSignal): AsyncGenerator<UpdatePart> {
    this.#requireFriends(key)
    const { updates } = this.#archives.record(key)
    const step = await this.#inTurn(key, async () => (updates.taken === null ? null : this.#step(key, updates.taken)))
    const rows = step?.difference.rows ?? []
    const { drive } = this.#archives.get(key)
    const to = step?.to ?? this.#archives.get(key).length
    yield { kind: 'summary', to, files: rows.length, missing: await missingOfAll(drive, rows) }
    for (let start = 0; start < Math.min(rows.length, MOST_TOLD); start += TOLD) {
      signal.throwIfAborted()
      const files = await Promise.all(rows.slice(start, start + TOLD).map(row => shown(drive, row)))
      yield { kind: 'files', files }
    }
  }

  /**
   * Takes a part of the update to version `to`: these paths, or with a `/` at its end what lies below a folder. Throws
   * INVALID_INPUT where nothing of the update is among them.
   */
  async choose(
    key: string,
    to: number,
    paths: readonly string[],
  ): Promise<{ readonly files: number; readonly left: number }> {
    this.#requireFriends(key)
    const done = await this.#inTurn(key, async () => {
      const { updates } = this.#archives.record(key)
      const nothing = new AppError('INVALID_INPUT', 'Nothing of this update is among what was chosen.', {
        issues: [{ path: 'paths', message: 'name files that the update changes' }],
      })
      if (updates.taken === null) throw nothing
      const newest = this.#archives.get(key).length
      if (to > newest || to < standingOf(updates, updates.taken).newest)
        throw new AppError('VERSION_NOT_FOUND', `Version ${to} is no update of what is kept here.`, {
          key,
          version: to,
          newest,
        })
      const step = await this.#step(key, updates.taken, to)
      const rows = step?.difference.rows ?? []
      const ticked = takenOf(rows, paths)
      if (step === null || ticked.size === 0) throw nothing
      if (ticked.size === rows.length) await this.#take(key, step, true)
      else await this.#takePart(key, step, ticked)
      return { files: ticked.size, left: rows.length - ticked.size }
    })
    await this.#follow(key)
    return done
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
    if (keeping.how === 'look' && namespace === null) return []
    const freed = this.#freedOf(key)
    if (namespace !== null || isWhole(keeping)) return without(EVERYTHING, freed)
    // Before its first version is known, nothing can be told apart.
    if (updates.taken === null) return EVERYTHING
    return without((await this.#selection(key, standingOf(updates, updates.taken))).ranges, freed)
  }

  /** What is kept is other blocks than it was. */
  refetch(key: string): void {
    this.#begun.delete(key)
    this.#replan(key)
    this.#followSoon(key)
  }

  #freedOf(key: string): Ranges {
    const core = this.#archives.get(key).blobs?.core
    return core === undefined ? [] : this.#freed.of(key, core.fork)
  }

  /** Nothing of it is remembered. */
  forget(key: string): void {
    this.#selections.delete(key)
    this.#besides.delete(key)
    this.#counted.delete(key)
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
      if (!same) await this.#freed.remove(key)
      const asked = same ? updates : { ...updates, taken: null, chosen: [], stays: false, mayRemove: false }
      await this.#archives.setKept(key, { keeping, updates: { ...asked, paused: false } })
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
    if (!this.#archives.has(key)) {
      void this.#freed.remove(key).catch(error => this.#log.error({ err: error, key }, 'freed.json was not written'))
      return this.forget(key)
    }
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
      const { to, of, bytes, removed } = step
      const { added, changed, renamed } = step.difference
      this.#archives.setPending(key, {
        to,
        why: why ?? 'ask-first',
        added,
        changed,
        removed,
        renamed,
        of,
        bytes: Math.max(0, bytes - taken.bytes),
        stays: updates.stays,
      })
    })
    if (this.#archives.has(key) && !(await this.#isComplete(key))) this.#begin(key)
  }

  /** From the version that is kept to the newest; null: nothing of what is kept is new. */
  async #step(key: string, before: Taken, to = this.#archives.get(key).length): Promise<Step | null> {
    const archive = this.#archives.get(key)
    // What it names is not here, and does not come before somebody has agreed to that.
    if (!this.#archives.isWhole(key, to)) return null
    const taken = before.rewound ? await this.#takenUpTo(key, before) : before
    const { keeping, updates } = this.#archives.record(key)
    const standing = standingOf(updates, taken)
    if (to === taken.length && updates.chosen.length === 0 && !taken.rewound) return this.#rest(key, taken)
    // Its author took versions back: what there is now is all there is.
    const isTakenBack = to < standing.newest
    const wanted = wantedBy(keeping)
    const pairs = await pairsFrom(isTakenBack ? NOTHING : standing, archive, to)
    const difference = differenceOf(differing(pairs.filter(({ path }) => wanted(path))))
    const { changed, grows, rows } = difference
    const beyond = taken.rewound && keeping.how === 'folder' ? await this.#writtenBeyond(key, keeping.folder, to) : 0
    const removed = Math.max(difference.removed, beyond)
    const { core } = await archive.drive.getBlobs()
    if (difference.blocks > core.length) await asked(core)
    const whole = isWhole(keeping)
    if (rows.length === 0 && beyond === 0 && !isTakenBack) {
      await this.#nothingDiffers(key, taken, to)
      return null
    }
    const blocks = whole ? core.length : Math.max(taken.blocks, Math.min(difference.blocks, core.length))
    const bytes = whole ? core.byteLength : Math.max(0, taken.bytes + grows)
    const of = isTakenBack ? 0 : await this.#filesOf(key, standing).catch(() => 0)
    return {
      to,
      changed,
      removed,
      entries: Math.max(rows.length, removed),
      of,
      agreed: taken.agreed,
      bytes,
      blocks,
      difference,
    }
  }

  /** Where two histories part may be inside of a batch, which is no version that anything could be compared with. */
  async #takenUpTo(key: string, taken: Taken): Promise<Taken> {
    const archive = this.#archives.get(key)
    const length = taken.length > archive.length ? taken.length : await this.#moments.upTo(archive, taken.length)
    if (length === taken.length) return taken
    const { updates } = this.#archives.record(key)
    await this.#archives.setKept(key, { updates: { ...updates, taken: { ...taken, length } } })
    return { ...taken, length }
  }

  /** What is kept is as it is in version `to`, and nothing is left that the person would stay away from. */
  async #nothingDiffers(key: string, taken: Taken, to: number): Promise<void> {
    const { keeping, updates } = this.#archives.record(key)
    const standing = standingOf(updates, taken)
    // Of all of it the content of every version is kept, up to one. What was chosen stands beyond that.
    if (isWhole(keeping) && updates.chosen.length > 0) {
      if (updates.stays) await this.#archives.setKept(key, { updates: { ...updates, stays: false } })
      return
    }
    await this.#archives.setKept(key, {
      updates: { ...updates, taken: { ...taken, length: to, rewound: false }, chosen: [], stays: false },
    })
    const next = { base: to, chosen: [] }
    const known = this.#selections.get(key)
    if (known !== undefined && isSame(known, standing)) this.#selections.set(key, { ...known, ...next })
    const followed = this.#followed.get(key)
    if (followed !== undefined && isSame(followed, standing)) this.#followed.set(key, new Standing(to, []))
  }

  /** The versions that were kept are no more: how many files were written in the folder that version `to` does not have. */
  async #writtenBeyond(key: string, folder: string, to: number): Promise<number> {
    const manifest = await Manifest.open(this.#storage, key, folder)
    const written = new Set(manifest.paths())
    await this.#archives.get(key).at(to, async snapshot => {
      for await (const { path } of descendants(snapshot, '/')) written.delete(path)
    })
    return written.size
  }

  /** Content that was told of after the list which names it; null: there is none, or it waits for a list and an answer. */
  async #rest(key: string, taken: Taken): Promise<Step | null> {
    const { keeping, updates } = this.#archives.record(key)
    const { core } = await this.#archives.get(key).drive.getBlobs()
    if (!isWhole(keeping) || core.length <= taken.blocks || updates.askFirst || updates.stays) return null
    const difference = NO_DIFFERENCE
    const { byteLength: bytes, length: blocks } = core
    const none = { changed: 0, removed: 0, entries: 0, of: 0 }
    const step = { to: taken.length, ...none, agreed: taken.agreed, bytes, blocks, difference }
    return judge(step, updates) === null ? step : null
  }

  /** Files that are kept. */
  async #filesOf(key: string, standing: Standing, signal?: AbortSignal): Promise<number> {
    const archive = this.#archives.get(key)
    if (isWhole(this.#archives.record(key).keeping)) {
      const recorded = await archive.at(standing.base, snapshot => archive.lastChangeset(snapshot))
      const files = recorded?.changeset.files ?? (await this.#countFiles(key, standing.base, signal))
      return Math.max(0, files + (await this.#beside(key, standing)).files)
    }
    return (await this.#selection(key, standing)).files
  }

  /** In a version that does not say so itself. */
  async #countFiles(key: string, version: number, signal?: AbortSignal): Promise<number> {
    const archive = this.#archives.get(key)
    const { fork } = archive.drive.core
    const known = this.#counted.get(key)
    if (known?.version === version && known.fork === fork) return known.files
    const files = await archive.at(version, snapshot => filesIn(snapshot, signal), signal)
    this.#counted.set(key, { version, fork, files })
    return files
  }

  async #take(key: string, { to, blocks, bytes, difference }: Step, agreed: boolean): Promise<void> {
    const { updates } = this.#archives.record(key)
    await this.#followSelection(key, to, [], difference)
    const before = updates.taken?.agreed ?? bytes
    const taken = { length: to, blocks, bytes, agreed: agreed ? Math.max(before, bytes) : before, rewound: false }
    await this.#archives.setKept(key, {
      updates: { ...updates, taken, chosen: [], stays: false, mayRemove: agreed || updates.mayRemove },
    })
    this.#archives.setPending(key, null)
    this.#replan(key)
  }

  /** Takes these rows of the step. The person stays where they are with the others. */
  async #takePart(key: string, { to, difference: { rows } }: Step, ticked: ReadonlySet<Differing>): Promise<void> {
    const { updates, keeping } = this.#archives.record(key)
    const taken = updates.taken!
    const before = standingOf(updates, taken)
    const chosen = choose(before, rows, ticked, to)
    const part = differenceOf([...ticked])
    const { drive } = this.#archives.get(key)
    const { core } = await drive.getBlobs()
    let bytes = Math.max(0, taken.bytes + part.grows)
    let blocks = Math.max(taken.blocks, Math.min(part.blocks, core.length))
    if (isWhole(keeping)) {
      // The log of content is kept up to one block, and beyond that what was chosen.
      blocks = taken.blocks
      const come = await Selection.of(
        drive,
        [...ticked].flatMap(({ after }) => after ?? []),
        ANY,
      )
      const here = [{ start: 0, end: blocks }, ...(await this.#beside(key, before)).selection.ranges]
      bytes = taken.bytes + come.bytesWithout(rangesOf(here))
    }
    await this.#followSelection(key, taken.length, chosen, part)
    await this.#archives.setKept(key, {
      updates: {
        ...updates,
        taken: { ...taken, blocks, bytes, agreed: Math.max(taken.agreed, bytes) },
        chosen,
        stays: true,
        mayRemove: true,
      },
    })
    this.#replan(key)
  }

  /** What is known of parts goes along with what is taken, instead of being read anew. */
  async #followSelection(key: string, base: number, chosen: Chosen, difference: Difference): Promise<void> {
    const { updates } = this.#archives.record(key)
    const known = this.#selections.get(key)
    const fits = known !== undefined && updates.taken !== null && isSame(known, standingOf(updates, updates.taken))
    this.#selections.delete(key)
    if (!fits || base < known.base) return
    await known.selection.follow(difference)
    this.#selections.set(key, { ...known, base, chosen })
  }

  /** What is kept where that are parts. */
  async #selection(key: string, standing: Standing): Promise<Selection> {
    const archive = this.#archives.get(key)
    const { keeping } = this.#archives.record(key)
    const of = JSON.stringify(keeping)
    const length = archive.blobs?.core.length ?? 0
    const { base, chosen } = standing
    const known = this.#selections.get(key)
    if (
      known !== undefined &&
      isSame(known, standing) &&
      known.of === of &&
      (!known.selection.isProvisional || known.length === length)
    )
      return known.selection
    const { entries } = await this.#beside(key, standing)
    const selection = await archive.at(base, snapshot =>
      Selection.of(archive.drive, together(snapshot, entries), wantedBy(keeping)),
    )
    this.#selections.set(key, { base, chosen, of, length, selection })
    return selection
  }

  /** What was chosen out of later versions. */
  async #beside(key: string, standing: Standing): Promise<Beside> {
    const archive = this.#archives.get(key)
    const length = archive.blobs?.core.length ?? 0
    const { base, chosen } = standing
    const known = this.#besides.get(key)
    if (known !== undefined && isSame(known, standing) && (!known.selection.isProvisional || known.length === length))
      return known
    const pairs = await chosenPairs(standing, archive)
    const entries = new Map(pairs.map(({ path, after }) => [path, after]))
    const files = pairs.reduce((sum, { before, after }) => sum + Number(after !== null) - Number(before !== null), 0)
    const come = pairs.flatMap(({ after }) => after ?? [])
    const beside = { entries, files, selection: await Selection.of(archive.drive, come, ANY) }
    this.#besides.set(key, { base, chosen, of: '', length, ...beside })
    return beside
  }

  async #goal(key: string, record: ArchiveRecord, taken: Taken): Promise<Goal> {
    const goal = await this.#wholeGoal(key, record, taken)
    const freed = within(this.#freedOf(key), goal.ranges)
    if (freed.length === 0) return goal
    const { core } = await this.#archives.get(key).drive.getBlobs()
    const bytes = Math.max(0, goal.bytes - (await bytesOf(core, freed)))
    return { ...goal, bytes, ranges: without(goal.ranges, freed) }
  }

  /** As if nothing had been freed. */
  async #wholeGoal(key: string, { keeping, updates }: ArchiveRecord, taken: Taken): Promise<Goal> {
    const standing = standingOf(updates, taken)
    if (!isWhole(keeping)) return this.#selection(key, standing)
    const beside = await this.#beside(key, standing)
    const ranges = rangesOf([{ start: 0, end: taken.blocks }, ...beside.selection.ranges])
    return { bytes: taken.bytes, ranges }
  }

  async #isComplete(key: string): Promise<boolean> {
    const record = this.#archives.record(key)
    const { keeping, updates, namespace, paused } = record
    if (namespace !== null || keeping.how === 'look' || paused) return true
    if (updates.taken === null) return false
    if (keeping.how === 'folder' && !updates.taken.rewound && !this.#isFollowed(key)) return false
    const archive = this.#archives.get(key)
    const { ranges } = await this.#goal(key, record, updates.taken)
    return isListed(archive.drive.core) && countHeld(archive.blobs?.core, ranges) === countOf(ranges)
  }

  /** Its folder is as what is kept. */
  #isFollowed(key: string): boolean {
    const { updates } = this.#archives.record(key)
    const followed = this.#followed.get(key)
    return followed !== undefined && updates.taken !== null && isSame(followed, standingOf(updates, updates.taken))
  }

  /** Adds the row that fetches what is missing, unless it is there, or failed with the same version. */
  #begin(key: string): void {
    const { keeping, updates, paused } = this.#archives.record(key)
    const id = idOf(key, keeping)
    if (id === null || paused || this.#closed) return
    const state = this.#transfers.rows.get(id)?.state
    if (state !== undefined && !isEnded(state)) return
    const standing = updates.taken === null ? null : standingOf(updates, updates.taken)
    const before = this.#begun.get(key)
    if (state?.name === 'failed' && before !== undefined && isSameOrNone(before, standing)) return
    this.#begun.set(key, standing)
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
          // A folder stays as it is until what replaces the versions that were taken back is taken.
          if (folder !== null && !updates.taken.rewound && !this.#isFollowed(key))
            done = await this.#mirror(key, folder, updates, { ...control, signal })
          await this.#listed(key, { ...control, signal })
          const goal = await this.#goal(key, record, updates.taken)
          const { core } = await archive.drive.getBlobs()
          const of = folder === null ? await this.#filesOf(key, standingOf(updates, updates.taken), signal) : null
          await this.#fetch(core, goal, { ...control, signal }, of === null ? done : of)
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
      if (!this.#archives.isWhole(key, length)) throw notWhole(key)
      const { core } = await archive.drive.getBlobs()
      // As far as it is known now; the list may name content that the log is not known to have yet.
      if (core.peers.length > 0) await asked(core)
      const { blocks, bytes } = isWhole(keeping)
        ? { blocks: core.length, bytes: core.byteLength }
        : await this.#selection(key, new Standing(length, []))
      const taken = { length, blocks, bytes, agreed: bytes, rewound: false }
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

  /** Writes what is kept into its folder. */
  async #mirror(
    key: string,
    folder: string,
    asked: UpdatesRecord,
    control: Control,
  ): Promise<{ readonly files: number; readonly bytes: number }> {
    const archive = this.#archives.get(key)
    const { taken, mayRemove } = asked
    const standing = standingOf(asked, taken!)
    const { entries } = await this.#beside(key, standing)
    const instead = { length: standing.newest, entries }
    const manifest = await Manifest.open(this.#storage, key, folder)
    let done = { files: 0, bytes: 0 }
    await archive.at(standing.base, snapshot =>
      download(
        archive.drive,
        snapshot,
        { paths: ['/'], folder, inTheWay: 'keep-beside', follow: true, mayRemove, instead, manifest },
        {
          ...control,
          totals: (files, bytes) => {
            done = { files, bytes }
            control.totals(files, bytes)
          },
        },
      ),
    )
    this.#followed.set(key, standing)
    const { updates } = this.#archives.record(key)
    if (updates.mayRemove && this.#isFollowed(key))
      await this.#archives.setKept(key, { updates: { ...updates, mayRemove: false } })
    return done
  }

  /**
   * Fetches what is missing, several runs of blocks at a time. `of`: how many files that are; or what was done before in the
   * same row, to which this is what older versions have beside it.
   */
  async #fetch(core: Hypercore, goal: Goal, control: Control, of: number | { files: number; bytes: number }) {
    const { signal } = control
    const held = heldIn(core, goal.ranges)
    const missing = without(goal.ranges, held)
    let bytes = await bytesOf(core, held)
    const before = bytes
    const rest = Math.max(0, goal.bytes - before)
    if (typeof of === 'number') control.totals(of, goal.bytes)
    else control.totals(of.files, of.bytes + rest)
    const report = () => {
      // What came while it was counted what is here is told of twice.
      if (typeof of !== 'number') return control.progress(of.files, of.bytes + Math.min(bytes - before, rest), null)
      const share = goal.bytes === 0 ? 1 : Math.min(1, bytes / goal.bytes)
      control.progress(Math.floor(of * share), Math.min(bytes, goal.bytes), null)
    }
    const count = (index: number, size: number) => {
      if (includes(missing, index)) bytes += size
    }
    report()
    if (missing.length === 0) return
    await requireRoom(this.#storage, rest)
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

async function filesIn(snapshot: Hyperdrive, signal: AbortSignal | undefined): Promise<number> {
  let files = 0
  const all = { lower: Buffer.from('/'), upper: Buffer.from('0'), wanted: AHEAD, passesOver: () => false, signal }
  for await (const { key, value } of walk(snapshot, all))
    if (parseEntry({ key: textOf(key), value: valueOf(value) })?.kind === 'file') files++
  return files
}

/** Peers have said how long it is, or did not in time. */
async function asked(core: Hypercore): Promise<void> {
  await Promise.race([core.update({ wait: true }).catch(() => {}), sleep(ASKING, undefined, { ref: false })])
}

const isListed = (list: Hypercore): boolean =>
  list.length > 0 && countHeld(list, [{ start: 0, end: list.length }]) === list.length

const notWhole = (key: string) =>
  new AppError('NOT_AVAILABLE', 'The content of this version is being replaced.', { key, path: '/' })

const ANY = () => true
/** As if nothing had been kept. */
const NOTHING = new Standing(1, [])

const standingOf = ({ chosen }: UpdatesRecord, { length }: Taken): Standing => new Standing(length, chosen)

type Stands = Pick<Standing, 'base' | 'chosen'>

/** Choices are the same that are the same object: they change with what they say. */
const isSame = (one: Stands, other: Stands): boolean =>
  one.base === other.base && (one.chosen === other.chosen || (one.chosen.length === 0 && other.chosen.length === 0))

const isSameOrNone = (one: Stands | null, other: Stands | null): boolean =>
  one === null || other === null ? one === other : isSame(one, other)

/** Entries of a version, some of which others stand in place of. */
async function* together(
  snapshot: Hyperdrive,
  instead: ReadonlyMap<string, ArchiveEntry | null>,
): AsyncGenerator<ArchiveEntry> {
  for await (const entry of descendants(snapshot, '/')) if (!instead.has(entry.path)) yield entry
  for (const entry of instead.values()) if (entry !== null) yield entry
}

const isWhole = ({ how }: HowKept): boolean => how === 'all' || how === 'folder'

const keepId = (key: string) => `keep-${key}`
const folderId = (key: string) => `folder-${key}`
/** Of the row that does it; null: there is none. */
const idOf = (key: string, { how }: HowKept): string | null =>
  how === 'look' ? null : how === 'folder' ? folderId(key) : keepId(key)
