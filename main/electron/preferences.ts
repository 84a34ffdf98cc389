/**
 * What the desktop shell remembers: how the person wants it, and where its window stood. A file of its own beside
 * Chromium's, since none of it concerns a backend that runs without a window.
 */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'
import { Collection } from '../lib/collection.ts'
import type { WindowPlace } from './window-place.ts'

const pixel = z.number().int().min(-1_000_000).max(1_000_000)
const File = z.object({
  closeToTray: z.boolean().catch(true),
  keepAwake: z.boolean().catch(false),
  saidHidden: z.boolean().catch(false),
  zoom: z.number().catch(0),
  window: z
    .object({
      bounds: z.object({ x: pixel, y: pixel, width: pixel.min(1), height: pixel.min(1) }).readonly(),
      maximized: z.boolean(),
      fullScreen: z.boolean(),
    })
    .readonly()
    .nullable()
    .catch(null),
})

export type Remembered = {
  readonly id: 'shell'
  /** Closing the window leaves Cairn running where there is a way back to it. */
  readonly closeToTray: boolean
  /** The machine does not go to sleep by itself while something is transferred. */
  readonly keepAwake: boolean
  /** The person was told once that Cairn goes on without its window. */
  readonly saidHidden: boolean
  readonly zoom: number
  /** null: never shown before. */
  readonly window: WindowPlace | null
}

export class ShellPreferences {
  readonly rows = new Collection<Remembered>()
  readonly #saver: Saver

  private constructor(path: string, remembered: Remembered) {
    this.rows.put(remembered)
    this.#saver = new Saver(() => {
      const { id: _, ...file } = this.current
      return writeJson(path, file)
    })
  }

  /** `folder` has to be there. A file that cannot be read is set aside, and the defaults hold. */
  static async open(folder: string): Promise<ShellPreferences> {
    const path = join(folder, 'shell.json')
    let raw: unknown = null
    try {
      raw = await readJson(path)
    } catch {
      await rename(path, `${path}.unreadable-${Date.now()}`)
    }
    return new ShellPreferences(path, {
      id: 'shell',
      ...File.parse(raw !== null && typeof raw === 'object' ? raw : {}),
    })
  }

  get current(): Remembered {
    return this.rows.get('shell')!
  }

  /** On the disk when this resolves. What is undefined stays as it is. */
  async update(change: { readonly [K in Exclude<keyof Remembered, 'id'>]?: Remembered[K] | undefined }): Promise<void> {
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
    const next = { ...this.current, ...given }
    if (JSON.stringify(next) === JSON.stringify(this.current)) return
    this.rows.put(next)
    await this.#saver.save()
  }
}
