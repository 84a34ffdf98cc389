/** Where in the page the person is, and how that is written behind `#`, so that back, forward and reload work. */
import type { ArchiveKey } from '../../preload/contract/models.ts'

export type Tab = 'files' | 'changes' | 'peers' | 'about'
export const tabs: readonly Tab[] = ['files', 'changes', 'peers', 'about']

/** A version as a pinned link names it. `hash`: z-base-32. */
export type PinnedTo = { readonly version: number; readonly blobsLength: number; readonly hash: string }

/** One file between two versions (`from` 0: the beginning), by the path that it has after, or had if it was removed. */
export type Comparison = { readonly from: number; readonly to: number; readonly path: string }

export type Place =
  | { readonly view: 'home' }
  | {
      readonly view: 'archive'
      readonly key: ArchiveKey
      readonly tab: Tab
      /** The folder that is looked at. */
      readonly path: string
      /** An earlier version; null: now. */
      readonly version: number | null
      /** A file in it that is to be selected on arrival. */
      readonly file: string | null
      /** What a link said of the version that it led to: see `pinOf`. */
      readonly pin?: PinnedTo | undefined
      /** On Changes: a file that is looked at as it was and as it is. */
      readonly comparison?: Comparison | null
    }
  | { readonly view: 'transfers' }
  | { readonly view: 'network' }
  /** What Cairn is, where it keeps things, and help. */
  | { readonly view: 'about' }
  /** A link that the operating system handed over: nothing is looked up before the person agrees. */
  | { readonly view: 'ask'; readonly link: string }

/** What is to be proven before anything of this place is shown; null: nothing. Other versions are not what the link spoke of. */
export const pinOf = ({ pin, version }: Extract<Place, { view: 'archive' }>): PinnedTo | null =>
  pin !== undefined && pin.version === version ? pin : null

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/')

export function formatLocation(place: Place): string {
  if (place.view === 'home') return '#/'
  if (place.view === 'transfers' || place.view === 'network' || place.view === 'about') return `#/${place.view}`
  if (place.view === 'ask') return `#/ask?link=${encodeURIComponent(place.link)}`
  const query = new URLSearchParams()
  if (place.version !== null) query.set('version', String(place.version))
  const pin = pinOf(place)
  if (pin !== null) query.set('pin', `${pin.blobsLength}.${pin.hash}`)
  if (place.file !== null) query.set('file', place.file)
  if (place.tab === 'changes' && place.comparison) {
    query.set('compare', `${place.comparison.from}-${place.comparison.to}`)
    query.set('of', place.comparison.path)
  }
  const search = query.size > 0 ? `?${query}` : ''
  return `#/archive/${place.key}/${place.tab}${encodePath(place.path)}${search}`
}

/** Never throws: what it cannot read is home. */
export function parseLocation(hash: string): Place {
  const text = hash.replace(/^#/, '')
  const mark = text.indexOf('?')
  const path = mark < 0 ? text : text.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1))
  const [, view, key, tab, ...rest] = path.split('/')
  if (view === 'transfers' || view === 'network' || view === 'about') return { view }
  if (view === 'ask') return { view, link: query.get('link') ?? '' }
  if (view !== 'archive' || !key || !/^[a-z0-9]{52}$/.test(key)) return { view: 'home' }
  const written = query.get('version')
  const version = written !== null && /^\d{1,15}$/.test(written) ? Number(written) : null
  const pin = query.get('pin')
  const comparison = tab === 'changes' ? parseComparison(query) : null
  return {
    view,
    key,
    tab: tabs.find(name => name === tab) ?? 'files',
    path: `/${rest.map(decodeSegment).filter(Boolean).join('/')}`,
    version,
    file: query.get('file'),
    ...(comparison === null ? {} : { comparison }),
    // What is no pin is shown to be none by whoever checks it: it must not be passed over here.
    ...(version === null || pin === null ? {} : { pin: { version, ...partsOf(pin) } }),
  }
}

function partsOf(pin: string): { readonly blobsLength: number; readonly hash: string } {
  const dot = pin.indexOf('.')
  return { blobsLength: Number(pin.slice(0, dot)), hash: pin.slice(dot + 1) }
}

function parseComparison(query: URLSearchParams): Comparison | null {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(query.get('compare') ?? '') ?? []
  const path = query.get('of')
  if (from === undefined || to === undefined || path === null || !path.startsWith('/')) return null
  return Number(from) < Number(to) ? { from: Number(from), to: Number(to), path } : null
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The folder that holds a path; `/` holds itself. */
export const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/'))) || '/'
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
export const join = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`)
