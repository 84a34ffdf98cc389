/** What the first bytes of a picture say, honest and hostile. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { imageHeader } from '../../renderer/ui/image-header.ts'
import { png } from '../renderer-publish/samples.ts'

/** A JPEG as a camera begins it: EXIF in either order of bytes, a small picture in it, and the size of the large one. */
function jpeg(little: boolean): Buffer {
  const tiff = Buffer.alloc(300)
  const short = (value: number, at: number) => (little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at))
  const long = (value: number, at: number) => (little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at))
  tiff.write(little ? 'II' : 'MM', 0)
  short(42, 2)
  long(8, 4)
  const value = (at: number, tag: number, type: number, count: number, number: number) => {
    short(tag, at)
    short(type, at + 2)
    long(count, at + 4)
    if (type === 3) short(number, at + 8)
    else long(number, at + 8)
  }
  short(4, 8)
  value(10, 0x10f, 2, 6, 200)
  value(22, 0x110, 2, 10, 210)
  value(34, 0x112, 3, 1, 6)
  value(46, 0x8769, 4, 1, 100)
  long(130, 58)
  short(1, 100)
  value(102, 0x9003, 2, 20, 220)
  short(2, 130)
  value(132, 0x201, 4, 1, 250)
  value(144, 0x202, 4, 1, 40)
  tiff.write('Canon\0', 200)
  tiff.write('Canon EOS\0', 210)
  tiff.write('2024:05:01 18:30:00\0', 220)
  const segment = (marker: number, body: Buffer) => {
    const head = Buffer.from([0xff, marker, 0, 0])
    head.writeUInt16BE(body.length + 2, 2)
    return Buffer.concat([head, body])
  }
  const frame = Buffer.from([8, 0x0b, 0xb8, 0x0f, 0xa0, 3])
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from('JFIF\0')),
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), tiff])),
    segment(0xc0, frame),
  ])
}

test('size, camera, time and the small picture are found', () => {
  expect(imageHeader(png(640, 400))).toMatchObject({ width: 640, height: 400, orientation: 1, small: null })
  for (const little of [true, false]) {
    const bytes = jpeg(little)
    const tiff = bytes.indexOf('Exif') + 6
    expect(imageHeader(bytes)).toEqual({
      width: 4000,
      height: 3000,
      orientation: 6,
      small: { start: tiff + 250, end: tiff + 290 },
      taken: '2024:05:01 18:30:00',
      camera: 'Canon EOS',
    })
  }
  expect(imageHeader(Buffer.from('GIF89a\x10\x00\x20\x00', 'latin1'))).toMatchObject({ width: 16, height: 32 })
  expect(imageHeader(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toBeNull()
})

test('whatever the bytes are, it says something or nothing, and points nowhere else', () => {
  const whole = jpeg(true)
  const bent = fc
    .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 })
    .map(changes => changes.reduce((bytes, [at, byte]) => (bytes.set([byte], at), bytes), Uint8Array.from(whole)))
  const cut = fc.nat(whole.length).map(length => Uint8Array.from(whole).subarray(0, length))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), bent, cut), bytes => {
      const header = imageHeader(bytes)
      if (header === null) return
      expect(header.width).toBeGreaterThanOrEqual(0)
      expect(header.orientation).toBeGreaterThanOrEqual(1)
      expect(header.orientation).toBeLessThanOrEqual(8)
      if (header.small !== null) expect(header.small.end).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 3000 },
  )
})
