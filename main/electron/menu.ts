/** Puts the menu bar up. What is in it: `menu-template.ts`. */
import { Menu } from 'electron'
import { type MenuActions, menuTemplate } from './menu-template.ts'

export const setMenu = (actions: Pick<MenuActions, 'request' | 'show'>): void =>
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, actions)))
