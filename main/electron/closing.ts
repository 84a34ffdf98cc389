/** What closing the window and quitting mean. Decisions only: tested without Electron. */
import { type Missed, sayMissed } from '../leaving.ts'

export type ClosingState = {
  readonly platform: NodeJS.Platform
  /** The person chose Quit, or the system is shutting down. */
  readonly quitting: boolean
  readonly hasTray: boolean
}

/**
 * Sharing goes on while Cairn runs, so closing the window hides it wherever there is a way back to it: the Dock on
 * macOS, else the tray. Without one it quits, as a program that cannot be seen must not go on.
 */
export const onClose = ({ platform, quitting, hasTray }: ClosingState): 'close' | 'hide' =>
  !quitting && (platform === 'darwin' || hasTray) ? 'hide' : 'close'

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
