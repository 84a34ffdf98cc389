/** A plain Hyperdrive that takes all of an archive: into its store, and from there with mirror-drive into a folder. Nothing of ours. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import Corestore from 'corestore'
import DHT from 'hyperdht'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import Localdrive from 'localdrive'
import MirrorDrive from 'mirror-drive'
import { answer, now } from './answer.mjs'

answer({
  async get({ storage, bootstrap, key, target }) {
    const store = new Corestore(join(storage, 'store'))
    const swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
    swarm.on('connection', connection => {
      connection.on('error', () => {})
      store.replicate(connection)
    })
    const drive = new Hyperdrive(store, Buffer.from(key, 'hex'))
    await drive.ready()
    const found = drive.findingPeers()
    swarm.join(drive.discoveryKey, { client: true, server: false })
    void swarm.flush().then(found)
    await drive.update({ wait: true })
    const began = now()
    await drive.download('/').done()
    const downloaded = now()
    await mkdir(target, { recursive: true })
    await new MirrorDrive(drive, new Localdrive(target)).done()
    return { download: (downloaded - began) / 1000, all: (now() - began) / 1000 }
  },
})
