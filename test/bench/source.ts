/** Folders to measure with: random bytes, so that nothing is compressed or found twice. */
import { mkdir, writeFile } from 'node:fs/promises'
import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'

/** A hundred folders at most, `files` files of `size` bytes each. */
export async function writeSource(folder: string, files: number, size: number): Promise<void> {
  const block = Buffer.alloc(Math.min(size, 16 << 20))
  for (let index = 0; index < files; index++) {
    const parent = join(folder, `folder ${index % 100}`)
    if (index < 100) await mkdir(parent, { recursive: true })
    const path = join(parent, `${index}.bin`)
    for (let written = 0; written < size; written += block.length)
      await writeFile(path, randomFillSync(block), { flag: 'a' })
  }
}
