/** `cairn publish`: the sheet in words, the refusal of what looks private, the link, the import, and sharing on. */
import { resolve, sep } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import type { ArchiveRow, PublishReview, TransferRow } from '../../preload/contract/models.ts'
import { createExclusions } from '../publish/rules.ts'
import type { Command } from './arguments.ts'
import { agree, type Context, followTransfer, shareUntilStopped } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import { count, gone, held, printable, said, size } from './words.ts'

/** Named in the refusal; the rest is counted. */
const NAMED = 20
const SETTLED = 1500
const COUNTED = 3000

export async function publish(context: Context, command: Command & { name: 'publish' }): Promise<number> {
  const { client, attached, output, signal } = context
  const paths = command.paths.map(path => resolve(path))
  const exclude = command.exclude.map(rule => exclusionFor(rule, paths))
  const review = await client.publish.review(
    { paths, exclude },
    {
      signal,
      onProgress: ({ files, bytes }) => output.progress(`counting: ${count(files, 'file')}, ${size(bytes)}`, null),
    },
  )
  if (review.already !== null && command.private && !review.already.link.includes('#'))
    throw new CliError(
      'PUBLISHED_ALREADY',
      `This is published already, and not private: whoever has ${review.already.link} can read it. To publish it privately, first run: cairn forget ${review.already.link}`,
    )
  const isExcluded = createExclusions(exclude)
  const suspicious = review.suspicious.filter(({ path }) => !isExcluded(path))
  // An archive that is there already has its answer: without a yes it stays out by itself.
  const goesIn =
    command.yes ||
    (review.already !== null && (await client.publish.rules({ key: review.already.key }, { signal })).includeSuspicious)
  if (suspicious.length > 0 && !goesIn && review.already === null) throw looksPrivate(suspicious)
  const stayOut = goesIn ? [] : suspicious
  if (review.roomNeeded > review.roomFree) {
    throw new AppError(
      'NO_ROOM',
      `The storage needs ${size(review.roomNeeded)} beside the folder, and ${size(review.roomFree)} are free there`,
      {
        path: command.storage,
        needed: review.roomNeeded,
        free: review.roomFree,
      },
    )
  }
  for (const line of summary(review, stayOut)) output.note(line)
  if (review.already !== null && command.title !== null)
    output.note('It keeps the title that it has; --title is for what is published for the first time.')
  await agree(context)
  const started = await client.publish.start(
    {
      review: review.id,
      title: command.title ?? review.title,
      private: command.private,
      exclude,
      includeSuspicious: command.yes,
      into: null,
      ...said(command.message),
    },
    { signal },
  )
  output.result(started.link, { link: started.link, key: started.key })
  const transfer = await importOf(context, started, review.already !== null)
  const archive = await countedArchive(context, started.key)
  if (review.already !== null && command.message !== null) await requireSaid(context, started, command.message)
  const skipped = transfer?.skipped ?? []
  for (const { path, detail } of skipped) output.note(`left out: ${printable(path)}: ${printable(detail)}`)
  output.result(
    `Everything is in: ${count(archive?.files ?? review.files, 'file')}, ${size(archive?.bytes ?? review.bytes)}.`,
    {
      imported: {
        key: started.key,
        files: archive?.files ?? null,
        bytes: archive?.bytes ?? null,
        length: archive?.length ?? null,
        skipped,
        skippedCount: transfer?.skippedCount ?? 0,
      },
    },
  )
  if (command.exit) return EXIT.done
  if (attached) {
    output.note('The running Cairn goes on sharing it.')
    return EXIT.done
  }
  await shareUntilStopped(context, started.key)
  return EXIT.done
}

/**
 * A folder that is followed may hold nothing new. What was new is published as soon as this program runs, which may be before
 * its command had its say: then that is said afterwards.
 */
async function requireSaid(
  { client, attached, output, signal }: Context,
  { key, link }: { readonly key: string; readonly link: string },
  message: string,
): Promise<void> {
  const { changesets } = await client.history.list({ key, before: null, limit: 1 }, { signal })
  const [newest] = changesets
  if (newest === undefined || newest.message === message.trim()) return
  const { length: version, time, naming, describing } = newest
  const isNew = !attached && time !== null && time >= performance.timeOrigin && newest.message === ''
  if (isNew && naming === null && describing === null) {
    await client.history.describe({ key, version, message }, { signal })
    return
  }
  output.note(
    `Nothing was new, so that the message was said of nothing. For the newest version: cairn describe ${link} TEXT --version ${version}`,
  )
}

/** An import has a row in transfers; publishing again what is there already may have nothing to do. */
async function importOf(
  context: Context,
  { key, transfer }: { readonly key: string; readonly transfer: string },
  again: boolean,
): Promise<TransferRow | null> {
  const ends = new AbortController()
  const inner = { ...context, signal: AbortSignal.any([context.signal, ends.signal]) }
  try {
    const waits = [followTransfer(inner, row => row.id === transfer, null), waitForSource(inner, key, again)]
    return await Promise.race(waits)
  } catch (error) {
    if (context.signal.aborted)
      throw new CliError(
        'STOPPED',
        context.attached
          ? 'The running Cairn goes on with the import.'
          : 'Stopped before everything was in. What is in stays, and the rest follows when Cairn runs again.',
      )
    throw error
  } finally {
    ends.abort()
  }
}

/** The archive's row, once it counts what has just been added; as it is when that takes too long. */
async function countedArchive({ client, signal }: Context, key: string): Promise<ArchiveRow | null> {
  const archives = new Mirror(client.archives.watch(undefined, { signal }))
  await archives.all()
  for (
    const until = performance.now() + COUNTED;
    performance.now() < until;
    await archives.change(until - performance.now())
  ) {
    const row = archives.rows.get(key)
    if (row !== undefined && !row.stillBeingAdded && row.files !== null) return row
  }
  return archives.rows.get(key) ?? null
}

/** Ends when the archive equals its folder (only asked when it was published before), throws when it cannot get there. */
export async function waitForSource({ client, signal, output }: Context, key: string, again: boolean): Promise<null> {
  const archives = new Mirror(client.archives.watch(undefined, { signal }))
  const transfers = new Mirror(client.transfers.watch(undefined, { signal }))
  let settledSince: number | null = null
  let said: string | null = null
  await Promise.all([archives.all(), transfers.all()])
  while (true) {
    const row = archives.rows.get(key)
    const problem = row === undefined ? null : problemOf(row)
    if (problem) throw problem
    const now = row?.source?.state.name === 'waiting' ? held(row) : null
    if (now !== null && now !== said) output.note(`Nothing is added for now: ${now}.`)
    said = now ?? said
    const running = [...transfers.rows.values()].some(
      row => row.key === key && row.kind === 'import' && row.state.name !== 'done',
    )
    const settled = again && row?.source?.state.name === 'watching' && !row.stillBeingAdded && !running
    settledSince = settled ? (settledSince ?? performance.now()) : null
    if (settledSince !== null && performance.now() - settledSince > SETTLED) return null
    await archives.change(200)
  }
}

function problemOf({ source }: ArchiveRow): Error | null {
  if (source === null) return null
  switch (source.state.name) {
    case 'failed':
      return AppError.from(source.state.error)
    case 'missing':
      return new AppError('SOURCE_NOT_FOUND', `${source.state.path} is gone or cannot be read`, {
        path: source.state.path,
      })
    case 'asks-removal':
      return new CliError(
        'ASKS_REMOVAL',
        `${gone(source.state)}. Nothing is removed before you say so: put the files back, or run cairn resume LINK --remove`,
      )
    case 'importing':
    case 'watching':
    case 'waiting':
    case 'paused':
      return null
  }
}

/** A path of this machine that lies in what is published, as a path of the archive; a pattern stays one. */
function exclusionFor(rule: string, paths: readonly string[]): string {
  const isLocal =
    rule.startsWith(`.${sep}`) || rule.startsWith(`..${sep}`) || paths.some(path => rule.startsWith(path + sep))
  if (!isLocal) return rule
  const local = resolve(rule)
  const source = paths.find(path => local === path || local.startsWith(path + sep))
  if (source === undefined) throw new CliError('USAGE', `--exclude ${rule} does not lie in what is published.`)
  const below = local.slice(source.length).split(sep).join('/')
  return paths.length === 1 ? below : `/${source.split(sep).at(-1) ?? ''}${below}`
}

type Suspicious = PublishReview['suspicious']

/** What is counted, without what looks private and stays out. */
export const withoutThose = (
  { files, bytes }: Pick<PublishReview, 'files' | 'bytes'>,
  stayOut: Suspicious,
): { readonly files: number; readonly bytes: number } => ({
  files: Math.max(0, files - stayOut.length),
  bytes: Math.max(0, bytes - stayOut.reduce((sum, file) => sum + file.size, 0)),
})

/** In words, each with the reason. */
export function staysOut(suspicious: Suspicious): readonly string[] {
  if (suspicious.length === 0) return []
  const one = suspicious.length === 1
  return [
    `${count(suspicious.length, 'file')} ${one ? 'looks private and stays out' : 'look private and stay out'}:`,
    ...named(suspicious),
  ]
}

function named(suspicious: Suspicious): readonly string[] {
  const lines = suspicious.slice(0, NAMED).map(({ path, why }) => `  ${printable(path)}: ${why}`)
  return suspicious.length > NAMED ? [...lines, `  and ${suspicious.length - NAMED} more`] : lines
}

function looksPrivate(suspicious: Suspicious): AppError {
  return new AppError(
    'LOOKS_PRIVATE',
    [
      `Nothing was published, because this looks private:`,
      ...named(suspicious),
      'Leave it out with --exclude PATH, or publish it all the same with --yes',
    ].join('\n'),
    { paths: suspicious },
  )
}

function summary(review: PublishReview, stayOut: Suspicious): readonly string[] {
  const { links, largest, ignored, ignoredCount, skipped, skippedCount } = review
  const { files, bytes } = withoutThose(review, stayOut)
  const biggest = largest.find(({ path }) => stayOut.every(other => other.path !== path))
  const list = (items: readonly { readonly path: string }[], of: number) =>
    `${items
      .slice(0, 3)
      .map(({ path }) => printable(path))
      .join(', ')}${of > 3 ? ', …' : ''}`
  return [
    `${review.already ? 'Published already' : 'Becomes public'}: ${count(files, 'file')}${links > 0 ? `, ${count(links, 'link')}` : ''}, ${size(bytes)}${biggest ? `; the largest is ${printable(biggest.path)}, ${size(biggest.size)}` : ''}.`,
    ...(ignoredCount > 0 ? [`Left out by rules: ${ignoredCount} (${list(ignored, ignoredCount)}).`] : []),
    ...staysOut(stayOut),
    ...(skippedCount > 0 ? [`Cannot be taken: ${skippedCount} (${list(skipped, skippedCount)}).`] : []),
    `Takes ${size(review.roomNeeded)} in the storage; ${size(review.roomFree)} are free.`,
  ]
}
