/** Real backends in temporary folders, each with a client over memory; closed when the test ends. */
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { AppError } from '../../preload/contract/errors.ts'
import type { Contract } from '../../preload/contract/index.ts'
import type { ArchiveRow, Change, TransferRow } from '../../preload/contract/models.ts'
import { type Client, connect } from '../../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame } from '../../preload/wire/frames.ts'
import { memoryPair } from '../../preload/wire/transports.ts'
import { startBackend } from '../../main/backend.ts'
import type { Backend, BackendOptions } from '../../main/backend-options.ts'
import { temporaryFolder } from './files.ts'

export type Person = {
  readonly backend: Backend
  readonly client: Client<Contract>
  readonly storage: string
  /** Waits until the archive's row is as wanted. */
  archive(key: string, wanted: (row: ArchiveRow) => boolean, milliseconds?: number): Promise<ArchiveRow>
  transfer(id: string, wanted: (row: TransferRow) => boolean, milliseconds?: number): Promise<TransferRow>
  close(): Promise<void>
}

/** One whose backend is a process of its own. */
export type RemotePerson = Omit<Person, 'backend'>

export async function startPerson(
  bootstrap: readonly string[],
  options: {
    readonly storage?: string
    readonly join?: boolean
    readonly consented?: boolean
    readonly uploadSilence?: number
    readonly adopt?: boolean
    readonly room?: BackendOptions['room']
    readonly clock?: BackendOptions['clock']
  } = {},
): Promise<Person> {
  if (bootstrap.length === 0) throw new Error('Tests never use the public DHT')
  const storage = options.storage ?? (await temporaryFolder('cairn-storage'))
  const backend = await onceItIsFree(storage, () =>
    startBackend({
      storage,
      bootstrap,
      join: options.join ?? true,
      log: 'stderr',
      adopt: options.adopt ?? false,
      ...(options.uploadSilence === undefined ? {} : { uploadSilence: options.uploadSilence }),
      ...(options.room === undefined ? {} : { room: options.room }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    }),
  )
  const [server, ours] = memoryPair<ServerFrame, ClientFrame>()
  backend.accept(server)
  const client = connect<Contract>(ours)
  if (options.consented !== false) await client.settings.update({ consented: true })
  const close = () => {
    left.add(storage)
    return backend.close()
  }
  onTestFinished(close)
  return {
    backend,
    client,
    storage,
    ...waitersOf(client),
    close,
  }
}

const left = new Set<string>()

/**
 * Closing takes two seconds at most, and what has not ended by then ends with its process. On a busy machine that may be
 * much, and here the process goes on: who was closed is waited for.
 */
async function onceItIsFree<T>(storage: string, start: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + 10_000; ; await sleep(100)) {
    try {
      const started = await start()
      left.delete(storage)
      return started
    } catch (error) {
      const isClosing = left.has(storage) && error instanceof AppError && error.code === 'STORAGE_IN_USE'
      if (!isClosing || performance.now() > until) throw error
    }
  }
}

/** What waits for an archive or a transfer of a backend to be as wanted. */
export const waitersOf = (client: Person['client']): Pick<Person, 'archive' | 'transfer'> => ({
  archive: (key, wanted, milliseconds) =>
    waitFor(signal => client.archives.watch(undefined, { signal }), key, wanted, milliseconds),
  transfer: (id, wanted, milliseconds) =>
    waitFor(signal => client.transfers.watch(undefined, { signal }), id, wanted, milliseconds),
})

/** Follows a collection until an item is as wanted; `id` null: any. Says how it last was if that does not come. */
export async function waitFor<T extends { readonly id: string }>(
  watch: (signal: AbortSignal) => AsyncIterable<readonly Change<T>[]>,
  id: string | null,
  wanted: (item: T) => boolean,
  milliseconds = 45_000,
): Promise<T> {
  let last: T | undefined
  const signal = AbortSignal.timeout(milliseconds)
  try {
    for await (const changes of watch(signal)) {
      for (const change of changes) {
        if (change.op !== 'put' || (id !== null && change.item.id !== id)) continue
        last = change.item
        if (wanted(change.item)) return change.item
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  throw new Error(`Not in time; it was last ${JSON.stringify(last)}`)
}

/** By which peers know the person's machine. */
export async function publicKeyOf(person: RemotePerson): Promise<string> {
  const network = await waitFor(
    signal => person.client.network.watch(undefined, { signal }),
    'network',
    ({ publicKey }) => publicKey !== '',
  )
  return network.publicKey
}

export const isFound = (row: ArchiveRow) => row.state.name === 'found'
export const isDone = (row: TransferRow) => {
  if (row.state.name === 'failed') throw new Error(JSON.stringify(row.state))
  return row.state.name === 'done'
}

type Begun = {
  readonly title?: string
  readonly private?: boolean
  /** An archive without a folder, into whose root they are copied. */
  readonly into?: string
  readonly message?: string
}

/** Publishes paths without looking at the sheet. */
export async function begin(
  person: RemotePerson,
  paths: readonly string[],
  options: Begun = {},
): Promise<{ readonly key: string; readonly link: string; readonly transfer: string }> {
  const review = await person.client.publish.review({ paths })
  return person.client.publish.start({
    review: review.id,
    title: options.title ?? review.title,
    private: options.private ?? false,
    exclude: [],
    includeSuspicious: false,
    into: options.into === undefined ? null : { key: options.into, folder: '/' },
    ...(options.message === undefined ? {} : { message: options.message }),
  })
}

/** The same, and waits until everything is in. */
export async function publish(
  person: RemotePerson,
  paths: readonly string[],
  options: Begun & { readonly milliseconds?: number } = {},
): Promise<{ readonly key: string; readonly link: string }> {
  const { key, link, transfer } = await begin(person, paths, options)
  await person.transfer(transfer, isDone, options.milliseconds ?? 60_000)
  return { key, link }
}

/** The same, and waits until somebody else has found it. */
export async function share(
  from: RemotePerson,
  to: RemotePerson,
  paths: readonly string[],
  options: Begun = {},
): Promise<{ readonly key: string; readonly link: string }> {
  const { key, link } = await publish(from, paths, options)
  await to.client.archives.open({ link })
  await to.archive(key, isFound)
  return { key, link }
}
