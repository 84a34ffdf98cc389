/**
 * What happens when a part of Cairn ends that should not: once it is set right without a word, and then the person is
 * told, since what breaks twice in a short time breaks again. Decisions and words only: tested without Electron.
 */

/** Milliseconds in which a second time is not set right any more. */
const AGAIN = 5 * 60_000

/** As in Electron's `RenderProcessGoneDetails`. */
export type GoneReason =
  | 'clean-exit'
  | 'abnormal-exit'
  | 'killed'
  | 'crashed'
  | 'oom'
  | 'launch-failed'
  | 'integrity-failure'
  | 'memory-eviction'

/** Of the page's process. `last`: when the page was loaded anew for that reason the last time; null: never. */
export function onPageGone(reason: GoneReason, last: number | null, now: number): 'ignore' | 'reload' | 'explain' {
  if (reason === 'clean-exit') return 'ignore'
  // It cannot start, or is not what was installed: another try would end in the same way.
  if (reason === 'launch-failed' || reason === 'integrity-failure') return 'explain'
  return isLongAgo(last, now) ? 'reload' : 'explain'
}

const RESTARTED = '--restarted-at='

/** Of the backend. `args`: those that this process was started with. */
export const onBackendGone = (args: readonly string[], now: number): 'restart' | 'explain' =>
  isLongAgo(restartedAt(args), now) ? 'restart' : 'explain'

/** Whether this process took the place of one whose backend had ended; it is said once there is a window. */
export const wasRestarted = (args: readonly string[]): boolean => restartedAt(args) !== null

function restartedAt(args: readonly string[]): number | null {
  const value = args.find(arg => arg.startsWith(RESTARTED))?.slice(RESTARTED.length) ?? ''
  return /^\d{1,16}$/.test(value) ? Number(value) : null
}

/** What the next process is started with: a link was handled already, and is not opened twice. */
export function restartArguments(args: readonly string[], isLink: (arg: string) => boolean, now: number): string[] {
  return [...args.filter(arg => !isLink(arg) && !arg.startsWith(RESTARTED)), `${RESTARTED}${now}`]
}

/** A clock that was set back says nothing. */
const isLongAgo = (last: number | null, now: number): boolean => last === null || now < last || now - last >= AGAIN

export type Question = {
  readonly message: string
  readonly detail: string
  readonly buttons: readonly string[]
}

/** The answers in the order of the buttons. */
export const CRASH_ANSWERS = ['restart', 'copy', 'quit'] as const

export function explainCrash(what: 'page' | 'backend'): Question {
  return {
    message: what === 'page' ? 'The window of Cairn keeps failing' : 'Cairn keeps failing',
    detail:
      'Your files and archives are safe: everything that was done stands on the disk. Restart Cairn. If it comes back, copy what is known about it and send it to whoever gave you Cairn; it holds no names, links or paths.',
    buttons: ['Restart Cairn', 'Copy what is known', 'Quit'],
  }
}

export const RESTARTED_NOTICE = {
  title: 'Cairn had to start again',
  body: 'Something in it failed. What was going on goes on by itself.',
} as const

export const UNRESPONSIVE: Question = {
  message: 'The window does not answer',
  detail: 'Sharing goes on meanwhile. It may be busy with something large; loading it again loses nothing.',
  buttons: ['Wait', 'Load it again'],
}

/** What is copied: versions and codes, nothing of the person's. */
export function describeCrash(known: {
  readonly what: 'page' | 'backend'
  readonly reason: string
  readonly exitCode: number | null
  readonly versions: Readonly<Record<string, string | undefined>>
  readonly platform: string
  readonly arch: string
  readonly secondsUp: number
}): string {
  const { what, reason, exitCode, versions, platform, arch, secondsUp } = known
  return [
    `Cairn ${versions['cairn'] ?? '?'}: the ${what} ended (${plain(reason)}${exitCode === null ? '' : `, ${exitCode}`})`,
    `after ${Math.round(secondsUp)} seconds`,
    `on ${platform} ${arch}, Electron ${versions['electron'] ?? '?'}, Chromium ${versions['chrome'] ?? '?'}, Node ${versions['node'] ?? '?'}`,
  ].join('\n')
}

/** A reason is one word of a list, or the name of an error: no message, which could hold anything. */
const plain = (reason: string): string => (/^[\w-]{1,60}$/.test(reason) ? reason : 'unknown')
