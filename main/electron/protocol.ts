/** The page on `app://cairn`, the bytes of archives on `cairn-content://archive`: two origins, as in a browser. */
import { protocol, type Session } from 'electron'
import { PASSED_ON, passedBack } from '../lib/content-rules.ts'
import type { PageFiles } from '../lib/page-files.ts'
import { pageHeaders } from '../lib/page-headers.ts'
import { CONTENT_ORIGIN, CONTENT_SCHEME, PAGE_ORIGIN, PAGE_SCHEME, pathBelow } from './addresses.ts'
import type { Host } from './host.ts'

/** Has to be called before the app is ready. */
export function registerSchemes(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
    {
      scheme: CONTENT_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, stream: true },
    },
  ])
}

const PAGE_ORIGINS: ReadonlySet<string> = new Set([PAGE_ORIGIN])

export function servePage(session: Session, page: PageFiles): void {
  session.protocol.handle(PAGE_SCHEME, ({ method, url }) => {
    const path = pathBelow(PAGE_ORIGIN, url)
    const file = path === null || (method !== 'GET' && method !== 'HEAD') ? null : page(path)
    if (file === null) return new Response(null, { status: 404 })
    const headers = pageHeaders({ content: CONTENT_ORIGIN, bridge: null }, file)
    return new Response(method === 'HEAD' ? null : file.bytes, { headers })
  })
}

export function serveContent(session: Session, content: Host['content']): void {
  session.protocol.handle(CONTENT_SCHEME, async request => {
    const { method, url, headers, signal } = request
    if (pathBelow(CONTENT_ORIGIN, url) === null || (method !== 'GET' && method !== 'HEAD')) {
      return new Response(null, { status: 405 })
    }
    const wanted = new Headers()
    for (const name of PASSED_ON) {
      const value = headers.get(name)
      if (value !== null) wanted.set(name, value)
    }
    // An address of http, so that it is taken apart in the same way in both shells.
    const address = `http://archive${url.slice(CONTENT_ORIGIN.length)}`
    const answer = await content(new Request(address, { method, headers: wanted, signal }))
    return new Response(answer.body, {
      status: answer.status,
      headers: passedBack(answer.headers, PAGE_ORIGINS, headers.get('origin')),
    })
  })
}

/** Nothing that is shown here ever asks a network for anything. */
export function cutOffNetwork(session: Session, allowed: (address: string) => boolean): void {
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !allowed(url) }))
}
