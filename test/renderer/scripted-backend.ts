/**
 * A backend made of fixtures behind the real contract, the real wire and the real web shell: for what a real one cannot
 * be brought to say on demand, such as every state at once. It is told what to say, and writes down what it was asked.
 */
import type { Backend } from '../../main/backend-options.ts'
import { AppError } from '../../preload/contract/errors.ts'
import { type Contract, contract } from '../../preload/contract/index.ts'
import type {
  AboutProgram,
  ArchiveRow,
  Availability,
  AvailabilitySummary,
  Change,
  Entry,
  NetworkStatus,
  NewFile,
  OpenedLink,
  PeerName,
  PeerRow,
  Settings,
  TrafficRow,
  TransferRow,
} from '../../preload/contract/models.ts'
import { type Handlers, serve } from '../../preload/wire/serve.ts'
import * as fixtures from './fixtures.ts'

/** A collection that can be watched, as the real ones can. */
class Rows<T extends { readonly id: string }> {
  readonly #rows = new Map<string, T>()
  readonly #watchers = new Set<(change: Change<T>) => void>()

  constructor(rows: readonly T[]) {
    for (const row of rows) this.#rows.set(row.id, row)
  }

  get(id: string): T | undefined {
    return this.#rows.get(id)
  }

  put(item: T): void {
    this.#rows.set(item.id, item)
    for (const tell of this.#watchers) tell({ op: 'put', item })
  }

  delete(id: string): void {
    this.#rows.delete(id)
    for (const tell of this.#watchers) tell({ op: 'delete', id })
  }

  clear(): void {
    for (const id of [...this.#rows.keys()]) this.delete(id)
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly Change<T>[]> {
    let pending: Change<T>[] = []
    let wake = () => {}
    const tell = (change: Change<T>) => {
      pending.push(change)
      wake()
    }
    this.#watchers.add(tell)
    signal.addEventListener('abort', () => wake())
    try {
      yield [{ op: 'reset' }, ...[...this.#rows.values()].map(item => ({ op: 'put', item }) as const)]
      while (!signal.aborted) {
        if (pending.length > 0) {
          const changes = pending
          pending = []
          yield changes
        } else {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      }
    } finally {
      this.#watchers.delete(tell)
    }
  }
}

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGNgYGD4jwePSqMCAOQ3Y51SbWGXAAAAAElFTkSuQmCC',
  'base64',
)

export class ScriptedBackend implements Backend {
  readonly options = { storage: '/home/mia/.local/share/cairn', bootstrap: [], join: true }
  readonly archives: Rows<ArchiveRow>
  readonly transfers: Rows<TransferRow>
  readonly peers: Rows<PeerRow>
  readonly traffic: Rows<TrafficRow>
  readonly names = new Rows<PeerName>(fixtures.people)
  readonly summaries = new Rows<AvailabilitySummary>(fixtures.summaries)
  readonly availability = new Rows<Availability>(fixtures.availability)
  readonly network: Rows<NetworkStatus>
  readonly settings: Rows<Settings>
  /** Every call that changes something, in order. */
  readonly calls: { readonly name: string; readonly input: unknown }[] = []
  /** Names of folders' entries by path, of all archives but the huge one. */
  entries: readonly Entry[] = fixtures.entries
  /** What an update that waits would change. */
  update: readonly NewFile[] = fixtures.newFiles
  about: AboutProgram = fixtures.about
  pagesRead = 0
  readonly #clients = new Set<{ close(): void }>()

  constructor({ empty = false }: { readonly empty?: boolean } = {}) {
    this.archives = new Rows(empty ? [] : fixtures.archives)
    this.transfers = new Rows(empty ? [] : fixtures.transfers)
    this.peers = new Rows(empty ? [] : fixtures.peers)
    this.traffic = new Rows(empty ? [] : fixtures.traffic)
    this.network = new Rows([
      empty ? { ...fixtures.network, state: { name: 'waiting-for-consent' }, peers: 0 } : fixtures.network,
    ])
    this.settings = new Rows([{ ...fixtures.settings, consented: !empty, welcomed: !empty }])
  }

  accept(transport: Parameters<Backend['accept']>[0]): void {
    this.#clients.add(transport)
    transport.onClose(() => this.#clients.delete(transport))
    serve(contract, this.#handlers(), transport, {
      onIncident: ({ path, error }) => console.error('scripted backend', path, error),
    })
  }

  /** As if the program ended: every page loses its connection. */
  hangUp(): void {
    for (const client of this.#clients) client.close()
  }

  async content(request: Request): Promise<Response> {
    const path = decodeURIComponent(new URL(request.url).pathname)
    if (/\.(jpg|png)$/.test(path)) return new Response(PNG, { headers: { 'content-type': 'image/png' } })
    return new Response('# A stone\n\nupon a stone.\n', { headers: { 'content-type': 'text/plain' } })
  }

  async receive(): Promise<void> {}
  setPage(): void {}
  async close(): Promise<void> {}

  change(number: number, change: Partial<ArchiveRow>): void {
    const row = this.archives.get(fixtures.keyOf(number))
    if (row) this.archives.put({ ...row, ...change })
  }

  #handlers(): Handlers<Contract> {
    const did =
      <T>(name: string, answer: T) =>
      (input: unknown): T => {
        this.calls.push({ name, input })
        return answer
      }
    const nothing = (name: string) => did(name, undefined)
    const update = () => this.update
    return {
      archives: {
        open: ({ link }) => {
          this.calls.push({ name: 'archives.open', input: { link } })
          return readLink(link)
        },
        readLink: ({ link }) => readLink(link),
        watch: (_, signal) => this.archives.watch(signal),
        retry: nothing('archives.retry'),
        tellWhenFound: nothing('archives.tellWhenFound'),
        describe: ({ key, ...words }) => {
          this.calls.push({ name: 'archives.describe', input: { key, ...words } })
          const row = this.archives.get(key)
          if (row) this.archives.put({ ...row, ...words })
        },
        markSeen: ({ key, length }) => {
          this.calls.push({ name: 'archives.markSeen', input: { key, length } })
          const row = this.archives.get(key)
          if (row) this.archives.put({ ...row, seenLength: length })
        },
        answerRewrite: nothing('archives.answerRewrite'),
        insist: nothing('archives.insist'),
        repair: did('archives.repair', { length: 42 }),
        warrant: did('archives.warrant', { name: 'ybndrfg8.cairn-warrant', text: '{}\n' }),
        keep: nothing('archives.keep'),
        keepInFolder: did('archives.keepInFolder', { transfer: 't4' }),
        keepParts: did('archives.keepParts', { transfer: 't4' }),
        setUpdates: nothing('archives.setUpdates'),
        answerUpdate: nothing('archives.answerUpdate'),
        watchUpdate: async function* () {
          const files = update()
          yield {
            kind: 'summary',
            to: 45,
            files: files.length,
            missing: files.reduce((sum, { missing }) => sum + missing, 0),
          }
          yield { kind: 'files', files }
        },
        chooseUpdate: did('archives.chooseUpdate', { files: 1, left: 1 }),
        setNotify: nothing('archives.setNotify'),
        setLimits: nothing('archives.setLimits'),
        pause: nothing('archives.pause'),
        giveUp: nothing('archives.giveUp'),
        forget: ({ key }) => {
          this.calls.push({ name: 'archives.forget', input: { key } })
          this.archives.delete(key)
        },
        pinnedLink: ({ key, version }) => ({ link: `hyper://${key}+${version}.7.${'y'.repeat(52)}` }),
      },
      disk: {
        use: () => fixtures.diskUse,
        folder: () => fixtures.folderUse,
        clear: did('disk.clear', { cleared: 310_000_000 }),
      },
      publish: {
        review: () => {
          throw new AppError('NOTHING_TO_PUBLISH', 'Nothing', { paths: [] })
        },
        reviewDropped: () => {
          throw new AppError('NOTHING_TO_PUBLISH', 'Nothing', { paths: [] })
        },
        start: did('publish.start', { key: fixtures.keyOf(1), link: '', transfer: 't2' }),
        startUpload: did('publish.startUpload', { key: fixtures.keyOf(1), link: '', upload: 'u', transfer: 't2' }),
        finishUpload: nothing('publish.finishUpload'),
        remove: did('publish.remove', { before: 4, files: 1 }),
        rename: did('publish.rename', { before: 4, files: 1 }),
        move: did('publish.move', { before: 4, files: 1 }),
        restore: did('publish.restore', { before: 5, files: 1, skipped: [], transfer: null }),
        rules: () => ({ rules: '', exclude: [], includeSuspicious: false }),
        reviewRules: did('publish.reviewRules', fixtures.rulesReview),
        changeRules: nothing('publish.changeRules'),
        moveSource: nothing('publish.moveSource'),
        pause: nothing('publish.pause'),
        answerRemoval: nothing('publish.answerRemoval'),
      },
      read: {
        list: ({ key, folder, cursor, limit, version }) => this.#list(key, folder, cursor, limit, version),
        entry: ({ path }) => this.entries.find(entry => entry.path === path) ?? null,
        measure: () => {},
        grant: () => ({ grant: 'grant' }),
        async *watchZip() {},
        bytes: () => ({ base64: Buffer.from('# A stone\n\nupon a stone.\n').toString('base64'), size: 25 }),
        receipt: did('read.receipt', {
          name: 'beach.jpg.cairn-receipt',
          text: 'Cairn receipt, format 1\n',
          version: 12,
        }),
        download: did('read.download', { transfer: 't1' }),
      },
      proofs: { check: did('proofs.check', undefined as never), feed: did('proofs.feed', undefined) },
      history: {
        list: ({ before, limit }) => {
          const rest = fixtures.changesets.filter(changeset => before === null || changeset.length <= before)
          const page = rest.slice(0, limit)
          return { changesets: page, before: rest.length > limit ? (page.at(-1)?.from ?? null) : null }
        },
        changes: () => ({ files: fixtures.changedFiles, more: false }),
        moments: ({ until, limit }) => {
          const rest = fixtures.changesets.filter(changeset => until === null || changeset.length <= until)
          const moments = rest
            .slice(0, limit)
            .map(({ length, from, time, message }) => ({ version: length, from, time, message, naming: false }))
          return { moments, before: rest.length > limit ? (moments.at(-1)?.from ?? null) : null }
        },
        gone: () => ({ before: null }),
        names: () => ({ names: [], descriptions: [] }),
        name: nothing('history.name'),
        describe: nothing('history.describe'),
        file: () => ({ versions: [], before: null, absent: false }),
        news: () => ({ files: fixtures.newFiles, counts: fixtures.news, missing: 4_100_000 }),
      },
      peers: {
        watch: (_, signal) => this.peers.watch(signal),
        watchTraffic: (_, signal) => this.traffic.watch(signal),
      },
      names: {
        watch: (_, signal) => this.names.watch(signal),
        set: ({ id, name }) => {
          this.calls.push({ name: 'names.set', input: { id, name } })
          if (name === null) this.names.delete(id)
          else this.names.put({ id, name })
        },
      },
      availability: {
        watchAll: (_, signal) => this.summaries.watch(signal),
        watch: (_, signal) => this.availability.watch(signal),
        files: ({ key, paths }) => ({
          held: paths.map(path =>
            this.availability.get(key) === undefined ? null : fixtures.heldAt(path, this.entries),
          ),
        }),
        who: () => ({ holders: fixtures.fileHolders }),
        rarest: () => ({ files: fixtures.rareFiles }),
        part: ({ part }) => ({ part: fixtures.partFiles(part) }),
        needed: () => ({ archives: [] }),
        planFreeing: did('availability.planFreeing', fixtures.freeing),
        free: did('availability.free', fixtures.freeing),
        recall: nothing('availability.recall'),
      },
      transfers: {
        watch: (_, signal) => this.transfers.watch(signal),
        pause: nothing('transfers.pause'),
        resume: nothing('transfers.resume'),
        cancel: nothing('transfers.cancel'),
        clear: nothing('transfers.clear'),
        skipped: () => ({ skipped: [], total: 0 }),
      },
      network: {
        watch: (_, signal) => this.network.watch(signal),
        watchTable: async function* (_, signal) {
          yield fixtures.table
          await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
        },
        watchAnnounces: (_, signal) => new Rows(fixtures.announces).watch(signal),
        lookup: (input, { emit }) => {
          this.calls.push({ name: 'network.lookup', input })
          emit(fixtures.lookupNodes)
          return fixtures.lookup
        },
        check: (input, { emit }) => {
          this.calls.push({ name: 'network.check', input })
          emit(fixtures.check)
          return fixtures.check
        },
      },
      settings: {
        watch: (_, signal) => this.settings.watch(signal),
        update: change => {
          this.calls.push({ name: 'settings.update', input: change })
          const known = this.settings.get('settings')
          if (known) this.settings.put({ ...known, ...change })
        },
      },
      machine: {
        woke: () => {},
        status: () => ({
          version: '0.1.0',
          protocol: 1,
          storage: this.options.storage,
          platform: 'linux',
          pid: 1,
          page: null,
        }),
        about: () => this.about,
        diagnostics: ({ page }) => ({ name: 'cairn-diagnostics.json', text: `${JSON.stringify({ page })}\n` }),
        folders: ({ path }) => ({
          path: path ?? '/home/mia',
          parent: '/home',
          folders: ['Documents', 'Downloads', 'Music', 'Pictures'].map(name => ({ name, path: `/home/mia/${name}` })),
          places: [{ name: 'Home', path: '/home/mia' }],
        }),
        createFolder: ({ parent, name }) => ({ path: `${parent}/${name}` }),
      },
    }
  }

  #list(key: string, folder: string, cursor: string | null, limit: number, version: number | null) {
    this.pagesRead++
    const row = this.archives.get(key)
    const answer = { version: version ?? row?.length ?? 1 }
    if (row?.files === 0) return { ...answer, entries: [], cursor: null }
    if (key === fixtures.keyOf(fixtures.numbers.huge)) {
      const start = Number(cursor ?? 0)
      const end = Math.min(fixtures.HUGE, start + limit)
      const entries = Array.from({ length: end - start }, (_, index) => fixtures.hugeEntry(start + index))
      return { ...answer, entries, cursor: end < fixtures.HUGE ? String(end) : null }
    }
    if (folder === '/') return { ...answer, entries: this.entries, cursor: null }
    if (folder === '/Day 1') return { ...answer, entries: fixtures.inFolder, cursor: null }
    if (this.entries.some(entry => entry.kind === 'folder' && entry.path === folder))
      return { ...answer, entries: [], cursor: null }
    throw new AppError('PATH_NOT_FOUND', 'Not there', { key, path: folder })
  }
}

function readLink(link: string): OpenedLink {
  if (link.startsWith('dat:')) throw new AppError('OLD_DAT_LINK', 'Old', { link })
  const key = /[a-z0-9]{52}/.exec(link)?.[0]
  if (key === undefined) throw new AppError('INVALID_LINK', 'Not a link', { link, at: 8, expected: 'a key' })
  return { key, version: null, path: '/', pin: null }
}
