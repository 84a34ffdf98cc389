/**
 * What notifications say. Titles come from others: cleaned and cut, so that they can claim no more than a line. What private
 * archives are called is said only to who wants that: the system shows notifications on a locked screen too, and keeps a list
 * of them. Pure.
 */
import type { ArchiveKey, ArchiveRow } from '../../preload/contract/models.ts'
import { count } from '../ui/format.ts'
import { plainName } from '../ui/names.ts'
import { sayNews } from './words.ts'

/** `key`: the archive whose changes a click opens; null: the library. */
export type Notice = { readonly title: string; readonly body: string; readonly key: ArchiveKey | null }

const LONGEST = 60
/** Archives that are named, of many. */
const NAMED = 3

function sayTitle(title: string): string {
  const characters = Array.from(plainName(title).replace(/\s+/g, ' ').trim())
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : characters.join('')
}

/**
 * What an archive is called in a notification. `row` undefined: it is not in the library, and nobody knows whether it is private.
 * `namePrivate`: the person's choice.
 */
export function sayArchive(row: Pick<ArchiveRow, 'private'> | undefined, title: string, namePrivate: boolean): string {
  if (namePrivate || row?.private === false) return sayTitle(title)
  return row === undefined ? 'An archive' : 'A private archive'
}

/** Of archives that have changed; null: nothing of it is worth a word. */
export function sayChanges(
  rows: readonly ArchiveRow[],
  titleOf: (row: ArchiveRow) => string,
  namePrivate: boolean,
): Notice | null {
  const named = (row: ArchiveRow) => sayArchive(row, titleOf(row), namePrivate)
  const told = rows.flatMap(row => {
    const text = sayChange(row)
    return text === null ? [] : [{ row, text }]
  })
  const [first] = told
  if (first === undefined) return null
  if (told.length === 1) return { title: named(first.row), body: first.text, key: first.row.id }
  const lines = told.slice(0, NAMED).map(({ row, text }) => `${named(row)}: ${text}`)
  const left = told.length - NAMED
  return {
    title: `${count(told.length, 'archive')} changed`,
    body: [...lines, ...(left > 0 ? [`And ${left} more.`] : [])].join('\n'),
    key: null,
  }
}

function sayChange(row: ArchiveRow): string | null {
  const news = sayNews(row)
  const { pending } = row.updates
  if (pending !== null && !pending.stays)
    return news === null ? 'An update waits for your answer.' : `An update waits for your answer: ${news.words}.`
  return news === null ? null : news.count === null ? 'It has changed.' : `${news.words}.`
}
