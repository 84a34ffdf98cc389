/**
 * Starting when the person logs in. macOS and Windows have a list of their own, which Electron knows; desktops of Linux
 * read small files, which are written here. What the system says holds: nothing of it is remembered elsewhere, so that
 * who takes it out there is not asked to do so here as well. Knows no Electron.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { desktopArgument, desktopText } from './lib/desktop-file.ts'
import { ownAppImage } from './lib/places.ts'

/** Told to a Cairn that is started at login. */
export const HIDDEN = '--hidden'

export type LoginItem = {
  get(): Promise<boolean>
  set(wanted: boolean): Promise<void>
  /** At each start: where what would be started is gone, since the file was moved or a newer one has another name, it is this program. */
  follow(): Promise<void>
}

/**
 * What starts this very program again. `script`: what Electron itself was told to run, while it is not packed. Of an
 * AppImage it is the image, since what runs is a file of a mount that is gone with it.
 */
export function ownCommand(
  execPath: string,
  script: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): readonly [program: string, ...args: string[]] {
  if (script !== null) return [execPath, script]
  const image = ownAppImage(environment, execPath)
  if (image !== null) return [image]
  // A portable program for Windows unpacks itself anew at every start.
  return [environment['PORTABLE_EXECUTABLE_FILE'] || execPath]
}

/** Of desktops that follow the freedesktop.org specification of autostart. */
export function autostartItem(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
  command: readonly string[],
): LoginItem {
  const chosen = environment['XDG_CONFIG_HOME']
  const folder = join(chosen?.startsWith('/') ? chosen : join(home, '.config'), 'autostart')
  const path = join(folder, 'cairn.desktop')
  const enabled = async () => {
    const entry = await readFile(path, 'utf8').catch(() => '')
    return entry !== '' && isEnabled(entry) ? entry : null
  }
  const write = async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(path, autostartEntry(command), { mode: 0o644 })
  }
  return {
    get: async () => (await enabled()) !== null,
    set: wanted => (wanted ? write() : rm(path, { force: true })),
    async follow() {
      const program = /^TryExec=(.*)$/m.exec((await enabled()) ?? '')?.[1]?.replaceAll('\\\\', '\\')
      if (program !== undefined && !existsSync(program)) await write()
    },
  }
}

/** Desktops switch an entry off by writing one of these into it, instead of deleting it. */
const isEnabled = (entry: string): boolean =>
  !/^\s*Hidden\s*=\s*true\s*$/im.test(entry) && !/^\s*X-GNOME-Autostart-enabled\s*=\s*false\s*$/im.test(entry)

/** Throws for what cannot stand in one line. */
export function autostartEntry(command: readonly string[]): string {
  if (/[\n\r\0]/.test(command.join(''))) throw new Error('A path with a line break cannot be started at login')
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Cairn',
    'Comment=Goes on sharing from the moment you log in',
    `Exec=${[...command, HIDDEN].map(desktopArgument).join(' ')}`,
    // Who has removed the program is not told at each login that it is gone.
    `TryExec=${desktopText(command[0] ?? '')}`,
    'Icon=cairn',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/**
 * Whether the window stays away at this start. macOS tells no arguments to what it starts at login, but says that it did;
 * where nothing leads back to a hidden window, it is shown.
 */
export const startsHidden = (args: readonly string[], openedAtLogin: boolean, hasWayBack: boolean): boolean =>
  hasWayBack && (openedAtLogin || args.includes(HIDDEN))
