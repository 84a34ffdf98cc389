/**
 * The bytes of archives from a backend in another process, over the same wire as everything else: its windows of credit
 * make a film that nobody watches wait in the backend. Knows no Electron.
 */
import { z } from 'zod'
import { stream, type } from '../../preload/contract/define.ts'
import type { Client } from '../../preload/wire/connect.ts'
import type { Handlers } from '../../preload/wire/serve.ts'

type Part =
  | { readonly kind: 'head'; readonly status: number; readonly headers: readonly (readonly [string, string])[] }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

export const contentContract = {
  watchResponse: stream({
    input: z.strictObject({
      url: z.string(),
      method: z.enum(['GET', 'HEAD']),
      headers: z.array(z.tuple([z.string(), z.string()])),
    }),
    emits: type<Part>(),
  }),
} as const
export type ContentContract = typeof contentContract

export const contentHandlers = (content: (request: Request) => Promise<Response>): Handlers<ContentContract> => ({
  async *watchResponse({ url, method, headers }, signal) {
    const response = await content(new Request(url, { method, headers, signal }))
    yield { kind: 'head', status: response.status, headers: [...response.headers] }
    const reader = response.body?.getReader()
    if (reader === undefined) return
    try {
      while (true) {
        const { value, done } = await reader.read()
        if (done) return
        yield { kind: 'bytes', bytes: value }
      }
    } finally {
      await reader.cancel()
    }
  },
})

/** The other end: a request goes over, and its response comes back as it is read. */
export const remoteContent =
  (client: Client<ContentContract>) =>
  async (request: Request): Promise<Response> => {
    const { url, method, headers, signal } = request
    const parts = client.watchResponse(
      { url, method: method === 'HEAD' ? 'HEAD' : 'GET', headers: [...headers] },
      { signal },
    )
    const { value: head } = await parts.next()
    if (head?.kind !== 'head') throw new Error('A response without a head')
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { value, done } = await parts.next()
          if (done || value.kind !== 'bytes') controller.close()
          else controller.enqueue(value.bytes)
        },
        async cancel() {
          await parts.return()
        },
      },
      { highWaterMark: 0 },
    )
    const empty = method === 'HEAD' || [204, 205, 304].includes(head.status)
    if (empty) await body.cancel()
    return new Response(empty ? null : body, {
      status: head.status,
      headers: head.headers.map(([name, value]: readonly [string, string]): [string, string] => [name, value]),
    })
  }
