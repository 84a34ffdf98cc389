/** What every command gets, and the waits that several of them share. */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError, assertNever } from '../../preload/contract/errors.ts'
import type { Contract } from '../../preload/contract/index.ts'
import type { ArchiveRow, TransferRow } from '../../preload/contract/models.ts'
import type { Client } from '../../preload/wire/connect.ts'
import { parseLink } from '../archives/links.ts'
import { staysFor } from '../leaving.ts'
import { FROM_STDIN } from './arguments.ts'
import { CliError } from './failure.ts'
import { Mirror } from './mirror.ts'
import type { Output } from './output.ts'
import { gone, held, pending, progress, reason, state, rewritten } from './words.ts'

export type Context = {
  readonly client: Client<Contract>
  readonly attached: boolean
  readonly output: Output
  /** Aborted by Ctrl-C and SIGTERM, and when the command has ended. */
  readonly signal: AbortSignal
  readonly beforeStopping: (ask: (canStay: boolean) => Promise<boolean>) => void
  readonly stdin: () => Promise<string>
  /** True: the person said yes. null: nobody is there to be asked. */
  readonly ask: ((question: string) => Promise<boolean>) | null
  /** To standard output, as it is; resolves when more may come. */
  readonly writeOut: (bytes: Uint8Array) => Promise<void>
}

const TIMEOUT = 30
/** A friend's archive that is known here already may have gone on: how long to wait for somebody who says so. */
const NEWS = 5000
const QUIET = 700

/** Told once for all: who shares or opens is visible. */
export async function agree({ client, output, signal }: Context): Promise<void> {
  const settings = await new Mirror(client.settings.watch(undefined, { signal })).all()
  if (settings.get('settings')?.consented) return
  output.note(
    'From now on peers can see the IP address of this machine: those you share with, and those you fetch from. Others on the local network can tell that Cairn runs here; cairn room off ends that. (Said once.)',
  )
  await client.settings.update({ consented: true }, { signal })
}

/** The link as written, or from standard input. */
export async function readLink({ stdin }: Pick<Context, 'stdin'>, link: string): Promise<string> {
  const text = link === FROM_STDIN ? (await stdin()).trim() : link
  parseLink(text)
  return text
}

/** The archive of a link, which is in the library. Throws ARCHIVE_NOT_FOUND. */
export async function knownRow(context: Context, link: string): Promise<ArchiveRow> {
  const { client, signal } = context
  const { key } = parseLink(await readLink(context, link))
  const row = (await new Mirror(client.archives.watch(undefined, { signal })).all()).get(key)
  if (row === undefined) throw new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library', { key })
  return row
}

export type Opened = {
  readonly key: string
  readonly version: number | null
  readonly path: string
  readonly row: ArchiveRow
}

/**
 * Opens a link and waits until there is something to read, in that `version` where the link names none. `news`: also shortly for
 * somebody who has a newer one. `leavesNothing`: where nothing is found, it is not in the library afterwards, unless it was before, or
 * somebody else has opened it.
 * Throws NOBODY_REACHABLE with the reason when time is up.
 */
export async function openArchive(
  context: Context,
  link: string,
  timeout: number | null,
  version: number | null = null,
  { news = true, leavesNothing = true } = {},
): Promise<Opened> {
  const { client, signal } = context
  await agree(context)
  const archives = new Mirror(client.archives.watch(undefined, { signal }))
  const opened = await client.archives.open({ link }, { signal })
  let found: ArchiveRow
  let wasKnown: boolean
  try {
    wasKnown = isReadable(await rowOf(archives, opened.key))
    found = await waitForContent(context, archives, opened.key, version ?? opened.version ?? 0, timeout)
  } catch (error) {
    if (leavesNothing) await giveUp(context, opened.key)
    throw error
  }
  const row =
    news && wasKnown && opened.version === null && version === null && !found.paused
      ? await waitForNews(context, archives, found)
      : found
  if (row.paused)
    context.output.note(
      `It is paused on this machine: this is version ${row.length}, and nothing of it is fetched until cairn resume LINK.`,
    )
  if (row.stillBeingAdded && row.ownership === 'friends')
    context.output.note('The author is still adding files: this is what there is so far.')
  return { ...opened, row }
}

/** Also after Ctrl-C. */
async function giveUp({ client }: Context, key: string): Promise<void> {
  try {
    await client.archives.giveUp({ key })
  } catch (error) {
    // Cairn was closed: what made the look fail is what is to be said.
    if (!(error instanceof AppError)) throw error
  }
}

export async function rowOf(archives: Mirror<ArchiveRow>, key: string): Promise<ArchiveRow> {
  while (true) {
    const row = (await archives.all()).get(key)
    if (row !== undefined) return row
    await archives.change()
  }
}

function isReadable(row: ArchiveRow): boolean {
  switch (row.state.name) {
    case 'found':
    case 'empty':
    case 'behind':
      return true
    case 'secret-needed':
      throw new AppError('ARCHIVE_SECRET_NEEDED', 'This archive is private, and the link does not hold its secret', {
        key: row.id,
      })
    case 'damaged':
      throw new AppError('ARCHIVE_DAMAGED', 'The list of this archive is broken, and cannot be read', { key: row.id })
    case 'looking':
    case 'reading':
    case 'unreachable':
    case 'waiting-for-consent':
      return false
    default:
      return assertNever(row.state)
  }
}

async function waitForContent(
  { output }: Context,
  archives: Mirror<ArchiveRow>,
  key: string,
  version: number,
  timeout: number | null,
): Promise<ArchiveRow> {
  const deadline = performance.now() + (timeout ?? TIMEOUT) * 1000
  let said = ''
  while (true) {
    const row = await rowOf(archives, key)
    const readable = isReadable(row)
    if (readable && row.length >= version) return row
    const words = readable ? `version ${version} is not here yet, ${row.length} is the newest known` : state(row.state)
    if (row.paused) throw resting()
    if (row.state.name === 'unreachable' && row.state.reason === 'paused') throw nobody(row, version, 0)
    if (words !== said) output.progress(`${words} …`, { state: row.state })
    said = words
    const left = deadline - performance.now()
    if (left <= 0) throw nobody(row, version, timeout ?? TIMEOUT)
    await archives.change(left)
  }
}

/** Nobody is asked for what a person wants left alone. */
export const resting = () =>
  new CliError(
    'ARCHIVE_PAUSED',
    'It is paused on this machine, so nothing of it is fetched. cairn resume LINK goes on with it; what is here stays.',
  )

function nobody(row: ArchiveRow, version: number, timeout: number): Error {
  if (isReadable(row))
    return new AppError(
      'VERSION_NOT_FOUND',
      `Nobody who has version ${version} could be reached; ${row.length} is the newest known here`,
      { key: row.id, version, newest: row.length },
    )
  const why = row.state.name === 'unreachable' ? row.state : null
  const words = why === null ? 'Nobody who has this archive could be reached' : reason(why)
  const waited = why?.reason === 'paused' ? '' : ` (waited ${timeout} s)`
  return new CliError('NOBODY_REACHABLE', `${words}${waited}. ${nextStep(row)}`, {
    reason: why?.reason ?? null,
    state: row.state.name,
  })
}

function nextStep({ state }: ArchiveRow): string {
  const wait = 'cairn watch LINK waits until it is there.'
  if (state.name !== 'unreachable') return `Try again; ${wait}`
  switch (state.reason) {
    case 'paused':
      return 'cairn resume --all goes on; then run the command again.'
    case 'offline':
      return 'Connect this machine to a network, then run the command again.'
    case 'dht-silent':
      return 'Try another network, such as a phone’s; a firewall that blocks UDP is the usual cause.'
    case 'nobody-near':
      return 'Connect this machine to the internet, or bring the author into this local network; then run the command again.'
    case 'nobody':
    case 'peer-lacks':
      return `Ask its author to start Cairn; ${wait}`
    case 'peers-unreachable':
      return `Ask its author whether Cairn is running, or try another network; ${wait}`
    default:
      return assertNever(state.reason)
  }
}

/** Waits until somebody has brought something of the archive, legible or not. Throws NOBODY_REACHABLE when time is up. */
export async function waitUntilHere(
  { client, output, signal }: Context,
  key: string,
  timeout: number,
): Promise<ArchiveRow> {
  const archives = new Mirror(client.archives.watch(undefined, { signal }))
  const deadline = performance.now() + timeout * 1000
  let said = ''
  while (true) {
    const row = await rowOf(archives, key)
    if (row.state.name === 'secret-needed' || isReadable(row)) return row
    const words = state(row.state)
    if (words !== said) output.progress(`${words} …`, { state: row.state })
    said = words
    const left = deadline - performance.now()
    if (left <= 0) throw nobody(row, 0, timeout)
    await archives.change(left)
  }
}

/** What was known from an earlier day is not told as news: waits shortly for somebody who has a newer version. */
async function waitForNews(
  { attached, output }: Context,
  archives: Mirror<ArchiveRow>,
  known: ArchiveRow,
): Promise<ArchiveRow> {
  if (known.ownership === 'yours') return known
  const until = performance.now() + NEWS
  let row = known
  while (row.peers === 0 && performance.now() < until) {
    await archives.change(until - performance.now())
    row = await rowOf(archives, known.id)
  }
  if (row.peers === 0) {
    output.note(`Nobody is reachable just now: this is version ${row.length}, as it was known on this machine.`)
    return row
  }
  if (attached && known.peers > 0) return row
  for (let quietSince = performance.now(); performance.now() - quietSince < QUIET; ) {
    await archives.change(QUIET)
    const next = await rowOf(archives, known.id)
    if (next.length !== row.length) quietSince = performance.now()
    row = next
  }
  return row
}

/**
 * Follows a transfer until it is done, telling how far it is. `find` picks it among all. With a timeout, a transfer that
 * waits that long for peers ends the wait with NOBODY_REACHABLE, and one of a paused archive with ARCHIVE_PAUSED as soon as
 * it has to wait; it is not cancelled and can go on another time.
 */
export async function followTransfer(
  { client, output, signal }: Context,
  find: (row: TransferRow) => boolean,
  timeout: number | null,
): Promise<TransferRow> {
  const transfers = new Mirror(client.transfers.watch(undefined, { signal }))
  const archives = new Mirror(client.archives.watch(undefined, { signal }))
  await transfers.all()
  let waitingSince: number | null = null
  let bytes = -1
  let told: string | null = null
  while (true) {
    const row = [...transfers.rows.values()].find(find)
    if (row !== undefined) {
      switch (row.state.name) {
        case 'done':
          return row
        case 'failed':
          if (row.state.error.code !== 'NO_ROOM') throw AppError.from(row.state.error)
          output.progress(`waiting for room on the disk: ${row.state.error.message}`, { progress: row })
          break
        case 'cancelled':
          throw new CliError('TRANSFER_ENDED', 'It was cancelled. Run the command again to go on.')
        case 'waiting-for-peers': {
          const archive = (await archives.all()).get(row.key)
          if (archive?.paused) throw resting()
          const why = archive?.rewritten ? rewritten(archive.rewritten, archive.ownership === 'yours') : null
          // Nobody who comes would help: the person is asked.
          if (why !== null && why !== told) output.note(`It waits: ${why}.`)
          told = why
          output.progress(`waiting for peers: ${progress(row)}`, { progress: row })
          break
        }
        case 'waiting':
        case 'running':
        case 'paused':
          output.progress(`${row.state.name === 'paused' ? 'paused: ' : ''}${progress(row)}`, { progress: row })
          break
        default:
          assertNever(row.state)
      }
    }
    const stuck = row?.state.name === 'waiting-for-peers' && row.bytes === bytes
    waitingSince = stuck ? (waitingSince ?? performance.now()) : null
    bytes = row?.bytes ?? -1
    if (timeout !== null && waitingSince !== null && performance.now() - waitingSince > timeout * 1000) {
      throw new CliError(
        'NOBODY_REACHABLE',
        `Nobody who has the rest is reachable (waited ${timeout} s). What is here stays: run the same command again to go on.`,
        { progress: row },
      )
    }
    await transfers.change(500)
  }
}

/** Shares on until the person stops it, and tells who comes and goes. Never fails: being stopped is how it ends. */
export async function shareUntilStopped(context: Context, key: string): Promise<void> {
  const { client, attached, output, signal, beforeStopping } = context
  if (!attached) beforeStopping(canStay => staysFor(client, canStay, words => output.note(words)))
  try {
    const archives = new Mirror(client.archives.watch(undefined, { signal }))
    let asked: string | null = null
    while (!signal.aborted) {
      const row = await rowOf(archives, key)
      const asks = question(row)
      if (asks !== null && asks !== asked) output.note(asks)
      // While the folder is looked through again, the question is out of sight for a moment.
      asked = asks ?? (row.source?.state.name === 'importing' ? asked : null)
      const peers =
        row.peers === 0
          ? 'no peer is connected'
          : row.peers === 1
            ? '1 peer is connected'
            : `${row.peers} peers are connected`
      output.progress(`Sharing, ${peers}. Ctrl-C stops.`, { sharing: { key, peers: row.peers, length: row.length } })
      await archives.change()
    }
  } catch (error) {
    if (!signal.aborted) throw error
    await delay(0)
  }
}

/** What waits for the person's answer; null: nothing. */
function question(row: ArchiveRow): string | null {
  const { source, updates, rewritten } = row
  if (source?.state.name === 'asks-removal')
    return `${gone(source.state)}. Nothing is published before you say so: put the files back, or run cairn resume LINK --remove`
  if (source?.state.name === 'waiting' || rewritten?.answer === 'asked') return held(row)
  return updates.pending === null ? null : `${pending(updates.pending)}: cairn take LINK takes it.`
}
