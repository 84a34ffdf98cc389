/**
 * Hands the bytes of archives to a browser, from an origin of their own. Whoever knows the unguessable address may read;
 * no cookie reaches this far. Our own page alone may also read them by script.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { plainHeaders } from '../lib/page-headers.ts'
import type { HostRole } from './hosts.ts'

type ContentHost = Extract<HostRole, { kind: 'content' }>

/** What of a request the backend gets to see. */
const PASSED_ON = ['range', 'if-range', 'if-none-match', 'if-modified-since', 'accept'] as const
/** Not for an answer that archives have a say in. */
const NOT_PASSED_BACK = new Set([
  'set-cookie',
  'connection',
  'transfer-encoding',
  'keep-alive',
  'vary',
  'clear-site-data',
])

export async function answerContent(
  content: (request: Request) => Promise<Response>,
  role: ContentHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const cors = corsHeaders(role, request.headers.origin)
  if (request.method === 'OPTIONS') {
    response.writeHead(cors['Access-Control-Allow-Origin'] === undefined ? 403 : 204, {
      ...cors,
      'Access-Control-Allow-Methods': 'GET, HEAD',
      'Access-Control-Allow-Headers': 'Range, If-Range',
    })
    response.end()
    return
  }
  const url = addressOf(role, request.url ?? '')
  if ((request.method !== 'GET' && request.method !== 'HEAD') || url === null) {
    response.writeHead(url === null ? 400 : 405, { ...plainHeaders('text/plain'), ...cors }).end()
    return
  }
  const abort = new AbortController()
  response.once('close', () => abort.abort())
  const headers = new Headers()
  for (const name of PASSED_ON) {
    const value = request.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  const answer = await content(new Request(url, { method: request.method, headers, signal: abort.signal }))
  response.statusCode = answer.status
  for (const [name, value] of answer.headers) if (!NOT_PASSED_BACK.has(name)) response.setHeader(name, value)
  for (const [name, value] of Object.entries(cors)) response.setHeader(name, value)
  if (request.method === 'HEAD' || answer.body === null) {
    await answer.body?.cancel()
    response.end()
    return
  }
  try {
    await pipeline(Readable.fromWeb(answer.body as NodeReadableStream), response)
  } catch {
    // Its reader left, or the bytes ran out; either way the connection is cut short, which is how a reader can tell.
    response.destroy()
  }
}

function corsHeaders({ pageOrigins }: ContentHost, origin: string | undefined): Record<string, string> {
  if (origin === undefined || !pageOrigins.has(origin)) return { Vary: 'Origin' }
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'Content-Range, Content-Length, Accept-Ranges, ETag',
  }
}

/** A target like `//elsewhere` or `http://elsewhere` must not become an address of somebody else. */
function addressOf({ host }: ContentHost, target: string): URL | null {
  if (!target.startsWith('/')) return null
  try {
    const url = new URL(`http://${host}${target}`)
    return url.host === host ? url : null
  } catch {
    return null
  }
}
