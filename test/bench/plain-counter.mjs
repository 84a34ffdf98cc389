/** A plain Hyperdrive, nothing of ours, that says how many of two machines hold each file: it lists all of them, and looks at their blocks. */
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import { answer, now } from './answer.mjs'

let drive = null

answer({
  /** The storage was copied from where it was made. Milliseconds, with opening it the first time. */
  async count({ storage, key }) {
    const began = now()
    if (drive === null) {
      drive = new Hyperdrive(new Corestore(storage, { allowBackup: true }), Buffer.from(key, 'hex'))
      await drive.ready()
    }
    const { core } = await drive.getBlobs()
    const byOthers = [0, 0]
    for await (const { value } of drive.list('/')) {
      const { blockOffset = 0, blockLength = 0 } = value.blob ?? {}
      let others = 1
      for (let block = blockOffset; block < blockOffset + blockLength; block++)
        if (!core.core.bitfield.get(block)) others = 0
      byOthers[others]++
    }
    return { took: now() - began, files: byOthers[0] + byOthers[1] }
  },
})
