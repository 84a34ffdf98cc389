/** The menu bar and the tray's menu as data: tested without Electron. */
import type { MenuItemConstructorOptions } from 'electron'
import type { ShellRequest } from '../../preload/contract/index.ts'

export type MenuActions = {
  /** Shows the window and tells its page. */
  readonly request: (request: ShellRequest) => void
  readonly show: () => void
  readonly quit: () => void
}

export function menuTemplate(platform: NodeJS.Platform, { request, show }: MenuActions): MenuItemConstructorOptions[] {
  const settings: MenuItemConstructorOptions = {
    label: 'Settings…',
    accelerator: 'CmdOrCtrl+,',
    click: () => request({ kind: 'show', view: 'settings' }),
  }
  const mac = platform === 'darwin'
  const app: MenuItemConstructorOptions = {
    role: 'appMenu',
    submenu: [
      { role: 'about' },
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
      {
        label: 'Transfers',
        accelerator: 'CmdOrCtrl+J',
        click: () => request({ kind: 'show', view: 'transfers' }),
      },
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
    role: 'windowMenu',
    submenu: [{ role: 'minimize' }, { role: 'zoom' }, { label: 'Cairn', click: show }],
  }
  return [...(mac ? [app] : []), file, { role: 'editMenu' }, view, ...(mac ? [window] : [])]
}

export const trayTemplate = ({ request, show, quit }: MenuActions): MenuItemConstructorOptions[] => [
  { label: 'Open Cairn', click: show },
  { label: 'Publish…', click: () => request({ kind: 'publish' }) },
  { type: 'separator' },
  { label: 'Quit and stop sharing', click: quit },
]
