/** What both shells let through on the way to and from the bytes of archives. */

/** What of a request the backend gets to see: never cookies. */
export const PASSED_ON = ['range', 'if-range', 'if-none-match', 'if-modified-since', 'accept'] as const

/** Not for an answer that archives have a say in. */
const KEPT_BACK = new Set(['set-cookie', 'connection', 'transfer-encoding', 'keep-alive', 'vary', 'clear-site-data'])

/** The headers of an answer as a reader gets them: our page alone may also read the bytes by script. */
export function passedBack(answer: Headers, pageOrigins: ReadonlySet<string>, origin: string | null): Headers {
  const headers = new Headers()
  for (const [name, value] of answer) if (!KEPT_BACK.has(name)) headers.append(name, value)
  for (const [name, value] of Object.entries(corsHeaders(pageOrigins, origin))) headers.set(name, value)
  return headers
}

export function corsHeaders(pageOrigins: ReadonlySet<string>, origin: string | null): Readonly<Record<string, string>> {
  if (origin === null || !pageOrigins.has(origin)) return { Vary: 'Origin' }
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'Content-Range, Content-Length, Accept-Ranges, ETag',
  }
}
