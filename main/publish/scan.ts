/**
 * Walks what is to be published: the first part of the chain scan → plan → import → commit. Links are read and never
 * followed. Every name that is left out is told, with the rule or the reason. Our own walker, because upstream's takes
 * an unreadable or vanished folder for an empty one, and its files for deleted.
 */
import { type BigIntStats, constants } from 'node:fs'
import { lstat, readFile, readlink } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../preload/contract/errors.ts'
import type { RuleOrigin, Skipped, SkipReason } from '../../preload/contract/models.ts'
import { RESERVED } from '../archives/about.ts'
import type { SourceRecord } from '../archives/registry.ts'
import { type Identity, type Listed, listFolder, statsOf } from './disk.ts'
import { createExclusions, createOwnRules, createRules, looksPrivate } from './rules.ts'

export type SourceItem = SourceRecord['items'][number]

export type ScannedFile = {
  readonly kind: 'file'
  /** In the archive. */
  readonly path: string
  /** On this machine. */
  readonly local: string
  readonly size: number
  /** Milliseconds with fractions down to the microsecond. */
  readonly modified: number
  readonly executable: boolean
  readonly identity: Identity
  /** What was chosen: below it no link is followed. */
  readonly root: string
}
export type ScannedLink = {
  readonly kind: 'link'
  readonly path: string
  readonly local: string
  readonly target: string
  readonly modified: number
}
export type Scanned =
  | ScannedFile
  | ScannedLink
  | { readonly kind: 'ignored'; readonly path: string; readonly rule: string; readonly origin: RuleOrigin }
  | { readonly kind: 'private'; readonly path: string; readonly why: string; readonly item: ScannedFile | ScannedLink }
  /** Was not read: what the archive has under this path must be left as it is. */
  | { readonly kind: 'skipped'; readonly path: string; readonly skipped: Skipped }

const MAX_DEPTH = 64

export type ScanOptions = {
  /** Archive paths at or below which is looked; null: everywhere. */
  readonly only?: readonly string[] | null
  /** The person's own text of rules, in the syntax of gitignore, below each folder. */
  readonly ownRules?: string
  /** A folder of this machine is about to be listed. */
  readonly onFolder?: (local: string, item: SourceItem) => void
}

/**
 * Everything below the items, or only a part. Throws SOURCE_NOT_FOUND or
 * SOURCE_UNREADABLE if an item itself cannot be read, so that nobody takes its content for deleted.
 */
export async function* scan(
  items: readonly SourceItem[],
  signal: AbortSignal,
  { only = null, ownRules = '', onFolder = () => {} }: ScanOptions = {},
): AsyncGenerator<Scanned> {
  for (const item of items) {
    const stats = await statItem(item.path)
    if (item.kind === 'file') {
      if (!stats.isFile() && !stats.isSymbolicLink())
        throw new AppError('SOURCE_UNREADABLE', `${item.path} is no file any more.`, {
          path: item.path,
          why: 'it is no file any more',
        })
      if (only !== null && !only.some(path => covers(path, item.at))) continue
      const ruling = createOwnRules(ownRules).test(basename(item.path), false)
      if (ruling !== null) yield { kind: 'ignored', path: item.at, ...ruling }
      else yield describe(item.at, item.path, await lookAt(item.path), item)
      continue
    }
    if (!stats.isDirectory())
      throw new AppError('SOURCE_UNREADABLE', `${item.path} is no folder any more.`, {
        path: item.path,
        why: 'it is no folder any more',
      })
    const walker: Walker = { item, rules: createRules(await readRules(item.path), ownRules), onFolder, signal }
    if (only === null) yield* walk(walker, '')
    else for (const path of outermost(only)) yield* walkPart(walker, path)
    // Taken away meanwhile, or unmounted: then what was not found any more was not deleted.
    if ((await statItem(item.path)).dev !== stats.dev)
      throw new AppError('SOURCE_NOT_FOUND', `${item.path} was unmounted or replaced.`, { path: item.path })
  }
}

type Decided = Pick<SourceRecord, 'items' | 'rules' | 'exclude' | 'includeSuspicious'>

/** Why what lies at a path of the archive would not be published, by its name, in words; null: it would. Throws SOURCE_UNREADABLE. */
export async function publishable({ items, rules: ownRules, exclude, includeSuspicious }: Decided) {
  const rules = new Map<SourceItem, Rules>()
  for (const item of items)
    rules.set(item, item.kind === 'file' ? createOwnRules(ownRules) : createRules(await readRules(item.path), ownRules))
  const isExcluded = createExclusions(exclude)
  return (path: string): string | null => {
    const item = items.find(({ at, kind }) => (kind === 'file' ? at === path : covers(at, path)))
    if (item === undefined) return 'it does not lie in what the archive is made from now'
    const below = item.kind === 'file' ? [basename(item.path)] : path.slice(item.at.length + 1).split('/')
    for (let depth = 1; depth <= below.length; depth++) {
      const ruling = rules.get(item)!.test(below.slice(0, depth).join('/'), depth < below.length)
      if (ruling !== null) return `the rule ${ruling.rule} leaves it out of the archive`
    }
    if (isExcluded(path) !== null) return 'it was taken out of what is published'
    const why = includeSuspicious ? null : suspicion(item, path)
    return why === null ? null : `it looks private (${why}), and is not published`
  }
}

/** The name of a folder that is published whole says something too: `.ssh` is no name in its own archive. */
const suspicion = (item: SourceItem, path: string): string | null =>
  looksPrivate(item.at === '' ? `${basename(item.path)}${path}` : path.slice(1))

type Rules = ReturnType<typeof createRules>
type Walker = {
  readonly item: SourceItem
  readonly rules: Rules
  readonly onFolder: (local: string, item: SourceItem) => void
  readonly signal: AbortSignal
}
type Folder = { readonly relative: string; readonly listing: Promise<readonly Listed[]> }

/** Entries that are told before the loop gets its turn. */
const TURN = 256

/** Folders that are listed ahead of the one whose content is being told. */
const AHEAD = 8

/** A folder's own files first, then what lies in its folders. `relative`: below the item, without slashes at its ends. */
async function* walk({ item, rules, onFolder, signal }: Walker, relative: string): AsyncGenerator<Scanned> {
  const list = (folder: string): Folder => {
    const local = folder === '' ? item.path : join(item.path, folder)
    onFolder(local, item)
    const listing = listFolder(local, item.path)
    // Met when its turn comes.
    listing.catch(() => {})
    return { relative: folder, listing }
  }
  let told = 0
  /** The next one is the last. Those at the end are being listed. */
  const waiting: (string | Folder)[] = [list(relative)]
  while (waiting.length > 0) {
    signal.throwIfAborted()
    const next = waiting.pop()!
    const folder = typeof next === 'string' ? list(next) : next
    let listed: readonly Listed[]
    try {
      listed = await folder.listing
    } catch (error) {
      yield unlistable(item, folder.relative, error)
      continue
    }
    const folders: string[] = []
    let last: string | null = null
    for (const one of [...listed].sort(byName)) {
      // Nothing here waits once folders have been listed ahead: thousands of entries would hold the loop.
      if (++told % TURN === 0) await setImmediate()
      // Some file systems tell of a name twice while the folder changes.
      if (one.name !== null && one.name === last) continue
      last = one.name
      if (one.name === null || one.name.includes('\\')) {
        yield unnameable(archivePath(item, folder.relative), one)
        continue
      }
      const child = folder.relative === '' ? one.name : `${folder.relative}/${one.name}`
      const found = look(item, child, rules, one)
      if (found === 'folder') folders.push(child)
      else yield found
    }
    for (const one of folders.reverse()) waiting.push(one)
    for (let place = waiting.length - 1; place >= Math.max(0, waiting.length - AHEAD); place--) {
      const one = waiting[place]!
      if (typeof one === 'string') waiting[place] = list(one)
    }
  }
}

const archivePath = (item: SourceItem, relative: string) => (relative === '' ? item.at : `${item.at}/${relative}`)

const byName = (a: Listed, b: Listed) =>
  a.name === null || b.name === null ? 0 : a.name < b.name ? -1 : a.name > b.name ? 1 : 0

/** Throws when it is the item itself, so that nobody takes its content for deleted. */
function unlistable(item: SourceItem, relative: string, error: unknown): Scanned {
  if (relative !== '')
    return skip(archivePath(item, relative), vanished(error) ? 'vanished' : 'unreadable', reasonOf(error))
  throw new AppError('SOURCE_UNREADABLE', `${item.path} cannot be read: ${reasonOf(error)}.`, {
    path: item.path,
    why: reasonOf(error),
  })
}

function unnameable(folder: string, { name, bytes }: Listed): Scanned {
  return name === null
    ? skip(`${folder}/${Buffer.from(bytes!).toString('latin1')}`, 'name-not-utf8', 'its name is not UTF-8')
    : skip(`${folder}/${name}`, 'name-not-allowed', 'an archive cannot hold a \\ in a name')
}

/** What is at a path below an item; 'folder': one that is to be walked. */
function look(item: SourceItem, relative: string, rules: Rules, listed: Listed): Scanned | 'folder' {
  const path = `${item.at}/${relative}`
  const isFolder = (listed.stats.mode & constants.S_IFMT) === constants.S_IFDIR
  if (path === RESERVED) return { kind: 'ignored', path, rule: 'kept for Cairn itself', origin: 'fixed' }
  const ruling = rules.test(relative, isFolder)
  if (ruling !== null) return { kind: 'ignored', path, ...ruling }
  if (listed.error !== null) {
    const { error } = listed
    return skip(path, vanished(error) ? 'vanished' : 'unreadable', reasonOf(error))
  }
  if (!isFolder) return describe(path, `${item.path}/${relative}`, listed, item)
  return relative.split('/').length >= MAX_DEPTH
    ? skip(path, 'too-deep', `more than ${MAX_DEPTH} folders deep`)
    : 'folder'
}

/** One path below an item, when only that may have changed: the rules of the folders above it hold as well. */
async function* walkPart(walker: Walker, path: string): AsyncGenerator<Scanned> {
  const { item, rules } = walker
  if (covers(path, item.at)) return yield* walk(walker, '')
  if (!covers(item.at, path)) return
  const segments = path.slice(item.at.length + 1).split('/')
  for (let depth = 1; depth <= segments.length; depth++) {
    const relative = segments.slice(0, depth).join('/')
    let listed: Listed
    try {
      listed = await lookAt(join(item.path, relative))
    } catch (error) {
      if (vanished(error)) return
      return yield skip(`${item.at}/${relative}`, 'unreadable', reasonOf(error))
    }
    const found = look(item, relative, rules, listed)
    if (found !== 'folder') {
      if (depth === segments.length || found.kind !== 'file') yield found
      return
    }
    if (depth === segments.length) yield* walk(walker, relative)
  }
}

/** One path as `listFolder` would tell of it. */
async function lookAt(local: string): Promise<Listed> {
  const stats = statsOf(await lstat(local, { bigint: true }))
  const isLink = (stats.mode & constants.S_IFMT) === constants.S_IFLNK
  return { name: basename(local), bytes: null, stats, target: isLink ? await readlink(local) : null, error: null }
}

function describe(path: string, local: string, { stats, target }: Listed, from: SourceItem): Scanned {
  const { size, modified, changed, born, inode, mode } = stats
  const type = mode & constants.S_IFMT
  let item: ScannedFile | ScannedLink
  if (type === constants.S_IFREG) {
    item = {
      kind: 'file',
      path,
      local,
      size,
      modified,
      executable: (mode & 0o111) !== 0,
      identity: { inode, born, changed },
      root: from.path,
    }
  } else if (type === constants.S_IFLNK && target !== null) {
    const inside = posix.join('/', dirname(local).slice(from.path.length), '/')
    if (target.startsWith('/') || escapes(inside, target))
      return skip(path, 'link-outside', `points outside of the folder, to ${target}`)
    item = { kind: 'link', path, local, target, modified }
  } else return skip(path, 'not-a-file', 'is a device, a socket or a pipe')
  const why = suspicion(from, path)
  return why === null ? item : { kind: 'private', path, why, item }
}

/** Whether a relative target climbs out of the root, seen from a folder inside it. */
function escapes(folder: string, target: string): boolean {
  let depth = folder.split('/').filter(segment => segment !== '').length
  for (const segment of target.split('/')) {
    if (segment === '' || segment === '.') continue
    depth += segment === '..' ? -1 : 1
    if (depth < 0) return true
  }
  return false
}

/** Milliseconds with fractions down to the microsecond. */

const skip = (path: string, reason: SkipReason, detail: string): Scanned => ({
  kind: 'skipped',
  path,
  skipped: { path, reason, detail },
})
const vanished = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'this program may not read it'
    case 'ENOENT':
      return 'it is not there'
    case 'EIO':
      return 'the disk reports an error'
    case 'ENOSPC':
      return 'the disk is full'
    case 'EROFS':
      return 'the disk is read-only'
    default:
      return message
  }
}

async function statItem(path: string): Promise<BigIntStats> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (vanished(error)) throw new AppError('SOURCE_NOT_FOUND', `${path} is not there.`, { path })
    throw new AppError('SOURCE_UNREADABLE', `${path} cannot be read: ${reasonOf(error)}.`, {
      path,
      why: reasonOf(error),
    })
  }
}

/** Throws SOURCE_UNREADABLE when there are rules that cannot be read: what they leave out would become public. */
async function readRules(folder: string): Promise<string | null> {
  const path = join(folder, '.cairnignore')
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return null
    if (vanished(error) && (await lstat(path).catch(() => null)) === null) return null
    const why = `the rules in .cairnignore cannot be read: ${reasonOf(error)}`
    throw new AppError('SOURCE_UNREADABLE', `${folder} cannot be published as long as ${why}.`, { path: folder, why })
  }
}

/** Whether `path` is `at` or lies above it. '' is the root. */
export const covers = (path: string, at: string): boolean =>
  path === '' || path === '/' || at === path || at.startsWith(`${path}/`)

/** Whether one of very many covers it. */
export function isBelow(above: ReadonlySet<string>, at: string): boolean {
  if (above.has('') || above.has('/')) return true
  for (let end = at.length; end > 0; end = at.lastIndexOf('/', end - 1)) if (above.has(at.slice(0, end))) return true
  return false
}

/** Without those that another one covers. */
export function outermost(paths: readonly string[]): readonly string[] {
  const kept = new Set<string>()
  for (const path of [...new Set(paths)].sort()) if (!isBelow(kept, path)) kept.add(path)
  return [...kept]
}

/** One folder becomes the archive's root; a file, or several items, stand in the root by their names. Throws SOURCE_NAMES_CLASH and what `scan` throws. */
export async function itemsOf(paths: readonly string[]): Promise<readonly SourceItem[]> {
  const found = await Promise.all(paths.map(async path => ({ path, stats: await statItem(path) })))
  const kindOf = (stats: BigIntStats) => (stats.isDirectory() ? 'folder' : 'file') as 'folder' | 'file'
  if (found.length === 1 && found[0]!.stats.isDirectory()) return [{ path: found[0]!.path, at: '', kind: 'folder' }]
  const items = found.map(({ path, stats }) => ({ path, at: `/${basename(path)}`, kind: kindOf(stats) }))
  for (const { at } of items) {
    const same = items.filter(item => item.at === at)
    if (same.length > 1)
      throw new AppError(
        'SOURCE_NAMES_CLASH',
        `Two of them are called ${at.slice(1)}. Rename one, or publish the folder that holds them.`,
        { name: at.slice(1), paths: same.map(({ path }) => path) },
      )
  }
  return items
}
