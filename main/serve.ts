/** A backend with its page for a browser on this machine: what `headless`, `start` without Electron and `cairn serve` run. */
import { AppError } from '../preload/contract/errors.ts'
import type { Contract } from '../preload/contract/index.ts'
import { connect } from '../preload/wire/connect.ts'
import type { Backend, BackendOptions } from './backend-options.ts'
import { startBackend } from './backend.ts'
import { connectLocal } from './lib/local-socket.ts'
import { builtPage } from './lib/places.ts'
import { startWebServer, type WebServer } from './web/server.ts'

export type ServeSettings = {
  readonly storage: string
  readonly bootstrap: readonly string[] | null
  readonly join: boolean
  readonly adopt?: boolean
  readonly port?: number | undefined
  /** `NAME:PORT` as a browser at the other end of a tunnel calls us. */
  readonly allowHosts?: readonly string[] | undefined
  readonly log?: BackendOptions['log']
  readonly pageFolder?: string
}

export type Serving = {
  /** Works once, as each of `freshUrl` does. */
  readonly url: string
  readonly freshUrl: WebServer['freshUrl']
  readonly backend: Backend
  /** Within two seconds. Safe to call twice. */
  close(): Promise<void>
}

/** Throws STORAGE_IN_USE with the address of the running one's page, where it has one. */
export async function serveHeadless({
  storage,
  bootstrap,
  join,
  adopt = false,
  port,
  allowHosts,
  log,
  pageFolder = builtPage(),
}: ServeSettings): Promise<Serving> {
  const backend = await startBackend({ storage, bootstrap, join, adopt, ...(log === undefined ? {} : { log }) }).catch(
    async (error: unknown) => {
      throw await withAddress(error, storage)
    },
  )
  try {
    const server = await startWebServer(backend, { port, allowHosts, pageFolder })
    backend.setPage(() => server.freshUrl())
    return {
      url: server.url,
      freshUrl: server.freshUrl,
      backend,
      async close() {
        await Promise.all([server.close(), backend.close()])
      },
    }
  } catch (error) {
    await backend.close()
    throw error
  }
}

/** How long a backend that runs already may take to say where its page is. */
const PATIENCE = 2000

async function withAddress(error: unknown, storage: string): Promise<unknown> {
  if (!(error instanceof AppError) || error.code !== 'STORAGE_IN_USE') return error
  const page = await pageOfRunning(storage)
  return page === null ? error : new AppError('STORAGE_IN_USE', `${error.message} Its page: ${page}`, { storage })
}

/** A fresh address of the page of the backend that runs on this storage; null: it has none or does not answer. */
export async function pageOfRunning(storage: string): Promise<string | null> {
  const transport = await connectLocal(storage).catch(() => null)
  if (transport === null) return null
  const timer = setTimeout(() => transport.close(), PATIENCE)
  try {
    return (await connect<Contract>(transport).machine.status()).page
  } catch {
    return null
  } finally {
    clearTimeout(timer)
    transport.close()
  }
}
