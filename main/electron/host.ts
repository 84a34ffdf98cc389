/**
 * Where the backend runs. A host hands out ports and bytes, so that nobody else can tell: in this process, as is the
 * default, or in a process of its own, which keeps the window's menus quick whatever the backend does.
 */
import { once } from 'node:events'
import { join } from 'node:path'
import { MessageChannelMain, type MessagePortMain, utilityProcess } from 'electron'
import { AppError, type SerializedError } from '../../preload/contract/errors.ts'
import { connect } from '../../preload/wire/connect.ts'
import { messagePort } from '../../preload/wire/transports.ts'
import type { BackendOptions } from '../backend-options.ts'
import { startBackend } from '../backend.ts'
import { projectFolder } from '../lib/places.ts'
import { type ContentContract, remoteContent } from './remote-content.ts'

export type Host = {
  /** A port whose other end is a client of the backend. */
  connect(): MessagePortMain
  content(request: Request): Promise<Response>
  close(): Promise<void>
}

type ProcessOptions = Pick<BackendOptions, 'storage' | 'bootstrap' | 'join' | 'adopt'>

/** What this process tells the backend's own one. A port comes along with `client` and `content`. */
export type ToBackend =
  | { readonly kind: 'start'; readonly options: ProcessOptions }
  | { readonly kind: 'client' }
  | { readonly kind: 'content' }
  | { readonly kind: 'close' }
export type FromBackend = { readonly kind: 'started'; readonly error: SerializedError | null }

export async function inThisProcess(options: ProcessOptions): Promise<Host> {
  const backend = await startBackend(options)
  return {
    connect() {
      const { port1, port2 } = new MessageChannelMain()
      backend.accept(messagePort(port1))
      return port2
    },
    content: request => backend.content(request),
    close: () => backend.close(),
  }
}

/**
 * `gone` is called, with its exit code, when that process ends without having been told to.
 * @public The other of two hosts: `main/index.ts` uses one of them.
 */
export async function inUtilityProcess(options: ProcessOptions, gone: (exitCode: number) => void): Promise<Host> {
  const child = utilityProcess.fork(join(projectFolder(), 'out', 'main', 'backend-process.js'), [], {
    serviceName: 'Cairn backend',
  })
  const tell = (message: ToBackend, ports?: MessagePortMain[]) => child.postMessage(message, ports)
  const exited = once(child, 'exit')
  await once(child, 'spawn')
  tell({ kind: 'start', options })
  const [{ error }] = (await Promise.race([once(child, 'message'), exited.then(() => [ENDED])])) as [FromBackend]
  if (error !== null) {
    child.kill()
    throw AppError.from(error)
  }
  let closing = false
  void exited.then(([code]) => {
    if (!closing) gone(Number(code))
  })
  const open = (kind: 'client' | 'content') => {
    const { port1, port2 } = new MessageChannelMain()
    tell({ kind }, [port1])
    return port2
  }
  return {
    connect: () => open('client'),
    content: remoteContent(connect<ContentContract>(messagePort(open('content')))),
    async close() {
      closing = true
      tell({ kind: 'close' })
      await exited
    },
  }
}

const ENDED: FromBackend = {
  kind: 'started',
  error: { code: 'INTERNAL', message: 'The backend ended while it was starting', data: { incident: 'start' } },
}
