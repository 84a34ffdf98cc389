/** A plain Hyperdrive over a plain Hyperswarm that takes all of an archive, or gives one, and counts at its own sockets. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import { answer, now } from './answer.mjs'

let store = null
let swarm = null
let drive = null
let download = null

const take = async key => {
  drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
  await drive.ready()
  // Those who take would give each other what they have.
  swarm.join(drive.discoveryKey, { client: true, server: false })
  await drive.core.update({ wait: true })
  const { core } = await drive.getBlobs()
  await core.update({ wait: true })
  download = core.download({ start: 0, end: core.length })
  return core
}

answer({
  /** `loopback` false: it is a machine among others. */
  async open({ storage, bootstrap, loopback = true }) {
    store = new Corestore(join(storage, 'store'))
    const place = loopback ? { host: '127.0.0.1', firewalled: false } : {}
    swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], ...place }) })
    swarm.on('connection', connection => {
      connection.on('error', () => {})
      store.replicate(connection)
    })
    await swarm.dht.fullyBootstrapped()
  },
  async give({ bytes }) {
    drive = new Hyperdrive(store)
    await drive.ready()
    const stream = drive.createWriteStream('/large.bin')
    for (let written = 0; written < bytes; written += 262_144)
      if (!stream.write(randomBytes(262_144))) await new Promise(resolve => stream.once('drain', resolve))
    await new Promise(resolve => stream.end(resolve))
    await swarm.join(drive.discoveryKey).flushed()
    return drive.key.toString('hex')
  },
  /** `most`: so many blocks are asked for at once. */
  async take({ key, most }) {
    const core = await take(key)
    if (most !== undefined) core.core.replicator.setInflightRange(most, most)
  },
  /** Holds all of it, and gives it. */
  async copy({ key }) {
    await take(key)
    await download.done()
    await swarm.join(drive.discoveryKey).flushed()
  },
  /** As soon as so many are there who have it: seconds, from then on. */
  async takeFrom({ key, peers }) {
    drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
    await drive.ready()
    swarm.join(drive.discoveryKey, { client: true, server: false })
    await drive.core.update({ wait: true })
    const { core } = await drive.getBlobs()
    await core.update({ wait: true })
    while (core.peers.length < peers) await new Promise(resolve => core.once('peer-add', resolve))
    const began = now()
    await core.download({ start: 0, end: core.length }).done()
    return (now() - began) / 1000
  },
  count: () => ({ received: swarm.dht.udx.bytesReceived, sent: swarm.dht.udx.bytesTransmitted, at: now() }),
})
