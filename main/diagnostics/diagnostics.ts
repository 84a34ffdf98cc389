/** Looks at everything once, and makes the file of it that may be sent to somebody who helps. Sends nothing. */
import { open, stat } from 'node:fs/promises'
import { cpus, freemem, homedir, hostname, release, totalmem, userInfo } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type {
  AboutProgram,
  ArchiveRow,
  Diagnostics as File,
  DiskUse,
  NetworkStatus,
  PageEngine,
  PeerName,
  Settings,
  TrafficRow,
  TransferRow,
} from '../../preload/contract/models.ts'
import packageFile from '../../package.json' with { type: 'json' }
import { readLicences, runtimes } from '../lib/licences.ts'
import { earlierLogPath, LARGEST_LOG, logPath } from '../lib/log.ts'
import { desktopFolder } from '../lib/places.ts'
import { report } from './report.ts'

export type Sources = {
  readonly storage: string
  readonly protocol: number
  /** All that can be called, as `area.name`. */
  readonly procedures: ReadonlySet<string>
  readonly settings: () => Settings
  readonly archives: () => readonly ArchiveRow[]
  readonly transfers: () => readonly TransferRow[]
  readonly network: () => NetworkStatus | undefined
  readonly traffic: () => TrafficRow | undefined
  readonly people: () => readonly PeerName[]
  readonly disk: () => Promise<DiskUse>
}

/** How long the delay of the loop is measured, and how long counting the disk may take, in milliseconds. */
const MEASURED = 1000
const COUNTED = 5000
/** Bytes at the end of the log. */
const READ = 256 * 1024

/** The modules that find, carry and keep archives, which questions are about. */
const MODULES = [
  'corestore',
  'hyperblobs',
  'hypercore',
  'hypercore-crypto',
  'hypercore-storage',
  'hyperdht',
  'hyperdrive',
  'hyperswarm',
  'protomux',
  '@hyperswarm/secret-stream',
] as const

export class Diagnostics {
  readonly #sources: Sources

  constructor(sources: Sources) {
    this.#sources = sources
  }

  async about(): Promise<AboutProgram> {
    const { storage } = this.#sources
    const versions: Readonly<Record<string, string | undefined>> = process.versions
    const bytes = await Promise.all([logPath(storage), earlierLogPath(storage)].map(sizeOf))
    return {
      version: packageFile.version,
      licence: packageFile.license,
      platform: process.platform,
      release: release(),
      arch: process.arch,
      node: process.versions.node,
      electron: versions['electron'] ?? null,
      chromium: versions['chrome'] ?? null,
      runtimes: await runtimes(),
      modules: MODULES.map(name => ({ name, version: packageFile.dependencies[name] })),
      storage,
      log: { path: logPath(storage), bytes: bytes.reduce((all, one) => all + one, 0), atMost: 2 * LARGEST_LOG },
    }
  }

  /** Takes a second, and up to five where the disk is slow. `page`: what the page that asks runs in. */
  async make(page: PageEngine | null): Promise<File> {
    const { settings, archives, transfers, network, traffic, people, disk, protocol, procedures, storage } =
      this.#sources
    const [about, loopDelay, use, lines, packages] = await Promise.all([
      this.about(),
      measureLoop(),
      Promise.race([disk(), delay(COUNTED, null, { ref: false })]).catch(() => null),
      lastLines(storage),
      knownPackages(),
    ])
    const { rss, heapUsed, external } = process.memoryUsage()
    const at = Date.now()
    const text = report({
      at,
      about,
      page,
      protocol,
      process: {
        running: Math.round(process.uptime()),
        memory: { resident: rss, heap: heapUsed, outside: external },
        loopDelay,
      },
      machine: { processors: cpus().length, memory: totalmem(), freeMemory: freemem() },
      settings: settings(),
      archives: archives(),
      transfers: transfers(),
      network: network(),
      traffic: traffic(),
      disk: use,
      lines,
      names: [...ownNames(), ...people().map(({ name }) => name)],
      procedures,
      packages,
    })
    return { name: `cairn-diagnostics-${new Date(at).toISOString().slice(0, 16).replace(':', '-')}.json`, text }
  }
}

/** Of the account and the machine. */
function ownNames(): readonly string[] {
  const names = [hostname(), hostname().split('.')[0] ?? '', basename(homedir())]
  try {
    return [...names, userInfo().username]
  } catch {
    // An account without a name.
    return names
  }
}

async function measureLoop() {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  await delay(MEASURED, undefined, { ref: false })
  delays.disable()
  // Nanoseconds, with the ten milliseconds that it sleeps in between.
  const late = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e6 - 10))
  return { median: late(delays.percentile(50)), p99: late(delays.percentile(99)), most: late(delays.max) }
}

/** Of the backend's log and the desktop's, in the order of their times. */
async function lastLines(storage: string): Promise<readonly string[]> {
  const folders = [storage, desktopFolder(storage)]
  const parts = await Promise.all(folders.flatMap(folder => [earlierLogPath(folder), logPath(folder)]).map(endOf))
  const timed = parts.flat().map(line => ({ line, time: /"time":"([^"]{1,40})"/.exec(line)?.[1] ?? '' }))
  return timed.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ line }) => line)
}

/** Whole lines at the end of a file; none if it is not there. */
async function endOf(path: string): Promise<readonly string[]> {
  const file = await open(path).catch(() => null)
  if (file === null) return []
  try {
    const { size } = await file.stat()
    const start = Math.max(0, size - READ)
    const bytes = Buffer.alloc(size - start)
    const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, start)
    const lines = bytes.toString('utf8', 0, bytesRead).split('\n')
    return lines.slice(start === 0 ? 0 : 1).filter(Boolean)
  } catch {
    return []
  } finally {
    await file.close()
  }
}

async function knownPackages(): Promise<ReadonlySet<string>> {
  const shipped = await readLicences().catch(() => null)
  return new Set(shipped?.packages.map(({ name }) => name) ?? Object.keys(packageFile.dependencies))
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )
