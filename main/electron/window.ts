/** The one window, shut in: a sandboxed page of ours that cannot navigate, open others, or get permissions. */
import { join } from 'node:path'
import { app, BrowserWindow, type MessagePortMain, nativeTheme, type Session } from 'electron'
import { projectFolder } from '../lib/places.ts'
import { allowedPermission, isOwnPage, PAGE_ORIGIN } from './addresses.ts'

/** `ports` is called for each page that is loaded: the backend's, then the shell's. */
export function createWindow(ports: () => readonly [MessagePortMain, MessagePortMain]): BrowserWindow {
  const window = new BrowserWindow({
    width: 1180,
    height: 780,
    minWidth: 600,
    minHeight: 400,
    show: false,
    title: 'Cairn',
    icon: join(projectFolder(), 'resources', 'icon.png'),
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1c1917' : '#fafaf9',
    webPreferences: {
      preload: join(projectFolder(), 'out', 'preload', 'index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  })
  window.once('ready-to-show', () => window.show())
  window.webContents.on('did-finish-load', () => {
    if (isOwnPage(window.webContents.getURL())) window.webContents.postMessage('cairn-ports', null, [...ports()])
  })
  void window.loadURL(`${PAGE_ORIGIN}/`)
  return window
}

export function showWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
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
  session.setPermissionRequestHandler((_, permission, decide, { requestingUrl }) =>
    decide(allowedPermission(permission, requestingUrl)),
  )
  session.setPermissionCheckHandler((_, permission, origin) => allowedPermission(permission, `${origin}/`))
  session.setDevicePermissionHandler(() => false)
}
