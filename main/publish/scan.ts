/**
 * Walks what is to be published: the first part of the chain scan → plan → import → commit. Links are read and never
 * followed. Every name that is left out is told, with the rule or the reason. Our own walker, because upstream's takes
 * an unreadable or vanished folder for an empty one, and its files for deleted.
 */
import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { RuleOrigin, Skipped, SkipReason } from '../../preload/contract/models.ts'
import { RESERVED } from '../archives/about.ts'
import type { SourceRecord } from '../archives/registry.ts'
import { createOwnRules, createRules, looksPrivate } from './rules.ts'

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

const PARALLEL = 32
const MAX_DEPTH = 64

/**
 * Everything below the items, or only what lies at or below the archive paths in `only`. `ownRules` is the person's own
 * text of rules, in the syntax of gitignore, below each folder. Throws SOURCE_NOT_FOUND or
 * SOURCE_UNREADABLE if an item itself cannot be read, so that nobody takes its content for deleted.
 */
export async function* scan(
  items: readonly SourceItem[],
  signal: AbortSignal,
  only: readonly string[] | null = null,
  ownRules = '',
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
      else yield* describe(item.at, item.path, stats, item)
      continue
    }
    if (!stats.isDirectory())
      throw new AppError('SOURCE_UNREADABLE', `${item.path} is no folder any more.`, {
        path: item.path,
        why: 'it is no folder any more',
      })
    const rules = createRules(await readRules(item.path), ownRules)
    if (only === null) yield* walk(item, '', rules, signal)
    else for (const path of outermost(only)) yield* walkPart(item, path, rules, signal)
  }
}

type Rules = ReturnType<typeof createRules>

/** `relative`: below the item, without slashes at its ends. */
async function* walk(item: SourceItem, relative: string, rules: Rules, signal: AbortSignal): AsyncGenerator<Scanned> {
  const folder = relative === '' ? item.path : join(item.path, relative)
  const archiveFolder = relative === '' ? item.at : `${item.at}/${relative}`
  signal.throwIfAborted()
  let entries: readonly Dirent<Buffer>[]
  try {
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    if (relative === '')
      throw new AppError('SOURCE_UNREADABLE', `${folder} cannot be read: ${reasonOf(error)}.`, {
        path: folder,
        why: reasonOf(error),
      })
    yield skip(archiveFolder, vanished(error) ? 'vanished' : 'unreadable', reasonOf(error))
    return
  }
  const children: { readonly name: string; readonly entry: Dirent<Buffer> }[] = []
  for (const entry of entries) {
    const name = utf8(entry.name)
    if (name === null)
      yield skip(`${archiveFolder}/${entry.name.toString('latin1')}`, 'name-not-utf8', 'its name is not UTF-8')
    else if (name.includes('\\'))
      yield skip(`${archiveFolder}/${name}`, 'name-not-allowed', 'an archive cannot hold a \\ in a name')
    else children.push({ name, entry })
  }
  children.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  for (let start = 0; start < children.length; start += PARALLEL) {
    signal.throwIfAborted()
    const part = children.slice(start, start + PARALLEL)
    const found = await Promise.all(
      part.map(({ name, entry }) => visit(item, relative === '' ? name : `${relative}/${name}`, entry, rules)),
    )
    for (const { scanned, descend } of found) {
      for (const one of scanned) yield one
      if (descend !== null) yield* walk(item, descend, rules, signal)
    }
  }
}

async function visit(
  item: SourceItem,
  relative: string,
  entry: Dirent<Buffer> | BigIntStats,
  rules: Rules,
): Promise<{ readonly scanned: readonly Scanned[]; readonly descend: string | null }> {
  const path = `${item.at}/${relative}`
  const local = join(item.path, relative)
  const isFolder = entry.isDirectory()
  if (path === RESERVED)
    return { scanned: [{ kind: 'ignored', path, rule: 'kept for Cairn itself', origin: 'fixed' }], descend: null }
  const ruling = rules.test(relative, isFolder)
  if (ruling !== null) return { scanned: [{ kind: 'ignored', path, ...ruling }], descend: null }
  if (isFolder) {
    if (relative.split('/').length >= MAX_DEPTH)
      return { scanned: [skip(path, 'too-deep', `more than ${MAX_DEPTH} folders deep`)], descend: null }
    return { scanned: [], descend: relative }
  }
  let stats: BigIntStats
  try {
    stats = await lstat(local, { bigint: true })
  } catch (error) {
    return { scanned: [skip(path, vanished(error) ? 'vanished' : 'unreadable', reasonOf(error))], descend: null }
  }
  const scanned: Scanned[] = []
  for await (const one of describe(path, local, stats, item)) scanned.push(one)
  return { scanned, descend: null }
}

/** One path below an item, when only that may have changed: the rules of the folders above it hold as well. */
async function* walkPart(item: SourceItem, path: string, rules: Rules, signal: AbortSignal): AsyncGenerator<Scanned> {
  if (covers(path, item.at)) return yield* walk(item, '', rules, signal)
  if (!covers(item.at, path)) return
  const segments = path.slice(item.at.length + 1).split('/')
  for (let depth = 1; depth <= segments.length; depth++) {
    const relative = segments.slice(0, depth).join('/')
    let stats: BigIntStats
    try {
      stats = await lstat(join(item.path, relative), { bigint: true })
    } catch (error) {
      if (vanished(error)) return
      return yield skip(`${item.at}/${relative}`, 'unreadable', reasonOf(error))
    }
    const { scanned, descend } = await visit(item, relative, stats, rules)
    if (depth < segments.length) {
      if (descend === null) return
      continue
    }
    yield* scanned
    if (descend !== null) yield* walk(item, descend, rules, signal)
  }
}

async function* describe(path: string, local: string, stats: BigIntStats, from: SourceItem): AsyncGenerator<Scanned> {
  const modified = modifiedOf(stats)
  let item: ScannedFile | ScannedLink
  if (stats.isFile()) {
    item = {
      kind: 'file',
      path,
      local,
      size: Number(stats.size),
      modified,
      executable: (Number(stats.mode) & 0o111) !== 0,
    }
  } else if (stats.isSymbolicLink()) {
    let target: string
    try {
      target = await readlink(local)
    } catch (error) {
      return yield skip(path, 'unreadable', reasonOf(error))
    }
    const inside = posix.join('/', dirname(local).slice(from.path.length), '/')
    if (target.startsWith('/') || escapes(inside, target))
      return yield skip(path, 'link-outside', `points outside of the folder, to ${target}`)
    item = { kind: 'link', path, local, target, modified }
  } else return yield skip(path, 'not-a-file', 'is a device, a socket or a pipe')
  // The name of a folder that is published whole says something too: `.ssh` is no name in its own archive.
  const why = looksPrivate(from.at === '' ? `${basename(from.path)}${path}` : path.slice(1))
  if (why === null) yield item
  else yield { kind: 'private', path, why, item }
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

export const modifiedOf = (stats: BigIntStats): number => Number(stats.mtimeNs / 1000n) / 1000

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

async function readRules(folder: string): Promise<string | null> {
  try {
    return await readFile(join(folder, '.cairnignore'), 'utf8')
  } catch {
    return null
  }
}

function utf8(name: Buffer): string | null {
  const text = name.toString('utf8')
  return text.includes('\uFFFD') && !Buffer.from(text, 'utf8').equals(name) ? null : text
}

/** Whether `path` is `at` or lies above it. '' is the root. */
export const covers = (path: string, at: string): boolean =>
  path === '' || path === '/' || at === path || at.startsWith(`${path}/`)

/** Without those that another one covers. */
export function outermost(paths: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (const path of [...new Set(paths)].sort())
    if (kept.length === 0 || !kept.some(above => covers(above, path))) kept.push(path)
  return kept
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
