/**
 * Puts the backend together: builds every service in order and closes them in reverse. The only place that knows all
 * of them. Knows neither Electron nor the web shell; both give it transports and requests.
 */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { contract, PROTOCOL_VERSION } from '../preload/contract/index.ts'
import { AppError } from '../preload/contract/errors.ts'
import type { ServerFrame, Transport } from '../preload/wire/frames.ts'
import { serve } from '../preload/wire/serve.ts'
import { Archives } from './archives/archives.ts'
import { Registry } from './archives/registry.ts'
import { Stamp } from './archives/stamp.ts'
import { openStore } from './archives/store.ts'
import type { Backend, BackendOptions } from './backend-options.ts'
import { Availability } from './availability/availability.ts'
import { Freed } from './availability/freed.ts'
import { Freeing } from './availability/freeing.ts'
import { Memory } from './availability/memory.ts'
import { PeerNames } from './availability/names.ts'
import { Diagnostics } from './diagnostics/diagnostics.ts'
import { createHandlers } from './handlers.ts'
import { keepHeapSmall } from './lib/heap.ts'
import { Mutex } from './lib/mutex.ts'
import { History } from './history/history.ts'
import { Gone } from './history/gone.ts'
import { Moments } from './history/moments.ts'
import { Names } from './history/names.ts'
import { Disk } from './keeping/disk.ts'
import { Keeping } from './keeping/keeping.ts'
import { NewsService } from './keeping/news.ts'
import { Recency } from './keeping/recency.ts'
import { listenLocal } from './lib/local-socket.ts'
import { createLog } from './lib/log.ts'
import { Explained } from './network/explained.ts'
import { roomReach } from './lib/places.ts'
import { Limiting } from './network/limiting.ts'
import { Network } from './network/network.ts'
import { Peers } from './network/peers.ts'
import { Traffic } from './network/traffic.ts'
import { Checks } from './proofs/checks.ts'
import { Receipts } from './proofs/receipts.ts'
import { Publishing } from './publish/publish.ts'
import { Content } from './read/content.ts'
import { download } from './read/download.ts'
import { Reading } from './read/read.ts'
import { SettingsService } from './settings/settings.ts'
import { Transfers } from './transfers/transfers.ts'

const procedures: ReadonlySet<string> = new Set(
  Object.entries(contract).flatMap(([area, calls]) => Object.keys(calls).map(name => `${area}.${name}`)),
)

/** All of closing together, in milliseconds; what has not ended by then is left to the next start. */
const CLOSING = 1900

/**
 * Resolves when clients can be answered; archives go on being announced after it. Throws STORAGE_IN_USE when another
 * process has this storage, STORAGE_UNUSABLE with the reason when it does not open.
 */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  keepHeapSmall()
  const storage = resolve(options.storage)
  await mkdir(storage, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new AppError('STORAGE_UNUSABLE', `The folder ${storage} cannot be made: ${error.message}.`, {
      storage,
      why: error.message,
    })
  })
  const store = await openStore(
    storage,
    options.adopt === true ? async () => (await Registry.open(storage)).doubt() : null,
  )
  const log = createLog(storage, options.log ?? 'file')
  const { bootstrap, join, room, clock = () => new Date() } = options
  // Nonsense in the environment ends here.
  if (room === undefined) roomReach(bootstrap)
  const network = new Network(store.corestore, { bootstrap, join, room: room === undefined ? roomReach : () => room })
  try {
    const registry = await Registry.open(storage)
    const stamp = new Stamp(storage, registry)
    if (await stamp.isOther()) {
      log.warn('the storage is another copy than the one that was left: archives of ours catch up first')
      await registry.doubt()
    }
    const restamp = () => stamp.renew().catch(error => log.error({ err: error }, 'the storage could not be stamped'))
    await restamp()
    const settings = await SettingsService.open(storage)
    const transfers = new Transfers(log)
    const archives = new Archives(storage, store, registry, network, log)
    const traffic = await Traffic.open(storage, network, log, clock)
    const peers = new Peers(archives, network, traffic, (key, id) => availability.heldBy(key, id))
    archives.onChange(key => {
      if (!archives.has(key)) traffic.forget(key)
    })
    const publishing = new Publishing(storage, archives, transfers, log, download, options.uploadSilence)
    const reading = new Reading(storage, archives, registry, transfers)
    const moments = new Moments(archives)
    const freed = await Freed.open(storage)
    const keeping = new Keeping(storage, archives, transfers, moments, log, freed)
    const recency = await Recency.open(storage)
    const disk = new Disk(store, archives, settings, recency, log, key => keeping.kept(key))
    const availability = new Availability({
      archives,
      memory: await Memory.open(storage),
      log,
      self: () => network.publicKey,
      isOurs: publicKey => network.isDisregarded(publicKey),
      kept: key => keeping.kept(key),
      freed: key => freed.of(key, archives.get(key).blobs?.core.fork ?? 0),
    })
    const freeing = new Freeing({
      archives,
      availability,
      freed,
      clear: (key, ranges) => disk.free(key, ranges),
      makingRoom: task => disk.makingRoom(task),
      follow: key => keeping.refetch(key),
    })
    const content = new Content(archives)
    const history = new History(archives)
    const gone = new Gone(archives, moments)
    const names = new Names(archives, moments)
    const news = new NewsService(archives, history, moments, log)
    const peerNames = await PeerNames.open(storage)
    let page = options.page ?? (() => null)
    const handlers = createHandlers({
      archives,
      publishing,
      reading,
      receipts: new Receipts(archives),
      checks: new Checks(),
      keeping,
      disk,
      content,
      history,
      moments,
      gone,
      names,
      news,
      peers,
      traffic,
      availability,
      peerNames,
      freeing,
      network,
      explained: new Explained(archives, network, storage),
      settings,
      transfers,
      diagnostics: new Diagnostics({
        storage,
        protocol: PROTOCOL_VERSION,
        procedures,
        settings: () => settings.current,
        archives: () => archives.rows.values(),
        transfers: () => transfers.rows.values(),
        network: () => network.status.get('network'),
        traffic: () => traffic.rows.get('all'),
        people: () => peerNames.rows.values(),
        disk: () => disk.use(),
      }),
      storage,
      page: () => page(),
      woke: () => {
        network.wake()
        publishing.rescan()
      },
    })
    const clients = new Set<Transport<ServerFrame, unknown>>()
    const accept = (transport: Transport<ServerFrame, unknown>) => {
      clients.add(transport)
      transport.onClose(() => clients.delete(transport))
      serve(contract, handlers, transport, {
        onIncident: ({ id, path, error }) => log.error({ incident: id, path, err: error }, 'a call failed'),
      })
    }

    network.beginWith(settings.current.bootstrap)
    await network.prepare(registry.copy, settings.current.consented && settings.current.paused)
    await archives.start()
    availability.start()
    const limiting = new Limiting(settings, archives, network, clock)
    const turns = new Mutex()
    /** On the network, or off it, as the person wants it by now. */
    const connect = () =>
      turns.run(async () => {
        const { consented, paused } = settings.current
        if (!consented) return
        if (paused && network.paused) return
        const isOther = network.beginWith(settings.current.bootstrap)
        if (paused) {
          archives.networkStopped()
          await network.pause()
          archives.networkStopped()
        } else if (isOther) {
          archives.networkStopped()
          await network.restart()
          archives.networkStarted()
        } else if (!network.started) {
          await network.start()
          archives.networkStarted()
        }
      })
    const connectSoon = () => void connect().catch(error => log.error({ err: error }, 'the network did not start'))
    network.lookAround(settings.current.room)
    settings.onRoom(() => network.lookAround(settings.current.room))
    settings.onConsent(connectSoon)
    settings.onPause(connectSoon)
    settings.onBootstrap(connectSoon)
    await connect()
    publishing.start()
    reading.start()
    await keeping.start()
    disk.start()
    news.start()
    const socket = await listenLocal(storage, accept)

    let closing: Promise<void> | null = null
    const close = async () => {
      limiting.close()
      keeping.close()
      news.close()
      for (const client of clients) client.close()
      await Promise.all([disk.close(), socket.close(), publishing.close(), transfers.close(), network.close()])
      await availability.close()
      await traffic.close()
      await archives.close()
      await registry.save().catch(error => log.error({ err: error }, 'the registry was not saved'))
      await restamp()
      await store.close()
    }
    return {
      options,
      accept,
      content: request => content.respond(request),
      receive: (upload, file, bytes) => publishing.receive(upload, file, bytes),
      setPage: next => {
        page = next
      },
      close: () => {
        closing ??= Promise.race([close(), new Promise<void>(resolve => setTimeout(resolve, CLOSING).unref())])
        return closing
      },
    }
  } catch (error) {
    // Whoever says what went wrong goes on, and peers would still come.
    await network.close()
    await store.close()
    throw error
  }
}
