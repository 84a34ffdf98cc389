/** An author with a plain Hyperdrive over a plain Hyperswarm, nothing of ours, who puts files one by one: each put is a version. */
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { answer } from './answer.mjs'

const CONTENT = Buffer.from('x')
const pathOf = number => `/folder ${number % 1000}/a picture of something ${number}.txt`

answer({
  /** So many files, and then `changed` of them once more, spread over all. Announced when it is done. */
  async write({ storage, bootstrap, files, changed }) {
    const store = new Corestore(join(storage, 'store'))
    const drive = new Hyperdrive(store)
    await drive.ready()
    for (let number = 0; number < files; number++) await drive.put(pathOf(number), CONTENT)
    const before = drive.version
    for (let index = 0; index < changed; index++) await drive.put(pathOf(Math.floor(((index + 0.5) * files) / changed)), CONTENT)
    const swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
    swarm.on('connection', connection => {
      connection.on('error', () => {})
      store.replicate(connection)
    })
    await swarm.join(drive.discoveryKey, { server: true, client: false }).flushed()
    return { key: drive.key.toString('hex'), before, after: drive.version }
  },
})
