/** A tree as people have them: many small files, some large, deep folders, odd names, links, modes and times. */
import { createHash } from 'node:crypto'
import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Deterministic for a seed. Writes `files` files; every hundredth has some megabytes. */
export async function writeRealTree(root: string, files: number, seed = 1): Promise<void> {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const words = [
    'beach',
    'Überraschung',
    'notes',
    '写真',
    'draft v2',
    '🪨 stones',
    'año',
    'x',
    'final (1)',
    'a.b.c',
    "it's",
    '100%',
    '#tag',
    'q?',
  ]
  const word = () => words[Math.floor(random() * words.length)]!
  let folder = ''
  for (let index = 0; index < files; index++) {
    if (index % 20 === 0)
      folder = Array.from(
        { length: 1 + Math.floor(random() * 4) },
        () => `${word()} ${Math.floor(random() * 30)}`,
      ).join('/')
    const path = join(root, folder, `${word()}-${index}.${['txt', 'jpg', 'md', 'bin'][index % 4]!}`)
    await mkdir(dirname(path), { recursive: true })
    const size =
      index % 100 === 99 ? Math.floor(random() * 6_000_000) : index % 17 === 0 ? 0 : Math.floor(random() ** 3 * 60_000)
    await writeFile(path, noise(size, seed * 1_000_003 + index))
    if (index % 50 === 0) await chmod(path, 0o755)
    if (index % 3 === 0) await utimes(path, 1_400_000_000 + index, 1_400_000_000 + index + 0.123456)
    if (index % 200 === 7) await symlink(`${word()}-${index}.txt`, join(dirname(path), `link-${index}`))
  }
}

function noise(size: number, seed: number): Buffer {
  const block = createHash('sha512').update(String(seed)).digest()
  const content = Buffer.alloc(size)
  for (let at = 0; at < size; at += block.length) {
    block.copy(content, at)
    block.writeUInt32LE(at >>> 0, 0)
  }
  return content
}
