/**
 * What the page itself knows and the backend does not: where the person is, what is open, and how one feature asks for
 * what another one does. Features do not import each other; `app.tsx` puts their powers in here with `provide`, and
 * the rest call `ui.…`.
 */
import { createStore, useStore } from 'zustand'
import type { ArchiveKey, Pin } from '../../preload/contract/models.ts'
import { formatLocation, type Place, parseLocation } from './location.ts'

/** What features do for each other. */
export type Actions = {
  /** Starts publishing: the person chooses files or folders. */
  publish(): void
  /** Starts publishing these paths of this machine. */
  publishPaths(paths: readonly string[]): void
  /** The person chooses what to add to a folder of an archive of theirs. */
  addTo(key: ArchiveKey, folder: string): void
  /** What is published of an archive of the person's own that follows a folder. */
  showRules(key: ArchiveKey): void
  /** A folder of this machine; null: the person changed their mind. */
  chooseFolder(title: string): Promise<string | null>
}

export type DialogName = 'settings' | 'shortcuts' | 'palette' | 'messages' | 'receipt' | 'diagnostics'

/** What is asked or shown about what this machine holds of archives. */
export type KeepingDialog =
  | { readonly name: 'parts'; readonly key: ArchiveKey }
  | { readonly name: 'updates'; readonly key: ArchiveKey }
  /** Which files of an update are taken. */
  | { readonly name: 'choose'; readonly key: ArchiveKey }
  /** Copies that others hold are given up. `paths` null: of the whole archive. */
  | { readonly name: 'free'; readonly key: ArchiveKey; readonly paths: readonly string[] | null }
  /** null: of all archives. */
  | { readonly name: 'device'; readonly key: ArchiveKey | null }

type UiState = {
  readonly place: Place
  readonly dialog: DialogName | null
  readonly keeping: KeepingDialog | null
  /** The version that gets a name. */
  readonly naming: { readonly key: ArchiveKey; readonly version: number } | null
  /** The archive whose link is tried as a friend would. */
  readonly checking: ArchiveKey | null
  /** The machine that gets a name: its public key. */
  readonly person: string | null
  /** The library column on narrow windows. */
  readonly libraryOpen: boolean
  /** Someone waits for the person's answer to "peers can see this machine's address". */
  readonly consent: { readonly answer: (yes: boolean) => void } | null
  readonly confirm: (Confirm & { readonly answer: (yes: boolean, message?: string) => void }) | null
}

/** A question with two answers, asked only where nothing can be undone. */
export type Confirm = {
  readonly title: string
  readonly text: string
  readonly yes: string
  readonly no?: string
  readonly dangerous?: boolean
  /** It makes a version, of which the person can say something; this is said of it otherwise. */
  readonly message?: string
}

export const uiStore = createStore<UiState>(() => ({
  place: { view: 'home' },
  dialog: null,
  keeping: null,
  naming: null,
  checking: null,
  person: null,
  libraryOpen: false,
  consent: null,
  confirm: null,
}))
export const useUi = <T>(select: (state: UiState) => T): T => useStore(uiStore, select)
export const usePlace = (): Place => useUi(state => state.place)

let actions: Actions | null = null
/** Called once, by `app.tsx`. */
export function provide(given: Actions): void {
  actions = given
}
function provided(): Actions {
  if (actions === null) throw new Error('ui.provide has not been called')
  return actions
}

/** Answered by the settings: set by `app.tsx` so that this module knows no mirror. */
let hasConsented: () => Promise<boolean> = () => Promise.resolve(false)
export function consentIsKnownBy(look: () => Promise<boolean>): void {
  hasConsented = look
}

export const ui = {
  publish: (): void => provided().publish(),
  publishPaths: (paths: readonly string[]): void => provided().publishPaths(paths),
  addTo: (key: ArchiveKey, folder: string): void => provided().addTo(key, folder),
  showRules: (key: ArchiveKey): void => provided().showRules(key),
  chooseFolder: (title: string): Promise<string | null> => provided().chooseFolder(title),

  go(place: Place): void {
    const hash = formatLocation(place)
    if (hash !== (location.hash || '#/')) history.pushState(null, '', hash)
    uiStore.setState({ ...at(place), libraryOpen: false })
  },
  /** The same without a step in the history: for corrections. */
  replace(place: Place): void {
    history.replaceState(null, '', formatLocation(place))
    uiStore.setState({ place })
  },
  openArchive(key: ArchiveKey, path = '/', version: number | null = null, pin: Pin | null = null): void {
    const pinned = version === null || pin === null ? {} : { pin: { version, ...pin } }
    ui.go({ view: 'archive', key, tab: 'files', path, version, file: null, ...pinned })
  },
  openChanges(key: ArchiveKey): void {
    ui.go({ view: 'archive', key, tab: 'changes', path: '/', version: null, file: null })
  },
  show(dialog: DialogName | null): void {
    uiStore.setState({ dialog })
  },
  showNaming(naming: UiState['naming']): void {
    uiStore.setState({ naming })
  },
  /** Tries whether a friend can open the link of an archive. */
  showCheck(checking: ArchiveKey | null): void {
    uiStore.setState({ checking })
  },
  showPerson(person: string | null): void {
    uiStore.setState({ person })
  },
  showKeeping(keeping: KeepingDialog | null): void {
    uiStore.setState({ keeping, dialog: null })
  },
  toggleLibrary(open?: boolean): void {
    uiStore.setState(state => ({ libraryOpen: open ?? !state.libraryOpen }))
  },
  /**
   * Before anything is announced or looked up for the first time: says that peers can see this machine's address.
   * True at once when the person has agreed already.
   */
  async askConsent(): Promise<boolean> {
    if (await hasConsented()) return true
    return new Promise(resolve => {
      uiStore.getState().consent?.answer(false)
      const answer = (yes: boolean) => {
        uiStore.setState({ consent: null })
        resolve(yes)
      }
      uiStore.setState({ consent: { answer } })
    })
  },
  async confirm(question: Confirm): Promise<boolean> {
    return (await ui.confirmSaying(question)) !== null
  },
  /** What is said of the version that comes of it, which may be nothing; null: no. */
  confirmSaying(question: Confirm): Promise<string | null> {
    return new Promise(resolve => {
      uiStore.getState().confirm?.answer(false)
      const answer = (yes: boolean, message = '') => {
        uiStore.setState({ confirm: null })
        resolve(yes ? message : null)
      }
      uiStore.setState({ confirm: { ...question, answer } })
    })
  },
}

/** Another place: what was asked about the one before is not asked any more. */
const at = (place: Place) => ({ place, keeping: null, naming: null, checking: null, person: null })

/** Follows the browser's back and forward, and addresses that are typed. */
export function startLocation(): void {
  const read = () => {
    uiStore.getState().confirm?.answer(false)
    uiStore.setState(at(parseLocation(location.hash)))
  }
  window.addEventListener('popstate', read)
  read()
}
