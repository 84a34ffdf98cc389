/** What the person decides on the sheet, and what follows from it for the files that are on their way. */
import type { OnClash, PublishReview } from '../../../preload/contract/models.ts'
import { archivePath, type DroppedFile } from './dropped.ts'
import type { OutgoingFile } from './framing.ts'

export type Choices = {
  readonly title: string
  /** What this version is; may be empty. */
  readonly message: string
  readonly private: boolean
  /** The explicit extra yes to what looks private. */
  readonly includeSuspicious: boolean
  /** Taken out by hand. */
  readonly exclude: ReadonlySet<string>
  /** What becomes of files that stand where one of these would go. */
  readonly onClash: OnClash
}

/** Everything that stays out by the person's choice. `publish.start` leaves out what looks private by itself. */
export function excludedPaths(review: PublishReview, choices: Choices): readonly string[] {
  const suspicious = choices.includeSuspicious ? [] : review.suspicious.map(file => file.path)
  return [...new Set([...choices.exclude, ...suspicious])]
}

export type Destination = { readonly key: string; readonly folder: string }

/**
 * The dropped files that go out, under the paths that they get in the archive, or in the folder of it that receives
 * them, where a dropped folder stays a folder. What is left out is named as it will
 * lie in the archive when it begins with a slash, and as it was dropped otherwise.
 */
export function outgoingFiles(
  files: readonly DroppedFile[],
  leftOut: Iterable<string>,
  root: string | null,
  into: Destination | null,
  aside: Aside = nothingAside,
): readonly OutgoingFile[] {
  const names = new Set(leftOut)
  return files.flatMap(({ path, file }) => {
    const inArchive = archivePath(path, root)
    if (names.has(path) || names.has(inArchive)) return []
    const wanted = into === null ? inArchive : archivePath(path, null)
    const target = aside(wanted)
    return target === null ? [] : [{ path: target, size: file.size, modified: file.lastModified, content: file }]
  })
}

/** Where a file goes whose place is taken; null: nowhere. */
type Aside = (path: string) => string | null
const nothingAside: Aside = path => path

/** What was decided about files of the same name, for paths below the folder that receives them. */
export function asideOf(review: PublishReview, { onClash }: Choices, into: Destination | null): Aside {
  if (into === null || onClash === 'replace') return nothingAside
  const folder = into.folder === '/' ? '' : into.folder
  const free = new Map(review.clashes.map(clash => [clash.path, clash.free]))
  return path => {
    const beside = free.get(`${folder}${path}`)
    if (beside === undefined) return path
    return onClash === 'skip' ? null : beside.slice(folder.length)
  }
}

/** How many files become public, as far as the review can tell. */
export function countPublic(review: PublishReview, choices: Choices): number {
  return Math.max(0, review.files - excludedPaths(review, choices).length)
}

/** Their size in bytes. Only the largest and those that look private can be taken out, so that both are known. */
export function bytesPublic(review: PublishReview, choices: Choices): number {
  const sizes = new Map([...review.largest, ...review.suspicious].map(({ path, size }) => [path, size]))
  return review.bytes - excludedPaths(review, choices).reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0)
}

/** Bytes that the storage will take, without what was taken out since it was counted. */
export const roomNeeded = (review: PublishReview, choices: Choices): number =>
  review.roomNeeded - (review.bytes - bytesPublic(review, choices))
