/** Small files of every kind that a preview knows, made here so that nobody has to trust a binary in the repository. */
import { deflateSync } from 'node:zlib'

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value >>> 0
})
const crc = (bytes: Buffer) =>
  (bytes.reduce((sum, byte) => (crcTable[(sum ^ byte) & 255]! ^ (sum >>> 8)) >>> 0, 0xffffffff) ^ 0xffffffff) >>> 0

export function png(width: number, height: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(data.length, 0)
    frame.writeUInt32BE(crc(body), 4)
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sun = Math.hypot(x - width * 0.7, y - height * 0.3) < height * 0.12
      const sea = y > height * 0.62
      const colour = sun
        ? [250, 214, 120]
        : sea
          ? [30, 110 + ((x * 3 + y * 7) % 23), 130]
          : [150 + (y * 80) / height, 190, 225]
      rows.set(colour, y * (1 + width * 3) + 1 + x * 3)
    }
  }
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A tone of some seconds. */
export function wav(seconds: number): Buffer {
  const rate = 8000
  const data = Buffer.alloc(rate * seconds, 128)
  for (let at = 0; at < data.length; at++) data[at] = 128 + Math.round(30 * Math.sin((at / rate) * 440 * 2 * Math.PI))
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + data.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate, 28)
  header.writeUInt16LE(1, 32)
  header.writeUInt16LE(8, 34)
  header.write('data', 36)
  header.writeUInt32LE(data.length, 40)
  return Buffer.concat([header, data])
}

/** Each page carries its number in Helvetica, which is not embedded. */
export function pdf(pages: number, padding = 0): Buffer {
  const kids = Array.from({ length: pages }, (_, page) => `${4 + page * 2} 0 R`)
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\("ran"\\)) >> >>`,
    `<< /Type /Pages /Count ${pages} /Kids [${kids.join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  for (let page = 1; page <= pages; page++) {
    const text = `BT /F 30 Tf 72 700 Td (Page ${page} of a small book) Tj ET 72 690 300 2 re f`
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents ${3 + page * 2} 0 R >>`,
      `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    )
  }
  let body = '%PDF-1.4\n'
  const offsets: number[] = []
  for (const [index, object] of objects.entries()) {
    offsets.push(body.length)
    body += `${index + 1} 0 obj\n${object}\nendobj\n`
    if (index === 2) body += `${`%${'.'.repeat(98)}\n`.repeat(Math.ceil(padding / 100))}`
  }
  const table = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  return Buffer.from(
    `${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF`,
    'latin1',
  )
}

const markdown = `# Notes from the coast

We left **early**, before the _heat_. See [the map](https://example.org/map?x=1) or [the old page](http://example.org/), or
[run this](javascript:alert(1)).

![The beach at six](https://tracker.example.org/pixel.png)

<script>window.ran = true</script><img src=x onerror="window.ran = true">

- [x] Pack the tent
- [ ] Return the key

| Day | Distance | Weather |
| --- | -------: | ------- |
| Mon |    12 km | dry     |
| Tue |     8 km | windy   |

> A quiet place, and nobody there.

\`\`\`js
const sum = (a, b) => a + b
\`\`\`

Caf&eacute; &copy; 2024 &lt;b&gt; &nosuchname;

A name that lies: gpj.\u202Eexe
`

const code = `/** Adds stones. */
export function add(stones: readonly number[]): number {
  return stones.reduce((sum, stone) => sum + stone, 0) // never negative, whatever is thrown at it by those who pass
}
`

const rows = [
  'name;height;found on',
  '"Cairn; the great";12,5;2024-05-01',
  ...Array.from({ length: 700 }, (_, row) => `Stone ${row};${row % 7},1;2024-06-${1 + (row % 28)}`),
]

export const samples: ReadonlyMap<string, Buffer> = new Map([
  ['/beach.png', png(640, 400)],
  [
    '/logo.svg',
    Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><script>window.ran = true</script><circle cx="5" cy="5" r="4" fill="teal"/></svg>',
    ),
  ],
  ['/broken.png', Buffer.from('this is no picture')],
  ['/tone.wav', wav(20)],
  ['/book.pdf', pdf(40, 900_000)],
  ['/torn.pdf', Buffer.from('%PDF-1.4 and then nothing')],
  ['/README.md', Buffer.from(markdown)],
  ['/endless.md', Buffer.from('*a_ '.repeat(60_000))],
  ['/add.ts', Buffer.from(code.repeat(12))],
  ['/long.txt', Buffer.from('A line of a long story, told at the fire.\n'.repeat(16_000))],
  ['/stones.csv', Buffer.from(rows.join('\r\n'))],
  ['/film.ts', Buffer.from(Array.from({ length: 6000 }, (_, at) => (at * 37) % 256))],
  ['/data.bin', Buffer.from(Array.from({ length: 9000 }, (_, at) => (at * 91) % 256))],
  ['/empty.txt', Buffer.alloc(0)],
  ['/nobody-has.jpg', Buffer.alloc(0)],
  ['/nobody-has.txt', Buffer.alloc(0)],
  ['/nobody-has.pdf', Buffer.alloc(0)],
])
