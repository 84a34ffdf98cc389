/**
 * What a start of the installed program is meant to be, by its arguments: the window, or a command of the CLI that runs
 * without one. The first argument that says anything decides, so that no link, however it came to be an argument, is
 * followed by something that is run. Decisions only: tested without Electron.
 */
import { COMMON, isCommand, type Option } from '../cli/commands.ts'
import { hasDisplay } from '../lib/open-browser.ts'
import { isLink } from './addresses.ts'

export type Start =
  /** With these arguments of the CLI. */
  | { readonly kind: 'command'; readonly args: readonly string[] }
  | { readonly kind: 'window'; readonly hidden: boolean; readonly link: string | null }
  /** A window is wanted where none can be shown. */
  | { readonly kind: 'no-screen' }

export type Given = {
  readonly argv: readonly string[]
  /** `process.defaultApp`: Electron is not packed with us, and our folder is an argument of its own. */
  readonly isDefaultApp: boolean
  readonly platform: NodeJS.Platform
  readonly environment: Readonly<Record<string, string | undefined>>
}

export function startOf({ argv, isDefaultApp, platform, environment }: Given): Start {
  const args = isDefaultApp ? withoutFirstWord(argv.slice(1)) : argv.slice(1)
  const command = commandIn(args)
  if (command !== null) return { kind: 'command', args: command }
  const shown =
    hasDisplay(environment, platform) ||
    environment['XDG_SESSION_TYPE'] === 'wayland' ||
    args.some(arg => arg.startsWith('--ozone-platform='))
  if (!shown) return { kind: 'no-screen' }
  return { kind: 'window', hidden: args.includes('--hidden'), link: args.find(isLink) ?? null }
}

/**
 * null: a window. What stands before a command and is neither an option of every command nor `--` is for Chromium
 * (`--no-sandbox`, `--ozone-platform=…`), for the window (`--hidden`) or macOS's own (`-psn_…`), and passed over.
 */
function commandIn(args: readonly string[]): readonly string[] | null {
  const before: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    // The installed command says it: a command line follows, whatever stands in it, and be it empty.
    if (arg === '--') return [...before, ...args.slice(index + 1)]
    if (isLink(arg)) return null
    if (ASKS.has(arg)) return [...before, arg]
    if (arg === 'help' || isCommand(arg)) return [...before, ...args.slice(index)]
    const [name = '', value] = arg.split('=', 2)
    const option: Option | undefined = name.startsWith('--') ? options[name.slice(2)] : undefined
    if (option !== undefined) {
      before.push(arg)
      if (option.type === 'string' && value === undefined) before.push(...args.slice(++index, index + 1))
    } else if (!arg.startsWith('-')) return null
  }
  return before.length === 0 ? null : before
}

const options: Readonly<Record<string, Option>> = COMMON

const ASKS: ReadonlySet<string> = new Set(['--help', '-h', '--version', '-v'])

function withoutFirstWord(args: readonly string[]): readonly string[] {
  const at = args.findIndex(arg => !arg.startsWith('-'))
  return at === -1 ? args : [...args.slice(0, at), ...args.slice(at + 1)]
}
