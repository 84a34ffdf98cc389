/** `cairn history` and `cairn diff`: what changed in an archive, and how, on a terminal. */
import { isUtf8 } from 'node:buffer'
import { createTwoFilesPatch } from 'diff'
import { AppError } from '../../preload/contract/errors.ts'
import type { ChangedFile, Changeset } from '../../preload/contract/models.ts'
import type { Command } from './arguments.ts'
import { type Context, openArchive, readLink } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { count, oneLine, printable, size, time } from './words.ts'

const PAGE = 100
/** Files of one changeset that are told. */
const MOST = 5000
/** Texts are compared up to so many bytes, and for so many milliseconds. */
const MOST_BYTES = 1 << 20
const PATIENCE = 5000

export async function history(context: Context, command: Command & { name: 'history' }): Promise<number> {
  const { client, output, signal } = context
  const { key, version, path } = await openArchive(context, await readLink(context, command.link), command.timeout)
  if (path !== '/')
    throw new CliError(
      'USAGE',
      'History is that of the whole archive: leave the path out. cairn versions LINK/path lists when one file changed',
    )
  const { descriptions } = await client.history.names({ key }, { signal })
  const described = new Map(descriptions.map(({ version, message }) => [version, message]))
  let left = command.limit ?? Number.POSITIVE_INFINITY
  for (let before = command.version ?? version; ; ) {
    const page: { readonly changesets: readonly Changeset[]; readonly before: number | null } =
      await client.history.list({ key, before, limit: Math.min(PAGE, left) }, { signal })
    for (const recorded of page.changesets) {
      const changeset = { ...recorded, message: described.get(recorded.length) ?? recorded.message }
      const changes = command.changes
        ? await client.history.changes({ key, from: changeset.from, to: changeset.length, limit: MOST }, { signal })
        : null
      output.result(
        changesetLines(changeset, changes),
        changes === null ? changeset : { ...changeset, changes: changes.files, moreChanges: changes.more },
      )
    }
    before = page.before
    left -= page.changesets.length
    if (before === null || left <= 0) return EXIT.done
  }
}

const SIGN = { added: '+', changed: '~', touched: '=', removed: '-', renamed: '>' } as const

const named = ({ version, name }: NonNullable<Changeset['naming']>) =>
  name === null ? `version ${version} has no name any more` : `version ${version} was named ${printable(name)}`

const describing = ({ version, message }: NonNullable<Changeset['describing']>) =>
  message === null
    ? `version ${version} is not described any more`
    : `version ${version} was described: ${printable(oneLine(message))}`

function changesetLines(
  changeset: Changeset,
  changes: { readonly files: readonly ChangedFile[]; readonly more: boolean } | null,
): string {
  const { added, changed, removed, renamed, touched, written, more, parts } = changeset
  const counts =
    parts > 1 && changeset.from === 0
      ? [`published ${count(added, 'file')}`]
      : [
          `+${added}`,
          `~${changed}`,
          `-${removed}`,
          renamed === 0 ? '' : `>${renamed}`,
          // Their time or mode alone is another one.
          touched === 0 ? '' : `=${touched}`,
          // Of another program's: which of both is not known.
          written === 0 ? '' : `+~${written}`,
          more ? 'and more' : '',
        ]
  const head = [
    `version ${changeset.length}`.padEnd(14),
    changeset.time === null ? 'time unknown    ' : time(changeset.time),
    counts.filter(Boolean).join(' ').padEnd(14),
    size(changeset.bytes).padStart(8),
    changeset.partial ? '(more was to come)' : '',
    printable(oneLine(changeset.message)),
    changeset.naming === null ? '' : named(changeset.naming),
    changeset.describing === null ? '' : describing(changeset.describing),
  ]
  const files = changes?.files.map(file => `    ${fileLine(file)}`) ?? []
  return [head.join('  ').trimEnd(), ...files, ...(changes?.more ? ['    …'] : [])].join('\n')
}

const fileLine = ({ path, change, from, after }: ChangedFile): string =>
  `${SIGN[change]} ${from === null ? '' : `${printable(from)} → `}${printable(path)}${after === null ? '' : ` (${size(after)})`}`

/** The lines of a text, or the files of anything else. */
export async function diff(context: Context, command: Command & { name: 'diff' }): Promise<number> {
  const { client, output, signal } = context
  const { key, path } = await openArchive(context, await readLink(context, command.link), command.timeout)
  const { from, to } = command
  const { files, more } = await client.history.changes({ key, from, to, limit: MOST }, { signal })
  const file = files.find(file => file.path === path) ?? files.find(file => file.from === path)
  if (file !== undefined) return diffFile(context, { key, from, to }, file)
  const below = files.filter(file => path === '/' || file.path.startsWith(`${path}/`))
  for (const file of below) output.result(fileLine(file), file)
  if (more) output.note(`These are among the first ${MOST} files that differ; there are more.`)
  else if (below.length === 0) {
    if (!(await isThere(context, key, to, path)))
      throw new AppError('PATH_NOT_FOUND', `There is no ${path} in either version.`, { key, path })
    output.note('Nothing differs.')
  }
  return EXIT.done
}

/** In a version that has what the other one has. 0 and 1 are the beginning. */
async function isThere({ client, signal }: Context, key: string, version: number, path: string): Promise<boolean> {
  return path === '/' || (version > 1 && (await client.read.entry({ key, version, path }, { signal })) !== null)
}

type Versions = { readonly key: string; readonly from: number; readonly to: number }

async function diffFile(context: Context, { key, from, to }: Versions, file: ChangedFile): Promise<number> {
  const { output } = context
  const { path, change, before, after } = file
  const was = file.from ?? path
  const sizes = `before: ${before === null ? 'not there' : size(before)}, after: ${after === null ? 'not there' : size(after)}`
  const told = (patch: string | null, why: string) => {
    output.result(patch === null ? `${printable(path)}: ${why} (${sizes})` : patch, { ...file, patch })
    return EXIT.done
  }
  if (change === 'touched') return told(null, 'the content is the same')
  if (change === 'renamed') return told(null, `was ${printable(was)}, and the content is the same`)
  if (Math.max(before ?? 0, after ?? 0) > MOST_BYTES) return told(null, 'too large to be compared')
  const [had, has] = await Promise.all([
    before === null ? '' : text(context, key, from, was),
    after === null ? '' : text(context, key, to, path),
  ])
  if (had === null || has === null) return told(null, 'no text')
  const patch = createTwoFilesPatch(
    before === null ? '/dev/null' : `a${was}`,
    after === null ? '/dev/null' : `b${path}`,
    had,
    has,
    `version ${from}`,
    `version ${to}`,
    { timeout: PATIENCE },
  )
  if (patch === undefined) return told(null, 'comparing takes too long')
  return told(output.json ? patch : patch.split('\n').map(shown).join('\n').trimEnd(), '')
}

/** Tabs are meant; whatever else commands a terminal is spelled out. */
const shown = (line: string): string => line.split('\t').map(printable).join('\t')

/** null: it is none. */
async function text({ client, signal }: Context, key: string, version: number, path: string): Promise<string | null> {
  const { base64, size } = await client.read.bytes({ key, version, path, start: 0, length: MOST_BYTES }, { signal })
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.byteLength < size) throw new AppError('NOT_AVAILABLE', 'Not all of this file could be read.', { key, path })
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString() : null
}
