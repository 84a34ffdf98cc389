/**
 * What the signature on a log that is here says of it. Everything that is read of its tree is proven anew with that
 * signature, so that neither a peer nor a damaged disk can lead to a statement that the author never signed.
 *
 * Leans on the inside of Hypercore 11.37.1: the state of a log, its stored tree and its verifier.
 */
import { tree as hashOf } from 'hypercore-crypto'
import type Hypercore from 'hypercore'
import { type Rebuilt, rebuild, type Shape, type TreeNode } from './tree.ts'

/** The newest length that is signed here. */
export type SignedHead = { readonly length: number; readonly fork: number; readonly signature: Buffer }

/** Nodes of a log's tree are missing here, or are not those that were signed. */
export class Unproven extends Error {}

/** null: nothing is signed yet. */
export function headOf(core: Hypercore): SignedHead | null {
  const { length, fork, signature } = core.core!.state
  return length === 0 || signature === null ? null : { length, fork, signature }
}

/** Throws Unproven. Whoever looks on is told which nodes it is made of, in their order. */
export async function provenTree(
  core: Hypercore,
  head: SignedHead,
  shape: Omit<Shape, 'head'>,
  told: { readonly given?: (node: TreeNode) => void; readonly leaf?: (node: TreeNode) => void } = {},
): Promise<Rebuilt> {
  const { state } = core.core!
  const stored = new StoredNodes(state)
  const rebuilt = await rebuild(
    { ...shape, head: head.length },
    async index => {
      const node = await stored.at(index)
      told.given?.(node)
      return node
    },
    async block => {
      const node = await stored.leaf(block)
      told.leaf?.(node)
      return node
    },
  )
  const batch = state.createTreeBatch()
  Object.assign(batch, {
    roots: [...rebuilt.roots],
    length: head.length,
    fork: head.fork,
    signature: head.signature,
    hashCached: null,
  })
  try {
    core.core!._verifyBatchUpgrade(batch, core.manifest)
  } catch (error) {
    throw new Unproven('What is stored here of the tree is not what was signed', { cause: error })
  }
  return rebuilt
}

/**
 * The hash of the tree at a length, as its author signed it. Asks peers for the one block that brings the nodes with it.
 * Throws Unproven, REQUEST_TIMEOUT after `patience` milliseconds.
 */
export async function provenTreeHash(core: Hypercore, length: number, patience: number): Promise<Buffer> {
  if (length === 0) return hashOf([])
  if (!(await core.has(length - 1))) await core.get(length - 1, { timeout: patience })
  const head = headOf(core)
  if (head === null || head.length < length) throw new Unproven('It is not as long')
  const { shorter } = await provenTree(core, head, { length, wanted: [] })
  return hashOf(shorter)
}

/** Leaves that are read together. */
const AHEAD = 256

export class StoredNodes {
  readonly #state: Hypercore.State
  readonly #leaves = new Map<number, Promise<TreeNode | null>>()

  constructor(state: Hypercore.State) {
    this.#state = state
  }

  async at(index: number): Promise<TreeNode> {
    const reads = this.#state.storage.read()
    const node = reads.getTreeNode(index)
    reads.tryFlush()
    return present(await node)
  }

  async leaf(block: number): Promise<TreeNode> {
    if (!this.#leaves.has(block)) {
      this.#leaves.clear()
      const reads = this.#state.storage.read()
      const end = Math.min(block + AHEAD, this.#state.length)
      for (let next = block; next < end; next++) {
        const node = reads.getTreeNode(2 * next)
        node.catch(() => {})
        this.#leaves.set(next, node)
      }
      reads.tryFlush()
    }
    return present(await this.#leaves.get(block)!)
  }
}

function present(node: TreeNode | null): TreeNode {
  if (node === null) throw new Unproven('A node of the tree is not here')
  return node
}
