/**
 * What is new in friends' archives since the person looked: as one changeset, told whole when they look at it, and as a count
 * in the row of each archive. The count is of what differs, not of what happened in between; it stops at a hundred, reads the few
 * blocks of the list that lead to these, and so costs the same after one version as after a hundred thousand.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../preload/contract/errors.ts'
import type { NewFile, News } from '../../preload/contract/models.ts'
import type { Archives } from '../archives/archives.ts'
import type { History } from '../history/history.ts'
import type { Moments } from '../history/moments.ts'
import type { Log } from '../lib/log.ts'
import { countsOf, type Differing, differing } from '../read/difference.ts'
import { missingOfAll, shown } from './missing.ts'

/** Differences that are counted for a row; the changeset's own entry is one of them. */
const COUNTED = 101
/** Differences that are read for somebody who looks, so that renamed files find each other: some seconds where all come from peers. */
const READ = 1000
/** A row is counted again after this much quiet, and no more often, in milliseconds. */
const QUIET = 200
/** A list that could not be read is tried again after this long. */
const AGAIN = 10_000

export class NewsService {
  readonly #archives: Archives
  readonly #history: History
  readonly #moments: Moments
  readonly #log: Log
  /** By archive: from where to where the row was counted last. */
  readonly #counted = new Map<string, string>()
  readonly #waiting = new Set<string>()
  #counting = false
  readonly #end = new AbortController()

  constructor(archives: Archives, history: History, moments: Moments, log: Log) {
    this.#archives = archives
    this.#history = history
    this.#moments = moments
    this.#log = log
  }

  start(): void {
    this.#archives.onChange(key => this.#want(key))
    for (const { key } of this.#archives.records()) this.#want(key)
  }

  close(): void {
    this.#end.abort()
  }

  /** What differs between two versions, as one changeset. `limit`: files of it that are told. */
  async look(
    key: string,
    from: number,
    to: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly files: readonly NewFile[]; readonly counts: News; readonly missing: number }> {
    if (from > to)
      throw new AppError('INVALID_INPUT', 'The earlier version comes first.', {
        issues: [{ path: 'from', message: 'is after `to`' }],
      })
    const { drive } = this.#archives.get(key)
    const { rows, more } = await this.#difference(key, from, to, Math.max(limit, READ), signal)
    const files = await Promise.all(rows.slice(0, limit).map(row => shown(drive, row)))
    return { files, counts: { ...countsOf(rows), more }, missing: await missingOfAll(drive, rows) }
  }

  async #difference(
    key: string,
    from: number,
    to: number,
    most: number,
    signal: AbortSignal,
  ): Promise<{ readonly rows: readonly Differing[]; readonly more: boolean }> {
    const read = (from: number) => this.#history.pairs(key, from, to, most, signal)
    // What was seen may be inside of a batch since its author took versions back.
    const { pairs, more } = await read(from).catch(async error => {
      const archive = this.#archives.get(key)
      if (!(error instanceof AppError && error.is('VERSION_NOT_FOUND')) || from > archive.length) throw error
      return read(await this.#moments.upTo(archive, from))
    })
    return { rows: differing(pairs), more }
  }

  #want(key: string): void {
    const what = this.#uncounted(key)
    if (what === null || this.#end.signal.aborted) return
    this.#waiting.add(key)
    if (this.#counting) return
    void this.#countAll()
  }

  /** From where to where a row wants to be counted; null: nothing is to be counted. */
  #uncounted(key: string): { readonly seen: number; readonly length: number } | null {
    if (!this.#archives.has(key)) {
      this.#counted.delete(key)
      return null
    }
    const { namespace, seenLength: seen } = this.#archives.record(key)
    const { length, known } = this.#archives.get(key)
    if (namespace !== null || !known || seen === 0 || length <= seen) return null
    return this.#counted.get(key) === `${seen} ${length}` ? null : { seen, length }
  }

  /** One after the other: hundreds may have changed while Cairn was not running. */
  async #countAll(): Promise<void> {
    const { signal } = this.#end
    this.#counting = true
    while (this.#waiting.size > 0 && !signal.aborted) {
      // What comes meanwhile is counted with it.
      await sleep(QUIET, undefined, { ref: false, signal }).catch(() => {})
      const keys = [...this.#waiting]
      this.#waiting.clear()
      for (const key of keys) if (!signal.aborted) await this.#count(key)
    }
    this.#counting = false
  }

  async #count(key: string): Promise<void> {
    const what = this.#uncounted(key)
    if (what === null) return
    const { seen, length } = what
    this.#counted.set(key, `${seen} ${length}`)
    try {
      const { rows, more } = await this.#difference(key, seen, length, COUNTED, this.#end.signal)
      if (this.#archives.has(key)) await this.#archives.setNews(key, seen, length, { ...countsOf(rows), more })
    } catch (error) {
      // Nobody has the list, or the version that was seen is gone with its history: that it is new is all there is to say.
      if (!(error instanceof AppError)) this.#log.warn({ err: error, key }, 'what is new could not be counted')
      if (!(error instanceof AppError && error.is('NOT_AVAILABLE'))) return
      const again = setTimeout(() => {
        this.#counted.delete(key)
        this.#want(key)
      }, AGAIN)
      again.unref()
    }
  }
}
