/** Closing the window, quitting, and the end. What each of them means: `closing.ts`. */
import { app, autoUpdater, type BrowserWindow, dialog, powerMonitor } from 'electron'
import type { Contract } from '../../preload/contract/index.ts'
import type { Client } from '../../preload/wire/connect.ts'
import { missedBy } from '../leaving.ts'
import { hasWayBack, onClose, onQuit, sayHidden } from './closing.ts'
import type { Host } from './host.ts'
import { showNotice } from './notices.ts'
import type { ShellPreferences } from './preferences.ts'
import { hideWindow, showWindow } from './window.ts'

/** The backend takes less; what still hangs then goes on at the next start. Milliseconds. */
const CLOSING = 2000

export function endWell({
  window,
  host,
  client,
  preferences,
  hasTray,
}: {
  readonly window: BrowserWindow
  readonly host: Host
  readonly client: Client<Contract>
  readonly preferences: ShellPreferences
  readonly hasTray: boolean
}): void {
  const { platform } = process
  let quitting = false
  let asking = false
  const quit = () => {
    quitting = true
    app.quit()
  }
  const hide = () => {
    hideWindow(window)
    const words = sayHidden(platform, preferences.current.saidHidden)
    if (words === null) return
    showNotice(words, () => showWindow(window))
    void preferences.update({ saidHidden: true }).catch(() => {
      // It is said again the next time.
    })
  }
  window.on('close', event => {
    if (quitting) return
    event.preventDefault()
    const { closeToTray } = preferences.current
    if (onClose({ platform, quitting, hasTray, closeToTray }) === 'hide') hide()
    else app.quit()
  })
  // A session that ends waits for no answer.
  powerMonitor.on('shutdown', quit)
  window.on('session-end', quit)
  // The person has just said that Cairn closes for a moment.
  autoUpdater.on('before-quit-for-update', () => {
    quitting = true
  })
  app.on('before-quit', event => {
    // Who says it again while they are being asked has answered.
    if (quitting || asking) {
      quitting = true
      return
    }
    event.preventDefault()
    asking = true
    void askToQuit(client, window, hasTray)
      .then(leaves => (leaves ? quit() : hasWayBack({ platform, hasTray }) ? hideWindow(window) : showWindow(window)))
      .finally(() => {
        asking = false
      })
  })
  app.on('will-quit', event => {
    event.preventDefault()
    void closeBounded(host).finally(() => app.exit(0))
  })
}

export const closeBounded = (host: Host): Promise<void> =>
  Promise.race([host.close(), new Promise<void>(resolve => setTimeout(resolve, CLOSING))])

/** False: somebody would miss what is here, and the person stays for them. */
async function askToQuit(client: Client<Contract>, window: BrowserWindow, hasTray: boolean): Promise<boolean> {
  try {
    const question = onQuit(await missedBy(client), { platform: process.platform, hasTray })
    if (question === null) return true
    showWindow(window)
    const { message, detail, buttons } = question
    const asked = { type: 'question', message, detail, buttons, defaultId: 0, cancelId: 0 } as const
    const { response } = await dialog.showMessageBox(window, { ...asked, noLink: true })
    return response === 1
  } catch {
    return true
  }
}
