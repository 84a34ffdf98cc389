/** From the contract to the services: the one list of what a client can do. Thin on purpose. */
import { PROTOCOL_VERSION, type Contract } from '../preload/contract/index.ts'
import type { Handlers } from '../preload/wire/serve.ts'
import packageFile from '../package.json' with { type: 'json' }
import type { Archives } from './archives/archives.ts'
import type { Diagnostics } from './diagnostics/diagnostics.ts'
import type { Availability } from './availability/availability.ts'
import type { Freeing } from './availability/freeing.ts'
import type { PeerNames } from './availability/names.ts'
import type { History } from './history/history.ts'
import type { Gone } from './history/gone.ts'
import type { Moments } from './history/moments.ts'
import type { Names } from './history/names.ts'
import type { Disk } from './keeping/disk.ts'
import type { Keeping } from './keeping/keeping.ts'
import type { NewsService } from './keeping/news.ts'
import { createFolder, listFolders } from './lib/folders.ts'
import type { Explained } from './network/explained.ts'
import type { Network } from './network/network.ts'
import type { Peers } from './network/peers.ts'
import type { Traffic } from './network/traffic.ts'
import type { Checks } from './proofs/checks.ts'
import type { Receipts } from './proofs/receipts.ts'
import type { Publishing } from './publish/publish.ts'
import type { Content } from './read/content.ts'
import type { Reading } from './read/read.ts'
import type { SettingsService } from './settings/settings.ts'
import type { Transfers } from './transfers/transfers.ts'

export type Services = {
  readonly archives: Archives
  readonly publishing: Publishing
  readonly reading: Reading
  readonly receipts: Receipts
  readonly checks: Checks
  readonly keeping: Keeping
  readonly disk: Disk
  readonly content: Content
  readonly history: History
  readonly moments: Moments
  readonly gone: Gone
  readonly names: Names
  readonly news: NewsService
  readonly peers: Peers
  readonly traffic: Traffic
  readonly availability: Availability
  readonly peerNames: PeerNames
  readonly freeing: Freeing
  readonly network: Network
  readonly explained: Explained
  readonly settings: SettingsService
  readonly transfers: Transfers
  readonly diagnostics: Diagnostics
  readonly storage: string
  readonly page: () => string | null
  readonly woke: () => void
}

export function createHandlers({
  archives,
  publishing,
  reading,
  receipts,
  checks,
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
  explained,
  settings,
  transfers,
  diagnostics,
  storage,
  page,
  woke,
}: Services): Handlers<Contract> {
  /** What is asked of a version that is inside of a changeset is not answered. */
  const opened = async <T>(
    key: string,
    versions: readonly (number | null)[],
    answer: () => T | Promise<T>,
  ): Promise<T> => {
    for (const version of versions) await moments.deny(key, version)
    return answer()
  }
  return {
    archives: {
      open: ({ link }) => archives.open(link),
      giveUp: ({ key }) => archives.giveUp(key),
      readLink: ({ link }) => archives.readLink(link),
      watch: (_, signal) => archives.rows.watch(signal),
      retry: ({ key }) => archives.retry(key),
      tellWhenFound: ({ key, tell }) => archives.tellWhenFound(key, tell),
      describe: ({ key, ...about }) => archives.describe(key, about),
      markSeen: ({ key, length }) => archives.markSeen(key, length),
      keep: ({ key, keep }) => keeping.keep(key, keep),
      keepInFolder: async ({ key, folder }) => ({ transfer: await keeping.keepInFolder(key, folder) }),
      keepParts: async ({ key, patterns }) => ({ transfer: await keeping.keepParts(key, patterns) }),
      setUpdates: ({ key, ...change }) => keeping.setUpdates(key, change),
      answerUpdate: ({ key, take }) => keeping.answer(key, take),
      watchUpdate: ({ key }, signal) => keeping.update(key, signal),
      chooseUpdate: ({ key, to, paths }) => keeping.choose(key, to, paths),
      setNotify: ({ key, notify }) => archives.setNotify(key, notify),
      answerRewrite: ({ key, follow }) => archives.answerRewrite(key, follow),
      repair: async ({ key, version }) => ({
        // Where two histories part may be inside of a batch, after which the list could not be read.
        length: await archives.repair(key, version && (await moments.upTo(archives.get(key), version))),
      }),
      insist: ({ key }) => archives.insist(key),
      warrant: ({ key }) => archives.warrant(key),
      pause: ({ key, paused }) => keeping.pause(key, paused),
      setLimits: ({ key, ...limits }) => archives.setLimits(key, limits),
      forget: async ({ key }) => {
        archives.get(key)
        await publishing.forget(key)
        await transfers.forget(key)
        await archives.forget(key)
      },
      pinnedLink: async ({ key, version, path }, { signal }) => ({
        link: await opened(key, [version], () => archives.pinnedLink(key, version, path, signal)),
      }),
    },
    disk: {
      use: () => disk.use(),
      folder: ({ key, folder }) => disk.folder(key, folder),
      clear: async ({ key }) => ({ cleared: await disk.clear(key) }),
    },
    publish: {
      review: (input, { signal, emit }) => publishing.review(input, signal, emit),
      reviewDropped: (input, { signal }) => publishing.reviewDropped(input, signal),
      start: input => publishing.begin(input),
      startUpload: input => publishing.startUpload(input),
      finishUpload: ({ upload }) => publishing.finishUpload(upload),
      remove: ({ key, paths, message }) => publishing.remove(key, paths, message),
      rename: ({ key, from, to, message }) => publishing.rename(key, from, to, message),
      move: ({ key, paths, folder, message }) => publishing.move(key, paths, folder, message),
      restore: async ({ key, version, paths, message }) => {
        // Where there is no whole list, everything would look as if it had not been there.
        if (archives.has(key)) await moments.require(key, version)
        return publishing.restore(key, version, paths, message)
      },
      rules: ({ key }) => publishing.rules(key),
      reviewRules: ({ key, ...decisions }, { signal, emit }) => publishing.reviewRules(key, decisions, signal, emit),
      changeRules: ({ key, leaving, message, ...decisions }) =>
        publishing.changeRules(key, decisions, leaving, message),
      moveSource: ({ key, from, to, force }) => publishing.moveSource(key, from, to, force),
      pause: ({ key, paused }) => publishing.pause(key, paused),
      answerRemoval: ({ key, remove, message }) => publishing.answerRemoval(key, remove, message),
    },
    read: {
      list: ({ key, version, ...page }, { signal }) =>
        opened(key, [version], () => reading.list(key, version, page, signal)),
      entry: ({ key, version, path }) => opened(key, [version], () => reading.entry(key, version, path)),
      measure: (input, { signal, emit }) =>
        opened(input.key, [input.version], () => reading.measure(input, signal, emit)),
      grant: ({ key, version, zip }) => ({ grant: content.grant(key, version, zip ?? null) }),
      watchZip: (input, signal) => reading.zip(input, signal),
      bytes: ({ key, version, path, start, length }, { signal }) =>
        opened(key, [version], () => reading.bytes(key, version, path, start, length, signal)),
      receipt: (input, { signal, emit }) =>
        opened(input.key, [input.version], () =>
          receipts.make(input, signal, (bytes, ofBytes) => emit({ bytes, ofBytes })),
        ),
      download: async input => ({
        transfer: await opened(input.key, [input.version], () => reading.download(input)),
      }),
    },
    proofs: {
      check: ({ receipt }, { signal, emit }) => checks.check(Buffer.from(receipt, 'base64'), signal, emit),
      feed: ({ check, piece }) => checks.feed(check, Buffer.from(piece, 'base64')),
    },
    history: {
      moments: ({ key, until, limit }, { signal }) => moments.list(key, until, limit, signal),
      names: ({ key }, { signal }) => names.list(key, signal),
      describe: ({ key, version, message }) => names.describe(key, version, message),
      name: ({ key, version, name }) => names.set(key, version, name),
      gone: (input, { signal, emit }) => opened(input.key, [input.version], () => gone.find(input, signal, emit)),
      file: ({ key, path, until, limit }, { signal }) => moments.ofFile(key, path, until, limit, signal),
      news: ({ key, from, to, limit }, { signal }) => news.look(key, from, to, limit, signal),
      list: ({ key, ...page }, { signal }) => opened(key, [page.before], () => history.list(key, page, signal)),
      changes: ({ key, from, to, limit }, { signal }) =>
        opened(key, [from, to], () => history.changes(key, from, to, limit, signal)),
    },
    peers: {
      watch: ({ key }, signal) => peers.watch(key, signal),
      watchTraffic: (_, signal) => traffic.rows.watch(signal),
    },
    names: { watch: (_, signal) => peerNames.rows.watch(signal), set: ({ id, name }) => peerNames.set(id, name) },
    availability: {
      watchAll: (_, signal) => availability.summaries.watch(signal),
      watch: ({ key }, signal) => availability.watch(key, signal),
      files: async ({ key, version, paths }) => ({ held: await availability.files(key, version, paths) }),
      needed: async () => ({ archives: await availability.needed() }),
      planFreeing: ({ key, paths, others }) => freeing.plan(key, paths, others),
      free: ({ key, paths, others }, { signal }) => freeing.free(key, paths, others, signal),
      recall: ({ key }) => freeing.recall(key),
      who: async ({ key, version, path }) => ({ holders: await availability.who(key, version, path) }),
      rarest: async ({ key, limit }) => ({ files: await availability.rarest(key, limit) }),
      part: async ({ key, version, part }) => ({ part: await availability.part(key, version, part) }),
    },
    transfers: {
      watch: (_, signal) => transfers.rows.watch(signal),
      pause: ({ id }) => transfers.pause(id),
      resume: ({ id }) => transfers.resume(id),
      cancel: ({ id }) => transfers.cancel(id),
      clear: () => transfers.clear(),
      skipped: ({ id, offset, limit }) => transfers.skipped(id, offset, limit),
    },
    network: {
      watch: (_, signal) => network.status.watch(signal),
      watchTable: (_, signal) => explained.watchTable(signal),
      watchAnnounces: (_, signal) => explained.watchAnnounces(signal),
      lookup: ({ link, fresh }, { signal, emit }) => explained.lookup(link, fresh, emit, signal),
      check: ({ link }, { signal, emit }) => explained.check(link, emit, signal),
    },
    settings: { watch: (_, signal) => settings.rows.watch(signal), update: change => settings.update(change) },
    machine: {
      status: () => ({
        version: packageFile.version,
        protocol: PROTOCOL_VERSION,
        storage,
        platform: process.platform,
        pid: process.pid,
        page: page(),
      }),
      woke: () => woke(),
      about: () => diagnostics.about(),
      diagnostics: ({ page }) => diagnostics.make(page),
      folders: ({ path }) => listFolders(path, settings.current.downloads),
      createFolder: async ({ parent, name }) => ({ path: await createFolder(parent, name) }),
    },
  }
}
