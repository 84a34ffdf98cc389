/**
 * `npm run dev`: the page from Vite, which reloads it as it is edited, in front of the built headless backend, which is
 * built and started anew as its own sources are edited. Bootstrap and storage come from the environment, as always; the
 * storage is `.cairn-dev` below the temporary folder unless it is given.
 */
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { createServer } from 'vite'

const project = resolve(import.meta.dirname, '../..')
const [pagePort, backendPort] = [await freePort(), await freePort()]
const host = `127.0.0.1:${pagePort}`
const target = { hostname: '127.0.0.1', port: backendPort }
/** Not yet swapped for a cookie: a page that lost its session to a restart gets it without being opened anew. */
let token = null

const vite = await createServer({
  configFile: false,
  root: join(project, 'renderer'),
  server: {
    host: '127.0.0.1',
    port: pagePort,
    strictPort: true,
    proxy: { '/wire': { target: `http://127.0.0.1:${backendPort}`, ws: true, changeOrigin: false } },
  },
  plugins: [react(), tailwindcss(), { name: 'cairn-backend', configureServer: forwardToBackend }],
})
await vite.listen()

let backend = startBackend()
let rebuilding = null
for (const folder of ['main', 'preload']) {
  watch(join(project, folder), { recursive: true }, () => {
    clearTimeout(rebuilding)
    rebuilding = setTimeout(rebuild, 300)
  })
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)

function startBackend() {
  const storage = process.env.CAIRN_STORAGE ?? join(tmpdir(), '.cairn-dev')
  const args = ['--storage', storage, '--port', String(backendPort), '--allow-host', host]
  const child = spawn(process.execPath, [join(project, 'out/main/headless.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.on('data', text => {
    const url = /Through a tunnel: (\S+)/.exec(String(text))?.[1]
    if (url === undefined) return
    token = new URLSearchParams(new URL(url).hash.slice(1)).get('token')
    process.stdout.write(`Cairn, reloading: http://${host}/\n`)
  })
  return child
}

async function rebuild() {
  const build = spawn(process.execPath, [join(project, 'node_modules/electron-vite/bin/electron-vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: project,
    stdio: 'inherit',
  })
  const code = await ended(build)
  if (code !== 0) return
  backend.kill('SIGTERM')
  await ended(backend)
  backend = startBackend()
}

async function stop() {
  backend.kill('SIGTERM')
  await Promise.all([ended(backend), vite.close()])
  process.exit(0)
}

function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise(done => child.once('close', done))
}

/** Vite answers for the page; sessions, uploads and the content host belong to the backend, which checks them as ever. */
function forwardToBackend(server) {
  server.middlewares.use((request, response, next) => {
    const isContent = request.headers.host?.endsWith(`.localhost:${pagePort}`)
    const isSession = request.method === 'POST' && request.url === '/session'
    if (!isContent && !isSession && !request.url?.startsWith('/upload/')) return next()
    const headers = { ...request.headers }
    const body = isSession && token !== null ? JSON.stringify({ token }) : null
    if (body !== null) headers['content-length'] = String(body.length)
    const forwarded = httpRequest({ ...target, method: request.method, path: request.url, headers }, answer => {
      if (body !== null && answer.statusCode === 200) token = null
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    })
    response.on('close', () => forwarded.destroy())
    if (body === null) request.pipe(forwarded)
    else forwarded.end(body)
  })
}

async function freePort() {
  const server = createSocketServer()
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise(done => server.close(done))
  return port
}
