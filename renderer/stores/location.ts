/** Where in the page the person is, and how that is written behind `#`, so that back, forward and reload work. */
import type { ArchiveKey } from '../../preload/contract/models.ts'

export type Tab = 'files' | 'changes' | 'peers' | 'about'
export const tabs: readonly Tab[] = ['files', 'changes', 'peers', 'about']

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
    }
  | { readonly view: 'transfers' }
  | { readonly view: 'network' }
  /** A link that the operating system handed over: nothing is looked up before the person agrees. */
  | { readonly view: 'ask'; readonly link: string }

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/')

export function formatLocation(place: Place): string {
  if (place.view === 'home') return '#/'
  if (place.view === 'transfers' || place.view === 'network') return `#/${place.view}`
  if (place.view === 'ask') return `#/ask?link=${encodeURIComponent(place.link)}`
  const query = new URLSearchParams()
  if (place.version !== null) query.set('version', String(place.version))
  if (place.file !== null) query.set('file', place.file)
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
  if (view === 'transfers' || view === 'network') return { view }
  if (view === 'ask') return { view, link: query.get('link') ?? '' }
  if (view !== 'archive' || !key || !/^[a-z0-9]{52}$/.test(key)) return { view: 'home' }
  const version = query.get('version')
  return {
    view,
    key,
    tab: tabs.find(name => name === tab) ?? 'files',
    path: `/${rest.map(decodeSegment).filter(Boolean).join('/')}`,
    version: version !== null && /^\d{1,15}$/.test(version) ? Number(version) : null,
    file: query.get('file'),
  }
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
