/** How much of what differs is not on this device. */
import type Hyperdrive from 'hyperdrive'
import type { NewFile } from '../../preload/contract/models.ts'
import { bytesOf, countHeld, heldIn } from '../archives/blocks.ts'
import { contentId } from '../lib/renames.ts'
import { type Differing, sizeOf } from '../read/difference.ts'
import type { ArchiveFile } from '../read/entries.ts'

/** As the page sees it, with the bytes of it that are not on this device. */
export async function shown(drive: Hyperdrive, row: Differing): Promise<NewFile> {
  const { path, change, from, before, after } = row
  return {
    path,
    change,
    from,
    before: before && sizeOf(before),
    after: after && sizeOf(after),
    missing: after?.kind === 'file' ? await missingOf(drive, after) : 0,
  }
}

/** Bytes of a file's content that are not on this device. */
async function missingOf(drive: Hyperdrive, { blob, size }: ArchiveFile): Promise<number> {
  const core = drive.blobs?.core
  if (blob === null || size === 0) return 0
  if (core === undefined) return size
  const place = [{ start: blob.blockOffset, end: blob.blockOffset + blob.blockLength }]
  const held = countHeld(core, place)
  if (held === 0) return size
  return held === blob.blockLength ? 0 : Math.max(0, size - (await bytesOf(core, heldIn(core, place))))
}

/** Of all of them. Content that several share is fetched once. */
export async function missingOfAll(drive: Hyperdrive, rows: readonly Differing[]): Promise<number> {
  const seen = new Set<string>()
  let bytes = 0
  for (const { after } of rows) {
    if (after?.kind !== 'file' || after.blob === null) continue
    const id = contentId(after.blob)
    if (seen.has(id)) continue
    seen.add(id)
    bytes += await missingOf(drive, after)
  }
  return bytes
}
