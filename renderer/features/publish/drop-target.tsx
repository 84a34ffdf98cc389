/**
 * The whole window takes what is dropped. Before the drop a browser says how many things are held over it and nothing
 * else, so that is all that the overlay claims. A view of an archive that takes files marks its element with
 * `data-drop-archive`, `data-drop-folder` and `data-drop-title`.
 */
import { FolderDown } from 'lucide-react'
import { type ReactElement, useEffect, useState } from 'react'
import { isDraggedOut } from '../../stores/dragged-out.ts'
import { shellKind } from '../../shell.ts'
import { toast } from '../../stores/toasts.ts'
import { count } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import type { Destination } from './choices.ts'
import { rootsOf } from './dropped.ts'
import { publishing, surface } from './store.ts'

type Target = Destination & { readonly title: string }
type Held = { readonly items: number; readonly target: Target | null }

export function DropTarget(): ReactElement | null {
  const held = useHeldFiles()
  if (held === null) return null
  const { items, target } = held
  const what = items > 0 ? count(items, 'item') : 'what you hold'
  return (
    <div className="pointer-events-none fixed inset-0 z-50 grid place-items-center bg-scrim p-4" role="status">
      <div className="flex max-w-110 flex-col items-center gap-2 rounded-xl border-2 border-dashed border-accent bg-raised px-8 py-7 text-center shadow-raised">
        <FolderDown size={32} aria-hidden className="text-accent-text" />
        <p className="text-lg font-semibold text-balance">
          {target === null ? `Drop to publish ${what}` : `Drop to add ${what} to ${plainName(target.title)}`}
        </p>
        <p className="text-muted text-pretty">Nothing goes out before you have seen what is in it and said yes.</p>
      </div>
    </div>
  )
}

function useHeldFiles(): Held | null {
  const [held, setHeld] = useState<Held | null>(null)
  useEffect(() => {
    // A picture that is dragged from the page itself looks like a file from outside.
    let fromPage = false
    const listeners: {
      [K in 'dragstart' | 'dragend' | 'dragenter' | 'dragover' | 'dragleave' | 'drop']: (event: DragEvent) => void
    } = {
      dragstart: event => {
        // One that was prevented leaves the window as files, and ends without a word.
        fromPage = !event.defaultPrevented
      },
      dragend: () => {
        fromPage = false
      },
      dragenter: event => {
        if (!fromPage && holdsFiles(event)) event.preventDefault()
      },
      dragover: event => {
        if (fromPage || !holdsFiles(event) || event.dataTransfer === null) return
        event.preventDefault()
        event.dataTransfer.dropEffect = 'copy'
        const items = [...event.dataTransfer.items].filter(item => item.kind === 'file').length
        const target = targetOf(event)
        setHeld(before => (before?.items === items && before.target?.key === target?.key ? before : { items, target }))
      },
      dragleave: event => {
        if (event.relatedTarget === null) setHeld(null)
      },
      drop: event => {
        setHeld(null)
        if (fromPage || !holdsFiles(event)) return
        event.preventDefault()
        take(event)
      },
    }
    const names = Object.keys(listeners) as (keyof typeof listeners)[]
    for (const name of names) window.addEventListener(name, listeners[name])
    return () => {
      for (const name of names) window.removeEventListener(name, listeners[name])
    }
  }, [])
  return held
}

const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true

function targetOf(event: DragEvent): Target | null {
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-drop-archive]') : null
  const { dropArchive, dropFolder, dropTitle } = element?.dataset ?? {}
  return dropArchive ? { key: dropArchive, folder: dropFolder ?? '/', title: dropTitle ?? '' } : null
}

declare global {
  interface Window {
    /** Exposed by Electron's preload. */
    readonly cairn?: { readonly pathForFile: (file: File) => string }
  }
}

function take(event: DragEvent): void {
  const { dataTransfer } = event
  if (dataTransfer === null) return
  const target = targetOf(event)
  const pathForFile = window.cairn?.pathForFile
  const into = target && { key: target.key, folder: target.folder }
  if (shellKind === 'electron' && pathForFile !== undefined) {
    const paths = [...dataTransfer.files].map(pathForFile).filter(path => path !== '')
    // What has just left the window, and was let go over it.
    if (paths.length > 0 && paths.every(isDraggedOut)) return
    if (paths.length > 0) return publishing.openPaths(paths, into)
  }
  const roots = rootsOf(dataTransfer.items)
  if (roots.length > 0) surface.openDropped(roots, into)
  else toast.note({ title: 'Nothing in it can be published', text: 'Drop files or folders from your file manager.' })
}
