/** Notices that this machine has slept: what happened meanwhile was told to nobody. */
import { everySo } from './pulse.ts'

const INTERVAL = 5000
/** A clock that is this much ahead, in milliseconds, has not merely been kept waiting. */
const SLEPT = 15_000

/** Calls `woke` after each sleep, until the function that is returned is called. A clock that was set counts as one. */
export function onWaking(woke: () => void): () => void {
  let last = Date.now()
  return everySo(INTERVAL, () => {
    const now = Date.now()
    if (now - last > INTERVAL + SLEPT) woke()
    last = now
  })
}
