/** The page and the backend, looked after: what ends is set right once, and then explained. What is done when: `crashes.ts`. */
import { app, type BrowserWindow, clipboard, dialog } from 'electron'
import packageFile from '../../package.json' with { type: 'json' }
import type { Log } from '../lib/log.ts'
import { isLink, PAGE_ORIGIN } from './addresses.ts'
import { startAgain } from './again.ts'
import {
  CRASH_ANSWERS,
  describeCrash,
  explainCrash,
  onBackendGone,
  onPageGone,
  restartArguments,
  UNRESPONSIVE,
} from './crashes.ts'

/** `close`: ends the backend, as well as it can; the process ends after it. */
export type Care = { readonly log: Log; readonly close: () => Promise<void> }

type Crash = { readonly what: 'page' | 'backend'; readonly reason: string; readonly exitCode: number | null }

export function watchOverPage(window: BrowserWindow, care: Care): void {
  const { webContents } = window
  let last: number | null = null
  /** The person has said that it is to be loaded again: that it ends first is no failure. */
  let isWanted = false
  // An address that failed to load has been said already, by its event.
  const load = () => void window.loadURL(`${PAGE_ORIGIN}/`).catch(() => {})
  webContents.on('render-process-gone', (_, { reason, exitCode }) => {
    care.log.error({ reason, exitCode, isWanted }, 'the page ended')
    if (isWanted) {
      isWanted = false
      return load()
    }
    const answer = onPageGone(reason, last, Date.now())
    if (answer === 'reload') {
      last = Date.now()
      load()
    }
    if (answer === 'explain') void explain({ what: 'page', reason, exitCode }, care)
  })
  const loadAgain = () => {
    isWanted = true
    webContents.forcefullyCrashRenderer()
    load()
  }
  webContents.on('did-finish-load', () => {
    isWanted = false
  })
  window.on('unresponsive', () => void askAboutSilence(window, loadAgain, care))
  // Those of the graphics come back by themselves, and the page says what else it misses.
  app.on('child-process-gone', (_, { type, reason, exitCode }) =>
    care.log.warn({ type, reason, exitCode }, 'a helping process ended'),
  )
}

let isEnding = false

/** The backend has ended, or what it left behind cannot be trusted: Cairn starts again, once. */
export async function backendGone(reason: string, exitCode: number | null, care: Care): Promise<void> {
  if (isEnding) return
  isEnding = true
  const args = process.argv.slice(1)
  if (onBackendGone(args, Date.now()) === 'restart') await restart(care)
  else await explain({ what: 'backend', reason, exitCode }, care)
}

async function restart(care: Care): Promise<void> {
  startAgain(restartArguments(process.argv.slice(1), isLink, Date.now()))
  await care.close()
  app.exit(0)
}

async function explain(crash: Crash, care: Care): Promise<void> {
  const { message, detail, buttons } = explainCrash(crash.what)
  while (true) {
    const asked = { message, detail, buttons: [...buttons], defaultId: 0, cancelId: 0, noLink: true }
    const { response } = await dialog.showMessageBox({ type: 'error', ...asked })
    const answer = CRASH_ANSWERS[response]
    if (answer === 'restart') return restart(care)
    if (answer !== 'copy') break
    const { platform, arch } = process
    const versions = { ...process.versions, cairn: packageFile.version }
    await clipboard.writeText(describeCrash({ ...crash, versions, platform, arch, secondsUp: process.uptime() }))
  }
  await care.close()
  app.exit(1)
}

/** The question goes by itself when the page answers again. */
async function askAboutSilence(window: BrowserWindow, loadAgain: () => void, { log }: Care): Promise<void> {
  log.warn('the page does not answer')
  const answered = new AbortController()
  const end = () => answered.abort()
  window.once('responsive', end)
  try {
    const { message, detail, buttons } = UNRESPONSIVE
    const asked = { message, detail, buttons: [...buttons], defaultId: 0, cancelId: 0, noLink: true }
    const { response } = await dialog.showMessageBox(window, { type: 'question', ...asked, signal: answered.signal })
    if (response !== 1 || answered.signal.aborted || window.isDestroyed()) return
    loadAgain()
  } finally {
    window.removeListener('responsive', end)
  }
}
