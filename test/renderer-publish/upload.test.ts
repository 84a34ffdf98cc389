import { expect, test } from 'vitest'
import { AppError } from '../../preload/contract/errors.ts'
import type { OutgoingFile } from '../../renderer/features/publish/framing.ts'
import { type Send, upload } from '../../renderer/features/publish/upload.ts'

/** A file that reads well, or fails the whole body that holds it, as a file does that changed since the drop. */
const file = (path: string, broken = false): OutgoingFile => {
  const content = broken ? new BrokenBlob([path]) : new Blob([path])
  return { path, size: content.size, modified: null, content }
}
class BrokenBlob extends Blob {
  override slice(): Blob {
    return this
  }
  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new DOMException('changed', 'NotReadableError'))
  }
}

const paths = async (body: Blob) => [...(await body.text()).matchAll(/"path":"([^"]+)"/g)].map(match => match[1]!)
const signal = () => new AbortController().signal
const atOnce = async () => {}
const many = Array.from({ length: 1000 }, (_, index) => file(`/${index}`))

test('everything arrives, with no more than two requests in flight', async () => {
  const arrived: string[] = []
  let inFlight = 0
  let most = 0
  const send: Send = async body => {
    most = Math.max(most, ++inFlight)
    arrived.push(...(await paths(body)))
    await new Promise(resolve => setImmediate(resolve))
    inFlight--
  }
  expect(await upload(many, { send, signal: signal() })).toEqual([])
  expect(arrived.toSorted()).toEqual(many.map(each => each.path).toSorted())
  expect(most).toBe(2)
})

test('a body is sent again when the connection breaks, and not for ever', async () => {
  const waits: number[] = []
  const wait = async (milliseconds: number) => void waits.push(milliseconds)
  let breaks = 3
  const flaky: Send = async () => {
    if (breaks-- > 0) throw new TypeError('Failed to fetch')
  }
  expect(await upload([file('/a')], { send: flaky, signal: signal(), wait })).toEqual([])
  expect(waits).toEqual([500, 1000, 2000])

  const dead: Send = async () => {
    throw new TypeError('Failed to fetch')
  }
  await expect(upload([file('/a')], { send: dead, signal: signal(), wait: atOnce, tries: 4 })).rejects.toMatchObject({
    code: 'DISCONNECTED',
  })
})

test('files that changed since the drop are named, and the others go on', async () => {
  const arrived: string[] = []
  const files = many.map((each, index) => (index % 300 === 7 ? file(each.path, true) : each))
  const broken = files.filter(each => each.content instanceof BrokenBlob).map(each => each.path)
  const send: Send = async body => {
    const inside = await paths(body)
    if (inside.some(path => broken.includes(path))) throw new TypeError('Failed to fetch')
    arrived.push(...inside)
  }
  const wait = () => Promise.reject(new Error('there is nothing to wait for'))
  const leftOut = await upload(files, { send, signal: signal(), wait })
  expect(leftOut.map(each => each.path).toSorted()).toEqual(broken.toSorted())
  expect(arrived.length).toBe(files.length - broken.length)
})

test('a refused file is found by halving; a refused upload ends at once', async () => {
  const arrived: string[] = []
  const picky: Send = async body => {
    const inside = await paths(body)
    if (inside.includes('/333')) throw new AppError('INVALID_INPUT', 'A name that no archive may hold', { issues: [] })
    arrived.push(...inside)
  }
  expect(await upload(many, { send: picky, signal: signal() })).toEqual([
    { path: '/333', why: 'A name that no archive may hold' },
  ])
  expect(arrived.length).toBe(999)

  let calls = 0
  const gone: Send = async () => {
    calls++
    throw new AppError('UPLOAD_NOT_FOUND', 'No such upload', { id: 'x' })
  }
  await expect(upload(many, { send: gone, signal: signal() })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  expect(calls).toBeLessThanOrEqual(2)
})

test('stopping ends the requests that are under way and starts no others', async () => {
  const stop = new AbortController()
  let calls = 0
  const send: Send = (_, stopped) =>
    new Promise((_, reject) => {
      calls++
      stopped.addEventListener('abort', () => reject(stopped.reason as Error))
      if (calls === 2) stop.abort(new Error('the person cancelled'))
    })
  await expect(upload(many, { send, signal: stop.signal })).rejects.toThrow('the person cancelled')
  expect(calls).toBe(2)
})
