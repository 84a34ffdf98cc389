/** A folder that Cairn publishes and keeps live, with a plain reader who follows: what is measured of it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../helpers/files.ts'
import { Cairn } from './cairn.ts'
import { settle } from './machine.ts'
import { now } from './measured.ts'
import { Reader } from './reader.ts'
import { figuresOf, type Sample, throughput } from './rows.ts'
import type { Source } from './source.ts'

/** A changeset is made when nothing has changed for so long, in milliseconds. */
const QUIET = 1000

export class Session {
  readonly source: Source
  readonly #storage: string
  readonly #bootstrap: string
  readonly #reader: Reader
  readonly #key: string
  #cairn: Cairn

  private constructor(source: Source, storage: string, bootstrap: string, reader: Reader, key: string, cairn: Cairn) {
    this.source = source
    this.#storage = storage
    this.#bootstrap = bootstrap
    this.#reader = reader
    this.#key = key
    this.#cairn = cairn
  }

  /** The first publish, into a fresh storage. The reader connects as soon as there is a link. */
  static async begin(
    source: Source,
    bootstrap: string,
  ): Promise<{ readonly session: Session; readonly first: Sample }> {
    const { folder, files, bytes } = source
    const storage = await temporaryFolder('bench-cairn')
    const reader = await Reader.start(bootstrap)
    const cairn = await Cairn.start(storage, bootstrap)
    await cairn.goOnline()
    await settle(folder)
    await cairn.figures()
    let following: Promise<number> | null = null
    const { key, row, asked, yes, linked, done, progress } = await cairn.publish(folder, link => {
      following = reader.follow(link)
      following.catch(() => {})
    })
    const figures = await cairn.figures()
    const connected = await following!
    const heard = await reader.heard(row.length)
    await reader.check(`/${source.pathOf(files - 1)}`, join(folder, source.pathOf(files - 1)))
    const { held } = await cairn.calm(key)
    const seconds = (done - asked) / 1000
    return {
      session: new Session(source, storage, bootstrap, reader, key, cairn),
      first: {
        value: seconds,
        also: {
          ...throughput(files, bytes, seconds),
          'sheet s': (yes - asked) / 1000,
          'from the yes s': (done - yes) / 1000,
          'link ms': linked - yes,
          ...figuresOf(figures),
          'progress/s': progress.rate,
          'longest silence ms': progress.silence,
          'reader connected ms': connected - linked,
          'reader has all ms': heard - done,
          'versions heard': reader.versionsHeard,
          ...(held.ofBytes === bytes ? {} : { 'MB stored': held.ofBytes / 1e6 }),
        },
      },
    }
  }

  /**
   * Changes something in the folder, until the archive's row and the reader have it, less the quiet. `sizes`: those of
   * files by which the wanted version is known, null for what must be gone. The reader reads the first of them.
   */
  async change(act: () => Promise<void>, sizes: Readonly<Record<string, number | null>>): Promise<Sample> {
    const { acted, at, length, bytes, asked, figures } = await this.#cairn.follow(this.#key, act, async version => {
      for (const [path, size] of Object.entries(sizes))
        if ((await this.#cairn.size(this.#key, version, `/${path}`)) !== size) return false
      return true
    })
    const heard = await this.#reader.heard(length)
    const [path, size] = Object.entries(sizes)[0]!
    if (size !== null) await this.#reader.check(`/${path}`, join(this.source.folder, path))
    return {
      value: at - acted - QUIET,
      also: {
        'reader ms': heard - acted - QUIET,
        'blob bytes added': bytes,
        ...figuresOf(figures),
        ...(asked ? { 'asked about removals': 1 } : {}),
      },
    }
  }

  /** The same folder once more, in the running backend, until it has been looked through. */
  publishAgain(): Promise<Sample> {
    return this.#unchanged(async () => {
      await settle(this.source.folder)
      const { took, figures } = await this.#cairn.publishAgain(this.source.folder, this.#key)
      return { value: took / 1000, also: figuresOf(figures) }
    })
  }

  /** Ends the backend and starts it anew, until the folder has been looked through and is watched again. */
  restart(): Promise<Sample> {
    return this.#unchanged(async () => {
      await this.#cairn.end()
      await settle(this.source.folder)
      const began = now()
      this.#cairn = await Cairn.start(this.#storage, this.#bootstrap)
      const answered = now()
      await this.#cairn.figures()
      const done = await this.#cairn.rescanned(this.#key)
      const figures = await this.#cairn.figures()
      return {
        value: (done - began) / 1000,
        also: { 'answered after s': (answered - began) / 1000, ...figuresOf(figures) },
      }
    })
  }

  async end(): Promise<void> {
    await this.#cairn.end()
    await this.#reader.end()
    await rm(this.#storage, { recursive: true, force: true })
  }

  async #unchanged(measure: () => Promise<Sample>): Promise<Sample> {
    const before = await this.#cairn.calm(this.#key)
    const sample = await measure()
    const after = await this.#cairn.calm(this.#key)
    if (after.length !== before.length) throw new Error(`Nothing had changed, and there is a version ${after.length}`)
    return sample
  }
}
