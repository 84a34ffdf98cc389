/**
 * Small pictures for tiles: fetched and decoded by a worker while their tile is on the screen, a few at a time and the
 * ones last scrolled to first, and kept for as long as the page lives, up to a number.
 */
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import type { Entry } from '../../../preload/contract/models.ts'
import { extensionOf } from '../../ui/names.ts'
import type { ThumbnailAnswer, ThumbnailQuestion } from './thumbnail-worker.ts'

/** SVG is none of them: it is a document, and can take for ever to be drawn. */
const PICTURES = new Set(['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'apng', 'gif', 'webp', 'avif', 'bmp'])
/** Bytes of a picture that is on this device, and of one that has to be fetched for this alone. */
const MOST_HERE = 32_000_000
const MOST_FETCHED = 4_000_000
/** A tile that is only scrolled past asks for nothing. Milliseconds. */
const STAYS = 120
const AT_ONCE = 3
/** Each takes about 130 kB. */
const KEPT = 400
/** Pixels, twice as many as a tile has for screens that are sharp. */
const WIDTH = 216
const HEIGHT = 136

export const hasThumbnail = (entry: Entry): boolean =>
  entry.kind === 'file' && entry.size > 0 && entry.size <= MOST_HERE && PICTURES.has(extensionOf(entry.name))

type Job = { readonly question: Omit<Exclude<ThumbnailQuestion, { cancel: number }>, 'id'>; readonly key: string }
type Listener = (bitmap: ImageBitmap | null) => void

class Thumbnails {
  readonly #known = new Map<string, ImageBitmap | null>()
  readonly #waiting: (Job & { readonly listener: Listener })[] = []
  readonly #running = new Map<number, Job & { readonly listener: Listener }>()
  #worker: Worker | null = null
  #lastId = 0

  /** undefined: not asked for yet. */
  known(key: string): ImageBitmap | null | undefined {
    const found = this.#known.get(key)
    if (found === undefined) return undefined
    this.#known.delete(key)
    this.#known.set(key, found)
    return found
  }

  /** Returns how to stop waiting for it. */
  ask(job: Job, listener: Listener): () => void {
    const waiting = { ...job, listener }
    this.#waiting.push(waiting)
    this.#next()
    return () => {
      const index = this.#waiting.indexOf(waiting)
      if (index >= 0) return void this.#waiting.splice(index, 1)
      for (const [id, running] of this.#running)
        if (running === waiting) {
          this.#running.delete(id)
          this.#worker?.postMessage({ cancel: id } satisfies ThumbnailQuestion)
          this.#next()
        }
    }
  }

  #next(): void {
    while (this.#running.size < AT_ONCE) {
      const job = this.#waiting.pop()
      if (job === undefined) return
      this.#worker ??= this.#start()
      const id = ++this.#lastId
      this.#running.set(id, job)
      this.#worker.postMessage({ ...job.question, id } satisfies ThumbnailQuestion)
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thumbnail-worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data: { id, bitmap } }: MessageEvent<ThumbnailAnswer>) => {
      const job = this.#running.get(id)
      this.#running.delete(id)
      if (job === undefined) bitmap?.close()
      else {
        this.#known.set(job.key, bitmap)
        if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!)
        job.listener(bitmap)
      }
      this.#next()
    })
    return worker
  }
}

const thumbnails = new Thumbnails()

type ThumbnailProps = {
  readonly entry: Entry
  readonly address: string
  /** Until it is there, and where there is none. */
  readonly children: ReactNode
}

export function Thumbnail({ entry, address, children }: ThumbnailProps): ReactElement {
  const key = `${address} ${entry.size} ${entry.modified}`
  const [bitmap, setBitmap] = useState(() => thumbnails.known(key))
  const canvas = useRef<HTMLCanvasElement>(null)
  const most = entry.held === 'all' ? MOST_HERE : MOST_FETCHED

  useEffect(() => {
    const known = thumbnails.known(key)
    setBitmap(known)
    if (known !== undefined) return
    let stop = () => {}
    const timer = setTimeout(() => {
      const question = { address, size: entry.size, most, width: WIDTH, height: HEIGHT }
      stop = thumbnails.ask({ key, question }, setBitmap)
    }, STAYS)
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [key, address, entry.size, most])

  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context === null || context === undefined || bitmap === null || bitmap === undefined) return
    context.clearRect(0, 0, bitmap.width, bitmap.height)
    context.drawImage(bitmap, 0, 0)
  }, [bitmap])

  if (bitmap === null || bitmap === undefined) return <>{children}</>
  return (
    <canvas
      ref={canvas}
      width={bitmap.width}
      height={bitmap.height}
      aria-hidden
      data-thumbnail
      className="max-h-17 max-w-full rounded object-contain shadow-card"
    />
  )
}
