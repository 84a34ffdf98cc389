/**
 * The browser that tests drive. The files that one worker runs share one: each takes contexts of its own, and leaves none.
 * Two workers never do, since what is copied in one page can be pasted in every other of the same browser.
 */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  '--disable-gpu',
  // Timers of a page that is not in front must not slow a test down.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  // No page lives long enough here to gain by it what it costs.
  '--js-flags=--no-maglev,--no-turbofan',
]

/** What every new window prepares for a person at its address bar, and for the next page: most of what a page costs. */
const NEEDLESS = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'SpareRendererForSitePerProcess']

let shared: Promise<Browser> | null = null

/** That of this worker, with which it ends: leave it, do not close it. One that crashed is followed by another. */
export function sharedChromium(): Promise<Browser> {
  if (shared !== null) return shared
  // A worker that is told to end has half a second, and closing may take longer; at `exit` it is killed, its profile removed.
  process.on('SIGTERM', () => process.exit())
  const starting = launch([], false)
  const forget = () => (shared = null)
  starting.then(browser => browser.once('disconnected', forget), forget)
  shared = starting
  return starting
}

/** Whatever is still open in it is closed: who comes next begins with nothing. */
export async function leaveChromium(browser: Browser): Promise<void> {
  await Promise.all(browser.contexts().map(context => context.close()))
}

/** One that is begun with arguments of its own, and is closed by whoever began it. */
export const startChromium = (extraArguments: readonly string[]): Promise<Browser> => launch(extraArguments, true)

async function launch(extraArguments: readonly string[], handleSIGTERM: boolean): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
  if (!existsSync(executablePath))
    throw new Error(`There is no Chromium at ${executablePath}. Say where it is in CHROMIUM_PATH`)
  const features = [...(await disabledByPlaywright()), ...NEEDLESS]
  return chromium.launch({
    executablePath,
    args: [...ARGUMENTS, `--disable-features=${features.join(',')}`, ...extraArguments],
    // Without any, Chromium on Linux finds no dropped file whose name is not plain ASCII.
    env: { ...(process.env as Record<string, string>), LC_ALL: 'C.UTF-8' },
    handleSIGTERM,
  })
}

let disabled: Promise<readonly string[]> | null = null

/**
 * Chromium takes the last list of features alone, which is ours, and Playwright tells its own nowhere but when a browser
 * does not start: Node is none.
 */
function disabledByPlaywright(): Promise<readonly string[]> {
  disabled ??= chromium.launch({ executablePath: process.execPath }).then(
    () => {
      throw new Error('Node was taken for a browser')
    },
    (error: Error) => {
      const list = /^<launching> .* --disable-features=(\S+)/m.exec(error.message)?.[1]
      if (list === undefined) throw new Error('Playwright does not tell any more what it disables', { cause: error })
      return list.split(',')
    },
  )
  return disabled
}
