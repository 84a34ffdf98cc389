/**
 * What is kept of an archive stands at one version, but for files that the person chose out of later ones. Chosen paths
 * are written down by the version that they stand at; folders stand for all below them, so that a choice among a hundred
 * thousand files takes a few lines. What reads an archive stands at the end; the rest is pure.
 */
import { AppError } from '../../preload/contract/errors.ts'
import type { Archive } from '../archives/archive.ts'
import type { UpdatesRecord } from '../archives/registry.ts'
import { type Differing, type Pair, pairsBetween } from '../read/difference.ts'

export type Chosen = UpdatesRecord['chosen']

/** Lines in which a choice is written down, at most: they stand in the registry. */
const MOST = 10_000

export class Standing {
  readonly base: number
  readonly chosen: Chosen
  readonly #at = new Map<string, number>()

  /** `chosen` in the order of versions. */
  constructor(base: number, chosen: Chosen) {
    this.base = base
    this.chosen = chosen
    for (const { length, paths } of chosen) for (const path of paths) this.#at.set(path, length)
  }

  /** Every version that something stands at. */
  get lengths(): readonly number[] {
    return [this.base, ...this.chosen.map(({ length }) => length)]
  }

  get newest(): number {
    return this.chosen.at(-1)?.length ?? this.base
  }

  /** The version that a path stands at. */
  lengthOf(path: string): number {
    if (this.#at.size === 0) return this.base
    let newest = this.#at.get(path) ?? this.base
    for (const folder of foldersAbove(path)) newest = Math.max(newest, this.#at.get(folder) ?? 0)
    return newest
  }
}

/** `/`, `/a/` and `/a/b/` of `/a/b/c`. */
function foldersAbove(path: string): readonly string[] {
  const folders: string[] = []
  for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) folders.push(path.slice(0, end + 1))
  return folders
}

const pathsOf = ({ path, from }: Pick<Differing, 'path' | 'from'>): readonly string[] =>
  from === null ? [path] : [path, from]

type Row = Pick<Differing, 'path' | 'from' | 'before' | 'after'>

/**
 * Which of the rows are taken, when these paths were ticked: they, and what goes away in their place. A folder cannot be
 * made while a file of its name stays, nor the other way round.
 */
export function taken<T extends Row>(rows: readonly T[], ticked: Iterable<string>): ReadonlySet<T> {
  const names = new Set(ticked)
  const found = new Set<T>()
  /** What goes away, by its path and by the folders above it. */
  const leaving = new Map<string, T[]>()
  const note = (name: string, row: T) => {
    const some = leaving.get(name)
    if (some === undefined) leaving.set(name, [row])
    else some.push(row)
  }
  for (const row of rows) {
    const gone = row.after === null ? row.path : row.from
    if (gone === null) continue
    note(gone, row)
    for (const folder of foldersAbove(gone)) note(folder, row)
  }
  const waiting = rows.filter(({ path }) => names.has(path) || foldersAbove(path).some(folder => names.has(folder)))
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    if (found.has(row)) continue
    found.add(row)
    if (row.after === null) continue
    const inTheWay = [`${row.path}/`, ...foldersAbove(row.path).map(folder => folder.slice(0, -1))]
    for (const name of inTheWay) waiting.push(...(leaving.get(name) ?? []))
  }
  return found
}

/**
 * What is chosen after `ticked` of what differs from version `to` were taken. The others go on standing where they stood.
 * Throws INVALID_INPUT where that cannot be said in few enough lines.
 */
export function choose<T extends Row>(
  { chosen }: Pick<Standing, 'chosen'>,
  rows: readonly T[],
  ticked: ReadonlySet<T>,
  to: number,
): Chosen {
  const left = rows.filter(row => !ticked.has(row)).flatMap(pathsOf)
  const leftPaths = new Set(left)
  const mixed = new Set(left.flatMap(foldersAbove))
  const isLeft = (line: string) => (line.endsWith('/') ? mixed.has(line) : leftPaths.has(line))
  // Where nothing below a line is left, all of it is now as it is in `to`.
  const stay = chosen.map(({ length, paths }) => ({ length, paths: paths.filter(isLeft) }))
  const move = chosen.flatMap(({ paths }) => paths.filter(line => !isLeft(line)))
  const lines = withoutCovered([...move, ...linesOf([...ticked].flatMap(pathsOf), left)])
  const next = [...stay, { length: to, paths: lines }].filter(({ paths }) => paths.length > 0)
  if (next.reduce((sum, { paths }) => sum + paths.length, 0) > MOST)
    throw new AppError('INVALID_INPUT', 'These are too many single files to be kept apart from the rest.', {
      issues: [{ path: 'paths', message: 'choose whole folders, or take all of it' }],
    })
  return next
}

/** These paths in few lines: a folder where nothing of what is left lies below it. */
export function linesOf(paths: readonly string[], left: readonly string[]): readonly string[] {
  const mixed = new Set(left.flatMap(foldersAbove))
  return [...new Set(paths.map(path => foldersAbove(path).find(folder => !mixed.has(folder)) ?? path))]
}

/** Without what lies below another line. */
function withoutCovered(lines: readonly string[]): readonly string[] {
  const all = new Set(lines)
  return [...all].filter(line => !foldersAbove(line).some(folder => folder !== line && all.has(folder))).sort()
}

/** What differs between what is kept and version `to`, which none of it is newer than. Throws what `Archive.at` throws. */
export function pairsFrom(standing: Standing, archive: Archive, to: number): Promise<readonly Pair[]> {
  return archive.at(to, async snapshot => {
    const pairs: Pair[] = []
    for (const length of standing.lengths)
      for await (const pair of pairsBetween(length, snapshot))
        if (standing.lengthOf(pair.path) === length) pairs.push(pair)
    return pairs
  })
}

/**
 * What was chosen, beside what the base has in its place; of versions that their author took back nothing. Throws what
 * `Archive.at` throws.
 */
export async function chosenPairs(standing: Standing, archive: Archive): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  if (standing.newest > archive.length) return pairs
  for (const { length } of standing.chosen)
    await archive.at(length, async snapshot => {
      for await (const pair of pairsBetween(standing.base, snapshot))
        if (standing.lengthOf(pair.path) === length) pairs.push(pair)
    })
  return pairs
}
