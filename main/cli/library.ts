/** `cairn status`, `cairn notify` and `cairn forget`: what is on this machine, and what is told of it. */
import type { ArchiveRow, ArchiveSource, TransferRow } from '../../preload/contract/models.ts'
import type { Command } from './arguments.ts'
import { type Context, knownRow } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import {
  count,
  gone,
  keeping,
  network,
  pending,
  printable,
  progress,
  rates,
  rewritten,
  size,
  state,
  time,
  verdict,
} from './words.ts'

export async function status({ client, attached, output, signal }: Context): Promise<number> {
  const [machine, archives, transfers, networks] = await Promise.all([
    client.machine.status(undefined, { signal }),
    new Mirror(client.archives.watch(undefined, { signal })).all(),
    new Mirror(client.transfers.watch(undefined, { signal })).all(),
    new Mirror(client.network.watch(undefined, { signal })).all(),
  ])
  const net = networks.get('network')
  output.result(`storage   ${machine.storage}`, { machine: { ...machine, running: attached } })
  if (!output.json) {
    output.result(`running   ${attached ? `yes, as process ${machine.pid}` : 'no'}`, null)
    if (machine.page !== null) output.result(`page      ${machine.page}`, null)
  }
  if (net !== undefined) output.result(`network   ${attached ? network(net) : 'off'}`, { network: net })
  if (net !== undefined && !output.json && (net.limits.down !== null || net.limits.up !== null))
    output.result(`limits    ${rates(net.limits)}${net.limits.scheduled ? ', at this time' : ''}`, null)
  for (const archive of archives.values()) output.result(archiveLines(archive, attached), { archive })
  if (archives.size === 0 && !output.json)
    output.result('archives  none yet: cairn publish PATH, or cairn ls LINK', null)
  for (const transfer of transfers.values()) output.result(transferLine(transfer), { transfer })
  return EXIT.done
}

function archiveLines(row: ArchiveRow, running: boolean): string {
  const how = row.ownership === 'yours' ? 'yours' : keeping(row.keeping)
  const content = row.files === null || row.bytes === null ? '' : `, ${count(row.files, 'file')}, ${size(row.bytes)}`
  const source =
    row.source === null
      ? []
      : [
          `          from ${row.source.paths.map(printable).join(', ')} (${sourceState(row.source.state, row.stillBeingAdded, running)})`,
        ]
  const { kept, chosen, pending: waits } = row.updates
  const beside = chosen === null ? '' : ` with files chosen out of later ones, up to version ${chosen}`
  return [
    `archive   ${printable(row.title)}: ${how}, version ${row.length}${content}; ${row.paused ? 'paused: cairn resume LINK goes on' : state(row.state)}${watched(row)}${row.ownership === 'friends' && !row.notify ? '; no notifications' : ''}`,
    `          ${row.link}`,
    ...source,
    ...(row.rewritten === null ? [] : [`          ${rewritten(row.rewritten, row.ownership === 'yours')}`]),
    ...(waits === null
      ? []
      : [`          keeps version ${kept ?? 0}${beside}; ${pending(waits)}: answer with cairn take LINK`]),
  ].join('\n')
}

const watched = ({ watched }: ArchiveRow): string =>
  watched === null
    ? ''
    : watched.foundAt === null
      ? `; watched for since ${time(watched.since)}`
      : `; found at ${time(watched.foundAt)}, after you asked to be told`

function sourceState(state: ArchiveSource['state'], unfinished: boolean, running: boolean): string {
  switch (state.name) {
    case 'asks-removal':
      return `${gone(state)}: answer with cairn resume LINK --remove, or put them back`
    case 'importing':
    case 'watching':
      // This look itself begins to go through the folder, and ends before that is done.
      return running ? state.name : unfinished ? 'the rest is added when Cairn runs' : 'followed when Cairn runs'
    default:
      return state.name
  }
}

const transferLine = (row: TransferRow): string =>
  `transfer  ${row.kind} of ${printable(row.title)}: ${row.state.name}, ${progress(row)}`

/** The page shows them, in the browser or on the desktop: this says of what. */
export async function notify(context: Context, command: Command & { name: 'notify' }): Promise<number> {
  const { client, output, signal } = context
  if (command.link === null) {
    if (command.on !== null) await client.settings.update({ notify: command.on }, { signal })
    const settings = (await new Mirror(client.settings.watch(undefined, { signal })).all()).get('settings')
    const on = command.on ?? settings?.notify ?? true
    output.result(
      on
        ? 'The page notifies you of changes, except to archives for which that is switched off.'
        : 'The page notifies you of nothing.',
      { notify: on },
    )
    return EXIT.done
  }
  const row = await knownRow(context, command.link)
  if (row.ownership === 'yours')
    throw new CliError('USAGE', 'This archive is yours: you are notified of the changes of others only.')
  if (command.on !== null) await client.archives.setNotify({ key: row.id, notify: command.on }, { signal })
  const on = command.on ?? row.notify
  const title = printable(row.title) || 'this archive'
  output.result(
    on
      ? `The page notifies you of changes to ${title}.`
      : `The page does not notify you of changes to ${title}. They are counted in the library all the same.`,
    { notify: on, key: row.id },
  )
  return EXIT.done
}

export async function forget(context: Context, command: Command & { name: 'forget' }): Promise<number> {
  const { client, output, signal, ask } = context
  const { id: key, ownership, title } = await knownRow(context, command.link)
  if (ownership === 'yours' && !command.yes) {
    const words = [
      `${printable(title) || 'This archive'} is yours. Forgotten, it is not shared any more, and nobody, not even you, can change it again.`,
      `Your files stay where they are. Copies that others hold stay, too. As far as is known here: ${await heldElsewhere(context, key)}`,
    ].join('\n')
    if (ask === null) throw new CliError('NEEDS_A_YES', `${words}\nTo forget it all the same, add --yes.`)
    if (!(await ask(`${words}\nForget it? Type yes: `))) throw new CliError('NEEDS_A_YES', 'Nothing was forgotten.')
  }
  await client.archives.forget({ key }, { signal })
  output.result('Forgotten. Copies that others hold stay.', { forgotten: key })
  return EXIT.done
}

/** How long an archive's list may take to be counted, in milliseconds. */
const COUNTING = 2000

/** Who else holds it, those included who are away. */
async function heldElsewhere({ client, signal }: Context, key: string): Promise<string> {
  const mirror = new Mirror(client.availability.watch({ key }, { signal }))
  const until = performance.now() + COUNTING
  await mirror.all()
  while ((mirror.rows.get(key)?.remembered.name ?? 'unknown') === 'unknown' && performance.now() < until)
    await mirror.change(until - performance.now())
  const said = mirror.rows.get(key)?.remembered ?? { name: 'unknown' }
  return said.name === 'unknown'
    ? 'nothing of who else holds it.'
    : verdict(said)
        .replace(/^Safe: /, '')
        .replace(/^[A-Z]/, letter => letter.toLowerCase())
}
