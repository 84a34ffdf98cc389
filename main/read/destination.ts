/** Where files of archives may be written to. */
import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { ArchiveRecord } from '../archives/registry.ts'

/**
 * Writing into a folder that is published would publish what is written. Throws FOLDER_IN_USE for such a folder, and for
 * one in the storage.
 */
export async function requireOwnPlace(
  folder: string,
  storage: string,
  records: readonly Pick<ArchiveRecord, 'key' | 'source'>[],
): Promise<void> {
  const real = await realpath(folder).catch(() => folder)
  const inside = (a: string, b: string) => a === b || a.startsWith(join(b, sep))
  if (inside(real, await realpath(storage)))
    throw new AppError('FOLDER_IN_USE', `${folder} is Cairn's own storage. Choose another folder.`, {
      path: folder,
      key: '',
    })
  for (const { key, source } of records)
    for (const item of source?.items ?? [])
      if (item.kind === 'folder' && inside(real, item.path))
        throw new AppError('FOLDER_IN_USE', `${folder} lies in a folder that you publish. Choose another one.`, {
          path: folder,
          key,
        })
}
