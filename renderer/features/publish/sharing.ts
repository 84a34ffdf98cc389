/** Handing a link on. */
import { toast } from '../../stores/toasts.ts'

/** The words that go along with a link, for a friend who has no Cairn yet: most chats do not make `hyper://` clickable. */
export const invitation = (title: string, link: string): string =>
  `I am sharing “${title}” with you, straight from my machine to yours:\n\n${link}\n\n` +
  'To open it you need Cairn, a free app. Install it, choose “Open a link” and paste the line above.'

/** Says that something was copied, or why not. */
export async function copy(what: string, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast.done({ title: `${what} copied` })
  } catch {
    toast.problem({ title: 'The browser did not allow copying', text: 'Select the link and copy it by hand.' })
  }
}
