/** Hostile text made safe to look at: what would reorder or hide letters is spelled out where it stands. */
import type { TextEncoding } from './kinds.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** Zero-width joiners stay: emoji and several scripts are written with them. */
export function revealed(text: string): string {
  return text.replace(HIDDEN, found => `⟦U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟧`)
}

/** The text of a file's first bytes. A letter that the cut splits is left for the next part. */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding, whole: boolean): string {
  return revealed(new TextDecoder(encoding).decode(bytes, { stream: !whole })).replaceAll(/\r\n?/g, '\n')
}

/** The text of a file's last bytes, from its first whole line on, if there is one soon; of a file that is all there, all of it. */
export function decodeEnd(bytes: Uint8Array, encoding: TextEncoding, whole: boolean): string {
  if (whole) return decodeText(bytes, encoding, true)
  // What is left of a letter that the cut splits.
  const letter = encoding === 'utf-8' ? bytes.findIndex(byte => (byte & 0xc0) !== 0x80) : 0
  const text = decodeText(bytes.subarray(Math.max(0, letter)), encoding, true)
  const line = text.indexOf('\n')
  return line >= 0 && line < FIRST_LINE ? text.slice(line + 1) : text
}

/** Letters. */
const FIRST_LINE = 10_000

export function countLines(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < text.length - 1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
