/** This very program, started anew when this process has ended. */
import { app } from 'electron'
import { ownCommand } from '../login.ts'

/** `program`: what it is now, where an update has given it another name. `args`: as in `process.argv`, without the program. */
export function startAgain(args: readonly string[], program?: string): void {
  const [execPath] = ownCommand(process.execPath, null, process.env)
  app.relaunch({ execPath: program ?? execPath, args: [...args] })
}
