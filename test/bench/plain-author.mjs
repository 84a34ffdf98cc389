/** A plain author in a process of its own: mirror-drive into Hyperdrive, announced by Hyperswarm. Nothing of ours. */
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import Localdrive from 'localdrive'
import MirrorDrive from 'mirror-drive'

const [source, storage, bootstrap] = process.argv.slice(2)
if (bootstrap === undefined) throw new Error('usage: plain-author SOURCE STORAGE BOOTSTRAP')
const store = new Corestore(join(storage, 'store'))
const drive = new Hyperdrive(store)
await drive.ready()
await new MirrorDrive(new Localdrive(source), drive, { batch: true }).done()
const swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
swarm.on('connection', connection => {
  connection.on('error', () => {})
  store.replicate(connection)
})
await swarm.join(drive.discoveryKey, { server: true, client: false }).flushed()
console.log(JSON.stringify({ link: drive.key.toString('hex') }))
