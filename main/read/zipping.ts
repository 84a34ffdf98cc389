/** A zip of what was chosen in one version of an archive: planned from the list, and then streamed from its peers. */
import { AppError } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { Archive } from '../archives/archive.ts'
import { ZipNamePolicy } from '../lib/names.ts'
import { readBlob } from './blob.ts'
import type { ArchiveFile } from './entries.ts'
import { contentsOf, fromTheStart, SetAside } from './pipeline.ts'
import { inFetchOrder, select } from './selection.ts'
import { Zip } from './zip.ts'

export type PlannedZip = {
  /** Of the whole zip, in bytes. */
  readonly length: number
  readonly files: number
  /** Of the contents. */
  readonly bytes: number
  /** By its names; what turns out not to be there comes on the way. */
  readonly skipped: readonly Skipped[]
  /** `skipped` hears of what is left out on the way. Waits for peers as long as it takes. */
  stream(signal: AbortSignal, skipped?: (skipped: Skipped) => void): AsyncGenerator<Buffer>
}

/** Reads the list, which may need peers. Throws PATH_NOT_FOUND, NOT_AVAILABLE. */
export async function planZip(
  archive: Archive,
  version: number,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<PlannedZip> {
  const skipped: Skipped[] = []
  const { files, links } = await archive.at(version, snapshot =>
    select(
      { drive: archive.drive, snapshot, paths, policy: new ZipNamePolicy(process.platform) },
      one => skipped.push(one),
      signal,
    ),
  )
  const ordered = inFetchOrder(files)
  const zip = new Zip({ files: ordered, links }, skipped)
  return {
    length: zip.length,
    files: zip.files,
    bytes: zip.bytes,
    skipped,
    async *stream(streamed, onSkipped) {
      const pieces = ordered.map(({ file }) => ({ target: file, file, place: fromTheStart(file) }))
      const contents = contentsOf(archive.drive, pieces, streamed)
      try {
        yield* zip.stream(file => nextOf(archive, contents, file, streamed), streamed, onSkipped)
      } finally {
        await contents.return(undefined)
      }
    },
  }
}

type AllContents = ReturnType<typeof contentsOf<ArchiveFile>>

/** Files are asked for in the order in which they are on their way. */
async function* nextOf(
  archive: Archive,
  contents: AllContents,
  file: ArchiveFile,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { value, done } = await contents.next()
  if (done === true || value.target !== file) throw new Error('The contents of a zip are out of order')
  let read = 0
  try {
    for await (const chunk of value.chunks) {
      read += chunk.byteLength
      yield chunk
    }
  } catch (error) {
    if (!(error instanceof SetAside)) throw error
    if (read > file.size)
      throw new AppError('NOT_AVAILABLE', 'It is not as long as it says.', { key: '', path: file.path })
    // A zip has one order: what nobody has now is waited for.
    yield* readBlob(archive.drive, file, { start: read, length: file.size - read }, signal, null)
  }
}
