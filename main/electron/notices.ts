/** Notifications of the system. What they say: the page, and whoever calls this. */
import { Notification } from 'electron'
import { noticeBody } from './faces.ts'

/** Those that can be clicked: one that nobody holds is collected with its listeners while it is still on the screen. */
const shown = new Set<Notification>()
/** Not every desktop says that one has gone. */
const MOST = 20

/** Does nothing where the system shows none. */
export function showNotice({ title, body }: { readonly title: string; readonly body: string }, click = () => {}): void {
  if (!Notification.isSupported()) return
  const notification = new Notification({ title, body: noticeBody(body, process.platform) })
  const forget = () => void shown.delete(notification)
  notification.on('click', () => {
    forget()
    click()
  })
  notification.on('close', forget)
  shown.add(notification)
  for (const oldest of shown) if (shown.size > MOST) shown.delete(oldest)
  notification.show()
}
