/** Short messages. Every one is kept in a log for as long as the page lives, so nothing that was said is lost. */
import { createStore, useStore } from 'zustand'
import { explain } from '../errors.ts'

export type Toast = {
  readonly id: number
  readonly kind: 'note' | 'done' | 'problem'
  readonly title: string
  readonly text: string
  /** The next step, if there is one to take with a click. */
  readonly action: { readonly label: string; readonly run: () => void } | null
  /** For the fold that says what the machine would say. */
  readonly details: string | null
  readonly time: number
}

type ToastState = { readonly shown: readonly Toast[]; readonly log: readonly Toast[]; readonly unread: number }

export const toastStore = createStore<ToastState>(() => ({ shown: [], log: [], unread: 0 }))
export const useToasts = <T>(select: (state: ToastState) => T): T => useStore(toastStore, select)

const LOG_LENGTH = 200
const SHOWN = 3
let lastId = 0

type Message = {
  readonly title: string
  readonly text?: string
  readonly action?: Toast['action']
  readonly details?: string
}

/** Returns its id, for `dismiss`. */
function add(kind: Toast['kind'], { title, text = '', action = null, details }: Message): number {
  const toast: Toast = { id: ++lastId, kind, title, text, action, details: details ?? null, time: Date.now() }
  toastStore.setState(({ shown, log, unread }) => ({
    shown: [...shown, toast].slice(-SHOWN),
    log: [toast, ...log].slice(0, LOG_LENGTH),
    unread: unread + 1,
  }))
  return toast.id
}

export const toast = {
  note: (message: Message): number => add('note', message),
  done: (message: Message): number => add('done', message),
  problem: (message: Message): number => add('problem', message),
  /** Says any error in plain words. A cancellation is the person's own doing and says nothing: null. */
  error(error: unknown): number | null {
    const said = explain(error)
    if (said === null) return null
    return add('problem', {
      title: said.title,
      text: [said.text, said.next].filter(Boolean).join(' '),
      details: said.details,
    })
  },
  dismiss: (id: number): void =>
    toastStore.setState(({ shown }) => ({ shown: shown.filter(toast => toast.id !== id) })),
  markRead: (): void => toastStore.setState({ unread: 0 }),
}

/** Runs a command for its effect and says it if it fails. */
export function attempt(work: () => Promise<unknown>): void {
  work().catch((error: unknown) => toast.error(error))
}
