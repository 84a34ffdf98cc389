/** What closing the window means. Decisions only: tested without Electron. */

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

/** A dialog for files and folders at once exists on macOS alone; elsewhere folders are what is usually published. */
export const sourceChoices = (platform: NodeJS.Platform): ('openFile' | 'openDirectory' | 'multiSelections')[] =>
  platform === 'darwin' ? ['openFile', 'openDirectory', 'multiSelections'] : ['openDirectory', 'multiSelections']
