/**
 * Serves the three features in the policy that the real page lives under, over a backend made of fixtures that speaks
 * the real contract over the real wire. Uploads are decoded from their framing as it was agreed.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { WebSocketServer } from 'ws'
import { AppError } from '../../preload/contract/errors.ts'
import { type Contract, contract } from '../../preload/contract/index.ts'
import type { ArchiveRow, Change, Entry, PublishReview, Settings, TransferRow } from '../../preload/contract/models.ts'
import { type Handlers, serve } from '../../preload/wire/serve.ts'
import { webSocket } from '../../preload/wire/transports.ts'
import { samples } from './samples.ts'

export type Received = {
  readonly path: string
  readonly size: number
  readonly modified: number | null
  readonly bytes: Buffer
}

export type Harness = {
  readonly url: string
  /** Every call that changes something, in order. */
  readonly calls: { readonly name: string; readonly input: unknown }[]
  readonly received: Received[]
  readonly folders: Map<string, string[]>
  /** What the next review says. */
  review: Partial<PublishReview>
  /** The next so many uploads break off before they are answered. */
  breaks: number
  close(): Promise<void>
}

const key = 'y'.repeat(52)
const link = `hyper://${key}`
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wav': 'audio/wav',
  '.pdf': 'application/pdf',
}

export async function startHarness(): Promise<Harness> {
  const out = await mkdtemp(join(tmpdir(), 'cairn-page-'))
  await build({
    root: resolve('test/renderer-publish/page'),
    base: './',
    configFile: false,
    logLevel: 'warn',
    plugins: [react(), tailwindcss()],
    // Nobody downloads it: to make it small takes longer than to make it.
    build: {
      outDir: out,
      emptyOutDir: true,
      minify: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: Infinity,
    },
  })

  const harness = { calls: [], received: [], folders: folderTree(), review: {}, breaks: 0 } as unknown as Harness & {
    url: string
  }
  const content = createServer(serveContent)
  await listen(content)
  const contentOrigin = `http://localhost:${(content.address() as AddressInfo).port}`
  const policy =
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: ${contentOrigin}; media-src ${contentOrigin}; ` +
    `connect-src 'self' ws: ${contentOrigin}; worker-src 'self' blob:`

  const page = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  const sockets = new WebSocketServer({ server: page, path: '/wire', maxPayload: 64 << 20 })
  sockets.on('connection', socket => serve(contract, handlers(harness), webSocket(socket)))
  await listen(page)
  harness.url = `http://127.0.0.1:${(page.address() as AddressInfo).port}/`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://page').pathname
    if (path === '/session') return void response.end(JSON.stringify({ content: contentOrigin }))
    if (path.startsWith('/upload/')) return await receive(request, response, path.slice('/upload/'.length))
    try {
      const file = path === '/' ? '/index.html' : path
      const body = await readFile(join(out, file))
      response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream')
      response.setHeader('content-security-policy', policy)
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  }

  async function receive(request: IncomingMessage, response: ServerResponse, upload: string): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (harness.breaks > 0) {
      harness.breaks--
      return void request.socket.destroy()
    }
    if (upload !== 'upload-1') {
      const error = new AppError('UPLOAD_NOT_FOUND', 'No such upload', { id: upload }).toJSON()
      return void response.writeHead(404).end(JSON.stringify({ error }))
    }
    const records = decode(Buffer.concat(chunks))
    harness.received.push(...records)
    response.end(JSON.stringify({ received: records.length }))
  }

  return Object.assign(harness, {
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      for (const server of [page, content]) {
        server.closeAllConnections()
        await new Promise(done => server.close(done))
      }
      await rm(out, { recursive: true })
    },
  })
}

function decode(body: Buffer): Received[] {
  const records: Received[] = []
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at)
    const header = JSON.parse(body.toString('utf8', at + 4, at + 4 + length)) as Omit<Received, 'bytes'>
    const start = at + 4 + length
    at = start + header.size
    if (at > body.length) throw new Error('a record ends beyond its body')
    records.push({ ...header, bytes: body.subarray(start, at) })
  }
  return records
}

function serveContent(request: IncomingMessage, response: ServerResponse): void {
  const path = `/${decodeURIComponent(new URL(request.url ?? '/', 'http://content').pathname)
    .split('/')
    .slice(2)
    .join('/')}`
  const body = path.startsWith('/nobody') ? undefined : samples.get(path)
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '*')
  response.setHeader('cross-origin-resource-policy', 'cross-origin')
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('content-security-policy', "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'")
  response.setHeader('accept-ranges', 'bytes')
  if (body === undefined) return void response.writeHead(503).end()
  response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream')
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (range === null) return void response.end(body)
  const start = Number(range[1])
  const end = Math.min(body.length, range[2] ? Number(range[2]) + 1 : body.length)
  response
    .writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${body.length}` })
    .end(body.subarray(start, end))
}

const listen = (server: ReturnType<typeof createServer>) =>
  new Promise<void>(done => server.listen(0, '127.0.0.1', done))

function folderTree(): Map<string, string[]> {
  return new Map([
    [
      '/home/ana',
      [
        'Documents',
        'Holiday',
        'Music',
        'Pictures',
        'A folder with a rather long name, as people give them to find things again',
      ],
    ],
    ['/home/ana/Pictures', Array.from({ length: 60 }, (_, index) => `Album ${index + 1}`)],
    ['/home/ana/Holiday', []],
    ['/home', ['ana']],
    ['/', ['home']],
  ])
}

function handlers(harness: Harness): Handlers<Contract> {
  const note = (name: string, input: unknown) => void harness.calls.push({ name, input })
  const nothing = async () => {}
  const unused = () => Promise.reject(new Error('not used here'))
  const nothingEver = async function* () {}
  const folderOf = (path: string) => {
    const names = harness.folders.get(path)
    if (names === undefined) throw new AppError('SOURCE_NOT_FOUND', `${path} is not there.`, { path })
    return names
  }
  const join = (parent: string, name: string) => (parent === '/' ? `/${name}` : `${parent}/${name}`)
  return {
    archives: {
      open: unused,
      giveUp: nothing,
      readLink: unused,
      watch: (_, signal) => once<ArchiveRow>([], signal),
      retry: nothing,
      tellWhenFound: nothing,
      describe: nothing,
      markSeen: nothing,
      keep: nothing,
      keepInFolder: unused,
      keepParts: unused,
      setUpdates: nothing,
      answerUpdate: nothing,
      watchUpdate: async function* () {},
      chooseUpdate: unused,
      setNotify: nothing,
      setLimits: nothing,
      answerRewrite: nothing,
      insist: nothing,
      repair: unused,
      warrant: unused,
      pause: nothing,
      forget: nothing,
      pinnedLink: unused,
    },
    disk: { use: unused, folder: unused, clear: unused },
    publish: {
      async review(_, { emit }) {
        emit({ files: 214, bytes: 1_200_000_000 })
        return { ...standardReview, ...harness.review }
      },
      async reviewDropped({ title, items }) {
        note('reviewDropped', { title, items: items.map(item => item.path) })
        const ignored = items
          .filter(item => item.path.includes('/.git/'))
          .map(item => ({ path: item.path, rule: '.git', origin: 'default' as const }))
        const kept = items.filter(item => !item.path.includes('/.git/'))
        return {
          ...standardReview,
          title,
          files: kept.length,
          bytes: kept.reduce((sum, item) => sum + item.size, 0),
          links: 0,
          largest: kept
            .toSorted((a, b) => b.size - a.size)
            .slice(0, 5)
            .map(({ path, size }) => ({ path, size })),
          ignored,
          ignoredCount: ignored.length,
          ignoredBy: ignored.length === 0 ? [] : [{ rule: '.git', origin: 'default', count: ignored.length }],
          suspicious: kept
            .filter(item => item.path.endsWith('.env'))
            .map(item => ({
              path: item.path,
              why: 'settings of a program, often with passwords and tokens',
              size: item.size,
            })),
          skipped: [],
          skippedCount: 0,
          ignoredPaths: ignored.map(item => item.path),
        }
      },
      async start(input) {
        note('start', input)
        return { key, link, transfer: 'transfer-1' }
      },
      async startUpload(input) {
        note('startUpload', input)
        return { key, link, upload: 'upload-1', transfer: 'transfer-1' }
      },
      async finishUpload(input) {
        note('finishUpload', input)
      },
      remove: unused,
      rename: unused,
      move: unused,
      restore: unused,
      rules: unused,
      reviewRules: unused,
      changeRules: nothing,
      moveSource: nothing,
      pause: nothing,
      answerRemoval: nothing,
    },
    read: {
      list: unused,
      receipt: unused,
      measure: nothing,
      async entry({ path }) {
        const bytes = samples.get(path)
        return bytes === undefined ? null : entryOf(path, path.startsWith('/nobody') ? 5000 : bytes.length)
      },
      async grant() {
        return { grant: 'g'.repeat(43) }
      },
      async *watchZip() {},
      async bytes({ path, start, length }) {
        const bytes = samples.get(path)
        if (bytes === undefined || path.startsWith('/nobody'))
          throw new AppError('NOT_AVAILABLE', 'Nobody has it.', { key, path })
        return { base64: bytes.subarray(start, start + length).toString('base64'), size: bytes.length }
      },
      download: unused,
    },
    proofs: { check: unused, feed: nothing },
    history: {
      list: unused,
      changes: unused,
      moments: unused,
      gone: unused,
      names: unused,
      name: unused,
      describe: unused,
      file: unused,
      news: unused,
    },
    peers: {
      watch: (_, signal) => once<never>([], signal),
      watchTraffic: (_, signal) => once<never>([], signal),
    },
    names: { async *watch() {}, set: nothing },
    availability: {
      async *watchAll() {},
      async *watch() {},
      files: unused,
      who: unused,
      rarest: unused,
      part: unused,
      needed: async () => ({ archives: [] }),
      planFreeing: unused,
      free: unused,
      recall: nothing,
    },
    transfers: {
      watch: (_, signal) => once<TransferRow>([], signal),
      pause: nothing,
      resume: nothing,
      cancel: nothing,
      clear: nothing,
      skipped: unused,
    },
    network: {
      watch: (_, signal) => once<never>([], signal),
      watchTable: nothingEver,
      watchAnnounces: (_, signal) => once<never>([], signal),
      lookup: unused,
      check: unused,
    },
    settings: {
      watch: (_, signal) =>
        once<Settings>(
          [
            {
              id: 'settings',
              consented: false,
              theme: 'system',
              downloads: '/home/ana',
              author: '',
              notify: false,
              namePrivate: false,
              cache: 0,
              limits: { down: null, up: null, schedule: [], connections: 64 },
              paused: false,
              room: true,
              bootstrap: [],
              welcomed: true,
            },
          ],
          signal,
        ),
      async update(input) {
        note('settings.update', input)
      },
    },
    machine: {
      status: unused,
      woke: unused,
      about: unused,
      diagnostics: unused,
      async folders({ path }) {
        const at = path ?? '/home/ana'
        return {
          path: at,
          parent: at === '/' ? null : at.slice(0, at.lastIndexOf('/')) || '/',
          folders: folderOf(at).map(name => ({ name, path: join(at, name) })),
          places: [
            { name: 'Home', path: '/home/ana' },
            { name: 'Pictures', path: '/home/ana/Pictures' },
            { name: 'This computer', path: '/' },
          ],
        }
      },
      async createFolder({ parent, name }) {
        folderOf(parent).push(name)
        harness.folders.set(join(parent, name), [])
        return { path: join(parent, name) }
      },
    },
  }
}

async function* once<T extends { readonly id: string }>(
  items: readonly T[],
  signal: AbortSignal,
): AsyncGenerator<readonly Change<T>[]> {
  yield [{ op: 'reset' }, ...items.map(item => ({ op: 'put' as const, item }))]
  await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
}

const entryOf = (path: string, size: number): Entry => ({
  kind: 'file',
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  size,
  modified: 1_700_000_000_000,
  executable: false,
  target: null,
  held: 'all',
})

const standardReview: PublishReview = {
  id: 'review-1',
  title: 'Holiday',
  files: 214,
  bytes: 1_204_000_000,
  links: 2,
  largest: [
    { path: '/film/The long walk along the coast, second half, without the rain.mp4', size: 640_000_000 },
    { path: '/film/first half.mp4', size: 310_000_000 },
    { path: '/photos/panorama.tif', size: 120_000_000 },
    { path: '/notes/gpj.\u202Eexe', size: 1200 },
  ],
  ignored: [
    { path: '/.DS_Store', rule: '.DS_Store', origin: 'default' },
    { path: '/site/node_modules', rule: 'node_modules', origin: 'default' },
  ],
  ignoredCount: 3204,
  ignoredBy: [
    { rule: 'node_modules', origin: 'default', count: 3203 },
    { rule: '.DS_Store', origin: 'default', count: 1 },
  ],
  suspicious: [
    { path: '/site/.env', why: 'settings of a program, often with passwords and tokens', size: 40 },
    { path: '/keys/id_ed25519', why: 'private SSH key', size: 400 },
  ],
  skipped: [{ path: '/pipe', reason: 'not-a-file', detail: 'is a device, a socket or a pipe' }],
  skippedCount: 1,
  roomNeeded: 1_204_000_000,
  roomFree: 82_000_000_000,
  already: null,
  clashes: [],
}
