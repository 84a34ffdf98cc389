/** Puts the menu bar up. What is in it: `menu-template.ts`. */
import { Menu } from 'electron'
import { type BarActions, menuTemplate } from './menu-template.ts'

export const setMenu = (actions: BarActions): void =>
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, actions)))
