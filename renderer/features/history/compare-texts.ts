/**
 * Two versions of a text, line by line and within lines word by word. Runs in a worker: a text may be made to take for ever,
 * and is given up after a while.
 */
import { diffArrays, diffWordsWithSpace } from 'diff'
import { encodingOf } from '../../ui/kinds.ts'
import { decodeText } from '../../ui/text.ts'

/** Bytes of each version, and lines. */
export const MOST_BYTES = 1 << 20
export const MOST_LINES = 20_000
/** Milliseconds for lines, and then for the words of all of them. */
const LINES_TIME = 2000
const WORDS_TIME = 400
/** Letters of a line that are shown, and up to which its words are compared. */
const SHOWN = 2000

/** `more`: letters that are not shown. `marks`: from and to which letter it differs from the line on the other side. */
export type Line = {
  readonly text: string
  readonly more: number
  readonly marks: readonly (readonly [from: number, to: number])[]
}

/** `before` and `after`: the numbers of its first lines. */
export type Stretch =
  | { readonly kind: 'same'; readonly before: number; readonly after: number; readonly lines: readonly Line[] }
  | {
      readonly kind: 'changed'
      readonly before: number
      readonly after: number
      readonly removed: readonly Line[]
      readonly added: readonly Line[]
    }

export type TextComparison =
  | {
      readonly name: 'compared'
      readonly stretches: readonly Stretch[]
      readonly removed: number
      readonly added: number
    }
  /** Only ends of lines or the encoding differ. */
  | { readonly name: 'alike' }
  /** At least one of them is no text. */
  | { readonly name: 'no-text' }
  | { readonly name: 'too-many-lines' }
  | { readonly name: 'too-long' }

/** null: there was or is no such file. */
export function compareTexts(before: Uint8Array | null, after: Uint8Array | null): TextComparison {
  const [had, has] = [textOf(before), textOf(after)]
  if (had === null || has === null) return { name: 'no-text' }
  const [left, right] = [linesOf(had), linesOf(has)]
  if (Math.max(left.length, right.length) > MOST_LINES) return { name: 'too-many-lines' }
  const found = diffArrays([...left], [...right], { timeout: LINES_TIME })
  if (found === undefined) return { name: 'too-long' }
  if (found.every(({ added, removed }) => !added && !removed)) return { name: 'alike' }
  const until = performance.now() + WORDS_TIME
  const stretches: Stretch[] = []
  let [atBefore, atAfter, allRemoved, allAdded] = [1, 1, 0, 0]
  for (let index = 0; index < found.length; index++) {
    const part = found[index]!
    if (!part.added && !part.removed) {
      stretches.push({ kind: 'same', before: atBefore, after: atAfter, lines: part.value.map(text => shown(text, [])) })
      atBefore += part.count
      atAfter += part.count
      continue
    }
    const next = found[index + 1]
    const isPair = next !== undefined && (part.removed ? next.added : next.removed)
    if (isPair) index++
    const both = isPair ? [part, next] : [part]
    const removed = both.find(one => one.removed)?.value ?? []
    const added = both.find(one => one.added)?.value ?? []
    stretches.push({ kind: 'changed', before: atBefore, after: atAfter, ...marked(removed, added, until) })
    atBefore += removed.length
    atAfter += added.length
    allRemoved += removed.length
    allAdded += added.length
  }
  return { name: 'compared', stretches, removed: allRemoved, added: allAdded }
}

function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return ''
  const encoding = encodingOf(bytes, true)
  return encoding === null ? null : decodeText(bytes, encoding, true)
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

type Marks = Line['marks']

const shown = (text: string, marks: Marks): Line => ({
  text: text.slice(0, SHOWN),
  more: Math.max(0, text.length - SHOWN),
  marks: marks.filter(([from]) => from < SHOWN).map(([from, to]) => [from, Math.min(to, SHOWN)] as const),
})

/** Lines are compared with those that stand in their place. */
function marked(
  removed: readonly string[],
  added: readonly string[],
  until: number,
): { readonly removed: readonly Line[]; readonly added: readonly Line[] } {
  const pairs = removed.map((text, index) => {
    const other = added[index]
    return other === undefined ? null : wordsOf(text, other, until)
  })
  return {
    removed: removed.map((text, index) => shown(text, pairs[index]?.removed ?? [])),
    added: added.map((text, index) => shown(text, pairs[index]?.added ?? [])),
  }
}

/** null: they have so little in common that marks would only be in the way, or there is no time left. */
function wordsOf(
  before: string,
  after: string,
  until: number,
): { readonly removed: Marks; readonly added: Marks } | null {
  const timeout = until - performance.now()
  if (timeout <= 0 || Math.max(before.length, after.length) > SHOWN) return null
  const parts = diffWordsWithSpace(before, after, { timeout })
  if (parts === undefined) return null
  const removed: [number, number][] = []
  const added: [number, number][] = []
  let [atBefore, atAfter, same] = [0, 0, 0]
  for (const part of parts) {
    const { length } = part.value
    if (part.removed) removed.push([atBefore, atBefore + length])
    else if (part.added) added.push([atAfter, atAfter + length])
    else same += part.value.trim().length
    if (!part.added) atBefore += length
    if (!part.removed) atAfter += length
  }
  return same * 3 < Math.min(before.trim().length, after.trim().length) ? null : { removed, added }
}
