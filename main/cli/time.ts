/** `cairn restore`, `cairn versions`, `cairn name`, `cairn describe` and `cairn gone`: what an archive was, and how that comes back. */
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import { LONGEST_MESSAGE } from '../../preload/contract/index.ts'
import type { FileVersion, FileVersions, GoneEntry, GoneProgress } from '../../preload/contract/models.ts'
import { type Command, FROM_STDIN } from './arguments.ts'
import { type Context, followTransfer, openArchive, readLink } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { count, oneLine, printable, said, size, time } from './words.ts'

const PAGE = 50

export async function restore(context: Context, command: Command & { name: 'restore' }): Promise<number> {
  const { client, output, signal } = context
  const { key, version: pinned, path, row } = await openArchive(context, await readLink(context, command.link), null)
  if (row.ownership !== 'yours')
    throw new CliError(
      'NOT_YOURS',
      'Only its author can change this archive. cairn get LINK+VERSION/path FOLDER takes an earlier version of it.',
    )
  const version = command.version ?? pinned
  if (version === null)
    throw new CliError(
      'USAGE',
      'Which version? Say --version N; cairn history LINK and cairn versions LINK/path list them',
    )
  const { before, files, skipped, transfer } = await client.publish.restore(
    { key, version, paths: [command.path ?? path], ...said(command.message) },
    { signal },
  )
  if (transfer !== null) {
    const done = await followTransfer(context, ({ id }) => id === transfer, null)
    for (const one of done.skipped) output.result(left(one.path, one.detail), { skipped: one })
  }
  for (const one of skipped) output.result(left(one.path, one.detail), { skipped: one })
  output.result(
    files === 0 && skipped.length > 0
      ? 'Nothing was restored.'
      : files === 0
        ? `Nothing to restore: it is what it was in version ${version}.`
        : `Restored ${count(files, 'file')} of version ${version}. --version ${before} undoes it.`,
    { restored: { key, version, before, files } },
  )
  return EXIT.done
}

const left = (path: string, detail: string) => `left     ${printable(path)}: ${printable(detail)}`

export async function versions(context: Context, command: Command & { name: 'versions' }): Promise<number> {
  const { client, output, signal } = context
  const { key, version, path } = await openArchive(context, await readLink(context, command.link), command.timeout)
  if (path === '/') return named(context, key)
  let shown = 0
  for (let until = version; ; ) {
    const page: FileVersions = await client.history.file({ key, path, until, limit: PAGE }, { signal })
    for (const one of page.versions) output.result(line(one), one)
    shown += page.versions.length
    until = page.before
    if (until === null || page.absent) break
  }
  if (shown === 0) throw new AppError('PATH_NOT_FOUND', `There is no file ${path} in this version.`, { key, path })
  return EXIT.done
}

async function named({ client, output, signal }: Context, key: string): Promise<number> {
  const { names } = await client.history.names({ key }, { signal })
  for (const one of names)
    output.result(
      [
        `version ${one.version}`.padEnd(14),
        `named ${time(one.time)}`,
        `${printable(one.name)}${one.own ? ' (by you alone)' : ''}`,
      ].join('  '),
      one,
    )
  if (names.length === 0) output.note('No version has a name: cairn name LINK NAME --version N gives one.')
  return EXIT.done
}

export async function name(context: Context, command: Command & { name: 'name' }): Promise<number> {
  const { client, output, signal } = context
  const { key, version: pinned, row } = await openArchive(context, await readLink(context, command.link), null)
  const version = command.version ?? pinned ?? row.length
  await client.history.name({ key, version, name: command.called }, { signal })
  output.result(
    command.called === null
      ? `Version ${version} has no name any more.`
      : `Version ${version} is called ${printable(command.called)}${row.ownership === 'yours' ? '' : ', by you alone'}.`,
    { named: { key, version, name: command.called } },
  )
  return EXIT.done
}

export async function describe(context: Context, command: Command & { name: 'describe' }): Promise<number> {
  const { client, output, signal, stdin } = context
  const { key, version: pinned, row } = await openArchive(context, await readLink(context, command.link), null)
  if (row.ownership !== 'yours')
    throw new CliError(
      'NOT_YOURS',
      'Only its author can describe a version of this archive. cairn name LINK NAME --version N gives it a name for you.',
    )
  const { changesets } = await client.history.list({ key, before: null, limit: PAGE }, { signal })
  const newest = changesets.find(({ naming, describing }) => naming === null && describing === null)
  const version = command.version ?? pinned ?? newest?.length ?? row.length
  const text = (command.text === FROM_STDIN ? await stdin() : command.text)?.trim() ?? null
  if (text === '')
    throw new CliError('USAGE', 'The text is empty. Without a text, nothing is said of the version any more')
  if (text !== null && text.length > LONGEST_MESSAGE)
    throw new CliError('USAGE', `The text is longer than ${LONGEST_MESSAGE} characters`)
  await client.history.describe({ key, version, message: text }, { signal })
  output.result(
    text === null
      ? `Nothing is said of version ${version} any more.`
      : `Version ${version} is described: ${printable(oneLine(text))}`,
    { described: { key, version, message: text } },
  )
  return EXIT.done
}

function line({ version, time: when, change, entry }: FileVersion): string {
  return [
    `version ${version}`.padEnd(14),
    when === null ? 'time unknown    ' : time(when),
    wordOf(change).padEnd(8),
    size(entry.size).padStart(8),
  ].join('  ')
}

function wordOf(change: FileVersion['change']): string {
  switch (change) {
    case 'added':
    case 'changed':
    case 'touched':
      return change
    default:
      return assertNever(change)
  }
}

/** Newest first. Without `all` one part of the log after the other is looked through until something was found. */
export async function gone(context: Context, command: Command & { name: 'gone' }): Promise<number> {
  const { client, output, signal } = context
  const {
    key,
    version,
    path: folder,
    row,
  } = await openArchive(context, await readLink(context, command.link), command.timeout)
  const newest = version ?? row.length
  const seen = new Set<string>()
  const show = ({ entries, at }: GoneProgress) => {
    for (const entry of entries) {
      if (seen.has(entry.path)) continue
      seen.add(entry.path)
      output.result(goneLine(entry), entry)
    }
    output.progress(`looked back to version ${at} of ${newest}`, { at, of: newest })
  }
  let until: number | null = null
  do {
    const page: { readonly before: number | null } = await client.history.gone(
      { key, version, folder, name: command.part, below: true, until, limit: 1000 },
      { signal, onProgress: show },
    )
    until = page.before
  } while (until !== null && (command.all || seen.size === 0))
  if (seen.size === 0) output.note('Nothing is gone from it.')
  else if (until !== null) output.note(`Looked back to version ${until}: --all goes on to the beginning.`)
  return EXIT.done
}

function goneLine({ kind, path, size: bytes, gone: { version, time: when } }: GoneEntry): string {
  return [
    `version ${version}`.padEnd(14),
    when === null ? 'time unknown    ' : time(when),
    (kind === 'file' ? size(bytes) : '').padStart(8),
    `${printable(path)}${kind === 'folder' ? '/' : ''}`,
  ].join('  ')
}
