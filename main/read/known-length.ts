/**
 * How much content an archive has is told apart from what its list says of it, and may be known later: a file that lies
 * beyond what is known is waited for, and only called a lie when somebody who has the list up to there has no more.
 */
import { once } from 'node:events'
import type Hyperdrive from 'hyperdrive'

/** Lists and contents are told over the same connection, one shortly after the other, in milliseconds. */
const SETTLED = 2000
const LOOK = 250

/**
 * Resolves when the content is known to be so many blocks long, or not to be. `version`: of the list that speaks of them.
 * `waiting` is told when nobody is there who could say. Throws the signal's reason.
 */
export async function knowLength(
  drive: Hyperdrive,
  version: number,
  blocks: number,
  signal: AbortSignal,
  waiting: (isWaiting: boolean) => void = () => {},
): Promise<void> {
  const { core } = await drive.getBlobs()
  let contradictedSince: number | null = null
  let told = false
  const tell = (isWaiting: boolean) => {
    if (told !== isWaiting) waiting(isWaiting)
    told = isWaiting
  }
  const began = performance.now()
  try {
    while (core.length < blocks && !core.writable) {
      signal.throwIfAborted()
      const contradicted = core.peers.some(({ remotePublicKey, remoteLength, remoteFork }) => {
        const list = drive.core.peers.find(peer => Buffer.compare(peer.remotePublicKey, remotePublicKey) === 0)
        return (
          list !== undefined &&
          list.remoteLength >= version &&
          remoteFork === core.fork &&
          remoteLength > 0 &&
          remoteLength <= core.length
        )
      })
      const now = performance.now()
      contradictedSince = contradicted ? (contradictedSince ?? now) : null
      if (contradictedSince !== null && now - contradictedSince > SETTLED) return
      tell(!contradicted && now - began > SETTLED)
      const look = AbortSignal.timeout(LOOK)
      await once(core, 'append', { signal: AbortSignal.any([signal, look]) }).catch(() => {})
    }
  } finally {
    tell(false)
  }
}
