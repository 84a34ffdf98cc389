/**
 * Remembers which nodes of a log's Merkle tree are here while many of its blocks are fetched.
 *
 * For each block that it asks for and each that comes, Hypercore climbs the tree to the first node that is here, and each
 * step is a trip to RocksDB and back: a third of all that a reader computes. The steps of neighbours are the same ones. What
 * is remembered was read from the store or has been written to it; a node that is taken for missing is asked for anew,
 * and nothing is believed that has not been verified. Leans on the inside of Hypercore 11.37.1: all reads and writes of
 * a log's tree go through its `storage`.
 */
import { iterator } from 'flat-tree'
import type Hypercore from 'hypercore'

/** Nodes that are remembered of one log. */
const MOST = 16_384
/** They are let go when nothing has been asked for during so many milliseconds: there are as many logs as archives, and two of each. */
const IDLE = 10_000

export type TreeNodes = {
  /** Reads together what it takes to ask for these blocks. */
  prepare(blocks: readonly number[]): Promise<void>
  /** By a session of the log: a core outlives its sessions by some seconds, and gets others. */
  used(by?: Hypercore): void
}

const remembered = new WeakMap<object, TreeNodes>()

/** From now on, for as long as the log is open. `core` is open. */
export function rememberTree(core: Hypercore): TreeNodes {
  const inner = core.core!
  const known = remembered.get(inner)
  if (known !== undefined) {
    known.used(core)
    return known
  }
  const { storage } = inner.state
  const read = storage.read.bind(storage)
  const write = storage.write.bind(storage)
  /** null: it is not here. */
  let nodes = new Map<number, Hypercore.TreeNode | null>()
  /** Nodes that are being read; what is written meanwhile is newer. */
  const reading = new Map<number, object>()
  const forget = () => {
    reading.clear()
    nodes.clear()
  }
  let idle: NodeJS.Timeout | null = null
  const sessions = new WeakSet<Hypercore>()
  const used = (by?: Hypercore) => {
    if (by !== undefined && !sessions.has(by)) {
      sessions.add(by)
      by.on('truncate', forget)
    }
    if (idle !== null) idle.refresh()
    else
      idle = setTimeout(() => {
        idle = null
        forget()
      }, IDLE).unref()
  }
  const remember = (index: number, node: Hypercore.TreeNode | null) => {
    if (idle === null) return
    if (nodes.size >= MOST) nodes = new Map([...nodes].slice(MOST / 2))
    // A hash as it came is a part of the message with its block, all of which it would hold on to.
    nodes.set(index, node === null ? null : { ...node, hash: Buffer.from(node.hash) })
  }
  const fetch = async (read: Hypercore.Reads['getTreeNode'], index: number): Promise<Hypercore.TreeNode | null> => {
    const mine = {}
    reading.set(index, mine)
    const node = await read(index)
    if (reading.get(index) === mine) {
      reading.delete(index)
      remember(index, node)
    }
    return node
  }
  storage.read = fork => {
    const reads = read(fork)
    const getTreeNode = reads.getTreeNode.bind(reads)
    reads.getTreeNode = index => {
      const node = nodes.get(index)
      return node === undefined ? fetch(getTreeNode, index) : Promise.resolve(node)
    }
    const tryFlush = reads.tryFlush.bind(reads)
    // Reading nothing is a trip to RocksDB as well.
    reads.tryFlush = () => (reads.read._operations.length === 0 ? reads.destroy() : tryFlush())
    return reads
  }
  storage.write = () => {
    const transaction = write()
    const put = new Map<number, Hypercore.TreeNode>()
    let deletes = false
    const { putTreeNode, deleteTreeNode, deleteTreeNodeRange, flush } = transaction
    transaction.putTreeNode = node => {
      // The proofs of blocks that are on their way together share most of their nodes.
      const known = put.get(node.index) ?? nodes.get(node.index)
      if (!deletes && known && known.size === node.size && known.hash.equals(node.hash)) return
      put.set(node.index, node)
      putTreeNode.call(transaction, node)
    }
    transaction.deleteTreeNode = index => {
      deletes = true
      deleteTreeNode.call(transaction, index)
    }
    transaction.deleteTreeNodeRange = (start, end) => {
      deletes = true
      deleteTreeNodeRange.call(transaction, start, end)
    }
    transaction.flush = async () => {
      // As long as it is not certain what is on the disk, nothing is remembered of it.
      if (deletes) forget()
      try {
        const flushed = await flush.call(transaction)
        for (const node of put.values()) {
          reading.delete(node.index)
          remember(node.index, node)
        }
        return flushed
      } finally {
        if (deletes) forget()
      }
    }
    return transaction
  }
  used(core)
  const tree: TreeNodes = {
    used,
    async prepare(blocks) {
      used()
      const wanted = new Set<number>()
      const end = 2 * core.length
      for (const block of blocks) {
        const at = iterator(2 * block)
        while (at.index < end && !nodes.has(at.index) && !wanted.has(at.index)) {
          wanted.add(at.index)
          at.parent()
        }
      }
      if (wanted.size === 0) return
      const reads = storage.read()
      const found = [...wanted].map(index => reads.getTreeNode(index))
      reads.tryFlush()
      await Promise.all(found)
    },
  }
  remembered.set(inner, tree)
  return tree
}
