/**
 * `cairn link`, `cairn receipt` and `cairn verify`: links to one version, and proof that a file was in an archive, made with a
 * backend and checked without one.
 */
import { type FileHandle, open, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import { formatLink, parseLink } from '../archives/links.ts'
import { type Command, TO_STDOUT } from './arguments.ts'
import { type Context, followTransfer, openArchive, readLink } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import type { Output } from './output.ts'
import { printable, size } from './words.ts'

export async function link(context: Context, command: Command & { name: 'link' }): Promise<number> {
  const { client, output, signal } = context
  const text = await readLink(context, command.link)
  const { key, version, path, row } = await openArchive(context, text, command.timeout, command.version)
  const wanted = command.version ?? version ?? (command.pin ? row.length : null)
  const { link } =
    command.pin && wanted !== null
      ? await client.archives.pinnedLink({ key, version: wanted, path }, { signal })
      : { link: formatLink({ ...parseLink(row.link), version: wanted, path }) }
  output.result(link, { link, version: wanted, path })
  return EXIT.done
}

export async function receipt(context: Context, command: Command & { name: 'receipt' }): Promise<number> {
  const { client, output, signal, writeOut } = context
  const link = await readLink(context, command.link)
  if (parseLink(link).path === '/')
    throw new CliError('USAGE', 'A receipt is for one file: give its path after the link. Try: cairn receipt --help')
  const { key, version, path, row } = await openArchive(context, link, command.timeout)
  const at = { key, version: version ?? row.length, path }
  const folder = command.folder === null ? null : resolve(command.folder)
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/[\p{Cc}\\:*?"<>|]/gu, '_')
  const out = command.out === TO_STDOUT ? null : resolve(command.out ?? join(folder ?? '.', `${name}.cairn-receipt`))
  if (out !== null && !command.overwrite && (await stat(out).catch(() => null)) !== null)
    throw new CliError('FILE_EXISTS', `${out} is there already. Choose another name with --out, or give --overwrite.`)
  if (folder !== null) {
    const { overwrite } = command
    const { transfer } = await client.read.download({ key, version: at.version, paths: [path], folder, overwrite })
    const done = await followTransfer(context, row => row.id === transfer, command.timeout)
    const [skipped] = done.skipped
    if (skipped !== undefined && skipped.reason !== 'exists')
      throw new CliError('TRANSFER_ENDED', `${printable(skipped.path)} was not written: ${printable(skipped.detail)}`)
  }
  const made = await client.read.receipt(at, {
    signal,
    onProgress: progress =>
      output.progress(`fetching: ${size(progress.bytes)} of ${size(progress.ofBytes)}`, { progress }),
  })
  if (out === null) await writeOut(Buffer.from(made.text))
  else
    await writeFile(out, made.text, { flag: command.overwrite ? 'w' : 'wx' }).catch((error: Error) => {
      throw new AppError('FOLDER_NOT_WRITABLE', `${out} cannot be written: ${error.message}.`, {
        path: out,
        why: error.message,
      })
    })
  output.result(
    `Receipt for ${printable(path)} of version ${made.version}${out === null ? '' : `: ${printable(out)}`}`,
    {
      receipt: { ...at, out, bytes: made.text.length },
    },
  )
  return EXIT.done
}

export async function verify(command: Command & { name: 'verify' }, output: Output): Promise<number> {
  // Loaded when it is needed, as all that comes with the archives: other commands begin sooner.
  const { LARGEST_RECEIPT, linkOf, parseReceipt, verify: verifyReceipt } = await import('../proofs/receipt.ts')
  const proof = resolve(command.receipt)
  const { size: proofSize } = await stat(proof).catch(notThere(proof))
  if (proofSize > LARGEST_RECEIPT)
    throw new AppError('RECEIPT_WRONG', 'This is no receipt: it is much too large.', { what: 'receipt' })
  const parsed = parseReceipt(await readFile(proof).catch(notThere(proof)))
  const path = resolve(command.file)
  const file = await open(path, 'r').catch(notThere(path))
  try {
    if (!(await file.stat()).isFile())
      throw new AppError('SOURCE_WRONG_KIND', `${path} is no file.`, { path, expected: 'file' })
    const proven = await verifyReceipt(parsed, readerOf(file))
    output.result(
      `It is so. These ${size(proven.size)} were in ${linkOf(proven)}\nas ${printable(proven.path)} of version ${proven.version}, signed with the key of that archive. When, and by whom, it does not say.`,
      { verified: { ...proven, link: linkOf(proven) } },
    )
    return EXIT.done
  } finally {
    await file.close()
  }
}

/** What is returned holds until the next call. */
function readerOf(file: FileHandle): (length: number) => Promise<Uint8Array> {
  let buffer = Buffer.alloc(0)
  return async length => {
    if (buffer.byteLength < length) buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, null)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }
}

const notThere = (path: string) => (error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') throw new AppError('SOURCE_NOT_FOUND', `There is no file ${path}.`, { path })
  throw new AppError('SOURCE_UNREADABLE', `${path} cannot be read: ${error.message}.`, { path, why: error.message })
}
