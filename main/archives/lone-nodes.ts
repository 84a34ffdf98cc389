/**
 * Nodes of a log's tree that come without a neighbour. Upstream knows them by their hash alone, and writes them over what it has:
 * with any size that a peer likes to give them, after which nothing that is read of the tree is what its author signed, and
 * the log cannot be opened any more as it was. Wherever there is a neighbour, the hash above both vouches for the sizes.
 *
 * Leans on the inside of Hypercore 11.37.1: whatever comes from peers and is no other history is verified in one place.
 */
import type Hypercore from 'hypercore'

/** To be called once for every log, before it has peers. */
export function refuseLoneNodes(core: Hypercore.Inner): void {
  const verify = core.verify.bind(core)
  core.verify = async (proof, from) => {
    const [node, ...more] = unhashed(proof)
    if (node !== undefined && more.length === 0) {
      const reads = core.state.storage.read()
      const found = reads.getTreeNode(node.index)
      reads.tryFlush()
      const known = await found
      if (known !== null && known.size !== node.size)
        throw Object.assign(new Error('A node of the tree has another size'), { code: 'INVALID_CHECKSUM' })
    }
    return verify(proof, from)
  }
}

/** What is not hashed from a block. */
function unhashed({ block, hash, seek }: Hypercore.Proof): readonly Hypercore.TreeNode[] {
  const nodes = block ? (block.value === null ? block.nodes : null) : (hash?.nodes ?? [])
  return nodes === null ? [] : [...nodes, ...(seek?.nodes ?? [])]
}
