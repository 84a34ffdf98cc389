/** Records survive every way of cutting a body into chunks. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecords } from '../../main/web/records.ts'
import { composeBody } from '../../renderer/features/publish/framing.ts'
import { record } from './fake-backend.ts'

async function* chunked(body: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const cut of [...cuts, body.length].map(cut => Math.min(cut, body.length)).sort((a, b) => a - b)) {
    yield body.slice(start, cut)
    start = cut
  }
}

const files = fc.array(
  fc.record({ path: fc.string({ minLength: 1, maxLength: 50 }), content: fc.uint8Array({ maxLength: 200 }) }),
  {
    maxLength: 8,
  },
)
const cuts = fc.array(fc.nat(2000), { maxLength: 30 })

test('what the page composes is what arrives, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(files, cuts, async (files, cuts) => {
      const outgoing = files.map(({ path, content }) => ({
        path,
        size: content.length,
        modified: null,
        content: new Blob([new Uint8Array(content)]),
      }))
      const body = new Uint8Array(await composeBody(outgoing).arrayBuffer())
      const arrived: { path: string; content: number[] }[] = []
      for await (const { file, bytes } of decodeRecords(chunked(body, cuts))) {
        const content: number[] = []
        for await (const chunk of bytes) content.push(...chunk)
        arrived.push({ path: file.path, content })
      }
      expect(arrived).toEqual(files.map(({ path, content }) => ({ path, content: [...content] })))
    }),
  )
})

test('a file that nobody read is skipped, and one that was read in part too', async () => {
  const body = Buffer.concat([record('/a', 'unread'), record('/b', 'half read'), record('/c', 'read')])
  await fc.assert(
    fc.asyncProperty(cuts, async cuts => {
      const paths: string[] = []
      for await (const { file, bytes } of decodeRecords(chunked(body, cuts))) {
        paths.push(file.path)
        if (file.path === '/b') await bytes[Symbol.asyncIterator]().next()
      }
      expect(paths).toEqual(['/a', '/b', '/c'])
    }),
  )
})

test('a body that is cut short, or anything else, ends in INVALID_INPUT and never in silence', async () => {
  const body = Buffer.concat([record('/a', 'one'), record('/b', 'two')])
  const whole = new Set([0, record('/a', 'one').length, body.length])
  const drain = async (bytes: Uint8Array, cuts: readonly number[]) => {
    for await (const _ of decodeRecords(chunked(bytes, cuts))) continue
  }
  for (let end = 0; end <= body.length; end++) {
    const reading = drain(body.subarray(0, end), [])
    if (whole.has(end)) await reading
    else await expect(reading).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), cuts, async (bytes, cuts) => {
      await expect(drain(bytes, cuts)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }),
  )
})
