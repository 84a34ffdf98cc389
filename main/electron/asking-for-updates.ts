/** *Check for Updates…*, as dialogs. What is asked and done: `updates.ts`. */
import { app, autoUpdater, type BrowserWindow, dialog } from 'electron'
import { startAgain } from './again.ts'
import {
  lookAtInstallation,
  sayUpdates,
  type UpdateMessage,
  type Updater,
  type UpdateState,
  Updates,
} from './updates.ts'

/** How it is asked, by this window. */
export async function createUpdates(window: BrowserWindow): Promise<() => Promise<void>> {
  const installed = await lookAtInstallation(app.isPackaged, process.resourcesPath)
  const load = async (): Promise<Updater> => {
    const updater = (await import('electron-updater')).default.autoUpdater
    let { appImage } = installed
    updater.on('appimage-filename-updated', path => {
      appImage = path
    })
    // Said by the updater when the new version stands ready; it ends this one itself. Windows and macOS start it themselves.
    autoUpdater.once('before-quit-for-update', () => {
      if (appImage !== null) startAgain([], appImage)
    })
    return updater
  }
  const updates = new Updates(installed, load, state => showProgress(window, state))
  return async () => {
    let state = await updates.do('check')
    while (true) {
      const said = sayUpdates(state, app.getVersion())
      const action = said === null ? null : await ask(window, said)
      if (action === null) return
      state = await updates.do(action)
      // Who waits for what is fetched hears that it was stopped.
      if (action === 'cancel') return
    }
  }
}

async function ask(window: BrowserWindow, { message, detail, buttons }: UpdateMessage) {
  const last = buttons.length - 1
  const asked = { message, detail, buttons: buttons.map(({ label }) => label), cancelId: last, noLink: true }
  const { response } = await dialog.showMessageBox(window, { type: 'info', ...asked })
  return buttons[response]?.action ?? null
}

function showProgress(window: BrowserWindow, state: UpdateState): void {
  if (window.isDestroyed()) return
  if (state.name !== 'fetching') window.setProgressBar(-1)
  else if (state.ofBytes === null) window.setProgressBar(2, { mode: 'indeterminate' })
  else window.setProgressBar(state.bytes / state.ofBytes)
}
