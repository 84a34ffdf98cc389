/** What the person decides on the sheet, and what follows from it for the files that are on their way. */
import type { PublishReview } from '../../../preload/contract/models.ts'
import { archivePath, type DroppedFile } from './dropped.ts'
import type { OutgoingFile } from './framing.ts'

export type Choices = {
  readonly title: string
  readonly private: boolean
  /** The explicit extra yes to what looks private. */
  readonly includeSuspicious: boolean
  /** Taken out by hand. */
  readonly exclude: ReadonlySet<string>
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
): readonly OutgoingFile[] {
  const names = new Set(leftOut)
  return files.flatMap(({ path, file }) => {
    const inArchive = archivePath(path, root)
    if (names.has(path) || names.has(inArchive)) return []
    return [
      {
        path: into === null ? inArchive : archivePath(path, null),
        size: file.size,
        modified: file.lastModified,
        content: file,
      },
    ]
  })
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
