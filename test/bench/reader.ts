/** A plain Hyperdrive that follows what is published, in a process of its own. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { decodeKey } from '../../main/archives/links.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { MeasuredProcess } from './measured.ts'

/** Bytes. */
const WHOLE = 32 << 20
const PART = 64 << 10

type Heard = { readonly length: number; readonly at: number }

export class Reader {
  readonly #process: MeasuredProcess
  readonly #heard: Heard[]
  readonly #woken: Set<() => void>

  private constructor(process: MeasuredProcess, heard: Heard[], woken: Set<() => void>) {
    this.#process = process
    this.#heard = heard
    this.#woken = woken
  }

  static async start(bootstrap: string): Promise<Reader> {
    const storage = await temporaryFolder('bench-reader')
    const heard: Heard[] = []
    const woken = new Set<() => void>()
    const process = await MeasuredProcess.start(new URL('plain-reader.mjs', import.meta.url).pathname, [], message => {
      heard.push(message as Heard)
      for (const wake of woken) wake()
    })
    await process.ask('open', { storage, bootstrap })
    return new Reader(process, heard, woken)
  }

  /** The time at which it was connected to the author. */
  follow(key: string): Promise<number> {
    return this.#process.ask('follow', { key: Buffer.from(decodeKey(key)).toString('hex') }, 60_000)
  }

  get versionsHeard(): number {
    return this.#heard.length
  }

  /** The time at which it had heard of this version or a later one. */
  async heard(length: number, milliseconds = 60_000): Promise<number> {
    const end = Date.now() + milliseconds
    while (true) {
      const found = this.#heard.find(one => one.length >= length)
      if (found !== undefined) return found.at
      if (Date.now() > end) throw new Error(`The reader has not heard of version ${length}`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(done, end - Date.now())
        const woken = this.#woken
        woken.add(done)
        function done() {
          clearTimeout(timer)
          woken.delete(done)
          resolve()
        }
      })
    }
  }

  /** Throws unless it reads the same as this file: all of it, of a large one how it begins and ends. */
  async check(path: string, local: string): Promise<void> {
    const { size } = await stat(local)
    const parts = size <= WHOLE ? [{ start: 0 }] : [{ start: 0, length: PART }, { start: size - PART }]
    for (const part of parts) {
      const hash = createHash('sha256')
      const { start, length = size } = part
      for await (const bytes of createReadStream(local, { start, end: start + length - 1 }))
        hash.update(bytes as Buffer)
      const theirs = await this.#process.ask<string>('digest', { path, part }, 60_000).catch(async (error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(await this.#process.ask('state', { path }, 10_000))}`)
      })
      if (theirs !== hash.digest('hex')) throw new Error(`The reader reads other bytes of ${path}`)
    }
  }

  end(): Promise<void> {
    return this.#process.end('SIGKILL')
  }
}
