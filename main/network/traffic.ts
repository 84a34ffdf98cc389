/**
 * What has passed: of each archive with each machine since this one was started, over however many connections and whichever
 * ways, and of each archive and in all, today and for ever.
 *
 * Counted are blocks of lists and contents as they are stored, which is what an archive is made of; and apart from them
 * everything at the sockets, with what finding, encrypting and proving take. Totals are in a small file that is written every
 * twenty seconds while something passes: a kill loses what came after. Signs of life alone, which always pass, wait for ten minutes.
 */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Passed, TrafficRow } from '../../preload/contract/models.ts'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'
import { Collection } from '../lib/collection.ts'
import type { Log } from '../lib/log.ts'
import { everySo } from '../lib/pulse.ts'
import { type Direction, Meter } from './meter.ts'
import type { Network } from './network.ts'

type Counting = Pick<Network, 'onBlock' | 'wire'>

/** Milliseconds between two writes, and where no block and few bytes have passed since; between two looks. */
const SAVE = 20_000
const SELDOM = 600_000
const FEW = 1 << 20
const LOOK = 1000
/** Of so many archives with machines it is told apart: whoever comes and goes for ever under new keys takes no more. */
const METERS = 5000

const Passed = z.object({ bytesDown: z.number(), bytesUp: z.number(), blocksDown: z.number(), blocksUp: z.number() })
const Total = z.object({ today: Passed, ever: Passed, since: z.number() })
const File = z.object({
  version: z.literal(1),
  /** By the clock of this machine, as in `2026-11-21`: what `today` is of. */
  day: z.string(),
  all: Total,
  /** At the sockets. */
  wire: z.object({
    today: z.object({ down: z.number(), up: z.number() }),
    ever: z.object({ down: z.number(), up: z.number() }),
  }),
  archives: z.record(z.string(), Total),
})
type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Sum = Writable<Passed>
type Counted = { today: Sum; ever: Sum; readonly since: number }

const none = (): Sum => ({ bytesDown: 0, bytesUp: 0, blocksDown: 0, blocksUp: 0 })

export class Traffic {
  /** One for each archive of which something has passed, and `all`. */
  readonly rows = new Collection<TrafficRow>()
  readonly #network: Counting
  readonly #saver: Saver
  readonly #log: Log
  readonly #stop: () => void
  readonly #archives: Map<string, Counted>
  readonly #all: Counted
  readonly #wire: { today: { down: number; up: number }; ever: { down: number; up: number } }
  /** By archive and machine; those over which nothing has passed for longest are first. */
  readonly #meters = new Map<string, Meter>()
  readonly #clock: () => Date
  #day: string
  #seen = { down: 0, up: 0 }
  #changed = new Set<string>()
  #unsaved = false
  /** Worth more than to be written down seldom; and bytes at the sockets since it was. */
  #pressing = false
  #passed = 0
  #saved = performance.now()

  private constructor(path: string, file: z.infer<typeof File>, network: Counting, log: Log, clock: () => Date) {
    this.#network = network
    this.#clock = clock
    this.#log = log
    this.#day = file.day
    this.#all = file.all
    this.#wire = file.wire
    this.#archives = new Map(Object.entries(file.archives))
    this.#saver = new Saver(() => {
      const { all, wire } = { all: this.#all, wire: this.#wire }
      return writeJson(path, { version: 1, day: this.#day, all, wire, archives: Object.fromEntries(this.#archives) })
    })
    network.onBlock((role, direction, bytes, publicKey) => {
      if (role !== null) this.#count(role.archive, direction, bytes, publicKey)
    })
    for (const id of ['all', ...this.#archives.keys()]) this.#changed.add(id)
    this.#look()
    this.#stop = everySo(LOOK, () => this.#look())
  }

  /** A file that cannot be read is set aside, and counting begins anew. `clock`: says when a day ends. */
  static async open(storage: string, network: Counting, log: Log, clock = () => new Date()): Promise<Traffic> {
    const path = join(storage, 'traffic.json')
    const nothing = (): z.infer<typeof File> => ({
      version: 1,
      day: dayOf(clock()),
      all: begun(clock()),
      wire: { today: { down: 0, up: 0 }, ever: { down: 0, up: 0 } },
      archives: {},
    })
    let file = nothing()
    try {
      const read = await readJson(path)
      if (read !== null) file = File.parse(read)
    } catch (error) {
      log.warn({ err: error }, 'what had passed before cannot be read')
      await rename(path, `${path}.unreadable-${Date.now()}`)
    }
    return new Traffic(path, file, network, log, clock)
  }

  /** Of an archive with one machine, by its public key. */
  meter(archive: string, publicKey: Uint8Array): Meter {
    return this.#meters.get(meterOf(archive, publicKey)) ?? new Meter()
  }

  /** The archive is forgotten; what passed of it stays in all. */
  forget(archive: string): void {
    for (const id of this.#meters.keys()) if (id.startsWith(`${archive}/`)) this.#meters.delete(id)
    if (!this.#archives.delete(archive)) return
    this.#unsaved = true
    this.#pressing = true
    this.rows.delete(archive)
  }

  async close(): Promise<void> {
    this.#stop()
    this.#look()
    if (this.#unsaved) await this.#save()
  }

  #count(archive: string, direction: Direction, bytes: number, publicKey: Uint8Array): void {
    const id = meterOf(archive, publicKey)
    const meter = this.meter(archive, publicKey)
    meter.add(direction, bytes, performance.now())
    this.#meters.delete(id)
    this.#meters.set(id, meter)
    if (this.#meters.size > METERS) this.#meters.delete(this.#meters.keys().next().value!)
    let own = this.#archives.get(archive)
    if (own === undefined) {
      own = begun(this.#clock())
      this.#archives.set(archive, own)
    }
    this.#turnDay()
    for (const { today, ever } of [own, this.#all])
      for (const sum of [today, ever]) {
        sum[direction === 'down' ? 'bytesDown' : 'bytesUp'] += bytes
        sum[direction === 'down' ? 'blocksDown' : 'blocksUp']++
      }
    this.#pressing = true
    this.#changed.add(archive)
    this.#changed.add('all')
  }

  #turnDay(): void {
    const day = dayOf(this.#clock())
    if (day === this.#day) return
    this.#day = day
    for (const [id, counted] of [['all', this.#all] as const, ...this.#archives]) {
      counted.today = none()
      this.#changed.add(id)
    }
    this.#wire.today = { down: 0, up: 0 }
  }

  #look(): void {
    this.#turnDay()
    const wire = this.#network.wire()
    for (const direction of ['down', 'up'] as const) {
      const passed = wire[direction] - this.#seen[direction]
      if (passed === 0) continue
      this.#wire.today[direction] += passed
      this.#wire.ever[direction] += passed
      this.#passed += passed
      this.#changed.add('all')
    }
    this.#seen = wire
    if (this.#changed.size === 0 && !this.#unsaved) return
    for (const id of this.#changed) {
      const counted = id === 'all' ? this.#all : this.#archives.get(id)
      if (counted === undefined) continue
      const { today, ever, since } = counted
      const ofAll = { today: { ...this.#wire.today }, ever: { ...this.#wire.ever } }
      this.rows.put({ id, today: { ...today }, ever: { ...ever }, since, wire: id === 'all' ? ofAll : null })
      this.#unsaved = true
    }
    this.#changed = new Set()
    const pause = this.#pressing || this.#passed >= FEW ? SAVE : SELDOM
    if (performance.now() - this.#saved >= pause) void this.#save()
  }

  async #save(): Promise<void> {
    this.#saved = performance.now()
    this.#unsaved = false
    this.#pressing = false
    this.#passed = 0
    try {
      await this.#saver.save()
    } catch (error) {
      this.#unsaved = true
      this.#pressing = true
      this.#log.warn({ err: error }, 'what has passed could not be written down')
    }
  }
}

const begun = (at: Date): Counted => ({ today: none(), ever: none(), since: at.getTime() })

const meterOf = (archive: string, publicKey: Uint8Array): string =>
  `${archive}/${Buffer.from(publicKey).toString('hex')}`

/** The day by this machine's clock. */
const dayOf = (at: Date): string =>
  [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(part => String(part).padStart(2, '0')).join('-')
