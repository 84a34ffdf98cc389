/**
 * What the tray, the Dock and the taskbar show, from the backend's own streams: the shell is a client like any other.
 * Knows no Electron.
 */
import type { Contract } from '../../preload/contract/index.ts'
import type { ArchiveRow, Change, NetworkStatus, TransferRow } from '../../preload/contract/models.ts'
import type { Client } from '../../preload/wire/connect.ts'

export type ShellStatus = {
  /** `waiting`: nothing goes out before the person has agreed to be seen. */
  readonly mood: 'starting' | 'waiting' | 'sharing' | 'paused' | 'offline'
  /** Archives that are shared. */
  readonly archives: number
  /** What is being transferred now, and how much of it is done, in hundredths; null: not known, or nothing is. */
  readonly transfers: number
  readonly percent: number | null
  /** Archives that have something new, or wait for an answer. */
  readonly news: number
  /** Those that were added or have changed last, the newest first. No private ones: what they are called stays here. */
  readonly recent: readonly RecentArchive[]
}
export type RecentArchive = { readonly key: string; readonly title: string }

export const NOTHING_YET: ShellStatus = {
  mood: 'starting',
  archives: 0,
  transfers: 0,
  percent: null,
  news: 0,
  recent: [],
}

const RECENT = 8
const LONGEST_TITLE = 60

/** Calls `changed` with the first status that is whole, and then only when it differs. Ends with the connection, or the signal. */
export async function followStatus(
  { archives, transfers, network }: Pick<Client<Contract>, 'archives' | 'transfers' | 'network'>,
  signal: AbortSignal,
  changed: (status: ShellStatus) => void,
): Promise<void> {
  const stop = new AbortController()
  const both = { signal: AbortSignal.any([signal, stop.signal]) }
  const rows = {
    archives: new Map<string, ArchiveRow>(),
    transfers: new Map<string, TransferRow>(),
    network: new Map<string, NetworkStatus>(),
  }
  let here = 0
  let said = ''
  const tell = () => {
    if (here < Object.keys(rows).length) return
    const status = statusOf([...rows.archives.values()], [...rows.transfers.values()], rows.network.get('network'))
    const text = JSON.stringify(status)
    if (text === said) return
    said = text
    changed(status)
  }
  const follow = async <T extends { readonly id: string }>(
    stream: AsyncIterable<readonly Change<T>[]>,
    into: Map<string, T>,
  ) => {
    let first = true
    for await (const changes of stream) {
      for (const change of changes) {
        if (change.op === 'reset') into.clear()
        else if (change.op === 'put') into.set(change.item.id, change.item)
        else into.delete(change.id)
      }
      if (first) here++
      first = false
      tell()
    }
  }
  try {
    await Promise.race([
      follow(archives.watch(undefined, both), rows.archives),
      follow(transfers.watch(undefined, both), rows.transfers),
      follow(network.watch(undefined, both), rows.network),
    ])
  } catch {
    // The backend has gone, or is gone from: there is nothing more to follow.
  } finally {
    stop.abort()
  }
}

export function statusOf(
  archives: readonly ArchiveRow[],
  transfers: readonly TransferRow[],
  network: NetworkStatus | undefined,
): ShellStatus {
  const running = transfers.filter(({ state }) => state.name === 'running')
  return {
    mood: moodOf(network),
    archives: archives.filter(({ paused, length }) => !paused && length > 0).length,
    transfers: running.length,
    percent: percentOf(running),
    news: archives.filter(wantsALook).length,
    recent: archives
      .filter(({ private: hidden, title }) => !hidden && title !== '')
      .sort((a, b) => touched(b) - touched(a) || (a.id < b.id ? -1 : 1))
      .slice(0, RECENT)
      .map(({ id, title }) => ({ key: id, title: shownTitle(title) })),
  }
}

function moodOf(network: NetworkStatus | undefined): ShellStatus['mood'] {
  switch (network?.state.name) {
    case 'online':
    case 'behind-nat':
    case 'room':
      return 'sharing'
    case 'paused':
      return 'paused'
    case 'waiting-for-consent':
      return 'waiting'
    case 'off':
    case 'offline':
    case 'dht-silent':
      return 'offline'
    case 'starting':
    case undefined:
      return 'starting'
  }
}

/** By bytes, as long as all of them know how many there are. */
function percentOf(running: readonly TransferRow[]): number | null {
  let done = 0
  let all = 0
  for (const { bytes, ofBytes } of running) {
    if (ofBytes === null) return null
    done += Math.min(bytes, ofBytes)
    all += ofBytes
  }
  return all === 0 ? null : Math.floor((done / all) * 100)
}

/** A friend's changes that the person wants to be told of, what was waited for, and every question that is open. */
function wantsALook({ ownership, notify, news, updates, watched, source, rewritten }: ArchiveRow): boolean {
  if (watched !== null && watched.foundAt !== null) return true
  if (updates.pending !== null && !updates.pending.stays) return true
  if (source?.state.name === 'asks-removal') return true
  if (rewritten?.answer === 'asked') return true
  return ownership === 'friends' && notify && news !== null
}

/** When a friend's archive changed is what its author says, who could stay at the top for ever with it. */
const touched = ({ ownership, addedAt, changedAt }: ArchiveRow): number =>
  ownership === 'yours' ? Math.max(addedAt, changedAt ?? 0) : addedAt

/** Titles come from others and are shown beside those of other programs: one line, nothing hidden in it, not long. */
export function shownTitle(title: string): string {
  const plain = title
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const characters = Array.from(plain)
  return characters.length > LONGEST_TITLE ? `${characters.slice(0, LONGEST_TITLE - 1).join('')}…` : plain || 'Unnamed'
}
