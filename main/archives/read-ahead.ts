/**
 * Reads blocks of a log together that will be asked for one after another.
 *
 * Hyperbee takes a key out of its tree by reading the keys beside it, each from a block of its own, and each read is a
 * trip to RocksDB and back that costs more than the block. Entries that are neighbours in the tree were mostly written one
 * after another, so that what follows a block in the log is what is asked for next: 10,000 removals in 0.9 s instead of 1.5.
 */
import type Hypercore from 'hypercore'

/** Blocks that are read at once. */
const AHEAD = 128
/** Blocks that are held, at most. */
const HELD = 1024

/**
 * From now on, until what is returned is called: blocks that are read through this session of a log of ours come
 * together with those behind them. Leans on `_get`, where Hypercore 11 reads one block that is still enciphered.
 */
export function readAhead(core: Hypercore): () => void {
  const held = new Map<number, Promise<Buffer | null>>()
  const get = core._get
  core._get = async (index, options) => {
    if (!held.has(index)) {
      if (held.size > HELD) held.clear()
      const reads = core.core!.state.storage.read()
      const end = Math.min(index + AHEAD, core.length)
      for (let next = index; next < end; next++) {
        const block = reads.getBlock(next)
        // Its failure is met by whoever asks for it.
        block.catch(() => {})
        held.set(next, block)
      }
      reads.tryFlush()
    }
    return (await held.get(index)) ?? (await get.call(core, index, options))
  }
  return () => {
    core._get = get
  }
}
