/**
 * A friend with a plain Hyperdrive over a plain Hyperswarm, nothing of ours: connected to an archive while it is
 * published, sparse, and following every update, which it does by itself. It says when it has heard of each version.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { answer, now } from './answer.mjs'

let store = null
let swarm = null
let drive = null

answer({
  async open({ storage, bootstrap }) {
    store = new Corestore(join(storage, 'store'))
    swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
    swarm.on('connection', connection => {
      connection.on('error', () => {})
      store.replicate(connection)
    })
    await swarm.listen()
    await swarm.dht.fullyBootstrapped()
  },
  /** Returns once it is connected to the author. The author may announce itself a little later than it is looked for. */
  async follow({ key }) {
    drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
    await drive.ready()
    drive.core.on('append', () => process.send({ length: drive.core.length, at: now() }))
    const discovery = swarm.join(drive.discoveryKey, { client: true, server: true })
    while (drive.core.peers.length === 0) {
      await discovery.refresh({ client: true, server: true })
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return now()
  },
  /** For when it waits in vain: what it knows, and what its peers say. */
  async state({ path }) {
    const peersOf = core =>
      core.peers.map(({ remoteLength, remoteContiguousLength, inflight }) => ({ remoteLength, remoteContiguousLength, inflight }))
    const { core } = await drive.getBlobs()
    const entry = await drive.entry(path, { timeout: 2000 }).catch(error => error.message)
    return {
      list: { length: drive.core.length, peers: peersOf(drive.core) },
      blobs: { length: core.length, peers: peersOf(core) },
      blob: entry?.value?.blob ?? entry,
      connections: swarm.connections.size,
    }
  },
  async digest({ path, part }) {
    const hash = createHash('sha256')
    for await (const bytes of drive.createReadStream(path, part)) hash.update(bytes)
    return hash.digest('hex')
  },
})
