/** The menu bar and the tray's menu as data: tested without Electron. */
import type { MenuItemConstructorOptions } from 'electron'
import type { ShellRequest } from '../../preload/contract/index.ts'
import { sayNews, sayStatus } from './faces.ts'
import type { ShellStatus } from './status.ts'

export type MenuActions = {
  /** Shows the window and tells its page. */
  readonly request: (request: ShellRequest) => void
  readonly show: () => void
  readonly pauseAll: (paused: boolean) => void
  readonly checkForUpdates: () => void
  readonly quit: () => void
}

export type BarActions = Pick<MenuActions, 'request' | 'show' | 'checkForUpdates'>
export type TrayActions = Pick<MenuActions, 'request' | 'show' | 'pauseAll' | 'quit'>

export function menuTemplate(
  platform: NodeJS.Platform,
  { request, show, checkForUpdates }: BarActions,
): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin'
  const settings: MenuItemConstructorOptions = {
    label: 'Settings…',
    accelerator: 'CmdOrCtrl+,',
    click: () => request({ kind: 'show', view: 'settings' }),
  }
  const about: MenuItemConstructorOptions = {
    label: 'About Cairn',
    click: () => request({ kind: 'show', view: 'about' }),
  }
  const updates: MenuItemConstructorOptions = { label: 'Check for Updates…', click: checkForUpdates }
  const app: MenuItemConstructorOptions = {
    role: 'appMenu',
    submenu: [
      about,
      updates,
      { type: 'separator' },
      settings,
      { type: 'separator' },
      { role: 'services' },
      { type: 'separator' },
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      { type: 'separator' },
      { role: 'quit' },
    ],
  }
  const file: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      { label: 'Publish…', accelerator: 'CmdOrCtrl+O', click: () => request({ kind: 'publish' }) },
      { label: 'Open a Link…', accelerator: 'CmdOrCtrl+L', click: () => request({ kind: 'paste-link' }) },
      { type: 'separator' },
      { role: 'close' },
      ...(mac ? [] : ([settings, { type: 'separator' }, { role: 'quit' }] satisfies MenuItemConstructorOptions[])),
    ],
  }
  const view: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      { label: 'Library', accelerator: 'CmdOrCtrl+Shift+L', click: () => request({ kind: 'show', view: 'home' }) },
      { label: 'Transfers', accelerator: 'CmdOrCtrl+J', click: () => request({ kind: 'show', view: 'transfers' }) },
      { label: 'Network', accelerator: 'CmdOrCtrl+Shift+N', click: () => request({ kind: 'show', view: 'network' }) },
      { type: 'separator' },
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
      { role: 'toggleDevTools', visible: false },
    ],
  }
  const window: MenuItemConstructorOptions = {
    label: '&Window',
    ...(mac ? { role: 'windowMenu' as const } : {}),
    submenu: [
      { role: 'minimize' },
      ...(mac ? ([{ role: 'zoom' }] satisfies MenuItemConstructorOptions[]) : []),
      { type: 'separator' },
      { label: 'Cairn', click: show },
    ],
  }
  const help: MenuItemConstructorOptions = {
    label: '&Help',
    ...(mac ? { role: 'help' as const } : {}),
    submenu: [
      { label: 'Keyboard Shortcuts', click: () => request({ kind: 'show', view: 'shortcuts' }) },
      { label: 'Save Diagnostics…', click: () => request({ kind: 'show', view: 'diagnostics' }) },
      ...(mac ? [] : [{ type: 'separator' as const }, updates, about]),
    ],
  }
  return [...(mac ? [app] : []), file, { role: 'editMenu' }, view, window, help]
}

/** The first lines say how things are: some desktops show no tooltips, and some screen readers read none. */
export function trayTemplate(
  status: ShellStatus,
  { request, show, pauseAll, quit }: TrayActions,
): MenuItemConstructorOptions[] {
  const { mood, news } = status
  const pause: MenuItemConstructorOptions =
    mood === 'paused'
      ? { label: 'Resume all', click: () => pauseAll(false) }
      : { label: 'Pause all', enabled: mood !== 'waiting', click: () => pauseAll(true) }
  return [
    { label: sayStatus(status), enabled: false },
    ...(news > 0 ? [{ label: sayNews(news), click: () => request({ kind: 'show', view: 'home' }) }] : []),
    { type: 'separator' },
    { label: 'Open Cairn', click: show },
    { label: 'Publish…', click: () => request({ kind: 'publish' }) },
    { type: 'separator' },
    pause,
    { type: 'separator' },
    { label: 'Quit and stop sharing', click: quit },
  ]
}
