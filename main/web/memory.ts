/**
 * What the web shell remembers of one storage: the port, so that the page's address stays the same; the name of its
 * cookie and of the host for content; and digests of sessions. Readable by its owner alone. Losing it costs a new address.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'

const File = z.object({
  instance: z.string().regex(/^[0-9a-f]{16}$/),
  content: z.string().regex(/^[0-9a-f]{32}$/),
  port: z.number().int().min(1).max(65_535).nullable(),
  sessions: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(1000),
})
type Remembered = Readonly<z.infer<typeof File>>

export class Memory {
  #remembered: Remembered
  readonly #saver: Saver

  private constructor(path: string, remembered: Remembered) {
    this.#remembered = remembered
    this.#saver = new Saver(() => writeJson(path, this.#remembered))
  }

  static async open(storage: string): Promise<Memory> {
    const path = join(storage, 'page.json')
    const parsed = File.safeParse(await readJson(path).catch(() => null))
    const fresh = {
      instance: randomBytes(8).toString('hex'),
      content: randomBytes(16).toString('hex'),
      port: null,
      sessions: [],
    }
    return new Memory(path, parsed.success ? parsed.data : fresh)
  }

  get remembered(): Remembered {
    return this.#remembered
  }

  /** A disk that takes nothing costs a new address after the next start, and is no reason to stop. */
  remember(change: Partial<Pick<Remembered, 'port' | 'sessions'>>): void {
    this.#remembered = { ...this.#remembered, ...change }
    this.#saver.save().catch(() => {})
  }

  /** What was remembered is on the disk. */
  async settled(): Promise<void> {
    await this.#saver.save().catch(() => {})
  }
}
