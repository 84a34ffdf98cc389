/**
 * How a page streams files in: one request body is a run of records, each a 4-byte big-endian length, a JSON header of
 * that length, and exactly `size` bytes. Read as it arrives, never whole.
 */
import { z } from 'zod'
import { AppError } from '../../preload/contract/errors.ts'
import type { ReceivedFile } from '../backend-options.ts'

export const LONGEST_HEADER = 64 * 1024

const Header = z.strictObject({
  path: z.string().min(1).max(4096),
  size: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  modified: z.number().nullable(),
})

export type UploadRecord = { readonly file: ReceivedFile; readonly bytes: AsyncIterable<Uint8Array> }

/** What of a record's bytes was not read is skipped before the next. Throws `INVALID_INPUT` for what is no record. */
export async function* decodeRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<UploadRecord, void, undefined> {
  const source = createSource(chunks)
  while (true) {
    const length = await source.exactly(4)
    if (length === null) return
    const headerLength = new DataView(length.buffer, length.byteOffset, 4).getUint32(0)
    if (headerLength > LONGEST_HEADER) throw malformed(`a header of ${headerLength} bytes`)
    const file = parseHeader((await source.exactly(headerLength)) ?? new Uint8Array())
    const bytes = contentOf(source, file.size)
    yield { file, bytes }
    for await (const _ of bytes) continue
  }
}

async function* contentOf(source: Source, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let left = size; left > 0; ) {
    const chunk = await source.some(left)
    if (chunk === null) throw cut()
    left -= chunk.length
    yield chunk
  }
}

type Source = {
  /** null: the end, and nothing was left. */
  exactly(length: number): Promise<Uint8Array | null>
  /** What is there, at most `most` bytes; null: the end. */
  some(most: number): Promise<Uint8Array | null>
}

function createSource(chunks: AsyncIterable<Uint8Array>): Source {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest = new Uint8Array() as Uint8Array

  async function some(most: number): Promise<Uint8Array | null> {
    while (rest.length === 0) {
      const { value, done } = await iterator.next()
      if (done) return null
      rest = value
    }
    const taken = rest.subarray(0, most)
    rest = rest.subarray(taken.length)
    return taken
  }

  return {
    some,
    async exactly(length) {
      const whole = new Uint8Array(length)
      for (let at = 0; at < length; ) {
        const chunk = await some(length - at)
        if (chunk === null && at === 0) return null
        if (chunk === null) throw cut()
        whole.set(chunk, at)
        at += chunk.length
      }
      return whole
    },
  }
}

function parseHeader(bytes: Uint8Array): ReceivedFile {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw malformed('a header that is not JSON')
  }
  const parsed = Header.safeParse(json)
  if (parsed.success) return parsed.data
  throw malformed(`a header with a wrong ${String(parsed.error.issues[0]?.path[0] ?? 'field')}`)
}

const cut = () => malformed('an end in the middle of a file')
const malformed = (what: string) =>
  new AppError('INVALID_INPUT', 'The upload is not a run of records', { issues: [{ path: '', message: what }] })
