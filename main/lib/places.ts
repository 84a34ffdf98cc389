/** Where things lie on this machine, and what the environment says about it. Knows paths, touches no files but its own. */
import { existsSync, realpathSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

type Environment = Readonly<Record<string, string | undefined>>

/** `CAIRN_STORAGE`, or the folder that this platform has for the data of programs. */
export function defaultStorage(
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const chosen = environment['CAIRN_STORAGE']
  if (chosen) return resolve(chosen)
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Cairn')
  if (platform === 'win32') return join(environment['APPDATA'] || join(home, 'AppData', 'Roaming'), 'Cairn')
  const data = environment['XDG_DATA_HOME']
  return join(data?.startsWith('/') ? data : join(home, '.local', 'share'), 'cairn')
}

/**
 * The DHT nodes that replace the public ones: those given, else those of `CAIRN_BOOTSTRAP` (comma separated), else null.
 * Throws for what is not `HOST:PORT`: a mistake here must not end on the public network.
 */
export function bootstrapNodes(
  given: readonly string[] = [],
  environment: Environment = process.env,
): readonly string[] | null {
  const text = environment['CAIRN_BOOTSTRAP'] ?? ''
  const nodes =
    given.length > 0
      ? given
      : text
          .split(',')
          .map(node => node.trim())
          .filter(Boolean)
  for (const node of nodes) {
    const port = Number(/^[^\s:@/]+:(\d{1,5})$/.exec(node)?.[1] ?? 0)
    if (port < 1 || port > 65_535) throw new Error(`${node} is not HOST:PORT`)
  }
  return nodes.length > 0 || text.trim() !== '' ? nodes : null
}

export const isLoopback = (address: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)(:\d+)?$/.test(address)

/** These nodes of a DHT, and so all that is asked, are on this machine. null: the public ones. */
export const isLoopbackAlone = (nodes: readonly string[] | null): boolean =>
  nodes !== null && nodes.length > 0 && nodes.every(isLoopback)

/**
 * Where a node lives that takes part in a DHT on this machine alone: beside those that it begins with, since each of the addresses
 * 127.0.0.0/8 may have a DHT of its own. null: the DHT is not on this machine alone.
 */
export function loopbackOf(nodes: readonly string[] | null): string | null {
  if (nodes === null || !isLoopbackAlone(nodes)) return null
  const [first] = nodes.map(node => node.split(':')[0]!).filter(isIPv4)
  // macOS has one of them alone.
  return first === undefined || process.platform === 'darwin' ? '127.0.0.1' : first
}

/**
 * Where others are looked for without the DHT: by `CAIRN_ROOM` nowhere (`off`), on the local network (`lan`), or among those
 * on this machine that use the same port (`loopback:PORT`). Without it on the local network, unless the DHT is on this machine
 * alone, as for tests. null: nowhere. Throws for anything else.
 */
export function roomReach(
  bootstrap: readonly string[] | null,
  environment: Environment = process.env,
): { readonly name: 'lan' } | { readonly name: 'loopback'; readonly port: number } | null {
  const text = environment['CAIRN_ROOM'] ?? ''
  const port = Number(/^loopback:(\d{1,5})$/.exec(text)?.[1] ?? 0)
  if (port >= 1024 && port <= 65_535) return { name: 'loopback', port }
  if (text === 'off') return null
  if (text !== '' && text !== 'lan') throw new Error(`CAIRN_ROOM is ${text}, and not off, lan or loopback:PORT`)
  return text === '' && isLoopbackAlone(bootstrap) ? null : { name: 'lan' }
}

/** The folder that holds package.json and, once built, `out`: the bundler decides how deep below it this file ends up. */
export function projectFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('Cairn cannot find its own package.json')
    folder = parent
  }
  return folder
}

export const builtPage = (): string => join(projectFolder(), 'out', 'renderer')

/** Below a storage: what the window of the desktop keeps, apart from the backend's. */
export const desktopFolder = (storage: string): string => join(storage, 'desktop')

/**
 * The AppImage that this program was started from; null: it was not. Whatever an AppImage starts inherits its variables, a
 * terminal in it included, so they are ours only where this program runs out of the mount that they name.
 */
export function ownAppImage(
  environment: Environment = process.env,
  executable: string = process.execPath,
): string | null {
  const { APPIMAGE: image, APPDIR: mount } = environment
  if (!image?.startsWith('/') || !mount?.startsWith('/')) return null
  return dirname(real(executable))
    .concat('/')
    .startsWith(`${real(mount)}/`)
    ? image
    : null
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}
