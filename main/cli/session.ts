/**
 * A connection to the backend for one command: to the one that runs on this storage already, or to one of our own that
 * lives as long as the command does. Either way the CLI is only a client of the contract.
 */
import { setTimeout } from 'node:timers/promises'
import type { Contract } from '../../preload/contract/index.ts'
import { AppError } from '../../preload/contract/errors.ts'
import { type Client, connect } from '../../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame, Transport } from '../../preload/wire/frames.ts'
import { memoryPair } from '../../preload/wire/transports.ts'
import { connectLocal } from '../lib/local-socket.ts'

export type Session = {
  readonly client: Client<Contract>
  /** The backend is somebody else's, and goes on when we leave. */
  readonly attached: boolean
  close(): Promise<void>
}

export type SessionOptions = {
  readonly storage: string
  readonly bootstrap: readonly string[] | null
  readonly join: boolean
  readonly adopt?: boolean
}

/** How long a backend that holds the storage may take until it answers, in milliseconds. */
const STARTING = 5000
const AGAIN = 100

export async function openSession(options: SessionOptions): Promise<Session> {
  const until = performance.now() + STARTING
  while (true) {
    const session = await attach(options.storage)
    if (session !== null) return session
    try {
      return await startOwn(options)
    } catch (error) {
      // It may be another Cairn that is just starting, or just closing.
      if (!(error instanceof AppError && error.is('STORAGE_IN_USE')) || performance.now() > until) throw error
      await setTimeout(AGAIN)
    }
  }
}

/** null: no backend runs on this storage. Throws OTHER_VERSION for one that we cannot talk to. */
export async function attach(storage: string): Promise<Session | null> {
  const transport = await connectLocal(storage)
  if (transport === null) return null
  const client = connect<Contract>(transport)
  try {
    await client.machine.status()
  } catch (error) {
    transport.close()
    if (error instanceof AppError && error.is('DISCONNECTED')) return null
    throw error
  }
  return { client, attached: true, close: async () => transport.close() }
}

async function startOwn({ storage, bootstrap, join, adopt = false }: SessionOptions): Promise<Session> {
  // Loaded when it is needed: a client of a running backend answers at once.
  const { startBackend } = await import('../backend.ts')
  const backend = await startBackend({ storage, bootstrap, join, adopt, log: 'file' })
  const [ours, theirs]: [Transport<ClientFrame, ServerFrame>, Transport<ServerFrame, ClientFrame>] = memoryPair()
  backend.accept(theirs as Transport<ServerFrame, unknown>)
  return { client: connect<Contract>(ours), attached: false, close: () => backend.close() }
}
