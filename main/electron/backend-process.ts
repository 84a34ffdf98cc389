/** The backend as a process of its own, started by `host.ts`. Knows nothing but its parent's messages. */
import { AppError } from '../../preload/contract/errors.ts'
import { serve } from '../../preload/wire/serve.ts'
import { messagePort } from '../../preload/wire/transports.ts'
import { startBackend } from '../backend.ts'
import type { Backend } from '../backend-options.ts'
import type { FromBackend, ToBackend } from './host.ts'
import { contentContract, contentHandlers } from './remote-content.ts'

let backend: Backend | null = null

process.parentPort.on('message', ({ data, ports: [port] }) => {
  const message = data as ToBackend
  if (message.kind === 'start') void start(message.options)
  else if (message.kind === 'close') void close()
  else if (backend === null || port === undefined) port?.close()
  else if (message.kind === 'client') backend.accept(messagePort(port))
  else serve(contentContract, contentHandlers(backend.content), messagePort(port))
})

async function start(options: Parameters<typeof startBackend>[0]): Promise<void> {
  try {
    backend = await startBackend(options)
    answer(null)
  } catch (error) {
    answer(error instanceof AppError ? error : new AppError('INTERNAL', String(error), { incident: 'start' }))
  }
}

const answer = (error: AppError | null) =>
  process.parentPort.postMessage({ kind: 'started', error: error?.toJSON() ?? null } satisfies FromBackend)

async function close(): Promise<void> {
  await backend?.close()
  process.exit(0)
}
