/** `cairn dht`: nodes of a network of one's own. Others begin with the first one; all of them keep announcements, in memory. */
import { networkInterfaces } from 'node:os'
import DHT from 'hyperdht'
import type { Command } from './arguments.ts'
import { CliError, EXIT } from './failure.ts'
import type { Output } from './output.ts'
import { count } from './words.ts'

const LOOPBACK = '127.0.0.1'
/** How often it is said how many nodes take part, in milliseconds. */
const TELL = 60_000

export async function runDht(
  { port, host: given, nodes: size }: Command & { name: 'dht' },
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const host = given ?? ownAddress() ?? LOOPBACK
  const on = { host: host.startsWith('127.') ? LOOPBACK : '0.0.0.0' }
  const nodes: DHT[] = []
  const start = async (node: DHT, its: number) => {
    nodes.push(node)
    await node.fullyBootstrapped().catch((error: NodeJS.ErrnoException) => {
      throw new CliError(
        'PORT_IN_USE',
        `UDP port ${its} cannot be used (${error.message}). Choose another one with --port${size > 1 ? `; ${size} in a row are needed` : ''}.`,
        { port: its },
      )
    })
  }
  try {
    await start(DHT.bootstrapper(port, host, on), port)
    const bootstrap = [{ host, port }]
    for (let next = port + 1; nodes.length < size && next <= 65_535; next++) {
      if (signal.aborted) return EXIT.stopped
      await start(new DHT({ ...on, port: next, anyPort: false, ephemeral: false, firewalled: false, bootstrap }), next)
    }
    const address = `${host}:${port}`
    output.result(`CAIRN_BOOTSTRAP=${address}`, { bootstrap: address, nodes: nodes.length })
    output.note(
      `${count(nodes.length, 'node')} on UDP ${nodes.length === 1 ? `port ${port}` : `ports ${port} to ${port + nodes.length - 1}`}. Others set the line above, say --bootstrap ${address}, or enter ${address} in the settings. Ctrl-C stops it.`,
    )
    const timer = setInterval(() => {
      const known = Math.max(...nodes.map(node => node.nodes.length))
      output.progress(`${count(known, 'other node')} take part`, { known })
    }, TELL)
    if (!signal.aborted) await new Promise<void>(done => signal.addEventListener('abort', () => done(), { once: true }))
    clearInterval(timer)
    return EXIT.done
  } finally {
    await Promise.all(nodes.map(node => node.destroy({ force: true }).catch(() => {})))
  }
}

/** null: this machine is in no network. */
const ownAddress = (): string | null =>
  Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null
