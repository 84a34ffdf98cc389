/**
 * Machines of their own on this one: network namespaces, from which nothing leads out but what a test puts there. They need
 * root and iproute2 on Linux, as CI has them; elsewhere the test fails and says so.
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
export const HEADLESS = new URL('../../out/main/headless.js', import.meta.url).pathname
const DHT = new URL('dht.mjs', import.meta.url).pathname
const DHT_PORT = 49738

/** Somebody whose backend is a process in a namespace. */
export type Inhabitant = RemotePerson & { readonly process: ChildProcess }

export class Namespaces {
  readonly #id = `cairn-${randomBytes(3).toString('hex')}`
  readonly #names: string[] = []
  readonly #children = new Set<ChildProcess>()

  constructor() {
    if (!existsSync(HEADLESS)) throw new Error('Cairn is not built: npm run build')
  }

  /** Throws what `ip` says. */
  async ip(...args: readonly string[]): Promise<string> {
    return (await execute('ip', [...args])).stdout
  }

  /** Runs a command in one of them until it ends; throws what it says. */
  async run(name: string, ...command: readonly string[]): Promise<string> {
    return this.ip('netns', 'exec', name, ...command)
  }

  /** One more, in which nothing but loopback is; returns its name. */
  async add(): Promise<string> {
    const name = `${this.#id}-${this.#names.length}`
    await this.ip('netns', 'add', name).catch((error: Error) => {
      throw new Error(`This test needs network namespaces (Linux, root, iproute2): ${error.message}`)
    })
    this.#names.push(name)
    await this.ip('-n', name, 'link', 'set', 'lo', 'up')
    return name
  }

  /** A switch in this namespace, with no cable yet. */
  async addSwitch(name: string, bridge: string): Promise<void> {
    await this.ip('-n', name, 'link', 'add', bridge, 'type', 'bridge')
    await this.ip('-n', name, 'link', 'set', bridge, 'up')
  }

  /** A cable from one to the other, plugged in at both ends. */
  async plug(one: string, port: string, other: string, card: string): Promise<void> {
    await this.ip('-n', one, 'link', 'add', port, 'type', 'veth', 'peer', 'name', card, 'netns', other)
    await this.ip('-n', one, 'link', 'set', port, 'up')
    await this.ip('-n', other, 'link', 'set', card, 'up')
  }

  /** Starts so many nodes of a DHT at these addresses of a namespace, in turn. `bootstrap`: what to begin with. */
  async dht(name: string, addresses: readonly string[], size: number) {
    const nodes = this.spawn(name, DHT, [String(DHT_PORT), addresses.join(','), String(size)])
    await firstWords(nodes)
    return { nodes, bootstrap: `${addresses[0]!}:${DHT_PORT}` }
  }

  async person(name: string, storage: string, bootstrap: string, room: boolean): Promise<Inhabitant> {
    const environment = { CAIRN_ROOM: room ? 'lan' : 'off' }
    const child = this.spawn(name, HEADLESS, ['--storage', storage, '--bootstrap', bootstrap], environment)
    return inhabitant(child, storage)
  }

  /** A program of Node of which nothing is wanted but what it says first. */
  async program(name: string, script: string, ...args: readonly string[]): Promise<string> {
    return firstWords(this.spawn(name, script, args))
  }

  /** A program of Node; ends with all the others. */
  spawn(name: string, script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    child.stderr.on('data', chunk => process.stderr.write(chunk))
    return child
  }

  async close(): Promise<void> {
    await Promise.all([...this.#children].map(end))
    for (const name of this.#names.splice(0)) await this.ip('netns', 'del', name).catch(() => {})
  }
}

/** Waits for a backend in a process of its own. Its socket is a file, which no namespace keeps apart. */
export async function inhabitant(child: ChildProcess, storage: string): Promise<Inhabitant> {
  while (true) {
    if (child.exitCode !== null) throw new Error('The backend ended while it started')
    const transport = await connectLocal(storage)
    if (transport === null) {
      await sleep(20)
      continue
    }
    const client = connect<Contract>(transport)
    await client.settings.update({ consented: true })
    return { process: child, client, storage, ...waitersOf(client), close: () => end(child) }
  }
}

const firstWords = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    child.once('exit', () => reject(new Error(`It did not start: ${child.spawnargs.join(' ')}`)))
  })

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGCONT')
  child.kill('SIGKILL')
  await ended
}
