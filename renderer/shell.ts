/** What the shell around the page can do: Electron's own powers, or the little that a browser lets a page do. */
import { AppError } from '../preload/contract/errors.ts'
import type { ShellContract, ShellRequest } from '../preload/contract/index.ts'
import type { Client } from '../preload/wire/connect.ts'
import { shellKind, shellPort } from './backend.ts'

export { shellKind } from './backend.ts'

const notHere = (power: string) =>
  Promise.reject(new AppError('NOT_IN_THIS_SHELL', `A browser cannot ${power}`, { power }))

const inBrowser: Client<ShellContract> = {
  chooseFolder: () => notHere('chooseFolder'),
  chooseSources: () => notHere('chooseSources'),
  reveal: () => notHere('reveal'),
  showLicence: () => notHere('showLicence'),
  openExternal({ url }) {
    if (!/^(https|mailto):/.test(url)) return notHere('openExternal')
    window.open(url, '_blank', 'noopener,noreferrer')
    return Promise.resolve()
  },
  async notify({ title, body, key }) {
    if (noticePermission() !== 'granted') return
    // One of the same archive takes the place of the one before it.
    new Notification(title, { body, tag: key ?? 'cairn' }).addEventListener('click', () => {
      window.focus()
      clicks.push(key === null ? { kind: 'show', view: 'home' } : { kind: 'changes', key })
    })
  },
  watchRequests: ((_: undefined, options?: { signal?: AbortSignal }) =>
    clicks.watch(options?.signal)) as Client<ShellContract>['watchRequests'],
  prepareDrag: () => notHere('prepareDrag'),
  startDrag: () => notHere('startDrag'),
  watchPreferences: nothing as Client<ShellContract>['watchPreferences'],
  prefer: () => notHere('prefer'),
}

async function* nothing(): AsyncGenerator<never> {
  await notHere('watchPreferences')
}

/** What the person clicked that stands beside the page. */
const clicks = {
  waiting: [] as ShellRequest[],
  wake: () => {},
  push(request: ShellRequest): void {
    this.waiting.push(request)
    this.wake()
  },
  async *watch(signal: AbortSignal | undefined): AsyncGenerator<ShellRequest> {
    signal?.addEventListener('abort', () => this.wake())
    while (signal?.aborted !== true) {
      const request = this.waiting.shift()
      if (request !== undefined) yield request
      else
        await new Promise<void>(resolve => {
          this.wake = resolve
        })
    }
  },
}

export const shell: Client<ShellContract> = shellKind === 'electron' ? shellPort : inBrowser
/** There is a desktop around the page, which can be told how to behave. */
export const hasDesktop = shellKind === 'electron'
/** A file manager can be shown from here. */
export const canReveal = shellKind === 'electron'

/** Whether notifications can be shown. `default`: the browser has not asked the person yet. */
export type NoticePermission = NotificationPermission | 'unsupported'

export function noticePermission(): NoticePermission {
  if (shellKind === 'electron') return 'granted'
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission
}

/** The browser asks the person, if it has not yet. It keeps their answer, and no means marks on the page alone. */
export async function allowNotices(): Promise<NoticePermission> {
  if (noticePermission() !== 'default') return noticePermission()
  return Notification.requestPermission()
}

/** Calls back when the person has answered, here or in the browser's own settings. Returns how to stop. */
export function onNoticePermission(listener: () => void): () => void {
  if (shellKind === 'electron') return () => {}
  const stop = new AbortController()
  navigator.permissions?.query({ name: 'notifications' }).then(
    status => status.addEventListener('change', listener, { signal: stop.signal }),
    () => {
      // It is looked at again when the settings are opened.
    },
  )
  return () => stop.abort()
}
