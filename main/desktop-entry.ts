/**
 * A Cairn that is one file (an AppImage) has no installer that would tell the desktop of it. So it writes its own entry
 * for menus and links, and its icons, into the person's data folder at each start (the file may have been moved), and
 * takes them away again for good when it is told to. What somebody else wrote there is left alone.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { readJson, writeJson } from './lib/atomic-file.ts'
import { desktopArgument, desktopText } from './lib/desktop-file.ts'
import { ownAppImage, projectFolder } from './lib/places.ts'

/** Windows of Cairn are found by this name, see `desktopName` in the configuration of the packages. */
const NAME = 'cairn'
const FILE = `${NAME}.desktop`
const MARK = 'X-Cairn-Written=true'
const SCHEMES = ['hyper', 'cairn']
const SIZES = [16, 24, 32, 48, 64, 128, 256]

type Environment = Readonly<Record<string, string | undefined>>

export type DesktopEntryState =
  /** Not an AppImage: a package brings its own entry, and sources have none. Or another Cairn is installed for all. */
  'not-needed' | 'on' | 'off'

/**
 * The entry for this executable. Null where its path cannot be written into one: the format has no place for control
 * characters.
 */
export function desktopEntry(executable: string): string | null {
  if (!isAbsolute(executable) || /[\u0000-\u001f\u007f]/.test(executable)) return null
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Cairn',
    'GenericName=Folder sharing',
    'Comment=Share folders with the people you know, from your machine to theirs.',
    `Exec=${desktopArgument(executable)} %U`,
    // Menus hide the entry when the file is gone.
    `TryExec=${desktopText(executable)}`,
    `Icon=${NAME}`,
    'Terminal=false',
    `StartupWMClass=${NAME}`,
    'StartupNotify=true',
    'Categories=Network;FileTransfer;P2P;',
    'Keywords=share;folder;archive;peer;hyper;',
    `MimeType=${SCHEMES.map(scheme => `x-scheme-handler/${scheme};`).join('')}`,
    MARK,
    '',
  ].join('\n')
}

/** A list of who opens what, without us for our links. Other lines stay as they are. */
export function withoutOurHandlers(list: string): string {
  const ours = new RegExp(`^x-scheme-handler/(${SCHEMES.join('|')})=(.*)$`)
  return list
    .split('\n')
    .flatMap(line => {
      const [, scheme, handlers] = ours.exec(line) ?? []
      if (scheme === undefined) return [line]
      const others = handlers!.split(';').filter(name => name !== '' && name !== FILE)
      if (others.length === handlers!.split(';').filter(Boolean).length) return [line]
      return others.length === 0
        ? []
        : [`x-scheme-handler/${scheme}=${others.join(';')}${handlers!.endsWith(';') ? ';' : ''}`]
    })
    .join('\n')
}

export class DesktopEntry {
  readonly #choice: string
  readonly #environment: Environment
  readonly #home: string
  readonly #platform: NodeJS.Platform
  /** Empty: this is none. */
  readonly #appImage: string

  /** What the person chose is kept in `storage`. */
  constructor(
    storage: string,
    environment: Environment = process.env,
    home: string = homedir(),
    platform: NodeJS.Platform = process.platform,
    executable: string = process.execPath,
  ) {
    this.#choice = join(storage, 'desktop-entry.json')
    this.#environment = environment
    this.#home = home
    this.#platform = platform
    this.#appImage = ownAppImage(environment, executable) ?? ''
  }

  /** At each start: writes the entry where one is wanted and missing or old. */
  async start(): Promise<DesktopEntryState> {
    const state = await this.state()
    const text = desktopEntry(this.#appImage)
    if (state === 'on' && text !== null) await this.#write(text)
    return state
  }

  async state(): Promise<DesktopEntryState> {
    if (this.#platform !== 'linux' || desktopEntry(this.#appImage) === null) return 'not-needed'
    for (const folder of this.#sharedFolders())
      if (await isThere(join(folder, 'applications', FILE))) return 'not-needed'
    const own = await read(this.#entry)
    if (own !== null && !own.includes(MARK)) return 'not-needed'
    const chosen = (await readJson(this.#choice).catch(() => null)) as { readonly wanted?: unknown } | null
    return chosen?.wanted === false ? 'off' : 'on'
  }

  /** An entry of Cairn's is there, be it one of an AppImage that is gone. */
  async isThere(): Promise<boolean> {
    return (await read(this.#entry))?.includes(MARK) === true
  }

  /** Off holds until it is switched on again, and is possible without an AppImage: its file may be gone. */
  async set(wanted: boolean): Promise<DesktopEntryState> {
    await mkdir(dirname(this.#choice), { recursive: true })
    await writeJson(this.#choice, { wanted })
    if (!wanted) await this.#remove()
    return this.start()
  }

  async #write(text: string): Promise<void> {
    if ((await read(this.#entry)) === text) return
    await mkdir(dirname(this.#entry), { recursive: true })
    const resources = join(projectFolder(), 'resources')
    for (const [from, to] of this.#icons()) {
      await mkdir(dirname(to), { recursive: true })
      await copyFile(join(resources, from), to)
    }
    await writeFile(this.#entry, text)
    await this.#tell()
  }

  async #remove(): Promise<void> {
    if (!(await this.isThere())) return
    await rm(this.#entry)
    for (const [, to] of this.#icons()) await rm(to, { force: true })
    const handlers = join(this.#folder('XDG_CONFIG_HOME', '.config'), 'mimeapps.list')
    const list = await read(handlers)
    if (list !== null && withoutOurHandlers(list) !== list) await writeFile(handlers, withoutOurHandlers(list))
    await this.#tell()
  }

  /** Desktops read who opens which link from an index. Where the program is missing, they look at the files. */
  async #tell(): Promise<void> {
    await promisify(execFile)('update-desktop-database', [dirname(this.#entry)], { timeout: 5000 }).catch(() => {})
  }

  get #entry(): string {
    return join(this.#folder('XDG_DATA_HOME', '.local/share'), 'applications', FILE)
  }

  #icons(): readonly (readonly [from: string, to: string])[] {
    const folder = join(this.#folder('XDG_DATA_HOME', '.local/share'), 'icons', 'hicolor')
    return [
      ['icon.svg', join(folder, 'scalable', 'apps', `${NAME}.svg`)],
      ...SIZES.map(
        size => [`icons/${size}x${size}.png`, join(folder, `${size}x${size}`, 'apps', `${NAME}.png`)] as const,
      ),
    ]
  }

  #folder(name: string, otherwise: string): string {
    const given = this.#environment[name] ?? ''
    return isAbsolute(given) ? given : join(this.#home, otherwise)
  }

  /** Where packages put their entries. An AppImage adds its own folder, and some desktops the person's. */
  #sharedFolders(): readonly string[] {
    const named = (this.#environment['XDG_DATA_DIRS'] ?? '').split(':').filter(folder => isAbsolute(folder))
    const folders = named.length > 0 ? named : ['/usr/local/share', '/usr/share']
    const mounted = this.#environment['APPDIR'] || null
    const own = this.#folder('XDG_DATA_HOME', '.local/share')
    return folders.filter(
      folder => resolve(folder) !== resolve(own) && (mounted === null || !resolve(folder).startsWith(resolve(mounted))),
    )
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** null: there is no such file. */
async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
