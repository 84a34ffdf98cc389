/**
 * Links: `hyper://<key>[+<length>[.<blobs length>.<hash>]][/<path>][#<secret>]`. Parsing takes what people paste from a
 * chat (white space, brackets, quotation marks, a full stop) and the spellings of older and neighbouring programs;
 * formatting writes one. Pure: nothing here looks anything up, and nothing but INVALID_LINK and OLD_DAT_LINK is thrown.
 */
import { AppError } from '../../preload/contract/errors.ts'
import { decodeZ32, encodeZ32 } from '../lib/z32.ts'

export type Link = {
  /** The archive's public key in z-base-32. */
  readonly key: string
  /** The length of the metadata core that the link stands for; null: the newest. */
  readonly version: number | null
  /** Given together with `hash`, or not at all. */
  readonly blobsLength: number | null
  /** z-base-32 of the hash over both cores' trees at those lengths. */
  readonly hash: string | null
  /** `/` and decoded segments without a trailing `/`; `/` alone is the whole archive. */
  readonly path: string
  /** z-base-32 of a private archive's encryption key. */
  readonly secret: string | null
}

const KEY_BYTES = 32
const LONGEST_PATH = 4096
const EXPECTED_KEY = 'an archive key (52 characters of z-base-32 or 64 hexadecimal digits)'

/** Around a link in a chat or a mail: white space, quotation marks, brackets, and characters that nobody can see. */
const AROUND = /[\s<>"'`“”„‘’‚«»‹›\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069]/u

/** Throws INVALID_LINK with the place that is wrong, or OLD_DAT_LINK. */
export function parseLink(text: string): Link {
  const reader = unwrapped(text)
  const scheme = readScheme(reader)
  const pearVersion = scheme === 'pear' ? readPearVersion(reader) : null
  const key = readKey(reader)
  const pin = scheme === 'pear' ? { version: pearVersion, blobsLength: null, hash: null } : readPin(reader)
  const before = readPath(reader)
  const secret = readSecret(reader)
  // People put a path at the end of what they copied, which is after the secret.
  const path = secret !== null && before === '/' ? readPath(reader) : before
  if (!reader.atEnd)
    reader.refuse(
      scheme === 'pear'
        ? '/ and a path, or the end of the link'
        : '+ and a version, / and a path, or the end of the link',
    )
  return { key, ...pin, path, secret }
}

/** Always `hyper://` and z-base-32. A version is pinned by hash when both `blobsLength` and `hash` are there. */
export function formatLink(link: Link): string {
  const pin = link.blobsLength !== null && link.hash !== null ? `.${link.blobsLength}.${link.hash}` : ''
  const version = link.version === null ? '' : `+${link.version}${pin}`
  const path = link.path === '/' ? '' : link.path.split('/').map(encodeSegment).join('/').replace(/\.$/, '%2E')
  return `hyper://${link.key}${version}${path}${link.secret === null ? '' : `#${link.secret}`}`
}

/** An archive's key, a secret or a hash as text. */
export function encodeKey(bytes: Uint8Array): string {
  if (bytes.byteLength !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, not ${bytes.byteLength}`)
  return encodeZ32(bytes)
}

/** The 32 bytes of a key in z-base-32 or hexadecimal. Throws INVALID_LINK. */
export function decodeKey(text: string): Uint8Array {
  const reader = new Reader(text, 0, text.length)
  const key = readKey(reader)
  if (!reader.atEnd) reader.refuse('the end of the key')
  const decoded = decodeZ32(key)
  if ('wrongAt' in decoded) throw invalid(text, decoded.wrongAt, EXPECTED_KEY)
  return decoded.bytes
}

/** Walks over a text and knows where it stands, so that every refusal can point at the place. */
class Reader {
  readonly #text: string
  readonly #end: number
  #at: number

  constructor(text: string, start: number, end: number) {
    this.#text = text
    this.#at = start
    this.#end = end
  }

  get atEnd(): boolean {
    return this.#at >= this.#end
  }

  /** Takes what the sticky pattern matches here; null: it does not, and nothing is taken. */
  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text.slice(0, this.#end))
    if (match) this.#at = pattern.lastIndex
    return match
  }

  /** `back`: how many characters before this place the wrong one stands. */
  refuse(expected: string, back = 0): never {
    throw invalid(this.#text, this.#at - back, expected)
  }
}

/** Without what people copy along. A full stop that is part of `..` stays, so that it is refused and not mended. */
function unwrapped(text: string): Reader {
  let start = 0
  while (start < text.length && AROUND.test(text.charAt(start))) start++
  let end = text.length
  while (
    end > start &&
    (AROUND.test(text.charAt(end - 1)) || /[^./\\]\.$/.test(text.slice(Math.max(start, end - 2), end)))
  )
    end--
  return new Reader(text, start, end)
}

const invalid = (link: string, at: number, expected: string) =>
  new AppError('INVALID_LINK', `This is not a Cairn link: at character ${at + 1} there should be ${expected}.`, {
    link,
    at,
    expected,
  })

function readScheme(reader: Reader): 'hyper' | 'pear' {
  const written = reader.take(/([a-z][a-z0-9+.-]*):/iy)
  if (!written) return 'hyper'
  const scheme = (written[1] ?? '').toLowerCase()
  if (scheme === 'dat') {
    throw new AppError(
      'OLD_DAT_LINK',
      'dat:// links belong to an older protocol, which Cairn cannot speak. Ask for a hyper:// link.',
      {
        link: written.input,
      },
    )
  }
  if (scheme !== 'hyper' && scheme !== 'cairn' && scheme !== 'pear') reader.refuse('hyper://', written[0].length)
  if (!reader.take(/\/\//y)) reader.refuse(`// after ${scheme}:`)
  return scheme === 'pear' ? 'pear' : 'hyper'
}

/** `fork.length.` before the key. Length 0 is how such links say "the newest". */
function readPearVersion(reader: Reader): number | null {
  const prefix = reader.take(/\d+\.(\d+)\./y)
  if (!prefix) return null
  const length = Number(prefix[1])
  if (!Number.isSafeInteger(length)) reader.refuse('a smaller version', (prefix[1]?.length ?? 0) + 1)
  return length === 0 ? null : length
}

function readKey(reader: Reader): string {
  const written = reader.take(/[a-z0-9]*/iy)?.[0] ?? ''
  if (written.length === KEY_BYTES * 2 && /^[0-9a-f]+$/i.test(written)) return encodeZ32(bytesOfHex(written))
  return checkedZ32(reader, written, EXPECTED_KEY)
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
  )
}

/** What was just taken, if it is z-base-32 of 32 bytes. */
function checkedZ32(reader: Reader, written: string, expected: string): string {
  const decoded = decodeZ32(written.slice(0, 52))
  if ('wrongAt' in decoded && (written.length >= 52 || decoded.wrongAt < written.length - 1)) {
    reader.refuse(expected, written.length - decoded.wrongAt)
  }
  if (written.length !== 52) reader.refuse(expected, Math.max(0, written.length - 52))
  return written
}

function readPin(reader: Reader): Pick<Link, 'version' | 'blobsLength' | 'hash'> {
  if (!reader.take(/\+/y)) return { version: null, blobsLength: null, hash: null }
  const version = readNumber(reader, 'a version: a number from 1')
  if (version === 0) reader.refuse('a version: a number from 1', 1)
  if (!reader.take(/\./y)) return { version, blobsLength: null, hash: null }
  const blobsLength = readNumber(reader, 'the number of blocks')
  if (!reader.take(/\./y)) reader.refuse('. and the hash of the version')
  const expected = 'the hash of the version (52 characters of z-base-32)'
  return { version, blobsLength, hash: checkedZ32(reader, reader.take(/[a-z0-9]*/iy)?.[0] ?? '', expected) }
}

function readNumber(reader: Reader, expected: string): number {
  const digits = reader.take(/0|[1-9]\d*/y)?.[0]
  if (digits === undefined) return reader.refuse(expected)
  if (!Number.isSafeInteger(Number(digits))) reader.refuse('a smaller number', digits.length)
  return Number(digits)
}

/** Segments are split after decoding, and at `\` too: that is how Hyperdrive reads a name, so `..` cannot hide. */
function readPath(reader: Reader): string {
  if (!reader.take(/(?=\/)/y)) return '/'
  let path = ''
  while (true) {
    path += reader.take(/[^\0-\x1f\x7f?#%\p{Surrogate}]*/uy)?.[0] ?? ''
    const escaped = reader.take(/(?:%[0-9a-f]{2})+/iy)
    if (!escaped) break
    path += decodeEscapes(reader, escaped[0])
  }
  if (!reader.atEnd && !reader.take(/(?=#)/y))
    reader.refuse('a percent-encoded path (%3F for a question mark, %25 for a percent sign)')
  const segments = path.split(/[/\\]+/).filter(segment => segment !== '' && segment !== '.')
  if (segments.includes('..')) reader.refuse('a path without ..')
  const normalised = `/${segments.join('/')}`
  if (normalised.length > LONGEST_PATH) reader.refuse(`a path of at most ${LONGEST_PATH} characters`)
  return normalised
}

function decodeEscapes(reader: Reader, escaped: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(escaped)
  } catch {
    return reader.refuse('percent-encoded UTF-8', escaped.length)
  }
  if (decoded.includes('\0')) reader.refuse('a path without the character NUL', escaped.length)
  return decoded
}

function readSecret(reader: Reader): string | null {
  if (!reader.take(/#/y)) return null
  return checkedZ32(
    reader,
    reader.take(/[a-z0-9]*/iy)?.[0] ?? '',
    'the secret of a private archive (52 characters of z-base-32)',
  )
}

/** Also what stands around links in a chat, so that a name's own quotation mark is not taken for one. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /['()*!~]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
