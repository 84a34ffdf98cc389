/**
 * Room on the disk of the storage, of which the last bit is left free: RocksDB, whose disk is full, may hold a write until
 * there is room instead of failing, and says nothing meanwhile.
 */
import { statfs } from 'node:fs/promises'
import { AppError } from '../../preload/contract/errors.ts'

/** Bytes. What was written last is in RocksDB's log, up to 16 MiB two times over, until it stands in its files as well. */
export const RESERVE = 48 << 20

/** Bytes that may still be written where this folder lies; 0: none. */
export async function roomAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return Math.max(0, bavail * bsize - RESERVE)
}

/** Throws NO_ROOM where so many bytes more, or any at all, may not be written. */
export async function requireRoom(folder: string, needed = 0): Promise<void> {
  const free = await roomAt(folder)
  if (free > 0 && free >= needed) return
  const message =
    needed === 0
      ? 'The disk is full. Make room; it goes on from where it stopped.'
      : 'The disk is too full for this. Make room; it goes on by itself.'
  throw new AppError('NO_ROOM', message, { path: folder, needed, free })
}
