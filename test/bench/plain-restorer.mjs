/** Plain Hyperdrive, nothing of ours: one file is stored, taken out, and copied back from the version that had it. */
import { readdir, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import { answer, now } from './answer.mjs'

async function sizeOf(folder) {
  let size = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) size += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  return size
}

answer({
  async restore({ storage, file }) {
    const store = new Corestore(join(storage, 'store'))
    const drive = new Hyperdrive(store)
    await drive.ready()
    await pipeline(createReadStream(file), drive.createWriteStream('/large.bin'))
    const { version } = drive
    await drive.del('/large.bin')
    await store.storage.flush()
    const before = { bytes: drive.blobs.core.byteLength, store: await sizeOf(storage) }
    const began = now()
    const old = drive.checkout(version)
    await pipeline(old.createReadStream('/large.bin'), drive.createWriteStream('/large.bin'))
    await store.storage.flush()
    const took = now() - began
    await old.close()
    return { took, bytes: drive.blobs.core.byteLength - before.bytes, store: (await sizeOf(storage)) - before.store }
  },
})
