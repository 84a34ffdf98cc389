/**
 * Logs that are said to be longer than any can be. Whoever has the key of one may sign any length without having a single
 * block, and whatever counts what is here of a log goes through all of it: opening such a link stopped everything else
 * for minutes. What is signed beyond a length that no archive reaches is taken for no signature. And any peer may say that
 * it has blocks without an end, for which Hypercore would keep room, in memory, at once.
 * Leans on the inside of Hypercore 11.37.1: every length that comes from a peer is verified in one place, and a peer is
 * added before anything that it has is heard of.
 */
import type Hypercore from 'hypercore'

/** In blocks: 16 TiB of content in the smallest blocks that are usual, or as many entries. Counting them takes a quarter of a millisecond. */
const LONGEST = 2 ** 28
/** As many blocks may a peer say at once that it has beyond the length that is known here: it may hear of a longer one first. */
const BEYOND = 2 ** 22

/** To be called once for every log, before it has peers. */
export function refuseEndless(core: Hypercore.Inner): void {
  const verify = core._verifyBatchUpgrade.bind(core)
  core._verifyBatchUpgrade = (tree, manifest) => {
    if (tree.length > LONGEST)
      throw Object.assign(new Error('The log is said to be longer than any can be'), { code: 'INVALID_OPERATION' })
    return verify(tree, manifest)
  }
  const { replicator } = core
  const add = replicator._addPeer.bind(replicator)
  replicator._addPeer = peer => {
    believeLittle(core, peer)
    add(peer)
  }
}

function believeLittle({ state }: Hypercore.Inner, peer: Hypercore.ReplicatorPeer): void {
  const onrange = peer.onrange.bind(peer)
  peer.onrange = async range => {
    const { start, length } = range
    // From the beginning on it is a number, and takes no room.
    const end = start === 0 ? LONGEST : Math.min(LONGEST, state.length + BEYOND)
    if (start < end) await onrange({ ...range, length: Math.min(length, end - start) })
  }
  const onbitfield = peer.onbitfield.bind(peer)
  peer.onbitfield = said => {
    if (said.start < LONGEST) onbitfield(said)
  }
}
