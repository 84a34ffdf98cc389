/**
 * When history itself is changed. An author may take versions back (a *truncation*: a history with a higher fork), or two
 * copies of one key may have written (a *fork*: two histories of the same fork, which nobody can choose between). Neither
 * takes anything away here before the person has answered; the proof of a fork is on the disk before anything else is done.
 *
 * Frozen is what a warrant says to be so: one whose fork the log has not gone beyond. Nothing else has to be remembered.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import { AppError } from '../../preload/contract/errors.ts'
import type { Rewritten } from '../../preload/contract/models.ts'
import type { Log } from '../lib/log.ts'
import { SHORT_KEY } from '../lib/short-key.ts'
import type { Archive } from './archive.ts'
import { type Forked, HistoryGuard, type Offer } from './history-guard.ts'
import { encodeKey } from './links.ts'
import type { ArchiveRecord, Registry, RewriteRecord } from './registry.ts'
import { encodeManifest, nameOf, type Part, readName, readWarrant, WARRANTS, writeWarrant } from './warrant.ts'

/** Whether an author has rewritten the content alone is known when the list has not been told to be another one for so long. */
const BOTH_TOLD = 3000
/** What is told of other content is proven within this, or is no reason to hold anything back. Looked at so often meanwhile. */
const PROVING = { most: 5000, every: 50 } as const
/** So long after the first of an archive has come, what came of it by itself is nobody's yet. */
const FRESH = 60_000

/** `forked` null: the file says by its name that there are two, and cannot be read. */
type Known = { readonly log: Part; readonly fork: number; readonly name: string; readonly forked: Forked | null }
/** `found`: when the first of it came; before this start: long ago. */
type Guarded = {
  readonly archive: Archive
  readonly guards: Map<Part, HistoryGuard>
  found: number
  /** The newest version when it was first told that the content of this fork is replaced. */
  told: { readonly fork: number; since: number; readonly at: number } | null
  timer: NodeJS.Timeout | null
}
/** `from`: the first block that is not the same in both; null: that is not known yet. */
type Replaced = { readonly since: number; readonly from: number | null }

export type RewritesOptions = {
  readonly storage: string
  readonly registry: Registry
  readonly log: Log
  /** Somebody has been shown something of it since it was opened. */
  isLookedAt(key: string): boolean
  /** What the row of this archive says of it is another thing now. */
  changed(key: string): void
  /** The history that is here is another one now. */
  replaced(key: string): void
  /** Everything written so far survives a power cut. */
  flush(): Promise<void>
}

export class Rewrites {
  readonly #options: RewritesOptions
  /** By the archive's key: files in the storage. */
  readonly #warrants: Map<string, readonly Known[]>
  readonly #guarded = new Map<string, Guarded>()

  private constructor(options: RewritesOptions, warrants: Map<string, readonly Known[]>) {
    this.#options = options
    this.#warrants = warrants
  }

  static async open(options: RewritesOptions): Promise<Rewrites> {
    const names = await readdir(join(options.storage, WARRANTS)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    const warrants = new Map<string, readonly Known[]>()
    for (const name of names) {
      const of = readName(name)
      if (of === null) continue
      const forked = await read(join(options.storage, WARRANTS, name)).catch(error => {
        options.log.error({ err: error, name }, 'the proof of two histories cannot be read')
        return null
      })
      warrants.set(of.archive, [...(warrants.get(of.archive) ?? []), { ...of, name, forked }])
    }
    return new Rewrites(options, warrants)
  }

  /** To be called for each log of an archive before it is shared. */
  guard(archive: Archive, part: Part, core: Hypercore): void {
    const { key } = archive
    let guarded = this.#guarded.get(key)
    if (guarded?.archive !== archive) {
      guarded = { archive, guards: new Map(), found: Number.NEGATIVE_INFINITY, told: null, timer: null }
      this.#guarded.set(key, guarded)
      if (archive.length === 0) guarded.found = Number.POSITIVE_INFINITY
    }
    const { found } = guarded
    const one = guarded
    if (part === 'list' && found === Number.POSITIVE_INFINITY)
      core.once('append', () => {
        one.found = performance.now()
      })
    const guard = HistoryGuard.of(core.core!, {
      forked: forked => this.#forked(archive, part, forked),
      told: () => {
        if (part === 'content') this.#told(archive)
      },
      parted: common => {
        if (part === 'list') this.#update(key, { parted: common })
      },
      mayFollow: offer => this.#mayFollow(archive, part, offer),
    })
    guarded.guards.set(part, guard)
    if (this.isForked(archive)) {
      const known = (this.#warrants.get(key) ?? []).find(({ log, fork }) => log === part && fork === guard.fork)
      guard.freeze(known?.forked ?? null)
    }
    core.on('truncate', (length: number) => this.#truncated(archive, part, length))
    this.#settle(archive)
  }

  forget(key: string): Promise<unknown> {
    const guarded = this.#guarded.get(key)
    if (guarded?.timer) clearTimeout(guarded.timer)
    this.#guarded.delete(key)
    const names = this.#warrants.get(key) ?? []
    this.#warrants.delete(key)
    return Promise.all(names.map(({ name }) => rm(join(this.#options.storage, WARRANTS, name), { force: true })))
  }

  /** Two histories were signed, and none of them has been given up here yet. */
  isForked({ key, drive, blobs }: Archive): boolean {
    return (this.#warrants.get(key) ?? []).some(
      ({ log, fork }) => fork >= (log === 'list' ? drive.core.fork : (blobs?.core.fork ?? 0)),
    )
  }

  /** What the row says. null: history is what it was. `differs`: an own log is not the one that was published. */
  of(archive: Archive, differs: boolean): Rewritten | null {
    const { rewrite, parted } = this.#record(archive.key)
    const here = archive.length
    const other = rewrite === null || rewrite.done ? null : { common: rewrite.common, newest: rewrite.length }
    const answer = other === null ? 'asked' : rewrite!.answer
    if (this.isForked(archive)) return { kind: 'forked', common: parted, here, proof: true, mended: other, answer }
    if (differs) return { kind: 'forked', common: parted, here, proof: false, mended: other, answer }
    const what = rewrite?.log === 'content' ? 'content' : 'versions'
    return other === null ? null : { kind: 'taken-back', what, ...other, here, answer }
  }

  /** Whether the content of this version is what is here or comes, as far as that is known now. */
  isWhole(key: string, version: number): boolean {
    const replaced = this.#replaced(key)
    return replaced === null || version <= replaced.since
  }

  /**
   * The first block of content that is not what this version names, since its author has replaced it and nobody has agreed
   * to that. Waits a little while it is being proven, or replaced here too. Throws the signal's reason.
   */
  async contentUpTo(key: string, version: number, signal?: AbortSignal): Promise<number> {
    const until = performance.now() + PROVING.most
    while (true) {
      const replaced = this.#replaced(key)
      if (replaced === null || version <= replaced.since) return Number.POSITIVE_INFINITY
      const isComing =
        this.#record(key).rewrite?.answer === 'follows' && this.#guarded.get(key)?.guards.get('content')?.isTold
      if (replaced.from !== null && (isComing !== true || performance.now() > until)) return replaced.from
      await sleep(PROVING.every, undefined, signal === undefined ? { ref: false } : { ref: false, signal })
    }
  }

  #replaced(key: string): Replaced | null {
    const guarded = this.#guarded.get(key)
    const guard = guarded?.guards.get('content')
    const { replaced } = this.#record(key)
    if (replaced !== null && (guard === undefined || guard.fork < replaced.fork)) return replaced
    const told = guarded?.told ?? null
    if (told === null || guard?.isTold !== true || told.fork !== guard.fork) return null
    return performance.now() - told.at < PROVING.most ? { since: told.since, from: null } : null
  }

  #told({ key, length }: Archive): void {
    const guarded = this.#guarded.get(key)
    const fork = guarded?.guards.get('content')?.fork
    if (guarded === undefined || fork === undefined || guarded.told?.fork === fork) return
    guarded.told = { fork, since: length, at: performance.now() }
    // What was held back meanwhile goes on if it comes to nothing.
    setTimeout(() => this.#options.changed(key), PROVING.most).unref()
  }

  /** Nobody has agreed to content that is proven to be another one. */
  #noteReplaced({ key, length }: Archive, guard: HistoryGuard, { fork, common }: Offer): void {
    const { replaced } = this.#record(key)
    const told = this.#guarded.get(key)?.told ?? null
    const known = replaced !== null && replaced.fork > guard.fork ? replaced : told?.fork === guard.fork ? told : null
    const now = { since: known?.since ?? length, from: common, fork }
    if (JSON.stringify(now) !== JSON.stringify(replaced)) this.#update(key, { replaced: now })
  }

  /** Follows the other history as soon as it is there, or stays on this one. */
  async answer(archive: Archive, follow: boolean): Promise<void> {
    const { key } = archive
    const { rewrite } = this.#record(key)
    if (rewrite === null || rewrite.done) return
    const content = follow && rewrite.log === 'list' ? await this.#contentOf(archive, rewrite.common) : 0
    const now = this.#record(key).rewrite
    // What is answered is what was asked.
    if (now === null || now.fork !== rewrite.fork || now.common !== rewrite.common || now.done) return
    const answer = follow ? 'follows' : 'stays'
    await this.#options.registry.update(key, { rewrite: { ...now, answer, content } })
    if (follow) for (const guard of this.#guards(key)) await guard.follow()
    this.#options.changed(key)
  }

  /** How much content a version has that is kept: it stays when later ones are given up. Where that cannot be told, all of it. */
  async #contentOf(archive: Archive, version: number): Promise<number> {
    const { keeping, namespace } = this.#record(archive.key)
    if (namespace === null && keeping.how === 'look') return 0
    return archive.contentOf(version).catch(() => archive.blobs?.core.length ?? 0)
  }

  /**
   * What is here up to this version is the history of this archive from now on, with a higher fork. The caller holds off
   * everybody else who writes. Returns the length.
   */
  async repair(archive: Archive, version: number | null): Promise<number> {
    const { key, drive } = archive
    const { registry } = this.#options
    const content = (await drive.getBlobs()).core
    const length = version ?? drive.core.length
    if (length > drive.core.length || (version !== null && version < 1))
      throw new AppError('VERSION_NOT_FOUND', `There is no version ${length} here.`, {
        key,
        version: length,
        newest: drive.core.length,
      })
    const contentLength = version === null ? content.length : await contentUpTo(archive, version)
    const { rewrite } = this.#record(key)
    // Beyond what anybody has told of, so that it is the one that all follow.
    const fork = Math.max(drive.core.fork, rewrite?.log === 'list' ? rewrite.fork : 0) + 1
    const hash = encodeKey(await drive.core.treeHash(length))
    await registry.update(key, {
      published: { length, fork, hash },
      rewrite: null,
      parted: null,
      replaced: null,
      summary: null,
    })
    await content.truncate(contentLength, { fork: content.fork + 1 })
    await drive.core.truncate(length, { fork })
    await this.#options.flush()
    for (const guard of this.#guards(key)) guard.thaw()
    return length
  }

  async warrant(key: string): Promise<{ readonly name: string; readonly text: string }> {
    const known = this.#warrants.get(key) ?? []
    const newest = known.find(({ log }) => log === 'list') ?? known[0]
    if (newest === undefined)
      throw new AppError('NO_WARRANT', 'Nothing is known of two histories of this archive.', { key })
    const text = await readFile(join(this.#options.storage, WARRANTS, newest.name), 'utf8')
    return { name: `${key.slice(0, SHORT_KEY)}.cairn-warrant`, text }
  }

  /** In the same tick in which it was found out, before anybody else hears of it. */
  #forked({ key, drive }: Archive, log: Part, forked: Forked): void {
    const { fork, length, heads } = forked
    const manifest = encodeManifest(drive.core.core!.header.manifest)
    try {
      writeWarrant(this.#options.storage, { archive: key, log, manifest, fork, length, heads })
    } catch (error) {
      this.#options.log.error({ err: error, key }, 'the proof of two histories could not be written')
    }
    const known = this.#warrants.get(key) ?? []
    this.#warrants.set(key, [...known, { log, fork, name: nameOf({ archive: key, log, fork }), forked }])
    for (const guard of this.#guards(key)) guard.freeze(null)
    this.#options.log.warn({ key, log, fork, length }, 'two histories were signed with the key of an archive')
    this.#options.changed(key)
  }

  #mayFollow(archive: Archive, part: Part, offer: Offer): boolean {
    const may = this.#isAgreed(archive, part, offer)
    const guard = this.#guarded.get(archive.key)?.guards.get(part)
    if (!may && part === 'content' && guard !== undefined) this.#noteReplaced(archive, guard, offer)
    return may
  }

  #isAgreed(archive: Archive, part: Part, offer: Offer): boolean {
    const rewrite = this.#options.registry.archives.get(archive.key)?.rewrite
    const guards = this.#guarded.get(archive.key)?.guards
    const guard = guards?.get(part)
    if (rewrite === undefined || guard === undefined) return false
    const isForked = this.isForked(archive)
    if (part === 'list') {
      const isAgreed = rewrite?.log === 'list' && rewrite.answer === 'follows' && !rewrite.done
      if (isAgreed && offer.common >= rewrite.common) return true
      // Of what was taken back nothing is here, and so nothing is lost.
      const losesNothing = guard.losesBlocks(offer) === 0
      const isLate = this.#isLate(archive, guard, offer)
      const agreed = isLate ? 'all' : !isForked && losesNothing ? 'list' : 'nothing'
      this.#propose(archive, 'list', offer, { common: offer.common, length: offer.length, agreed })
      return agreed !== 'nothing'
    }
    const isAgreed = rewrite?.answer === 'follows' && rewrite.contentFork === guard.fork
    if (isAgreed && (rewrite.done || rewrite.log === 'content') && offer.common >= rewrite.content) return true
    // With the list it is decided about its content.
    const list = guards?.get('list')
    if (list === undefined || list.held !== null || list.isTold) return false
    if (!isForked && guard.losesBlocks(offer) === 0) return true
    const guarded = this.#guarded.get(archive.key)!
    guarded.timer ??= setTimeout(() => {
      guarded.timer = null
      const held = guard.held
      if (held === null || list.held !== null || list.isTold || archive.drive.closing) return
      this.#propose(archive, 'content', held, { common: archive.length, length: archive.length, agreed: 'nothing' })
    }, BOTH_TOLD).unref()
    return false
  }

  /**
   * Whoever comes after an author has taken versions back may first meet somebody who stays on them. What comes of those before
   * the others tell is nothing that anybody has seen or asked for, and a question about it would say nothing to them.
   */
  #isLate(archive: Archive, guard: HistoryGuard, offer: Offer): boolean {
    const { key, pins } = archive
    const { namespace, seenLength, names } = this.#record(key)
    const { found } = this.#guarded.get(key)!
    return (
      namespace === null &&
      performance.now() - found < FRESH &&
      seenLength === 0 &&
      names.length === 0 &&
      !pins.any &&
      !this.#options.isLookedAt(key) &&
      guard.wasThere(offer)
    )
  }

  #propose(
    { key, blobs }: Archive,
    log: Part,
    { fork }: Offer,
    {
      common,
      length,
      agreed,
    }: { readonly common: number; readonly length: number; readonly agreed: 'all' | 'list' | 'nothing' },
  ): void {
    const before = this.#record(key).rewrite
    const stays = before !== null && !before.done && before.answer === 'stays' && common >= before.common
    const rewrite: RewriteRecord = {
      log,
      fork,
      // That no version is lost does not say that no content is.
      contentFork: agreed === 'list' ? -1 : (blobs?.core.fork ?? 0),
      common,
      length,
      answer: agreed !== 'nothing' ? 'follows' : stays ? 'stays' : 'asked',
      content: 0,
      done: false,
    }
    if (JSON.stringify(before) === JSON.stringify(rewrite)) return
    if (before?.fork === fork && before.common === common && before.answer === rewrite.answer && !before.done) {
      // It has only grown, as it does with every version.
      this.#options.registry.remember(key, { rewrite })
      this.#options.changed(key)
    } else this.#update(key, { rewrite })
  }

  #truncated(archive: Archive, part: Part, length: number): void {
    if (this.#guarded.get(archive.key)?.archive !== archive) return
    const { taken } = this.#record(archive.key).updates
    if (part === 'content' && taken !== null && taken.blocks > length) this.#clamp(archive.key, length)
    // What is written over what was taken back is of later versions, too.
    const { told } = this.#guarded.get(archive.key)!
    const { replaced } = this.#record(archive.key)
    if (part === 'list' && told !== null) told.since = Math.min(told.since, length)
    if (part === 'list' && replaced !== null && replaced.since > length)
      this.#update(archive.key, { replaced: { ...replaced, since: length } })
    this.#settle(archive)
    this.#options.replaced(archive.key)
    // The content of a list that was followed may have been held until now.
    if (part === 'list') void this.#guarded.get(archive.key)?.guards.get('content')?.follow()
  }

  /** What was agreed to has happened, now or before the last start: what the registry says is of that history from now on. */
  #settle(archive: Archive): void {
    const { key, drive, blobs } = archive
    const { rewrite, updates, seenLength, names } = this.#record(key)
    const { taken } = updates
    if (taken !== null && blobs !== null && taken.blocks > blobs.core.length) this.#clamp(key, blobs.core.length)
    const { replaced } = this.#record(key)
    if (replaced !== null && blobs !== null && blobs.core.fork >= replaced.fork) this.#update(key, { replaced: null })
    if (!this.isForked(archive)) for (const guard of this.#guards(key)) guard.thaw()
    if (rewrite === null || rewrite.done) return
    const now = rewrite.log === 'list' ? drive.core.fork : (blobs?.core.fork ?? 0)
    if (now < rewrite.fork) return
    const { common } = rewrite
    this.#update(key, {
      rewrite: { ...rewrite, done: true },
      parted: null,
      summary: null,
      seenLength: Math.min(seenLength, common),
      names: names.filter(({ version }) => version <= common),
      updates: {
        ...this.#record(key).updates,
        taken: taken === null ? null : { ...taken, length: Math.min(taken.length, common), rewound: true },
        chosen: updates.chosen.filter(({ length }) => length <= common),
      },
    })
  }

  #clamp(key: string, blocks: number): void {
    const { updates } = this.#record(key)
    const { taken } = updates
    if (taken !== null)
      this.#update(key, { updates: { ...updates, taken: { ...taken, blocks: Math.min(taken.blocks, blocks) } } })
  }

  #guards(key: string): readonly HistoryGuard[] {
    return [...(this.#guarded.get(key)?.guards.values() ?? [])]
  }

  #record(key: string): ArchiveRecord {
    const record = this.#options.registry.archives.get(key)
    if (record === undefined) throw new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library.', { key })
    return record
  }

  /** In memory at once, on the disk soon: what is lost by a kill is found out again. */
  #update(key: string, change: Partial<ArchiveRecord>): void {
    this.#options.registry.update(key, change).then(
      () => this.#options.changed(key),
      error => this.#options.log.error({ err: error, key }, 'what was heard of a history could not be written down'),
    )
  }
}

/** What earlier versions had and this one has not is content of it as well, and so is what links pin that were made of it. */
async function contentUpTo(archive: Archive, version: number): Promise<number> {
  const told = await archive.at(version, snapshot => archive.contentTold(snapshot))
  return Math.min(archive.blobs?.core.length ?? 0, Math.max(told ?? 0, await archive.contentOf(version)))
}

async function read(path: string): Promise<Forked> {
  const { proven, heads } = readWarrant(await readFile(path, 'utf8'))
  return { fork: proven.fork, length: proven.length, heads }
}
