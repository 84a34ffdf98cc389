/**
 * What the first bytes of a picture say of it: how large it is once it is decoded, and what its camera wrote. Read before
 * anything is decoded, because a few bytes may claim a picture that fills all memory. Everything is bounded by the bytes
 * that are given; what does not add up is left out.
 */
export type ImageHeader = {
  /** Pixels, as stored: before it is turned. */
  readonly width: number
  readonly height: number
  /** As EXIF counts: 1 is upright, from 5 on width and height change places. */
  readonly orientation: number
  /** Where a small JPEG of it lies in these bytes. */
  readonly small: { readonly start: number; readonly end: number } | null
  /** `2024:05:01 18:30:00`, by the clock of the camera. */
  readonly taken: string | null
  readonly camera: string | null
}

/** null: none of the kinds that are known here, or cut off before its size. */
export function imageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const size = png(view) ?? gif(view) ?? bmp(view) ?? webp(view) ?? avif(view)
    if (size !== null) return { ...size, orientation: 1, small: null, taken: null, camera: null }
    return jpeg(view)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

type Size = { readonly width: number; readonly height: number }

const tag = (view: DataView, at: number) =>
  String.fromCharCode(...[0, 1, 2, 3].map(offset => view.getUint8(at + offset)))

function png(view: DataView): Size | null {
  if (view.getUint32(0) !== 0x89504e47) return null
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

function gif(view: DataView): Size | null {
  if (tag(view, 0) !== 'GIF8') return null
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

function bmp(view: DataView): Size | null {
  if (view.getUint16(0) !== 0x424d) return null
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) }
}

function webp(view: DataView): Size | null {
  if (tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WEBP') return null
  const short = (at: number) => view.getUint16(at, true)
  switch (tag(view, 12)) {
    case 'VP8 ':
      return { width: short(26) & 0x3fff, height: short(28) & 0x3fff }
    case 'VP8L': {
      const bits = view.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return {
        width: (short(24) | (view.getUint8(26) << 16)) + 1,
        height: (short(27) | (view.getUint8(29) << 16)) + 1,
      }
    default:
      return null
  }
}

/** The largest of the sizes that it names, one for each of its layers. */
function avif(view: DataView): Size | null {
  if (tag(view, 4) !== 'ftyp' || !/^avi[fs]$|^mif1$/.test(tag(view, 8))) return null
  let found: Size | null = null
  for (let at = 12; at + 16 <= Math.min(view.byteLength, 16_384); at++) {
    if (view.getUint32(at) !== 0x69737065) continue
    const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) }
    if (found === null || size.width * size.height > found.width * found.height) found = size
  }
  return found
}

function jpeg(view: DataView): ImageHeader | null {
  if (view.getUint16(0) !== 0xffd8) return null
  let exif: Exif = NO_EXIF
  let at = 2
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at++
      continue
    }
    const length = view.getUint16(at + 2)
    if (length < 2) return null
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), ...exif }
    if (marker === 0xe1 && exif === NO_EXIF && tag(view, at + 4) === 'Exif')
      exif = readExif(view, at + 10, at + 2 + length)
    at += 2 + length
  }
  return null
}

type Exif = Pick<ImageHeader, 'orientation' | 'small' | 'taken' | 'camera'>
const NO_EXIF: Exif = { orientation: 1, small: null, taken: null, camera: null }

function readExif(view: DataView, start: number, end: number): Exif {
  try {
    const little = view.getUint16(start) === 0x4949
    const short = (at: number) => view.getUint16(at, little)
    const long = (at: number) => view.getUint32(at, little)
    /** A table of twelve bytes for each value, and where the next table is. */
    const table = (offset: number) => {
      const at = start + offset
      const values = new Map<number, number>()
      if (offset === 0 || at + 2 > end) return { values, next: 0 }
      const count = Math.min(short(at), 200)
      for (let index = 0; index < count; index++) values.set(short(at + 2 + index * 12), at + 2 + index * 12)
      const after = at + 2 + count * 12
      return { values, next: after + 4 <= end ? long(after) : 0 }
    }
    const text = (at: number | undefined): string => {
      if (at === undefined || short(at + 2) !== 2) return ''
      const length = Math.min(long(at + 4), 100)
      const from = length <= 4 ? at + 8 : start + long(at + 8)
      if (from + length > end) return ''
      return Array.from({ length }, (_, index) => view.getUint8(from + index))
        .filter(code => code >= 0x20 && code < 0x7f)
        .map(code => String.fromCharCode(code))
        .join('')
        .trim()
    }
    const number = (at: number | undefined) =>
      at === undefined ? 0 : short(at + 2) === 3 ? short(at + 8) : long(at + 8)

    const main = table(long(start + 4))
    const pointer = main.values.get(0x8769)
    const details = pointer === undefined ? main : table(number(pointer))
    const second = table(main.next)
    const orientation = number(main.values.get(0x112))
    const make = text(main.values.get(0x10f))
    const model = text(main.values.get(0x110))
    const taken = text(details.values.get(0x9003)) || text(main.values.get(0x132))
    const smallAt = start + number(second.values.get(0x201))
    const smallEnd = smallAt + number(second.values.get(0x202))
    return {
      orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
      small: smallAt > start && smallEnd > smallAt && smallEnd <= end ? { start: smallAt, end: smallEnd } : null,
      taken: /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/.test(taken) ? taken : null,
      camera: (model.startsWith(make) ? model : `${make} ${model}`).trim() || null,
    }
  } catch (error) {
    if (error instanceof RangeError) return NO_EXIF
    throw error
  }
}
