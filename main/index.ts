/** The desktop app: composition only. Everything is put together here, and decided elsewhere. */
import { join } from 'node:path'
import { app, type BrowserWindow, dialog, MessageChannelMain, powerMonitor, session, shell } from 'electron'
import { AppError } from '../preload/contract/errors.ts'
import { type Contract, shellContract } from '../preload/contract/index.ts'
import { connect } from '../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame, Transport } from '../preload/wire/frames.ts'
import { serve } from '../preload/wire/serve.ts'
import { messagePort } from '../preload/wire/transports.ts'
import { allowedRequest } from './electron/addresses.ts'
import { onClose, onQuit } from './electron/closing.ts'
import { registerLinkHandler, takeLinks } from './electron/deep-links.ts'
import { type Host, inThisProcess } from './electron/host.ts'
import { setMenu } from './electron/menu.ts'
import type { MenuActions } from './electron/menu-template.ts'
import { cutOffNetwork, registerSchemes, serveContent, servePage } from './electron/protocol.ts'
import { Requests } from './electron/requests.ts'
import { createShellHandlers } from './electron/shell.ts'
import { createTray } from './electron/tray.ts'
import { createWindow, showWindow, shutIn } from './electron/window.ts'
import { missedBy } from './leaving.ts'
import { loadPage } from './lib/page-files.ts'
import { bootstrapNodes, builtPage, defaultStorage } from './lib/places.ts'
import { pageOfRunning } from './serve.ts'

const storage = defaultStorage()
const requests = new Requests()
let window: BrowserWindow | null = null
const show = () => {
  if (window !== null) showWindow(window)
}

app.setName('Cairn')
// Chromium keeps its own things apart from ours. The lock of the single instance is tied to this folder, too.
app.setPath('userData', join(storage, 'desktop'))
registerSchemes()

if (app.requestSingleInstanceLock()) {
  takeLinks({
    open(link) {
      requests.push({ kind: 'open-link', link })
      show()
    },
    again: show,
  })
  app.whenReady().then(start).catch(fail)
} else {
  app.quit()
}

async function start(): Promise<void> {
  shutIn(session.defaultSession)
  cutOffNetwork(session.defaultSession, allowedRequest)
  servePage(session.defaultSession, await loadPage(builtPage()))

  const join = !process.env['CAIRN_OFFLINE']
  const adopt = Boolean(process.env['CAIRN_ADOPT'])
  const host = await inThisProcess({ storage, bootstrap: bootstrapNodes(), join, adopt })
  // Or, in a process of its own: await inUtilityProcess({ storage, bootstrap: bootstrapNodes(), join, adopt }, () => app.exit(1))
  serveContent(session.defaultSession, host.content)

  const opened = createWindow(() => [host.connect(), shellPort(opened)])
  window = opened
  const actions: MenuActions = {
    request(request) {
      show()
      requests.push(request)
    },
    show,
    quit: () => app.quit(),
  }
  setMenu(actions)
  registerLinkHandler()
  const tray = createTray(actions)
  let quitting = false
  let asking = false
  const { platform } = process
  const hasTray = tray !== null
  const quit = () => {
    quitting = true
    app.quit()
  }
  opened.on('close', event => {
    if (quitting) return
    event.preventDefault()
    if (onClose({ platform, quitting, hasTray }) === 'hide') opened.hide()
    else app.quit()
  })
  app.on('activate', show)
  powerMonitor.on('shutdown', quit)
  app.on('before-quit', event => {
    // Who says it again while they are being asked has answered.
    if (quitting || asking) {
      quitting = true
      return
    }
    event.preventDefault()
    asking = true
    void askToQuit(host, opened, { platform, hasTray })
      .then(leaves => (leaves ? quit() : hasTray || platform === 'darwin' ? opened.hide() : show()))
      .finally(() => {
        asking = false
      })
  })
  app.on('will-quit', event => {
    event.preventDefault()
    void closeBounded(host).finally(() => app.exit(0))
  })
}

/** False: somebody would miss what is here, and the person stays for them. */
async function askToQuit(host: Host, opened: BrowserWindow, way: { platform: NodeJS.Platform; hasTray: boolean }) {
  const transport: Transport<ClientFrame, ServerFrame> = messagePort(host.connect())
  try {
    const question = onQuit(await missedBy(connect<Contract>(transport)), way)
    if (question === null) return true
    showWindow(opened)
    const { message, detail, buttons } = question
    const asked = { type: 'question', message, detail, buttons, defaultId: 0, cancelId: 0 } as const
    const { response } = await dialog.showMessageBox(opened, { ...asked, noLink: true })
    return response === 1
  } catch {
    return true
  } finally {
    transport.close()
  }
}

function shellPort(opened: BrowserWindow) {
  const { port1, port2 } = new MessageChannelMain()
  serve(
    shellContract,
    createShellHandlers(() => opened, requests),
    messagePort(port1),
  )
  return port2
}

const closeBounded = (host: Host) =>
  Promise.race([host.close(), new Promise<void>(resolve => setTimeout(resolve, 2000))])

/** A headless one on the same storage has a page: that is shown instead. */
async function fail(error: unknown): Promise<void> {
  const inUse = error instanceof AppError && error.code === 'STORAGE_IN_USE'
  const page = inUse ? await pageOfRunning(storage) : null
  if (page !== null) await shell.openExternal(page)
  else dialog.showErrorBox('Cairn could not start', error instanceof Error ? error.message : String(error))
  app.exit(page === null ? 1 : 0)
}
