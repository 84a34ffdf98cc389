/** The built entries as processes: what they print, how they stop, and what a second one is told. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type Contract, PROTOCOL_VERSION } from '../../preload/contract/index.ts'
import { connect } from '../../preload/wire/connect.ts'
import { webSocket } from '../../preload/wire/transports.ts'
import { nowhere } from '../helpers/testnet.ts'
import { send, tokenOf } from './fake-backend.ts'

/** Milliseconds that a process of its own may take beyond what is promised, because the machine may be busy. */
const GENEROUS = 10_000

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function storage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-headless-'))
  closing.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  return folder
}

type Process = { readonly child: ChildProcess; output(): string; readonly ended: Promise<number | null> }

function run(entry: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Process {
  // Nobody listens on port 9, and without joining nobody is asked: no test reaches the public nodes.
  const child = spawn(process.execPath, [resolve('out/main', entry), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', CAIRN_BOOTSTRAP: nowhere().join(), ...environment },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => (output += String(text)))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  closing.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, output: () => output, ended }
}

async function address(process: Process): Promise<URL> {
  await vi.waitFor(() => expect(process.output()).toMatch(/http:\/\/\S+\n/), { timeout: 10_000 })
  return new URL(/http:\/\/\S+/.exec(process.output())![0])
}

async function client(url: URL) {
  const shell = { host: url.host }
  const { cookie, status } = await send(
    shell,
    'POST',
    '/session',
    { origin: url.origin },
    JSON.stringify({ token: tokenOf(url.href) }),
  )
  expect(status).toBe(200)
  const socket = new WebSocket(`ws://${url.host}/wire`, ['cairn.v1'], { headers: { cookie, origin: url.origin } })
  await once(socket, 'open')
  closing.push(async () => socket.terminate())
  return connect<Contract>(webSocket(socket))
}

test('an address that works, said to work once, and a clean end within two seconds', async () => {
  const folder = await storage()
  const first = run('headless.js', ['--storage', folder, '--no-join'])
  const url = await address(first)
  await vi.waitFor(() =>
    expect(first.output()).toMatch(
      /^Cairn is at http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\nAn address works once\..*\n$/,
    ),
  )
  expect((await send({ host: url.host }, 'GET', '/')).text).toContain('<title>Cairn</title>')
  const backend = await client(url)
  const status = await backend.machine.status()
  expect(status).toMatchObject({ protocol: PROTOCOL_VERSION, storage: folder, pid: first.child.pid })
  expect(status.page).toMatch(new RegExp(`^http://${url.host}/#token=`))
  const watching = expect(
    (async () => {
      for await (const _ of backend.archives.watch()) continue
    })(),
  ).rejects.toMatchObject({ code: 'DISCONNECTED' })
  const asked = Date.now()
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  expect(Date.now() - asked).toBeLessThan(GENEROUS)
  await watching
  expect(first.output().split('\n')).toHaveLength(3)

  const again = run('headless.js', ['--storage', folder, '--no-join'])
  await address(again)
  again.child.kill('SIGINT')
  expect(await again.ended).toBe(0)
})

test('a second one on the same storage is refused in words, with the address of the first one’s page', async () => {
  const folder = await storage()
  const first = run('headless.js', ['--storage', folder, '--no-join'])
  const { host } = await address(first)
  const second = run('headless.js', ['--storage', folder, '--no-join'])
  expect(await second.ended).toBe(1)
  expect(second.output()).toContain(`already running on ${folder}`)
  expect(second.output()).not.toMatch(/\n\s+at /)
  const url = new URL(/http:\/\/\S+/.exec(second.output())![0])
  expect(url.host).toBe(host)
  expect((await (await client(url)).machine.status()).pid).toBe(first.child.pid)
})

test('a storage whose holder was killed opens again', async () => {
  const folder = await storage()
  const first = run('headless.js', ['--storage', folder, '--no-join'])
  await address(first)
  first.child.kill('SIGKILL')
  await first.ended
  await address(run('headless.js', ['--storage', folder, '--no-join']))
})

test('a taken port, a wrong argument and a wrong node are told in words', async () => {
  const taken = run('headless.js', ['--storage', await storage(), '--no-join'])
  const { port } = await address(taken)
  const second = run('headless.js', ['--storage', await storage(), '--no-join', '--port', port])
  expect(await second.ended).toBe(1)
  expect(second.output()).toBe(`Port ${port} is taken by another program. Choose another one, or leave --port out.\n`)
  const wrong = run('headless.js', ['--nonsense'])
  expect(await wrong.ended).toBe(2)
  expect(wrong.output()).toContain('Usage:')
  const node = run('headless.js', [], { CAIRN_BOOTSTRAP: 'nonsense' })
  expect(await node.ended).toBe(2)
  expect(node.output()).toContain('nonsense is not HOST:PORT')
})

test('npm start without a display says so in one line and serves the page', async () => {
  const folder = await storage()
  const started = run('start.js', ['--no-join'], { CAIRN_STORAGE: folder })
  const url = await address(started)
  await vi.waitFor(() =>
    expect(started.output()).toMatch(
      /^No desktop window \(there is no display\); .*\nCairn is at http:\S+\nAn address works once\. Ctrl-C stops Cairn\.\n$/,
    ),
  )
  expect((await (await client(url)).machine.status()).storage).toBe(folder)
  started.child.kill('SIGTERM')
  expect(await started.ended).toBe(0)
})
