/** `cairn desktop`: what Cairn wrote for the desktop of this account, and taking it away. Needs no running Cairn. */
import { homedir } from 'node:os'
import { DesktopEntry, type DesktopEntryState } from '../desktop-entry.ts'
import { autostartItem, ownCommand } from '../login.ts'
import type { Command } from './arguments.ts'
import { CliError, EXIT } from './failure.ts'
import type { Output } from './output.ts'

type Environment = Readonly<Record<string, string | undefined>>

export async function desktop(
  output: Output,
  { storage, wanted }: Command & { name: 'desktop' },
  environment: Environment,
): Promise<number> {
  if (process.platform !== 'linux')
    throw new CliError(
      'NO_DESKTOP_ENTRY',
      'Here Cairn writes nothing for the desktop: its installer and the settings of the system do.',
    )
  const entry = new DesktopEntry(storage, environment)
  const login = autostartItem(environment, homedir(), ownCommand(process.execPath, null, environment))
  const before = { entry: await entry.isThere(), login: await login.get() }
  if (wanted === true && (await entry.state()) === 'not-needed')
    throw new CliError(
      'NO_DESKTOP_ENTRY',
      'No entry is written: this is no AppImage, or another Cairn is in the menus already.',
    )
  if (wanted !== null) await entry.set(wanted)
  if (wanted === false) await login.set(false)
  const now = { state: await entry.state(), entry: await entry.isThere(), login: await login.get() }
  const said =
    wanted === false
      ? [
          before.entry
            ? 'The entry for menus and links was taken away.'
            : 'No entry of an AppImage was there for menus and links.',
          ...(before.login ? ['Cairn is no longer started when you log in.'] : []),
        ]
      : [
          sayEntry(now.state, now.entry),
          now.login ? 'Cairn is started when you log in.' : 'Cairn is not started when you log in.',
        ]
  output.result(said.join('\n'), { desktop: { menus: now.state, entry: now.entry, login: now.login } })
  return EXIT.done
}

function sayEntry(state: DesktopEntryState, isThere: boolean): string {
  if (state === 'off') return 'This AppImage is in no menu, and opens no links, until cairn desktop --add.'
  if (state === 'on')
    return isThere
      ? 'This AppImage is in the menus, and links open it.'
      : 'This AppImage will be in the menus, and open links, once its window was started.'
  return isThere
    ? 'The entry of an AppImage is in the menus: cairn desktop --remove takes it away.'
    : 'No entry was written for menus and links: only an AppImage needs one.'
}
