/**
 * A peer that is asked where something stands in a list names the blocks that will be read, and Hyperbee fetches them. It
 * fetches whatever anybody names at any time, and waits for it as long as the archive is open: one peer can have it hold
 * as much as it likes to send. Here what is named is asked for only where it can be wanted, for a while, and no more at a
 * time than any answer is long.
 * Leans on the inside of Hyperbee 2.27.
 */
import type Hyperdrive from 'hyperdrive'

/** An answer names up to 2,176 blocks, 128 at a time; these are for some at once. */
const MOST = 64
const BLOCKS = 128
/** In milliseconds: whoever reads waits no longer. */
const WAITED = 20_000

/** From now on, for this list and its versions. */
export function boundHints({ extension, core }: Hyperdrive['db']): void {
  if (extension === null) return
  let running = 0
  extension.oncache = ({ blocks }) => {
    const bitfield = core.core?.bitfield
    if (running >= MOST || bitfield === undefined || core.closing) return
    const wanted = blocks.slice(0, BLOCKS).filter(block => block < core.length && !bitfield.get(block))
    if (wanted.length === 0) return
    const download = core.download({ blocks: wanted, start: Math.min(...wanted), end: Math.max(...wanted) + 1 })
    running++
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      running--
      clearTimeout(timer)
      download.destroy()
    }
    const timer = setTimeout(end, WAITED).unref()
    download.done().then(end, end)
  }
}
