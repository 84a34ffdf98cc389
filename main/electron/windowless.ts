/** For a command of the CLI, which runs in the same program as the window. */
import { app } from 'electron'

/** For macOS, which would show an icon in the dock for as long as the command runs. */
export function stayOutOfSight(): void {
  app.setActivationPolicy('prohibited')
}
