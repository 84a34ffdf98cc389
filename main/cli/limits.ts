/** `cairn limits`, `cairn peers`, and `cairn pause --all`: how quickly things pass, and what has. */
import type { Limits, NetworkStatus, PeerRow, Rates, Settings, TrafficRow } from '../../preload/contract/models.ts'
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import { parseLink } from '../archives/links.ts'
import { shortKey } from '../lib/short-key.ts'
import type { Command } from './arguments.ts'
import { type Context, readLink } from './context.ts'
import { EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import { count, duration, printable, rates, size } from './words.ts'
import { sayTimes } from './week.ts'

/** How long rates that were changed just now may take to be in force, in milliseconds. */
const SOON = 500

export async function limits(context: Context, command: Command & { name: 'limits' }): Promise<number> {
  const { client, output, signal } = context
  const changed = (before: Rates): Rates => ({
    down: command.down === null ? before.down : command.down === 'any' ? null : command.down,
    up: command.up === null ? before.up : command.up === 'any' ? null : command.up,
  })
  if (command.link !== null) {
    const { key } = parseLink(await readLink(context, command.link))
    const rows = await new Mirror(client.archives.watch(undefined, { signal })).all()
    const row = rows.get(key)
    if (row === undefined) throw new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library', { key })
    const own = changed(row.limits)
    if (own.down !== row.limits.down || own.up !== row.limits.up)
      await client.archives.setLimits({ key, ...own }, { signal })
    output.result(`${printable(row.title)}: ${rates(own)}`, { limits: { key, ...own } })
    return EXIT.done
  }
  const { limits: before } = await settingsOf(context)
  let next: Limits = command.connections === null ? before : { ...before, connections: command.connections }
  if (command.at === 'none') next = { ...next, schedule: [] }
  if (command.at === 'none' || command.at === null) next = { ...next, ...changed(next) }
  else {
    const { days, from, to } = command.at
    // What is not named stays as it is usually.
    const times = { days, from, to, ...changed(next) }
    // The newest comes first: it holds where others cover the same time.
    next = { ...next, schedule: [times, ...next.schedule.filter(other => sayTimes(other) !== sayTimes(times))] }
  }
  if (JSON.stringify(next) !== JSON.stringify(before)) await client.settings.update({ limits: next }, { signal })
  output.result(`usual        ${rates(next)}`, { limits: next })
  if (!output.json) {
    for (const times of next.schedule) output.result(`at times     ${sayTimes(times)}: ${rates(times)}`, null)
    if (next.schedule.length > 1)
      output.result('             Where several cover the same time, the first of them holds.', null)
    output.result(`connections  ${count(next.connections, 'machine')} at most`, null)
  }
  const network = new Mirror(client.network.watch(undefined, { signal }))
  await network.all()
  await network.change(SOON)
  const inForce = network.rows.get('network')?.limits
  if (inForce?.scheduled === true) output.result(`now          ${rates(inForce)}`, { now: inForce })
  const rows = await new Mirror(client.archives.watch(undefined, { signal })).all()
  for (const { id, title, limits: own } of rows.values())
    if (own.down !== null || own.up !== null)
      output.result(`archive      ${printable(title)}: ${rates(own)}`, { limits: { key: id, ...own } })
  return EXIT.done
}

export async function pauseAll({ client, output, signal, attached }: Context, paused: boolean): Promise<number> {
  await client.settings.update({ paused }, { signal })
  output.result(
    paused
      ? 'Everything is paused: nothing is fetched, and nobody reaches what you share, until cairn resume --all.'
      : attached
        ? 'Everything goes on.'
        : 'Everything goes on whenever Cairn runs.',
    { paused },
  )
  return EXIT.done
}

export async function peers(context: Context, command: Command & { name: 'peers' }): Promise<number> {
  const { client, output, signal, attached } = context
  const wanted = command.link === null ? null : parseLink(await readLink(context, command.link)).key
  const [archives, traffic, networks, names] = await Promise.all([
    new Mirror(client.archives.watch(undefined, { signal })).all(),
    new Mirror(client.peers.watchTraffic(undefined, { signal })).all(),
    new Mirror(client.network.watch(undefined, { signal })).all(),
    new Mirror(client.names.watch(undefined, { signal })).all(),
  ])
  if (wanted !== null && !archives.has(wanted))
    throw new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library', { key: wanted })
  if (!attached) output.note('Cairn is not running on this storage, so that nobody is connected.')
  for (const { id: key, title } of archives.values()) {
    if (wanted !== null && key !== wanted) continue
    const rows = attached ? await new Mirror(client.peers.watch({ key }, { signal })).all() : new Map<string, PeerRow>()
    const passed = traffic.get(key)
    if (rows.size === 0 && passed === undefined && wanted === null) continue
    if (!output.json) output.result(`${printable(title)}${passed === undefined ? '' : `: ${sayPassed(passed)}`}`, null)
    else if (passed !== undefined) output.result('', { traffic: passed })
    for (const peer of rows.values())
      output.result(peerLine(peer, names.get(peer.id)?.name ?? null), { peer: { ...peer, archive: key } })
  }
  const all = traffic.get('all')
  if (wanted === null && all !== undefined) output.result(totalLines(all, networks.get('network')), { traffic: all })
  return EXIT.done
}

async function settingsOf({ client, signal }: Context): Promise<Settings> {
  return (await new Mirror(client.settings.watch(undefined, { signal })).all()).get('settings')!
}

function peerLine(peer: PeerRow, name: string | null): string {
  const who = name === null ? shortKey(peer.id) : printable(name)
  const since = duration(Math.max(0, (Date.now() - peer.connectedAt) / 1000))
  const away =
    peer.roundTrip === null || peer.way === 'machine' || peer.way === 'local'
      ? ''
      : `, ${Math.round(peer.roundTrip)} ms away`
  return [
    `  ${who}  ${peer.way === 'relayed' ? 'by way of ' : ''}${printable(peer.address)}, ${sayWay(peer.way)}${away}, for ${since}`,
    `    since Cairn was started: down ${size(peer.bytesDown)} in ${count(peer.blocksDown, 'block')} (${size(peer.rateDown)}/s), up ${size(peer.bytesUp)} in ${count(peer.blocksUp, 'block')} (${size(peer.rateUp)}/s)`,
    `    everything between the two machines, since Cairn was started: down ${size(peer.wireDown)}, up ${size(peer.wireUp)}`,
  ].join('\n')
}

function sayWay(way: PeerRow['way']): string {
  switch (way) {
    case 'machine':
      return 'on this machine'
    case 'local':
      return 'in your network'
    case 'straight':
      return 'directly'
    case 'punched':
      return 'directly, through both routers'
    case 'relayed':
      return 'a third machine that passes everything on'
    default:
      return assertNever(way)
  }
}

const sayPassed = ({ today, ever }: TrafficRow): string =>
  `today down ${size(today.bytesDown)}, up ${size(today.bytesUp)}; ever down ${size(ever.bytesDown)}, up ${size(ever.bytesUp)}`

function totalLines(all: TrafficRow, status: NetworkStatus | undefined): string {
  const { wire } = all
  const now = status === undefined ? '' : `\n  now: down ${size(status.rateDown)}/s, up ${size(status.rateUp)}/s`
  const sockets =
    wire === null
      ? ''
      : `\n  with all that finding and encrypting takes: today down ${size(wire.today.down)}, up ${size(wire.today.up)}; ever down ${size(wire.ever.down)}, up ${size(wire.ever.up)}`
  return `All archives: ${sayPassed(all)}${sockets}${now}`
}
