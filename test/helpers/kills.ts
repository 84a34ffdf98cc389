/** An author who is killed again and again, somebody who hears every version, and what must hold at the end of it. */
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Corestore from 'corestore'
import type Hypercore from 'hypercore'
import Hyperdrive from 'hyperdrive'
import { expect } from 'vitest'
import { decodeKey, parseLink } from '../../main/archives/links.ts'
import { readTree, temporaryFolder } from './files.ts'
import { type Follower, follow, treeOf } from './plain.ts'
import { cairn, linkOf, type Program } from './program.ts'

/** What one kill may cost: blocks that were being appended and that no entry names afterwards. */
const LOST = 32 << 20

/** A version of a core as somebody heard of it. */
type Head = { readonly core: 'list' | 'blobs'; readonly length: number; readonly hash: string }

export class KilledAuthor {
  readonly source: string
  readonly #storage: string
  readonly #bootstrap: readonly string[]
  #link: string | null = null
  #follower: Follower | null = null
  readonly #heads: Promise<Head>[] = []
  #truncated = false
  #kills = 0
  #written = 0
  #names = 0

  private constructor(source: string, storage: string, bootstrap: readonly string[]) {
    this.source = source
    this.#storage = storage
    this.#bootstrap = bootstrap
  }

  static async create(bootstrap: readonly string[]): Promise<KilledAuthor> {
    return new KilledAuthor(await temporaryFolder('source'), await temporaryFolder('author'), bootstrap)
  }

  /** Runs until its link is told. It is always the same, and who follows it is connected. */
  async start(): Promise<Program> {
    const program = cairn('publish', this.source, '--storage', this.#storage, '--bootstrap', this.#bootstrap[0]!)
    const meets = this.#follower?.connected()
    const link = await program.line(linkOf)
    this.#link ??= link
    expect(link).toBe(this.#link)
    if (this.#follower === null) await this.#follow(parseLink(link).key)
    else await meets
    return program
  }

  async kill(program: Program): Promise<void> {
    this.#kills++
    await program.kill('SIGKILL')
  }

  async #follow(key: string): Promise<void> {
    const follower = await follow(this.#bootstrap, key)
    this.#follower = follower
    const watch = (name: Head['core'], core: Hypercore) => {
      const note = async () => {
        const { length } = core
        this.#heads.push(core.treeHash(length).then(hash => ({ core: name, length, hash: hash.toString('hex') })))
      }
      core.on('append', note)
      core.on('truncate', () => {
        this.#truncated = true
      })
      core.on('conflict', () => {
        this.#truncated = true
      })
    }
    watch('list', follower.drive.core)
    void follower.drive.getBlobs().then(
      blobs => watch('blobs', blobs.core),
      () => {},
    )
    await follower.connected()
  }

  /** Files that never were before, below a folder of the source. */
  async write(folder: string, files: number, size: number): Promise<void> {
    await mkdir(join(this.source, folder), { recursive: true })
    for (let index = 0; index < files; index++)
      await writeFile(join(this.source, folder, `file ${++this.#names}`), this.#content(size))
  }

  /** The same file with another content. */
  async replace(path: string, size: number): Promise<void> {
    await writeFile(join(this.source, path), this.#content(size))
  }

  /** The folder gets the other name, or has it and gets this one again. */
  async rename(one: string, other: string): Promise<void> {
    const isOther = await stat(join(this.source, other)).catch(() => null)
    const [from, to] = isOther === null ? [one, other] : [other, one]
    await rename(join(this.source, from), join(this.source, to))
  }

  /** The folder gets a name that no other has. */
  async putAway(name: string): Promise<void> {
    await rename(join(this.source, name), join(this.source, `${name} ${++this.#names}`))
  }

  #content(size: number): Buffer {
    this.#written += size
    const word = `${++this.#names} of this archive; `
    return Buffer.alloc(size, word)
  }

  /** Lengths of every version that was heard of. */
  get heard(): readonly number[] {
    return this.#follower?.heard ?? []
  }

  /** Runs until everything is in and was heard of. */
  async complete(): Promise<void> {
    const program = await this.start()
    const { length } = await program.line(line => line['imported'] as { readonly length: number } | undefined, 120_000)
    await this.#follower!.knows(length)
    await program.kill('SIGTERM')
  }

  /** Completes it, and compares everything. Returns how many versions of both cores were heard of. */
  async expectNothingLost(): Promise<number> {
    await this.complete()
    const store = new Corestore(join(this.#storage, 'store'))
    try {
      const drive = new Hyperdrive(store.session(), decodeKey(parseLink(this.#link!).key))
      await drive.ready()
      const blobs = (await drive.getBlobs()).core
      const heads = await Promise.all(this.#heads)
      for (const { core, length, hash } of heads) {
        const own = core === 'list' ? drive.core : blobs
        expect(own.length).toBeGreaterThanOrEqual(length)
        expect({ core, length, hash: (await own.treeHash(length)).toString('hex') }).toEqual({ core, length, hash })
      }
      expect(this.#truncated).toBe(false)
      expect(await treeOf(drive, drive.core.length)).toEqual(await readTree(this.source))
      expect(blobs.byteLength).toBeLessThanOrEqual(this.#written + this.#kills * LOST)
      return heads.length
    } finally {
      await store.close()
    }
  }
}

/** Kills at random moments: of a first import, of following, of going on after a kill. */
export async function expectKillsSurvived(bootstrap: readonly string[], rounds: number): Promise<void> {
  const author = await KilledAuthor.create(bootstrap)
  await author.write('photos', 600, 20_000)
  await author.write('films', 1, 30 << 20)
  await author.write('notes', 20, 100)
  for (let round = 0; round < rounds; round++) {
    const program = await author.start()
    // A kill in the first moments, or of what is live.
    if (round % 2 === 1) {
      // By then it has looked through the folder; what it had left is still going on, or not.
      await setTimeout(500)
      await edits[((round - 1) / 2) % edits.length]!(author)
      // After a second of quiet it is imported.
      await setTimeout(900 + Math.random() * 1200)
    } else await setTimeout(Math.random() * 1500)
    await author.kill(program)
  }
  expect(await author.expectNothingLost()).toBeGreaterThan(rounds / 2)
}

const edits: readonly ((author: KilledAuthor) => Promise<void>)[] = [
  async author => {
    await author.rename('photos', 'Photos')
    await author.write('later', 400, 50_000)
  },
  async author => {
    await author.replace('film.mkv', 60 << 20)
  },
  async author => {
    await author.write('many', 1500, 2000)
    await author.putAway('later')
  },
  author => author.rename('photos', 'Photos'),
]
