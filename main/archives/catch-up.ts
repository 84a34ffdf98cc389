/**
 * An archive of ours whose storage may be older than what was published from it: a backup, a copy, a log that is shorter
 * than it was. Whoever writes to it then signs a second history. So peers are asked first: what they have of it comes back
 * by itself, since it is signed with our own key, and only when nobody who is there has more is it written to.
 *
 * It is enough that one of them has as much as is here: whoever has less cannot know. What a peer only says that it has,
 * and does not hand over, is not waited for very long.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type Hypercore from 'hypercore'
import type { Archive } from './archive.ts'

/** All in milliseconds. Between two looks. */
const TICK = 250
/**
 * So long nothing more may come, since another peer may have more than the first: longer where nobody has given anything
 * back yet, since whoever is there then may have been away as long as this copy.
 */
const QUIET = { grown: 1500, same: 10_000 } as const
/** How long a peer may say that it has more, and hand over nothing. */
const CLAIMING = 15_000
/** After this it is said that nobody is there. It goes on being waited for. */
const PATIENCE = { online: 15_000, offline: 3000, never: 0 } as const

export type CatchUp = {
  readonly archive: Archive
  /** The length that is known to have been published. */
  readonly published: number
  readonly signal: AbortSignal
  /** `never`: this backend was told to stay off it. */
  network(): 'online' | 'offline' | 'never'
  /** Nobody who could tell has been there for a while, or is now. */
  onAlone(alone: boolean): void
}

/** Resolves when what is here is as long as what anybody who is there has. Rejects with the signal's reason. */
export async function catchUp({ archive, published, signal, network, onAlone }: CatchUp): Promise<void> {
  const { core } = archive.drive
  const content = (await archive.drive.getBlobs()).core
  const began = performance.now()
  const atFirst = core.length
  const claims = new Map<Hypercore.ReplicatorPeer, number>()
  let before = ''
  let quietSince = began
  while (true) {
    signal.throwIfAborted()
    const now = performance.now()
    const lengths = [core, content].map(({ length, fork }) => `${length}.${fork}`).join(' ')
    const [list, files] = [look(core, claims, now), look(content, claims, now)]
    if (lengths !== before || list.more || files.more || !list.equal) quietSince = now
    before = lengths
    onAlone(!list.equal && !list.more && now - began >= PATIENCE[network()])
    const quiet = core.length > atFirst ? QUIET.grown : QUIET.same
    if (now - quietSince >= quiet && core.length >= published && (await isWhole(archive, content, signal))) return
    await sleep(TICK, undefined, { signal, ref: false })
  }
}

/** `more`: somebody has more than is here. `equal`: somebody has as much. */
function look(
  core: Hypercore,
  claims: Map<Hypercore.ReplicatorPeer, number>,
  now: number,
): { readonly more: boolean; readonly equal: boolean } {
  let more = false
  let equal = false
  for (const peer of core.core?.replicator.peers ?? []) {
    if (!peer.remoteSynced || peer.remoteLength === 0) continue
    const isMore = peer.remoteFork > core.fork || (peer.remoteFork === core.fork && peer.remoteLength > core.length)
    if (!isMore) {
      claims.delete(peer)
      if (peer.remoteFork === core.fork && peer.remoteLength === core.length) equal = true
      continue
    }
    const since = claims.get(peer) ?? now
    claims.set(peer, since)
    if (now - since < CLAIMING) more = true
  }
  return { more, equal }
}

/** All of the list is here, since it is needed for the next version, and content is as long as the list says. */
async function isWhole(archive: Archive, content: Hypercore, signal: AbortSignal): Promise<boolean> {
  const { core, db } = archive.drive
  if (core.contiguousLength < core.length) {
    const download = core.download({ start: 0, end: core.length })
    const stop = () => download.destroy()
    signal.addEventListener('abort', stop)
    await Promise.race([download.done(), sleep(QUIET.grown, undefined, { ref: false })]).finally(stop)
    signal.removeEventListener('abort', stop)
    if (core.contiguousLength < core.length) return false
  }
  for await (const { value } of db.createHistoryStream({ reverse: true, limit: RECENT })) {
    const blob = (value as { readonly blob?: { readonly blockOffset: number; readonly blockLength: number } } | null)
      ?.blob
    if (blob != null && blob.blockOffset + blob.blockLength > content.length) return false
  }
  return true
}

/** Entries, newest first, that are looked through for the content that they name: it grows with them. */
const RECENT = 5000
