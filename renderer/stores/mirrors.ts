/** The copies of the backend's collections that the page lives on, and the ways to look at them. */
import { useStore } from 'zustand'
import { useShallow } from 'zustand/shallow'
import type {
  ArchiveKey,
  ArchiveRow,
  NetworkStatus,
  Settings,
  TrafficRow,
  TransferRow,
} from '../../preload/contract/models.ts'
import { backend, connected } from '../backend.ts'
import { shortKey } from '../ui/names.ts'
import { type Mirror, mirror } from './mirror.ts'

/** They live as long as the page. */
const never = new AbortController().signal

export const archives = mirror<ArchiveRow>(signal => backend.archives.watch(undefined, { signal }), never, connected)
export const transfers = mirror<TransferRow>(signal => backend.transfers.watch(undefined, { signal }), never, connected)
export const network = mirror<NetworkStatus>(signal => backend.network.watch(undefined, { signal }), never, connected)
export const settings = mirror<Settings>(signal => backend.settings.watch(undefined, { signal }), never, connected)

const traffic = mirror<TrafficRow>(signal => backend.peers.watchTraffic(undefined, { signal }), never, connected)

/** What has passed, by the key of an archive, or of `all`; undefined: nothing so far. */
export const useTraffic = (id: string): TrafficRow | undefined => useStore(traffic, state => state.byId.get(id))

export const useMirrorStatus = (): Mirror<ArchiveRow>['status'] => useStore(archives, state => state.status)
export const useArchive = (key: ArchiveKey): ArchiveRow | undefined => useStore(archives, state => state.byId.get(key))
export const useSettings = (): Settings | undefined => useStore(settings, state => state.byId.get('settings'))
export const useNetwork = (): NetworkStatus | undefined => useStore(network, state => state.byId.get('network'))

/** Once they have come: who has just opened the page is not asked again what they answered long ago. */
export function knownSettings(): Promise<Settings> {
  return new Promise(resolve => {
    const look = () => {
      const known = settings.getState().byId.get('settings')
      if (known === undefined) return
      stop()
      resolve(known)
    }
    const stop = settings.subscribe(look)
    look()
  })
}

const byTitle = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** In a stable order that does not jump while things change: by title. */
export const useArchives = (ownership?: ArchiveRow['ownership']): readonly ArchiveRow[] =>
  useStore(
    archives,
    useShallow(state =>
      [...state.byId.values()]
        .filter(row => ownership === undefined || row.ownership === ownership)
        .sort((a, b) => byTitle.compare(a.title, b.title) || a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1)),
    ),
  )

const isOver = (row: TransferRow) =>
  row.state.name === 'done' || row.state.name === 'cancelled' || row.state.name === 'failed'

/** What is going on first, then what has ended; each newest first. */
export const useTransfers = (): readonly TransferRow[] =>
  useStore(
    transfers,
    useShallow(state =>
      [...state.byId.values()].sort(
        (a, b) =>
          Number(isOver(a)) - Number(isOver(b)) ||
          (b.endedAt ?? b.startedAt) - (a.endedAt ?? a.startedAt) ||
          (a.id < b.id ? -1 : 1),
      ),
    ),
  )

export const transferIsOver = isOver
/** What to call an archive whose title is not known yet. */
export const titleOf = (row: Pick<ArchiveRow, 'title' | 'id'>): string => row.title || `Unnamed ${shortKey(row.id)}`
