/**
 * The page's one connection: two MessagePorts in Electron, a WebSocket in a browser. The only place that asks which.
 * `backend` stays the same object for as long as the page lives; when the backend goes away everything pending fails
 * with DISCONNECTED, and the page tries again by itself, more and more seldom.
 */
import { createStore, useStore } from 'zustand'
import { AppError } from '../preload/contract/errors.ts'
import type { Contract, ShellContract } from '../preload/contract/index.ts'
import { type Client, connect } from '../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame, Transport } from '../preload/wire/frames.ts'
import { messagePort, webSocket } from '../preload/wire/transports.ts'

export const shellKind: 'electron' | 'browser' = navigator.userAgent.includes('Electron/') ? 'electron' : 'browser'

export type Connection =
  | { readonly name: 'connecting' }
  | { readonly name: 'live' }
  /** It was there and is gone, or is not there yet; tried again at `nextTry`. */
  | { readonly name: 'lost'; readonly nextTry: number }
  /** It is there and this address is not good for it (any more). */
  | { readonly name: 'refused' }

type ConnectionState = {
  readonly connection: Connection
  /** Where the bytes of archives come from; empty until known. */
  readonly content: string
}

export const connectionStore = createStore<ConnectionState>(() => ({
  connection: { name: 'connecting' },
  content: '',
}))
export const useConnection = (): Connection => useStore(connectionStore, state => state.connection)
/** The backend is there: what the page shows is how things are now. */
export const useLive = (): boolean => useStore(connectionStore, state => state.connection.name === 'live')
export const useContent = (): string => useStore(connectionStore, state => state.content)

let currentBackend: Client<Contract> | null = null
let currentShell: Client<ShellContract> | null = null

/** Every call goes to the backend that is there now. */
export const backend: Client<Contract> = following(() => currentBackend)
export const shellPort: Client<ShellContract> = following(() => currentShell)

/** Resolves as soon as there is a connection. */
export function connected(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      if (signal.aborted) reject(new AppError('CANCELLED', 'Cancelled'))
      else if (currentBackend !== null) resolve()
      else return false
      stop()
      signal.removeEventListener('abort', look)
      return true
    }
    let stop = () => {}
    if (look()) return
    stop = connectionStore.subscribe(look)
    signal.addEventListener('abort', look)
  })
}

/** The bytes of one entry of an archive. `grant` comes from `backend.read.grant`. */
export function contentUrl(content: string, grant: string, path: string, options: { download?: boolean } = {}): string {
  const encoded = path.split('/').filter(Boolean).map(encodeURIComponent).join('/')
  return `${content}/${grant}/${encoded}${options.download ? '?download' : ''}`
}

export function startConnection(): void {
  if (shellKind === 'electron') waitForPorts()
  else void keepSocket()
}

function waitForPorts(): void {
  window.addEventListener('message', ({ source, data, ports }) => {
    const [backendPort, shell] = ports
    if (source !== window || data !== 'cairn-ports' || !backendPort || !shell) return
    currentShell = connect<ShellContract>(messagePort(shell))
    use(messagePort(backendPort), 'cairn-content://archive')
  })
}

const FIRST_WAIT = 500
const LONGEST_WAIT = 10_000

async function keepSocket(): Promise<void> {
  let wait = FIRST_WAIT
  while (true) {
    const session = await startSession()
    if (session === 'refused') {
      connectionStore.setState({ connection: { name: 'refused' } })
      return
    }
    const socket = session === 'absent' ? null : await openSocket()
    if (socket !== null && session !== 'absent') {
      wait = FIRST_WAIT
      await new Promise<void>(resolve => use(webSocket(socket), session.content, resolve))
    }
    connectionStore.setState({ connection: { name: 'lost', nextTry: Date.now() + wait } })
    await pause(wait)
    wait = Math.min(wait * 1.6, LONGEST_WAIT)
  }
}

/** Whoever comes back to the window, or to the network, wants to see it work now. */
function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      window.removeEventListener('focus', done)
      window.removeEventListener('cairn-try-now', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    window.addEventListener('focus', done)
    window.addEventListener('cairn-try-now', done)
  })
}

/** Cuts the wait for the next try short. */
export function tryNow(): void {
  window.dispatchEvent(new Event('cairn-try-now'))
}

/** Swaps the launch token for the cookie, once, and takes it out of the address. */
async function startSession(): Promise<{ readonly content: string } | 'refused' | 'absent'> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  try {
    const answer = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(token === null ? {} : { token }),
    })
    if (token !== null) history.replaceState(null, '', `${location.pathname}#/`)
    if (answer.ok) {
      const { content } = (await answer.json()) as { content: string }
      return { content }
    }
    if (token !== null && answer.status === 401) return await startSession()
    return answer.status === 401 || answer.status === 403 || answer.status === 421 ? 'refused' : 'absent'
  } catch {
    return 'absent'
  }
}

function openSocket(): Promise<WebSocket | null> {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const socket = new WebSocket(`${scheme}://${location.host}/wire`, ['cairn.v1'])
  return new Promise(resolve => {
    socket.addEventListener('open', () => resolve(socket), { once: true })
    socket.addEventListener('error', () => resolve(null), { once: true })
    socket.addEventListener('close', () => resolve(null), { once: true })
  })
}

function use(transport: Transport<ClientFrame, ServerFrame>, content: string, closed: () => void = () => {}): void {
  const client = connect<Contract>(transport)
  currentBackend = client
  connectionStore.setState({ connection: { name: 'live' }, content })
  transport.onClose(() => {
    if (currentBackend !== client) return
    currentBackend = null
    connectionStore.setState({ connection: { name: 'lost', nextTry: Date.now() } })
    closed()
  })
}

/** A client whose calls go to whatever `current` answers at the time of the call. */
function following<T>(current: () => Client<T> | null): Client<T> {
  const at = (names: readonly string[]): unknown =>
    new Proxy(() => {}, {
      get: (_, name) => (typeof name === 'string' && name !== 'then' ? at([...names, name]) : undefined),
      apply: (_, __, args: unknown[]) => {
        let target: unknown = current()
        const streams = names.at(-1)?.startsWith('watch') === true
        if (target === null) return streams ? ended() : Promise.reject(gone())
        for (const name of names) target = (target as Record<string, unknown>)[name]
        return (target as (...args: unknown[]) => unknown)(...args)
      },
    })
  return at([]) as Client<T>
}

const gone = () => new AppError('DISCONNECTED', 'The backend is away')
async function* ended(): AsyncGenerator<never> {
  throw gone()
}
