/** `cairn rules`, `move-source`, `pause` and `resume`: the folder that an archive of yours is made from. */
import { resolve } from 'node:path'
import { AppError, type ErrorData } from '../../preload/contract/errors.ts'
import type { ArchiveRow, Difference, RulesReview, SourceRules } from '../../preload/contract/models.ts'
import { parseLink } from '../archives/links.ts'
import { type Command, isLink } from './arguments.ts'
import { type Context, readLink } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { pauseAll } from './limits.ts'
import { Mirror } from './mirror.ts'
import { staysOut, waitForSource, withoutThose } from './publish.ts'
import { count, gone, printable, said, size } from './words.ts'

const NAMED = 20

/** Shows what an archive publishes of its folder and by which rules, or changes the rules. */
export async function rules(context: Context, command: Command & { name: 'rules' }): Promise<number> {
  const { client, output, signal } = context
  const row = await archiveOf(context, command.target)
  const before = await client.publish.rules({ key: row.id }, { signal })
  const after = [...command.ignore.map(leftOut), ...command.include.map(takenIn)].reduce(
    (decided, change) => change(decided),
    before,
  )
  const review = await client.publish.reviewRules(
    { key: row.id, ...after },
    {
      signal,
      onProgress: ({ files, bytes }) => output.progress(`counting: ${count(files, 'file')}, ${size(bytes)}`, null),
    },
  )
  const changes = command.ignore.length + command.include.length > 0
  output.result(described(review, after, changes).join('\n'), { rules: { key: row.id, ...after, ...review } })
  if (!changes) return EXIT.done
  await client.publish.changeRules(
    { key: row.id, ...after, leaving: review.leaving.files, ...said(command.message) },
    { signal },
  )
  if (row.source?.state.name === 'paused') output.note('It is paused: the next version comes when it goes on.')
  else {
    if (row.source?.state.name === 'asks-removal')
      output.note('The rules hold from now on. What is gone from the folder still waits for your answer.')
    await waitForSource(context, row.id, true)
  }
  output.result('The rules are changed. Older versions, and copies that others have, keep what left.', {
    changed: { key: row.id, leaving: review.leaving.files, coming: review.coming.files },
  })
  return EXIT.done
}

export async function moveSource(context: Context, command: Command & { name: 'move-source' }): Promise<number> {
  const row = await archiveOf(context, command.target)
  const paths = row.source?.paths ?? []
  const from = command.from === null ? paths[0] : resolve(command.from)
  if (command.from === null && paths.length > 1)
    throw new CliError(
      'USAGE',
      `This archive is made from ${paths.map(printable).join(', ')}. Say which one was moved with --from PATH.`,
    )
  if (from === undefined) throw followsNothing()
  const to = resolve(command.to)
  try {
    await context.client.publish.moveSource({ key: row.id, from, to, force: command.force }, { signal: context.signal })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SOURCE_DIFFERS') throw error
    throw new AppError(
      'SOURCE_DIFFERS',
      `${error.message} If it is the right one all the same, add --force`,
      error.data as ErrorData['SOURCE_DIFFERS'],
    )
  }
  if (row.source?.state.name !== 'paused') await waitForSource(context, row.id, true)
  context.output.result(`It is made from ${printable(to)} now. Nothing was imported again that had not changed.`, {
    moved: { key: row.id, from, to },
  })
  return EXIT.done
}

export async function pause(context: Context, command: Command & { name: 'pause' }): Promise<number> {
  if (command.target === null) return pauseAll(context, true)
  const target = await targetOf(context, command.target)
  const friends = await friendsOf(context, target)
  if (friends !== null) {
    await context.client.archives.pause({ key: friends, paused: true }, { signal: context.signal })
    context.output.result('Paused: neither fetched nor served until cairn resume. What is here stays.', {
      paused: friends,
    })
    return EXIT.done
  }
  const row = await archiveOf(context, target)
  await context.client.publish.pause({ key: row.id, paused: true }, { signal: context.signal })
  context.output.result(
    'Paused: changes in its folder are not published until cairn resume. What was published stays shared.',
    { paused: row.id },
  )
  return EXIT.done
}

/** Also the answer to what Cairn asks when most of a folder is gone. */
export async function resume(context: Context, command: Command & { name: 'resume' }): Promise<number> {
  const { client, attached, output, signal } = context
  if (command.target === null) return pauseAll(context, false)
  const target = await targetOf(context, command.target)
  const friends = command.remove ? null : await friendsOf(context, target)
  if (friends !== null) {
    await client.archives.pause({ key: friends, paused: false }, { signal })
    output.result(attached ? 'It is fetched and served again.' : 'It is fetched and served whenever Cairn runs.', {
      resumed: friends,
    })
    return EXIT.done
  }
  const { id: key } = await archiveOf(context, target)
  await client.publish.pause({ key, paused: false }, { signal })
  const asks = await askedAbout(context, key)
  if (asks === null && command.remove)
    throw new CliError('USAGE', 'Nothing is asked about this archive: it goes on without an answer')
  if (asks === null) {
    output.result(
      attached
        ? 'Its folder is followed again.'
        : 'Its folder is followed again whenever Cairn runs, as with cairn serve.',
      { resumed: key },
    )
    return EXIT.done
  }
  if (!command.remove)
    throw new CliError(
      'ASKS_REMOVAL',
      `${gone(asks)}. To take them out of the next version, say so with --remove; or put them back`,
    )
  await client.publish.answerRemoval({ key, remove: true, ...said(command.message) }, { signal })
  await waitForSource(context, key, true)
  output.result(
    `${count(asks.removals, 'entry', 'entries')} left the next version. Older versions, and copies that others have, keep them.`,
    { removed: { key, entries: asks.removals } },
  )
  return EXIT.done
}

/** What is asked once the folder has been looked through; null: nothing, or it is being imported. */
async function askedAbout(
  { client, signal }: Context,
  key: string,
): Promise<{ readonly removals: number; readonly of: number } | null> {
  const archives = new Mirror(client.archives.watch(undefined, { signal }))
  const transfers = new Mirror(client.transfers.watch(undefined, { signal }))
  await Promise.all([archives.all(), transfers.all()])
  while (true) {
    const state = archives.rows.get(key)?.source?.state
    if (state?.name === 'asks-removal') return state
    const isLooking = state?.name === 'importing' || state?.name === 'paused'
    const isImporting = [...transfers.rows.values()].some(row => row.key === key && row.state.name === 'running')
    if (!isLooking || isImporting) return null
    await archives.change(200)
  }
}

/** From standard input a link can be read once. */
const targetOf = async (context: Context, target: string): Promise<string> =>
  isLink(target) ? readLink(context, target) : target

/** The key of a friend's archive; null: it is something else. */
async function friendsOf(context: Context, target: string): Promise<string | null> {
  if (!isLink(target)) return null
  const { key } = parseLink(target)
  const rows = await new Mirror(context.client.archives.watch(undefined, { signal: context.signal })).all()
  return rows.get(key)?.ownership === 'friends' ? key : null
}

/** By its link, or by what it is made from. Throws for one that follows nothing. */
async function archiveOf(context: Context, target: string): Promise<ArchiveRow> {
  const rows = await new Mirror(context.client.archives.watch(undefined, { signal: context.signal })).all()
  if (isLink(target)) {
    const { key } = parseLink(await readLink(context, target))
    const row = rows.get(key)
    if (row === undefined) throw new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library', { key })
    if (row.source === null) throw followsNothing()
    return row
  }
  const path = resolve(target)
  const found = [...rows.values()].filter(({ source }) => source?.paths.includes(path))
  if (found.length === 1) return found[0]!
  if (found.length > 1)
    throw new CliError('USAGE', `Several archives are made from ${printable(path)}. Give the link of the one you mean.`)
  throw new AppError('SOURCE_NOT_FOUND', `No archive of yours is made from ${path}. cairn status shows them`, { path })
}

const followsNothing = () =>
  new AppError('SOURCE_NOT_FOUND', 'This archive follows no folder of this machine', { path: '' })

type Change = (decided: SourceRules) => SourceRules
const linesOf = (text: string) => text.split('\n').filter(line => line.trim() !== '')

/** A path of the archive is left out as such; anything else is a pattern as in .gitignore. */
const leftOut = (pattern: string): Change => {
  if (isPath(pattern))
    return decided => ({ ...decided, exclude: [...new Set([...decided.exclude, pattern.replace(/\/+$/, '')])] })
  return decided => ({
    ...decided,
    rules: [...linesOf(decided.rules).filter(line => line !== `!${pattern}` && line !== pattern), pattern].join('\n'),
  })
}

/** Undoes what left it out here; what the defaults or .cairnignore leave out is taken in by a rule. */
const takenIn =
  (pattern: string): Change =>
  decided => {
    const path = pattern.replace(/\/+$/, '')
    if (decided.exclude.includes(path))
      return { ...decided, exclude: decided.exclude.filter(excluded => excluded !== path) }
    const lines = linesOf(decided.rules)
    if (lines.includes(pattern)) return { ...decided, rules: lines.filter(line => line !== pattern).join('\n') }
    return { ...decided, rules: [...lines.filter(line => line !== `!${pattern}`), `!${pattern}`].join('\n') }
  }

const isPath = (pattern: string) => pattern.startsWith('/') && !/[*?[]/.test(pattern)

function described(
  review: RulesReview,
  { rules, exclude, includeSuspicious }: SourceRules,
  changes: boolean,
): readonly string[] {
  const { ignoredBy, suspicious, skippedCount } = review
  const stayOut = includeSuspicious ? [] : suspicious
  const { files, bytes } = withoutThose(review, stayOut)
  return [
    `${changes ? 'Published from now on' : 'Published'}: ${count(files, 'file')}, ${size(bytes)}.`,
    ...ignoredBy
      .slice(0, NAMED)
      .map(({ rule, origin, count: times }) => `Left out by ${printable(rule)} (${ORIGINS[origin]}): ${times}`),
    ...(ignoredBy.length > NAMED ? [`and by ${ignoredBy.length - NAMED} more rules`] : []),
    ...staysOut(stayOut),
    ...(includeSuspicious && suspicious.length > 0
      ? [`Looks private, and was published with your yes: ${count(suspicious.length, 'file')}`]
      : []),
    ...(skippedCount > 0 ? [`Cannot be taken: ${skippedCount}`] : []),
    ...linesOf(rules).map(line => `rule      ${printable(line)}`),
    ...exclude.map(path => `left out  ${printable(path)}`),
    ...difference('Leave the next version', review.leaving),
    ...difference('Come in', review.coming),
  ]
}

const ORIGINS = {
  default: "Cairn's own rule",
  folder: '.cairnignore',
  own: 'your rule',
  chosen: 'your choice',
  fixed: 'always',
} as const

function difference(what: string, { files, bytes, paths }: Difference): readonly string[] {
  if (files === 0) return []
  return [
    `${what}: ${count(files, 'file')}, ${size(bytes)}`,
    ...paths.slice(0, NAMED).map(path => `  ${printable(path)}`),
    ...(files > NAMED ? [`  and ${files - NAMED} more`] : []),
  ]
}
