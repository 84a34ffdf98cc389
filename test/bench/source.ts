/** Folders to measure with: bytes that look random, so that nothing is compressed or found twice, and are always the same. */
import { createCipheriv } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'

const CHUNK = 16 << 20

/** A folder to publish: all of its files are in the one folder that it holds. */
export type Source = {
  readonly folder: string
  readonly inner: string
  readonly files: number
  readonly size: number
  readonly bytes: number
  /** Where one of them is, in the folder. */
  pathOf(index: number): string
}

/** Below its inner folder a hundred folders at most, `files` files of `size` bytes each. */
export async function makeSource(folder: string, files: number, size: number, inner = 'everything'): Promise<Source> {
  await writeSource(join(folder, inner), files, size)
  return { folder, inner, files, size, bytes: files * size, pathOf: index => `${inner}/${placeOf(index)}` }
}

/** A hundred folders at most, `files` files of `size` bytes each. */
export async function writeSource(folder: string, files: number, size: number): Promise<void> {
  const random = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  const zeros = Buffer.alloc(Math.min(size, CHUNK))
  for (let index = 0; index < files; index++) {
    if (index < 100) await mkdir(join(folder, `folder ${index}`), { recursive: true })
    const file = await open(join(folder, placeOf(index)), 'w')
    for (let written = 0; written < size; written += zeros.length)
      await file.write(random.update(zeros.subarray(0, Math.min(zeros.length, size - written))))
    await file.close()
  }
}

const placeOf = (index: number): string => `folder ${index % 100}/${index}.bin`
