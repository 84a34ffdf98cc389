/**
 * Sound and films of some megabytes, made here so that nobody has to trust a binary in the repository. A film's frames
 * are encoded by the browser under test; the container is written as encoders write it, with an index at its end, so
 * that a player has to jump about in the file.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'

/** Uncompressed stereo of CD quality: 176 kB for each second. */
export function wav(seconds: number): Buffer {
  const rate = 44_100
  const second = Buffer.alloc(rate * 4)
  for (let at = 0; at < rate; at++) {
    const value = Math.round(3000 * Math.sin((at / rate) * 440 * 2 * Math.PI))
    second.writeInt16LE(value, at * 4)
    second.writeInt16LE(value, at * 4 + 2)
  }
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + second.length * seconds, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(2, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * 4, 28)
  header.writeUInt16LE(4, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(second.length * seconds, 40)
  return Buffer.concat([header, ...Array.from({ length: seconds }, () => second)])
}

type Frame = { readonly key: boolean; readonly base64: string }

const WIDTH = 320
const HEIGHT = 180
const RATE = 10

/** A film (VP8 in WebM) of so many seconds, whose picture is noise, so that it is large: about `bitrate` bits a second. */
export async function film(browser: Browser, seconds: number, bitrate = 4_000_000): Promise<Buffer> {
  return Buffer.concat(webm(await encode(browser, seconds, bitrate)))
}

/** The same one after another so many times, in parts to be written one after another. */
export async function longFilm(
  browser: Browser,
  seconds: number,
  times: number,
  bitrate: number,
): Promise<readonly Buffer[]> {
  const frames = await encode(browser, seconds, bitrate)
  return webm(Array.from({ length: times }, () => frames).flat())
}

async function encode(browser: Browser, seconds: number, bitrate: number): Promise<readonly Frame[]> {
  // The encoder is there for pages of this machine, not for `about:blank`.
  const server = createServer((_, response) => response.end('<!doctype html><title>Film</title>'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const page = await browser.newPage()
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return await page.evaluate(
      async ({ seconds, bitrate, width, height, rate }) => {
        const frames: { key: boolean; base64: string }[] = []
        const failed: unknown[] = []
        const encoder = new VideoEncoder({
          output(chunk) {
            const bytes = new Uint8Array(chunk.byteLength)
            chunk.copyTo(bytes)
            let text = ''
            for (const byte of bytes) text += String.fromCharCode(byte)
            frames.push({ key: chunk.type === 'key', base64: btoa(text) })
          },
          error: error => failed.push(error),
        })
        encoder.configure({ codec: 'vp8', width, height, bitrate, framerate: rate, latencyMode: 'realtime' })
        const canvas = new OffscreenCanvas(width, height)
        const context = canvas.getContext('2d')!
        const pixels = context.createImageData(width, height)
        for (let index = 0; index < seconds * rate; index++) {
          for (let at = 0; at < pixels.data.length; at += 4) {
            pixels.data[at] = Math.random() * 256
            pixels.data[at + 1] = (index * 5) % 256
            pixels.data[at + 2] = 120
            pixels.data[at + 3] = 255
          }
          context.putImageData(pixels, 0, 0)
          const frame = new VideoFrame(canvas, { timestamp: (index * 1_000_000) / rate })
          encoder.encode(frame, { keyFrame: index % rate === 0 })
          frame.close()
        }
        await encoder.flush()
        if (failed.length > 0) throw failed[0]
        return frames
      },
      { seconds, bitrate, width: WIDTH, height: HEIGHT, rate: RATE },
    )
  } finally {
    await page.close()
    server.close()
  }
}

/** One cluster for each key frame, and an index of them after the last one. */
function webm(frames: readonly Frame[]): readonly Buffer[] {
  const milliseconds = 1000 / RATE
  const clusters: { time: number; blocks: Buffer[] }[] = []
  frames.forEach(({ key, base64 }, index) => {
    const time = Math.round(index * milliseconds)
    if (key || clusters.length === 0) clusters.push({ time, blocks: [] })
    const cluster = clusters.at(-1)!
    const head = Buffer.from([0x81, 0, 0, key ? 0x80 : 0])
    head.writeInt16BE(time - cluster.time, 1)
    cluster.blocks.push(element('a3', head, Buffer.from(base64, 'base64')))
  })
  const info = element(
    '1549a966',
    unsigned('2ad7b1', 1_000_000),
    element('4489', double(frames.length * milliseconds)),
    text('4d80', 'cairn'),
    text('5741', 'cairn'),
  )
  const picture = element('e0', unsigned('b0', WIDTH), unsigned('ba', HEIGHT))
  const tracks = element(
    '1654ae6b',
    element('ae', unsigned('d7', 1), unsigned('73c5', 1), unsigned('83', 1), text('86', 'V_VP8'), picture),
  )
  const bodies = clusters.map(({ time, blocks }) => element('1f43b675', unsigned('e7', time), ...blocks))
  const seekTo = (id: string, position: number) =>
    element('4dbb', element('53ab', Buffer.from(id, 'hex')), element('53ac', fixed(position)))
  const seekHead = (positions: readonly [number, number, number]) =>
    element(
      '114d9b74',
      seekTo('1549a966', positions[0]),
      seekTo('1654ae6b', positions[1]),
      seekTo('1c53bb6b', positions[2]),
    )
  const start = seekHead([0, 0, 0]).length
  const first = start + info.length + tracks.length
  let position = first
  const points = bodies.map((body, index) => {
    const point = element(
      'bb',
      unsigned('b3', clusters[index]!.time),
      element('b7', unsigned('f7', 1), element('f1', fixed(position))),
    )
    position += body.length
    return point
  })
  const head = seekHead([start, start + info.length, position])
  const ebml = element(
    '1a45dfa3',
    unsigned('4286', 1),
    unsigned('42f7', 1),
    unsigned('42f2', 4),
    unsigned('42f3', 8),
    text('4282', 'webm'),
    unsigned('4287', 2),
    unsigned('4285', 2),
  )
  const parts = [head, info, tracks, ...bodies, element('1c53bb6b', ...points)]
  return [ebml, opening('18538067', sum(parts)), ...parts]
}

const element = (id: string, ...parts: readonly Buffer[]): Buffer => Buffer.concat([opening(id, sum(parts)), ...parts])

const sum = (parts: readonly Buffer[]) => parts.reduce((bytes, part) => bytes + part.length, 0)

/** What stands before so many bytes of an element. */
function opening(id: string, bytes: number): Buffer {
  const size = Buffer.alloc(8)
  size.writeUIntBE(bytes, 2, 6)
  size[0] = 0x01
  return Buffer.concat([Buffer.from(id, 'hex'), size])
}

function fixed(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUIntBE(value, 2, 6)
  return bytes
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

const unsigned = (id: string, value: number) => element(id, fixed(value))
const text = (id: string, value: string) => element(id, Buffer.from(value))
