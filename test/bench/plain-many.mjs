/** A plain Hyperswarm with many plain Hyperdrives in one store, nothing of ours: one who writes them, and one who holds them as well. */
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { answer } from './answer.mjs'

let store = null
let swarm = null
const drives = []

function begin(storage, bootstrap) {
  store = new Corestore(join(storage, 'store'))
  swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
  swarm.on('connection', connection => {
    connection.on('error', () => {})
    store.replicate(connection)
  })
}

answer({
  async write({ storage, bootstrap, many }) {
    begin(storage, bootstrap)
    for (let index = 0; index < many; index++) {
      const drive = new Hyperdrive(store.namespace(String(index)))
      await drive.ready()
      await drive.put('/file.txt', Buffer.from(`${index}\n`))
      drives.push(drive)
      swarm.join(drive.discoveryKey, { client: true, server: true })
    }
    return drives.map(({ key }) => key.toString('hex'))
  },
  async hold({ storage, bootstrap, keys }) {
    begin(storage, bootstrap)
    for (const key of keys) {
      const drive = new Hyperdrive(store.session(), Buffer.from(key, 'hex'))
      await drive.ready()
      drives.push(drive)
      swarm.join(drive.discoveryKey, { client: true, server: true })
    }
    for (const drive of drives) {
      await drive.update({ wait: true })
      if ((await drive.get('/file.txt')) === null) throw new Error('It did not come')
    }
  },
})
