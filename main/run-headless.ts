/** Runs a headless backend as a whole process: says where the page is, and stops when it is told to. */
import { AppError } from '../preload/contract/errors.ts'
import type { HeadlessSettings } from './headless-arguments.ts'
import { clientOf, staysFor } from './leaving.ts'
import { openInBrowser } from './lib/open-browser.ts'
import { serveHeadless } from './serve.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Whatever still hangs by then goes on at the next start. */
const CLOSING = 2000

export async function runHeadless(settings: HeadlessSettings, { open }: { readonly open: boolean }): Promise<void> {
  let stays: (() => Promise<boolean>) | null = null
  const stopped = new Promise<void>(resolve => {
    for (const signal of SIGNALS)
      process.on(signal, () => {
        const ask = signal === 'SIGINT' ? stays : null
        stays = null
        if (ask === null) resolve()
        else void ask().then(stay => stay || resolve(), resolve)
      })
  })
  const serving = await serveHeadless(settings).catch((error: unknown) => {
    process.stderr.write(`${describe(error)}\n`)
    return null
  })
  if (serving === null) {
    process.exit(1)
  }
  process.stdout.write(`Cairn is at ${serving.url}\n`)
  for (const host of settings.allowHosts) process.stdout.write(`Through a tunnel: ${serving.freshUrl(host)}\n`)
  process.stdout.write('An address works once. Ctrl-C stops Cairn.\n')
  if (open && !(await openInBrowser(serving.freshUrl()))) {
    process.stdout.write('There is no browser here that could be opened: open the address yourself.\n')
  }
  const client = clientOf(serving.backend)
  const isWatched = process.stdin.isTTY === true && process.stderr.isTTY === true
  stays = () => staysFor(client, isWatched, words => process.stderr.write(`${words}\n`))
  await stopped
  for (const signal of SIGNALS) process.on(signal, () => process.exit(1))
  setTimeout(() => process.exit(0), CLOSING)
  await serving.close()
  process.exit(0)
}

/** What a person meets in words; a bug with the place where it happened. */
function describe(error: unknown): string {
  if (error instanceof AppError || !(error instanceof Error)) return String((error as Error).message ?? error)
  return 'code' in error || error.constructor !== Error ? (error.stack ?? error.message) : error.message
}
