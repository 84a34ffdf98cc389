/**
 * Syncthing as a peer: how long it takes until a folder that was added is scanned, and until another one has it. It talks to nobody: no discovery, no
 * relays, no NAT, no STUN, no reports, no upgrades, and it listens on loopback only.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'
import { now } from './measured.ts'

const API_KEY = 'bench'
const PATIENCE = 10 * 60_000
/** STMONITORED: one process, without the other that starts it anew when it crashes. */
const ENVIRONMENT = { ...process.env, STNOUPGRADE: '1', STNODEFAULTFOLDER: '1', STMONITORED: 'yes' }

export const syncthingPath = (): string => process.env['SYNCTHING_PATH'] ?? 'syncthing'

/** null: it is not installed. */
export function syncthingVersion(): string | null {
  const { status, stdout } = spawnSync(syncthingPath(), ['--version'], { encoding: 'utf8', env: ENVIRONMENT })
  return status === 0 ? (/^syncthing v?(\S+)/.exec(stdout)?.[1] ?? null) : null
}

export class Syncthing {
  readonly #process: ChildProcess
  readonly #api: string
  readonly #exited: Promise<void>
  /** Seconds until it answered. */
  readonly started: number

  private constructor(process: ChildProcess, api: string, exited: Promise<void>, started: number) {
    this.#process = process
    this.#api = api
    this.#exited = exited
    this.started = started
  }

  /** Its keys are made before the time counts. */
  static async start(): Promise<Syncthing> {
    const home = await temporaryFolder('bench-syncthing')
    const options = [`--home=${home}`, '--no-default-folder']
    const made = spawnSync(syncthingPath(), ['generate', ...options, '--skip-port-probing'], {
      encoding: 'utf8',
      env: ENVIRONMENT,
    })
    if (made.status !== 0) throw new Error(`Syncthing could not be set up: ${made.stderr}${made.stdout}`)
    const [port, gui] = await Promise.all([freePort(), freePort()])
    await writeFile(join(home, 'config.xml'), configuration(port, gui))
    const began = now()
    const child = spawn(syncthingPath(), ['serve', ...options, '--no-browser', '--no-restart', '--no-upgrade'], {
      env: ENVIRONMENT,
      stdio: 'ignore',
    })
    const exited = new Promise<void>(resolve => child.once('close', () => resolve()))
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await exited
    })
    const api = `http://127.0.0.1:${gui}/rest`
    while (true) {
      if (child.exitCode !== null) throw new Error(`Syncthing ended with ${child.exitCode}`)
      const answered = await ask(api, 'system/ping').catch(() => null)
      if (answered !== null) return new Syncthing(child, api, exited, (now() - began) / 1000)
      await sleep(10)
    }
  }

  /** Seconds from adding the folder until all of it is in the database. `marker` is in it, so that none is made. */
  async scan(folder: string, marker: string, files: number): Promise<number> {
    const began = now()
    await ask(this.#api, 'config/folders', { id: 'bench', path: folder, markerName: marker })
    while (now() - began < PATIENCE) {
      const status = (await ask(this.#api, 'db/status?folder=bench')) as {
        readonly state: string
        readonly localFiles: number
        readonly errors: number
      } | null
      if (status?.state === 'idle' && status.localFiles === files) return (now() - began) / 1000
      if (status?.state === 'error') throw new Error('Syncthing could not scan the folder')
      await sleep(20)
    }
    throw new Error('Syncthing has not scanned the folder')
  }

  /** Seconds from sharing the folder that another one has scanned until all of it is in this one's folder. */
  async receive(from: Syncthing, target: string, files: number): Promise<number> {
    const [here, there] = [await this.#introduce(), await from.#introduce()]
    await ask(this.#api, 'config/devices', { deviceID: there.id, addresses: [there.address] })
    await ask(from.#api, 'config/devices', { deviceID: here.id, addresses: [here.address] })
    const began = now()
    await ask(this.#api, 'config/folders', { id: 'bench', path: target, devices: [{ deviceID: there.id }] })
    await patch(from.#api, 'config/folders/bench', { devices: [{ deviceID: here.id }] })
    while (now() - began < PATIENCE) {
      const status = (await ask(this.#api, 'db/status?folder=bench')) as {
        readonly state: string
        readonly localFiles: number
        readonly globalFiles: number
        readonly needFiles: number
      } | null
      if (status?.state === 'idle' && status.localFiles === files && status.needFiles === 0)
        return (now() - began) / 1000
      await sleep(20)
    }
    throw new Error('Syncthing has not taken the folder')
  }

  async #introduce(): Promise<{ readonly id: string; readonly address: string }> {
    const { myID } = (await ask(this.#api, 'system/status')) as { readonly myID: string }
    const { listenAddresses } = (await ask(this.#api, 'config/options')) as {
      readonly listenAddresses: readonly string[]
    }
    return { id: myID, address: listenAddresses[0]! }
  }

  /** Bytes; NaN where it is not known. */
  async peak(): Promise<number> {
    const status = await readFile(`/proc/${this.#process.pid}/status`, 'utf8').catch(() => '')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024
  }

  async end(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }
}

const patch = (api: string, path: string, change: unknown) => ask(api, path, change, 'PATCH')

/** null: there is no such thing (yet). */
async function ask(api: string, path: string, put?: unknown, method = 'POST'): Promise<unknown> {
  const response = await fetch(`${api}/${path}`, {
    headers: { 'X-API-Key': API_KEY },
    ...(put === undefined ? {} : { method, body: JSON.stringify(put) }),
  })
  const text = await response.text()
  if (response.status === 404) return null
  if (!response.ok) throw new Error(`Syncthing answered ${response.status}: ${text}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Its own device is added by itself. Its priority is left as it is, as that of everybody here. */
const configuration = (port: number, gui: number): string => `<configuration version="36">
  <gui enabled="true" tls="false" debugging="false">
    <address>127.0.0.1:${gui}</address>
    <apikey>${API_KEY}</apikey>
  </gui>
  <options>
    <listenAddress>tcp://127.0.0.1:${port}</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled>
    <announceLANAddresses>false</announceLANAddresses>
    <relaysEnabled>false</relaysEnabled>
    <natEnabled>false</natEnabled>
    <stunKeepaliveStartS>0</stunKeepaliveStartS>
    <urAccepted>-1</urAccepted>
    <crashReportingEnabled>false</crashReportingEnabled>
    <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <upgradeToPreReleases>false</upgradeToPreReleases>
    <startBrowser>false</startBrowser>
    <setLowPriority>false</setLowPriority>
  </options>
</configuration>
`
