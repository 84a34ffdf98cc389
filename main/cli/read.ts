/** `cairn ls`, `cairn get` and `cairn keep`: a friend's archive on a terminal. */
import { lstat, open, rename, rm, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import type { Entry, Skipped, TransferRow, ZipPart } from '../../preload/contract/models.ts'
import { type Command, TO_STDOUT } from './arguments.ts'
import {
  agree,
  type Context,
  followTransfer,
  openArchive,
  readLink,
  resting,
  rowOf,
  shareUntilStopped,
  waitUntilHere,
} from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import { count, pending, printable, size, state, rewritten } from './words.ts'

const PAGE = 1000
const TIMEOUT = 30
/** How long a download that was asked for may take to begin before it is left alone, in milliseconds. */
const CANCELLING = 1000

export async function list(context: Context, command: Command & { name: 'ls' }): Promise<number> {
  const { client, output, signal } = context
  const { key, version, path, row } = await openArchive(context, await readLink(context, command.link), command.timeout)
  const at = { key, version: version ?? row.length }
  const entry = await client.read.entry({ ...at, path }, { signal })
  if (entry === null)
    throw new AppError('PATH_NOT_FOUND', `There is no ${path} in version ${at.version}`, { key, path })
  if (entry.kind !== 'folder') {
    output.result(line(entry, entry.name), entry)
    return EXIT.done
  }
  const shown = await listFolder(context, at, path, path, command.recursive)
  if (shown === 0) output.note(path === '/' ? 'The archive is empty.' : 'The folder is empty.')
  return EXIT.done
}

async function listFolder(
  context: Context,
  at: { readonly key: string; readonly version: number },
  root: string,
  folder: string,
  recursive: boolean,
): Promise<number> {
  const { client, output, signal } = context
  let shown = 0
  for (let cursor: string | null = null; ; ) {
    const page: { readonly entries: readonly Entry[]; readonly cursor: string | null } = await client.read.list(
      { ...at, folder, cursor, limit: PAGE },
      { signal },
    )
    for (const entry of page.entries) {
      output.result(line(entry, entry.path.slice(root === '/' ? 1 : root.length + 1)), entry)
      shown++
      if (recursive && entry.kind === 'folder') shown += await listFolder(context, at, root, entry.path, true)
    }
    cursor = page.cursor
    if (cursor === null) return shown
  }
}

function line(entry: Entry, name: string): string {
  const label = `${printable(name)}${entry.kind === 'folder' ? '/' : ''}${entry.target === null ? '' : ` -> ${printable(entry.target)}`}`
  return `${(entry.kind === 'file' ? size(entry.size) : '').padStart(9)}  ${label}`
}

export async function get(context: Context, command: Command & { name: 'get' }): Promise<number> {
  const { client, output, signal } = context
  const { to } = command
  if ('zip' in to) return getZip(context, command, to.zip)
  const { key, version, path, row } = await openArchive(context, await readLink(context, command.link), command.timeout)
  const folder = resolve(to.folder)
  // A mistyped path is told here and now, and not by a transfer that never does anything.
  if (path !== '/' && (await client.read.entry({ key, version: version ?? row.length, path }, { signal })) === null)
    throw new AppError('PATH_NOT_FOUND', `There is no ${path} in this version.`, { key, path })
  // Without the signal, so that a transfer which has begun is known and can be cancelled.
  const starting = client.read.download({ key, version, paths: [path], folder, overwrite: command.overwrite })
  let done: TransferRow
  try {
    const { transfer } = await unlessAborted(starting, signal)
    done = await followTransfer(context, row => row.id === transfer, command.timeout ?? TIMEOUT)
  } catch (error) {
    if (!signal.aborted) throw error
    const begun = await Promise.race([starting.catch(() => null), setTimeout(CANCELLING, null)])
    if (begun !== null) await client.transfers.cancel({ id: begun.transfer }).catch(() => {})
    throw new CliError('STOPPED', 'Stopped. What was fetched stays: run the same command again to go on.')
  }
  await listSkipped(context, done.id)
  output.result(
    `${count(done.files, 'file')}, ${size(done.bytes)} in ${printable(folder)}${done.skippedCount > 0 ? `, ${done.skippedCount} skipped` : ''}`,
    {
      done: { key, folder, files: done.files, bytes: done.bytes, skipped: done.skippedCount },
    },
  )
  return EXIT.done
}

/** Written by this process, since the bytes are only passed through; what was fetched stays in the store all the same. */
async function getZip(context: Context, command: Command & { name: 'get' }, to: string): Promise<number> {
  const { client, output, signal } = context
  const { key, version, path, row } = await openArchive(context, await readLink(context, command.link), command.timeout)
  const target = await zipTarget(context, to, command.overwrite)
  const skipped: Skipped[] = []
  let plan: Extract<ZipPart, { kind: 'plan' }> | null = null
  let written = 0
  try {
    const parts = client.read.watchZip({ key, version: version ?? row.length, paths: [path] }, { signal })
    for await (const part of unlessSilent(parts, command.timeout, signal)) {
      switch (part.kind) {
        case 'plan':
          plan = part
          skipped.push(...part.skipped)
          await target.begin(part.length)
          break
        case 'skipped':
          skipped.push(part.skipped)
          break
        case 'bytes': {
          const bytes = Buffer.from(part.base64, 'base64')
          await target.write(bytes)
          written += bytes.byteLength
          output.progress(`${size(written)} of ${size(plan?.length ?? 0)}`, {
            zip: { bytes: written, ofBytes: plan?.length ?? null },
          })
          break
        }
        default:
          assertNever(part)
      }
    }
    await target.end()
  } catch (error) {
    await target.giveUp()
    if (row.paused && error instanceof CliError && error.code === 'NOBODY_REACHABLE') throw resting()
    if (!signal.aborted) throw error
    throw new CliError('STOPPED', 'Stopped. What was fetched stays: run the same command again to have it sooner.')
  }
  for (const one of skipped)
    output.result(`skipped  ${printable(one.path)}: ${printable(one.detail)}`, { skipped: one })
  const files = (plan?.files ?? 0) - (skipped.length - (plan?.skipped.length ?? 0))
  output.result(
    `${count(files, 'file')}, ${size(written)} in ${target.name}${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
    { done: { key, zip: to, files, bytes: written, skipped: skipped.length } },
  )
  return EXIT.done
}

/** Throws NOBODY_REACHABLE when nothing comes for so many seconds. */
async function* unlessSilent<T>(
  parts: AsyncIterator<T>,
  timeout: number | null,
  signal: AbortSignal,
): AsyncGenerator<T> {
  while (true) {
    const next = parts.next()
    const late = new AbortController()
    const silence = setTimeout((timeout ?? TIMEOUT) * 1000, null, { signal: late.signal }).catch(() => null)
    const came = await Promise.race([next, silence]).finally(() => late.abort())
    if (came === null) {
      void parts.return?.()
      signal.throwIfAborted()
      throw new CliError(
        'NOBODY_REACHABLE',
        `Nobody who has the rest is reachable (waited ${timeout ?? TIMEOUT} s). What was fetched stays: run the same command again to have it sooner.`,
      )
    }
    if (came.done === true) return
    yield came.value
  }
}

type ZipTarget = {
  /** For people. */
  readonly name: string
  /** `length` in bytes, of all of it. */
  begin(length: number): Promise<void>
  write(bytes: Buffer): Promise<void>
  end(): Promise<void>
  giveUp(): Promise<void>
}

/** A file is there when it is whole, and grows beside its place under another name. */
async function zipTarget({ writeOut }: Context, to: string, overwrite: boolean): Promise<ZipTarget> {
  const nothing = () => Promise.resolve()
  if (to === TO_STDOUT)
    return { name: 'the zip', begin: nothing, write: bytes => writeOut(bytes), end: nothing, giveUp: nothing }
  const path = resolve(to)
  const part = `${path}.part`
  const taken = () =>
    lstat(path).then(
      () => true,
      () => false,
    )
  const refuseTaken = async () => {
    if (!overwrite && (await taken()))
      throw new CliError('FILE_EXISTS', `${path} is there already. Choose another name, or give --overwrite.`)
  }
  await refuseTaken()
  const cannot = (error: Error) => {
    throw new AppError('FOLDER_NOT_WRITABLE', `${path} cannot be written: ${error.message}.`, {
      path,
      why: error.message,
    })
  }
  const file = await open(part, 'w').catch(cannot)
  return {
    name: printable(path),
    async begin(length) {
      const { bavail, bsize } = await statfs(dirname(path))
      const free = bavail * bsize
      if (length > free)
        throw new AppError('NO_ROOM', `There is not enough room in ${dirname(path)}.`, { path, needed: length, free })
    },
    async write(bytes) {
      await file.writeFile(bytes).catch(cannot)
    },
    async end() {
      await file.sync()
      await file.close()
      await refuseTaken()
      await rename(part, path).catch(cannot)
    },
    async giveUp() {
      await file.close().catch(() => {})
      await rm(part, { force: true })
    },
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((done, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true })
    work.then(done, fail)
  })
}

export async function keep(context: Context, command: Command & { name: 'keep' }): Promise<number> {
  const { client, attached, output, signal } = context
  const link = await readLink(context, command.link)
  // Keeping is a promise to watch for the author: without a timeout it waits as long as it takes.
  const { key, row } = await openArchive(context, link, command.timeout ?? Number.POSITIVE_INFINITY, null, {
    leavesNothing: false,
  })
  if (row.ownership === 'yours')
    throw new CliError('NOT_A_FRIENDS', 'This archive is yours: all of it is here already.')
  const folder = command.folder === null ? null : resolve(command.folder)
  const { only, ask, growth } = command
  try {
    if (ask !== null || growth !== null)
      await client.archives.setUpdates(
        {
          key,
          ...(ask === null ? {} : { askFirst: ask }),
          ...(growth === null ? {} : { growth: growth === 'any' ? null : growth }),
        },
        { signal },
      )
    const id =
      folder !== null
        ? (await client.archives.keepInFolder({ key, folder }, { signal })).transfer
        : only.length > 0
          ? (await client.archives.keepParts({ key, patterns: only }, { signal })).transfer
          : null
    if (id === null) await client.archives.keep({ key, keep: true }, { signal })
    // Nothing of it would come, however long one waits.
    if (row.paused) throw resting()
    const wanted = (row: TransferRow) => (id === null ? row.kind === 'keep' && row.key === key : row.id === id)
    const done = await followTransfer(context, wanted, command.timeout)
    await listSkipped(context, done.id)
    const now = await rowOf(new Mirror(client.archives.watch(undefined, { signal })), key)
    const what = only.length === 0 ? 'All of it is here' : done.ofFiles === 0 ? 'Nothing matches yet' : 'It is here'
    // How many files a long list of another program has is not counted.
    const files = only.length === 0 && folder === null ? now.files : done.files
    const older = only.length === 0 && now.bytes !== null && done.bytes > now.bytes ? ' with all earlier versions' : ''
    output.result(
      `${what}: ${files === null ? '' : `${count(files, 'file')}, `}${size(done.bytes)}${older}${folder === null ? '' : `, in ${printable(folder)}`}.`,
      {
        kept: { key, folder, only, files, bytes: done.bytes, skipped: done.skippedCount },
      },
    )
    // Who stays is told by shareUntilStopped.
    if (command.exit || attached) {
      if (now.updates.pending !== null) output.note(`${pending(now.updates.pending)}: cairn take LINK takes it.`)
      if (now.rewritten !== null) output.note(`${rewritten(now.rewritten, false)}.`)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new CliError(
      'STOPPED',
      attached
        ? 'The running Cairn goes on with it.'
        : 'Stopped before all of it was here. It goes on when Cairn runs again.',
    )
  }
  if (command.exit) return EXIT.done
  if (attached) {
    output.note('The running Cairn goes on keeping and sharing it.')
    return EXIT.done
  }
  await shareUntilStopped(context, key)
  return EXIT.done
}

export async function watch(context: Context, command: Command & { name: 'watch' }): Promise<number> {
  const { client, output, signal } = context
  const link = await readLink(context, command.link)
  await agree(context)
  const { key } = await client.archives.open({ link }, { signal })
  await client.archives.tellWhenFound({ key, tell: !command.stop }, { signal })
  if (command.stop) {
    output.result('Not watched for any more.', { watched: null })
    return EXIT.done
  }
  const row = await waitUntilHere(context, key, command.timeout ?? Number.POSITIVE_INFINITY)
  await client.archives.tellWhenFound({ key, tell: false }, { signal })
  const found = state(row.state)
  output.result(`Found: ${printable(row.title)}${found === 'found' ? '.' : `, ${found}`}`, {
    found: { key, state: row.state },
  })
  return EXIT.done
}

/** All of it: what a copy lacks is known by this list alone. */
async function listSkipped({ client, output }: Context, id: string): Promise<void> {
  for (let offset = 0; ; ) {
    const { skipped } = await client.transfers.skipped({ id, offset, limit: 1000 })
    if (skipped.length === 0) return
    for (const one of skipped)
      output.result(`skipped  ${printable(one.path)}: ${printable(one.detail)}`, { skipped: one })
    offset += skipped.length
  }
}
