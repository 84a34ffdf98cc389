/**
 * What a person wants of one version of an archive, as it may be written: on a disk or into a zip, under which names,
 * and what is left out and why. Names come from strangers; the same rules hold for both.
 */
import { dirname } from 'node:path'
import type Hyperdrive from 'hyperdrive'
import { AppError } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import { NameClaims, type NamePolicy } from '../lib/names.ts'
import { readAhead } from '../lib/read-ahead.ts'
import { fetcherOf } from './fetch.ts'
import { knowLength } from './known-length.ts'
import {
  type ArchiveEntry,
  type ArchiveFile,
  type ArchiveLink,
  everything,
  isPossible,
  type NoEntry,
} from './entries.ts'

/** Cairn's own folder beside what it writes. */
export const PARTS = '.cairn-part'

const REPLACED = {
  reason: 'not-available',
  detail: 'Its author has replaced what is here in its place. Say first whether to follow that.',
} as const
export const NOT_THERE = { reason: 'not-available', detail: 'The archive names more content than it has.' } as const

/** `relative`: `/` and segments, below the folder that receives it. */
export type SelectedFile = { readonly file: ArchiveFile; readonly relative: string }
export type SelectedLink = { readonly link: ArchiveLink; readonly relative: string }
export type Selection = { readonly files: readonly SelectedFile[]; readonly links: readonly SelectedLink[] }

type Wish = {
  readonly drive: Hyperdrive
  /** The version of it. */
  readonly snapshot: Hyperdrive
  readonly paths: readonly string[]
  readonly policy: NamePolicy
  readonly instead?: Instead | undefined
  /** What all their names are shortened by; without it, each by the folder that it lies in. */
  readonly base?: string | undefined
  /** Of what lies there, only this. */
  readonly only?: ((path: string) => boolean) | undefined
}

/** Entries of later versions, up to `length`, in place of those of a snapshot; null: that one is left out. */
export type Instead = { readonly length: number; readonly entries: ReadonlyMap<string, ArchiveEntry | null> }

/**
 * `leaveOut` hears of each that is left out. `waiting`: nobody is there who could say how much content there is. Throws
 * PATH_NOT_FOUND; the signal's reason when ended.
 */
export async function select(
  { drive, snapshot, paths, policy, base: ownBase, only = () => true, instead }: Wish,
  leaveOut: (skipped: Skipped) => void,
  signal: AbortSignal,
  waiting?: (isWaiting: boolean) => void,
): Promise<Selection> {
  const claims = new NameClaims(policy)
  const files: SelectedFile[] = []
  const links: SelectedLink[] = []
  const later: SelectedLink[] = []
  const taken = new Set<string>()
  /** What is beyond it has been found to be a lie. */
  let settledAt: number | null = null
  const add = async (entry: ArchiveEntry | NoEntry, base: string, version: number) => {
    if (entry.kind === 'none') return leaveOut({ path: entry.path, reason: 'name-not-allowed', detail: entry.detail })
    const relative = entry.path.slice(base.length)
    // A folder and something in it may both have been chosen.
    if (paths.length > 1 && taken.has(entry.path)) return
    if (paths.length > 1) taken.add(entry.path)
    if (relative.split('/')[1] === PARTS)
      return leaveOut({ path: entry.path, reason: 'name-not-allowed', detail: 'Cairn keeps this name for itself.' })
    if (entry.kind === 'link') {
      later.push({ link: entry, relative })
      return
    }
    if (entry.replaced === true) return leaveOut({ path: entry.path, ...REPLACED })
    const beyond = blocksOf(entry)
    const length = () => snapshot.blobs?.core.length ?? 0
    if (beyond > length() && length() !== settledAt) {
      await knowLength(snapshot, version, beyond, signal, waiting)
      if (beyond > length()) settledAt = length()
    }
    const refusal = isPossible(snapshot, entry) ? claims.claim(relative, 'file') : NOT_THERE
    if (refusal !== null) leaveOut({ path: entry.path, ...refusal })
    else files.push({ relative, file: entry })
  }
  const ended = listAhead(drive, snapshot, paths.includes('/'), signal)
  try {
    for (const path of paths) {
      const base = ownBase ?? (path === '/' ? '' : dirname(path) === '/' ? '' : dirname(path))
      let found = false
      for await (const entry of everything(snapshot, path, { signal })) {
        signal.throwIfAborted()
        found = true
        if (!only(entry.path)) continue
        if (instead?.entries.has(entry.path) !== true) await add(entry, base, snapshot.version)
      }
      for (const [at, entry] of instead?.entries ?? []) {
        if (path !== '/' && at !== path && !at.startsWith(`${path}/`)) continue
        signal.throwIfAborted()
        found = true
        if (entry !== null) await add(entry, base, instead!.length)
      }
      if (!found && path !== '/')
        throw new AppError('PATH_NOT_FOUND', `There is no ${path} in this version.`, { key: '', path })
    }
  } finally {
    ended()
  }
  for (const { link, relative } of later) {
    const refusal = refuseLink(policy, claims, link, relative)
    if (refusal !== null) leaveOut({ path: link.path, ...refusal })
    else links.push({ relative, link })
  }
  return { files, links }
}

/** About the size of an entry's block, in bytes. */
const LISTED = 512
/** Where a part of the list is wanted, its neighbours may be. */
const FEW = 16

/** What is in the list from here on is wanted, and comes many blocks at a time. Returns how to end that. */
function listAhead(drive: Hyperdrive, snapshot: Hyperdrive, everything: boolean, signal: AbortSignal): () => void {
  const fetcher = fetcherOf(drive.core)
  const fetch = (index: number) => fetcher.want(index, LISTED, 'stored')
  const ended = readAhead(snapshot.db.core, { fetch, ...(everything ? {} : { ahead: FEW }) })
  // What nobody has would be waited for.
  signal.addEventListener('abort', ended)
  return () => {
    signal.removeEventListener('abort', ended)
    ended()
  }
}

/** How many blocks of content there must be. */
const blocksOf = ({ blob }: ArchiveFile) => (blob === null ? 0 : blob.blockOffset + blob.blockLength)

function refuseLink(policy: NamePolicy, claims: NameClaims, link: ArchiveEntry & ArchiveLink, relative: string) {
  if (process.platform === 'win32')
    return { reason: 'link-not-supported', detail: 'Windows needs special rights for links.' } as const
  return policy.checkTarget(relative, link.target) ?? claims.claim(relative, 'link')
}

/** From this size on a file is large, in bytes: it is fetched after the small ones. */
const CLASSES = [256 << 10, 4 << 20, 64 << 20] as const

/**
 * Small before large, so that most of what was asked for is there soon; among alike, in the order of the log, where
 * neighbours were mostly published together and are fetched together.
 */
export function inFetchOrder<T extends SelectedFile>(files: readonly T[]): T[] {
  const classOf = ({ file: { size } }: T) => CLASSES.filter(limit => size > limit).length
  const place = ({ file: { blob } }: T) => blob?.blockOffset ?? 0
  return [...files].sort((a, b) => classOf(a) - classOf(b) || place(a) - place(b))
}
