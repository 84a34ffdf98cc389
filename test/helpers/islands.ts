/**
 * Machines with a network between them that a test can break: network namespaces on a switch of their own, so that nothing
 * of it can leave. They need root and iproute2 on Linux, as CI has them; elsewhere the test fails and says so.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { connectLocal } from '../../main/lib/local-socket.ts'
import type { Contract } from '../../preload/contract/index.ts'
import { connect } from '../../preload/wire/connect.ts'
import { type RemotePerson, waitersOf } from './backend.ts'

const execute = promisify(execFile)
const HEADLESS = new URL('../../out/main/headless.js', import.meta.url).pathname
const DHT = new URL('dht.mjs', import.meta.url).pathname
const DHT_PORT = 49738
/** An address for examples: no namespace has a route to it. */
const NOWHERE = '198.51.100.1:49737'
/** With fewer, two who are not sure that strangers can reach them do not find a way to each other. */
const DHT_NODES = '6'

export type Islands = {
  /** On an island of its own, to which all others can speak. */
  readonly dht: ChildProcess
  readonly bootstrap: string
  island(): Promise<Island>
  close(): Promise<void>
}

export type Island = {
  /** Plugs the cable in, or out. */
  plug(connected: boolean): Promise<void>
  /** Packets between two islands that are both apart are dropped, and no others. */
  apart(apart: boolean): Promise<void>
  /** Plugs the cable into another switch, at which only those are that were moved to it. */
  move(group: number): Promise<void>
  /** false: what it sends to its own address does not arrive, as behind many routers. */
  itself(reached: boolean): Promise<void>
  /** false: nothing of TCP leaves it, while everything else goes on. */
  tcp(passes: boolean): Promise<void>
  /** What has passed its network card, in bytes and in packets, as the system counts it. */
  passed(): Promise<Record<'down' | 'up', { readonly bytes: number; readonly packets: number }>>
  /**
   * A backend in a process of its own there. `room`: it looks for others without the DHT as well. `alone`: its nodes of the
   * DHT are where no way leads to.
   */
  person(
    storage: string,
    how?: { readonly room?: boolean; readonly alone?: boolean },
  ): Promise<RemotePerson & { readonly process: ChildProcess }>
}

export async function startIslands(): Promise<Islands> {
  if (!existsSync(HEADLESS)) throw new Error('Cairn is not built: npm run build')
  const id = randomBytes(3).toString('hex')
  const between = `cairn-${id}`
  const names: string[] = []
  const children = new Set<ChildProcess>()
  const ip = (...args: readonly string[]) => execute('ip', [...args])
  const add = async (name: string) => {
    await ip('netns', 'add', name).catch((error: Error) => {
      throw new Error(`This test needs network namespaces (Linux, root, iproute2): ${error.message}`)
    })
    names.push(name)
    await ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  const close = async () => {
    await Promise.all([...children].map(end))
    for (const name of names.splice(0)) await ip('netns', 'del', name).catch(() => {})
  }
  /** Its name, and its end of the cable at the switch. */
  const attach = async (): Promise<{ readonly name: string; readonly port: string; readonly address: string }> => {
    const number = names.length
    const name = `${between}-${number}`
    const port = `p${number}`
    const address = `10.203.7.${number}`
    await add(name)
    await ip('-n', between, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    await ip('-n', between, 'link', 'set', port, 'master', 'switch', 'up')
    await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    await ip('-n', name, 'link', 'set', 'eth0', 'up')
    return { name, port, address }
  }
  const run = (name: string, script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    children.add(child)
    child.once('exit', () => children.delete(child))
    child.stderr.on('data', chunk => process.stderr.write(chunk))
    return child
  }
  try {
    await add(between)
    await ip('-n', between, 'link', 'add', 'switch', 'type', 'bridge')
    await ip('-n', between, 'link', 'set', 'switch', 'up')
    const dht = await attach()
    const bootstrap = `${dht.address}:${DHT_PORT}`
    const nodes = run(dht.name, DHT, [String(DHT_PORT), dht.address, DHT_NODES])
    await new Promise<void>((resolve, reject) => {
      nodes.stdout!.once('data', () => resolve())
      nodes.once('exit', () => reject(new Error('The DHT did not start')))
    })
    return {
      bootstrap,
      dht: nodes,
      async island() {
        const { name, port } = await attach()
        return {
          plug: async connected => void (await ip('-n', name, 'link', 'set', 'eth0', connected ? 'up' : 'down')),
          apart: async apart =>
            void (await execute('ip', [
              ...['netns', 'exec', between, 'bridge', 'link', 'set', 'dev', port],
              ...['isolated', apart ? 'on' : 'off'],
            ])),
          itself: async reached => void (await ip('-n', name, 'link', 'set', 'lo', reached ? 'up' : 'down')),
          tcp: async passes =>
            void (await ip('-n', name, 'rule', passes ? 'delete' : 'add', 'ipproto', 'tcp', 'blackhole')),
          passed: async () => {
            const { stdout } = await ip('-n', name, '-j', '-s', 'link', 'show', 'eth0')
            const [{ stats64 }] = JSON.parse(stdout) as [
              { stats64: Record<'rx' | 'tx', { bytes: number; packets: number }> },
            ]
            return { down: stats64.rx, up: stats64.tx }
          },
          move: async group => {
            const other = `switch-${group}`
            await ip('-n', between, 'link', 'add', other, 'type', 'bridge').catch(() => {})
            await ip('-n', between, 'link', 'set', other, 'up')
            await ip('-n', between, 'link', 'set', port, 'master', other)
          },
          person: async (storage, { room = false, alone = false } = {}) => {
            const nodes = alone ? NOWHERE : bootstrap
            const environment = { CAIRN_ROOM: room ? 'lan' : 'off' }
            const child = run(name, HEADLESS, ['--storage', storage, '--bootstrap', nodes], environment)
            return remotePerson(storage, child)
          },
        }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Its socket is a file, which no namespace keeps apart. */
async function remotePerson(
  storage: string,
  child: ChildProcess,
): Promise<RemotePerson & { readonly process: ChildProcess }> {
  while (true) {
    if (child.exitCode !== null) throw new Error('The backend ended while it started')
    const transport = await connectLocal(storage)
    if (transport === null) {
      await sleep(20)
      continue
    }
    const client = connect<Contract>(transport)
    await client.settings.update({ consented: true })
    return {
      process: child,
      client,
      storage,
      ...waitersOf(client),
      close: () => end(child),
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGCONT')
  child.kill('SIGKILL')
  await ended
}
