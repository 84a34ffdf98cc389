/**
 * Reads blocks of a list together that will be asked for one after another.
 *
 * Hyperbee reads each key and each node of its tree from a block of its own, and each of them is a trip to RocksDB and
 * back, or to a peer, that costs more than the block. Entries that are neighbours in the tree were mostly written one after
 * another, so that what follows a block in the log is what is asked for next: 10,000 removals in 0.9 s instead of 1.5.
 */
import type Hypercore from 'hypercore'

/** Blocks that are asked for at once, where most of them will be wanted. */
const AHEAD = 128
/** Blocks that are held, and their bytes, beyond which what is held is let go: blocks may be of any size. */
const HELD = 16_384
const HELD_BYTES = 16 << 20

type Ahead = { readonly block: Promise<Buffer | null>; readonly cancel: () => void }
type Held = Ahead & { here: boolean }

/**
 * From now on, until what is returned is called: blocks that are read through this session of a log come together with
 * those behind them. `ahead`: how many. `fetch`: how those come that are not here, as they are stored; without it they are left to
 * Hypercore. Leans on `_get`, where Hypercore 11 reads one block that is still enciphered.
 */
export function readAhead(
  core: Hypercore,
  { ahead = AHEAD, fetch }: { readonly ahead?: number; readonly fetch?: (index: number) => Ahead } = {},
): () => void {
  const held = new Map<number, Held>()
  const { fork } = core
  let bytes = 0
  const letGo = () => {
    for (const { cancel } of held.values()) cancel()
    held.clear()
    bytes = 0
  }
  // A snapshot hears nothing of it. The same places have other blocks from then on, which are not what it shows.
  const isTruncated = () => core.core!.state.fork !== fork
  const ask = (index: number) => {
    if (held.size > HELD) {
      for (const [other, { here }] of held) if (here) held.delete(other)
      bytes = 0
    }
    const { state, bitfield } = core.core!
    const reads = state.storage.read()
    const end = Math.min(index + ahead, core.length)
    for (let next = index; next < end; next++) {
      if (held.has(next)) continue
      const asked = bitfield.get(next) ? { block: reads.getBlock(next), cancel: () => {} } : fetch?.(next)
      if (asked === undefined) continue
      const one: Held = { ...asked, here: false }
      held.set(next, one)
      one.block.then(
        block => {
          one.here = true
          if (held.get(next) !== one) return
          bytes += block?.byteLength ?? 0
          if (bytes > HELD_BYTES) letGo()
        },
        // Its failure is met by whoever asks for it.
        () => {},
      )
    }
    reads.tryFlush()
  }
  const get = core._get
  core._get = async (index, options) => {
    if (isTruncated()) return get.call(core, index, options)
    if (!held.has(index)) ask(index)
    const block = await patiently(held.get(index), options?.timeout ?? core.timeout)
    if (block === LATE) return get.call(core, index, { ...options, timeout: 1 })
    return isTruncated() ? get.call(core, index, options) : (block ?? get.call(core, index, options))
  }
  return () => {
    core._get = get
    letGo()
  }
}

const LATE = Symbol('not in time')

/** As long as the session waits for a block, in milliseconds; 0: for ever. */
async function patiently(held: Held | undefined, timeout: number): Promise<Buffer | null | typeof LATE> {
  if (held === undefined) return null
  const block = held.block.catch(() => null)
  if (held.here || timeout === 0) return block
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>(resolve => {
    timer = setTimeout(() => resolve(LATE), timeout)
  })
  try {
    return await Promise.race([block, late])
  } finally {
    clearTimeout(timer)
  }
}
