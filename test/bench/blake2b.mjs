/** BLAKE2b-256 over all bytes of a folder, in one thread: what any program that addresses content has to do. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { hash } from 'hypercore-crypto'
import { answer, now } from './answer.mjs'

answer({
  digest({ source }) {
    const chunk = Buffer.alloc(16 << 20)
    const began = now()
    let hashing = 0
    let bytes = 0
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = openSync(join(entry.parentPath ?? entry.path, entry.name))
      for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
        const from = now()
        hash([chunk.subarray(0, read)])
        hashing += now() - from
        bytes += read
      }
      closeSync(file)
    }
    return { seconds: (now() - began) / 1000, hashing: hashing / 1000, bytes }
  },
})
