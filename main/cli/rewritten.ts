/** `cairn follow`, `cairn warrant` and `cairn repair`: when the history of an archive itself was changed. */
import { readFile, writeFile } from 'node:fs/promises'
import { AppError } from '../../preload/contract/errors.ts'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { parseLink } from '../archives/links.ts'
import type { Proven } from '../archives/warrant.ts'
import { type Command, TO_STDOUT } from './arguments.ts'
import { type Context, knownRow, readLink } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import type { Output } from './output.ts'
import { rewritten } from './words.ts'

export async function follow(context: Context, command: Command & { name: 'follow' }): Promise<number> {
  const { client, output, signal } = context
  const row = await knownRow(context, command.link)
  const other = row.rewritten?.kind === 'forked' ? row.rewritten.mended : row.rewritten
  if (row.rewritten === null || other === null)
    throw new CliError('USAGE', 'There is no other history of this archive that could be followed.')
  await client.archives.answerRewrite({ key: row.id, follow: !command.stay }, { signal })
  output.result(
    command.stay
      ? `Stays on version ${row.length}, and keeps what is here.`
      : `Follows version ${other.newest}, as soon as somebody who has it is there.`,
    command.stay ? { stays: row.id } : { follows: { key: row.id, version: other.newest } },
  )
  return EXIT.done
}

export async function saveWarrant(context: Context, command: Command & { name: 'warrant' }): Promise<number> {
  const { client, output, signal } = context
  const { key } = parseLink(await readLink(context, command.link))
  const { text } = await client.archives.warrant({ key }, { signal })
  if (command.out === TO_STDOUT) {
    await context.writeOut(Buffer.from(text))
    return EXIT.done
  }
  try {
    await writeFile(command.out, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new CliError('FILE_EXISTS', `${command.out} is there already. Choose another name.`)
  }
  output.result(`The proof is in ${command.out}. cairn warrant --check ${command.out} checks it.`, {
    warrant: { key, file: command.out },
  })
  return EXIT.done
}

/** With no backend, no storage and no peer. */
export async function checkWarrantFile(output: Output, command: Command & { name: 'check-warrant' }): Promise<number> {
  const text = await readFile(command.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new AppError('SOURCE_NOT_FOUND', `There is no file ${command.file}.`, { path: command.file })
    throw new AppError('SOURCE_UNREADABLE', `${command.file} cannot be read: ${error.message}.`, {
      path: command.file,
      why: error.message,
    })
  })
  const { checkWarrant } = await import('../archives/warrant.ts')
  let proven: Proven
  try {
    proven = checkWarrant(text)
  } catch (error) {
    throw new CliError('NOT_A_WARRANT', `${command.file} proves nothing: ${(error as Error).message}.`)
  }
  const { archive, log, length, fork, signed } = proven
  output.result(
    [
      `Two histories of hyper://${archive} were signed with its key.`,
      `They differ in the log of its ${log === 'list' ? 'list of files' : 'content'} at length ${length} (fork ${fork}); signed were lengths ${signed[0]} and ${signed[1]}.`,
      'That proves neither who did it, nor when, nor which one came first.',
    ].join('\n'),
    { proven },
  )
  return EXIT.done
}

export async function repair(context: Context, command: Command & { name: 'repair' }): Promise<number> {
  const { client, output, signal } = context
  const row = await knownRow(context, command.link)
  const { rewritten: now } = row
  if (row.ownership !== 'yours')
    throw new AppError('ARCHIVE_READ_ONLY', 'Only its author can repair this archive', { key: row.id })
  if (row.state.name === 'behind') return insist(context, row, command.yes)
  if (now?.kind !== 'forked')
    throw new AppError('NO_WARRANT', 'There is nothing to repair: this archive has one history', { key: row.id })
  if (!command.yes)
    throw new CliError(
      'NEEDS_A_YES',
      [
        `${rewritten(now, true)}.`,
        command.to === null
          ? `Repaired, all that is on this machine (version ${now.here}) stays, and what the other copy wrote since they parted is given up.`
          : `Repaired, what this machine has up to version ${command.to} stays; its versions after that, and what the other copy wrote, are given up.`,
        'Readers are asked to follow, and keep what they have until they do. Do it on one machine only; the other one then follows.',
        `Say --yes to do it${command.to === null && now.common !== null && now.common < now.here ? `, or --to ${now.common} --yes to go back to what both have` : ''}.`,
      ].join('\n'),
    )
  const { length } = await client.archives.repair({ key: row.id, version: command.to }, { signal })
  output.result(`Repaired: it goes on after version ${length}.`, { repaired: { key: row.id, length } })
  return EXIT.done
}

/** It may be older than what was published, and nobody can say. */
async function insist({ client, output, signal }: Context, row: ArchiveRow, yes: boolean): Promise<number> {
  if (!yes)
    throw new CliError(
      'NEEDS_A_YES',
      [
        `This storage may be older than what was published from it: it has version ${row.length}.`,
        'While Cairn runs (cairn serve), friends who have more give it back, and it goes on by itself.',
        'Say --yes only if nobody has more: if anybody does, two histories are signed with its key, and it freezes for everybody.',
      ].join('\n'),
    )
  await client.archives.insist({ key: row.id }, { signal })
  output.result(`It goes on after version ${row.length}.`, { insisted: { key: row.id, length: row.length } })
  return EXIT.done
}
