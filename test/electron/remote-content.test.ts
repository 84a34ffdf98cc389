/** The bytes of archives from a backend in another process, over a real MessagePort. */
import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, test, vi } from 'vitest'
import {
  type ContentContract,
  contentContract,
  contentHandlers,
  remoteContent,
} from '../../main/electron/remote-content.ts'
import { connect } from '../../preload/wire/connect.ts'
import { WINDOW } from '../../preload/wire/frames.ts'
import { serve } from '../../preload/wire/serve.ts'
import { messagePort } from '../../preload/wire/transports.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

function remote(content: (request: Request) => Promise<Response>) {
  const { port1, port2 } = new MessageChannel()
  serve(contentContract, contentHandlers(content), messagePort(port1))
  closing.push(() => port1.close())
  return remoteContent(connect<ContentContract>(messagePort(port2)))
}

test('a response arrives with its status, headers and bytes', async () => {
  const content = remote(async request => {
    expect([request.method, request.url, request.headers.get('range')]).toEqual([
      'GET',
      'http://archive/g/a',
      'bytes=0-3',
    ])
    return new Response('stone', { status: 206, headers: { 'content-range': 'bytes 0-4/9' } })
  })
  const response = await content(new Request('http://archive/g/a', { headers: { range: 'bytes=0-3' } }))
  expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
    206,
    'bytes 0-4/9',
    'stone',
  ])
})

test('HEAD and empty answers carry no bytes; a failure is one', async () => {
  const content = remote(async ({ method, url }) => {
    if (url.endsWith('bug')) throw new Error('secret')
    return new Response(null, { status: method === 'HEAD' ? 200 : 304 })
  })
  expect((await content(new Request('http://archive/', { method: 'HEAD' }))).body).toBe(null)
  expect((await content(new Request('http://archive/'))).status).toBe(304)
  await expect(content(new Request('http://archive/bug'))).rejects.toMatchObject({ code: 'INTERNAL' })
})

test('a reader that stops makes the backend wait, and one that leaves stops it', async () => {
  let pulled = 0
  let cancelled = false
  const content = remote(
    async () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            pulled++
            controller.enqueue(new Uint8Array(65_536))
          },
          cancel() {
            cancelled = true
          },
        }),
      ),
  )
  const { body } = await content(new Request('http://archive/'))
  const reader = body!.getReader()
  for (let i = 0; i < 100; i++) await reader.read()
  let before = -1
  await vi.waitFor(() => {
    const still = pulled === before
    before = pulled
    expect(still).toBe(true)
  })
  expect(pulled).toBeLessThanOrEqual(100 + WINDOW + 2)
  await reader.cancel()
  await expect.poll(() => cancelled).toBe(true)
})
