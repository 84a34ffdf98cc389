/** `cairn diagnostics` and `cairn licences`: what may be sent to somebody who helps, and what Cairn is made of. */
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { readLicences, runtimes } from '../lib/licences.ts'
import { type Command, TO_STDOUT } from './arguments.ts'
import type { Context } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import type { Output } from './output.ts'

export async function diagnostics(
  { client, output, signal }: Context,
  { out }: Command & { name: 'diagnostics' },
): Promise<number> {
  const { text } = await client.machine.diagnostics({ page: null }, { signal })
  if (out === TO_STDOUT) {
    output.result(text.trimEnd(), JSON.parse(text))
    return EXIT.done
  }
  const path = resolve(out)
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw unwritable(path, error as NodeJS.ErrnoException)
  }
  output.result(`${path}\nLook at it, and send it to whoever helps you. Nothing was sent.`, { diagnostics: path })
  return EXIT.done
}

function unwritable(path: string, error: NodeJS.ErrnoException): CliError {
  switch (error.code) {
    case 'EEXIST':
      return new CliError('FILE_EXISTS', `${path} is there already. Choose another name.`)
    case 'ENOENT':
    case 'ENOTDIR':
      return new CliError('FILE_NOT_WRITTEN', `There is no folder ${dirname(path)}. Make it, or choose another one.`)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new CliError('FILE_NOT_WRITTEN', `${dirname(path)} cannot be written to. Choose another folder.`)
    case 'ENOSPC':
    case 'EDQUOT':
      return new CliError('FILE_NOT_WRITTEN', `There is no room for ${path}. Make room, or choose another disk.`)
    default:
      return new CliError('FILE_NOT_WRITTEN', `${path} could not be written (${error.code ?? error.message}).`)
  }
}

/** Needs no storage and no running Cairn. */
export async function licences(output: Output, { of }: Command & { name: 'licences' }): Promise<number> {
  const { packages, texts } = await readLicences()
  const beside = (await runtimes()).filter(({ name }) => of === null || name === of)
  const shown = of === null ? packages : packages.filter(({ name }) => name === of)
  if (shown.length === 0 && beside.length === 0)
    throw new CliError('USAGE', `Nothing called ${of ?? ''} comes with Cairn: see cairn licences.`)
  for (const { name, version, licence, path } of beside) {
    const where = path ?? 'the file with the text is missing beside this program'
    output.result(`${name} ${version}: ${licence} (${where})`, { name, version, licence, path })
  }
  for (const { name, version, licence, text } of shown) {
    const whole = { name, version, licence, text: texts[text] ?? '' }
    output.result(
      of === null ? `${name} ${version}: ${licence}` : `${name} ${version}: ${licence}\n\n${whole.text}\n`,
      whole,
    )
  }
  return EXIT.done
}
