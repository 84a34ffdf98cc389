/** What would become public, counted before anything does: the sheet. Reads names and sizes, and changes nothing. */
import { basename } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Counted, Difference, ReviewProgress, RulesReview, Skipped } from '../../preload/contract/models.ts'
import { roomAt } from '../lib/room.ts'
import type { Known } from './known.ts'
import { createExclusions, createRules, looksPrivate, type Rules, type Ruling } from './rules.ts'
import { covers, type ScannedFile, type ScannedLink, type SourceItem, scan } from './scan.ts'
import { canStand } from './upload.ts'

const LARGEST = 5
const LISTED = 200
/** All of them, since each must be agreed to; more than this is cut and counted as a reason to refuse. */
const LISTED_SUSPICIOUS = 5000
/** What an entry and its share of the index take in the store, in bytes. */
const PER_FILE = 400
/** Names that are looked at before others get their turn. */
const SLICE = 1000

export type Decisions = {
  /** The person's own, in the syntax of gitignore. */
  readonly rules: string
  readonly exclude: readonly string[]
}

class Counter {
  files = 0
  bytes = 0
  links = 0
  ignoredCount = 0
  skippedCount = 0
  readonly largest: { path: string; size: number }[] = []
  readonly ignored: { path: string; rule: string; origin: Ruling['origin'] }[] = []
  readonly ignoredBy = new Map<string, { rule: string; origin: Ruling['origin']; count: number }>()
  readonly suspicious: { path: string; why: string; size: number }[] = []
  readonly skipped: Skipped[] = []

  file(path: string, size: number): void {
    this.files++
    this.bytes += size
    if (this.largest.length === LARGEST && size <= this.largest[LARGEST - 1]!.size) return
    this.largest.push({ path, size })
    this.largest.sort((a, b) => b.size - a.size)
    this.largest.length = Math.min(this.largest.length, LARGEST)
  }

  ignore(path: string, { rule, origin }: Ruling): void {
    this.ignoredCount++
    if (this.ignored.length < LISTED) this.ignored.push({ path, rule, origin })
    const by = this.ignoredBy.get(`${origin} ${rule}`)
    if (by === undefined) this.ignoredBy.set(`${origin} ${rule}`, { rule, origin, count: 1 })
    else by.count++
  }

  suspect(path: string, why: string, size: number): void {
    if (this.suspicious.length < LISTED_SUSPICIOUS) this.suspicious.push({ path, why, size })
  }

  skip(skipped: Skipped): void {
    this.skippedCount++
    if (this.skipped.length < LISTED) this.skipped.push(skipped)
  }

  counted(): Counted {
    const { files, bytes, links, largest, ignored, ignoredCount, suspicious, skipped, skippedCount } = this
    const ignoredBy = [...this.ignoredBy.values()].sort((a, b) => b.count - a.count).slice(0, LISTED)
    return { files, bytes, links, largest, ignored, ignoredCount, ignoredBy, suspicious, skipped, skippedCount }
  }
}

type Found = { readonly item: ScannedFile | ScannedLink; readonly private: boolean }
type Watch = {
  readonly signal: AbortSignal
  readonly emit: (progress: ReviewProgress) => void
  /** Each file and link that the rules let pass. */
  readonly onFound?: (found: Found) => void
  readonly onSkipped?: (skipped: Skipped) => void
}

/** Counts files that look private as well: they are part of what would become public until they are taken out. */
export async function reviewItems(
  items: readonly SourceItem[],
  { rules, exclude }: Decisions,
  { signal, emit, onFound, onSkipped }: Watch,
): Promise<Counted> {
  const counter = new Counter()
  const excludedBy = createExclusions(exclude)
  let seen = 0
  for await (const one of scan(items, signal, { ownRules: rules })) {
    if (++seen % 256 === 0) emit({ files: counter.files, bytes: counter.bytes })
    if (one.kind === 'ignored') {
      counter.ignore(one.path, one)
      continue
    }
    if (one.kind === 'skipped') {
      counter.skip(one.skipped)
      onSkipped?.(one.skipped)
      continue
    }
    const item = one.kind === 'private' ? one.item : one
    const excluded = excludedBy(item.path)
    if (excluded !== null) {
      counter.ignore(item.path, { rule: excluded, origin: 'chosen' })
      continue
    }
    if (one.kind === 'private') counter.suspect(one.path, one.why, item.kind === 'file' ? item.size : 0)
    if (item.kind === 'file') counter.file(item.path, item.size)
    else counter.links++
    onFound?.({ item, private: one.kind === 'private' })
  }
  return counter.counted()
}

/** What other decisions would publish, and what of `known`, the archive's entries, would leave and come. */
export async function reviewDecisions(
  items: readonly SourceItem[],
  decisions: Decisions & { readonly includeSuspicious: boolean },
  known: Map<string, Known>,
  watch: Pick<Watch, 'signal' | 'emit'>,
): Promise<RulesReview> {
  const coming = new Differing()
  const leaving = new Differing()
  const unread: string[] = []
  const counted = await reviewItems(items, decisions, {
    ...watch,
    onFound: ({ item, private: isPrivate }) => {
      if (isPrivate && !decisions.includeSuspicious) return
      if (!known.delete(item.path)) coming.add(item.path, item.kind === 'file' ? item.size : 0)
    },
    onSkipped: ({ path, reason }) => {
      if (reason !== 'vanished') unread.push(path)
    },
  })
  for (const [path, { size }] of known) if (!unread.some(above => covers(above, path))) leaving.add(path, size)
  return { ...counted, leaving: leaving.difference(), coming: coming.difference() }
}

class Differing {
  #files = 0
  #bytes = 0
  readonly #paths: string[] = []

  add(path: string, size: number): void {
    this.#files++
    this.#bytes += size
    if (this.#paths.length < LISTED) this.#paths.push(path)
  }

  difference(): Difference {
    return { files: this.#files, bytes: this.#bytes, paths: this.#paths }
  }
}

type Dropped = { readonly path: string; readonly size: number }

/**
 * The same for names and sizes that a page sends, in slices, so that nobody else waits for it. `exclude` names them as
 * they were dropped, and so does `ignoredPaths`, which are to be left out.
 */
export async function reviewDropped(
  items: readonly Dropped[],
  rulesText: string | null,
  { rules: ownRules, exclude }: Decisions,
  signal: AbortSignal,
): Promise<Counted & { readonly ignoredPaths: readonly string[] }> {
  const counter = new Counter()
  const rules = createRules(rulesText, ownRules)
  const excluded = new Set(exclude)
  const ignoredPaths: string[] = []
  const top = commonFolder(items)
  for (const [index, { path, size }] of items.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn()
    signal.throwIfAborted()
    const relative = top === '' ? path : path.slice(top.length + 1)
    const ruling = rulingFor(relative, rules) ?? chosenFor(path, excluded)
    if (ruling !== null) {
      ignoredPaths.push(path)
      counter.ignore(path, ruling)
      continue
    }
    if (!canStand(path)) {
      counter.skip({ path, reason: 'name-not-allowed', detail: 'an archive cannot hold such a name' })
      continue
    }
    const why = looksPrivate(relative)
    if (why !== null) counter.suspect(path, why, size)
    counter.file(path, size)
  }
  return { ...counter.counted(), ignoredPaths }
}

/** A rule that leaves out a folder leaves out what lies in it. */
function rulingFor(relative: string, rules: Rules): Ruling | null {
  if (relative.split('/', 1)[0] === '.cairn') return { rule: 'kept for Cairn itself', origin: 'fixed' }
  for (let end = relative.indexOf('/'); end >= 0; end = relative.indexOf('/', end + 1)) {
    const ruling = rules.test(relative.slice(0, end), true)
    if (ruling !== null) return ruling
  }
  return rules.test(relative, false)
}

function chosenFor(path: string, excluded: ReadonlySet<string>): Ruling | null {
  for (let end = path.length; excluded.size > 0 && end > 0; end = path.lastIndexOf('/', end - 1))
    if (excluded.has(path.slice(0, end))) return { rule: path.slice(0, end), origin: 'chosen' }
  return null
}

/** The one folder that everything was dropped in, which becomes the archive's root; '' if there is none. */
function commonFolder(items: readonly Dropped[]): string {
  const [top] = items[0]?.path.split('/') ?? []
  return top !== undefined && items.every(({ path }) => path.startsWith(`${top}/`)) ? top : ''
}

export async function room(
  storage: string,
  files: number,
  bytes: number,
): Promise<{ readonly roomNeeded: number; readonly roomFree: number }> {
  return { roomNeeded: Math.ceil(bytes * 1.01) + files * PER_FILE, roomFree: await roomAt(storage) }
}

export const titleOf = (paths: readonly string[]): string =>
  paths.length === 1 ? basename(paths[0]!) || paths[0]! : `${basename(paths[0]!)} and ${paths.length - 1} more`
