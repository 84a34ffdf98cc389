/**
 * How a running Cairn stands, for somebody who helps: versions, states, counts and durations, each named here one by one. What
 * people have named, where things lie, and who is who is in none of them. Pure.
 */
import type {
  AboutProgram,
  ArchiveRow,
  DiskUse,
  NetworkStatus,
  PageEngine,
  Settings,
  TrafficRow,
  TransferRow,
} from '../../preload/contract/models.ts'
import { readLine } from './log-lines.ts'
import { Redaction } from './redaction.ts'

export type Standing = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly about: AboutProgram
  /** null: a command asked. */
  readonly page: PageEngine | null
  readonly protocol: number
  readonly process: {
    /** Seconds. */
    readonly running: number
    /** Bytes. */
    readonly memory: { readonly resident: number; readonly heap: number; readonly outside: number }
    /** By how much the loop was late within the last second, in milliseconds. */
    readonly loopDelay: { readonly median: number; readonly p99: number; readonly most: number }
  }
  readonly machine: { readonly processors: number; readonly memory: number; readonly freeMemory: number }
  readonly settings: Settings
  readonly archives: readonly ArchiveRow[]
  readonly transfers: readonly TransferRow[]
  readonly network: NetworkStatus | undefined
  readonly traffic: TrafficRow | undefined
  /** null: it could not be counted in time. */
  readonly disk: DiskUse | null
  /** Of the log, the latest last. */
  readonly lines: readonly string[]
  /** What else people and machines are called here: accounts, hosts, friends. */
  readonly names: readonly string[]
  /** What can be called, and the packages that come with this program. */
  readonly procedures: ReadonlySet<string>
  readonly packages: ReadonlySet<string>
}

/** Archives and transfers that are told one by one, and lines of the log. */
const TOLD = 200
const LINES = 50

/** As it is saved. */
export function report(standing: Standing): string {
  const redaction = new Redaction(namesIn(standing))
  const archives = standing.archives.slice(0, TOLD).map(row => archive(row, standing.at, redaction))
  const errors = standing.lines
    .map(line => readLine(line, redaction, standing))
    .filter(entry => entry !== null)
    .slice(-LINES)
  const told = {
    about:
      'Cairn wrote this on request. Keys, links, names, paths and addresses are left out; archive-1 is the same archive throughout.',
    made: new Date(standing.at).toISOString(),
    program: program(standing),
    machine: standing.machine,
    process: standing.process,
    settings: settings(standing.settings),
    network: network(standing.network, redaction),
    passed: standing.traffic === undefined ? null : { today: standing.traffic.today, ever: standing.traffic.ever },
    disk: disk(standing.disk),
    counts: {
      yours: standing.archives.filter(({ ownership }) => ownership === 'yours').length,
      friends: standing.archives.filter(({ ownership }) => ownership === 'friends').length,
      files: sum(standing.archives.map(({ files }) => files ?? 0)),
      bytes: sum(standing.archives.map(({ bytes }) => bytes ?? 0)),
      peers: standing.network?.peers ?? 0,
      transfers: standing.transfers.length,
    },
    archives,
    transfers: standing.transfers.slice(0, TOLD).map(row => transfer(row, standing.at, redaction)),
    errors,
  }
  return `${JSON.stringify(told, null, 2)}\n`
}

function program({ about, page, protocol }: Standing) {
  const { version, platform, release, arch, node, electron, chromium, modules, log } = about
  return {
    cairn: version,
    protocol,
    platform,
    // What follows the number may be anything, as where somebody has built their own.
    release: /^\d{1,6}(?:\.\d{1,6}){0,2}/.exec(release)?.[0] ?? null,
    arch,
    node,
    electron,
    chromium,
    page: page && { name: page.name, version: page.version },
    modules: Object.fromEntries(modules.map(module => [module.name, module.version])),
    logBytes: log.bytes,
  }
}

const settings = ({ consented, welcomed, theme, notify, cache, limits, paused, room, bootstrap }: Settings) => ({
  consented,
  welcomed,
  theme,
  notify,
  cache,
  limits: {
    down: limits.down,
    up: limits.up,
    connections: limits.connections,
    times: limits.schedule.length,
  },
  paused,
  room,
  ownBootstrapNodes: bootstrap.length,
})

function network(status: NetworkStatus | undefined, redaction: Redaction) {
  if (status === undefined) return null
  const { state, reach, room, bootstrap, peers, rateDown, rateUp, bytesDown, bytesUp, limits } = status
  return {
    state: state.name,
    verdict: reach.verdict,
    knownFrom: reach.evidence.map(line => redaction.text(line)),
    beginsWith: { chosen: bootstrap.chosen, nodes: bootstrap.nodes.length },
    addressKnown: status.address !== null,
    localNetwork: { state: room.state, near: room.near, peers: room.peers },
    peers,
    rateDown,
    rateUp,
    bytesDown,
    bytesUp,
    limits: { down: limits.down, up: limits.up, scheduled: limits.scheduled },
  }
}

const disk = (use: DiskUse | null) =>
  use && {
    store: use.store,
    free: use.free,
    cached: use.cached,
    budget: use.budget,
    content: sum(use.archives.map(({ content }) => content)),
    lists: sum(use.archives.map(({ list }) => list)),
  }

function archive(row: ArchiveRow, now: number, redaction: Redaction) {
  const { state, source, updates, rewritten, held } = row
  const { pending } = updates
  return {
    archive: redaction.archive(row.id),
    ownership: row.ownership,
    private: row.private,
    state: state.name,
    ...('reason' in state ? { reason: state.reason } : {}),
    ...('since' in state ? { secondsSince: seconds(now - state.since) } : {}),
    ...('candidates' in state ? { candidates: state.candidates, attempts: attempts(state.attempts) } : {}),
    version: row.length,
    files: row.files,
    bytes: row.bytes,
    peers: row.peers,
    keeping: row.keeping.how,
    paused: row.paused,
    held: { blocks: held.blocks, ofBlocks: held.ofBlocks, bytes: held.bytes, ofBytes: held.ofBytes },
    stillBeingAdded: row.stillBeingAdded,
    source: source && {
      places: source.paths.length,
      state: source.state.name,
      ...(source.state.name === 'failed' ? { code: redaction.word(source.state.error.code, CODE) } : {}),
    },
    keptVersion: updates.kept,
    updateWaits: pending && {
      why: pending.why,
      files: pending.added + pending.changed + pending.removed + pending.renamed,
    },
    rewritten: rewritten && { kind: rewritten.kind, answer: rewritten.answer },
  }
}

const attempts = ({
  connecting,
  connected,
  silent,
  blocked,
  refused,
}: Extract<ArchiveRow['state'], { name: 'looking' }>['attempts']) => ({
  connecting,
  connected,
  silent,
  blocked,
  refused,
})

const transfer = (row: TransferRow, now: number, redaction: Redaction) => ({
  archive: redaction.archive(row.key),
  kind: row.kind,
  state: row.state.name,
  ...(row.state.name === 'failed' ? { code: redaction.word(row.state.error.code, CODE) } : {}),
  files: row.files,
  ofFiles: row.ofFiles,
  bytes: row.bytes,
  ofBytes: row.ofBytes,
  rate: row.rate,
  skipped: row.skippedCount,
  secondsTaken: seconds((row.endedAt ?? now) - row.startedAt),
})

const CODE = /^[A-Z][A-Z0-9_]{1,40}$/
const seconds = (milliseconds: number): number => Math.round(milliseconds / 1000)
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Everything that the person or somebody else has named, so that it is known where it turns up in a text. */
function namesIn({ archives, transfers, settings, network, names }: Standing): readonly string[] {
  const hosts = [...settings.bootstrap, ...(network?.bootstrap.nodes ?? [])].map(node => node.replace(/:\d+$/, ''))
  return [
    ...names,
    ...hosts,
    settings.author,
    ...archives.flatMap(row => [row.title, row.author]),
    ...transfers.map(row => row.title),
  ]
}
