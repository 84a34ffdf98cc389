/** What the person chose. A file of its own, outside the store: settings must open when the store will not. */
import { rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Settings } from '../../preload/contract/models.ts'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'
import { Collection } from '../lib/collection.ts'

const Rate = z.number().min(1).nullable()
const Limits = z.object({
  down: Rate,
  up: Rate,
  schedule: z
    .array(z.object({ days: z.array(z.number()).readonly(), from: z.number(), to: z.number(), down: Rate, up: Rate }))
    .readonly(),
  connections: z.number().min(1),
})
/** Connections: as many as upstream makes. */
const UNLIMITED = { down: null, up: null, schedule: [], connections: 64 } as const

/** Nobody answers there. */
const NOWHERE = ['127.0.0.1:9']

const File = z.object({
  consented: z.boolean().catch(false),
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  downloads: z.string().min(1).catch(join(homedir(), 'Downloads')),
  author: z.string().max(200).catch(''),
  notify: z.boolean().catch(true),
  namePrivate: z.boolean().catch(false),
  cache: z.number().min(0).catch(10_000_000_000),
  limits: Limits.catch(UNLIMITED),
  paused: z.boolean().catch(false),
  room: z.boolean().catch(true),
  // A mistake in the file must not end on the public network.
  bootstrap: z
    .array(z.string().regex(/^[^\s:@/]+:\d{1,5}$/))
    .readonly()
    .default([])
    .catch(NOWHERE),
  welcomed: z.boolean().catch(false),
})

/** Who had agreed before there were first steps knows their way about. */
const fromBefore = (file: object): object =>
  'welcomed' in file || !('consented' in file) ? file : { ...file, welcomed: file.consented }

export class SettingsService {
  readonly rows = new Collection<Settings>()
  readonly #saver: Saver
  readonly #onConsent: (() => void)[] = []
  readonly #onCache: (() => void)[] = []
  readonly #onLimits: (() => void)[] = []
  readonly #onRoom: (() => void)[] = []
  readonly #onPause: (() => void)[] = []
  readonly #onBootstrap: (() => void)[] = []

  private constructor(path: string, settings: Settings) {
    this.rows.put(settings)
    this.#saver = new Saver(() => {
      const { id: _, ...file } = this.current
      return writeJson(path, file)
    })
  }

  /** A file that cannot be read is set aside, and the defaults hold. */
  static async open(storage: string): Promise<SettingsService> {
    const path = join(storage, 'settings.json')
    let raw: unknown = null
    try {
      raw = await readJson(path)
    } catch {
      await rename(path, `${path}.unreadable-${Date.now()}`)
    }
    return new SettingsService(path, {
      id: 'settings',
      ...File.parse(raw !== null && typeof raw === 'object' ? fromBefore(raw) : {}),
    })
  }

  get current(): Settings {
    return this.rows.get('settings')!
  }

  /** Once, when the person has agreed that peers see this machine's address. */
  onConsent(listener: () => void): void {
    this.#onConsent.push(listener)
  }

  /** Whenever the room for what is only cached has changed. */
  onCache(listener: () => void): void {
    this.#onCache.push(listener)
  }

  onLimits(listener: () => void): void {
    this.#onLimits.push(listener)
  }

  /** Whenever everything is paused, or goes on. */
  onPause(listener: () => void): void {
    this.#onPause.push(listener)
  }

  /** Whenever others are to be looked for on the local network, or no longer. */
  onRoom(listener: () => void): void {
    this.#onRoom.push(listener)
  }

  /** Whenever other nodes are to be begun with. */
  onBootstrap(listener: () => void): void {
    this.#onBootstrap.push(listener)
  }

  /** On the disk when this resolves. */
  async update(change: { readonly [K in Exclude<keyof Settings, 'id'>]?: Settings[K] | undefined }): Promise<void> {
    const before = this.current
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
    this.rows.put({ ...before, ...given })
    await this.#saver.save()
    if (!before.consented && this.current.consented) for (const listener of this.#onConsent) listener()
    if (before.limits !== this.current.limits) for (const listener of this.#onLimits) listener()
    if (before.room !== this.current.room) for (const listener of this.#onRoom) listener()
    if (before.paused !== this.current.paused) for (const listener of this.#onPause) listener()
    if (before.bootstrap !== this.current.bootstrap) for (const listener of this.#onBootstrap) listener()
    if (before.cache !== this.current.cache) for (const listener of this.#onCache) listener()
  }
}
