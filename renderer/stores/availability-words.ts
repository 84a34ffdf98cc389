/** Whether an archive will be there, in one sentence: how it stands, since when that is known, and what the person can do. */
import { assertNever } from '../../preload/contract/errors.ts'
import type { ArchiveRow, Availability, AvailabilitySummary, Held, Verdict } from '../../preload/contract/models.ts'
import { ago, bytes, count, number } from '../ui/format.ts'
import type { Mood } from './words.ts'

export type Standing = {
  readonly title: string
  readonly mood: Mood
  /** Until when it is true. */
  readonly asOf: string
  /** The next step; empty: nothing is needed. */
  readonly next: string
}

type Known = Pick<AvailabilitySummary, 'now' | 'remembered' | 'connected' | 'away' | 'lastContact'>
type Counted = Known & Pick<Availability, 'asOf' | 'unheard'>
type Asked = Pick<ArchiveRow, 'ownership' | 'files' | 'paused'>

/** Milliseconds in which what is counted is said again where it stays the same, and some. */
const NOW = 20_000

export function sayStanding(known: Counted, row: Asked, now: number): Standing {
  const { connected, away, lastContact } = known
  const isRemembered = connected === 0 && away > 0
  const verdict = isRemembered ? known.remembered : known.now
  if (verdict.name === 'unknown')
    return {
      title: 'Who holds what is not known yet',
      mood: 'quiet',
      asOf: '',
      next: 'It is counted once the whole list of this archive is on this device.',
    }
  const paused = row.paused ? 'It is paused: nothing of it is fetched or served until you go on.' : ''
  const last = lastContact === null ? '' : `The last contact was ${ago(lastContact, now)}.`
  if (!isRemembered)
    return {
      title: sayNow(verdict, row, known.unheard),
      mood: moodOf(verdict),
      asOf: [sayAsOf(known, now), sayUnheard(known), sayAlso(known, now)].filter(Boolean).join(' '),
      next: paused || sayNext(verdict, row, connected),
    }
  return {
    title: `Nobody is connected. ${sayRemembered(verdict)}`,
    mood: verdict.name === 'safe' || verdict.name === 'spread' ? 'quiet' : moodOf(verdict),
    asOf: last,
    next:
      paused ||
      (verdict.name === 'safe' || verdict.name === 'spread'
        ? 'While Cairn is closed here, nobody can fetch it before one of them runs theirs again.'
        : sayNext(verdict, row, connected)),
  }
}

function sayAsOf({ asOf, connected }: Counted, now: number): string {
  const when = now - asOf < NOW ? 'As of now.' : `As of ${ago(asOf, now)}: what has changed since is being counted.`
  return `${when} ${connected > 0 ? 'What others hold is what they say of themselves.' : 'Nobody else is known to hold any of it.'}`
}

/** Those who are there and have not said what they hold may hold all of it. */
function sayUnheard({ unheard, connected }: Counted): string {
  if (unheard === 0) return ''
  if (connected === 1) return 'The one who is connected has not said yet what it holds, and counts as holding nothing.'
  const who = unheard === connected ? `The ${number(unheard)}` : `${number(unheard)} of the ${number(connected)}`
  return unheard === 1
    ? `${who} who are connected has not said yet what it holds, and counts as holding nothing.`
    : `${who} who are connected have not said yet what they hold, and count as holding nothing.`
}

const others = (value: number) => (value === 1 ? 'one other' : `${number(value)} others`)
const hold = (value: number) => `${others(value)} ${value === 1 ? 'holds' : 'hold'}`
const times = (value: number) => (value === 1 ? 'once' : value === 2 ? 'twice' : `${number(value)} times`)
const amount = ({ files, bytes: size }: { readonly files: number; readonly bytes: number }) =>
  `${count(files, 'file')} (${bytes(size)})`

function sayNow(verdict: Exclude<Verdict, { name: 'unknown' }>, row: Asked, unheard: number): string {
  const known = unheard > 0 ? 'As far as is known, ' : ''
  switch (verdict.name) {
    case 'safe':
      return `Safe to close: ${hold(verdict.others)} all of it`
    case 'spread':
      return `Safe to close: ${others(verdict.others)} hold parts, and between them everything at least ${times(verdict.times)}`
    case 'only-here': {
      if (verdict.files === 0) return 'Only you hold this archive, and nothing is in it'
      const isAll = verdict.files === row.files
      const rest = verdict.others > 0 && !isAll ? `; ${hold(verdict.others)} the rest` : ''
      return upper(`${known}only you hold ${isAll ? 'this archive: ' : ''}${amount(verdict)}${rest}`)
    }
    case 'missing': {
      const only = verdict.onlyHere.files > 0 ? `, and only you hold ${amount(verdict.onlyHere)}` : ''
      return upper(`${known}nobody who is here now has ${amount(verdict)}${only}`)
    }
    default:
      return assertNever(verdict)
  }
}

/** Of those who are not connected, as they were when they were seen last. */
function sayRemembered(verdict: Exclude<Verdict, { name: 'unknown' }>): string {
  const seen = 'When they were seen last,'
  switch (verdict.name) {
    case 'safe':
      return `${seen} ${others(verdict.others)} held all of it`
    case 'spread':
      return `${seen} ${others(verdict.others)} held parts, and between them everything at least ${times(verdict.times)}`
    case 'only-here':
      return verdict.files === 0 ? 'Nothing is in it' : `As far as was seen, only you hold ${amount(verdict)}`
    case 'missing':
      return `As far as was seen, nobody has ${amount(verdict)}`
    default:
      return assertNever(verdict)
  }
}

/** Those who were here add to those who are. */
function sayAlso({ now, remembered, away, lastContact }: Known, time: number): string {
  if (away === 0 || lastContact === null || rank(remembered) <= Math.max(1, rank(now))) return ''
  const more =
    remembered.name === 'safe' ? `${others(remembered.others)} held all of it` : 'others held all of it between them'
  return `Counting those who are away, ${more}; one was seen ${ago(lastContact, time)}.`
}

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function rank(verdict: Verdict): number {
  switch (verdict.name) {
    case 'unknown':
    case 'missing':
      return 0
    case 'only-here':
      return 1
    case 'spread':
      return 2
    case 'safe':
      return 2 + verdict.others
    default:
      return assertNever(verdict)
  }
}

function sayNext(verdict: Verdict, { ownership }: Asked, connected: number): string {
  const isAlone = verdict.name === 'only-here' || (verdict.name === 'missing' && verdict.onlyHere.files > 0)
  const alone = verdict.name === 'only-here' ? verdict.files : verdict.name === 'missing' ? verdict.onlyHere.files : 0
  if (isAlone)
    return `Keep Cairn open until somebody else has ${alone === 1 ? 'it' : 'them'}${
      connected === 0 ? ': send the link' : ''
    }, or ask ${ownership === 'yours' ? 'a friend' : 'its author or a friend'} to keep this archive.`
  if (verdict.name === 'missing') return 'What is here opens. The rest comes when somebody who has it is there.'
  return ''
}

function moodOf(verdict: Verdict): Mood {
  switch (verdict.name) {
    case 'safe':
    case 'spread':
      return 'good'
    case 'only-here':
      return 'warn'
    case 'missing':
      return verdict.onlyHere.files > 0 ? 'warn' : 'quiet'
    case 'unknown':
      return 'quiet'
    default:
      return assertNever(verdict)
  }
}

/** Nobody else holds all of it, nor do those who were here before. Of a friend's archive that is its author's concern. */
export const isOnlyHere = (known: Known | undefined, row: Pick<ArchiveRow, 'ownership'>): boolean =>
  row.ownership === 'yours' && known?.remembered.name === 'only-here' && known.now.name === 'only-here'

/** At most one other has all of it, as far as is known: whoever keeps it as well makes a difference. */
export function isHeldByFew({ now, remembered, connected }: Known): boolean {
  const verdict = connected > 0 ? now : remembered
  switch (verdict.name) {
    case 'safe':
      return verdict.others < 2
    case 'spread':
      return verdict.times < 2
    case 'only-here':
    case 'missing':
      return true
    case 'unknown':
      return false
    default:
      return assertNever(verdict)
  }
}

/** For a card in the library; empty: nothing worth a word. */
export function sayShort({ now, remembered, connected }: Known): string {
  const verdict = connected > 0 ? now : remembered
  const was = connected === 0
  switch (verdict.name) {
    case 'safe':
      return upper(was ? `${others(verdict.others)} held all of it` : `${hold(verdict.others)} all of it`)
    case 'spread':
      return was ? 'Others held all of it between them' : 'Others hold all of it between them'
    case 'only-here':
      return verdict.files === 0 ? '' : `Only you hold ${count(verdict.files, 'file')}`
    case 'missing':
    case 'unknown':
      return ''
    default:
      return assertNever(verdict)
  }
}

/** In a column: `you + 2`, `2 others`, `nobody now`. And at length. `some`: a part of a file is here. */
export function sayHeldBy(
  { others: more, here, files, alone }: Held,
  some = false,
): { readonly short: string; readonly long: string } {
  const rest =
    alone > 0 && alone < files
      ? ` ${number(alone)} of ${count(files, 'file')} nobody else who is connected is known to hold.`
      : ''
  const least = files > 1 ? ', counting the file that the fewest have' : ''
  const who = more === 0 ? 'nobody else who is connected is known to hold all of it' : `${hold(more)} it${least}`
  if (here)
    return { short: more === 0 ? 'only you' : `you + ${number(more)}`, long: `On this device, and ${who}.${rest}` }
  const fetched = more === 0 ? '' : ' It is fetched when you open it.'
  if (some)
    return {
      short: more === 0 ? 'partly you' : `part + ${number(more)}`,
      long: `A part of it is on this device, and ${who}.${rest}${fetched}`,
    }
  return {
    short: more === 0 ? 'nobody now' : count(more, 'other'),
    long: `Not on this device; ${who}.${rest}${fetched}`,
  }
}
