/** What the tray, the Dock, the taskbar and the list of recent archives say of a status. Decisions only: tested without Electron. */
import type { JumpListCategory, MenuItemConstructorOptions } from 'electron'
import { assertNever } from '../../preload/contract/errors.ts'
import type { RecentArchive, ShellStatus } from './status.ts'

/** How the sign in the tray is drawn: whole, with two bars, or faint. */
export type TrayLook = 'sharing' | 'paused' | 'away'

export function trayLook({ mood }: ShellStatus): TrayLook {
  switch (mood) {
    case 'sharing':
      return 'sharing'
    case 'paused':
      return 'paused'
    case 'starting':
    case 'waiting':
    case 'offline':
      return 'away'
    default:
      return assertNever(mood)
  }
}

/**
 * The picture that is drawn from. Windows says how its taskbar is coloured, macOS colours the sign itself, and desktops of Linux
 * say nothing of their panels: there it has a colour that is seen on both.
 */
export const traySign = (platform: NodeJS.Platform, isPanelDark: boolean): string =>
  platform === 'darwin'
    ? 'trayTemplate.png'
    : platform === 'win32'
      ? isPanelDark
        ? 'trayOnDark.png'
        : 'trayOnLight.png'
      : 'tray.png'

/** One line, also the first one of the tray's menu: some desktops show no tooltips. Without what changes all the time. */
export function sayStatus({ mood, archives, transfers }: ShellStatus): string {
  const state = sayMood(mood, archives)
  if (mood !== 'sharing' || transfers === 0) return state
  return `${state}; ${transfers === 1 ? '1 transfer' : `${transfers} transfers`}`
}

function sayMood(mood: ShellStatus['mood'], archives: number): string {
  switch (mood) {
    case 'sharing':
      return archives === 0
        ? 'Connected; nothing is shared yet'
        : `Sharing ${archives === 1 ? '1 archive' : `${archives} archives`}`
    case 'paused':
      return 'Everything is paused'
    case 'waiting':
      return 'Nothing is shared yet'
    case 'offline':
      return 'No network; Cairn goes on by itself when it is back'
    case 'starting':
      return 'Starting…'
    default:
      return assertNever(mood)
  }
}

export const sayNews = (news: number): string => (news === 1 ? '1 archive has news' : `${news} archives have news`)

/** Windows cuts a longer one off in the middle of a character. */
const LONGEST_TOOLTIP = 120
export function tooltipOf(status: ShellStatus): string {
  const { mood, transfers, percent, news } = status
  const share = mood === 'sharing' && transfers > 0 && percent !== null ? `, ${percent}% done` : ''
  const lines = ['Cairn', `${sayStatus(status)}${share}`, ...(news > 0 ? [sayNews(news)] : [])]
  return lines.join('\n').slice(0, LONGEST_TOOLTIP)
}

/** The bar on the taskbar or Dock icon, as Electron wants it: -1: none, above 1: going on without a measure. */
export const progressOf = ({ mood, transfers, percent }: ShellStatus): number =>
  mood === 'paused' || transfers === 0 ? -1 : percent === null ? 2 : percent / 100

/** Only while something moves, only if the person wants it. */
export const staysAwake = ({ mood, transfers }: ShellStatus, wanted: boolean): boolean =>
  wanted && transfers > 0 && mood === 'sharing'

/** Desktops of Linux read markup in it, links and pictures included, and titles in it come from others. */
export const noticeBody = (body: string, platform: NodeJS.Platform): string =>
  platform === 'linux' ? body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : body

/** What an argument names an archive of the library by; it shows the archive, if it is there, and does nothing else. */
const ARCHIVE = '--archive='
const KEY = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{52}$/

export function archiveFromArguments(args: readonly string[]): string | null {
  const keys = args.filter(arg => arg.startsWith(ARCHIVE)).map(arg => arg.slice(ARCHIVE.length))
  return keys.find(key => KEY.test(key)) ?? null
}

export const dockTemplate = (
  recent: readonly RecentArchive[],
  open: (key: string) => void,
): MenuItemConstructorOptions[] =>
  // One ampersand alone would underline what follows it, and is not shown.
  recent.map(({ key, title }) => ({ label: title.replaceAll('&', '&&'), click: () => open(key) }))

/**
 * Windows starts `program` again with these arguments, which the one that runs is told of. `script`: what Electron itself
 * was told to run, while it is not packed. `removed`: arguments of those that the person has taken out of the list since it was
 * made last; with one of them in it Windows would show none.
 */
export function jumpList(
  recent: readonly RecentArchive[],
  program: string,
  script: string | null,
  removed: readonly string[],
): JumpListCategory[] {
  const before = script === null ? '' : `"${script.replaceAll('"', '')}" `
  const items = recent.filter(({ key }) => !removed.some(args => args.endsWith(`${ARCHIVE}${key}`)))
  if (items.length === 0) return []
  return [
    {
      type: 'custom',
      name: 'Archives',
      items: items.map(({ key, title }) => ({
        type: 'task',
        title,
        program,
        args: `${before}${ARCHIVE}${key}`,
        iconPath: program,
        iconIndex: 0,
      })),
    },
  ]
}
