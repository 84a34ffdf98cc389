/** Applies what the person chose: the limits of everything as its schedule has them, and those of single archives. */
import type { Archives } from '../archives/archives.ts'
import { everySo } from '../lib/pulse.ts'
import type { SettingsService } from '../settings/settings.ts'
import { limitsAt } from './limits.ts'
import type { Network } from './network.ts'
import type { Rates } from './shaper.ts'

/** Between two looks at the clock, in milliseconds. */
const LOOK = 1000

export class Limiting {
  readonly #settings: SettingsService
  readonly #archives: Archives
  readonly #network: Network
  readonly #clock: () => Date
  readonly close: () => void
  readonly #own = new Map<string, Rates>()
  #applied = ''

  constructor(settings: SettingsService, archives: Archives, network: Network, clock: () => Date) {
    this.#settings = settings
    this.#archives = archives
    this.#network = network
    this.#clock = clock
    settings.onLimits(() => this.#apply())
    archives.onChange(key => this.#look(key))
    for (const { key } of archives.records()) this.#look(key)
    this.#apply()
    // Without a schedule nothing changes by itself.
    this.close = everySo(LOOK, () => {
      if (settings.current.limits.schedule.length > 0) this.#apply()
    })
  }

  #look(key: string): void {
    const limits = this.#archives.has(key) ? this.#archives.record(key).limits : null
    if (limits === null || (limits.down === null && limits.up === null)) {
      if (!this.#own.delete(key)) return
    } else if (this.#own.get(key) === limits) return
    else this.#own.set(key, limits)
    this.#apply()
  }

  #apply(): void {
    const { limits } = this.#settings.current
    const inForce = limitsAt(limits, this.#clock())
    const words = JSON.stringify([inForce, limits.connections, [...this.#own]])
    if (words === this.#applied) return
    this.#applied = words
    this.#network.limit(inForce, this.#own)
    this.#network.limitConnections(limits.connections)
  }
}
