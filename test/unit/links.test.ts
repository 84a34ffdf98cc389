import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeKey, encodeKey, formatLink, type Link, parseLink } from '../../main/archives/links.ts'
import { decodeZ32, encodeZ32 } from '../../main/lib/z32.ts'
import { AppError } from '../../preload/contract/errors.ts'

const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7)
const key = encodeKey(bytes)
const hex = Buffer.from(bytes).toString('hex')
const other = encodeKey(new Uint8Array(32).fill(200))
const plain: Link = { key, version: null, blobsLength: null, hash: null, path: '/', secret: null }

function refusal(text: string): AppError {
  try {
    parseLink(text)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error(`taken: ${text}`)
}

const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(encodeKey)
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(name => !/[/\\\0\p{Surrogate}]/u.test(name) && name !== '.' && name !== '..')
const anyPath = fc.array(segment, { maxLength: 6 }).map(segments => `/${segments.join('/')}`)
const anyLink: fc.Arbitrary<Link> = fc
  .record({
    key: anyKey,
    path: anyPath,
    secret: fc.option(anyKey),
    pin: fc.option(
      fc.record({
        version: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        hash: fc.option(fc.record({ blobsLength: fc.maxSafeNat(), hash: anyKey })),
      }),
    ),
  })
  .map(({ key, path, secret, pin }) => ({
    key,
    path,
    secret,
    version: pin?.version ?? null,
    blobsLength: pin?.hash?.blobsLength ?? null,
    hash: pin?.hash?.hash ?? null,
  }))

describe('what is taken', () => {
  test.each([
    [`hyper://${key}`, plain],
    [`cairn://${key}/`, plain],
    [`HYPER://${key}`, plain],
    [key, plain],
    [hex, plain],
    [hex.toUpperCase(), plain],
    [`hyper://${hex}/a`, { ...plain, path: '/a' }],
    [`${key}+7/a`, { ...plain, version: 7, path: '/a' }],
    [`pear://${key}`, plain],
    [`pear://${key}/a/b`, { ...plain, path: '/a/b' }],
    [`pear://0.12.${key}/a`, { ...plain, version: 12, path: '/a' }],
    [`pear://3.0.${hex}`, plain],
    [`hyper://${key}+12`, { ...plain, version: 12 }],
    [`hyper://${key}+12.34.${other}/a`, { ...plain, version: 12, blobsLength: 34, hash: other, path: '/a' }],
    [`hyper://${key}#${other}`, { ...plain, secret: other }],
    [`hyper://${key}/My%20photos/caf%C3%A9.jpg`, { ...plain, path: '/My photos/café.jpg' }],
    [`hyper://${key}/My photos/café.jpg`, { ...plain, path: '/My photos/café.jpg' }],
    [`hyper://${key}//a/./b///c/`, { ...plain, path: '/a/b/c' }],
    [`hyper://${key}/a\\b%2Fc`, { ...plain, path: '/a/b/c' }],
    [`hyper://${key}/100%25%3F%23`, { ...plain, path: '/100%?#' }],
  ] as const)('%s', (text, link) => expect(parseLink(text)).toEqual(link))

  test.each(['  L \n', '<L>', '"L"', "'L'.", '“L”', '«L».', '<L>.', '`L`', 'L.', '\u200bL\u200b', '\ufeffL'])(
    'as pasted: %j',
    around => {
      for (const link of [`hyper://${key}`, `hyper://${key}+12`, `hyper://${key}/a#${other}`, key]) {
        expect(parseLink(around.replace('L', link))).toEqual(parseLink(link))
      }
    },
  )

  test('a full stop or a quotation mark that belongs to the name survives', () => {
    for (const path of ['/etc.', "/it's", '/"', '/...', '/a/>']) {
      expect(parseLink(`“${formatLink({ ...plain, path })}”.`).path).toBe(path)
    }
  })
})

describe('what is refused, and where', () => {
  test.each([
    ['', 0],
    ['hello', 2],
    ['https://example.org/x', 0],
    [`  http://${key}`, 2],
    [`hyper:${key}`, 6],
    ['hyper://', 8],
    [`hyper://${key.slice(0, 40)}`, 48],
    [`hyper://${key}y`, 60],
    [`hyper://${key.slice(0, 10)}!${key.slice(11)}`, 18],
    [`hyper://${key.slice(0, 10)}v${key.slice(11)}`, 18],
    [`hyper://${key.slice(0, 51)}b`, 59],
    [`hyper://${key.toUpperCase()}`, 8],
    [`hyper://${key}+`, 61],
    [`hyper://${key}+0`, 61],
    [`hyper://${key}+07`, 61],
    [`hyper://${key}+99999999999999999999`, 61],
    [`hyper://${key}+1.2`, 64],
    [`hyper://${key}+1.2.yy`, 67],
    [`hyper://${key}/%`, 61],
    [`hyper://${key}/%zz`, 61],
    [`hyper://${key}/%ff`, 61],
    [`hyper://${key}/a%00`, 62],
    [`hyper://${key}/a?b`, 62],
    [`hyper://${key}/a\nb`, 62],
    [`hyper://${key}/\ud800`, 61],
    [`hyper://${key}#`, 61],
    [`hyper://${key}#short`, 66],
    [`hyper://${key}#${other}x`, 113],
    [`hyper://${key}?x`, 60],
    [`hyper://${key} ${key}`, 60],
    [`pear://${key}+5`, 59],
    [`pear://5.${key}`, 8],
  ] as const)('%j', (text, at) => {
    const error = refusal(text)
    expect(error.code).toBe('INVALID_LINK')
    expect(error.data).toMatchObject({ link: text, at })
    expect((error.data as { expected: string }).expected).not.toBe('')
  })

  test.each(['/..', '/a/../b', '/%2e%2e/x', '/a%2F..%2Fb', '/a\\..\\b', '/a%5C..'])('a path that climbs: %s', path =>
    expect(refusal(`hyper://${key}${path}`).code).toBe('INVALID_LINK'),
  )

  test.each([`dat://${hex}`, `DAT://${hex}/x`, `<dat://${hex}>`, 'dat://example.org'])('an old link: %s', text =>
    expect(refusal(text).code).toBe('OLD_DAT_LINK'),
  )

  test('the words do not repeat the link, which may hold a secret', () => {
    expect(refusal(`hyper://${key}/%#${other}`).message).not.toContain(other)
  })
})

describe('properties', () => {
  test('parse after format is the identity', () => {
    fc.assert(
      fc.property(anyLink, link => void expect(parseLink(formatLink(link))).toEqual(link)),
      { numRuns: 2000 },
    )
  })

  test('format after parse settles after one round', () => {
    fc.assert(
      fc.property(anyLink, link => {
        const text = formatLink(link)
        expect(formatLink(parseLink(` <${text}>. `))).toBe(text)
      }),
    )
  })

  test('no text throws anything but the two errors', () => {
    const pieces = fc.constantFrom(
      'hyper://',
      'pear://',
      'cairn:',
      'dat',
      key,
      hex,
      '+',
      '.',
      '/',
      '..',
      '#',
      '%',
      '%2e',
      '?',
      '\0',
      '\ud800',
      ' ',
      '12',
      other,
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 8 }).map(all => all.join('')),
    )
    fc.assert(
      fc.property(text, text => {
        try {
          const link = parseLink(text)
          expect(link.path.split('/')).not.toContain('..')
          expect(parseLink(formatLink(link))).toEqual(link)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          expect(['INVALID_LINK', 'OLD_DAT_LINK']).toContain(error.code)
          const { at = 0 } = error.data as { at?: number }
          expect(at >= 0 && at <= text.length).toBe(true)
        }
      }),
      { numRuns: 5000 },
    )
  })

  test('keys go to text and back', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        bytes => void expect(decodeKey(encodeKey(bytes))).toEqual(bytes),
      ),
    )
    expect(decodeKey(hex)).toEqual(bytes)
    expect(() => decodeKey(`${key}/x`)).toThrow(AppError)
    expect(() => encodeKey(new Uint8Array(31))).toThrow(RangeError)
  })

  test('z-base-32 is the one that the Hyper modules write', () => {
    const upstream = createRequire(import.meta.resolve('hypercore'))('z32') as { encode(bytes: Uint8Array): string }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        expect(encodeZ32(bytes)).toBe(upstream.encode(bytes))
        expect(decodeZ32(encodeZ32(bytes))).toEqual({ bytes })
      }),
    )
  })
})

test('a path that was put at the end, after the secret, is a path', () => {
  const key = encodeKey(new Uint8Array(32).fill(3))
  expect(parseLink(`hyper://${key}#${key}/photos/a.jpg`)).toMatchObject({ key, secret: key, path: '/photos/a.jpg' })
  expect(parseLink(`hyper://${key}/photos#${key}`)).toMatchObject({ secret: key, path: '/photos' })
  expect(() => parseLink(`hyper://${key}/photos#${key}/more`)).toThrow()
})
