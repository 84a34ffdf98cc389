/** A backend whose answers a test decides, behind the real web shell. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend, ReceivedFile } from '../../main/backend-options.ts'
import { startWebServer, type WebServer } from '../../main/web/server.ts'
import { call, type } from '../../preload/contract/define.ts'
import { AppError } from '../../preload/contract/errors.ts'
import { serve } from '../../preload/wire/serve.ts'

export const greeting = { greet: call({ output: type<string>() }) } as const

export type Received = { upload: string; file: ReceivedFile; text: string; failed: unknown }

export class FakeBackend implements Backend {
  readonly options
  readonly received: Received[] = []
  readonly asked: Request[] = []
  clients = 0
  page: () => string | null = () => null
  answer: (request: Request) => Response = () => new Response('stone')
  /** Refuses a file of this name. */
  refuses: { name: string; error: Error } | null = null

  constructor(storage: string) {
    this.options = { storage, bootstrap: [], join: false }
  }

  accept(transport: Parameters<Backend['accept']>[0]): void {
    this.clients++
    transport.onClose(() => {
      this.clients--
    })
    serve(greeting, { greet: () => 'hello' }, transport)
  }

  async content(request: Request): Promise<Response> {
    this.asked.push(request)
    return this.answer(request)
  }

  async receive(upload: string, file: ReceivedFile, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const entry: Received = { upload, file, text: '', failed: null }
    this.received.push(entry)
    if (upload === 'unknown') throw new AppError('UPLOAD_NOT_FOUND', 'No such upload', { id: upload })
    if (this.refuses !== null && file.path.endsWith(this.refuses.name)) throw this.refuses.error
    try {
      for await (const chunk of bytes) entry.text += Buffer.from(chunk).toString('latin1')
    } catch (error) {
      entry.failed = error
      throw error
    }
  }

  setPage(page: () => string | null): void {
    this.page = page
  }

  async close(): Promise<void> {}
}

export type Shell = {
  readonly backend: FakeBackend
  readonly server: WebServer
  readonly host: string
  readonly origin: string
  readonly incidents: unknown[]
  close(): Promise<void>
}

export async function startShell(allowHosts: readonly string[] = [], storage?: string): Promise<Shell> {
  const pageFolder = await mkdtemp(join(tmpdir(), 'cairn-page-'))
  await mkdir(join(pageFolder, 'assets'))
  await writeFile(join(pageFolder, 'index.html'), '<!doctype html><title>Cairn</title>')
  await writeFile(join(pageFolder, 'assets', 'index-a1B2c3D4.js'), 'export {}')
  await writeFile(join(pageFolder, '.secret'), 'secret')
  const backend = new FakeBackend(storage ?? pageFolder)
  const incidents: unknown[] = []
  const remove = () => rm(pageFolder, { recursive: true })
  const server = await startWebServer(backend, {
    pageFolder,
    allowHosts,
    onIncident: incident => incidents.push(incident),
  }).catch(async (error: unknown) => {
    await remove()
    throw error
  })
  const { host, origin } = new URL(server.url)
  const close = async () => {
    await server.close()
    await remove()
  }
  return { backend, server, host, origin, incidents, close }
}

export const tokenOf = (url: string) => new URLSearchParams(new URL(url).hash.slice(1)).get('token')!

export type Answer = { status: number; headers: IncomingMessage['headers']; text: string; cookie: string }

/** `fetch` would not let us lie about Host, Origin and Cookie, nor send a path as it is. */
export function send(
  shell: Pick<Shell, 'host'>,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | Uint8Array = '',
): Promise<Answer> {
  const { hostname, port } = new URL(`http://${shell.host}`)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, method, path, agent: false, headers: { host: shell.host, ...headers } },
      response => {
        let text = ''
        response.setEncoding('latin1')
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () => {
          const [cookie = ''] = response.headers['set-cookie'] ?? []
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, cookie: cookie.split(';')[0]! })
        })
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** Swaps the first token and tells the cookie and the content origin. */
export async function signIn(shell: Shell): Promise<{ cookie: string; content: string; contentHost: string }> {
  const body = JSON.stringify({ token: tokenOf(shell.server.freshUrl()) })
  const { cookie, text } = await send(shell, 'POST', '/session', { origin: shell.origin }, body)
  const { content } = JSON.parse(text) as { content: string }
  return { cookie, content, contentHost: new URL(content).host }
}

export function record(path: string, content: string, size = content.length, more: object = {}): Buffer {
  const header = Buffer.from(JSON.stringify({ path, size, modified: 1, ...more }))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(header.length)
  return Buffer.concat([length, header, Buffer.from(content, 'latin1')])
}
