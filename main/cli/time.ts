/** `cairn restore` and `cairn versions`: what an archive was, and how that comes back. */
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import type { FileVersion, FileVersions } from '../../preload/contract/models.ts'
import type { Command } from './arguments.ts'
import { type Context, followTransfer, openArchive, readLink } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { count, printable, size, time } from './words.ts'

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
    { key, version, paths: [command.path ?? path] },
    { signal },
  )
  if (transfer !== null) {
    const done = await followTransfer(context, ({ id }) => id === transfer, null)
    for (const one of done.skipped) output.result(left(one.path, one.detail), { skipped: one })
  }
  for (const one of skipped) output.result(left(one.path, one.detail), { skipped: one })
  output.result(
    files === 0
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
