/** *Check for Updates…*, as dialogs. What is asked and done: `updates.ts`. */
import { app, type BrowserWindow, dialog } from 'electron'
import { lookAtInstallation, sayUpdates, type UpdateMessage, type UpdateState, Updates } from './updates.ts'

/** How it is asked, by this window. */
export async function createUpdates(window: BrowserWindow): Promise<() => Promise<void>> {
  const installed = await lookAtInstallation(app.isPackaged, process.resourcesPath)
  const load = async () => (await import('electron-updater')).default.autoUpdater
  const updates = new Updates(installed, load, state => showProgress(window, state))
  return async () => {
    let state = await updates.do('check')
    while (true) {
      const said = sayUpdates(state, app.getVersion()) ?? sayFetching(state)
      const action = said === null ? null : await ask(window, said)
      if (action === null) return
      state = await updates.do(action)
    }
  }
}

/** Who asks again while it is being fetched may stop it. */
const sayFetching = (state: UpdateState): UpdateMessage | null =>
  state.name !== 'fetching'
    ? null
    : {
        message: `Cairn ${state.version} is being fetched`,
        detail: 'You are asked before it is installed.',
        buttons: [
          { label: 'Stop', action: 'cancel' },
          { label: 'Go on', action: null },
        ],
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
