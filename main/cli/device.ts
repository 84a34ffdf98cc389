/** `cairn disk` and `cairn take`: what archives take on this machine, and which updates of what is kept are taken. */
import { AppError } from '../../preload/contract/errors.ts'
import type { ArchiveRow, DiskUse, NewFile, UpdatePart } from '../../preload/contract/models.ts'
import { parseLink } from '../archives/links.ts'
import { wantedBy } from '../keeping/parts.ts'
import { linesOf } from '../keeping/standing.ts'
import type { Command } from './arguments.ts'
import { type Context, readLink } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import { count, keeping, pending, printable, size } from './words.ts'

/** How long an update that was published just now may take to be noticed, in milliseconds. */
const NEWS = 3000

export async function disk(context: Context, command: Command & { name: 'disk' }): Promise<number> {
  const { client, output, signal } = context
  const link = command.link === null ? null : parseLink(await readLink(context, command.link))
  if (command.cache !== null) await client.settings.update({ cache: command.cache }, { signal })
  if (command.clear) {
    const { cleared } = await client.disk.clear({ key: link?.key ?? null }, { signal })
    output.result(`Cleared ${size(cleared)} that were looked at and are not kept.`, { cleared })
  }
  if (link !== null) return folder(context, link.key, link.path)
  const rows = await new Mirror(client.archives.watch(undefined, { signal })).all()
  const use = await client.disk.use(undefined, { signal })
  output.result(
    `The storage takes ${size(use.store)}; ${size(use.free)} are free. Only looked at: ${size(use.cached)} of at most ${size(use.budget)}.`,
    { disk: { ...use, archives: undefined } },
  )
  for (const one of [...use.archives].sort((a, b) => b.content - a.content))
    output.result(archiveLine(one, rows.get(one.key)), { archive: one })
  return EXIT.done
}

function archiveLine(use: DiskUse['archives'][number], row: ArchiveRow | undefined): string {
  const how = row === undefined ? '' : row.ownership === 'yours' ? 'yours' : keeping(row.keeping)
  const cached = use.cached === 0 ? '' : `, of which ${size(use.cached)} can be cleared`
  return `${size(use.content).padStart(9)}  ${printable(row?.title ?? use.key)}: ${how}${cached}; its list ${size(use.list)}`
}

async function folder({ client, output, signal }: Context, key: string, path: string): Promise<number> {
  const { entries, older } = await client.disk.folder({ key, folder: path }, { signal })
  for (const entry of [...entries].sort((a, b) => b.held - a.held))
    output.result(
      `${size(entry.held).padStart(9)}  ${printable(entry.name)}${entry.kind === 'folder' ? '/' : ''}${entry.held < entry.size ? ` (of ${size(entry.size)})` : ''}`,
      entry,
    )
  if (path === '/') output.result(`${size(older).padStart(9)}  only in older versions`, { older })
  return EXIT.done
}

export async function take(context: Context, command: Command & { name: 'take' }): Promise<number> {
  const { client, output, signal } = context
  const { key } = parseLink(await readLink(context, command.link))
  const archives = new Mirror(client.archives.watch(undefined, { signal }))
  const row = (await archives.all()).get(key)
  if (row === undefined) throw new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library', { key })
  for (
    const until = performance.now() + NEWS;
    performance.now() < until;
    await archives.change(until - performance.now())
  )
    if (archives.rows.get(key)?.updates.pending !== null) break
  const waits = archives.rows.get(key)?.updates.pending ?? null
  if (waits === null) throw new CliError('USAGE', 'No update of this archive waits for your answer.')
  if (command.list) return listUpdate(context, key)
  if (command.choose.length > 0) return choose(context, key, command.choose)
  await client.archives.answerUpdate({ key, take: !command.stay }, { signal })
  output.result(
    command.stay
      ? `Stays on version ${row.updates.kept ?? 0}: ${pending({ ...waits, stays: true })}.`
      : `Takes version ${waits.to}. It is fetched whenever Cairn runs.`,
    command.stay ? { stays: key } : { takes: { key, version: waits.to } },
  )
  return EXIT.done
}

async function updateOf({ client, signal }: Context, key: string) {
  let summary: Extract<UpdatePart, { kind: 'summary' }> = { kind: 'summary', to: 0, files: 0, missing: 0 }
  const files: NewFile[] = []
  for await (const part of client.archives.watchUpdate({ key }, { signal }))
    if (part.kind === 'summary') summary = part
    else files.push(...part.files)
  return { ...summary, files }
}

async function listUpdate(context: Context, key: string): Promise<number> {
  const { to, files, missing } = await updateOf(context, key)
  for (const file of files)
    context.output.result(
      `${file.change.padEnd(8)}  ${size(file.after ?? file.before ?? 0).padStart(9)}  ${printable(file.path)}${file.from === null ? '' : ` (was ${printable(file.from)})`}`,
      { file },
    )
  context.output.result(`Version ${to}: ${count(files.length, 'file')}, ${size(missing)} to fetch.`, {
    update: { key, version: to, files: files.length, missing },
  })
  return EXIT.done
}

async function choose(context: Context, key: string, patterns: readonly string[]): Promise<number> {
  const { client, output, signal } = context
  const { to, files } = await updateOf(context, key)
  const wanted = wantedBy({ how: 'parts', patterns })
  const isChosen = ({ path, from }: NewFile) => wanted(path) || (from !== null && wanted(from))
  const [chosen, others] = [files.filter(isChosen), files.filter(file => !isChosen(file))]
  if (chosen.length === 0)
    throw new CliError('USAGE', 'Nothing of this update is among what you chose: cairn take LINK --list shows it.')
  const pathsOf = (some: readonly NewFile[]) => some.map(({ path }) => path)
  const paths = linesOf(pathsOf(chosen), pathsOf(others))
  const done = await client.archives.chooseUpdate({ key, to, paths }, { signal })
  output.result(
    done.left === 0
      ? `Takes version ${to}. It is fetched whenever Cairn runs.`
      : `Takes ${count(done.files, 'file')} of version ${to}; ${done.left.toLocaleString('en')} stay as they are. They are fetched whenever Cairn runs.`,
    { chose: { key, version: to, ...done } },
  )
  return EXIT.done
}
