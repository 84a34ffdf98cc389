/**
 * A zip as a stream of known length: nothing is held but the file that is being written, and a browser that saves it
 * knows how much is still to come. Contents are stored as they are, since most of what is large has been compressed
 * already and the sum of the sizes is then known before the first byte.
 *
 * What turns out on the way not to be as its entry says is left out of the zip's directory, and its room is filled with
 * zeros: the length holds, and readers pass over what the directory does not name. What was left out is listed in a
 * text file at the end.
 */
import { crc32 } from 'node:zlib'
import { AppError } from '../../preload/contract/errors.ts'
import type { Skipped } from '../../preload/contract/models.ts'
import type { ArchiveFile } from './entries.ts'
import { NOT_THERE, type Selection } from './selection.ts'

/** Files up to this size are whole before their head is written, which then says their checksum. In bytes. */
const HELD = 1 << 20
/** What a list at the end may need of its own when something has been left out on the way. */
const SPARE = 1024
/** Nobody is to get more zeros than this in the place of one file. */
const MOST_ZEROS = 64 << 20
const LARGE = 0xffffffff

/** What reads a file: its bytes in order. Throws NOT_AVAILABLE when it has other bytes than its entry says. */
export type ReadFile = (file: ArchiveFile, signal: AbortSignal) => AsyncIterable<Buffer>

type Item = {
  readonly name: Buffer
  readonly size: number
  readonly modified: number | null
  /** Of Unix, with the kind of file. */
  readonly mode: number
  readonly path: string
  readonly source: ArchiveFile | Buffer
}

type Listed = { readonly item: Item; readonly offset: number; readonly crc: number; readonly later: boolean }

const FILE = 0o100000
const LINK = 0o120000

export class Zip {
  /** Of the whole zip, in bytes. */
  readonly length: number
  readonly files: number
  /** Of the contents. */
  readonly bytes: number
  readonly #items: readonly Item[]
  readonly #leftOut: readonly Skipped[]
  readonly #listName: Buffer
  readonly #isLarge: boolean
  readonly #now = Date.now()

  /** `leftOut`: what is listed in the zip from the beginning. */
  constructor({ files, links }: Selection, leftOut: readonly Skipped[]) {
    this.#items = [
      ...files.map(({ file, relative }) => ({
        name: Buffer.from(relative.slice(1)),
        size: file.size,
        modified: file.modified,
        mode: FILE | (file.executable ? 0o755 : 0o644),
        path: file.path,
        source: file,
      })),
      ...links.map(({ link, relative }) => {
        const target = Buffer.from(link.target)
        return {
          name: Buffer.from(relative.slice(1)),
          size: target.byteLength,
          modified: link.modified,
          mode: LINK | 0o777,
          path: link.path,
          source: target,
        }
      }),
    ]
    this.#leftOut = leftOut
    const taken = new Set(this.#items.map(({ name }) => name.toString().toLowerCase()))
    let name = 'Left out.txt'
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `Left out ${number}.txt`
    this.#listName = Buffer.from(name)
    this.files = this.#items.length
    this.bytes = this.#items.reduce((sum, { size }) => sum + size, 0)
    let offset = 0
    let directory = 0
    for (const item of leftOut.length === 0 ? this.#items : [...this.#items, this.#list(leftOut)]) {
      directory += centralSize(item, offset)
      offset += localSize(item)
    }
    offset += SPARE
    this.#isLarge = offset >= LARGE || directory >= LARGE || this.#items.length + 1 >= 0xffff
    this.length = offset + directory + endSize(this.#isLarge)
  }

  /** `skipped` hears of what is left out on the way, `progress` of how many files and bytes of content are through. */
  async *stream(
    read: ReadFile,
    signal: AbortSignal,
    skipped: (skipped: Skipped) => void = () => {},
    progress: (files: number, bytes: number, path: string) => void = () => {},
  ): AsyncGenerator<Buffer> {
    const listed: Listed[] = []
    const leftOut = [...this.#leftOut]
    let offset = 0
    let done = 0
    for (const [index, item] of this.#items.entries()) {
      signal.throwIfAborted()
      const start = offset
      const later = isLater(item)
      let crc = 0
      let passed = 0
      try {
        if (!later) {
          const content = await contentOf(item, read, signal)
          crc = crc32(content)
          const local = localHeader(item, crc, false)
          offset += local.byteLength + content.byteLength
          passed = content.byteLength
          yield local
          if (content.byteLength > 0) yield content
        } else {
          const local = localHeader(item, 0, true)
          offset += local.byteLength
          yield local
          for await (const chunk of read(item.source as ArchiveFile, signal)) {
            if (passed + chunk.byteLength > item.size) throw notAvailable(item.path)
            crc = crc32(chunk, crc)
            passed += chunk.byteLength
            offset += chunk.byteLength
            yield chunk
            progress(index, done + passed, item.path)
          }
          if (passed !== item.size) throw notAvailable(item.path)
          const descriptor = dataDescriptor(item, crc)
          offset += descriptor.byteLength
          yield descriptor
        }
        listed.push({ item, offset: start, crc, later })
      } catch (error) {
        if (!(error instanceof AppError) || !error.is('NOT_AVAILABLE') || signal.aborted) throw error
        const left = { path: item.path, ...NOT_THERE }
        leftOut.push(left)
        skipped(left)
        const zeros = start + localSize(item) - offset
        if (zeros > MOST_ZEROS) throw error
        yield* zerosOf(zeros)
        offset = start + localSize(item)
      }
      done += item.size
      progress(index + 1, done, item.path)
    }
    if (leftOut.length > 0) {
      const item = this.#list(leftOut)
      const content = item.source as Buffer
      const crc = crc32(content)
      listed.push({ item, offset, crc, later: false })
      offset += localSize(item)
      yield localHeader(item, crc, false)
      yield content
    }
    const directory = Buffer.concat(listed.map(centralHeader))
    const zeros = this.length - offset - directory.byteLength - endSize(this.#isLarge)
    if (zeros < 0) throw new Error('The list of what was left out has no room in the zip')
    yield* zerosOf(zeros)
    offset += zeros
    yield Buffer.concat([directory, endOf(offset, directory.byteLength, listed.length, this.#isLarge)])
  }

  #list(leftOut: readonly Skipped[]): Item {
    const text = Buffer.from(
      `What is not in this zip, and why:\n${leftOut.map(({ path, detail }) => `\n${printable(path)}: ${detail}`).join('')}\n`,
    )
    return {
      name: this.#listName,
      size: text.byteLength,
      modified: this.#now,
      mode: FILE | 0o644,
      path: `/${this.#listName.toString()}`,
      source: text,
    }
  }
}

/** Names as strangers wrote them, in a list that is read line by line. */
const printable = (path: string) =>
  path.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)

async function contentOf({ source, size, path }: Item, read: ReadFile, signal: AbortSignal): Promise<Buffer> {
  if (Buffer.isBuffer(source)) return source
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of read(source, signal)) {
    length += chunk.byteLength
    if (length > size) throw notAvailable(path)
    chunks.push(chunk)
  }
  if (length !== size) throw notAvailable(path)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

const notAvailable = (path: string) => new AppError('NOT_AVAILABLE', NOT_THERE.detail, { key: '', path })

function* zerosOf(count: number): Generator<Buffer> {
  const zeros = Buffer.alloc(Math.min(count, 64 << 10))
  for (let left = count; left > 0; left -= zeros.byteLength) yield zeros.subarray(0, Math.min(left, zeros.byteLength))
}

/** Its checksum follows its content. */
const isLater = ({ size, source }: Item) => !Buffer.isBuffer(source) && size > HELD

const UTF8 = 0x0800
const CHECKSUM_FOLLOWS = 0x0008
/** As Unix made it, in the version of the format that knows sizes above 4 GiB. */
const MADE_BY = (3 << 8) | 45

const hasTime = ({ modified }: Item) => modified !== null && Math.abs(Math.floor(modified / 1000)) <= 0x7fffffff
const isLarge = ({ size }: Item) => size >= LARGE
const timeSize = (item: Item) => (hasTime(item) ? 9 : 0)
const localSize = (item: Item) =>
  30 +
  item.name.byteLength +
  timeSize(item) +
  (isLarge(item) ? 20 : 0) +
  item.size +
  (isLater(item) ? (isLarge(item) ? 24 : 16) : 0)
const centralSize = (item: Item, offset: number) => 46 + item.name.byteLength + timeSize(item) + largeSize(item, offset)
const largeSize = (item: Item, offset: number) => {
  const fields = (isLarge(item) ? 2 : 0) + (offset >= LARGE ? 1 : 0)
  return fields === 0 ? 0 : 4 + fields * 8
}
const endSize = (large: boolean) => 22 + (large ? 56 + 20 : 0)

function localHeader(item: Item, crc: number, later: boolean): Buffer {
  const { name, size } = item
  const large = isLarge(item)
  const shownSize = later ? (large ? LARGE : 0) : size
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(large ? 45 : 20, 4)
  head.writeUInt16LE(UTF8 | (later ? CHECKSUM_FOLLOWS : 0), 6)
  head.writeUInt32LE(dosTime(item.modified), 10)
  head.writeUInt32LE(crc, 14)
  head.writeUInt32LE(shownSize, 18)
  head.writeUInt32LE(shownSize, 22)
  head.writeUInt16LE(name.byteLength, 26)
  head.writeUInt16LE(timeSize(item) + (large ? 20 : 0), 28)
  return Buffer.concat([head, name, large ? largeField([0, 0]) : NOTHING, timeField(item)])
}

function dataDescriptor(item: Item, crc: number): Buffer {
  const large = isLarge(item)
  const descriptor = Buffer.alloc(large ? 24 : 16)
  descriptor.writeUInt32LE(0x08074b50, 0)
  descriptor.writeUInt32LE(crc, 4)
  if (large) {
    descriptor.writeBigUInt64LE(BigInt(item.size), 8)
    descriptor.writeBigUInt64LE(BigInt(item.size), 16)
  } else {
    descriptor.writeUInt32LE(item.size, 8)
    descriptor.writeUInt32LE(item.size, 12)
  }
  return descriptor
}

function centralHeader({ item, offset, crc, later }: Listed): Buffer {
  const { name, size, mode } = item
  const large = isLarge(item)
  const far = offset >= LARGE
  const head = Buffer.alloc(46)
  head.writeUInt32LE(0x02014b50, 0)
  head.writeUInt16LE(MADE_BY, 4)
  head.writeUInt16LE(large || far ? 45 : 20, 6)
  head.writeUInt16LE(UTF8 | (later ? CHECKSUM_FOLLOWS : 0), 8)
  head.writeUInt32LE(dosTime(item.modified), 12)
  head.writeUInt32LE(crc, 16)
  head.writeUInt32LE(large ? LARGE : size, 20)
  head.writeUInt32LE(large ? LARGE : size, 24)
  head.writeUInt16LE(name.byteLength, 28)
  head.writeUInt16LE(timeSize(item) + largeSize(item, offset), 30)
  head.writeUInt32LE((mode << 16) >>> 0, 38)
  head.writeUInt32LE(far ? LARGE : offset, 42)
  const fields = [...(large ? [size, size] : []), ...(far ? [offset] : [])]
  return Buffer.concat([head, name, fields.length === 0 ? NOTHING : largeField(fields), timeField(item)])
}

function endOf(offset: number, size: number, count: number, large: boolean): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(large ? 0xffff : count, 8)
  end.writeUInt16LE(large ? 0xffff : count, 10)
  end.writeUInt32LE(large ? LARGE : size, 12)
  end.writeUInt32LE(large ? LARGE : offset, 16)
  if (!large) return end
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeUInt16LE(MADE_BY, 12)
  record.writeUInt16LE(45, 14)
  record.writeBigUInt64LE(BigInt(count), 24)
  record.writeBigUInt64LE(BigInt(count), 32)
  record.writeBigUInt64LE(BigInt(size), 40)
  record.writeBigUInt64LE(BigInt(offset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + size), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator, end])
}

const NOTHING = Buffer.alloc(0)

/** Sizes and places above 4 GiB. */
function largeField(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + values.length * 8)
  field.writeUInt16LE(0x0001, 0)
  field.writeUInt16LE(values.length * 8, 2)
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + index * 8)
  return field
}

/** The time in seconds since 1970, whatever the clock on the wall is where it is unpacked. */
function timeField(item: Item): Buffer {
  if (!hasTime(item)) return NOTHING
  const field = Buffer.alloc(9)
  field.writeUInt16LE(0x5455, 0)
  field.writeUInt16LE(5, 2)
  field.writeUInt8(1, 4)
  field.writeInt32LE(Math.floor(item.modified! / 1000), 5)
  return field
}

/** By the clock on the wall, to two seconds, from 1980 to 2107: time in the lower half, day in the upper. */
function dosTime(modified: number | null): number {
  const date = new Date(modified ?? 0)
  const year = date.getFullYear()
  if (!(year >= 1980)) return ((1 << 5) | 1) << 16
  if (year > 2107) return (((127 << 9) | (12 << 5) | 31) * 0x10000 + ((23 << 11) | (59 << 5) | 29)) >>> 0
  const day = ((year - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate()
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1)
  return (day * 0x10000 + time) >>> 0
}
