/** The desktop app: composition only. Everything is put together here, and decided elsewhere. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { app, type BrowserWindow, dialog, MessageChannelMain, powerMonitor, session, shell } from 'electron'
import { AppError } from '../preload/contract/errors.ts'
import { type Contract, shellContract } from '../preload/contract/index.ts'
import { connect } from '../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame } from '../preload/wire/frames.ts'
import { serve } from '../preload/wire/serve.ts'
import { messagePort } from '../preload/wire/transports.ts'
import { APP_ID, allowedRequest } from './electron/addresses.ts'
import { createUpdates } from './electron/asking-for-updates.ts'
import { hasWayBack } from './electron/closing.ts'
import { RESTARTED_NOTICE, wasRestarted } from './electron/crashes.ts'
import { registerLinkHandler, takeLinks } from './electron/deep-links.ts'
import { DragOut } from './electron/drag-out.ts'
import { inThisProcess } from './electron/host.ts'
import { loginItem, openedAtLogin } from './electron/login-item.ts'
import { setMenu } from './electron/menu.ts'
import type { MenuActions } from './electron/menu-template.ts'
import { showNotice } from './electron/notices.ts'
import { ShellPreferences } from './electron/preferences.ts'
import { Preferring } from './electron/preferring.ts'
import { Presence } from './electron/presence.ts'
import { cutOffNetwork, registerSchemes, serveContent, servePage } from './electron/protocol.ts'
import { closeBounded, endWell } from './electron/quitting.ts'
import { Requests } from './electron/requests.ts'
import { createShellHandlers } from './electron/shell.ts'
import { followStatus } from './electron/status.ts'
import { backendGone, watchOverPage } from './electron/watching-over.ts'
import { createWindow, showWindow, shutIn } from './electron/window.ts'
import { DesktopEntry } from './desktop-entry.ts'
import { createLog } from './lib/log.ts'
import { loadPage } from './lib/page-files.ts'
import { bootstrapNodes, builtPage, defaultStorage, desktopFolder } from './lib/places.ts'
import { startsHidden } from './login.ts'
import { pageOfRunning } from './serve.ts'

const storage = defaultStorage()
/** Chromium keeps its own things here, apart from ours. The lock of the single instance is tied to this folder, too. */
const folder = desktopFolder(storage)
/** Copies of what is dragged out of the window. */
const dragged = join(folder, 'drag')
/** What Electron itself was told to run, while it is not packed. */
const script = process.defaultApp && process.argv[1] !== undefined ? resolve(process.argv[1]) : null
const requests = new Requests()
let window: BrowserWindow | null = null
const show = () => {
  if (window !== null) showWindow(window)
}
const actions: Pick<MenuActions, 'request' | 'show' | 'quit'> = {
  request(request) {
    show()
    requests.push(request)
  },
  show,
  quit: () => app.quit(),
}

app.setName('Cairn')
if (process.platform === 'win32') app.setAppUserModelId(APP_ID)
app.setPath('userData', folder)
app.enableSandbox()
registerSchemes()

if (app.requestSingleInstanceLock()) {
  takeLinks({
    open: link => actions.request({ kind: 'open-link', link }),
    openArchive: key => actions.request({ kind: 'archive', key }),
    again() {
      show()
      return window?.isDestroyed() !== true
    },
  })
  app.whenReady().then(start).catch(fail)
} else {
  app.quit()
}

async function start(): Promise<void> {
  shutIn(session.defaultSession)
  cutOffNetwork(session.defaultSession, allowedRequest)
  servePage(session.defaultSession, await loadPage(builtPage()))

  await mkdir(folder, { recursive: true, mode: 0o700 })
  const log = createLog(folder, 'file')
  const preferences = await ShellPreferences.open(folder)
  const join = !process.env['CAIRN_OFFLINE']
  const adopt = Boolean(process.env['CAIRN_ADOPT'])
  const host = await inThisProcess({ storage, bootstrap: bootstrapNodes(), join, adopt })
  const care = { log, close: () => closeBounded(host) }
  // Or in a process of its own, which tells of its end itself:
  // await inUtilityProcess({ storage, bootstrap: bootstrapNodes(), join, adopt }, code => void backendGone('exit', code, care))
  process.on('uncaughtException', error => {
    log.fatal({ err: error }, 'the backend failed')
    void backendGone(error.name, null, care)
  })
  process.on('unhandledRejection', reason => log.error({ err: reason }, 'nobody took this error'))
  serveContent(session.defaultSession, host.content)
  const client = connect<Contract>(messagePort<ClientFrame, ServerFrame>(host.connect()))

  const presence = new Presence(
    { ...actions, pauseAll: paused => void client.settings.update({ paused }).catch(() => {}) },
    script,
  )
  const entry = new DesktopEntry(storage)
  // The system is told by the entry's name who opens links.
  void entry
    .start()
    .catch(error => log.warn({ err: error }, 'the entry for menus was not written'))
    .then(state => {
      if (state !== 'off') registerLinkHandler(script)
    })
  const login = loginItem(script)
  void login.follow().catch(error => log.warn({ err: error }, 'what is started at login was not looked after'))
  const { hasTray } = presence
  const preferring = new Preferring(preferences, login, entry, hasTray && process.platform !== 'darwin')
  const dragOut = new DragOut(dragged, client, host.content)
  void dragOut.clear().catch(error => log.warn({ err: error }, 'what was dragged before was not deleted'))
  const shellPort = () => {
    const { port1, port2 } = new MessageChannelMain()
    serve(
      shellContract,
      createShellHandlers(() => opened, requests, preferring, dragOut),
      messagePort(port1),
    )
    return port2
  }
  const wayBack = hasWayBack({ platform: process.platform, hasTray })
  const hidden = requests.waiting === 0 && startsHidden(process.argv, openedAtLogin(), wayBack)
  const opened = createWindow(() => [host.connect(), shellPort()], preferences, hidden)
  window = opened
  watchOverPage(opened, care)
  endWell({ window: opened, host, client, preferences, hasTray })
  const checkForUpdates = await createUpdates(opened)
  setMenu({ ...actions, checkForUpdates: () => void checkForUpdates() })
  app.on('activate', show)

  // Nothing has to be done before the machine sleeps: what is written is whole at any moment, as it is for `kill -9`.
  powerMonitor.on('resume', () => void client.machine.woke().catch(() => {}))
  const forever = new AbortController().signal
  void followStatus(client, forever, status => {
    if (opened.isDestroyed()) return
    presence.show(status, opened)
    presence.keepAwake(preferences.current.keepAwake)
  })
  void (async () => {
    for await (const _ of preferences.rows.watch(forever)) presence.keepAwake(preferences.current.keepAwake)
  })()
  if (wasRestarted(process.argv)) showNotice(RESTARTED_NOTICE, show)
}

/** A headless one on the same storage has a page: that is shown instead. */
async function fail(error: unknown): Promise<void> {
  const inUse = error instanceof AppError && error.code === 'STORAGE_IN_USE'
  const page = inUse ? await pageOfRunning(storage) : null
  if (page !== null) await shell.openExternal(page)
  else dialog.showErrorBox('Cairn could not start', error instanceof Error ? error.message : String(error))
  app.exit(page === null ? 1 : 0)
}
