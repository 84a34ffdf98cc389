/**
 * z-base-32, in which archive keys, secrets and hashes are written: five bits a character, most significant first,
 * in an alphabet that people mix up less. Only one spelling of the same bytes is taken: unused bits must be zero.
 */
const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769'
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]))

export function encodeZ32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    held += 8
    while (held >= 5) {
      held -= 5
      text += ALPHABET[(bits >>> held) & 31]
    }
    bits &= (1 << held) - 1
  }
  return held > 0 ? text + ALPHABET[(bits << (5 - held)) & 31] : text
}

/** The bytes, or the offset of the first character that cannot stand there. */
export function decodeZ32(text: string): { readonly bytes: Uint8Array } | { readonly wrongAt: number } {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let held = 0
  let filled = 0
  for (let index = 0; index < text.length; index++) {
    const value = VALUES.get(text.charAt(index))
    if (value === undefined) return { wrongAt: index }
    bits = (bits << 5) | value
    held += 5
    if (held < 8) continue
    held -= 8
    bytes[filled++] = (bits >>> held) & 255
    bits &= (1 << held) - 1
  }
  return bits === 0 && held < 5 ? { bytes } : { wrongAt: Math.max(0, text.length - 1) }
}
