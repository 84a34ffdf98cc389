/** A friend with a plain Hyperdrive over a plain Hyperswarm, nothing of ours, who opens a link and looks. */
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { answer, now } from './answer.mjs'

let drive = null

answer({
  /** Milliseconds from the link to the first entry, and to the last. */
  async list({ storage, bootstrap, key }) {
    const store = new Corestore(join(storage, 'store'))
    const swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
    swarm.on('connection', connection => {
      connection.on('error', () => {})
      store.replicate(connection)
    })
    await swarm.listen()
    await swarm.dht.fullyBootstrapped()
    const began = now()
    drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
    await drive.ready()
    const found = drive.findingPeers()
    swarm.join(drive.discoveryKey, { client: true, server: false })
    void swarm.flush().then(found)
    await drive.update({ wait: true })
    let first = 0
    let entries = 0
    for await (const _ of drive.list('/')) if (entries++ === 0) first = now() - began
    return { first, all: now() - began, entries }
  },
  /** From "from here on" to the first bytes. `fetched`: bytes of content, once it is quiet again. */
  async seek({ path, start }) {
    const { core } = await drive.getBlobs()
    for await (const _ of drive.createReadStream(path, { start: 0, length: 65_536 }));
    let fetched = 0
    core.on('download', (_, bytes) => {
      fetched += bytes
    })
    const began = now()
    const stream = drive.createReadStream(path, { start })
    for await (const _ of stream) break
    const took = now() - began
    stream.destroy()
    for (let before = -1; before !== fetched; ) {
      before = fetched
      await new Promise(resolve => setTimeout(resolve, 500))
    }
    return { took, fetched }
  },
})
