/** One place that says in words what state an archive, its source, a transfer or the network is in. */
import { assertNever } from '../../preload/contract/errors.ts'
import type { ArchiveRow, Keeping, NetworkStatus, News, TransferRow } from '../../preload/contract/models.ts'
import { ago, bytes, count, duration, number, percent } from '../ui/format.ts'

export type Mood = 'good' | 'quiet' | 'busy' | 'warn' | 'bad'
export type Said = { readonly short: string; readonly mood: Mood }

/** For a row in a list: a few words and how they feel. Without the backend nothing is said of what goes on now. */
export function sayArchive(row: ArchiveRow, { live, allPaused }: { live: boolean; allPaused: boolean }): Said {
  if (!live) return { short: 'Cairn is not running', mood: 'quiet' }
  const source = row.source?.state
  if (row.paused) return { short: 'Paused', mood: 'quiet' }
  if (row.rewritten?.kind === 'forked') return { short: 'Frozen: two histories', mood: 'bad' }
  if (row.rewritten?.answer === 'asked') return { short: 'Asks you something', mood: 'warn' }
  if (row.updates.pending !== null && !row.updates.pending.stays) return { short: 'Asks you something', mood: 'warn' }
  if (source?.name === 'asks-removal') return { short: 'Asks you something', mood: 'warn' }
  if (source?.name === 'missing') return { short: 'Its folder is missing', mood: 'warn' }
  if (source?.name === 'paused') return { short: 'Paused', mood: 'quiet' }
  if (source?.name === 'failed') return { short: 'Needs your attention', mood: 'bad' }
  const isOnNetwork = ['looking', 'reading', 'unreachable', 'found', 'empty'].includes(row.state.name)
  if (allPaused && isOnNetwork && source?.name !== 'importing') return { short: 'Paused', mood: 'quiet' }
  switch (row.state.name) {
    case 'waiting-for-consent':
      return { short: 'Waits for your answer', mood: 'warn' }
    case 'looking':
      return { short: 'Looking for peers…', mood: 'busy' }
    case 'reading':
      return { short: 'Connected, reading the list…', mood: 'busy' }
    case 'unreachable':
      return { short: sayReason(row.state), mood: 'quiet' }
    case 'secret-needed':
      return { short: 'Needs its secret', mood: 'warn' }
    case 'damaged':
      return { short: 'Cannot be read', mood: 'bad' }
    case 'behind':
      return row.state.alone
        ? { short: 'Older than what you published', mood: 'warn' }
        : { short: 'Catching up…', mood: 'busy' }
    case 'found':
    case 'empty':
      if (source?.name === 'importing') return { short: 'Being added…', mood: 'busy' }
      if (row.peers > 0) return { short: count(row.peers, 'peer'), mood: 'good' }
      return { short: 'Nobody connected', mood: 'quiet' }
    default:
      return assertNever(row.state)
  }
}

export type NewsSaid = {
  /** `3`, `99+`; null: how many has not been counted. */
  readonly count: string | null
  /** `3 added, 1 changed`. */
  readonly words: string
}

/** What is new of a friend's archive since the person looked; null: nothing that is worth a word. */
export function sayNews({ ownership, seenLength, length, news }: ArchiveRow): NewsSaid | null {
  if (ownership !== 'friends' || seenLength === 0 || length <= seenLength) return null
  if (news === null) return { count: null, words: 'new changes' }
  const total = news.added + news.changed + news.removed + news.renamed
  if (total === 0 && !news.more) return null
  const counts = sayCounts(news).join(', ')
  return {
    count: total > 99 || (news.more && total === 99) ? '99+' : `${total}${news.more ? '+' : ''}`,
    words: news.more ? `more than ${counts}` : counts,
  }
}

/** `3 added`, `1 changed`: what there is none of is left out. */
export const sayCounts = ({ added, changed, removed, renamed }: Omit<News, 'more'>): readonly string[] =>
  [
    added > 0 ? `${number(added)} added` : '',
    changed > 0 ? `${number(changed)} changed` : '',
    renamed > 0 ? `${number(renamed)} renamed` : '',
    removed > 0 ? `${number(removed)} removed` : '',
  ].filter(Boolean)

export function sayKeeping(keeping: Keeping): string {
  switch (keeping.how) {
    case 'look':
      return 'Fetches only what you look at, and serves that on'
    case 'parts':
      return 'Keeps the parts that you chose, now and when they change, and serves them on'
    case 'all':
      return 'Keeps all of it, now and when it changes, and serves it on'
    case 'folder':
      return 'Keeps all of it in a folder that follows it, and serves it on'
    default:
      return assertNever(keeping)
  }
}

export function sayReason({ reason, attempts }: Extract<ArchiveRow['state'], { name: 'unreachable' }>): string {
  switch (reason) {
    case 'paused':
      return 'Everything is paused'
    case 'offline':
      return 'You are offline'
    case 'nobody-near':
      return 'Nobody nearby shares it'
    case 'dht-silent':
      return 'The network does not answer'
    case 'nobody':
      return 'Nobody shares it now'
    case 'peers-unreachable':
      return attempts.blocked + attempts.refused === 0 && attempts.silent > 0
        ? 'Whoever announced it does not answer'
        : 'Peers cannot be reached'
    case 'peer-lacks':
      return 'The peer does not have it yet'
    default:
      return assertNever(reason)
  }
}

export function sayNetwork(status: NetworkStatus | undefined, live: boolean): Said {
  if (!live) return { short: 'Cairn is not running', mood: 'warn' }
  if (status === undefined) return { short: 'Network', mood: 'quiet' }
  switch (status.state.name) {
    case 'off':
    case 'waiting-for-consent':
      return { short: status.reach.title, mood: 'quiet' }
    case 'paused':
      return { short: 'All paused', mood: 'warn' }
    case 'starting':
      return { short: status.reach.title, mood: 'busy' }
    case 'online':
    case 'behind-nat':
      return { short: status.reach.verdict === 'strict-nat' ? 'Online, strict router' : 'Online', mood: 'good' }
    case 'room':
      return { short: 'Nearby only', mood: 'good' }
    case 'dht-silent':
    case 'offline':
      return { short: status.reach.title, mood: 'warn' }
    default:
      return assertNever(status.state)
  }
}

/** `paused`: everything is, or the archive that it is a part of. */
export function sayTransfer(row: TransferRow, live: boolean, paused: 'all' | 'archive' | null = null): string {
  if (!live && row.endedAt === null) return 'goes on when Cairn runs again'
  switch (row.state.name) {
    case 'waiting':
      return 'Waiting for its turn'
    case 'running':
      if (row.ofBytes === null) return 'Counting…'
      return row.secondsLeft === null ? 'Running' : `${duration(row.secondsLeft)} left`
    case 'waiting-for-peers':
      if (paused === 'all') return 'Waiting: everything is paused'
      return paused === 'archive' ? 'Waiting: this archive is paused' : 'Waiting for somebody who has the rest'
    case 'paused':
      return 'Paused'
    case 'done':
      return row.endedAt === null ? 'Done' : `Done ${ago(row.endedAt)}`
    case 'cancelled':
      return 'Cancelled'
    case 'failed':
      return 'Stopped by a problem'
    default:
      return assertNever(row.state)
  }
}

/** 0 to 1 by bytes, or by files where all of them are empty; null: not known yet. */
export function shareOf(row: Pick<TransferRow, 'files' | 'ofFiles' | 'bytes' | 'ofBytes'>): number | null {
  if (row.ofBytes !== null && row.ofBytes > 0) return row.bytes / row.ofBytes
  if (row.ofFiles !== null && row.ofFiles > 0) return row.files / row.ofFiles
  return null
}

/** How much of an archive's content is on this device. */
export function sayHeld({ held }: ArchiveRow): string {
  if (held.ofBlocks === 0) return 'Nothing to hold yet'
  if (held.blocks >= held.ofBlocks) return `All of it (${bytes(held.ofBytes)})`
  if (held.blocks === 0) return 'Nothing yet'
  return `${percent(held.blocks, held.ofBlocks)} (${bytes(held.bytes)} of ${bytes(held.ofBytes)})`
}
