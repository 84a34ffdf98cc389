/**
 * Whether an archive will be there: who holds what of its newest version, counted for the bar, the table and the sentence.
 * What is said of others is their own word, and of those who are not connected their last one.
 */
import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../preload/contract/errors.ts'
import type {
  Availability as Row,
  AvailabilitySummary,
  Change,
  FileHolder,
  Held,
  Holder,
  Needed,
  PartFiles,
  RareFile,
  Verdict,
} from '../../preload/contract/models.ts'
import type { Archive } from '../archives/archive.ts'
import type { Archives } from '../archives/archives.ts'
import { bytesOf, heldIn } from '../archives/blocks.ts'
import { Collection } from '../lib/collection.ts'
import type { Log } from '../lib/log.ts'
import { everySo } from '../lib/pulse.ts'
import { contains, countOf, type Ranges, rangesOf, within, without } from '../lib/ranges.ts'
import { nodeAt, parseEntry } from '../read/entries.ts'
import type { Agreement } from './agreement.ts'
import type { Claim } from './gossip.ts'
import { Holders, type Keeps, type Neighbour } from './holders.ts'
import { filesAt, type Placed } from './files.ts'
import {
  addWhole,
  barOf,
  Counts,
  Finders,
  type Fold,
  Folding,
  type Holding,
  holdsAll,
  judge,
  older,
  othersOf,
  partOf,
  type Tally,
  unionOf,
  versionHeld,
} from './holdings.ts'
import { Layout, placed } from './layout.ts'
import type { Memory, Remembered } from './memory.ts'

/** Milliseconds between two looks at one archive that somebody watches, and at one of all. */
const WATCHED = 250
const OTHERWISE = 1000
/** What is watched and does not change is said to be so every so many milliseconds. */
const STILL = 5000
/** Counting takes at most this share of the time, but for long lists, after which no more than so many milliseconds pass. */
const SHARE = 0.1
const LONGEST = 4000
/** The same of all that nobody looks at, so many milliseconds at a time, and first so many after the start. */
const BACKGROUND = 0.2
const MOST_AT_ONCE = 50
const BEGINNING = 2000
/** Files of which it is remembered where they stand, in all. */
const MOST_FILES = 400_000
/** What is new of those who are connected is written down this often, and that they are still there. */
const REMEMBER = 30_000
const STILL_THERE = 300_000
/** Files that are counted before the loop gets its turn. */
const SLICE = 8192
const BUCKETS = 256
/** Versions of one archive that are known to be some. */
const MOST_VERSIONS = 100

type Machine = Omit<Neighbour, 'fetches'> & { readonly seenAt: number | null }

/** Which list it is. */
type Head = { readonly length: number; readonly fork: number }
/** Where the content of a version ends, in blocks, and how much it is. */
type End = { readonly blocks: number; readonly files: number; readonly bytes: number }

const UNKNOWN: Verdict = { name: 'unknown' }

type Known = {
  readonly archive: Archive
  readonly holders: Holders
  readonly life: AbortController
  layout: Layout | null
  /** On its way, of this version. */
  reading: { readonly length: number; readonly layout: Promise<Layout | null> } | null
  watchers: number
  dirty: boolean
  counting: boolean
  /** When it may be counted again. */
  next: number
  counted: number
  counts: { readonly of: readonly Ranges[]; readonly counts: Counts } | null
  /** Of which version the last word was; null: it has been taken back since. */
  said: Head | null
  /** What the newest changeset says of the version that it ends. */
  ends: (Head & { readonly end: End | null }) | null
  /** Of machines by what they hold, as long as the version is the same. */
  tallies: { readonly layout: Layout; readonly of: WeakMap<Ranges, Tally & { readonly version: number }> } | null
  /** Those that it has had since the start, which others may hold still. */
  versions: { readonly fork: number; readonly lengths: readonly number[] }
}

export type AvailabilityParts = {
  readonly archives: Archives
  readonly memory: Memory
  readonly log: Log
  /** This machine's public key in z-base-32. */
  readonly self: () => string
  /** It is this machine itself, which tries a link. */
  readonly isOurs: (publicKey: Uint8Array) => boolean
  /** Blocks of content that are going to stay, if they are here; throws where that cannot be told. */
  readonly kept: (key: string) => Promise<Ranges>
  /** Blocks of content that were given up. */
  readonly freed: (key: string) => Ranges
}

/** Who shares an archive now, for freeing. */
export type Circle = {
  readonly archive: Archive
  readonly layout: Layout
  readonly agreement: Agreement
  /** What is held by others who do not only look: by all, and by those who cannot be asked to keep it. */
  readonly keepers: readonly Ranges[]
  readonly beside: readonly Ranges[]
}

export class Availability {
  readonly summaries = new Collection<AvailabilitySummary>()
  readonly #archives: Archives
  readonly #memory: Memory
  readonly #log: Log
  readonly #self: () => string
  readonly #isOurs: AvailabilityParts['isOurs']
  readonly #kept: (key: string) => Promise<Ranges>
  readonly #freed: (key: string) => Ranges
  readonly #known = new Map<string, Known>()
  /** Those that somebody watches, or of which there is something to be counted or said. The others cost nothing. */
  readonly #active = new Map<string, Known>()
  readonly #rows = new Collection<Row>()
  /** null: there is nothing to be counted or said. */
  #timer: NodeJS.Timeout | null = null
  #stop = () => {}
  /** Of which something is known that was not when it was written down. */
  readonly #news = new Set<string>()
  #rememberedAll = performance.now()
  #closed = false
  /** One that nobody looks at is being counted; none is before this moment. */
  #isBusy = false
  #idleUntil = performance.now() + BEGINNING

  constructor({ archives, memory, log, self, isOurs, kept, freed }: AvailabilityParts) {
    this.#archives = archives
    this.#memory = memory
    this.#log = log
    this.#self = self
    this.#isOurs = isOurs
    this.#kept = kept
    this.#freed = freed
  }

  start(): void {
    this.#archives.onChange(key => this.#look(key))
    this.#archives.onReplaced(key => {
      const known = this.#known.get(key)
      if (known !== undefined) known.layout = null
    })
    for (const { key } of this.#archives.records()) this.#look(key)
    this.#stop = everySo(REMEMBER, () => this.#remember(performance.now() - this.#rememberedAll > STILL_THERE))
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#stop()
    this.#remember(true)
    for (const { holders, life } of this.#known.values()) {
      life.abort()
      holders.close()
    }
    await this.#memory.save()
  }

  async *watch(key: string, signal: AbortSignal): AsyncGenerator<readonly Change<Row>[]> {
    this.#archives.get(key)
    this.#look(key)
    const known = this.#known.get(key)
    if (known === undefined) return
    known.watchers++
    known.next = 0
    known.dirty = true
    this.#activate(key, known)
    try {
      this.#tick()
      yield* this.#rows.watch(AbortSignal.any([signal, known.life.signal]), ({ id }) => id === key)
    } finally {
      if (--known.watchers === 0) this.#rows.delete(key)
    }
  }

  /** Throws NOT_AVAILABLE while the list is not here, and what `Archive.at` throws. */
  async files(key: string, version: number | null, paths: readonly string[]): Promise<readonly (Held | null)[]> {
    const known = await this.#required(key)
    const found = await this.#placed(known, version, paths)
    const { counts, finders, here } = this.#scales(known)
    const held: (Held | null)[] = []
    for (const [index, below] of found.entries()) {
      let [least, alone, missing] = [Number.POSITIVE_INFINITY, 0, 0]
      for (const [index, file] of below.entries()) {
        const others = othersOf(file, counts, finders)
        least = Math.min(least, others)
        if (others === 0) alone++
        if (!holdsAll(here, file)) missing++
        if (index % SLICE === SLICE - 1) await setImmediate()
      }
      held.push(
        below.length === 0
          ? null
          : { path: paths[index]!, others: least, here: missing === 0, files: below.length, alone },
      )
    }
    return held
  }

  /** Those who hold some of a file, or of what lies in a folder. Throws as `files` does, and PATH_NOT_FOUND. */
  async who(key: string, version: number | null, path: string): Promise<readonly FileHolder[]> {
    const known = await this.#required(key)
    const [below = []] = await this.#placed(known, version, [path])
    if (below.length === 0) throw new AppError('PATH_NOT_FOUND', `Nothing is at ${path}.`, { key, path })
    const ranges = rangesOf(below.flatMap(({ places }) => places))
    const blocks = countOf(ranges)
    const { holdingOf } = this.#scales(known)
    return this.#machines(key, known.holders.neighbours()).flatMap(machine => {
      const holding = holdingOf(machine)
      const share =
        blocks === 0
          ? Number(below.every(({ since }) => holding.version >= since))
          : countOf(within(ranges, holding.content)) / blocks
      const { id, seenAt } = machine
      return share === 0 ? [] : [{ id, connected: seenAt === null, seenAt, share }]
    })
  }

  /** The files at and below each of these paths: none where there is nothing, and of an older version for folders. */
  async #placed(
    known: Known,
    version: number | null,
    paths: readonly string[],
  ): Promise<readonly (readonly Placed[])[]> {
    const { archive } = known
    const layout = version === null || version === archive.length ? await this.#layout(known) : null
    if (layout !== null)
      return paths.map(path => {
        const { start, end } = filesAt(layout.files, path)
        return Array.from({ length: end - start }, (_, index) => layout.files.at(start + index))
      })
    return archive
      .at(version, async snapshot =>
        Promise.all(
          paths.map(async path => {
            const node = await nodeAt(snapshot, path, { wait: false })
            const entry = node === null ? null : parseEntry({ key: path, value: node.value })
            return node !== null && entry?.kind === 'file' ? [await placed(archive.drive, entry, node.seq + 1)] : []
          }),
        ),
      )
      .catch(error => {
        throw (error as { code?: string }).code === 'BLOCK_NOT_AVAILABLE' ? notListed(archive.key) : error
      })
  }

  /** Throws NOT_AVAILABLE while the list is not here. */
  async rarest(key: string, limit: number): Promise<readonly RareFile[]> {
    const known = await this.#required(key)
    const layout = await this.#layout(known)
    if (layout === null) throw notListed(key)
    const { counts, finders, here } = this.#scales(known)
    let found: RareFile[] = []
    const cut = () => {
      found.sort((a, b) => a.others - b.others || b.size - a.size || (a.path < b.path ? -1 : 1))
      found = found.slice(0, limit)
    }
    for (let index = 0; index < layout.files.length; index++) {
      const file = layout.files.at(index)
      const { path, size } = file
      found.push({ path, size, others: othersOf(file, counts, finders), here: holdsAll(here, file) })
      if (index % SLICE !== SLICE - 1) continue
      cut()
      await setImmediate()
    }
    cut()
    return found
  }

  /** What lies in one part of the bar; null: it is of another version by now. Throws NOT_AVAILABLE while the list is not here. */
  async part(key: string, version: number, part: number): Promise<PartFiles | null> {
    const known = await this.#required(key)
    const layout = await this.#layout(known)
    if (layout === null) throw notListed(key)
    if (layout.length !== version) return null
    const run = partOf(barPlaces(layout, known.archive), part, BUCKETS)
    if (run === null) return null
    let [files, first, last]: [number, Begun | null, Begun | null] = [0, null, null]
    for (let index = 0; index < layout.files.length; index++) {
      const { path, places } = layout.files.at(index)
      const own = places.find(({ start, end }) => start < run.end && end > run.start)
      if (own !== undefined) {
        files++
        // Of names that share their content the order of the list decides.
        if (first === null || own.start < first.at) first = { path, at: own.start }
        if (last === null || own.start >= last.at) last = { path, at: own.start }
      }
      if (index % SLICE === SLICE - 1) await setImmediate()
    }
    return first === null || last === null ? null : { files, first: first.path, last: last.path }
  }

  /** Blocks of content that a machine which is connected holds, those of older versions included. */
  heldBy(key: string, id: string): number {
    const known = this.#known.get(key)
    const machine = known?.holders.neighbours().find(one => one.id === id)
    if (known === undefined || machine === undefined) return 0
    const { content } = this.#scales(known).holdingOf(machine)
    return countOf(within(content, [{ start: 0, end: known.archive.blobs?.core.length ?? 0 }]))
  }

  /** What is on this machine alone, of archives that somebody who is connected keeps whole or is fetching from it. */
  async needed(): Promise<readonly Needed[]> {
    const found: Needed[] = []
    for (const [key, known] of this.#known) {
      const { holdingOf, here, counts, others } = this.#scales(known)
      const all = { start: 0, end: known.archive.blobs?.core.length ?? 0 }
      const waiting = known.holders.neighbours().filter(one => {
        const { version, content } = holdingOf(one)
        const isWhole = version >= known.archive.length && contains(content, all)
        return (one.keeps === 'all' && !isWhole) || one.fetches
      })
      const layout = waiting.length === 0 ? null : await this.#layout(known)
      if (layout === null) continue
      const { onlyHere } = await this.#fold(layout, new Folding(others, here, counts))
      if (onlyHere.files > 0) found.push({ key, peers: waiting.length, ...onlyHere })
    }
    return found
  }

  /** Throws NOT_AVAILABLE while the list is not here. */
  async circle(key: string): Promise<Circle> {
    const known = await this.#required(key)
    const layout = await this.#layout(known)
    if (layout === null) throw notListed(key)
    const { archive, holders } = known
    const { holdingOf } = this.#scales(known)
    const some = holders.neighbours().filter(({ keeps }) => keeps !== 'look')
    return {
      archive,
      layout,
      agreement: holders.agreement,
      keepers: some.map(one => holdingOf(one).content),
      beside: some.filter(({ cairn }) => !cairn).map(one => holdingOf(one).content),
    }
  }

  /** Keeps up with what the library holds, and looks at it again soon. */
  #look(key: string): void {
    const before = this.#known.get(key)
    if (!this.#archives.has(key)) {
      if (before !== undefined) this.#drop(key, before)
      this.#memory.forget(key)
      return
    }
    const archive = this.#archives.get(key)
    if (before?.archive === archive) return before.holders.touch()
    if (before !== undefined) this.#drop(key, before)
    if (this.#closed) return
    const changed = () => {
      const known = this.#known.get(key)
      if (known === undefined) return
      known.dirty = true
      this.#activate(key, known)
      this.#takeBack(key, known)
    }
    const left = (who: Neighbour) => this.#note(key, who)
    const known: Known = {
      archive,
      holders: new Holders(archive, {
        self: this.#self(),
        isOurs: this.#isOurs,
        kept: () => this.#kept(key),
        keeps: () => this.#keeps(key),
        changed,
        left,
      }),
      life: new AbortController(),
      layout: null,
      reading: null,
      watchers: 0,
      dirty: true,
      counting: false,
      next: 0,
      counted: 0,
      counts: null,
      said: null,
      ends: null,
      tallies: null,
      versions: { fork: 0, lengths: [] },
    }
    this.#known.set(key, known)
    this.#activate(key, known)
  }

  #activate(key: string, known: Known): void {
    this.#active.set(key, known)
    this.#news.add(key)
    if (!this.#closed) this.#timer ??= setInterval(() => this.#tick(), WATCHED).unref()
  }

  #drop(key: string, { holders, life }: Known): void {
    life.abort()
    holders.close()
    this.#known.delete(key)
    this.#active.delete(key)
    this.#news.delete(key)
    this.#rows.delete(key)
    this.summaries.delete(key)
  }

  #keeps(key: string): Keeps {
    if (!this.#archives.has(key)) return 'look'
    const { namespace, keeping } = this.#archives.record(key)
    return namespace !== null || keeping.how === 'folder' ? 'all' : keeping.how
  }

  #tick(): void {
    const now = performance.now()
    for (const [key, known] of this.#active) {
      const isMore = known.holders.tell(known.watchers > 0)
      if (known.watchers > 0 && isDue(known, now)) void this.#countNow(key, known)
      if (!known.dirty && !known.counting) this.#isStill(key)
      if (!isMore && !known.dirty && known.watchers === 0) this.#active.delete(key)
    }
    if (!this.#isBusy && now >= this.#idleUntil && this.#active.size > 0) void this.#countTheRest()
    if (this.#active.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  /** Nothing has changed since it was counted: so it is now. */
  #isStill(key: string): void {
    const row = this.#rows.get(key)
    if (row !== undefined && Date.now() - row.asOf >= STILL) this.#rows.put({ ...row, asOf: Date.now() })
  }

  /** Those that nobody looks at, one after another. */
  async #countTheRest(): Promise<void> {
    const began = performance.now()
    this.#isBusy = true
    // Those that waited longest come first: a few large ones that change all the time would else be all that is counted.
    const waiting = [...this.#active].filter(([, known]) => known.watchers === 0 && isDue(known, began))
    waiting.sort(([, one], [, other]) => one.counted - other.counted)
    for (const [key, known] of waiting) {
      if (performance.now() - began > MOST_AT_ONCE) break
      if (!this.#closed && this.#known.get(key) === known && known.watchers === 0 && isDue(known, performance.now()))
        await this.#countNow(key, known)
    }
    this.#isBusy = false
    this.#idleUntil = performance.now() + (performance.now() - began) / BACKGROUND
  }

  /** Never throws. */
  async #countNow(key: string, known: Known): Promise<void> {
    const began = performance.now()
    known.dirty = false
    known.counting = true
    try {
      await this.#count(key, known, known.watchers > 0)
    } catch (error) {
      if (!known.life.signal.aborted) this.#log.warn({ err: error, key }, 'who has what could not be counted')
    } finally {
      const took = performance.now() - began
      known.counting = false
      known.counted = performance.now()
      known.next =
        known.counted + Math.max((known.watchers > 0 ? WATCHED : OTHERWISE) - took, Math.min(took / SHARE, LONGEST))
      this.#forgetLayouts()
    }
  }

  /** Those that were counted last stay. */
  #forgetLayouts(): void {
    const some = [...this.#known.values()].filter(({ layout }) => layout !== null)
    some.sort((a, b) => b.counted - a.counted)
    let files = 0
    for (const known of some) {
      files += known.layout?.files.length ?? 0
      if (files > MOST_FILES && known.watchers === 0 && !known.counting) known.layout = null
    }
  }

  /** `all`: those as well of whom nothing is new but that they are still there. */
  #remember(all: boolean): void {
    const keys = [...(all ? this.#known.keys() : this.#news)]
    this.#news.clear()
    if (all) this.#rememberedAll = performance.now()
    for (const key of keys) for (const who of this.#known.get(key)?.holders.neighbours() ?? []) this.#note(key, who)
  }

  #note(key: string, { id, cairn, keeps, list, content }: Neighbour): void {
    this.#memory.note(key, { id, cairn, keeps, list, content, seenAt: Date.now() })
  }

  /** Who is there now, and what they hold of the version that is. */
  #see(key: string, known: Known) {
    const neighbours = known.holders.neighbours()
    const machines = this.#machines(key, neighbours)
    const away = machines.filter(({ seenAt }) => seenAt !== null)
    const base = {
      id: key,
      connected: neighbours.length,
      away: away.length,
      lastContact: away.length === 0 ? null : Math.max(...away.map(({ seenAt }) => seenAt ?? 0)),
      asOf: Date.now(),
      unheard: neighbours.filter(({ heard }) => !heard).length,
    }
    return { of: headOf(known.archive), machines, base, ...this.#scales(known, neighbours) }
  }

  async #count(key: string, known: Known, isWatched: boolean): Promise<void> {
    const { of, machines, base, here, holdingOf } = this.#see(key, known)
    const isLaidOut = known.layout?.isOf(of.length, of.fork) === true
    const short =
      isWatched && isLaidOut
        ? null
        : await this.#inShort(
            known,
            here,
            machines.map(one => ({ ...one, ...holdingOf(one) })),
          )
    if (!isWatched && short?.isAll === true) return this.#publish(known, of, { ...nothing(key), ...base, ...short.row })
    const inShort = (): Row => ({
      ...nothing(key),
      ...base,
      ...short?.row,
      peers: machines.map(machine => {
        const holding = holdingOf(machine)
        return holderOf(machine, holding, { files: 0, bytes: 0 }, short?.isWhole(holding) ?? false, [], of)
      }),
    })
    // What nobody was told yet is told as far as it is known: to lay a long list out takes seconds.
    const before = this.#rows.get(key) ?? this.summaries.get(key)
    if (!isLaidOut && (before === undefined || before.now.name === 'unknown')) {
      const row = this.#rows.get(key)
      this.#publish(
        known,
        of,
        row === undefined || row.version === null ? inShort() : { ...row, ...base, ...short?.row },
      )
    }
    const layout = await this.#layout(known)
    if (layout === null) return this.#publish(known, of, inShort())
    // Meanwhile another version may have come, which nobody else has yet, or somebody may have gone.
    await this.#countAll(key, known, layout)
  }

  async #countAll(key: string, known: Known, layout: Layout): Promise<void> {
    const { archive } = known
    const { of, machines, base, here, holdingOf, counts, others } = this.#see(key, known)
    const length = archive.blobs?.core.length ?? 0
    const places = barPlaces(layout, archive)
    const now = await this.#fold(layout, new Folding(others, here, counts))
    const found = await Promise.all(
      machines.map(async machine => {
        const holding = holdingOf(machine)
        const isWhole =
          holding.version >= of.length && countOf(within(places, holding.content)) === countOf(layout.ranges)
        return { machine, holding, isWhole, tally: isWhole ? now.total : await this.#tally(known, layout, holding) }
      }),
    )
    const ever = base.away === 0 ? now : await this.#fold(layout, new Folding(machines.map(holdingOf), here))
    const numbersOf = (some: typeof found) => ({
      whole: some.filter(({ isWhole }) => isWhole).length,
      some: some.filter(({ holding }) => holding.version > 0 || holding.content.length > 0).length,
    })
    this.#publish(known, layout, {
      ...base,
      now: judge(now, numbersOf(found.filter(({ machine }) => machine.seenAt === null))),
      remembered: judge(ever, numbersOf(found)),
      version: layout.length,
      files: now.total.files,
      bytes: now.total.bytes,
      blocks: countOf(places),
      here: { ...now.here, blocks: countOf(within(places, here.content)) },
      onlyHere: now.onlyHere,
      missing: now.missing,
      byOthers: now.byOthers,
      bar: barOf(places, counts, here.content, BUCKETS),
      freed: await this.#freedOf(key, archive),
      older: older(length, layout.ranges, unionOf(others.map(({ content }) => content)), here.content),
      peers: found.map(({ machine, holding, isWhole, tally }) =>
        holderOf(machine, holding, tally, isWhole, places, of),
      ),
    })
  }

  /**
   * What can be said with the list unread, from who holds all blocks. `isAll`: there is no more to be said, since each has all
   * of it or nothing. null: only the list tells.
   */
  async #inShort(
    known: Known,
    here: Holding,
    others: readonly (Holding & { readonly seenAt: number | null })[],
  ): Promise<{
    readonly row: Pick<Row, 'now' | 'remembered'>
    readonly isAll: boolean
    readonly isWhole: (holding: Holding) => boolean
  } | null> {
    const { archive } = known
    if (archive.length === 0) return null
    // The log may be longer than is known here, and only the list tells what there is.
    const end = await this.#endOf(known)
    const length = archive.blobs?.core.length ?? 0
    if (end === null || others.some(({ content }) => (content.at(-1)?.end ?? 0) > Math.max(length, end.blocks)))
      return null
    const all = { start: 0, end: Math.max(length, end.blocks) }
    const isWhole = ({ version, content }: Holding) => version >= archive.length && contains(content, all)
    const isAllOf = (some: readonly Holding[]) => some.every(one => one.content.length === 0 || isWhole(one))
    const judged = (some: readonly Holding[]): Verdict => {
      const whole = some.filter(isWhole).length
      if (whole > 0) return { name: 'safe', others: whole }
      if (!isAllOf(some) || !isWhole(here)) return UNKNOWN
      return {
        name: 'only-here',
        others: some.filter(({ version }) => version > 0).length,
        files: end.files,
        bytes: end.bytes,
      }
    }
    const now = judged(others.filter(({ seenAt }) => seenAt === null))
    const remembered = judged(others)
    return { row: { now, remembered }, isAll: isAllOf(others) && now !== UNKNOWN && remembered !== UNKNOWN, isWhole }
  }

  /** Where the content of the newest version ends, as a Cairn wrote it down with it; null: it is not known without the list. */
  async #endOf(known: Known): Promise<End | null> {
    const { archive, ends } = known
    const of = headOf(archive)
    if (ends !== null && areSameHeads(ends, of)) return ends.end
    const last = await archive.lastChangeset(archive.drive, { wait: false }).catch(() => null)
    const said = last?.seq === of.length - 1 ? last.changeset : null
    const end =
      said === null || said.blocks === null ? null : { blocks: said.blocks, files: said.files, bytes: said.total }
    // What is not here yet may come.
    if (said !== null && areSameHeads(headOf(archive), of)) known.ends = { ...of, end }
    return end
  }

  /** `of`: the version that it was counted for. */
  #publish(known: Known, of: Head, counted: Row): void {
    const { id } = counted
    if (this.#known.get(id) !== known) return
    const isStill = areSameHeads(headOf(known.archive), of)
    known.said = isStill ? { length: of.length, fork: of.fork } : null
    const row = isStill ? counted : doubted(counted)
    if (known.watchers > 0) putChanged(this.#rows, row)
    const { now, remembered, connected, away, lastContact } = row
    putChanged(this.summaries, { id, now, remembered, connected, away, lastContact })
  }

  /** There is another version: what was good of the one before is not known of this one. */
  #takeBack(key: string, known: Known): void {
    const { length, fork } = headOf(known.archive)
    const { versions } = known
    if (versions.fork !== fork) known.versions = { fork, lengths: [length] }
    else if (versions.lengths.at(-1) !== length)
      known.versions = { fork, lengths: [...versions.lengths, length].slice(-MOST_VERSIONS) }
    if (known.said === null || areSameHeads(known.said, headOf(known.archive))) return
    known.said = null
    const [row, summary] = [this.#rows.get(key), this.summaries.get(key)]
    if (row !== undefined) putChanged(this.#rows, doubted(row))
    if (summary !== undefined) putChanged(this.summaries, doubted(summary))
  }

  async #fold(layout: Layout, folding: Folding): Promise<Fold> {
    for (let start = 0; start < layout.files.length; start += SLICE) {
      if (start > 0) await setImmediate()
      folding.add(layout.files, start, Math.min(start + SLICE, layout.files.length))
    }
    return folding.result
  }

  /** Files that a machine holds whole. */
  async #tally(known: Known, layout: Layout, holding: Holding): Promise<Tally> {
    if (known.tallies?.layout !== layout) known.tallies = { layout, of: new WeakMap() }
    const cached = known.tallies.of.get(holding.content)
    if (cached?.version === holding.version) return cached
    let tally: Tally = { files: 0, bytes: 0 }
    for (let start = 0; start < layout.files.length; start += SLICE) {
      if (start > 0) await setImmediate()
      tally = addWhole(tally, holding, layout.files, start, Math.min(start + SLICE, layout.files.length))
    }
    known.tallies.of.set(holding.content, { ...tally, version: holding.version })
    return tally
  }

  #machines(key: string, connected: readonly Neighbour[]): readonly Machine[] {
    const ids = new Set(connected.map(({ id }) => id))
    const away = this.#memory.of(key).filter(({ id, list, content }) => !ids.has(id) && isSomething(list, content))
    return [
      ...connected.map(machine => ({ ...machine, seenAt: null })),
      ...away.map(({ seenAt, ...machine }: Remembered) => ({
        ...machine,
        heard: true,
        seenAt: Math.min(seenAt, Date.now()),
      })),
    ]
  }

  /** What is compared with: only who has the same history holds the same blocks. */
  #scales(known: Known, neighbours = known.holders.neighbours()) {
    const { archive, holders } = known
    const { core } = archive.drive
    const log = archive.blobs?.core
    const lengths = known.versions.fork === core.fork ? known.versions.lengths : []
    const holdingOf = (machine: { readonly list: Claim; readonly content: Claim }): Holding => ({
      version: machine.list.fork === core.fork ? versionHeld(machine.list, core.length, lengths) : 0,
      content: log !== undefined && machine.content.fork === log.fork ? machine.content.ranges : NONE,
    })
    const others = neighbours.map(holdingOf)
    const content = others.map(other => other.content)
    const isSame =
      known.counts !== null &&
      known.counts.of.length === content.length &&
      known.counts.of.every((ranges, index) => ranges === content[index])
    if (!isSame) known.counts = { of: content, counts: new Counts(content) }
    return {
      holdingOf,
      others,
      here: holdingOf(holders.own),
      counts: known.counts!.counts,
      finders: new Finders(others),
    }
  }

  async #freedOf(key: string, { blobs }: Archive): Promise<Row['freed']> {
    const freed = this.#freed(key)
    if (blobs === null || freed.length === 0) return { blocks: 0, bytes: 0 }
    const away = without(freed, heldIn(blobs.core))
    return { blocks: countOf(away), bytes: await bytesOf(blobs.core, away) }
  }

  /** null: not all of the list is here, or it cannot be read. */
  #layout(known: Known): Promise<Layout | null> {
    const { length } = known.archive
    if (known.reading?.length !== length) {
      const reading = this.#readLayout(known).finally(() => {
        if (known.reading?.layout === reading) known.reading = null
      })
      known.reading = { length, layout: reading }
    }
    return known.reading.layout
  }

  async #readLayout(known: Known): Promise<Layout | null> {
    try {
      known.layout = await Layout.read(known.archive, known.layout, known.life.signal)
    } catch (error) {
      known.layout = null
      if (known.life.signal.aborted) throw error
      const isMissing = error instanceof AppError || (error as { code?: string }).code === 'BLOCK_NOT_AVAILABLE'
      if (!isMissing) this.#log.warn({ err: error, key: known.archive.key }, 'the list of an archive could not be read')
      return null
    }
    return known.layout
  }

  async #required(key: string): Promise<Known> {
    this.#archives.get(key)
    this.#look(key)
    const known = this.#known.get(key)
    if (known === undefined) throw notListed(key)
    return known
  }
}

const isDue = ({ dirty, counting, next }: Known, now: number): boolean => dirty && !counting && now >= next

const NONE: Ranges = []

/** A file, and where what lies of it in a part of the bar begins. */
type Begun = { readonly path: string; readonly at: number }

/** The blocks of the bar: a hostile list names what the log does not have. */
const barPlaces = (layout: Layout, { blobs }: Archive): Ranges =>
  within(layout.ranges, [{ start: 0, end: blobs?.core.length ?? 0 }])

const headOf = ({ drive: { core } }: Archive): Head => ({ length: core.length, fork: core.fork })

const areSameHeads = (one: Head, other: Head): boolean => one.length === other.length && one.fork === other.fork

/** What reads as safe is not known any more; what is missing may still be. */
function doubted<T extends Pick<Row, 'now' | 'remembered'>>(said: T): T {
  const doubt = (verdict: Verdict) => (verdict.name === 'safe' || verdict.name === 'spread' ? UNKNOWN : verdict)
  return { ...said, now: doubt(said.now), remembered: doubt(said.remembered) }
}

const nothing = (key: string): Row => ({
  id: key,
  now: UNKNOWN,
  remembered: UNKNOWN,
  connected: 0,
  away: 0,
  lastContact: null,
  asOf: 0,
  unheard: 0,
  version: null,
  files: 0,
  bytes: 0,
  blocks: 0,
  here: { files: 0, bytes: 0, blocks: 0 },
  onlyHere: { files: 0, bytes: 0 },
  missing: { files: 0, bytes: 0 },
  byOthers: [],
  bar: { least: [], mean: [], here: [] },
  older: { blocks: 0, onlyHere: 0, missing: 0 },
  freed: { blocks: 0, bytes: 0 },
  peers: [],
})

function holderOf(
  machine: Machine,
  holding: Holding,
  tally: Tally,
  all: boolean,
  places: Ranges,
  newest: Head,
): Holder {
  const { id, seenAt, heard, cairn, keeps } = machine
  const blocks = countOf(within(places, holding.content))
  return {
    id,
    connected: seenAt === null,
    seenAt,
    heard,
    cairn,
    keeps,
    list: holding.version >= newest.length,
    all,
    blocks,
    ...tally,
  }
}

const isSomething = (list: Claim, content: Claim): boolean => list.ranges.length > 0 || content.ranges.length > 0

function putChanged<T extends { readonly id: string }>(rows: Collection<T>, row: T): void {
  if (JSON.stringify(rows.get(row.id)) !== JSON.stringify(row)) rows.put(row)
}

const notListed = (key: string) =>
  new AppError('NOT_AVAILABLE', 'The list of this archive is not on this device yet.', { key, path: '/' })
