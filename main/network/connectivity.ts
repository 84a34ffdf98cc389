/**
 * Whether this machine has a way to the network. The system is asked for a route to the nodes of the DHT, which sends
 * nothing: an interface that is up says little, since those of virtual machines and containers always are.
 */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { everySo } from '../lib/pulse.ts'
import { onWaking } from '../lib/waking.ts'

/** Milliseconds between two looks. */
const INTERVAL = 1000

export type Node = { readonly host: string; readonly port: number }
/** `returned`: what was waited for may work now. The way is there again, is another one, or the machine has slept. */
export type Change = { readonly online: boolean; readonly returned: boolean }

/** Calls back after each change, until the function that is returned is called. Before the first call there is a way. */
export function watchConnectivity(nodes: readonly Node[], changed: (change: Change) => void): () => void {
  // Names are not looked up for it: without a network that takes long, and with one it tells others.
  const known = nodes.filter(({ host }) => isIPv4(host))
  let online = true
  let addresses = ownAddresses()
  const routes = new Routes()
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    try {
      const now = await isOnline(known, routes)
      const own = ownAddresses()
      if (now === online && own === addresses) return
      const returned = now && (!online || own !== addresses)
      online = now
      addresses = own
      changed({ online, returned })
    } finally {
      looking = false
    }
  }
  const rest = everySo(INTERVAL, () => void look())
  const stop = onWaking(() => changed({ online, returned: true }))
  void look()
  return () => {
    rest()
    stop()
    routes.close()
  }
}

async function isOnline(nodes: readonly Node[], routes: Routes): Promise<boolean> {
  if (nodes.length === 0) return ownAddresses() !== ''
  for (const node of nodes) if (await routes.has(node)) return true
  return false
}

/**
 * Connecting a socket without a connection only looks the route up. One socket is asked again and again on Linux, where making
 * one takes three times as long as asking it; whether it looks anew elsewhere has not been seen.
 */
class Routes {
  #socket: Socket | null = null
  #connected = false

  /** One question at a time. */
  has({ host, port }: Node): Promise<boolean> {
    return new Promise(resolve => {
      this.#leave()
      const socket = this.#socket ?? this.#open()
      // Without a route the error comes as the argument of the callback, and what else may fail as an event.
      const end = (error?: unknown) => {
        socket.removeListener('error', end)
        const isThere = error === undefined || error === null
        this.#connected = isThere
        if (process.platform !== 'linux') this.close()
        resolve(isThere)
      }
      socket.once('error', end)
      socket.connect(port, host, end)
    })
  }

  close(): void {
    this.#socket?.close()
    this.#socket = null
    this.#connected = false
  }

  /** Where the system does not let go of what was asked for last, another socket is asked. */
  #leave(): void {
    if (!this.#connected) return
    this.#connected = false
    try {
      this.#socket?.disconnect()
    } catch {
      this.close()
    }
  }

  #open(): Socket {
    const socket = createSocket('udp4').unref()
    socket.on('error', () => {
      if (this.#socket === socket) this.close()
    })
    this.#socket = socket
    return socket
  }
}

/** The DHT speaks IPv4 alone. */
const ownAddresses = (): string =>
  Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
    .sort()
    .join(' ')
