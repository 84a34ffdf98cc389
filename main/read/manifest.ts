/**
 * What Cairn itself wrote into a folder of the person's: by this it tells its own files, which it may replace, from
 * theirs, which it may not. One line a file, appended as files are finished, so that a kill loses one line at most.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** `s` null: it has been removed again. */
const Line = z.object({
  p: z.string(),
  s: z.number().nullable(),
  m: z.number().nullable(),
  c: z.string().nullable().default(null),
})

/** As it was on the disk when it was written, and which content of the archive that is; null: unknown. */
export type Written = { readonly size: number; readonly modified: number | null; readonly content: string | null }

export class Manifest {
  readonly #path: string
  readonly #written: Map<string, Written>
  #file: Promise<FileHandle> | null = null
  #lines = ''
  #writing: Promise<void> | null = null

  private constructor(path: string, written: Map<string, Written>) {
    this.#path = path
    this.#written = written
  }

  static async open(storage: string, key: string, folder: string): Promise<Manifest> {
    const name = createHash('sha256').update(`${key}\0${folder}`).digest('hex').slice(0, 32)
    const path = join(storage, 'folders', `${name}.jsonl`)
    await mkdir(join(storage, 'folders'), { recursive: true })
    const text = await readFile(path, 'utf8').catch(() => '')
    const written = new Map<string, Written>()
    const lines = text.split('\n')
    for (const line of lines) {
      const parsed = Line.safeParse(parseJson(line))
      if (!parsed.success) continue
      const { p, s, m, c } = parsed.data
      if (s === null) written.delete(p)
      else written.set(p, { size: s, modified: m, content: c })
    }
    if (lines.length > written.size * 2 + 1000) {
      const compact = [...written]
        .map(([p, { size, modified, content }]) => `${JSON.stringify({ p, s: size, m: modified, c: content })}\n`)
        .join('')
      await writeFile(`${path}.tmp`, compact)
      await rename(`${path}.tmp`, path)
    } else if (text !== '' && !text.endsWith('\n')) await writeFile(path, '\n', { flag: 'a' })
    return new Manifest(path, written)
  }

  get(path: string): Written | null {
    return this.#written.get(path) ?? null
  }

  paths(): readonly string[] {
    return [...this.#written.keys()]
  }

  async set(path: string, { size, modified, content }: Written): Promise<void> {
    this.#written.set(path, { size, modified, content })
    await this.#append({ p: path, s: size, m: modified, c: content })
  }

  async delete(path: string): Promise<void> {
    if (this.#written.delete(path)) await this.#append({ p: path, s: null, m: null, c: null })
  }

  async close(): Promise<void> {
    await this.#writing?.catch(() => {})
    const file = this.#file
    this.#file = null
    await (await file)?.close()
  }

  /** Lines are gathered for as long as earlier ones are being written. */
  #append(line: z.infer<typeof Line>): Promise<void> {
    this.#lines += `${JSON.stringify(line)}\n`
    this.#writing ??= this.#write()
    return this.#writing
  }

  async #write(): Promise<void> {
    try {
      this.#file ??= open(this.#path, 'a', 0o600)
      const file = await this.#file
      while (this.#lines !== '') {
        const lines = this.#lines
        this.#lines = ''
        await file.appendFile(lines)
      }
    } finally {
      // In the same moment in which it sees that nothing is left: a line that comes later is written by another.
      this.#writing = null
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
