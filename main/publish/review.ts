/** What would become public, counted before anything does: the sheet. Reads names and sizes, and changes nothing. */
import { statfs } from 'node:fs/promises'
import { basename } from 'node:path'
import type { PublishReview, ReviewProgress, Skipped } from '../../preload/contract/models.ts'
import { createRules, looksPrivate, type Rules, type Ruling } from './rules.ts'
import { type SourceItem, scan } from './scan.ts'
import { canStand } from './upload.ts'

const LARGEST = 5
const LISTED = 200
/** All of them, since each must be agreed to; more than this is cut and counted as a reason to refuse. */
const LISTED_SUSPICIOUS = 5000
/** What an entry and its share of the index take in the store, in bytes. */
const PER_FILE = 400

type Counted = Omit<PublishReview, 'id' | 'title' | 'already' | 'roomNeeded' | 'roomFree'>

class Counter {
  files = 0
  bytes = 0
  links = 0
  ignoredCount = 0
  skippedCount = 0
  readonly largest: { path: string; size: number }[] = []
  readonly ignored: { path: string; rule: string }[] = []
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

  ignore(path: string, rule: string): void {
    this.ignoredCount++
    if (this.ignored.length < LISTED) this.ignored.push({ path, rule })
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
    return { files, bytes, links, largest, ignored, ignoredCount, suspicious, skipped, skippedCount }
  }
}

/** Counts files that look private as well: they are part of what would become public until they are taken out. */
export async function reviewItems(
  items: readonly SourceItem[],
  signal: AbortSignal,
  emit: (progress: ReviewProgress) => void,
): Promise<Counted> {
  const counter = new Counter()
  let seen = 0
  for await (const one of scan(items, signal)) {
    if (one.kind === 'ignored') counter.ignore(one.path, one.rule)
    else if (one.kind === 'skipped') counter.skip(one.skipped)
    else {
      const item = one.kind === 'private' ? one.item : one
      if (one.kind === 'private') counter.suspect(one.path, one.why, item.kind === 'file' ? item.size : 0)
      if (item.kind === 'file') counter.file(item.path, item.size)
      else counter.links++
    }
    if (++seen % 256 === 0) emit({ files: counter.files, bytes: counter.bytes })
  }
  return counter.counted()
}

type Dropped = { readonly path: string; readonly size: number }

/** The same for names and sizes that a page sends. `ignoredPaths` are to be left out, as they were dropped. */
export function reviewDropped(
  items: readonly Dropped[],
  rulesText: string | null,
): Counted & { readonly ignoredPaths: readonly string[] } {
  const counter = new Counter()
  const rules = createRules(rulesText)
  const ignoredPaths: string[] = []
  const top = commonFolder(items)
  for (const { path, size } of items) {
    const relative = top === '' ? path : path.slice(top.length + 1)
    const rule = ruleFor(relative, rules)
    if (rule !== null) {
      ignoredPaths.push(path)
      counter.ignore(path, rule.rule)
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
function ruleFor(relative: string, rules: Rules): Ruling | null {
  const segments = relative.split('/')
  if (segments[0] === '.cairn') return { rule: 'kept for Cairn itself', origin: 'fixed' }
  for (let depth = 1; depth < segments.length; depth++) {
    const rule = rules.test(segments.slice(0, depth).join('/'), true)
    if (rule !== null) return rule
  }
  return rules.test(relative, false)
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
  const { bavail, bsize } = await statfs(storage)
  return { roomNeeded: Math.ceil(bytes * 1.01) + files * PER_FILE, roomFree: bavail * bsize }
}

export const titleOf = (paths: readonly string[]): string =>
  paths.length === 1 ? basename(paths[0]!) || paths[0]! : `${basename(paths[0]!)} and ${paths.length - 1} more`
