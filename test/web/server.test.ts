/** The local web server, met by everybody who should not get in. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { AppError } from '../../preload/contract/errors.ts'
import { connect } from '../../preload/wire/connect.ts'
import { webSocket } from '../../preload/wire/transports.ts'
import { type greeting, record, type Shell, send, signIn, startShell, tokenOf } from './fake-backend.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(allowHosts?: readonly string[]): Promise<Shell> {
  const shell = await startShell(allowHosts)
  closing.push(shell.close)
  return shell
}

test('the page needs the right Host and nothing else, and comes with a strict policy', async () => {
  const shell = await start()
  const page = await send(shell, 'GET', '/')
  expect(page).toMatchObject({ status: 200, text: '<!doctype html><title>Cairn</title>' })
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  })
  const policy = String(page.headers['content-security-policy'])
  const { content } = await signIn(shell)
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    `img-src 'self' blob: data: ${content}`,
    `connect-src 'self' ws://${shell.host} ${content}`,
    "frame-ancestors 'none'",
  ]) {
    expect(policy.split('; ')).toContain(part)
  }
  expect(policy).not.toContain('unsafe')
  expect((await send(shell, 'HEAD', '/index.html')).headers['content-length']).toBe('35')
  const script = await send(shell, 'GET', '/assets/index-a1B2c3D4.js')
  expect(script.headers['cache-control']).toContain('immutable')
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
})

test.each([
  'localhost:PORT',
  '127.0.0.1',
  'rebound.example:PORT',
  '127.0.0.1.:PORT',
  '127.0.0.1:PORT.evil.example',
  'x.localhost:PORT',
  '[::1]:PORT',
])('a request that calls us %s is misdirected', async name => {
  const shell = await start()
  const host = name.replace('PORT', shell.host.split(':')[1]!)
  expect(await send(shell, 'GET', '/', { host })).toMatchObject({ status: 421, text: '' })
  const body = JSON.stringify({ token: tokenOf(shell.server.url) })
  expect((await send(shell, 'POST', '/session', { host, origin: `http://${host}` }, body)).status).toBe(421)
  expect(await upgrade(shell, { host, origin: `http://${host}` })).toContain('421')
  // The token is still good: none of them used it.
  expect((await send(shell, 'POST', '/session', { origin: shell.origin }, body)).status).toBe(200)
})

test.each([
  '/..%2fpackage.json',
  '/../package.json',
  '/%2e%2e/package.json',
  '/assets/../../secret',
  '/assets%2f..%2f..%2fetc%2fpasswd',
  '/.secret',
  '//etc/passwd',
  '/assets',
  '/__proto__',
  '/%ff',
  '/session',
])('the path %s is not a file of the page', async path => {
  expect((await send(await start(), 'GET', path)).status).toBe(404)
})

test('a token works once; the cookie that it gives works until the end', async () => {
  const shell = await start()
  const headers = { origin: shell.origin }
  const body = JSON.stringify({ token: tokenOf(shell.server.url) })
  const first = await send(shell, 'POST', '/session', headers, body)
  expect(first.status).toBe(200)
  expect(first.headers['set-cookie']?.[0]).toMatch(
    /^cairn_[0-9a-f]{16}=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=31536000$/,
  )
  expect(JSON.parse(first.text)).toEqual({
    content: expect.stringMatching(new RegExp(`^http://[0-9a-f]{32}\\.localhost:${shell.host.split(':')[1]}$`)),
  })
  expect((await send(shell, 'POST', '/session', headers, body)).status).toBe(401)
  expect((await send(shell, 'POST', '/session', headers, '{}')).status).toBe(401)
  const again = await send(shell, 'POST', '/session', { ...headers, cookie: `other=1; ${first.cookie}` }, '{}')
  expect(again).toMatchObject({ status: 200, text: first.text })
  const fresh = tokenOf(shell.server.freshUrl())
  expect(fresh).not.toBe(tokenOf(shell.server.url))
  expect((await send(shell, 'POST', '/session', headers, JSON.stringify({ token: fresh }))).status).toBe(200)
})

test('after a restart an open page finds the same address, and its session goes on', async () => {
  const storage = await mkdtemp(join(tmpdir(), 'cairn-storage-'))
  const first = await startShell([], storage)
  const { cookie } = await signIn(first)
  const token = tokenOf(first.server.freshUrl())
  await first.close()
  expect(await readFile(join(storage, 'page.json'), 'utf8')).not.toContain(cookie.split('=')[1])
  expect((await stat(join(storage, 'page.json'))).mode & 0o077).toBe(0)
  const again = await startShell([], storage)
  expect(again.host).toBe(first.host)
  const headers = { origin: again.origin }
  expect((await send(again, 'POST', '/session', { ...headers, cookie }, '{}')).status).toBe(200)
  expect((await send(again, 'POST', '/session', headers, JSON.stringify({ token }))).status).toBe(401)
  const other = await startShell([], storage)
  expect(other.host).not.toBe(again.host)
  await Promise.all([again.close(), other.close()])
  await rm(storage, { recursive: true, maxRetries: 10 })
})

test('bytes of archives are no page of their own, but can be saved', async () => {
  const shell = await start()
  const { text } = await send(
    shell,
    'POST',
    '/session',
    { origin: shell.origin },
    JSON.stringify({ token: tokenOf(shell.server.url) }),
  )
  const { host } = new URL((JSON.parse(text) as { content: string }).content)
  for (const dest of ['document', 'iframe', 'object', 'embed'])
    expect((await send(shell, 'GET', '/grant/a.svg', { host, 'sec-fetch-dest': dest })).status).toBe(403)
  for (const dest of ['image', 'video', 'empty'])
    expect((await send(shell, 'GET', '/grant/a.svg', { host, 'sec-fetch-dest': dest })).status).toBe(200)
  expect((await send(shell, 'GET', '/grant/a.svg?download', { host, 'sec-fetch-dest': 'document' })).status).toBe(200)
})

test('a session is for our own page alone', async () => {
  const shell = await start()
  const body = JSON.stringify({ token: tokenOf(shell.server.url) })
  const { cookie } = await signIn(shell)
  for (const origin of [
    'http://evil.example',
    'null',
    shell.origin.replace('http', 'https'),
    `${shell.origin}.evil.example`,
  ]) {
    expect((await send(shell, 'POST', '/session', { origin, cookie }, body)).status).toBe(403)
  }
  expect((await send(shell, 'POST', '/session', { cookie }, body)).status).toBe(403)
  expect((await send(shell, 'POST', '/session', { origin: shell.origin }, body)).status).toBe(200)
})

test.each(['', 'nonsense', '[]', 'null', '{"token":1}', '{"token":"x","more":1}', `{"token":"${'x'.repeat(5000)}"}`])(
  'the session request %j is refused',
  async body => {
    const shell = await start()
    const { status } = await send(shell, 'POST', '/session', { origin: shell.origin }, body)
    expect([400, 401]).toContain(status)
    expect(shell.incidents).toEqual([])
  },
)

test('guessing is slowed down', async () => {
  const shell = await start()
  const guess = (token: string) => send(shell, 'POST', '/session', { origin: shell.origin }, JSON.stringify({ token }))
  const statuses = new Set<number>()
  for (let i = 0; i < 25; i++) statuses.add((await guess(`guess${i}`)).status)
  expect([...statuses]).toEqual([401, 429])
  expect((await guess(tokenOf(shell.server.url))).status).toBe(429)
})

function upgrade(
  shell: Shell,
  headers: Record<string, string>,
  path = '/wire',
  protocols = ['cairn.v1'],
): Promise<WebSocket | string> {
  const socket = new WebSocket(`ws://${shell.host}${path}`, protocols, { headers })
  return new Promise(resolve => {
    socket.on('open', () => resolve(socket))
    socket.on('error', error => resolve(error.message))
  })
}

test('the bridge needs the cookie, our Origin, our Host and our protocol', async () => {
  const shell = await start()
  const { cookie, contentHost } = await signIn(shell)
  const { origin } = shell
  expect(await upgrade(shell, { origin })).toContain('403')
  expect(await upgrade(shell, { cookie })).toContain('403')
  expect(await upgrade(shell, { cookie, origin: 'http://evil.example' })).toContain('403')
  expect(await upgrade(shell, { cookie: cookie.slice(0, -1), origin })).toContain('403')
  expect(await upgrade(shell, { cookie: cookie.replace(/^cairn_\w+/, 'cairn_0000000000000000'), origin })).toContain(
    '403',
  )
  expect(await upgrade(shell, { cookie, origin: `http://${contentHost}`, host: contentHost })).toContain('421')
  expect(await upgrade(shell, { cookie, origin }, '/other')).toContain('404')
  expect(await upgrade(shell, { cookie, origin }, '/wire', ['other.v1'])).toContain('400')
  expect(shell.backend.clients).toBe(0)
  const socket = await upgrade(shell, { cookie, origin })
  if (typeof socket === 'string') throw new Error(socket)
  expect(await connect<typeof greeting>(webSocket(socket)).greet()).toBe('hello')
  const closed = new Promise(resolve => socket.once('close', resolve))
  await shell.server.close()
  await closed
  await expect.poll(() => shell.backend.clients).toBe(0)
})

test('a message without bounds closes the bridge', async () => {
  const shell = await start()
  const { cookie } = await signIn(shell)
  const socket = await upgrade(shell, { cookie, origin: shell.origin })
  if (typeof socket === 'string') throw new Error(socket)
  const closed = new Promise<number>(resolve => socket.once('close', resolve))
  socket.send('x'.repeat(65 << 20))
  expect(await closed).toBe(1009)
})

test('content has a host of its own: no page there, and no content here', async () => {
  const shell = await start()
  const { cookie, contentHost } = await signIn(shell)
  const there = { host: contentHost }
  const bytes = await send(shell, 'GET', '/grant/a%2Fb/c?download', { ...there, cookie, range: 'bytes=0-1' })
  expect(bytes).toMatchObject({ status: 200, text: 'stone' })
  const [asked] = shell.backend.asked
  expect(asked?.url).toBe(`http://${contentHost}/grant/a%2Fb/c?download`)
  expect([...(asked?.headers ?? [])]).toEqual([['range', 'bytes=0-1']])
  for (const path of ['/', '/index.html', '/assets/index-a1B2c3D4.js']) {
    expect((await send(shell, 'GET', path, there)).text).toBe('stone')
  }
  shell.backend.asked.length = 0
  expect((await send(shell, 'POST', '/session', { ...there, origin: `http://${contentHost}` }, '{}')).status).toBe(405)
  expect((await send(shell, 'POST', '/upload/u', { ...there, cookie, origin: shell.origin }, '')).status).toBe(405)
  expect((await send(shell, 'GET', '/grant/a', { cookie })).status).toBe(404)
  expect((await send(shell, 'GET', 'http://evil.example/grant/a', there)).status).toBe(400)
  expect(shell.backend.asked).toEqual([])
})

test('archives have no say in cookies, and only our page may read them by script', async () => {
  const shell = await start()
  const { contentHost: host } = await signIn(shell)
  shell.backend.answer = () =>
    new Response('x', {
      status: 206,
      headers: {
        'set-cookie': 'a=b',
        'content-range': 'bytes 0-0/9',
        'content-security-policy': 'sandbox',
        etag: '"1"',
      },
    })
  const ours = await send(shell, 'GET', '/grant/a', { host, origin: shell.origin })
  expect(ours.status).toBe(206)
  expect(ours.headers).toMatchObject({
    'access-control-allow-origin': shell.origin,
    'access-control-expose-headers': expect.stringContaining('Content-Range'),
    vary: 'Origin',
    'content-range': 'bytes 0-0/9',
    'content-security-policy': 'sandbox',
  })
  expect(ours.headers).not.toHaveProperty('set-cookie')
  expect(ours.headers).not.toHaveProperty('access-control-allow-credentials')
  for (const origin of ['http://evil.example', 'null', `http://${host}`]) {
    const theirs = await send(shell, 'GET', '/grant/a', { host, origin })
    expect(theirs.headers).not.toHaveProperty('access-control-allow-origin')
    expect(theirs.headers['vary']).toBe('Origin')
    expect((await send(shell, 'OPTIONS', '/grant/a', { host, origin })).status).toBe(403)
  }
  const preflight = await send(shell, 'OPTIONS', '/grant/a', { host, origin: shell.origin })
  expect(preflight.status).toBe(204)
  expect(preflight.headers['access-control-allow-headers']).toContain('Range')
})

test('HEAD answers without bytes, and a bug answers without its message', async () => {
  const shell = await start()
  const { contentHost: host } = await signIn(shell)
  expect(await send(shell, 'HEAD', '/grant/a', { host })).toMatchObject({ status: 200, text: '' })
  shell.backend.answer = () => {
    throw new Error('secret')
  }
  const failed = await send(shell, 'GET', '/grant/a', { host })
  expect(failed.status).toBe(500)
  expect(failed.text).not.toContain('secret')
  expect(JSON.stringify(shell.incidents)).not.toContain('grant')
})

test('a reader who does not read makes the backend wait, and one who leaves stops it', async () => {
  const shell = await start()
  const { contentHost: host } = await signIn(shell)
  let made = 0
  let cancelled = false
  shell.backend.answer = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          made += 1 << 16
          controller.enqueue(new Uint8Array(1 << 16))
        },
        cancel() {
          cancelled = true
        },
      }),
    )
  const socket = connectSocket(Number(shell.host.split(':')[1]), '127.0.0.1')
  socket.pause()
  socket.write(`GET /grant/a HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  let before = -1
  await vi.waitFor(
    () => {
      const stuck = made === before && made > 0
      before = made
      expect(stuck).toBe(true)
    },
    { timeout: 10_000, interval: 200 },
  )
  expect(made).toBeLessThan(32 << 20)
  const signal = shell.backend.asked[0]?.signal
  expect(signal?.aborted).toBe(false)
  socket.destroy()
  await expect.poll(() => [signal?.aborted, cancelled]).toEqual([true, true])
})

test('a tunnel’s other end has its own name, page, bridge and content', async () => {
  const shell = await start(['Home.example:9000'])
  const there = { host: 'home.example:9000' }
  const origin = 'http://home.example:9000'
  const page = await send(shell, 'GET', '/', there)
  expect(page.headers['content-security-policy']).toContain('ws://home.example:9000')
  const url = shell.server.freshUrl('home.example:9000')
  expect(url).toMatch(/^http:\/\/home\.example:9000\/#token=/)
  const session = await send(shell, 'POST', '/session', { ...there, origin }, JSON.stringify({ token: tokenOf(url) }))
  const { content } = JSON.parse(session.text) as { content: string }
  expect(content).toMatch(/\.localhost:9000$/)
  expect((await send(shell, 'GET', '/grant/a', { host: new URL(content).host, origin })).headers).toMatchObject({
    'access-control-allow-origin': origin,
  })
  expect((await send(shell, 'POST', '/session', { ...there, origin: shell.origin }, '{}')).status).toBe(403)
  await expect(start(['http://x/'])).rejects.toThrow('NAME:PORT')
})

test('files are received one after another', async () => {
  const shell = await start()
  const { cookie } = await signIn(shell)
  const headers = { cookie, origin: shell.origin }
  const body = Buffer.concat([record('/a', 'one'), record('/empty', ''), record('/b/ü', 'x'.repeat(300_000))])
  const answer = await send(shell, 'POST', '/upload/u-1', headers, body)
  expect(answer).toMatchObject({ status: 200, text: '{"received":3}' })
  expect(shell.backend.received.map(({ upload, file, text }) => [upload, file.path, text.length])).toEqual([
    ['u-1', '/a', 3],
    ['u-1', '/empty', 0],
    ['u-1', '/b/ü', 300_000],
  ])
})

test('an upload needs the cookie and our Origin', async () => {
  const shell = await start()
  const { cookie } = await signIn(shell)
  const { origin } = shell
  expect((await send(shell, 'POST', '/upload/u', { origin }, record('/a', 'x'))).status).toBe(401)
  expect((await send(shell, 'POST', '/upload/u', { cookie }, record('/a', 'x'))).status).toBe(403)
  expect(
    (await send(shell, 'POST', '/upload/u', { cookie, origin: 'http://evil.example' }, record('/a', 'x'))).status,
  ).toBe(403)
  expect((await send(shell, 'PUT', '/upload/u', { cookie, origin }, record('/a', 'x'))).status).toBe(405)
  expect((await send(shell, 'POST', '/upload/a%2fb', { cookie, origin }, record('/a', 'x'))).status).toBe(404)
  expect(shell.backend.received).toEqual([])
})

test('a refusal names its reason, also in the middle of a large file', async () => {
  const shell = await start()
  const { cookie } = await signIn(shell)
  const headers = { cookie, origin: shell.origin }
  const unknown = await send(shell, 'POST', '/upload/unknown', headers, record('/a', 'x'.repeat(4 << 20)))
  expect(unknown.status).toBe(404)
  expect(JSON.parse(unknown.text)).toMatchObject({ error: { code: 'UPLOAD_NOT_FOUND', data: { id: 'unknown' } } })

  const data = { path: '/b', needed: 2, free: 1 }
  shell.backend.refuses = { name: '/b', error: new AppError('NO_ROOM', 'No room', data) }
  const body = Buffer.concat([record('/a', 'one'), record('/b', 'x'.repeat(4 << 20)), record('/c', 'x')])
  const refused = await send(shell, 'POST', '/upload/u', headers, body)
  expect(refused.status).toBe(409)
  expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'NO_ROOM', data } })
  expect(shell.backend.received.map(({ file }) => file.path)).not.toContain('/c')

  shell.backend.refuses = { name: '/b', error: new Error('secret') }
  const bug = await send(shell, 'POST', '/upload/u', headers, record('/b', 'x'))
  expect(bug.status).toBe(500)
  expect(bug.text).not.toContain('secret')
  expect(shell.incidents).toHaveLength(1)
})

test.each([
  ['a cut header', record('/a', '').subarray(0, 10)],
  ['a cut file', record('/a', 'one', 4)],
  ['a cut length', Buffer.from([0, 0])],
  ['a huge header', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x20])],
  ['a surplus field', record('/a', 'x', 1, { more: 1 })],
  ['a negative size', record('/a', '', -1)],
  ['no JSON', Buffer.from([0, 0, 0, 1, 0x7b])],
  ['no UTF-8', Buffer.from([0, 0, 0, 1, 0xff])],
])('an upload with %s is refused', async (_, body) => {
  const shell = await start()
  const { cookie } = await signIn(shell)
  const answer = await send(shell, 'POST', '/upload/u', { cookie, origin: shell.origin }, body)
  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'INVALID_INPUT' } })
})

test('an upload that is cut off fails the file that was running', async () => {
  const shell = await start()
  const { cookie } = await signIn(shell)
  const body = Buffer.concat([record('/a', 'one'), record('/b', 'half', 1000)])
  const socket = connectSocket(Number(shell.host.split(':')[1]), '127.0.0.1')
  socket.write(
    `POST /upload/u HTTP/1.1\r\nHost: ${shell.host}\r\nOrigin: ${shell.origin}\r\nCookie: ${cookie}\r\nContent-Length: 99999\r\n\r\n`,
  )
  socket.write(body)
  await expect.poll(() => shell.backend.received.at(-1)).toMatchObject({ file: { path: '/b' }, text: 'half' })
  socket.destroy()
  await expect.poll(() => shell.backend.received.at(-1)?.failed).toBeInstanceOf(Error)
  expect(shell.incidents).toEqual([])
})

test('a backend that takes its time makes the page wait', async () => {
  const shell = await start()
  const { cookie } = await signIn(shell)
  let go = () => {}
  const gate = new Promise<void>(resolve => {
    go = resolve
  })
  const receive = shell.backend.receive.bind(shell.backend)
  shell.backend.receive = async (upload, file, bytes) => {
    await gate
    await receive(upload, file, bytes)
  }
  const socket = connectSocket(Number(shell.host.split(':')[1]), '127.0.0.1')
  closing.push(async () => void socket.destroy())
  const size = 64 << 20
  socket.write(
    `POST /upload/u HTTP/1.1\r\nHost: ${shell.host}\r\nOrigin: ${shell.origin}\r\nCookie: ${cookie}\r\nContent-Length: 99999999\r\n\r\n`,
  )
  socket.write(record('/a', '', size))
  socket.write(Buffer.alloc(size, 0x61))
  let before = -1
  await vi.waitFor(
    () => {
      const stuck = socket.bytesWritten - socket.writableLength === before
      before = socket.bytesWritten - socket.writableLength
      expect(stuck).toBe(true)
    },
    { timeout: 10_000, interval: 200 },
  )
  expect(socket.writableLength).toBeGreaterThan(size / 2)
  go()
  await vi.waitFor(() => expect(shell.backend.received[0]?.text.length).toBe(size), { timeout: 20_000 })
})
