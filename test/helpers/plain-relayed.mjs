/** A process with a plain Hyperdrive and a plain Hyperswarm that asks for a relay from the start, fetches all of an archive, and stays. Prints its public key in hex. */
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'

const [bootstrap, key, relay, folder] = process.argv.slice(2)
const swarm = new Hyperswarm({
  dht: new DHT({ bootstrap: [bootstrap] }),
  relayThrough: () => Buffer.from(relay, 'hex'),
})
const store = new Corestore(folder)
const drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
await drive.ready()
swarm.on('connection', connection => {
  connection.on('error', () => {})
  store.replicate(connection)
})
await swarm.dht.fullyBootstrapped()
swarm.join(drive.discoveryKey, { client: true, server: false })
console.log(swarm.keyPair.publicKey.toString('hex'))
drive.core.download({ start: 0, end: -1 })
const { core } = await drive.getBlobs()
core.download({ start: 0, end: -1 })
