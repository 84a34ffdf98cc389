/** The one window, shut in: a sandboxed page of ours that cannot navigate, open others, or get permissions. */
import { join } from 'node:path'
import { app, BrowserWindow, type MessagePortMain, nativeTheme, screen, type Session } from 'electron'
import { projectFolder } from '../lib/places.ts'
import { allowedDownload, allowedPermission, isOwnPage, PAGE_ORIGIN } from './addresses.ts'
import type { ShellPreferences } from './preferences.ts'
import { keptZoom, nextZoom, placeWindow, SMALLEST } from './window-place.ts'

/** Milliseconds without a move after which the place of the window is kept. */
const STILL = 500

/**
 * `ports` is called for each page that is loaded: the backend's, then the shell's. `hidden`: it comes up when somebody asks
 * for it.
 */
export function createWindow(
  ports: () => readonly [MessagePortMain, MessagePortMain],
  preferences: ShellPreferences,
  hidden: boolean,
): BrowserWindow {
  const main = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter(({ id }) => id !== main.id)
  const areas = [main, ...others].map(({ workArea }) => workArea)
  const place = placeWindow(preferences.current.window, areas)
  const window = new BrowserWindow({
    ...place.bounds,
    minWidth: SMALLEST.width,
    minHeight: SMALLEST.height,
    show: false,
    fullscreen: place.fullScreen && !hidden,
    title: 'Cairn',
    icon: join(projectFolder(), 'resources', 'icon.png'),
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1c1917' : '#fafaf9',
    webPreferences: {
      preload: join(projectFolder(), 'out', 'preload', 'index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  })
  window.once('ready-to-show', () => {
    if (!hidden && !window.isVisible()) window.show()
  })
  // Whenever that is: to maximize a window shows it.
  if (place.maximized) window.once('show', () => window.maximize())
  const { webContents } = window
  webContents.on('did-finish-load', () => {
    const { mainFrame } = webContents
    webContents.setZoomLevel(keptZoom(preferences.current.zoom))
    if (isOwnPage(mainFrame.url)) mainFrame.postMessage('cairn-ports', null, [...ports()])
  })
  webContents.on('zoom-changed', (_, direction) =>
    webContents.setZoomLevel(nextZoom(webContents.getZoomLevel(), direction)),
  )
  keepPlace(window, preferences)
  void window.loadURL(`${PAGE_ORIGIN}/`)
  return window
}

function keepPlace(window: BrowserWindow, preferences: ShellPreferences): void {
  const keep = () => {
    if (window.isDestroyed() || window.webContents.isDestroyed()) return
    const { x, y, width, height } = window.getNormalBounds()
    const bounds = { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) }
    const now = { bounds, maximized: window.isMaximized(), fullScreen: window.isFullScreen() }
    preferences.update({ window: now, zoom: keptZoom(window.webContents.getZoomLevel()) }).catch(() => {
      // It stands somewhere else the next time; nothing is lost by it.
    })
  }
  let timer: NodeJS.Timeout | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(keep, STILL)
  }
  window.on('resize', soon).on('move', soon).on('blur', keep).on('hide', keep).on('close', keep)
  window.once('closed', () => clearTimeout(timer))
}

/** Does nothing once it is gone: what a person still clicks while Cairn ends comes too late. */
export function showWindow(window: BrowserWindow): void {
  if (window.isDestroyed()) return
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

/** A window that fills the screen leaves that first: macOS would leave an empty screen behind. */
export function hideWindow(window: BrowserWindow): void {
  if (window.isDestroyed()) return
  if (!window.isFullScreen()) return window.hide()
  window.once('leave-full-screen', () => window.hide())
  window.setFullScreen(false)
}

/** For everything that shows a page, now and later. */
export function shutIn(session: Session): void {
  app.on('web-contents-created', (_, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
    contents.on('will-navigate', event => event.preventDefault())
    contents.on('will-frame-navigate', event => event.preventDefault())
    contents.on('will-redirect', event => event.preventDefault())
    contents.on('will-attach-webview', event => event.preventDefault())
  })
  // No page of ours speaks TLS: whatever does is not ours.
  app.on('certificate-error', (event, _, __, ___, ____, trust) => {
    event.preventDefault()
    trust(false)
  })
  app.on('select-client-certificate', (event, _, __, ___, choose) => {
    event.preventDefault()
    choose()
  })
  session.setPermissionRequestHandler((_, permission, decide, { requestingUrl }) =>
    decide(allowedPermission(permission, requestingUrl)),
  )
  session.setPermissionCheckHandler((_, permission, origin) => allowedPermission(permission, `${origin}/`))
  session.setDevicePermissionHandler(() => false)
  session.setBluetoothPairingHandler((_, answer) => answer({ confirmed: false }))
  session.setDisplayMediaRequestHandler((_, answer) => answer(null))
  session.on('will-download', (event, item) => {
    if (!allowedDownload(item.getURL())) event.preventDefault()
  })
}
