/** The socket by which a CLI finds a running backend: who may connect, and what a dead one leaves behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectLocal, listenLocal } from '../../main/lib/local-socket.ts'
import { call, stream, type } from '../../preload/contract/define.ts'
import type { AppError } from '../../preload/contract/errors.ts'
import { connect } from '../../preload/wire/connect.ts'
import type { ServerFrame, Transport } from '../../preload/wire/frames.ts'
import { serve } from '../../preload/wire/serve.ts'
import { lineStream } from '../../preload/wire/transports.ts'

const contract = { hello: call({ output: type<string>() }), watchNothing: stream({ emits: type<never>() }) } as const
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function folder(name = 'storage'): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'cairn-local-'))
  closing.push(() => rm(parent, { recursive: true, force: true }))
  await mkdir(join(parent, name), { recursive: true })
  return join(parent, name)
}

const accept = (transport: Transport<ServerFrame, unknown>) =>
  serve(
    contract,
    {
      hello: () => 'hello',
      async *watchNothing(_, signal) {
        await once(signal, 'abort')
      },
    },
    transport,
  )

async function listen(storage: string) {
  const listener = await listenLocal(storage, accept)
  closing.push(() => listener.close())
  return listener
}

async function ask(storage: string): Promise<string | null> {
  const transport = await connectLocal(storage)
  if (transport === null) return null
  closing.push(async () => transport.close())
  return connect<typeof contract>(transport).hello()
}

test('a client finds the backend that runs, and none when it does not', async () => {
  const storage = await folder()
  expect(await ask(storage)).toBe(null)
  expect(await ask(join(storage, 'nowhere'))).toBe(null)
  const listener = await listen(storage)
  expect(await ask(storage)).toBe('hello')
  await listener.close()
  await listener.close()
  expect(await ask(storage)).toBe(null)
  expect(await readdir(storage)).toEqual([])
})

test('closing ends clients that are in the middle of something', async () => {
  const storage = await folder()
  const listener = await listen(storage)
  const client = connect<typeof contract>((await connectLocal(storage))!)
  expect(await client.hello()).toBe('hello')
  const lost = expect(client.watchNothing().next()).rejects.toMatchObject({ code: 'DISCONNECTED' })
  await listener.close()
  await lost
})

test('nobody else can ever connect', async () => {
  const storage = await folder()
  const umask = process.umask(0)
  try {
    await listen(storage)
  } finally {
    process.umask(umask)
  }
  expect((await stat(join(storage, 'cairn.sock'))).mode & 0o777).toBe(0o600)
  expect(await readdir(storage)).toEqual(['cairn.sock'])
})

test('a second one on the same storage is refused and the first goes on', async () => {
  const storage = await folder()
  await listen(storage)
  await expect(listenLocal(storage, accept)).rejects.toMatchObject({ code: 'STORAGE_IN_USE', data: { storage } })
  expect(await ask(storage)).toBe('hello')
})

test('what a killed process left behind is no hindrance', async () => {
  const storage = await folder()
  const script = `require('node:net').createServer().listen(${JSON.stringify(join(storage, 'cairn.sock'))}, () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await readdir(storage)).toEqual(['cairn.sock'])
  expect(await ask(storage)).toBe(null)
  await listen(storage)
  expect(await ask(storage)).toBe('hello')

  const other = await folder()
  await writeFile(join(other, 'cairn.sock'), '')
  await listen(other)
  expect(await ask(other)).toBe('hello')
})

test('a storage whose path is too long for a socket gets one elsewhere, as private', async () => {
  const storage = await folder(`${'long/'.repeat(30)}er`)
  const before = new Set(await readdir(tmpdir()))
  const listener = await listen(storage)
  expect(await ask(storage)).toBe('hello')
  expect(await readdir(storage)).toEqual([])
  const made = (await readdir(tmpdir())).filter(name => !before.has(name) && /^cairn-[0-9a-f]{24}$/.test(name))
  const modes = await Promise.all(made.map(async name => (await stat(join(tmpdir(), name))).mode & 0o777))
  expect(modes).toContain(0o700)
  await listener.close()
  expect(await ask(storage)).toBe(null)
  for (const name of made) await expect(stat(join(tmpdir(), name))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a client of another version is told so, and so is the backend', async () => {
  const storage = await folder()
  const reasons: (AppError | undefined)[] = []
  const listener = await listenLocal(storage, transport => {
    transport.onClose(reason => reasons.push(reason))
    accept(transport)
  })
  closing.push(() => listener.close())
  const socket = connectSocket(join(storage, 'cairn.sock'))
  await once(socket, 'connect')
  const client = connect<typeof contract>(lineStream(socket, { protocol: 99 }))
  await expect(client.hello()).rejects.toMatchObject({ code: 'OTHER_VERSION', data: { ours: 99, theirs: 1 } })
  await expect.poll(() => reasons).toMatchObject([{ code: 'OTHER_VERSION', data: { ours: 1, theirs: 99 } }])
})

test.each([
  ['a first line that is no hello', '{"t":"call","id":1,"path":"hello","credit":0}\n'],
  ['a line that is not JSON', '{"t":"hello","protocol":1}\nnonsense\n'],
  ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 10])],
  ['a line without an end', Buffer.alloc(17 << 20, 0x20)],
])('%s closes the connection', async (_, bytes) => {
  const storage = await folder()
  await listen(storage)
  const socket = connectSocket(join(storage, 'cairn.sock'))
  socket.on('error', () => {})
  socket.resume()
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write(bytes)
  await closed
  expect(await ask(storage)).toBe('hello')
})

test('frames survive being cut anywhere', async () => {
  const storage = await folder()
  await listen(storage)
  const socket = connectSocket(join(storage, 'cairn.sock'))
  await once(socket, 'connect')
  closing.push(async () => socket.destroy())
  let answer = ''
  socket.on('data', chunk => {
    answer += String(chunk)
  })
  const text = '{"t":"hello","protocol":1}\n{"t":"call","id":1,"path":"hello","credit":0}\n'
  for (const byte of Buffer.from(text)) await new Promise(sent => socket.write(Buffer.from([byte]), sent))
  await expect.poll(() => answer).toContain('"value":"hello"')
})
