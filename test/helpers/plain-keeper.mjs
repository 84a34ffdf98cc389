/** A process with a plain Hyperdrive and a plain Hyperswarm that fetches all of an archive, says so, and goes on serving it. */
import { setTimeout } from 'node:timers/promises'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'

const [bootstrap, key, folder] = process.argv.slice(2)
const swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: bootstrap.split(':')[0], firewalled: false }) })
const store = new Corestore(folder)
const drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
await drive.ready()
swarm.on('connection', connection => {
  connection.on('error', () => {})
  store.replicate(connection)
})
swarm.join(drive.discoveryKey, { client: true, server: true })
// Before anybody is connected there is nothing to wait for.
while (drive.core.length === 0) await Promise.all([drive.core.update({ wait: true }), setTimeout(50)])
await drive.core.download({ start: 0, end: drive.core.length }).done()
const { core } = await drive.getBlobs()
await core.update({ wait: true })
await core.download({ start: 0, end: core.length }).done()
console.log('kept')
