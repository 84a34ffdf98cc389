/**
 * A DHT of our own on loopback. No test may use another one.
 *
 * Each has an address of its own, where the system has more than one: the port of a node that was killed is given to somebody
 * else at once, and who still asks there would get into the DHT of another test that runs at the same time.
 */
import { randomInt } from 'node:crypto'
import DHT from 'hyperdht'

export type Testnet = {
  readonly bootstrap: readonly string[]
  readonly nodes: readonly DHT[]
  close(): Promise<void>
}

export async function startTestnet(size = 3): Promise<Testnet> {
  const host = ownAddress()
  const nodes: DHT[] = []
  const bootstrap: string[] = []
  while (nodes.length < size) {
    const node = new DHT({ bootstrap: [...bootstrap], host, ephemeral: false, firewalled: false })
    await node.fullyBootstrapped()
    nodes.push(node)
    if (bootstrap.length === 0) bootstrap.push(`${host}:${node.address()!.port}`)
  }
  const close = async () => {
    for (const node of [...nodes].reverse()) await node.destroy()
  }
  return { bootstrap, nodes, close }
}

/** One more node of it, which lives where the others do. */
export const nodeBeside = (bootstrap: readonly string[]): DHT =>
  new DHT({ bootstrap: [...bootstrap], host: hostOf(bootstrap), firewalled: false })

export const hostOf = ([first]: readonly string[]): string => first!.split(':')[0]!

/** Nodes to begin with that are not there, where nobody else ever was. */
export const nowhere = (): readonly string[] => [`${ownAddress()}:9`]

/** Linux and Windows answer at all of 127.0.0.0/8, macOS at one of them. */
const ownAddress = (): string =>
  process.platform === 'darwin'
    ? '127.0.0.1'
    : ['127', randomInt(1, 255), randomInt(1, 255), randomInt(1, 255)].join('.')

/** At how many of the nodes a topic, in hex, is announced: what they have, not what anybody says. */
export const announcedAt = (nodes: readonly DHT[], topic: string): number =>
  nodes.filter(({ _persistent: kept }) => (kept?.records.get(topic, 20).length ?? 0) > 0).length
