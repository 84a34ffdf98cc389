/** A DHT of our own on loopback. No test may use another one. */
import createTestnet from 'hyperdht/testnet.js'

export type Testnet = { readonly bootstrap: readonly string[]; close(): Promise<void> }

export async function startTestnet(size = 3): Promise<Testnet> {
  const testnet = await createTestnet(size, { host: '127.0.0.1' })
  return { bootstrap: testnet.bootstrap.map(({ host, port }) => `${host}:${port}`), close: () => testnet.destroy() }
}
