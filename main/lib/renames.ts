/**
 * What went under one name and came under another. An entry that names the same place in the log of content has the same
 * content: that is how a file is known again.
 */
import type Hyperblobs from 'hyperblobs'

/** `content`: by which it is known again; null: by nothing. */
export type Named = { readonly path: string; readonly content: string | null }

export const contentId = ({ blockOffset, byteOffset, byteLength }: Hyperblobs.Blob): string =>
  `${blockOffset} ${byteOffset} ${byteLength}`

/** By the path that each has now, the one that it had. Each path of both stands there once at most. */
export function renamesOf(gone: readonly Named[], come: readonly Named[]): ReadonlyMap<string, string> {
  const left = new Map<string, string[]>()
  for (const { path, content } of gone) {
    if (content === null) continue
    const paths = left.get(content)
    if (paths === undefined) left.set(content, [path])
    else paths.push(path)
  }
  const renames = new Map<string, string>()
  for (const { path, content } of come) {
    const from = content === null ? undefined : left.get(content)?.shift()
    if (from !== undefined) renames.set(path, from)
  }
  return renames
}
