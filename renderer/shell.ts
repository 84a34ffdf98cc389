/** What the shell around the page can do: Electron's own powers, or the little that a browser lets a page do. */
import { AppError } from '../preload/contract/errors.ts'
import type { ShellContract } from '../preload/contract/index.ts'
import type { Client } from '../preload/wire/connect.ts'
import { shellKind, shellPort } from './backend.ts'

export { shellKind } from './backend.ts'

const notHere = (power: string) =>
  Promise.reject(new AppError('NOT_IN_THIS_SHELL', `A browser cannot ${power}`, { power }))

const inBrowser: Client<ShellContract> = {
  chooseFolder: () => notHere('chooseFolder'),
  chooseSources: () => notHere('chooseSources'),
  reveal: () => notHere('reveal'),
  openExternal({ url }) {
    if (!/^(https|mailto):/.test(url)) return notHere('openExternal')
    window.open(url, '_blank', 'noopener,noreferrer')
    return Promise.resolve()
  },
  async notify({ title, body }) {
    if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return
    new Notification(title, { body }).addEventListener('click', () => window.focus())
  },
  watchRequests: ((_: undefined, options?: { signal?: AbortSignal }) =>
    silence(options?.signal)) as Client<ShellContract>['watchRequests'],
}

async function* silence(signal: AbortSignal | undefined): AsyncGenerator<never> {
  await new Promise<void>(resolve => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}

export const shell: Client<ShellContract> = shellKind === 'electron' ? shellPort : inBrowser
/** A file manager can be shown from here. */
export const canReveal = shellKind === 'electron'

/** Notifications can be shown: a browser asks the person once. It keeps its answer, and no means marks on the page alone. */
export async function allowNotices(): Promise<boolean> {
  if (shellKind === 'electron') return true
  if (typeof Notification === 'undefined') return false
  return (await Notification.requestPermission()) === 'granted'
}
