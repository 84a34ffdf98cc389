/**
 * Logs that are said to be longer than any can be. Whoever has the key of one may sign any length without having a single
 * block, and whatever counts what is here of a log goes through all of it: opening such a link stopped everything else
 * for minutes. What is signed beyond a length that no archive reaches is taken for no signature.
 * Leans on the inside of Hypercore 11.37.1: every length that comes from a peer is verified there.
 */
import type Hypercore from 'hypercore'

/** In blocks: 16 TiB of content in the smallest blocks that are usual, or as many entries. Counting them takes a quarter of a millisecond. */
const LONGEST = 2 ** 28

/** To be called once for every log, before it has peers. */
export function refuseEndless(core: Hypercore.Inner): void {
  const verify = core._verifyBatchUpgrade.bind(core)
  core._verifyBatchUpgrade = (tree, manifest) => {
    if (tree.length > LONGEST)
      throw Object.assign(new Error('The log is said to be longer than any can be'), { code: 'INVALID_OPERATION' })
    return verify(tree, manifest)
  }
}
