/** Reads a zip as a reader does that trusts its directory, and checks that the heads before the contents say the same. */
import { crc32 } from 'node:zlib'

export type Zipped = { readonly content: Buffer; readonly mode: number; readonly seconds: number | null }

/** By name. Throws for whatever does not fit together. */
export function readZip(zip: Buffer): Map<string, Zipped> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end !== zip.byteLength - 22) throw new Error('The zip does not end with its end')
  const count = zip.readUInt16LE(end + 10)
  const found = new Map<string, Zipped>()
  let at = zip.readUInt32LE(end + 16)
  for (let index = 0; index < count; index++) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error(`No entry of the directory at ${at}`)
    const [flags, crc, stored, size] = [
      zip.readUInt16LE(at + 8),
      zip.readUInt32LE(at + 16),
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 24),
    ]
    const [nameLength, extraLength] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)]
    const mode = zip.readUInt32LE(at + 38) >>> 16
    const local = zip.readUInt32LE(at + 42)
    const name = zip.subarray(at + 46, at + 46 + nameLength).toString()
    const extra = zip.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength)
    if (zip.readUInt32LE(local) !== 0x04034b50) throw new Error(`No head of ${name} at ${local}`)
    if ((flags & 0x0800) === 0 || stored !== size) throw new Error(`${name} is not as it should be`)
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const content = zip.subarray(begin, begin + size)
    if (zip.subarray(local + 30, local + 30 + nameLength).toString() !== name) throw new Error(`Two names for ${name}`)
    if (crc32(content) !== crc) throw new Error(`The checksum of ${name} is wrong`)
    if (found.has(name)) throw new Error(`${name} is there twice`)
    const seconds = extra.byteLength >= 9 && extra.readUInt16LE(0) === 0x5455 ? extra.readInt32LE(5) : null
    found.set(name, { content, mode, seconds })
    at += 46 + nameLength + extraLength + zip.readUInt16LE(at + 32)
  }
  if (at !== end) throw new Error('The directory does not end where it should')
  return found
}
