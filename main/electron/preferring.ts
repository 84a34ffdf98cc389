/** What the person can set about the desktop: what the shell remembers, and what only the system knows. Knows no Electron. */
import type { ShellPreferences as Shown } from '../../preload/contract/index.ts'
import type { LoginItem } from './login.ts'
import type { ShellPreferences } from './preferences.ts'

type Change = { readonly [K in keyof Shown]?: boolean | undefined }

export class Preferring {
  readonly #preferences: ShellPreferences
  readonly #login: LoginItem | null
  readonly #closesToTray: boolean

  /** `login` null: nothing is started at login here. `closesToTray`: there is a tray, and closing the window may mean either. */
  constructor(preferences: ShellPreferences, login: LoginItem | null, closesToTray: boolean) {
    this.#preferences = preferences
    this.#login = login
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

  async update({ startAtLogin, closeToTray, keepAwake }: Change): Promise<void> {
    if (startAtLogin !== undefined) await this.#login?.set(startAtLogin)
    await this.#preferences.update({ closeToTray: this.#closesToTray ? closeToTray : undefined, keepAwake })
    // The system's own list tells nobody that it has changed.
    if (startAtLogin !== undefined) this.#preferences.rows.put({ ...this.#preferences.current })
  }

  async #shown(): Promise<Shown> {
    const { closeToTray, keepAwake } = this.#preferences.current
    return {
      startAtLogin: this.#login === null ? null : await this.#login.get(),
      closeToTray: this.#closesToTray ? closeToTray : null,
      keepAwake,
    }
  }
}
