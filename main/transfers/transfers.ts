/**
 * Long work that outlives the page: its rows, and the running, pausing and ending of it. A job is a function that can
 * be ended by its signal at any moment and begun again later, which is what pausing, closing and `kill -9` come to.
 */
import { setMaxListeners } from 'node:events'
import { AppError, type SerializedError } from '../../preload/contract/errors.ts'
import type { Skipped, TransferRow, TransferState } from '../../preload/contract/models.ts'
import { Collection } from '../lib/collection.ts'
import type { Log } from '../lib/log.ts'
import { Rate } from '../lib/rate.ts'

const SAMPLE = 150
const ROOM_AGAIN = 5000
/** In the row, which crosses the bridge whole at each change; the others are asked for. */
const SHOWN_SKIPPED = 200
/** Kept in memory. */
const MOST_SKIPPED = 100_000

export type Control = {
  readonly signal: AbortSignal
  totals(files: number, bytes: number): void
  progress(files: number, bytes: number, current: string | null): void
  skipped(skipped: Skipped): void
  /** Nobody who has the missing blocks is connected. */
  waitingForPeers(waiting: boolean): void
}

export type Job = {
  readonly id: string
  readonly kind: TransferRow['kind']
  readonly key: string
  readonly title: string
  readonly folder: string | null
  readonly startedAt: number
  run(control: Control): Promise<void>
  /**
   * Written down before the row changes, so that a restart finds it so. A job whose owner adds it anew when it is to go
   * on says so.
   */
  onPaused?(paused: boolean): Promise<void | 'added-anew'>
  onEnded?(how: 'done' | 'cancelled'): Promise<void>
  /** Its owner adds it anew after a failure; nobody else may begin with it. */
  readonly retriedByOwner?: boolean
}

type Entry = {
  readonly job: Job
  running: { readonly end: AbortController; readonly ended: Promise<void> } | null
  readonly rate: Rate
  skipped: Skipped[]
  again: NodeJS.Timeout | null
  /** One of the same id that has been ended and has not come to its end yet. */
  readonly before: Promise<void> | null
}

export class Transfers {
  readonly rows = new Collection<TransferRow>()
  readonly #entries = new Map<string, Entry>()
  readonly #log: Log
  /** null: nothing is running. */
  #sampler: NodeJS.Timeout | null = null
  #closed = false

  constructor(log: Log) {
    this.#log = log
  }

  /** Begins the job, or finds it if one of this id is running. */
  add(job: Job, paused = false): string {
    const known = this.#entries.get(job.id)
    if (known?.running && !known.running.end.signal.aborted) return job.id
    if (known?.again) clearTimeout(known.again)
    const before = known?.running?.ended ?? null
    const entry: Entry = { job, running: null, rate: new Rate(), skipped: [], again: null, before }
    this.#entries.set(job.id, entry)
    const { id, kind, key, title, folder, startedAt } = job
    this.rows.put({
      id,
      kind,
      key,
      title,
      folder,
      startedAt,
      state: { name: paused ? 'paused' : 'waiting' },
      files: 0,
      ofFiles: null,
      bytes: 0,
      ofBytes: null,
      rate: 0,
      secondsLeft: null,
      current: null,
      skipped: [],
      skippedCount: 0,
      endedAt: null,
    })
    if (!paused) this.#run(entry)
    return id
  }

  async pause(id: string): Promise<void> {
    const entry = this.#of(id)
    if (isEnded(this.#row(id).state)) return
    await entry.job.onPaused?.(true)
    await this.#stop(entry, { name: 'paused' })
  }

  async resume(id: string): Promise<void> {
    const entry = this.#of(id)
    // The row says `paused` before the job has come to its end.
    await entry.running?.ended
    const { state } = this.#row(id)
    if (state.name !== 'paused' && state.name !== 'failed') return
    if ((await entry.job.onPaused?.(false)) === 'added-anew') {
      const row = this.#row(id)
      if (row.state.name === state.name) this.rows.put({ ...row, state: { name: 'waiting' } })
    } else this.#run(entry)
  }

  async cancel(id: string): Promise<void> {
    const entry = this.#of(id)
    const { state } = this.#row(id)
    if (state.name === 'done' || state.name === 'cancelled') return
    await this.#stop(entry, { name: 'cancelled' })
    await entry.job.onEnded?.('cancelled')
  }

  /** Takes ended ones off the list. One that failed is given up with it, and is not there again after a restart. */
  async clear(): Promise<void> {
    for (const { id, state } of this.rows.values().filter(row => isEnded(row.state))) {
      const { job } = this.#of(id)
      this.#drop(id)
      if (state.name === 'failed' && job.retriedByOwner !== true) await job.onEnded?.('cancelled')
    }
  }

  skipped(id: string, offset: number, limit: number): { readonly skipped: readonly Skipped[]; readonly total: number } {
    return { skipped: this.#of(id).skipped.slice(offset, offset + limit), total: this.#row(id).skippedCount }
  }

  /** Ends and drops everything that belongs to an archive. */
  async forget(key: string): Promise<void> {
    for (const { id } of [...this.rows.values()].filter(row => row.key === key)) {
      await this.#stop(this.#of(id), { name: 'cancelled' })
      this.#drop(id)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#rest()
    await Promise.all([...this.#entries.values()].map(entry => this.#stop(entry, null)))
  }

  #run(entry: Entry): void {
    if (this.#closed || entry.running !== null) return
    if (entry.again !== null) clearTimeout(entry.again)
    entry.again = null
    const { job } = entry
    const end = new AbortController()
    const { signal } = end
    setMaxListeners(0, signal)
    const change = (part: Partial<TransferRow>) => {
      if (!signal.aborted) this.rows.put({ ...this.#row(job.id), ...part })
    }
    entry.skipped = []
    change({ state: { name: 'running' }, skipped: [], skippedCount: 0, endedAt: null })
    const control: Control = {
      signal,
      totals: (ofFiles, ofBytes) => change({ ofFiles, ofBytes }),
      progress: (files, bytes, current) => this.#progress(job.id, signal, files, bytes, current),
      skipped: skipped => {
        const row = this.#row(job.id)
        if (entry.skipped.length < MOST_SKIPPED) entry.skipped.push(skipped)
        change({
          skippedCount: row.skippedCount + 1,
          ...(row.skipped.length < SHOWN_SKIPPED ? { skipped: [...row.skipped, skipped] } : {}),
        })
      },
      waitingForPeers: waiting => change({ state: { name: waiting ? 'waiting-for-peers' : 'running' } }),
    }
    const ended = (async () => {
      try {
        if (entry.before !== null) await entry.before
        if (signal.aborted) return
        await job.run(control)
        if (signal.aborted) return
        this.#settle(job.id)
        await job.onEnded?.('done')
        change({ state: { name: 'done' }, endedAt: Date.now(), rate: 0, secondsLeft: null, current: null })
      } catch (error) {
        if (signal.aborted) return
        const serialized = this.#serialize(error)
        change({
          state: { name: 'failed', error: serialized },
          endedAt: Date.now(),
          rate: 0,
          secondsLeft: null,
          current: null,
        })
        if (serialized.code === 'NO_ROOM' && job.retriedByOwner !== true)
          entry.again = setTimeout(() => this.#run(entry), ROOM_AGAIN).unref()
      } finally {
        if (entry.running?.end === end) entry.running = null
      }
    })()
    entry.running = { end, ended }
    this.#sampler ??= setInterval(() => this.#sample(), SAMPLE).unref()
  }

  /** `state`: what the row says from now on; null leaves it. */
  async #stop(entry: Entry, state: TransferState | null): Promise<void> {
    if (entry.again !== null) clearTimeout(entry.again)
    entry.again = null
    const { running } = entry
    running?.end.abort()
    const row = this.rows.get(entry.job.id)
    if (state !== null && row !== undefined) {
      this.#pending.delete(row.id)
      this.rows.put({
        ...row,
        state,
        rate: 0,
        secondsLeft: null,
        current: null,
        endedAt: state.name === 'cancelled' ? Date.now() : null,
      })
    }
    await running?.ended
  }

  /** Many times a second in a job; the row is changed six times a second. */
  readonly #pending = new Map<
    string,
    { readonly files: number; readonly bytes: number; readonly current: string | null }
  >()

  #progress(id: string, signal: AbortSignal, files: number, bytes: number, current: string | null): void {
    if (!signal.aborted) this.#pending.set(id, { files, bytes, current })
  }

  #settle(id: string): void {
    const progress = this.#pending.get(id)
    this.#pending.delete(id)
    if (progress !== undefined) this.rows.put({ ...this.#row(id), ...progress })
  }

  #rest(): void {
    if (this.#sampler !== null) clearInterval(this.#sampler)
    this.#sampler = null
  }

  #sample(): void {
    if (![...this.#entries.values()].some(({ running }) => running !== null)) return this.#rest()
    for (const [id, entry] of this.#entries) {
      const row = this.rows.get(id)
      if (row === undefined || entry.running === null) continue
      const progress = this.#pending.get(id) ?? row
      this.#pending.delete(id)
      const rate = Math.round(entry.rate.sample(progress.bytes))
      const left =
        row.ofBytes === null || rate === 0 ? null : Math.ceil(Math.max(0, row.ofBytes - progress.bytes) / rate)
      const next: TransferRow = {
        ...row,
        files: progress.files,
        bytes: progress.bytes,
        current: progress.current,
        rate,
        secondsLeft: left,
      }
      if (
        next.bytes !== row.bytes ||
        next.files !== row.files ||
        next.rate !== row.rate ||
        next.current !== row.current ||
        next.secondsLeft !== row.secondsLeft
      )
        this.rows.put(next)
    }
  }

  #serialize(error: unknown): SerializedError {
    if (error instanceof AppError) return error.toJSON()
    const incident = crypto.randomUUID()
    this.#log.error({ incident, err: error }, 'a transfer failed')
    return new AppError('INTERNAL', 'Something went wrong.', { incident }).toJSON()
  }

  #drop(id: string): void {
    const again = this.#entries.get(id)?.again
    if (again) clearTimeout(again)
    this.rows.delete(id)
    this.#entries.delete(id)
    this.#pending.delete(id)
  }

  #of(id: string): Entry {
    const entry = this.#entries.get(id)
    if (entry === undefined)
      throw new AppError('TRANSFER_NOT_FOUND', 'This transfer is not on the list any more.', { id })
    return entry
  }

  #row(id: string): TransferRow {
    const row = this.rows.get(id)
    if (row === undefined)
      throw new AppError('TRANSFER_NOT_FOUND', 'This transfer is not on the list any more.', { id })
    return row
  }
}

export const isEnded = (state: TransferState): boolean =>
  state.name === 'done' || state.name === 'cancelled' || state.name === 'failed'
