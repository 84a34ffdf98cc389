/**
 * `npm run icons`: draws all pictures of Cairn anew from their three sources, `icon.svg`, `icon-small.svg` (up to 32
 * pixels) and `tray.svg`, in a Chromium. What was drawn is committed, with the digests of the sources it was drawn from:
 * builds need no browser, and a test says when a source was changed and its pictures were not.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { deflateSync } from 'node:zlib'
import { chromium } from 'playwright-core'

const resources = resolve(import.meta.dirname, '..')
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
const SMALL = 32
/** Of `icon.svg`, macOS wants less: its own icons stand in a margin. */
const MAC_MARGIN = 0.06

/**
 * One colour each, by the panel that it stands on. Linux does not say which that is, so what is drawn for it is seen on
 * both. Electron finds the denser pictures beside the one that it is told.
 */
const TRAYS = [
  { name: 'trayTemplate', colour: '#000', base: 16, densities: [1, 2] },
  { name: 'trayOnLight', colour: '#1c1917', base: 16, densities: [1, 1.25, 1.5, 2] },
  { name: 'trayOnDark', colour: '#f5f5f4', base: 16, densities: [1, 1.25, 1.5, 2] },
  { name: 'tray', colour: '#14918a', base: 32, densities: [1] },
]

const sources = Object.fromEntries(
  await Promise.all(
    ['icon.svg', 'icon-small.svg', 'tray.svg'].map(async name => [name, await readFile(join(resources, name), 'utf8')]),
  ),
)
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ['--no-sandbox', '--disable-background-networking', '--disable-gpu', '--force-color-profile=srgb'],
})
try {
  const page = await browser.newPage()
  const draw = (svg, size, options) => drawn(page, svg, size, options)
  const icon = size => draw(sources[size <= SMALL ? 'icon-small.svg' : 'icon.svg'], size)

  await rm(join(resources, 'icons'), { recursive: true, force: true })
  await mkdir(join(resources, 'icons'))
  const icons = new Map()
  for (const size of [...SIZES, 20, 40]) icons.set(size, await icon(size))
  for (const size of SIZES) await write(`icons/${size}x${size}.png`, png(icons.get(size)))
  await write('icon.png', png(icons.get(512)))
  await write('icons/icon.ico', ico([16, 20, 24, 32, 40, 48, 64, 256].map(size => icons.get(size))))
  const mac = new Map()
  for (const size of [16, 32, 64, 128, 256, 512, 1024])
    mac.set(size, size <= SMALL ? icons.get(size) : await draw(sources['icon.svg'], size, { margin: MAC_MARGIN }))
  await write('icons/icon.icns', icns(mac))

  for (const { name, colour, base, densities } of TRAYS) {
    const inked = sources['tray.svg'].replace('<svg ', `<svg fill="${colour}" `)
    for (const density of densities)
      await write(`${name}${density === 1 ? '' : `@${density}x`}.png`, png(await draw(inked, base * density)))
  }
} finally {
  await browser.close()
}
const digests = Object.entries(sources).map(([name, text]) => [name, createHash('sha256').update(text).digest('hex')])
await write('icons/drawn-from.json', `${JSON.stringify(Object.fromEntries(digests), null, 2)}\n`)

function chromiumPath() {
  const found = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(path => path && existsSync(path))
  return found ?? chromium.executablePath()
}

async function write(name, bytes) {
  await writeFile(join(resources, name), bytes)
}

/** Its pixels as RGBA, not premultiplied, rows from the top. */
async function drawn(page, svg, size, { margin = 0 } = {}) {
  const base64 = await page.evaluate(
    async ([text, size, margin]) => {
      const image = new Image()
      // Without a size of its own, an SVG is drawn in 300 by 150 and scaled.
      image.src = `data:image/svg+xml,${encodeURIComponent(text.replace('<svg ', `<svg width="${size}" height="${size}" `))}`
      await image.decode()
      const canvas = new OffscreenCanvas(size, size)
      const context = canvas.getContext('2d', { colorSpace: 'srgb' })
      const edge = Math.round(size * margin)
      context.drawImage(image, edge, edge, size - 2 * edge, size - 2 * edge)
      const { data } = context.getImageData(0, 0, size, size)
      let binary = ''
      for (let at = 0; at < data.length; at += 8192) binary += String.fromCharCode(...data.subarray(at, at + 8192))
      return btoa(binary)
    },
    [svg, size, margin],
  )
  return { size, pixels: Buffer.from(base64, 'base64') }
}

/** Without anything that would differ between two drawings of the same picture. */
function png({ size, pixels }) {
  const rows = []
  for (let y = 0; y < size; y++) rows.push(Buffer.from([0]), pixels.subarray(y * size * 4, (y + 1) * size * 4))
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 6, 0, 0, 0], 8)
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(body.length + 8)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(crc(body), body.length + 4)
    return out
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function crc(bytes) {
  let value = ~0
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (0xedb88320 & -(value & 1))
  }
  return ~value >>> 0
}

/** Windows: PNG from 256 pixels on, bitmaps below, which everything reads. */
function ico(pictures) {
  const images = pictures.map(picture => (picture.size >= 256 ? png(picture) : bitmap(picture)))
  const header = Buffer.alloc(6 + 16 * images.length)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(images.length, 4)
  let offset = header.length
  for (const [index, image] of images.entries()) {
    const at = 6 + 16 * index
    const size = pictures[index].size % 256
    header.set([size, size, 0, 0, 1, 0, 32, 0], at)
    header.writeUInt32LE(image.length, at + 8)
    header.writeUInt32LE(offset, at + 12)
    offset += image.length
  }
  return Buffer.concat([header, ...images])
}

function bitmap({ size, pixels }) {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40, 0)
  header.writeInt32LE(size, 4)
  // Twice: the colours, and below them the mask of which nobody takes notice beside an alpha channel.
  header.writeInt32LE(size * 2, 8)
  header.writeUInt16LE(1, 12)
  header.writeUInt16LE(32, 14)
  const colours = Buffer.alloc(size * size * 4)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = ((size - 1 - y) * size + x) * 4
      const [red, green, blue, alpha] = pixels.subarray(from, from + 4)
      colours.set([blue, green, red, alpha], (y * size + x) * 4)
    }
  }
  return Buffer.concat([header, colours, Buffer.alloc(Math.ceil(size / 32) * 4 * size)])
}

/** macOS: PNG, and below 64 pixels its own packed channels, as `iconutil` writes them. */
function icns(pictures) {
  const entries = [
    ['ic04', argb(pictures.get(16))],
    ['ic05', argb(pictures.get(32))],
    ['ic07', png(pictures.get(128))],
    ['ic08', png(pictures.get(256))],
    ['ic09', png(pictures.get(512))],
    ['ic10', png(pictures.get(1024))],
    ['ic11', png(pictures.get(32))],
    ['ic12', png(pictures.get(64))],
    ['ic13', png(pictures.get(256))],
    ['ic14', png(pictures.get(512))],
  ].map(([type, data]) => {
    const head = Buffer.alloc(8)
    head.write(type, 'latin1')
    head.writeUInt32BE(data.length + 8, 4)
    return Buffer.concat([head, data])
  })
  const head = Buffer.alloc(8)
  head.write('icns', 'latin1')
  head.writeUInt32BE(entries.reduce((sum, { length }) => sum + length, 8), 4)
  return Buffer.concat([head, ...entries])
}

function argb({ pixels }) {
  const channel = index => packed(pixels.filter((_, at) => at % 4 === index))
  return Buffer.concat([Buffer.from('ARGB'), ...[3, 0, 1, 2].map(channel)])
}

/** Runs of 3 to 130 equal bytes as their length and one byte, others as up to 128 bytes behind their number. */
function packed(bytes) {
  const out = []
  const runAt = at => {
    let end = at + 1
    while (end < bytes.length && bytes[end] === bytes[at] && end - at < 130) end++
    return end - at
  }
  for (let at = 0; at < bytes.length; ) {
    const run = runAt(at)
    if (run >= 3) {
      out.push(run + 125, bytes[at])
      at += run
      continue
    }
    let end = at
    while (end < bytes.length && end - at < 128 && runAt(end) < 3) end++
    out.push(end - at - 1, ...bytes.subarray(at, end))
    at = end
  }
  return Buffer.from(out)
}
