/**
 * Fetches pictures and makes them small, away from the page: what is decoded here does not hold up its scrolling. Only
 * what it is told is fetched, and no more of a picture than is needed: the small one that cameras put into their files is
 * taken where there is one.
 */
import { imageHeader, type ImageHeader } from '../../ui/image-header.ts'

export type ThumbnailQuestion =
  /** `most`: bytes that may be fetched. `width`, `height`: pixels that it has to fit into. */
  | {
      readonly id: number
      readonly address: string
      readonly size: number
      readonly most: number
      readonly width: number
      readonly height: number
    }
  | { readonly cancel: number }
/** null: there is none. */
export type ThumbnailAnswer = { readonly id: number; readonly bitmap: ImageBitmap | null }

/** Enough for what a camera writes in front of its picture. */
const HEAD = 128 * 1024
/** More than this is not decoded: four bytes each. */
const MOST_PIXELS = 40_000_000

const running = new Map<number, AbortController>()

self.addEventListener('message', ({ data }: MessageEvent<ThumbnailQuestion>) => {
  if ('cancel' in data) running.get(data.cancel)?.abort()
  else void answer(data)
})

async function answer(question: Exclude<ThumbnailQuestion, { readonly cancel: number }>): Promise<void> {
  const { id } = question
  const stop = new AbortController()
  running.set(id, stop)
  let bitmap: ImageBitmap | null = null
  try {
    bitmap = await make(question, stop.signal)
  } catch {
    // Not there, not a picture, or not wanted any longer: the tile shows an icon.
  }
  running.delete(id)
  self.postMessage({ id, bitmap } satisfies ThumbnailAnswer, { transfer: bitmap === null ? [] : [bitmap] })
}

async function make(
  { address, size, most, width, height }: Exclude<ThumbnailQuestion, { readonly cancel: number }>,
  signal: AbortSignal,
): Promise<ImageBitmap | null> {
  const head = await bytesOf(address, size > HEAD ? HEAD : null, signal)
  const header = imageHeader(head)
  if (header === null || header.width * header.height > MOST_PIXELS) return null
  if (header.small !== null) {
    const small = head.slice(header.small.start, header.small.end)
    const size = imageHeader(small)
    if (size !== null && size.width * size.height < 1_000_000)
      return turned(await createImageBitmap(new Blob([small])), header.orientation)
  }
  if (size > most) return null
  const whole = head.byteLength >= size ? head : await bytesOf(address, null, signal)
  signal.throwIfAborted()
  return createImageBitmap(new Blob([whole]), { ...fitting(header, width, height), resizeQuality: 'medium' })
}

async function bytesOf(address: string, first: number | null, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address, {
    signal,
    credentials: 'omit',
    ...(first === null ? {} : { headers: { range: `bytes=0-${first - 1}` } }),
  })
  if (!response.ok) throw new Error(`Answered with ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Never larger than it is. */
function fitting({ width, height, orientation }: ImageHeader, wide: number, high: number): ImageBitmapOptions {
  const [w, h] = orientation >= 5 ? [height, width] : [width, height]
  const share = Math.min(1, wide / w, high / h)
  return { resizeWidth: Math.max(1, Math.round(w * share)), resizeHeight: Math.max(1, Math.round(h * share)) }
}

/** The small picture says nothing of how it was held. */
function turned(bitmap: ImageBitmap, orientation: number): ImageBitmap {
  if (orientation === 1) return bitmap
  const { width, height } = bitmap
  const canvas = orientation >= 5 ? new OffscreenCanvas(height, width) : new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (context === null) return bitmap
  const turns: readonly (readonly [number, number, number, number, number, number])[] = [
    [1, 0, 0, 1, 0, 0],
    [-1, 0, 0, 1, width, 0],
    [-1, 0, 0, -1, width, height],
    [1, 0, 0, -1, 0, height],
    [0, 1, 1, 0, 0, 0],
    [0, 1, -1, 0, height, 0],
    [0, -1, -1, 0, height, width],
    [0, -1, 1, 0, 0, width],
  ]
  context.setTransform(...(turns[orientation - 1] ?? turns[0]!))
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return canvas.transferToImageBitmap()
}
