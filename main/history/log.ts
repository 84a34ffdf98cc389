/**
 * The list of an archive as it was written, block by block, in either direction. Many blocks are asked for at a time: over a
 * network each of them would be a round trip otherwise. Nothing beyond what the caller takes is looked ahead for, but for
 * one such group.
 */
import type Hyperdrive from 'hyperdrive'
import { textOf, valueOf } from '../read/entries.ts'

/** What Hyperdrive puts before each path. */
const FILES = Buffer.from('files\0')
/** Blocks that are asked for together: at first, since few may be wanted, and at most. */
const FIRST = 16
const MOST = 1024

export type LogBlock = {
  readonly seq: number
  /** null: no entry of a file. Hostile. */
  readonly path: string | null
  readonly type: 'put' | 'del'
  /** What was put, unchecked; null for what cannot be read. */
  readonly value: () => unknown
}

type Stretch = {
  /** From this block on, up to that one and without it. */
  readonly from: number
  readonly to: number
  readonly backwards?: boolean
}

/** `snapshot`: of a version that holds these blocks. Throws REQUEST_TIMEOUT when one does not come in time. */
export async function* blocksOf(
  snapshot: Hyperdrive,
  { from, to, backwards = false }: Stretch,
): AsyncGenerator<LogBlock> {
  const batch = snapshot.db.batch()
  const first = Math.max(1, from)
  const total = to - first
  try {
    for (let done = 0, size = FIRST; done < total; size = Math.min(size * 2, MOST)) {
      const count = Math.min(size, total - done)
      const start = backwards ? to - 1 - done : first + done
      const group = await Promise.all(
        Array.from({ length: count }, (_, index) => batch.getBlock(backwards ? start - index : start + index)),
      )
      for (const { seq, key, value } of group)
        yield { seq, path: pathIn(key), type: value === null ? 'del' : 'put', value: () => valueOf(value) }
      done += count
    }
  } finally {
    await batch.close()
  }
}

const pathIn = (key: Buffer): string | null =>
  key.subarray(0, FILES.length).equals(FILES) ? textOf(key.subarray(FILES.length)) : null
