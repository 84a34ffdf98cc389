/** What closing the window and quitting mean. Decisions only: tested without Electron. */
import { type Missed, sayMissed } from '../leaving.ts'

export type ClosingState = {
  readonly platform: NodeJS.Platform
  /** The person chose Quit, or the system is shutting down. */
  readonly quitting: boolean
  readonly hasTray: boolean
  /** The person wants Cairn to go on without its window. */
  readonly closeToTray: boolean
}

/** Somewhere that leads back to a window that is hidden: the Dock on macOS, else the tray. */
export const hasWayBack = ({ platform, hasTray }: Pick<ClosingState, 'platform' | 'hasTray'>): boolean =>
  platform === 'darwin' || hasTray

/**
 * Sharing goes on while Cairn runs, so closing the window hides it wherever there is a way back to it, unless the person
 * wants otherwise. Without one it quits, as a program that cannot be seen must not go on. On macOS a program without a
 * window is an everyday thing.
 */
export const onClose = ({ platform, quitting, hasTray, closeToTray }: ClosingState): 'close' | 'hide' =>
  !quitting && (platform === 'darwin' || (hasTray && closeToTray)) ? 'hide' : 'close'

/** Said the first time that the window hides and Cairn goes on; null: nobody is surprised by it there. */
export const sayHidden = (
  platform: NodeJS.Platform,
  said: boolean,
): { readonly title: string; readonly body: string } | null =>
  said || platform === 'darwin'
    ? null
    : {
        title: 'Cairn goes on sharing',
        body: 'Its sign in the tray opens the window, pauses everything or quits; starting Cairn again opens it, too. What closing means can be changed in the settings.',
      }

export type LeavingQuestion = {
  readonly message: string
  readonly detail: string
  /** The first is the one that a person gets who presses Enter or Escape: it stays. */
  readonly buttons: [stay: string, quit: string]
}

/** Asked before Cairn ends, once each time; null: nobody would miss anything. */
export function onQuit(
  missed: readonly Missed[],
  { platform, hasTray }: Pick<ClosingState, 'platform' | 'hasTray'>,
): LeavingQuestion | null {
  const words = sayMissed(missed)
  if (words === null) return null
  const stay = platform === 'darwin' ? 'Stay Open' : hasTray ? 'Stay in the tray' : 'Stay open'
  return { message: `${words.title}.`, detail: words.text, buttons: [stay, 'Quit'] }
}

/** A dialog for files and folders at once exists on macOS alone; elsewhere folders are what is usually published. */
export const sourceChoices = (platform: NodeJS.Platform): ('openFile' | 'openDirectory' | 'multiSelections')[] =>
  platform === 'darwin' ? ['openFile', 'openDirectory', 'multiSelections'] : ['openDirectory', 'multiSelections']
