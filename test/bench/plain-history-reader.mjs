/** A friend with a plain Hyperdrive over a plain Hyperswarm, nothing of ours, who holds nothing and asks for what has changed. */
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { answer, now } from './answer.mjs'

let drive = null

answer({
  /** Returns when the newest version is known here. */
  async open({ storage, bootstrap, key }) {
    const store = new Corestore(join(storage, 'store'))
    const swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
    swarm.on('connection', connection => {
      connection.on('error', () => {})
      store.replicate(connection)
    })
    drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
    await drive.ready()
    const found = drive.findingPeers()
    swarm.join(drive.discoveryKey, { client: true, server: false })
    void swarm.flush().then(found)
    await drive.update({ wait: true })
    return drive.version
  },
  /** The newest versions, and whether each added or changed its file, which the version before it tells. Milliseconds. */
  async newest({ limit }) {
    const began = now()
    let versions = 0
    for await (const { seq, type, key } of drive.db.createHistoryStream({ reverse: true, limit })) {
      versions++
      if (type === 'del') continue
      const before = drive.checkout(seq)
      await before.entry(key.toString().slice('files\0'.length))
      await before.close()
    }
    return { took: now() - began, versions }
  },
  async diff({ before }) {
    const began = now()
    let differences = 0
    for await (const _ of drive.diff(before, '/')) differences++
    return { took: now() - began, differences }
  },
})
