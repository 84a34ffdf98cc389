import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  composeBody,
  type OutgoingFile,
  planBatches,
  type RecordHeader,
} from '../../renderer/features/publish/framing.ts'

type Decoded = RecordHeader & { readonly content: Uint8Array }

/** Reads the agreed framing as written down, without the encoder's help. */
function decode(body: Uint8Array): readonly Decoded[] {
  const records: Decoded[] = []
  let at = 0
  while (at < body.length) {
    const length = body[at]! * 2 ** 24 + body[at + 1]! * 2 ** 16 + body[at + 2]! * 2 ** 8 + body[at + 3]!
    at += 4
    const header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body.subarray(at, at + length)))
    at += length
    expect(at + header.size).toBeLessThanOrEqual(body.length)
    records.push({ ...header, content: body.slice(at, at + header.size) })
    at += header.size
  }
  return records
}

const anyFile = fc.record({
  path: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).map(name => `/${name}`),
  modified: fc.option(fc.integer({ min: 0, max: 4e12 })),
  content: fc.uint8Array({ maxLength: 500 }),
})

const outgoing = ({ path, modified, content }: { path: string; modified: number | null; content: Uint8Array }) =>
  ({ path, modified, size: content.length, content: new Blob([new Uint8Array(content)]) }) satisfies OutgoingFile

test('a body holds every record, byte for byte, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFile, { maxLength: 20 }), async files => {
      const body = new Uint8Array(await composeBody(files.map(outgoing)).arrayBuffer())
      expect(decode(body)).toEqual(files.map(file => ({ ...file, size: file.content.length })))
    }),
    { numRuns: 60 },
  )
})

test('a file that grew since it was looked at sends no more than it promised', async () => {
  const grown = { path: '/log', size: 3, modified: null, content: new Blob(['abcdef']) }
  const body = new Uint8Array(
    await composeBody([grown, outgoing({ path: '/b', modified: 1, content: new Uint8Array([9]) })]).arrayBuffer(),
  )
  expect(decode(body).map(record => [record.path, [...record.content]])).toEqual([
    ['/log', [97, 98, 99]],
    ['/b', [9]],
  ])
})

const sizes = fc.array(fc.nat({ max: 150 }), { maxLength: 200 })
const limits = fc.record({ bytes: fc.integer({ min: 1, max: 120 }), files: fc.integer({ min: 1, max: 12 }) })

test('batches hold each file once, within the limits, and large files alone', () => {
  fc.assert(
    fc.property(sizes, limits, (all, limit) => {
      const files = all.map((size, id) => ({ id, size }))
      const batches = [...planBatches(files, limit)]
      expect(
        batches
          .flat()
          .map(file => file.id)
          .toSorted((a, b) => a - b),
      ).toEqual(files.map(file => file.id))
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0)
        expect(batch.length).toBeLessThanOrEqual(limit.files)
        if (batch.some(file => file.size >= limit.bytes)) expect(batch.length).toBe(1)
        else expect(batch.reduce((sum, file) => sum + file.size, 0)).toBeLessThanOrEqual(limit.bytes)
        expect(batch.map(file => file.id)).toEqual(batch.map(file => file.id).toSorted((a, b) => a - b))
      }
    }),
  )
})

test('batches are not smaller than they need be', () => {
  fc.assert(
    fc.property(sizes, limits, (all, limit) => {
      const small = all.filter(size => size < limit.bytes).map(size => ({ size }))
      const batches = [...planBatches(small, limit)]
      for (const [index, batch] of batches.slice(0, -1).entries()) {
        const next = batches[index + 1]![0]!
        const fits =
          batch.length < limit.files && batch.reduce((sum, file) => sum + file.size, next.size) <= limit.bytes
        expect(fits).toBe(false)
      }
    }),
  )
})
