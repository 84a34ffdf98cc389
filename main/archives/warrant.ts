/**
 * The proof that two histories were signed with one key: two heads of one log, of the same fork, that differ at a length
 * which both have. Only who has the secret key can make such a thing, so that nobody can be accused wrongly. The file is
 * small, says in words what it proves, and is checked without any peer or storage. Nothing in it can be changed: all is
 * signed, or follows from what is signed, and there is one way to write it.
 *
 * It does not prove who has done it, nor when, nor which of the two came first.
 * Leans on the inside of Hypercore 11.37.1 for how heads are signed.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fullRoots } from 'flat-tree'
import { tree } from 'hypercore-crypto'
import Hyperdrive from 'hyperdrive'
import Hypercore from 'hypercore'
import lib from 'hypercore/lib/merkle-tree.js'
import multisig from 'hypercore/lib/multisig.js'
import Verifier from 'hypercore/lib/verifier.js'
import { z } from 'zod'
import { decodeKey } from './links.ts'

/** Of its two logs: the list of files, or their content. */
export type Part = 'list' | 'content'

export type Warrant = {
  /** The archive's key. */
  readonly archive: string
  readonly log: Part
  /** Of the list, encoded: which keys sign for it. */
  readonly manifest: Buffer
  readonly fork: number
  /** At which both differ. */
  readonly length: number
  readonly heads: readonly [Head, Head]
}
/** A signed tree: its roots at the length of the warrant, and what leads from there to the length that was signed. */
export type Head = Pick<Hypercore.Upgrade, 'nodes' | 'additionalNodes' | 'signature'>

/** What the file proves. */
export type Proven = Pick<Warrant, 'archive' | 'log' | 'fork' | 'length'> & {
  /** The lengths that were signed. */
  readonly signed: readonly [number, number]
}

const LONGEST = 1 << 20
const Hex = (least: number, most: number) =>
  z
    .string()
    .regex(/^([0-9a-f]{2})*$/)
    .min(least * 2)
    .max(most * 2)
const Count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const Nodes = z.array(z.tuple([Count, Count, Hex(32, 32)])).max(128)
const SignedHead = z.strictObject({ roots: Nodes, more: Nodes, signature: Hex(64, 4096) })
const File = z.strictObject({
  cairn: z.literal('warrant'),
  version: z.literal(1),
  says: z.string(),
  archive: z.string().regex(/^[ybndrfg8ejkmcpqxot1uwisza345h769]{52}$/),
  log: z.enum(['list', 'content']),
  manifest: Hex(1, 4096),
  fork: Count,
  length: Count,
  heads: z.tuple([SignedHead, SignedHead]),
})

const sentence = ({ archive, log, fork, length }: Pick<Warrant, 'archive' | 'log' | 'fork' | 'length'>): string =>
  `Two histories of hyper://${archive} were signed with its key: the log of its ${log === 'list' ? 'list of files' : 'content'} is not the same in both at length ${length} of fork ${fork}.`

export function formatWarrant(warrant: Warrant): string {
  const { archive, log, manifest, fork, length, heads } = warrant
  const nodes = (list: readonly Hypercore.TreeNode[]) =>
    list.map(({ index, size, hash }) => [index, size, hash.toString('hex')])
  const file = {
    cairn: 'warrant',
    version: 1,
    says: sentence(warrant),
    archive,
    log,
    manifest: manifest.toString('hex'),
    fork,
    length,
    // In one order, whoever writes it.
    heads: heads
      .map(head => ({
        roots: nodes(head.nodes),
        more: nodes(head.additionalNodes),
        signature: head.signature.toString('hex'),
      }))
      .toSorted((one, other) => (one.signature < other.signature ? -1 : 1)),
  }
  return `${JSON.stringify(file, null, 1)}\n`
}

/** Says what the text proves, or throws an error that says in words why it proves nothing. */
export function checkWarrant(text: string): Proven {
  const { proven } = readWarrant(text)
  return proven
}

/** The same, with the heads themselves. */
export function readWarrant(text: string): { readonly proven: Proven; readonly heads: Warrant['heads'] } {
  if (text.length > LONGEST) throw new Error('it is too long for such a file')
  const parsed = File.safeParse(parseJson(text))
  if (!parsed.success) throw new Error('it is no such file, or was changed')
  const { archive, log, fork, length } = parsed.data
  const [one, other] = parsed.data.heads.map(head => ({
    nodes: nodesOf(head.roots),
    additionalNodes: nodesOf(head.more),
    signature: Buffer.from(head.signature, 'hex'),
  })) as [Head, Head]
  const manifest = Buffer.from(parsed.data.manifest, 'hex')
  const warrant: Warrant = { archive, log, manifest, fork, length, heads: [one, other] }
  if (formatWarrant(warrant) !== text) throw new Error('it was changed')
  const verifier = verifierOf(warrant)
  const signed = [verified(verifier, warrant, one), verified(verifier, warrant, other)] as const
  if (hashOf(one).equals(hashOf(other))) throw new Error('both heads are of the same history')
  return { proven: { archive, log, fork, length, signed }, heads: warrant.heads }
}

/** On the disk when it returns, whatever happens next. Nothing is awaited in between: the process may be killed right after. */
export function writeWarrant(storage: string, warrant: Warrant): void {
  const folder = join(storage, WARRANTS)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, nameOf(warrant))
  const file = openSync(`${path}.tmp`, 'w', 0o600)
  try {
    writeSync(file, formatWarrant(warrant))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.tmp`, path)
  // Windows cannot open a folder.
  if (process.platform === 'win32') return
  for (const path of [folder, storage]) {
    const opened = openSync(path, 'r')
    fsyncSync(opened)
    closeSync(opened)
  }
}

/** The folder in the storage that holds them. What their names say is enough to freeze an archive, whatever is in them. */
export const WARRANTS = 'warrants'
export const nameOf = ({ archive, log, fork }: Pick<Warrant, 'archive' | 'log' | 'fork'>): string =>
  `${archive}.${log}.${fork}.json`
export function readName(name: string): Pick<Warrant, 'archive' | 'log' | 'fork'> | null {
  const match = /^([ybndrfg8ejkmcpqxot1uwisza345h769]{52})\.(list|content)\.(\d{1,15})\.json$/.exec(name)
  return match === null ? null : { archive: match[1]!, log: match[2] as Part, fork: Number(match[3]) }
}

export const encodeManifest = (manifest: unknown): Buffer => Verifier.encodeManifest(manifest)

/** Of the log that the warrant is about. Throws where its manifest is not that of the archive. */
function verifierOf({ archive, log, manifest }: Warrant): Verifier {
  const key = decodeKey(archive)
  const decoded = tried(() => Verifier.decodeManifest(manifest), 'it was changed')
  if (!Verifier.encodeManifest(decoded).equals(manifest)) throw new Error('it was changed')
  const isCompat = Verifier.isCompat(key, decoded)
  if (!isCompat && !Verifier.isValidManifest(key, decoded)) throw new Error('its key is not that of the archive')
  if (log === 'list') return new Verifier(key, decoded)
  const content = isCompat ? null : Hyperdrive.getContentManifest(decoded, key)
  if (content === null) throw new Error('the log of content of this archive does not follow from its key')
  return new Verifier(Hypercore.key(content), Verifier.createManifest(content))
}

/** The length that was signed. */
function verified(verifier: Verifier, { fork, length }: Warrant, head: Head): number {
  const places = fullRoots(2 * length)
  if (length < 1 || head.nodes.length !== places.length || head.nodes.some(({ index }, at) => index !== places[at]))
    throw new Error('its roots are not those of its length')
  const proof = { fork, block: null, hash: null, seek: null, upgrade: { start: 0, length, ...head } }
  const whole = tried(() => lib.MerkleTree.verifyFullyRemote(NOTHING, proof), 'its tree does not fit together')
  if (!isCanonical(verifier, head.signature) || !tried(() => verifier.verify(whole, head.signature), 'it was changed'))
    throw new Error('a signature in it is not that of the archive')
  return whole.length
}

/** What is in a signature beside what is verified could be changed without being noticed. */
function isCanonical({ version, quorum, allowPatch }: Verifier, signature: Buffer): boolean {
  if (version === 0) return signature.byteLength === 64
  const { proofs, patch } = tried(() => multisig.inflate(signature), 'a signature in it was changed')
  if (!multisig.assemble(proofs.map(proof => ({ ...proof, nodes: patch }))).equals(signature)) return false
  return allowPatch || (proofs.length === quorum && patch.length === 0 && proofs.every(proof => proof.patch === 0))
}

const NOTHING = {
  fork: 0,
  roots: [],
  length: 0,
  byteLength: 0,
  signature: null,
  prologue: null,
  storage: null,
} as const

const hashOf = ({ nodes }: Pick<Head, 'nodes'>): Buffer => tree(nodes)

const nodesOf = (list: readonly (readonly [number, number, string])[]): readonly Hypercore.TreeNode[] =>
  list.map(([index, size, hash]) => ({ index, size, hash: Buffer.from(hash, 'hex') }))

function tried<T>(what: () => T, why: string): T {
  try {
    return what()
  } catch {
    throw new Error(why)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
