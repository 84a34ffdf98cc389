/** The backend without a window: `node out/main/headless.js`. Prints the address of its page and runs until it is stopped. */
import { readArguments } from './headless-arguments.ts'
import { runHeadless } from './run-headless.ts'

const HELP = `Usage: node out/main/headless.js [options]

Runs Cairn without a window and prints the address of its page.

  --storage DIR          where Cairn keeps its data
  --bootstrap HOST:PORT  a DHT node instead of the public ones (repeatable)
  --port N               the port of the page (default: any free one)
  --allow-host NAME:PORT another name that a browser may call the page by, for a tunnel (repeatable)
  --no-join              no network: nothing is announced or looked up
  --adopt                use a storage that was copied, restored or moved: no other copy of it may be in use
  --open                 open the page in the default browser
  --help                 this text
`

const given = readArguments(process.argv.slice(2))
if (given.kind === 'run') await runHeadless(given.settings, { open: given.open })
else {
  const stream = given.kind === 'help' ? process.stdout : process.stderr
  stream.write(given.kind === 'help' ? HELP : `${given.message}\n\n${HELP}`)
  process.exitCode = given.kind === 'help' ? 0 : 2
}
