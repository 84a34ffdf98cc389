/**
 * Archives that another program writes, step by step, with what each version holds: a put of its own, a batch, or what a
 * Cairn would have written. Contents differ in their sizes, so that a size says which content it is.
 */
import Hyperdrive from 'hyperdrive'
import fc from 'fast-check'
import { encodeKey } from '../../main/archives/links.ts'
import type { ChangedFile } from '../../preload/contract/models.ts'
import type { Person } from './backend.ts'
import type { plainPeer } from './plain.ts'

/** Sizes by paths. */
export type Contents = ReadonlyMap<string, number>
export type Version = { readonly length: number; readonly contents: Contents }

type Edit =
  | { readonly kind: 'put'; readonly path: string }
  | { readonly kind: 'touch' | 'delete'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
type Step = { readonly edits: readonly Edit[]; readonly how: 'singly' | 'batch' | 'cairn' }

const path = fc
  .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 12 }))
  .map(([folder, file]) => `/folder ${folder}/file ${file}`)
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('touch' as const), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), path, to: path }) },
)
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    edits: fc.array(edit, { minLength: 1, maxLength: 40 }),
    how: fc.constantFrom('singly' as const, 'batch' as const, 'cairn' as const),
  }),
  { minLength: 3, maxLength: 14 },
)

/** Writes them, and returns every version that there is to be looked at, oldest first. */
async function write(drive: Hyperdrive, given: readonly Step[]): Promise<readonly Version[]> {
  const contents = new Map<string, number>()
  const versions: Version[] = []
  const written = () => {
    const { length } = drive.core
    if (length > 1 && versions.at(-1)?.length !== length) versions.push({ length, contents: new Map(contents) })
  }
  const blobs = await drive.getBlobs()
  let size = 0
  let previous: number | null = null
  for (const { edits, how } of given) {
    const from = Math.max(1, drive.core.length)
    const target = how === 'singly' ? drive : drive.batch()
    for (const edit of edits) {
      const value = (await target.entry(edit.path))?.value
      if (edit.kind === 'put') {
        contents.set(edit.path, ++size)
        const blockOffset = blobs.core.length
        const byteOffset = blobs.core.byteLength
        await blobs.core.append(Buffer.alloc(size))
        const blob = { blockOffset, blockLength: 1, byteOffset, byteLength: size }
        await target.putEntry(edit.path, { executable: false, linkname: null, blob, metadata: null })
      } else if (value !== undefined) {
        if (edit.kind === 'touch') await target.putEntry(edit.path, { ...value, metadata: { mtime: size } })
        else {
          const was = contents.get(edit.path)!
          await target.del(edit.path)
          contents.delete(edit.path)
          if (how === 'singly') written()
          if (edit.kind === 'rename') {
            await target.putEntry(edit.to, value)
            contents.set(edit.to, was)
          }
        }
      }
      if (how === 'singly') written()
    }
    if (how === 'cairn') {
      const counts = { added: 0, changed: 0, removed: 0, renamed: 0, bytes: 0, files: 0, total: 0 }
      const changeset = { cairn: 1, time: 0, from, previous, ...counts, partial: false, message: `from ${from}` }
      await target.putEntry('/.cairn/changeset', { metadata: changeset })
    }
    if (how !== 'singly') await target.flush()
    if (how === 'cairn') previous = drive.core.length - 1
    written()
  }
  return versions
}

/** What was so and what is so, by path; null: it was not there. A file that is renamed went and came. */
let archives = 0

/** An archive of its own of which this was made, once all of it is known to a friend. None where nothing was written. */
export async function readByFriend(
  author: Awaited<ReturnType<typeof plainPeer>>,
  friend: Person,
  given: readonly Step[],
): Promise<{ readonly drive: Hyperdrive; readonly key: string; readonly versions: readonly Version[] }> {
  const drive = new Hyperdrive(author.store.namespace(`archive ${archives++}`))
  await drive.ready()
  const key = encodeKey(drive.key)
  const versions = await write(drive, given)
  if (versions.length > 0) {
    await author.swarm.join(drive.discoveryKey, { server: true, client: false }).flushed()
    await friend.client.archives.open({ link: `hyper://${key}` })
    const isRead = ['found', 'empty']
    await friend.archive(key, ({ state, length }) => isRead.includes(state.name) && length === drive.core.length)
  }
  return { drive, key, versions }
}

export type Net = ReadonlyMap<string, { readonly before: number | null; readonly after: number | null }>

export function netOf(files: readonly ChangedFile[]): Net {
  const net = new Map<string, { readonly before: number | null; readonly after: number | null }>()
  for (const { path, change, from, before, after } of files) {
    if (change === 'renamed') {
      net.set(from!, { before, after: null })
      net.set(path, { before: null, after })
    } else net.set(path, { before, after })
  }
  return net
}

/** One after another, oldest first, as if they were one. */
export function fold(changes: readonly Net[]): Net {
  const folded = new Map<string, { readonly before: number | null; readonly after: number | null }>()
  for (const net of changes)
    for (const [path, { before, after }] of net)
      folded.set(path, { before: folded.has(path) ? folded.get(path)!.before : before, after })
  return folded
}

/** Without what is as it was. */
export const differing = (net: Net): readonly unknown[] =>
  [...net].filter(([, { before, after }]) => before !== after).sort(([one], [other]) => (one < other ? -1 : 1))

/** Throws where a change is none that could be made to these contents. */
export function apply(contents: Contents, files: readonly ChangedFile[]): Contents {
  const after = new Map(contents)
  for (const { path, before } of files.map(file =>
    file.change === 'renamed' ? { ...file, path: file.from! } : file,
  )) {
    if ((contents.get(path) ?? null) !== before) throw new Error(`${path} was ${contents.get(path)} and not ${before}`)
    after.delete(path)
  }
  for (const { path, change, after: size } of files) {
    const isThere = contents.has(path)
    if (['added', 'renamed'].includes(change) === isThere) throw new Error(`${path} was ${isThere ? '' : 'not '}there`)
    if (size !== null) after.set(path, size)
  }
  return after
}
