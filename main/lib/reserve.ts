/**
 * Room that is held so that it can be given up. On a full disk nothing can be deleted in order: what goes is written down
 * first, and RocksDB writes before it deletes. So a file without a meaning lies there, and goes when something is to be deleted
 * that gives more room back than it takes.
 */
import { randomBytes } from 'node:crypto'
import { open, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import { Mutex } from './mutex.ts'
import { RESERVE } from './room.ts'

/** Bytes: RocksDB's log of what goes, the records of it, and what a merge of tables writes. */
const SIZE = 16 << 20
/** With less than this nothing is begun: RocksDB may hold a write until there is room, and says nothing meanwhile. */
const LEAST = 2 << 20
const PART = 1 << 20

export class Reserve {
  readonly #path: string
  readonly #turns = new Mutex()
  #wanted = false
  #held = false
  /** Of those that give room back now. */
  #users = 0
  #closed = false

  private constructor(path: string) {
    this.#path = path
  }

  /** Gives it up at once where the disk is so full that nothing could be opened. */
  static async open(storage: string): Promise<Reserve> {
    const reserve = new Reserve(join(storage, 'reserve'))
    reserve.#held = (await stat(reserve.#path).catch(() => null))?.size === SIZE
    if ((await reserve.#free()) < LEAST) await reserve.#giveUp()
    return reserve
  }

  /** From now on it is worth its room. It is taken as soon as the disk has enough of it, and after `lend` again. */
  want(): void {
    if (this.#held && this.#wanted) return
    this.#wanted = true
    void this.#turns.run(() => this.#take()).catch(() => {})
  }

  /**
   * For a task that gives room back: it has what was reserved where the disk has too little. Throws NO_ROOM where that is not
   * enough, and what the task throws.
   */
  async lend<T>(task: () => Promise<T>): Promise<T> {
    this.#users++
    try {
      await this.#turns.run(async () => {
        if ((await this.#free()) < SIZE) await this.#giveUp()
      })
      const free = await this.#free()
      if (free < LEAST)
        throw new AppError(
          'NO_ROOM',
          'The disk is so full that not even what is deleted can be written down. Delete something else first, a few megabytes are enough.',
          { path: dirname(this.#path), needed: LEAST, free },
        )
      return await task()
    } finally {
      if (--this.#users === 0 && this.#wanted) this.want()
    }
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#turns.run(async () => {})
  }

  async #free(): Promise<number> {
    const { bavail, bsize } = await statfs(dirname(this.#path))
    return bavail * bsize
  }

  async #giveUp(): Promise<void> {
    this.#held = false
    await rm(this.#path, { force: true })
  }

  async #take(): Promise<void> {
    if (this.#held || this.#closed || this.#users > 0 || (await this.#free()) < SIZE + RESERVE) return
    try {
      const file = await open(this.#path, 'w', 0o600)
      try {
        // A file system may store what is the same, or nothing but zeros, without room for it.
        for (let written = 0; written < SIZE && !this.#closed; written += PART) await file.write(randomBytes(PART))
        await file.sync()
      } finally {
        await file.close()
      }
      this.#held = !this.#closed
    } catch (error) {
      await this.#giveUp()
      throw error
    }
  }
}
