/**
 * Blocks that nobody waits for any more. Upstream leaves them in the line of what is to be asked for when a reader goes,
 * and takes out one of them where it should ask for the next that is wanted. As long as answers come in, the line moves
 * on; when none is on its way, the block that the next reader waits for stays in it until the reader gives up: somebody
 * who jumps within a film saw nothing for 20 seconds. Here what was abandoned is passed over at once.
 * Leans on the inside of Hypercore 11.37.1.
 */
import type Hypercore from 'hypercore'

/** To be called once for every log, before it has peers. */
export function passOverAbandoned(replicator: Hypercore.Replicator): void {
  const update = replicator._updatePeer.bind(replicator)
  replicator._updatePeer = peer => {
    let waiting: number
    let asked: number
    do {
      waiting = replicator._queued.length
      asked = peer.inflight
      if (!update(peer)) return false
      // A shorter line and no request: one was taken out that nobody waits for.
    } while (peer.inflight === asked && replicator._queued.length < waiting)
    return true
  }
}
