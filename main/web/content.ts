/**
 * Hands the bytes of archives to a browser, from an origin of their own. Whoever knows the unguessable address may read;
 * no cookie reaches this far. Our own page alone may also read them by script.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { corsHeaders, PASSED_ON, passedBack } from '../lib/content-rules.ts'
import { plainHeaders } from '../lib/page-headers.ts'
import type { HostRole } from './hosts.ts'

const OWN_VIEW = new Set(['document', 'iframe', 'frame', 'embed', 'object', 'fencedframe'])

type ContentHost = Extract<HostRole, { kind: 'content' }>

export async function answerContent(
  content: (request: Request) => Promise<Response>,
  { host, pageOrigins }: ContentHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', headers } = request
  const origin = headers.origin ?? null
  if (method === 'OPTIONS') {
    response.writeHead(origin !== null && pageOrigins.has(origin) ? 204 : 403, {
      ...corsHeaders(pageOrigins, origin),
      'Access-Control-Allow-Methods': 'GET, HEAD',
      'Access-Control-Allow-Headers': 'Range, If-Range',
    })
    response.end()
    return
  }
  const url = addressOf(host, request.url ?? '')
  if ((method !== 'GET' && method !== 'HEAD') || url === null) {
    response.writeHead(url === null ? 400 : 405, plainHeaders('text/plain')).end()
    return
  }
  // To be shown inside of our page, or saved: a tab or a frame of its own is a browser's own viewer with its own ideas.
  if (OWN_VIEW.has(String(headers['sec-fetch-dest'])) && !url.searchParams.has('download')) {
    response.writeHead(403, plainHeaders('text/plain')).end('Files of archives are looked at in Cairn.')
    return
  }
  const abort = new AbortController()
  response.once('close', () => abort.abort())
  const wanted = new Headers()
  for (const name of PASSED_ON) {
    const value = headers[name]
    if (typeof value === 'string') wanted.set(name, value)
  }
  const answer = await content(new Request(url, { method, headers: wanted, signal: abort.signal }))
  response.statusCode = answer.status
  response.setHeaders(passedBack(answer.headers, pageOrigins, origin))
  if (method === 'HEAD' || answer.body === null) {
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

/** A target like `//elsewhere` or `http://elsewhere` must not become an address of somebody else. */
function addressOf(host: string, target: string): URL | null {
  if (!target.startsWith('/')) return null
  try {
    const url = new URL(`http://${host}${target}`)
    return url.host === host ? url : null
  } catch {
    return null
  }
}
