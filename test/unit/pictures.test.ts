/** The pictures in resources/: drawn from the sources that are there now, and in the forms that each system reads. */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { traySign } from '../../main/electron/faces.ts'

const resources = resolve(import.meta.dirname, '../../resources')
const read = (name: string) => readFileSync(join(resources, name))

/** Pixels as RGBA, of a PNG without interlacing, palettes or filters. */
function pictureOf(png: Buffer) {
  expect(png.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n')
  const size = png.readUInt32BE(16)
  expect(png.readUInt32BE(20)).toBe(size)
  expect([...png.subarray(24, 29)]).toEqual([8, 6, 0, 0, 0])
  const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)))
  const pixels = Array.from({ length: size }, (_, y) => rows.subarray(y * (size * 4 + 1) + 1, (y + 1) * (size * 4 + 1)))
  const at = (x: number, y: number) => [...pixels[y]!.subarray(x * 4, x * 4 + 4)] as [number, number, number, number]
  const all = () => Array.from({ length: size * size }, (_, index) => at(index % size, Math.floor(index / size)))
  return { size, at, all }
}

test('they were drawn from the sources that are there: npm run icons', () => {
  const drawnFrom = JSON.parse(read('icons/drawn-from.json').toString()) as Record<string, string>
  const digests = Object.keys(drawnFrom).map(name => [name, createHash('sha256').update(read(name)).digest('hex')])
  expect(Object.fromEntries(digests)).toEqual(drawnFrom)
  expect(
    readdirSync(resources)
      .filter(name => name.endsWith('.svg'))
      .sort(),
  ).toEqual(Object.keys(drawnFrom).sort())
})

test.each([16, 24, 32, 48, 64, 128, 256, 512, 1024])('an icon of %i pixels shows three stones, apart', size => {
  const picture = pictureOf(read(`icons/${size}x${size}.png`))
  expect(picture.size).toBe(size)
  expect(picture.at(0, 0)[3]).toBeLessThan(255)
  // Down the middle: light stones on dark, three times in the small ones, where they would run together otherwise.
  const column = Array.from({ length: size }, (_, y) => picture.at(size / 2, y)[0] > 140)
  const stones = column.filter((light, y) => light && !column[y - 1]).length
  expect(stones).toBe(size <= 32 ? 3 : 1)
})

test('Windows finds each size that it asks for', () => {
  const ico = read('icons/icon.ico')
  expect([...ico.subarray(0, 4)]).toEqual([0, 0, 1, 0])
  const entries = Array.from({ length: ico.readUInt16LE(4) }, (_, index) => 6 + 16 * index)
  expect(entries.map(at => ico[at] || 256)).toEqual([16, 20, 24, 32, 40, 48, 64, 256])
  for (const at of entries) {
    const size = ico[at] || 256
    const image = ico.subarray(ico.readUInt32LE(at + 12), ico.readUInt32LE(at + 12) + ico.readUInt32LE(at + 8))
    if (size === 256) expect(pictureOf(image).size).toBe(256)
    else {
      expect([image.readUInt32LE(0), image.readInt32LE(4), image.readInt32LE(8)]).toEqual([40, size, size * 2])
      expect(image.length).toBe(40 + size * size * 4 + Math.ceil(size / 32) * 4 * size)
      if (size > 32) continue
      // From the bottom row, blue before red: the same as the picture of that size.
      const middle = 40 + ((size - 1 - Math.floor(size / 2)) * size + size / 2) * 4
      const [blue, green, red, alpha] = image.subarray(middle)
      if (size !== 20)
        expect([red, green, blue, alpha]).toEqual(pictureOf(read(`icons/${size}x${size}.png`)).at(size / 2, size / 2))
    }
  }
})

test('macOS finds each size that it asks for, the small ones in its own packing', () => {
  const icns = read('icons/icon.icns')
  expect(icns.toString('latin1', 0, 4)).toBe('icns')
  expect(icns.readUInt32BE(4)).toBe(icns.length)
  const found = new Map<string, Buffer>()
  for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4))
    found.set(icns.toString('latin1', at, at + 4), icns.subarray(at + 8, at + icns.readUInt32BE(at + 4)))
  const sizes = { ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 }
  for (const [type, size] of Object.entries(sizes)) expect(pictureOf(found.get(type)!).size).toBe(size)
  for (const [type, size] of [
    ['ic04', 16],
    ['ic05', 32],
  ] as const) {
    const data = found.get(type)!
    expect(data.toString('latin1', 0, 4)).toBe('ARGB')
    const channels: number[] = []
    for (let at = 4; at < data.length; ) {
      const head = data[at]!
      if (head < 128) channels.push(...data.subarray(at + 1, at + 2 + head))
      else channels.push(...Array.from({ length: head - 125 }, () => data[at + 1]!))
      at += head < 128 ? head + 2 : 2
    }
    const pixels = size * size
    expect(channels).toHaveLength(pixels * 4)
    const argb = Array.from({ length: pixels }, (_, index) =>
      [0, 1, 2, 3].map(channel => channels[channel * pixels + index]!),
    )
    const rgba = pictureOf(read(`icons/${size}x${size}.png`)).all()
    expect(argb).toEqual(rgba.map(([red, green, blue, alpha]) => [alpha, red, green, blue]))
  }
})

test('the sign of each system is there', () => {
  for (const platform of ['darwin', 'linux', 'win32'] as const)
    for (const isDark of [true, false]) expect(pictureOf(read(traySign(platform, isDark))).size).toBeGreaterThan(15)
  expect(traySign('win32', true)).not.toBe(traySign('win32', false))
})

test('what stands in a panel has one colour, and is seen on it', () => {
  const inks = { trayTemplate: [0, 0, 0], trayOnLight: [28, 25, 23], trayOnDark: [245, 245, 244], tray: [20, 145, 138] }
  for (const name of readdirSync(resources).filter(name => /^tray.*\.png$/.test(name))) {
    const [, kind, density = '1'] = /^([a-zA-Z]+)(?:@([\d.]+)x)?\.png$/.exec(name)!
    const picture = pictureOf(read(name))
    const { size } = picture
    const all = picture.all()
    expect(size).toBe((kind === 'tray' ? 32 : 16) * Number(density))
    const solid = all.filter(([, , , alpha]) => alpha === 255)
    expect(solid.length / all.length).toBeGreaterThan(0.25)
    for (const [red, green, blue] of solid) expect([red, green, blue]).toEqual(inks[kind as keyof typeof inks])
    // Whatever is half opaque has it as well, but for what rounding leaves.
    for (const [red, , , alpha] of all)
      if (alpha > 40) expect(Math.abs(red - inks[kind as keyof typeof inks][0]!)).toBeLessThan(6)
  }
})
