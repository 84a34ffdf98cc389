/** Sizes, times and states in words for a terminal. Pure. */
import { assertNever } from '../../preload/contract/errors.ts'
import type {
  ArchiveRow,
  ArchiveState,
  Attempts,
  Keeping,
  NetworkStatus,
  PendingUpdate,
  Rates,
  Rewritten,
  TransferRow,
  Verdict,
} from '../../preload/contract/models.ts'

type Unreachable = Extract<ArchiveState, { name: 'unreachable' }>

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB']

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes
  let unit = ''
  for (const next of UNITS) {
    if (value < 999.5) break
    value /= 1000
    unit = next
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
}

/** `2026-11-21 10:02`, in the machine's own time. */
export function time(milliseconds: number): string {
  const date = new Date(milliseconds)
  if (Number.isNaN(date.getTime())) return '?'
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/**
 * A name from an archive, safe to print: control characters would command the terminal, and invisible or turning ones
 * would show another name than there is.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}\u{115f}\u{1160}\u{3164}\u{ffa0}]/gu,
    character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** A text of several lines on one. */
export const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]\s*/g, ' ')

/** What is said of a version, as an input that is left out where it is nothing. */
export const said = (message: string | null): { readonly message?: string } => (message === null ? {} : { message })

/** Whether it will be there. */
export function verdict(said: Verdict): string {
  switch (said.name) {
    case 'unknown':
      return 'Not known yet: its list is not all here.'
    case 'safe':
      return `Safe: ${said.others === 1 ? '1 other holds' : `${said.others.toLocaleString('en')} others hold`} all of it.`
    case 'spread':
      return `No other holds all of it. Together, ${count(said.others, 'other')} hold everything ${times(said.times)}; with this machine it exists ${times(said.withThis)}.`
    case 'only-here':
      return `Only this machine holds ${count(said.files, 'file')} (${size(said.bytes)}); ${said.others === 0 ? 'nobody else is there' : `${count(said.others, 'other is', 'others are')} there without ${said.files === 1 ? 'it' : 'them'}`}.`
    case 'missing':
      return `Nobody who is there holds ${count(said.files, 'file')} (${size(said.bytes)}), this machine included${said.onlyHere.files === 0 ? '' : `; ${count(said.onlyHere.files, 'file')} (${size(said.onlyHere.bytes)}) are here alone`}.`
    default:
      return assertNever(said)
  }
}

const times = (number: number) =>
  number === 1 ? 'once' : number === 2 ? 'twice' : `${number.toLocaleString('en')} times`

/** What Cairn asks about before it takes it for an intention. */
export const gone = ({ removals, of }: { readonly removals: number; readonly of: number }): string =>
  `${count(removals, 'entry', 'entries')} of ${of} are gone from its folder`

export function reason({ reason: why, candidates, attempts }: Unreachable): string {
  switch (why) {
    case 'paused':
      return 'Everything is paused'
    case 'offline':
      return 'This machine is offline'
    case 'nobody-near':
      return 'The internet cannot be reached, and nobody on this local network shares it'
    case 'dht-silent':
      return 'No node of the network answers: a firewall may be in the way'
    case 'nobody':
      return 'Nobody who has this archive is online'
    case 'peers-unreachable':
      return [`Announced by ${count(candidates, 'machine')}, but no connection succeeds`, ...outcomes(attempts)].join(
        ': ',
      )
    case 'peer-lacks':
      return 'Connected, but the peer does not have it yet'
    default:
      return assertNever(why)
  }
}

/** `2 do not answer, 1 is behind a router or firewall that lets nothing through`: in one string, or none. */
function outcomes({ silent, blocked, refused }: Attempts): readonly string[] {
  const said = [
    silent === 0 ? '' : `${silent} ${silent === 1 ? 'does' : 'do'} not answer (off, asleep or behind a firewall)`,
    blocked === 0 ? '' : `no way to ${blocked} of them through routers and firewalls`,
    refused === 0 ? '' : `${refused} ${refused === 1 ? 'declines' : 'decline'}`,
  ].filter(Boolean)
  return said.length === 0 ? [] : [said.join(', ')]
}

export function state(archive: ArchiveState): string {
  switch (archive.name) {
    case 'waiting-for-consent':
      return 'not looked for yet'
    case 'looking':
      return archive.candidates > 0
        ? `looking for peers, ${count(archive.candidates, 'candidate')} found`
        : 'looking for peers'
    case 'reading':
      return `connected to ${count(archive.peers, 'peer')}, reading`
    case 'found':
      return 'found'
    case 'empty':
      return 'found, and empty'
    case 'unreachable':
      return reason(archive)
    case 'secret-needed':
      return 'encrypted: the link lacks its secret'
    case 'damaged':
      return 'its list is broken, and cannot be read'
    case 'behind':
      return `read-only: ${behind(archive)}`
    default:
      return assertNever(archive)
  }
}

export function keeping(how: Keeping): string {
  switch (how.how) {
    case 'look':
      return 'looked at'
    case 'parts':
      return `kept in part (${how.patterns.slice(0, 3).map(printable).join(', ')}${how.patterns.length > 3 ? ', …' : ''})`
    case 'all':
      return 'kept'
    case 'folder':
      return `kept in ${printable(how.folder)}`
    default:
      return assertNever(how)
  }
}

/** An update that waits for the person's answer. */
export function pending({ to, why, added, changed, removed, renamed, of, bytes, stays }: PendingUpdate): string {
  const names = renamed === 0 ? '' : `, ${renamed.toLocaleString('en')} renamed`
  const files = `+${added} ~${changed} -${removed} of ${count(of, 'file')}${names}, ${size(bytes)} more`
  if (stays) return `version ${to} is there and is not taken (${files})`
  switch (why) {
    case 'removes':
      return `version ${to} takes away or overwrites much of it and waits for your answer (${files})`
    case 'grows':
      return `version ${to} grows beyond what you agreed to and waits for your answer (${files})`
    case 'ask-first':
      return `version ${to} waits for your answer (${files})`
    default:
      return assertNever(why)
  }
}

/** What has happened to its history, and what can be done. */
export function rewritten(now: Rewritten, yours: boolean): string {
  const { here } = now
  const lost = (common: number): string =>
    common >= here
      ? 'nothing that is here is lost by following'
      : `following loses ${common + 1 === here ? `version ${here}` : `versions ${common + 1} to ${here}`} on this machine`
  const answers = {
    asked: 'cairn follow LINK follows, with --stay it does not',
    stays: 'you stay on what is here; cairn follow LINK follows',
    follows: 'it is followed as soon as somebody who has it is there',
  }[now.answer]
  switch (now.kind) {
    case 'taken-back':
      if (now.what === 'content')
        return `${yours ? 'another copy of it' : 'its author'} replaced what files hold: following loses what they held on this machine; ${answers}`
      return `${yours ? 'another copy of it' : 'its author'} took versions back after version ${now.common}, and has version ${now.newest} now: ${lost(now.common)}; ${answers}`
    case 'forked': {
      if (now.mended !== null)
        return `it was mended after a fork, and has version ${now.mended.newest} now: ${lost(now.mended.common)}; ${answers}`
      const part = now.common === null ? '' : ` (the same up to version ${now.common})`
      return `frozen: two histories were signed with its key${part}. ${yours ? 'cairn repair LINK says how to end that' : 'Its author has to mend it; cairn warrant LINK --out FILE saves the proof'}`
    }
    default:
      return assertNever(now)
  }
}

function behind({ length, published, alone }: Extract<ArchiveState, { name: 'behind' }>): string {
  const older = published === null ? ' and may be older than what was published' : ` of ${published}`
  const now = alone
    ? 'no friend who has more is there (cairn repair LINK says what else can be done)'
    : 'it catches up from friends before anything is added'
  return `this copy has version ${length}${older}; ${now}`
}

/** Why nothing is added to an archive of yours now; null: nothing is in the way. */
export function held(row: Pick<ArchiveRow, 'state' | 'rewritten' | 'ownership'>): string | null {
  if (row.rewritten !== null) return rewritten(row.rewritten, row.ownership === 'yours')
  return row.state.name === 'behind' ? behind(row.state) : null
}

export function network(status: NetworkStatus): string {
  const { state, address } = status
  switch (state.name) {
    case 'off':
      return 'off'
    case 'waiting-for-consent':
      return 'off until the first share or open'
    case 'paused':
      return 'everything is paused: cairn resume --all goes on'
    case 'starting':
      return 'starting'
    case 'online':
      return `online${address === null ? '' : ` as ${address}`}, ${count(status.peers, 'peer')}`
    case 'behind-nat':
      return `online behind a router${address === null ? '' : ` as ${address}`}, ${count(status.peers, 'peer')}`
    case 'dht-silent':
      return 'no node of the network answers'
    case 'room':
      return `no internet, ${count(status.room.peers, 'peer')} on the local network`
    case 'offline':
      return 'offline'
    default:
      return assertNever(state)
  }
}

/** `1,203 of 5,000 files, 1.2 of 3.4 GB, 12 MB/s, 3 min left`: what is known of it; while nothing is, that it begins. */
export function progress(
  row: Pick<TransferRow, 'files' | 'ofFiles' | 'bytes' | 'ofBytes' | 'rate' | 'secondsLeft'>,
): string {
  if (row.ofFiles === null && row.ofBytes === null && row.files === 0 && row.bytes === 0) return 'beginning …'
  const files =
    row.ofFiles === null
      ? count(row.files, 'file')
      : `${row.files.toLocaleString('en')} of ${count(row.ofFiles, 'file')}`
  const bytes = row.ofBytes === null ? size(row.bytes) : `${size(row.bytes)} of ${size(row.ofBytes)}`
  const rate = row.rate > 0 ? `, ${size(row.rate)}/s` : ''
  const left = row.secondsLeft === null ? '' : `, ${duration(row.secondsLeft)} left`
  return `${files}, ${bytes}${rate}${left}`
}

/** How quickly may be fetched and served. */
export function rates({ down, up }: Rates): string {
  const say = (rate: number | null) => (rate === null ? 'as quickly as it goes' : `at most ${size(rate)}/s`)
  return `down ${say(down)}, up ${say(up)}`
}
