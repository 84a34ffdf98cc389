/** Ways to one machine of which one carries: the other one stands by, and must not be a way to fill the memory. */
import { EventEmitter, once } from 'node:events'
import type SecretStream from '@hyperswarm/secret-stream'
import DHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'
import { expect, onTestFinished, test } from 'vitest'
import { Carriers } from '../../main/network/carriers.ts'
import { Direct } from '../../main/network/direct.ts'
import { Sockets } from '../../main/network/sockets.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet } from '../helpers/testnet.ts'

test('whoever talks over a connection that stands by loses it', async () => {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const [here, there] = [(await plainPeer(testnet.bootstrap)).swarm, (await plainPeer(testnet.bootstrap)).swarm]
  const keyPair = DHT.keyPair()
  const coming = new Promise<Hyperswarm.Connection>(resolve => {
    const server = (here.dht as unknown as Serving).createServer(resolve)
    onTestFinished(() => server.close())
    void server.listen(keyPair)
  })
  await expect.poll(() => here.dht.bootstrapped && there.dht.bootstrapped).toBe(true)
  const talking = there.dht.connect(keyPair.publicKey)
  talking.on('error', () => {})
  const connection = await coming
  connection.on('error', () => {})
  const { publicKey } = keyPair
  const { remotePublicKey } = connection
  const met = Object.assign(new EventEmitter(), { publicKey, remotePublicKey, isInitiator: true, destroy: () => {} })
  const carriers = new Carriers(new Direct(keyPair, new Sockets()), () => {})
  expect(carriers.meet(met as unknown as SecretStream)).toBe(true)
  carriers.connect(connection)
  expect(connection.destroying).toBe(false)
  const closed = once(connection, 'close')
  talking.write(Buffer.alloc(2 << 20))
  await expect.poll(() => connection.destroying).toBe(true)
  await closed
  expect(carriers.size).toBe(1)
})

type Serving = {
  createServer(came: (connection: Hyperswarm.Connection) => void): {
    listen(keyPair: DHT.KeyPair): Promise<void>
    close(): Promise<void>
  }
}
