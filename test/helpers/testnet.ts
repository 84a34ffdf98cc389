/** A DHT of our own on loopback. No test may use another one. */
import type DHT from 'hyperdht'
import createTestnet from 'hyperdht/testnet.js'

export type Testnet = { readonly bootstrap: readonly string[]; close(): Promise<void> }

export async function startTestnet(size = 3): Promise<Testnet> {
  const testnet = await createTestnet(size, { host: '127.0.0.1' })
  return { bootstrap: testnet.bootstrap.map(({ host, port }) => `${host}:${port}`), close: () => testnet.destroy() }
}

/** At how many of the nodes a topic, in hex, is announced: what they have, not what anybody says. */
export const announcedAt = (nodes: readonly DHT[], topic: string): number =>
  nodes.filter(({ _persistent: kept }) => (kept?.records.get(topic, 20).length ?? 0) > 0).length
