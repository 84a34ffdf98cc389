/** mirror-drive from a folder into a Hyperdrive, as it comes: default options, nothing flushed, nobody connected. */
import { join } from 'node:path'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import Localdrive from 'localdrive'
import MirrorDrive from 'mirror-drive'
import { answer, now } from './answer.mjs'

let drive = null

answer({
  async open({ storage }) {
    drive = new Hyperdrive(new Corestore(join(storage, 'store')))
    await drive.ready()
  },
  async mirror({ source }) {
    const began = now()
    const mirror = new MirrorDrive(new Localdrive(source), drive)
    await mirror.done()
    const { add, change, remove } = mirror.count
    return { seconds: (now() - began) / 1000, changed: add + change + remove }
  },
})
