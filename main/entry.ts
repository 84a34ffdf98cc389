/**
 * Where the installed program begins: runs a command of the CLI without a window, or opens the window. Electron waits for
 * this module before it looks for a display, so a command that is awaited here needs none, and no lock of a single instance.
 */
import { assertNever } from '../preload/contract/errors.ts'
import { startOf } from './electron/command-line.ts'

const start = startOf({
  argv: process.argv,
  isDefaultApp: process.defaultApp === true,
  platform: process.platform,
  environment: process.env,
})

switch (start.kind) {
  case 'command': {
    // As Node has it: the program, the script, and then what was said.
    process.argv.splice(1, process.argv.length, 'cairn', ...start.args)
    if (process.platform === 'darwin') (await import('./electron/windowless.ts')).stayOutOfSight()
    // Ends the process.
    await import('./cli.ts')
    break
  }
  case 'window':
    await import('./index.ts')
    break
  case 'no-screen':
    process.stderr.write(
      'There is no screen here for a window. "cairn serve" runs Cairn without one; "cairn help" says more.\n',
    )
    process.exit(1)
    break
  default:
    assertNever(start)
}
