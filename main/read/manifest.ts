/**
 * What Cairn itself wrote into a folder of the person's: by this it tells its own files, which it may replace, from
 * theirs, which it may not. One line a file, appended before the file gets its name: a file that stands there after a
 * kill is known to be ours, whichever of the two came first.
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
  /** What it was to replace: as long as nobody knows whether it has, either may stand there. */
  b: z.array(z.object({ s: z.number(), m: z.number().nullable(), c: z.string().nullable() })).optional(),
})

/** As it was on the disk when it was written, and which content of the archive that is; null: unknown. */
export type Written = { readonly size: number; readonly modified: number | null; readonly content: string | null }

/** Each time that a write is killed, one more may stand there. */
const MOST = 8
const NOTHING: readonly Written[] = []

export class Manifest {
  readonly #path: string
  readonly #written: Map<string, readonly Written[]>
  #file: Promise<FileHandle> | null = null
  #lines = ''
  #writing: Promise<void> | null = null

  private constructor(path: string, written: Map<string, readonly Written[]>) {
    this.#path = path
    this.#written = written
  }

  static async open(storage: string, key: string, folder: string): Promise<Manifest> {
    const name = createHash('sha256').update(`${key}\0${folder}`).digest('hex').slice(0, 32)
    const path = join(storage, 'folders', `${name}.jsonl`)
    await mkdir(join(storage, 'folders'), { recursive: true })
    const text = await readFile(path, 'utf8').catch(() => '')
    const written = new Map<string, readonly Written[]>()
    const lines = text.split('\n')
    for (const line of lines) {
      const parsed = Line.safeParse(parseJson(line))
      if (!parsed.success) continue
      const { p, s, m, c, b = [] } = parsed.data
      if (s === null) written.delete(p)
      else
        written.set(
          p,
          [{ s, m, c }, ...b].map(({ s, m, c }) => ({ size: s, modified: m, content: c })),
        )
    }
    if (lines.length > written.size * 2 + 1000) {
      const compact = [...written].map(([path, known]) => `${JSON.stringify(lineOf(path, known))}\n`).join('')
      await writeFile(`${path}.tmp`, compact)
      await rename(`${path}.tmp`, path)
    } else if (text !== '' && !text.endsWith('\n')) await writeFile(path, '\n', { flag: 'a' })
    return new Manifest(path, written)
  }

  /** What of ours may stand there, the newest first. */
  get(path: string): readonly Written[] {
    return this.#written.get(path) ?? NOTHING
  }

  paths(): readonly string[] {
    return [...this.#written.keys()]
  }

  /** To be called before the file gets its name. What stood there before is ours as well until it is settled. */
  async announce(path: string, written: Written): Promise<void> {
    const known = this.get(path)
    const others = known.filter(one => !isSame(one, written)).slice(0, MOST - 1)
    if (others.length + 1 === known.length && isSame(known[0]!, written)) return
    await this.#set(path, [written, ...others])
  }

  /** What has this content stands there now: what was announced last, or one of those before it, to which the archive went back. */
  async settle(path: string, content: string): Promise<void> {
    const known = this.get(path)
    if (known.length > 1) await this.#set(path, [known.find(one => one.content === content) ?? known[0]!])
  }

  /** If this was announced last: it does not stand there, and will not. */
  async withdraw(path: string, written: Written): Promise<void> {
    const [last, ...before] = this.get(path)
    if (last === undefined || !isSame(last, written)) return
    await (before.length === 0 ? this.delete(path) : this.#set(path, before))
  }

  async #set(path: string, known: readonly Written[]): Promise<void> {
    this.#written.set(path, known)
    await this.#append(lineOf(path, known))
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

const isSame = (one: Written, other: Written) =>
  one.size === other.size && one.modified === other.modified && one.content === other.content

function lineOf(path: string, known: readonly Written[]): z.infer<typeof Line> {
  const [now, ...before] = known.map(({ size, modified, content }) => ({ s: size, m: modified, c: content }))
  return { p: path, ...now!, ...(before.length === 0 ? {} : { b: before }) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
