/** The classic picture of bytes: offset, sixteen bytes, and the letters among them. */
export function hexDump(bytes: Uint8Array, start = 0): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const pairs = row.map(byte => byte.toString(16).padStart(2, '0'))
    const hex = `${pairs.slice(0, 8).join(' ').padEnd(23)}  ${pairs.slice(8).join(' ').padEnd(23)}`
    const letters = row.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
    lines.push(`${(start + at).toString(16).padStart(8, '0')}  ${hex}  ${letters}`)
  }
  return lines.join('\n')
}
