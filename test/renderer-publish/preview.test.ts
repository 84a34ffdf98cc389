import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hexDump } from '../../renderer/features/preview/hex.ts'
import { encodingOf, kindOf } from '../../renderer/ui/kinds.ts'
import { parseMarkdown } from '../../renderer/features/preview/markdown-tree.ts'
import { parseTable } from '../../renderer/features/preview/table.ts'
import { countLines, decodeText, revealed } from '../../renderer/ui/text.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('the name proposes a preview', () => {
  const expected = {
    'a.JPG': 'image',
    'logo.svg': 'image',
    'film.webm': 'video',
    'song.flac': 'audio',
    'paper.pdf': 'pdf',
    'README.md': 'markdown',
    README: 'text',
    'data.csv': 'table',
    'page.html': 'code',
    'photo.jpg.exe': 'unknown',
    'no extension': 'unknown',
    '.bashrc': 'unknown',
    constructor: 'unknown',
    'a.constructor': 'unknown',
  }
  expect(Object.fromEntries(Object.keys(expected).map(name => [name, kindOf(name)]))).toEqual(expected)
})

test('the first bytes tell text from the rest', () => {
  expect(encodingOf(bytes('plain\ttext\r\n'), true)).toBe('utf-8')
  expect(encodingOf(bytes('Größe 🏖'), true)).toBe('utf-8')
  expect(encodingOf(bytes('Größe 🏖').subarray(0, -2), false)).toBe('utf-8')
  expect(encodingOf(new Uint8Array([0x47, 0x72, 0xf6, 0xdf, 0x65, 0x20, 0x65, 0x73]), true)).toBe('windows-1252')
  expect(encodingOf(new Uint8Array([0xff, 0xfe, 0x41, 0]), true)).toBe('utf-16le')
  expect(encodingOf(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), true)).toBe(null)
  expect(encodingOf(new Uint8Array(), true)).toBe('utf-8')
})

test('a text that is cut anywhere is still read as text, and says nothing that the whole does not say', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(200), (text, at) => {
      const printable = text.replaceAll(/[\p{Cc}\p{Cf}\ufeff]/gu, '')
      const cut = bytes(printable).subarray(0, at)
      expect(encodingOf(cut, false)).toBe('utf-8')
      expect(printable.startsWith(decodeText(cut, 'utf-8', false))).toBe(true)
    }),
  )
})

test('what reorders or hides letters is spelled out, and emoji stay whole', () => {
  expect(revealed('gpj.\u202Eexe')).toBe('gpj.⟦U+202E⟧exe')
  expect(revealed('a\u2066b\u2069\u200Bc\u0000\u{E0041}')).toBe('a⟦U+2066⟧b⟦U+2069⟧⟦U+200B⟧c⟦U+0000⟧⟦U+E0041⟧')
  expect(revealed('👩‍👩‍👧\tسلام\n')).toBe('👩‍👩‍👧\tسلام\n')
  expect(decodeText(bytes('\ufeffa\r\nb\rc'), 'utf-8', true)).toBe('a\nb\nc')
  expect([countLines(''), countLines('a'), countLines('a\n'), countLines('a\nb')]).toEqual([1, 1, 1, 2])
})

const cell = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '"', ',', '\n', '\r', ';', 'ß'), maxLength: 8 })
const quote = (value: string) => `"${value.replaceAll('"', '""')}"`

test('a table that was written down is read back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
      (rows, end) => {
        const text = rows.map(row => row.map(quote).join(',') + end).join('')
        expect(parseTable(text, { maxRows: 100, whole: true }).rows).toEqual(rows)
      },
    ),
  )
})

test('tables by other hands', () => {
  const read = (text: string, whole = true) => parseTable(text, { maxRows: 3, whole })
  expect(read('a;b;c\n1;2,5;3').rows).toEqual([
    ['a', 'b', 'c'],
    ['1', '2,5', '3'],
  ])
  expect(read('a\tb\n1\t').rows).toEqual([
    ['a', 'b'],
    ['1', ''],
  ])
  expect(read('"a"x,b\n').rows).toEqual([['ax', 'b']])
  expect(read('"never closed,\nb').rows).toEqual([['never closed,\nb']])
  expect(read('a,b\n1,2\n3,4', false)).toEqual({
    rows: [
      ['a', 'b'],
      ['1', '2'],
    ],
    columns: 2,
    cut: true,
  })
  expect(read('1\n2\n3\n4\n')).toMatchObject({ rows: [['1'], ['2'], ['3']], cut: true })
  expect(read('').rows).toEqual([])
})

test('a hex dump shows offset, bytes and letters', () => {
  expect(hexDump(bytes('Cairn keeps it.\n!'), 0x20)).toBe(
    '00000020  43 61 69 72 6e 20 6b 65  65 70 73 20 69 74 2e 0a  Cairn keeps it.·\n' +
      `00000030  21${' '.repeat(46)}  !`,
  )
})

test('Markdown becomes known tags with harmless attributes, and no HTML', () => {
  const text =
    '# A *b*\n\n<script>x</script><b onclick="x">c</b>\n\n[l](javascript:alert(1)) ![p](https://e.org/t.png)\n\n- [x] done'
  expect(parseMarkdown(text).filter(node => node !== '\n')).toEqual([
    { tag: 'h1', children: ['A ', { tag: 'em', children: ['b'] }] },
    {
      tag: 'p',
      children: [{ tag: 'a', href: '', children: ['l'] }, ' ', { tag: 'img', alt: 'p', children: [] }],
    },
    {
      tag: 'ul',
      children: ['\n', { tag: 'li', children: [{ tag: 'input', checked: true, children: [] }, ' ', 'done'] }, '\n'],
    },
  ])
  expect(() => parseMarkdown(`${'> '.repeat(200)}deep`)).toThrow('Too much Markdown')
  expect(() => parseMarkdown('a *b*\n\n'.repeat(15_000))).toThrow('Too much Markdown')
})
