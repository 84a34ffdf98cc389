/** What notifications say. Titles come from others: cleaned and cut, so that they can claim no more than a line. Pure. */
import type { ArchiveKey, ArchiveRow } from '../../preload/contract/models.ts'
import { count } from '../ui/format.ts'
import { plainName } from '../ui/names.ts'
import { sayNews } from './words.ts'

/** `key`: the archive whose changes a click opens; null: the library. */
export type Notice = { readonly title: string; readonly body: string; readonly key: ArchiveKey | null }

const LONGEST = 60
/** Archives that are named, of many. */
const NAMED = 3

export function sayTitle(title: string): string {
  const characters = Array.from(plainName(title).replace(/\s+/g, ' ').trim())
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : characters.join('')
}

/** Of archives that have changed; null: nothing of it is worth a word. */
export function sayChanges(rows: readonly ArchiveRow[], titleOf: (row: ArchiveRow) => string): Notice | null {
  const told = rows.flatMap(row => {
    const text = sayChange(row)
    return text === null ? [] : [{ row, text }]
  })
  const [first] = told
  if (first === undefined) return null
  if (told.length === 1) return { title: sayTitle(titleOf(first.row)), body: first.text, key: first.row.id }
  const lines = told.slice(0, NAMED).map(({ row, text }) => `${sayTitle(titleOf(row))}: ${text}`)
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
