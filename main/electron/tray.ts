/** The way back to a hidden window, and the one place to stop sharing for good. */
import { join } from 'node:path'
import { Menu, nativeImage, Tray } from 'electron'
import { projectFolder } from '../lib/places.ts'
import { type MenuActions, trayTemplate } from './menu-template.ts'

/** null: this desktop has no tray. */
export function createTray(actions: MenuActions): Tray | null {
  const name = process.platform === 'darwin' ? 'trayTemplate.png' : 'tray.png'
  try {
    const tray = new Tray(nativeImage.createFromPath(join(projectFolder(), 'resources', name)))
    tray.setToolTip('Cairn')
    tray.setContextMenu(Menu.buildFromTemplate(trayTemplate(actions)))
    tray.on('click', actions.show)
    return tray
  } catch {
    return null
  }
}
