/**
 * Names in archives come from others and may lie: with invisible characters, or with ones that turn the direction of
 * the text. Here a name is split into what can be shown as it is and what must be shown as a code.
 */

export type NamePart = { readonly text: string } | { readonly code: string }

/** Controls, formats, line and paragraph separators, lone surrogates, and letters that look like nothing. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115F\u1160\u3164\uFFA0\u2800\u034F\u17B4\u17B5]/u
const PICTOGRAPH = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]/u
/** Scripts in which a joiner changes how letters look, and is spelled by honest people. */
const JOINING =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Gujarati}\p{Script=Gurmukhi}]/u

const codeOf = (character: string) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

function isHonestJoiner(character: string, before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined) return false
  if (character === '\u200D' && PICTOGRAPH.test(before) && PICTOGRAPH.test(after)) return true
  return (character === '\u200D' || character === '\u200C') && JOINING.test(before) && JOINING.test(after)
}

export function partsOf(name: string): readonly NamePart[] {
  const parts: NamePart[] = []
  const characters = Array.from(name)
  let text = ''
  characters.forEach((character, index) => {
    if (!HIDDEN.test(character) || isHonestJoiner(character, characters[index - 1], characters[index + 1])) {
      text += character
      return
    }
    if (text) parts.push({ text })
    text = ''
    parts.push({ code: codeOf(character) })
  })
  if (text) parts.push({ text })
  return parts
}

/** The name as plain text that hides nothing and turns nothing around: for labels, titles and messages. */
export const plainName = (name: string): string =>
  partsOf(name)
    .map(part => ('text' in part ? part.text : `[${part.code}]`))
    .join('')

/** The beginning of a key, for what has no name. As long as in a terminal (`main/lib/short-key.ts`). */
export const shortKey = (id: string): string => `${id.slice(0, 8)}…`

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const TAIL = 10

/**
 * The end of a name that is never cut off: its true extension and a little before it. What is before it may be cut.
 * Falls on the border of whole characters as people see them.
 */
export function splitName(name: string): { readonly head: string; readonly tail: string } {
  const graphemes = Array.from(segmenter.segment(name), part => part.segment)
  const dot = graphemes.lastIndexOf('.')
  const extension = dot > 0 ? graphemes.length - dot : 0
  const tail = extension > 0 && extension <= TAIL ? extension + 3 : 6
  if (graphemes.length <= tail + 4) return { head: name, tail: '' }
  return { head: graphemes.slice(0, -tail).join(''), tail: graphemes.slice(-tail).join('') }
}

/** Lower case, without the dot; empty if there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
}
