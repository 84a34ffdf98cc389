/**
 * Serves the page, its bridge and the bytes of archives to a browser on this machine, and to nobody else. Any web page
 * the person visits can send requests here, and any program can; so every request must name us exactly (`Host`), what
 * acts must come from our page (`Origin`), and what reads or acts must carry the cookie, or, for bytes of archives, an
 * unguessable address.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { AppError, type ErrorCode, type SerializedError } from '../../preload/contract/errors.ts'
import type { Incident } from '../../preload/wire/serve.ts'
import { webSocket } from '../../preload/wire/transports.ts'
import type { Backend } from '../backend-options.ts'
import { loadPage, type PageFiles } from '../lib/page-files.ts'
import { pageHeaders, plainHeaders } from '../lib/page-headers.ts'
import { answerContent } from './content.ts'
import { createHosts, type HostRole, type Hosts, parseAllowedHost } from './hosts.ts'
import { Memory } from './memory.ts'
import { decodeRecords } from './records.ts'
import { Sessions } from './sessions.ts'

const SUBPROTOCOL = 'cairn.v1'
/** The list of 200,000 dropped files is the largest thing that a page sends over the bridge. */
const LONGEST_MESSAGE = 64 << 20
const LONGEST_SESSION_REQUEST = 4096
/** A path of 4,096 characters may be nine times as long in an address. */
const LONGEST_REQUEST_HEAD = 64 * 1024

export type WebServerOptions = {
  /** When absent: the one of the last time if it is free, else any. */
  readonly port?: number | undefined
  /** `NAME:PORT` as a browser at the other end of a tunnel calls us. */
  readonly allowHosts?: readonly string[] | undefined
  /** The built page. */
  readonly pageFolder: string
  readonly onIncident?: (incident: Incident) => void
}

export type WebServer = {
  /** The address to open first: it works once. */
  readonly url: string
  /** Another address that works once; for a browser that calls us by an allowed host's name, if given. */
  freshUrl(host?: string): string
  close(): Promise<void>
}

type PageHost = Extract<HostRole, { kind: 'page' }>

export async function startWebServer(
  backend: Backend,
  { port, allowHosts = [], pageFolder, onIncident }: WebServerOptions,
): Promise<WebServer> {
  const allowed = allowHosts.map(allowedHost)
  const page = await loadPage(pageFolder)
  const memory = await Memory.open(backend.options.storage)
  const { instance, content, sessions: started } = memory.remembered
  const sessions = new Sessions(instance, started, () => memory.remember({ sessions: [...sessions.digests] }))
  const server = createServer({ maxHeaderSize: LONGEST_REQUEST_HEAD, requestTimeout: 0 })
  const ownPort = port === undefined ? await listenAgain(server, memory.remembered.port) : await listen(server, port)
  memory.remember({ port: ownPort })
  const ownHost = `127.0.0.1:${ownPort}`
  const hosts = createHosts([ownHost, ...allowed], content)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  })

  server.on('request', (request, response) => {
    answer({ backend, page, sessions, hosts }, request, response).catch((error: unknown) => {
      if (response.destroyed) return
      const failure = describeFailure(error, request, onIncident)
      if (response.headersSent) response.destroy()
      else answerJson(response, statusOf(failure.code), { error: failure })
    })
  })
  server.on('upgrade', (request, socket, head) => {
    const role = roleOf(hosts, request)
    if (role?.kind !== 'page') return refuseUpgrade(socket, '421 Misdirected Request')
    if (request.url !== '/wire') return refuseUpgrade(socket, '404 Not Found')
    if (!isFromPage(role, request) || !sessions.has(request.headers.cookie))
      return refuseUpgrade(socket, '403 Forbidden')
    if (!offers(request, SUBPROTOCOL)) return refuseUpgrade(socket, '400 Bad Request')
    sockets.handleUpgrade(request, socket, head, client => backend.accept(webSocket(client)))
  })

  const freshUrl = (host = ownHost) => `http://${host}/#token=${sessions.launchToken()}`
  let closing: Promise<void> | null = null
  return {
    url: freshUrl(),
    freshUrl,
    close() {
      closing ??= new Promise<void>(resolve => {
        server.close(() => resolve())
        for (const client of sockets.clients) client.terminate()
        server.closeAllConnections()
      }).then(() => memory.settled())
      return closing
    },
  }
}

type Parts = {
  readonly backend: Backend
  readonly page: PageFiles
  readonly sessions: Sessions
  readonly hosts: Hosts
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const role = roleOf(parts.hosts, request)
  if (role === null) return refuse(response, 421)
  if (role.kind === 'content') {
    return answerContent(wanted => parts.backend.content(wanted), role, request, response)
  }
  const [path = '/'] = (request.url ?? '/').split('?')
  if (request.method === 'GET' || request.method === 'HEAD') return servePage(parts.page, role, path, request, response)
  if (request.method !== 'POST') return refuse(response, 405)
  if (!isFromPage(role, request)) return refuse(response, 403)
  if (path === '/session') return startSession(parts.sessions, role, request, response)
  const upload = /^\/upload\/([\w-]{1,100})$/.exec(path)?.[1]
  if (upload === undefined) return refuse(response, 404)
  if (!parts.sessions.has(request.headers.cookie)) return refuse(response, 401)
  return receiveUpload(parts.backend, upload, request, response)
}

function servePage(
  page: PageFiles,
  role: PageHost,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const file = page(path)
  if (file === null) return refuse(response, 404)
  response.writeHead(200, pageHeaders(role, file))
  response.end(request.method === 'HEAD' ? undefined : file.bytes)
}

async function startSession(
  sessions: Sessions,
  { content }: PageHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const token = tokenIn(await readText(request, LONGEST_SESSION_REQUEST))
  if (token === undefined) return refuse(response, 400)
  if (token === null) {
    return sessions.has(request.headers.cookie) ? answerJson(response, 200, { content }) : refuse(response, 401)
  }
  const swapped = sessions.swap(token)
  if (swapped === 'wrong') return refuse(response, 401)
  if (swapped === 'too-many') return refuse(response, 429)
  response.setHeader('Set-Cookie', swapped.cookie)
  answerJson(response, 200, { content })
}

/** null: a request without a token; undefined: not a request of ours. */
function tokenIn(body: string | null): string | null | undefined {
  try {
    const { token = null, ...rest } = JSON.parse(body ?? '') as Record<string, unknown>
    return Object.keys(rest).length === 0 && (token === null || typeof token === 'string') ? token : undefined
  } catch {
    return undefined
  }
}

async function receiveUpload(
  backend: Backend,
  upload: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let received = 0
  // Not destroyed when a file is refused: the rest is read and dropped, so that the page gets to read the answer.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  for await (const { file, bytes } of decodeRecords(chunks)) {
    await backend.receive(upload, file, bytes)
    received++
  }
  answerJson(response, 200, { received })
}

async function readText(request: IncomingMessage, longest: number): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > longest) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, plainHeaders('application/json')).end(JSON.stringify(value))
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, plainHeaders('text/plain')).end()
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function statusOf(code: ErrorCode): number {
  if (code === 'INTERNAL') return 500
  if (code === 'INVALID_INPUT') return 400
  return code === 'UPLOAD_NOT_FOUND' ? 404 : 409
}

function describeFailure(
  error: unknown,
  request: IncomingMessage,
  onIncident: WebServerOptions['onIncident'],
): SerializedError {
  if (error instanceof AppError) return error.toJSON()
  const id = randomUUID()
  // Not its address, which may be a capability.
  onIncident?.({ id, path: `web ${request.method}`, error })
  return new AppError('INTERNAL', 'Something went wrong', { incident: id }).toJSON()
}

function roleOf(hosts: Hosts, { headersDistinct }: IncomingMessage): HostRole | null {
  const given = headersDistinct['host'] ?? []
  return given.length === 1 ? hosts.roleOf(given[0]) : null
}

const isFromPage = (role: PageHost, { headers }: IncomingMessage) => headers.origin === role.origin

const offers = ({ headers }: IncomingMessage, protocol: string) =>
  headers['sec-websocket-protocol']?.split(',').some(offered => offered.trim() === protocol) === true

function allowedHost(text: string): string {
  const host = parseAllowedHost(text)
  if (host === null) throw new Error(`${text} is not NAME:PORT`)
  return host
}

/** The same address as before, so that an open page and a bookmark find us again. */
async function listenAgain(server: Server, port: number | null): Promise<number> {
  return port === null ? listen(server, 0) : listen(server, port).catch(() => listen(server, 0))
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError(
              'PORT_TAKEN',
              `Port ${port} is taken by another program. Choose another one, or leave --port out.`,
              { port },
            )
          : error,
      )
    server.once('error', refused)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refused)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}
