/**
 * A source that lies elsewhere now: whether what was chosen in its place can be it. What is there is compared by path
 * and size alone, without reading a byte, so that nobody waits and a folder that was merely picked wrongly is noticed.
 */
import { lstat, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { Archive } from '../archives/archive.ts'
import type { ArchiveRecord } from '../archives/registry.ts'
import { knownEntries } from './known.ts'
import { itemsOf, type SourceItem } from './scan.ts'

const PARALLEL = 64

/** Where it is: for a file, the folder that holds it may be named as well. */
export async function placeOf({ kind, path }: SourceItem, to: string): Promise<string> {
  if (kind === 'folder') return to
  const stats = await lstat(to).catch(() => null)
  return stats?.isDirectory() === true ? join(to, basename(path)) : to
}

/** Throws SOURCE_NOT_FOUND, SOURCE_WRONG_KIND and SOURCE_IN_USE. */
export async function refuseOthers(
  item: SourceItem,
  to: string,
  records: readonly Pick<ArchiveRecord, 'key' | 'source'>[],
): Promise<void> {
  const [found] = await itemsOf([to])
  if (found!.kind !== item.kind)
    throw new AppError('SOURCE_WRONG_KIND', `${to} is not a ${item.kind}.`, { path: to, expected: item.kind })
  const real = await realpath(to)
  for (const { key, source } of records)
    for (const other of source?.items ?? [])
      if (other !== item && (await realpath(other.path).catch(() => other.path)) === real)
        throw new AppError('SOURCE_IN_USE', `An archive is made from ${to} already.`, { path: to, key })
}

/** How many of the archive's files from this item are at the new place, by path and size. */
export async function resemblance(
  archive: Archive,
  item: SourceItem,
  to: string,
): Promise<{ readonly found: number; readonly of: number }> {
  const known = await knownEntries(archive.drive, [item.at])
  const files = [...known].filter(([, { target }]) => target === null)
  let found = 0
  for (let start = 0; start < files.length; start += PARALLEL) {
    const there = await Promise.all(
      files.slice(start, start + PARALLEL).map(async ([path, { size }]) => {
        const stats = await lstat(item.kind === 'file' ? to : join(to, path.slice(item.at.length))).catch(() => null)
        return stats?.isFile() === true && stats.size === size
      }),
    )
    found += there.filter(Boolean).length
  }
  return { found, of: files.length }
}
