/** Starting at login, in the way of this system. What is written on Linux: `login.ts`. */
import { homedir } from 'node:os'
import { app } from 'electron'
import { autostartItem, HIDDEN, type LoginItem, ownCommand } from '../login.ts'

/** `script`: what Electron itself was told to run, while it is not packed. */
export function loginItem(script: string | null): LoginItem {
  const command = ownCommand(process.execPath, script, process.env)
  if (process.platform === 'linux') return autostartItem(process.env, homedir(), command)
  const [path, ...args] = command
  // On Windows the same is looked up by the same program and arguments; macOS knows neither, and starts the app itself.
  const own = process.platform === 'win32' ? { path, args: [...args.map(arg => `"${arg}"`), HIDDEN] } : {}
  return {
    get: () => Promise.resolve(app.getLoginItemSettings(own).openAtLogin),
    set(wanted) {
      app.setLoginItemSettings({ openAtLogin: wanted, ...own })
      return Promise.resolve()
    },
    follow: () => Promise.resolve(),
  }
}

/** macOS says so; elsewhere an argument does. */
export const openedAtLogin = (): boolean => process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
