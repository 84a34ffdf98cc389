/** What the person can set about the desktop: what the shell remembers, and what only the system knows. Knows no Electron. */
import type { ShellPreferences as Shown } from '../../preload/contract/index.ts'
import type { LoginItem } from '../login.ts'
import type { ShellPreferences } from './preferences.ts'

type Change = { readonly [K in keyof Shown]?: boolean | undefined }

/** An entry for menus and links, where no package brings one. */
type MenuEntry = {
  state(): Promise<'not-needed' | 'on' | 'off'>
  set(wanted: boolean): Promise<unknown>
}

export class Preferring {
  readonly #preferences: ShellPreferences
  readonly #login: LoginItem | null
  readonly #entry: MenuEntry
  readonly #closesToTray: boolean

  /** `login` null: nothing is started at login here. `closesToTray`: there is a tray, and closing the window may mean either. */
  constructor(preferences: ShellPreferences, login: LoginItem | null, entry: MenuEntry, closesToTray: boolean) {
    this.#preferences = preferences
    this.#login = login
    this.#entry = entry
    this.#closesToTray = closesToTray
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Shown> {
    let said = ''
    for await (const _ of this.#preferences.rows.watch(signal)) {
      const shown = await this.#shown()
      const text = JSON.stringify(shown)
      if (text !== said) yield shown
      said = text
    }
  }

  async update({ startAtLogin, closeToTray, keepAwake, inMenus }: Change): Promise<void> {
    if (startAtLogin !== undefined) await this.#login?.set(startAtLogin)
    if (inMenus !== undefined && (await this.#entry.state()) !== 'not-needed') await this.#entry.set(inMenus)
    await this.#preferences.update({ closeToTray: this.#closesToTray ? closeToTray : undefined, keepAwake })
    // The system's own lists tell nobody that they have changed.
    if (startAtLogin !== undefined || inMenus !== undefined)
      this.#preferences.rows.put({ ...this.#preferences.current })
  }

  async #shown(): Promise<Shown> {
    const { closeToTray, keepAwake } = this.#preferences.current
    const entry = await this.#entry.state()
    return {
      startAtLogin: this.#login === null ? null : await this.#login.get(),
      closeToTray: this.#closesToTray ? closeToTray : null,
      keepAwake,
      inMenus: entry === 'not-needed' ? null : entry === 'on',
    }
  }
}
