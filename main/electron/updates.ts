/**
 * Newer versions of Cairn itself. Asking for them tells the feed's server this machine's address and that Cairn runs
 * here, so nobody asks before the person does (*Check for updates…*), and nothing is fetched before they said yes again.
 * Which Cairn can replace itself, and what is asked and told, are decisions without Electron; electron-updater does the
 * work and is loaded when it is first needed, in the desktop alone.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assertNever } from '../../preload/contract/errors.ts'
import { ownAppImage } from '../lib/places.ts'

/** What this Cairn was started as. */
export type Installed = {
  /** false: from its sources. */
  readonly isPackaged: boolean
  /** The build was told where newer versions are. */
  readonly hasFeed: boolean
  readonly platform: NodeJS.Platform
  /** The file that an AppImage was started from. */
  readonly appImage: string | null
  /** Whether that file may be replaced. */
  readonly isWritable: boolean
  /** Windows: the program that unpacks itself at each start, and is installed nowhere. */
  readonly isPortable: boolean
}

export type NoUpdates = 'sources' | 'no-feed' | 'package' | 'read-only' | 'portable'

/** Why this Cairn cannot replace itself; null: it can. */
export function noUpdates(installed: Installed): NoUpdates | null {
  if (!installed.isPackaged) return 'sources'
  if (installed.platform === 'linux' && installed.appImage === null) return 'package'
  if (!installed.hasFeed) return 'no-feed'
  if (installed.isPortable) return 'portable'
  if (installed.appImage !== null && !installed.isWritable) return 'read-only'
  return null
}

/** `resources`: Electron's `process.resourcesPath`. */
export async function lookAtInstallation(
  isPackaged: boolean,
  resources: string,
  platform: NodeJS.Platform = process.platform,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  executable: string = process.execPath,
): Promise<Installed> {
  const appImage = platform === 'linux' ? ownAppImage(environment, executable) : null
  const can = (path: string, how: number) =>
    access(path, how).then(
      () => true,
      () => false,
    )
  return {
    isPackaged,
    platform,
    appImage,
    hasFeed: await can(join(resources, 'app-update.yml'), constants.R_OK),
    // It is replaced by a new file of its name, which needs its folder.
    isWritable:
      appImage !== null && (await can(appImage, constants.W_OK)) && (await can(dirname(appImage), constants.W_OK)),
    isPortable: platform === 'win32' && Boolean(environment['PORTABLE_EXECUTABLE_FILE']),
  }
}

export type UpdateState =
  | { readonly name: 'off'; readonly why: NoUpdates }
  | { readonly name: 'idle' }
  | { readonly name: 'checking' }
  | { readonly name: 'newest' }
  /** `bytes` of what would be fetched, where the feed says it. */
  | { readonly name: 'there'; readonly version: string; readonly bytes: number | null }
  | { readonly name: 'fetching'; readonly version: string; readonly bytes: number; readonly ofBytes: number | null }
  /** Checked against the feed's checksum; the next restart by `install` takes it. */
  | { readonly name: 'ready'; readonly version: string }
  | { readonly name: 'failed'; readonly during: 'checking' | 'fetching' | 'installing'; readonly message: string }

export type UpdateAction = 'check' | 'fetch' | 'cancel' | 'install'

/** The part of electron-updater's AppUpdater that is used here. */
export type Updater = {
  autoDownload: boolean
  autoInstallOnAppQuit: boolean
  allowDowngrade: boolean
  logger: unknown
  requestHeaders: Record<string, string | string[] | number | undefined | null> | null
  checkForUpdates(): Promise<{
    readonly isUpdateAvailable: boolean
    readonly updateInfo: { readonly version: string; readonly files: readonly { readonly size?: number }[] }
    readonly cancellationToken?: { cancel(): void }
  } | null>
  downloadUpdate(token?: never): Promise<unknown>
  quitAndInstall(isSilent?: boolean, isForceRunAfter?: boolean): void
  on(
    event: 'download-progress',
    listener: (progress: { readonly transferred: number; readonly total: number }) => void,
  ): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

export class Updates {
  readonly #installed: Installed
  readonly #load: () => Promise<Updater>
  readonly #onState: (state: UpdateState) => void
  #updater: Promise<Updater> | null = null
  #token: { cancel(): void } | null = null
  #state: UpdateState

  /** `onState` hears every change, the progress of fetching included. `load` is called once, when somebody asks. */
  constructor(installed: Installed, load: () => Promise<Updater>, onState: (state: UpdateState) => void = () => {}) {
    const why = noUpdates(installed)
    this.#installed = installed
    this.#state = why === null ? { name: 'idle' } : { name: 'off', why }
    this.#load = load
    this.#onState = onState
  }

  get state(): UpdateState {
    return this.#state
  }

  /** Resolves when there is nothing more to wait for; never rejects. What makes no sense in this state does nothing. */
  async do(action: UpdateAction): Promise<UpdateState> {
    const { name } = this.#state
    if (name === 'off') return this.#state
    switch (action) {
      case 'check':
        if (name !== 'checking' && name !== 'fetching' && name !== 'ready') await this.#check()
        break
      case 'fetch':
        if (this.#state.name === 'there') await this.#fetch(this.#state.version, this.#state.bytes)
        break
      case 'cancel':
        this.#token?.cancel()
        break
      case 'install':
        if (name === 'ready') await this.#install()
        break
      default:
        assertNever(action)
    }
    return this.#state
  }

  async #check(): Promise<void> {
    this.#set({ name: 'checking' })
    try {
      const found = await (await this.#get()).checkForUpdates()
      if (found === null || !found.isUpdateAvailable) return this.#set({ name: 'newest' })
      this.#token = found.cancellationToken ?? null
      const { version, files } = found.updateInfo
      // One file for each processor or kind of package may be listed; which will be fetched is the updater's to say.
      const bytes = files.length === 1 ? (files[0]!.size ?? null) : null
      this.#set({ name: 'there', version, bytes })
    } catch (error) {
      this.#set({ name: 'failed', during: 'checking', message: messageOf(error) })
    }
  }

  async #fetch(version: string, ofBytes: number | null): Promise<void> {
    this.#set({ name: 'fetching', version, bytes: 0, ofBytes })
    let isCancelled = false
    const token = this.#token
    if (token !== null) {
      const cancel = token.cancel.bind(token)
      token.cancel = () => {
        isCancelled = true
        cancel()
      }
    }
    try {
      await (await this.#get()).downloadUpdate(token as never)
      this.#set({ name: 'ready', version })
    } catch (error) {
      if (isCancelled) this.#set({ name: 'idle' })
      else this.#set({ name: 'failed', during: 'fetching', message: messageOf(error) })
    } finally {
      this.#token = null
    }
  }

  /** Resolves where that fails, and never otherwise: this process ends. */
  async #install(): Promise<void> {
    const updater = await this.#get()
    const error = await new Promise<Error>(resolve => {
      updater.on('error', resolve)
      // An AppImage would be started before this one has ended, and find that Cairn runs already.
      updater.quitAndInstall(true, this.#installed.appImage === null)
    })
    this.#set({ name: 'failed', during: 'installing', message: messageOf(error) })
  }

  #get(): Promise<Updater> {
    this.#updater ??= this.#load().then(updater => {
      updater.autoDownload = false
      // Whoever quits has not said that something is to be installed.
      updater.autoInstallOnAppQuit = false
      updater.allowDowngrade = false
      updater.logger = null
      // Otherwise each installation sends a number of its own, by which the feed's server could tell them apart.
      updater.requestHeaders = { 'x-user-staging-id': '' }
      updater.on('download-progress', ({ transferred, total }) => {
        if (this.#state.name !== 'fetching') return
        this.#set({ ...this.#state, bytes: transferred, ofBytes: total })
      })
      // What goes wrong is told by the call; without a listener it would end the process as well.
      updater.on('error', () => {})
      return updater
    })
    return this.#updater
  }

  #set(state: UpdateState): void {
    this.#state = state
    this.#onState(state)
  }
}

const messageOf = (error: unknown): string => {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  if (code === 'ERR_CHECKSUM_MISMATCH') return 'What came is not what the feed promised, and was deleted.'
  // The updater puts headers and stacks behind the first line.
  return String(message ?? error)
    .split('\n')[0]!
    .slice(0, 300)
}

export type UpdateMessage = {
  readonly message: string
  readonly detail: string
  /** What each button does, in order; the last is what Escape does. null: nothing. */
  readonly buttons: readonly { readonly label: string; readonly action: UpdateAction | null }[]
}

/** What a dialog says of a state; null while there is something to wait for. `version` is the one that runs. */
export function sayUpdates(state: UpdateState, version: string): UpdateMessage | null {
  const only = (message: string, detail: string): UpdateMessage => ({
    message,
    detail,
    buttons: [{ label: 'OK', action: null }],
  })
  const running = `You have Cairn ${version}.`
  switch (state.name) {
    case 'idle':
    case 'checking':
      return null
    case 'fetching':
      return {
        message: `Cairn ${state.version} is being fetched`,
        detail: `${Math.floor(state.bytes / 1e6)}${state.ofBytes === null ? '' : ` of ${Math.ceil(state.ofBytes / 1e6)}`} MB are here. You are asked before it is installed.`,
        buttons: [
          { label: 'Stop', action: 'cancel' },
          { label: 'Go on', action: null },
        ],
      }
    case 'off':
      return only(...OFF[state.why])
    case 'newest':
      return only('There is nothing newer', running)
    case 'there':
      return {
        message: `Cairn ${state.version} is there`,
        detail: `${running} ${state.bytes === null ? 'The new one' : `${Math.ceil(state.bytes / 1e6)} MB`} would be fetched now, and installed when you say so.`,
        buttons: [
          { label: 'Fetch it', action: 'fetch' },
          { label: 'Not now', action: null },
        ],
      }
    case 'ready':
      return {
        message: `Cairn ${state.version} can be installed`,
        detail: 'Cairn closes for a moment and starts again. Transfers go on by themselves.',
        buttons: [
          { label: 'Restart and install', action: 'install' },
          { label: 'Later', action: null },
        ],
      }
    case 'failed':
      return {
        message: FAILED[state.during],
        detail: `${state.message}\n\n${state.during === 'installing' ? 'Before you quit, download Cairn from where you got it: this one may not start again.' : 'Nothing was changed. Try again when you are online, or download it from where you got Cairn.'}`,
        buttons: [
          { label: 'Try again', action: 'check' },
          { label: 'Not now', action: null },
        ],
      }
    default:
      return assertNever(state)
  }
}

const FAILED = {
  checking: 'Could not ask for a newer version',
  fetching: 'Could not fetch the newer version',
  installing: 'Could not install the newer version',
} as const

const OFF: { readonly [Why in NoUpdates]: readonly [message: string, detail: string] } = {
  sources: ['This Cairn runs from its sources', 'Update them, and build it again.'],
  'no-feed': ['This Cairn does not know where newer ones are', 'Look where you got it from.'],
  package: [
    'This Cairn was installed as a package',
    'Update it the way it was installed: with your package manager, or with a newer package from where you got this one.',
  ],
  portable: [
    'A portable Cairn does not replace itself',
    'Download a newer one from where you got it, and use that instead.',
  ],
  'read-only': [
    'Cairn may not replace its own file',
    'Move the AppImage into a folder of yours, such as Applications in your home, and check again.',
  ],
}
