/**
 * A process with a plain Hyperdrive and a plain Hyperswarm that names a relay from the start. With the key of an archive it fetches
 * all of that; without one it makes an archive of 16 MiB, and gives it. Stays, and prints the key of the archive in hex.
 */
import { randomBytes } from 'node:crypto'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'

const [bootstrap, relay, folder, key] = process.argv.slice(2)
const swarm = new Hyperswarm({
  dht: new DHT({ bootstrap: [bootstrap] }),
  relayThrough: () => Buffer.from(relay, 'hex'),
})
const store = new Corestore(folder)
const drive = new Hyperdrive(store, key === undefined ? null : Buffer.from(key, 'hex'))
await drive.ready()
swarm.on('connection', connection => {
  connection.on('error', () => {})
  store.replicate(connection)
})
await swarm.dht.fullyBootstrapped()
if (key === undefined) {
  await drive.put('/large.bin', randomBytes(16 << 20))
  await swarm.join(drive.discoveryKey, { client: false, server: true }).flushed()
  console.log(drive.key.toString('hex'))
} else {
  swarm.join(drive.discoveryKey, { client: true, server: false })
  console.log(key)
  drive.core.download({ start: 0, end: -1 })
  const { core } = await drive.getBlobs()
  core.download({ start: 0, end: -1 })
}
