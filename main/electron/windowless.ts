/** For a command of the CLI, which runs in the same program as the window. */
import { app } from 'electron'

/** macOS would show an icon in the dock for as long as the command runs. */
export function stayOutOfSight(): void {
  if (process.platform === 'darwin') app.setActivationPolicy('prohibited')
}
